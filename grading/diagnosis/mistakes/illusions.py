"""Wrong illusions: visual anagrams, hybrid images and the blur."""

import torch
import torch.nn.functional as F

from reference.illusions import gaussian_kernel1d as right_kernel
from reference.illusions import lowpass as right_lowpass

from . import mistake


def _offsets(kernel_size):
    return torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2


def _normalised(weights):
    return weights / weights.sum()


def _blur(x, kernel_h, kernel_w, mode="reflect"):
    """Separable blur, each channel alone, with a padding mode."""
    channels = x.shape[1]
    kernel_h, kernel_w = kernel_h.to(x), kernel_w.to(x)
    pad_h, pad_w = len(kernel_h) // 2, len(kernel_w) // 2
    x = F.pad(x, (pad_w, pad_w, pad_h, pad_h), mode=mode)
    x = F.conv2d(x, kernel_h.reshape(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)
    return F.conv2d(x, kernel_w.reshape(1, 1, 1, -1).repeat(channels, 1, 1, 1), groups=channels)


# anagram_eps


@mistake(
    "illusions.anagram_eps",
    student="The second estimate belongs to the flipped image. It has to be brought upright before the two are joined.",
    staff="second estimate not flipped back",
)
def anagram_eps_not_flipped_back(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The second prompt is asked about the upright image. It should see the flipped one.",
    staff="input not flipped",
)
def anagram_eps_input_not_flipped(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t, t, cond_flipped).flip(2)) / 2


@mistake(
    "illusions.anagram_eps",
    student="There is no flip at all: both prompts compete for the same view.",
    staff="no flip (prompt averaging)",
)
def anagram_eps_no_flip(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t, t, cond_flipped)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The image is mirrored left to right instead of turned upside down. Check the axis.",
    staff="flip along W (dims=[3] or [-1]; PIL's and torchvision's hflip)",
)
def anagram_eps_left_right(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(3), t, cond_flipped).flip(3)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The channels change their order instead of the rows. Count the axes with the batch in front.",
    staff="flip along C (dims=[1], a (C, H, W) image assumed)",
)
def anagram_eps_flips_channels(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(1), t, cond_flipped).flip(1)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The image is rotated by half a turn, which mirrors it left to right as well.",
    staff="rotation by 180° (flip along H and W)",
)
def anagram_eps_rotated(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(2, 3), t, cond_flipped).flip(2, 3)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The samples of the batch are mixed up: the batch axis is flipped too.",
    staff="flip along the batch as well (torch.flip over (0, 2)): silent at B = 1",
)
def anagram_eps_flips_batch(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(0, 2), t, cond_flipped).flip(0, 2)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The estimates are added up, so the noise is twice as strong as the network says.",
    staff="sum for mean",
)
def anagram_eps_sum(model, x_t, t, cond_upright, cond_flipped):
    return model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped).flip(2)


@mistake(
    "illusions.anagram_eps",
    student="The sum is divided by √2. That keeps the variance of independent noise, but a mean is asked for.",
    staff="divided by √2",
)
def anagram_eps_divided_by_root_2(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped).flip(2)) / 2**0.5


@mistake(
    "illusions.anagram_eps",
    student="The prompts have changed places: each one is asked about the other's view.",
    staff="prompts swapped",
)
def anagram_eps_prompts_swapped(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_flipped) + model(x_t.flip(2), t, cond_upright).flip(2)) / 2


@mistake(
    "illusions.anagram_eps",
    student="Both views are asked with the same prompt.",
    staff="cond_upright used twice",
)
def anagram_eps_one_prompt(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_upright).flip(2)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The whole mean is flipped back. Only one of the two estimates is upside down.",
    staff="flip after the mean (brackets)",
)
def anagram_eps_flips_the_mean(model, x_t, t, cond_upright, cond_flipped):
    return ((model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2).flip(2)


@mistake(
    "illusions.anagram_eps",
    student="The second estimate is the first one turned over. It has to come from the network.",
    staff="eps of the upright view flipped instead of a second evaluation",
)
def anagram_eps_flips_first_estimate(model, x_t, t, cond_upright, cond_flipped):
    eps = model(x_t, t, (cond_upright + cond_flipped) / 2)
    return (eps + eps.flip(2)) / 2


@mistake(
    "illusions.anagram_eps",
    student="Height and width are exchanged instead of the rows being reversed. It fails when they differ.",
    staff="transpose of H and W: an error when H ≠ W",
)
def anagram_eps_transposed(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.transpose(2, 3), t, cond_flipped).transpose(2, 3)) / 2


@mistake(
    "illusions.anagram_eps",
    student="The two halves of the doubled batch are exchanged when they are taken apart.",
    staff="batch order reversed against the concatenation",
)
def anagram_eps_halves_reversed(model, x_t, t, cond_upright, cond_flipped):
    both = model(torch.cat([x_t, x_t.flip(2)]), t, torch.cat([cond_upright, cond_flipped]))
    flipped, upright = both.chunk(2)
    return (upright + flipped.flip(2)) / 2


# gaussian_kernel1d


@mistake(
    "illusions.gaussian_kernel1d",
    student="The weights do not add up to 1, so the blur changes the brightness.",
    staff="not normalised, or by the peak (gain 5 per axis, 25 in 2-D, at sigma = 2)",
)
def gaussian_kernel1d_not_normalised(kernel_size=33, sigma=2.0):
    return torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The density's own factor is used, which normalises the whole infinite curve. A cut-off kernel still "
    "misses a little.",
    staff="1 / (sigma √(2π)) instead of the sum: shows when the kernel is short or sigma small",
)
def gaussian_kernel1d_density(kernel_size=33, sigma=2.0):
    weights = torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))
    return weights / (sigma * (2 * torch.pi) ** 0.5)


@mistake(
    "illusions.gaussian_kernel1d",
    student="The bell is too narrow: look at the factor in the exponent.",
    staff="sigma² for 2 sigma²",
)
def gaussian_kernel1d_factor_2_missing(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / sigma**2))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The exponent's denominator squares too much.",
    staff="(2 sigma)² for 2 sigma²",
)
def gaussian_kernel1d_factor_2_squared(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma) ** 2))


@mistake(
    "illusions.gaussian_kernel1d",
    student="Sigma is used as a variance. At sigma 1 that does not show.",
    staff="2 sigma for 2 sigma²",
)
def gaussian_kernel1d_sigma_as_variance(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The curve has a sharp tip: the distance is not squared.",
    staff="exp(-|x| / …): distance not squared",
)
def gaussian_kernel1d_laplace(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-_offsets(kernel_size).abs() / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="Sigma is derived from the kernel's size although it is given.",
    staff="sigma left to the library default, 0.3((k - 1)/2 - 1) + 0.8 (OpenCV, torchvision): 5.3 for k = 33",
)
def gaussian_kernel1d_library_sigma(kernel_size=33, sigma=2.0):
    sigma = 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The peak does not lie on the middle entry, so the blur shifts the image.",
    staff="centre at k / 2 instead of (k - 1) / 2: half a pixel off",
)
def gaussian_kernel1d_off_centre(kernel_size=33, sigma=2.0):
    offsets = torch.arange(kernel_size, dtype=torch.float64) - kernel_size / 2
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The peak is at the first entry: only one half of the bell.",
    staff="offsets start at 0 instead of -radius",
)
def gaussian_kernel1d_one_sided(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-((_offsets(kernel_size) + kernel_size // 2) ** 2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The offsets are squeezed into [-1, 1]; sigma is measured in pixels.",
    staff="linspace(-1, 1, k): sigma in units of the radius",
)
def gaussian_kernel1d_unit_range(kernel_size=33, sigma=2.0):
    offsets = torch.linspace(-1, 1, kernel_size, dtype=torch.float64)
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The kernel has another length than asked for. Is the argument a size or a radius?",
    staff="kernel_size taken as the radius: length 2k + 1",
)
def gaussian_kernel1d_size_as_radius(kernel_size=33, sigma=2.0):
    return _normalised(torch.exp(-(_offsets(2 * kernel_size + 1) ** 2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The last entry is missing: ranges exclude their end.",
    staff="arange(-r, r): length k - 1",
)
def gaussian_kernel1d_one_short(kernel_size=33, sigma=2.0):
    radius = kernel_size // 2
    offsets = torch.arange(-radius, max(radius, 1), dtype=torch.float64)
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@mistake(
    "illusions.gaussian_kernel1d",
    student="The squares of the weights add up to 1 instead of the weights.",
    staff="normalised by the Euclidean norm",
)
def gaussian_kernel1d_unit_norm(kernel_size=33, sigma=2.0):
    weights = torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))
    return weights / weights.norm()


@mistake(
    "illusions.gaussian_kernel1d",
    student="All weights are equal. A Gaussian falls off from the centre.",
    staff="box filter",
)
def gaussian_kernel1d_box(kernel_size=33, sigma=2.0):
    return torch.full((kernel_size,), 1 / kernel_size)


# lowpass


@mistake(
    "illusions.lowpass",
    student="The borders darken: beyond the edge the image is taken to be zero. It should be mirrored.",
    staff="zero padding instead of reflect (conv2d's own padding)",
)
def lowpass_zero_padding(x, kernel_size=33, sigma=2.0):
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "constant")


@mistake(
    "illusions.lowpass",
    student="Near the edges the outermost pixel is repeated. The image should be mirrored there.",
    staff="replicate padding",
)
def lowpass_replicate_padding(x, kernel_size=33, sigma=2.0):
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "replicate")


@mistake(
    "illusions.lowpass",
    student="The image wraps around: its left edge bleeds into the right one.",
    staff="circular padding (FFT without padding)",
)
def lowpass_circular_padding(x, kernel_size=33, sigma=2.0):
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "circular")


@mistake(
    "illusions.lowpass",
    student="The mirror image repeats the edge pixel. With 'reflect' the edge itself is the mirror.",
    staff="symmetric padding (scipy.ndimage's 'reflect')",
)
def lowpass_symmetric_padding(x, kernel_size=33, sigma=2.0):
    kernel, radius = right_kernel(kernel_size, sigma).to(x), kernel_size // 2
    for dim in (2, 3):
        head, tail = x.narrow(dim, 0, radius).flip(dim), x.narrow(dim, x.shape[dim] - radius, radius).flip(dim)
        x = (torch.cat([head, x, tail], dim).unfold(dim, kernel_size, 1) * kernel).sum(-1)
    return x


@mistake(
    "illusions.lowpass",
    student="The result is smaller than the image: the border is cut off.",
    staff="no padding",
)
def lowpass_no_padding(x, kernel_size=33, sigma=2.0):
    kernel, channels = right_kernel(kernel_size, sigma).to(x), x.shape[1]
    x = F.conv2d(x, kernel.reshape(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)
    return F.conv2d(x, kernel.reshape(1, 1, 1, -1).repeat(channels, 1, 1, 1), groups=channels)


@mistake(
    "illusions.lowpass",
    student="The channels are mixed: every output channel is a blend of all. Each is to be blurred alone.",
    staff="RGB mixed by a full convolution (groups missing)",
)
def lowpass_mixes_channels(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, kernel_size, sigma).mean(1, keepdim=True).expand_as(x).clone()


@mistake(
    "illusions.lowpass",
    student="The channels are added up in every output channel: the convolution runs over all of them.",
    staff="full convolution with the kernel repeated: sum over the channels, silent at C = 1",
)
def lowpass_sums_channels(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, kernel_size, sigma).sum(1, keepdim=True).expand_as(x).clone()


@mistake(
    "illusions.lowpass",
    student="The image is blurred along its height only.",
    staff="one axis only (H)",
)
def lowpass_height_only(x, kernel_size=33, sigma=2.0):
    return _blur(x, right_kernel(kernel_size, sigma), torch.ones(1))


@mistake(
    "illusions.lowpass",
    student="The image is blurred along its width only.",
    staff="one axis only (W)",
)
def lowpass_width_only(x, kernel_size=33, sigma=2.0):
    return _blur(x, torch.ones(1), right_kernel(kernel_size, sigma))


@mistake(
    "illusions.lowpass",
    student="The image is blurred twice, so the blur is wider than sigma says.",
    staff="2-D blur applied once per axis: √2 sigma",
)
def lowpass_twice(x, kernel_size=33, sigma=2.0):
    return right_lowpass(right_lowpass(x, kernel_size, sigma), kernel_size, sigma)


@mistake(
    "illusions.lowpass",
    student="The brightness changes: a constant image should stay as it is.",
    staff="kernel not normalised",
)
def lowpass_not_normalised(x, kernel_size=33, sigma=2.0):
    kernel = gaussian_kernel1d_not_normalised(kernel_size, sigma)
    return _blur(x, kernel, kernel)


@mistake(
    "illusions.lowpass",
    student="The result is what the blur takes away. The smooth part is asked for.",
    staff="high-pass returned",
)
def lowpass_returns_highpass(x, kernel_size=33, sigma=2.0):
    return x - right_lowpass(x, kernel_size, sigma)


@mistake(
    "illusions.lowpass",
    student="Sigma follows from the kernel's size instead of from the argument.",
    staff="sigma left to a library default (torchvision.gaussian_blur without sigma: 5.3 for k = 33)",
)
def lowpass_library_sigma(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, kernel_size, 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8)


@mistake(
    "illusions.lowpass",
    student="Other sizes and sigmas than the usual ones have no effect.",
    staff="33 and 2.0 hard-coded, cut to the image",
)
def lowpass_arguments_ignored(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, min(33, 2 * min(x.shape[2:]) - 1), 2.0)


@mistake(
    "illusions.lowpass",
    student="The result is cut off at [-1, 1]. This also blurs noise estimates, which have no such bounds.",
    staff="result clamped",
)
def lowpass_clamped(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, kernel_size, sigma).clamp(-1, 1)


@mistake(
    "illusions.lowpass",
    student="No gradient flows through the blur.",
    staff="detached (numpy or SciPy in between)",
)
def lowpass_detached(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x.detach(), kernel_size, sigma)


@mistake(
    "illusions.lowpass",
    student="Float64 images come out with the accuracy of float32: look at the kernel's dtype.",
    staff="float32 kernel, rounded weights",
)
def lowpass_in_float32(x, kernel_size=33, sigma=2.0):
    kernel = right_kernel(kernel_size, sigma).float()
    return _blur(x, kernel, kernel)


@mistake(
    "illusions.lowpass",
    student="The image comes out shifted by a pixel: the padding is not the same on both sides.",
    staff="asymmetric padding: k // 2 + 1 before, k // 2 - 1 after",
)
def lowpass_shifted(x, kernel_size=33, sigma=2.0):
    return right_lowpass(x, kernel_size, sigma).roll((1, 1), (2, 3))


@mistake(
    "illusions.lowpass",
    student="The caller's image is overwritten. Watch out for operations that work in place.",
    staff="x changed in place",
)
def lowpass_changes_image(x, kernel_size=33, sigma=2.0):
    with torch.no_grad():
        return x.copy_(right_lowpass(x, kernel_size, sigma))


# hybrid_eps


@mistake(
    "illusions.hybrid_eps",
    student="The two prompts have changed places: which one is to be seen from afar?",
    staff="low and high swapped; or the doubled batch's order reversed against the concatenation",
)
def hybrid_eps_swapped(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_high), model(x_t, t, cond_low)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)


@mistake(
    "illusions.hybrid_eps",
    student="Both parts are blurred. The second one should be what the blur leaves out.",
    staff="high-pass = blurred",
)
def hybrid_eps_highpass_is_blur(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) + right_lowpass(high, kernel_size, sigma)


@mistake(
    "illusions.hybrid_eps",
    student="The wrong blur is subtracted: the high frequencies of an estimate are what its own blur leaves out.",
    staff="the other image's blur subtracted: the result is the second estimate alone",
)
def hybrid_eps_other_blur_subtracted(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    blurred = right_lowpass(low, kernel_size, sigma)
    return blurred + (high - blurred)


@mistake(
    "illusions.hybrid_eps",
    student="The second estimate keeps its low frequencies, so they count twice.",
    staff="high-pass missing: lowpass(eps1) + eps2",
)
def hybrid_eps_no_highpass(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    return right_lowpass(model(x_t, t, cond_low), kernel_size, sigma) + model(x_t, t, cond_high)


@mistake(
    "illusions.hybrid_eps",
    student="The first estimate keeps its high frequencies.",
    staff="low-pass missing: eps1 + (eps2 - lowpass(eps2))",
)
def hybrid_eps_no_lowpass(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    high = model(x_t, t, cond_high)
    return model(x_t, t, cond_low) + high - right_lowpass(high, kernel_size, sigma)


@mistake(
    "illusions.hybrid_eps",
    student="The sum is halved as for an anagram. The two parts complement each other: nothing is counted twice.",
    staff="(low + high) / 2",
)
def hybrid_eps_halved(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return (right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)) / 2


@mistake(
    "illusions.hybrid_eps",
    student="The sign of the high frequencies is reversed.",
    staff="lowpass(eps2) - eps2",
)
def hybrid_eps_highpass_sign(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) - (high - right_lowpass(high, kernel_size, sigma))


@mistake(
    "illusions.hybrid_eps",
    student="The image is filtered before the network sees it. It is the network's estimates that are filtered.",
    staff="x_t filtered instead of eps",
)
def hybrid_eps_filters_input(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    blurred = right_lowpass(x_t, kernel_size, sigma)
    return model(blurred, t, cond_low) + model(x_t - blurred, t, cond_high)


@mistake(
    "illusions.hybrid_eps",
    student="Other kernel sizes and sigmas have no effect: they do not reach the blur.",
    staff="kernel_size and sigma not passed on",
)
def hybrid_eps_arguments_not_passed(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    size = min(33, 2 * min(x_t.shape[2:]) - 1)
    return right_lowpass(low, size) + high - right_lowpass(high, size)


@mistake(
    "illusions.hybrid_eps",
    student="The two parts are cut at different scales, so that something in between is lost or counted twice.",
    staff="another sigma for the high-pass",
)
def hybrid_eps_two_sigmas(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma / 2)


@mistake(
    "illusions.hybrid_eps",
    student="Both estimates are made with the same prompt.",
    staff="cond_low used twice",
)
def hybrid_eps_one_prompt(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    return model(x_t, t, cond_low)


@mistake(
    "illusions.hybrid_eps",
    student="The borders are wrong: beyond the edge the estimates are taken to be zero.",
    staff="zero padding in the blur",
)
def hybrid_eps_zero_padding(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return lowpass_zero_padding(low, kernel_size, sigma) + high - lowpass_zero_padding(high, kernel_size, sigma)


@mistake(
    "illusions.hybrid_eps",
    student="The blur mixes the channels with each other.",
    staff="RGB mixed by a full convolution",
)
def hybrid_eps_mixes_channels(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return lowpass_mixes_channels(low, kernel_size, sigma) + high - lowpass_mixes_channels(high, kernel_size, sigma)


@mistake(
    "illusions.hybrid_eps",
    student="The second view is flipped. That belongs to the anagrams: here both prompts see the same image.",
    staff="flip copied from anagram_eps",
)
def hybrid_eps_flips(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t.flip(2), t, cond_high).flip(2)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)
