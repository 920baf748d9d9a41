"""Wrong illusions: visual anagrams, hybrid images and the blur."""

from functools import partial

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


anagram_eps = partial(mistake, "illusions.anagram_eps")


@anagram_eps("second estimate not flipped back")
def anagram_eps_not_flipped_back(model, x_t, t, cond_upright, cond_flipped):
    """The second estimate belongs to the flipped image. It has to be brought upright before the two are joined."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2


@anagram_eps("input not flipped")
def anagram_eps_input_not_flipped(model, x_t, t, cond_upright, cond_flipped):
    """The second prompt is asked about the upright image. It should see the flipped one."""
    return (model(x_t, t, cond_upright) + model(x_t, t, cond_flipped).flip(2)) / 2


@anagram_eps("no flip (prompt averaging)")
def anagram_eps_no_flip(model, x_t, t, cond_upright, cond_flipped):
    """There is no flip at all: both prompts compete for the same view."""
    return (model(x_t, t, cond_upright) + model(x_t, t, cond_flipped)) / 2


@anagram_eps("flip along W (dims=[3] or [-1]; PIL's and torchvision's hflip)")
def anagram_eps_left_right(model, x_t, t, cond_upright, cond_flipped):
    """The image is mirrored left to right instead of turned upside down. Check the axis."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(3), t, cond_flipped).flip(3)) / 2


@anagram_eps("flip along C (dims=[1], a (C, H, W) image assumed)")
def anagram_eps_flips_channels(model, x_t, t, cond_upright, cond_flipped):
    """The channels change their order instead of the rows. Count the axes with the batch in front."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(1), t, cond_flipped).flip(1)) / 2


@anagram_eps("rotation by 180° (flip along H and W)")
def anagram_eps_rotated(model, x_t, t, cond_upright, cond_flipped):
    """The image is rotated by half a turn, which mirrors it left to right as well."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(2, 3), t, cond_flipped).flip(2, 3)) / 2


@anagram_eps("flip along the batch as well (torch.flip over (0, 2)): silent at B = 1")
def anagram_eps_flips_batch(model, x_t, t, cond_upright, cond_flipped):
    """The samples of the batch are mixed up: the batch axis is flipped too."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(0, 2), t, cond_flipped).flip(0, 2)) / 2


@anagram_eps("sum for mean")
def anagram_eps_sum(model, x_t, t, cond_upright, cond_flipped):
    """The estimates are added up, so the noise is twice as strong as the network says."""
    return model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped).flip(2)


@anagram_eps("divided by √2")
def anagram_eps_divided_by_root_2(model, x_t, t, cond_upright, cond_flipped):
    """The sum is divided by √2. That keeps the variance of independent noise, but a mean is asked for."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped).flip(2)) / 2**0.5


@anagram_eps("one unconditional estimate, the upright view's, for both: guidance at 7 (seen, in a kit)")
def anagram_eps_one_unconditional_estimate(model, x_t, t, cond_upright, cond_flipped):
    """The upright view's unconditional estimate guides both views. The flipped view needs one of its own, flipped back."""
    upright, flipped = model(x_t, t, cond_upright), model(x_t.flip(2), t, cond_flipped).flip(2)
    return upright + 7 * ((upright + flipped) / 2 - upright)


@anagram_eps("prompts swapped")
def anagram_eps_prompts_swapped(model, x_t, t, cond_upright, cond_flipped):
    """The prompts have changed places: each one is asked about the other's view."""
    return (model(x_t, t, cond_flipped) + model(x_t.flip(2), t, cond_upright).flip(2)) / 2


@anagram_eps("cond_upright used twice")
def anagram_eps_one_prompt(model, x_t, t, cond_upright, cond_flipped):
    """Both views are asked with the same prompt."""
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_upright).flip(2)) / 2


@anagram_eps("flip after the mean (brackets)")
def anagram_eps_flips_the_mean(model, x_t, t, cond_upright, cond_flipped):
    """The whole mean is flipped back. Only one of the two estimates is upside down."""
    return ((model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2).flip(2)


@anagram_eps("eps of the upright view flipped instead of a second evaluation")
def anagram_eps_flips_first_estimate(model, x_t, t, cond_upright, cond_flipped):
    """The second estimate is the first one turned over. It has to come from the network."""
    eps = model(x_t, t, (cond_upright + cond_flipped) / 2)
    return (eps + eps.flip(2)) / 2


@anagram_eps("transpose of H and W: an error when H ≠ W")
def anagram_eps_transposed(model, x_t, t, cond_upright, cond_flipped):
    """Height and width are exchanged instead of the rows being reversed. It fails when they differ."""
    return (model(x_t, t, cond_upright) + model(x_t.transpose(2, 3), t, cond_flipped).transpose(2, 3)) / 2


@anagram_eps("batch order reversed against the concatenation")
def anagram_eps_halves_reversed(model, x_t, t, cond_upright, cond_flipped):
    """The two halves of the doubled batch are exchanged when they are taken apart."""
    both = model(torch.cat([x_t, x_t.flip(2)]), t, torch.cat([cond_upright, cond_flipped]))
    flipped, upright = both.chunk(2)
    return (upright + flipped.flip(2)) / 2


gaussian_kernel1d = partial(mistake, "illusions.gaussian_kernel1d")


@gaussian_kernel1d("not normalised, or by the peak (gain 5 per axis, 25 in 2-D, at sigma = 2)")
def gaussian_kernel1d_not_normalised(kernel_size=33, sigma=2.0):
    """The weights do not add up to 1, so the blur changes the brightness."""
    return torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))


@gaussian_kernel1d("1 / (sigma √(2π)) instead of the sum: shows when the kernel is short or sigma small")
def gaussian_kernel1d_density(kernel_size=33, sigma=2.0):
    """The density's own factor is used, which normalises the whole infinite curve. A cut-off kernel still misses a
    little.
    """
    weights = torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))
    return weights / (sigma * (2 * torch.pi) ** 0.5)


@gaussian_kernel1d("sigma² for 2 sigma²")
def gaussian_kernel1d_factor_2_missing(kernel_size=33, sigma=2.0):
    """The bell is too narrow: look at the factor in the exponent."""
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / sigma**2))


@gaussian_kernel1d("(2 sigma)² for 2 sigma²")
def gaussian_kernel1d_factor_2_squared(kernel_size=33, sigma=2.0):
    """The exponent's denominator squares too much."""
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma) ** 2))


@gaussian_kernel1d("2 sigma for 2 sigma²")
def gaussian_kernel1d_sigma_as_variance(kernel_size=33, sigma=2.0):
    """Sigma is used as a variance. At sigma 1 that does not show."""
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma)))


@gaussian_kernel1d("exp(-|x| / …): distance not squared")
def gaussian_kernel1d_laplace(kernel_size=33, sigma=2.0):
    """The curve has a sharp tip: the distance is not squared."""
    return _normalised(torch.exp(-_offsets(kernel_size).abs() / (2 * sigma**2)))


@gaussian_kernel1d("sigma left to the library default, 0.3((k - 1)/2 - 1) + 0.8 (OpenCV, torchvision): 5.3 for k = 33")
def gaussian_kernel1d_library_sigma(kernel_size=33, sigma=2.0):
    """Sigma is derived from the kernel's size although it is given."""
    sigma = 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8
    return _normalised(torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2)))


@gaussian_kernel1d("centre at k / 2 instead of (k - 1) / 2: half a pixel off")
def gaussian_kernel1d_off_centre(kernel_size=33, sigma=2.0):
    """The peak does not lie on the middle entry, so the blur shifts the image."""
    offsets = torch.arange(kernel_size, dtype=torch.float64) - kernel_size / 2
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@gaussian_kernel1d("offsets start at 0 instead of -radius")
def gaussian_kernel1d_one_sided(kernel_size=33, sigma=2.0):
    """The peak is at the first entry: only one half of the bell."""
    return _normalised(torch.exp(-((_offsets(kernel_size) + kernel_size // 2) ** 2) / (2 * sigma**2)))


@gaussian_kernel1d("linspace(-1, 1, k): sigma in units of the radius")
def gaussian_kernel1d_unit_range(kernel_size=33, sigma=2.0):
    """The offsets are squeezed into [-1, 1]; sigma is measured in pixels."""
    offsets = torch.linspace(-1, 1, kernel_size, dtype=torch.float64)
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@gaussian_kernel1d("kernel_size taken as the radius: length 2k + 1")
def gaussian_kernel1d_size_as_radius(kernel_size=33, sigma=2.0):
    """The kernel has another length than asked for. Is the argument a size or a radius?"""
    return _normalised(torch.exp(-(_offsets(2 * kernel_size + 1) ** 2) / (2 * sigma**2)))


@gaussian_kernel1d("arange(-r, r): length k - 1")
def gaussian_kernel1d_one_short(kernel_size=33, sigma=2.0):
    """The last entry is missing: ranges exclude their end."""
    radius = kernel_size // 2
    offsets = torch.arange(-radius, max(radius, 1), dtype=torch.float64)
    return _normalised(torch.exp(-(offsets**2) / (2 * sigma**2)))


@gaussian_kernel1d("normalised by the Euclidean norm")
def gaussian_kernel1d_unit_norm(kernel_size=33, sigma=2.0):
    """The squares of the weights add up to 1 instead of the weights."""
    weights = torch.exp(-(_offsets(kernel_size) ** 2) / (2 * sigma**2))
    return weights / weights.norm()


@gaussian_kernel1d("box filter")
def gaussian_kernel1d_box(kernel_size=33, sigma=2.0):
    """All weights are equal. A Gaussian falls off from the centre."""
    return torch.full((kernel_size,), 1 / kernel_size)


lowpass = partial(mistake, "illusions.lowpass")


@lowpass("zero padding instead of reflect (conv2d's own padding)")
def lowpass_zero_padding(x, kernel_size=33, sigma=2.0):
    """The borders darken: beyond the edge the image is taken to be zero. It should be mirrored."""
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "constant")


@lowpass("replicate padding")
def lowpass_replicate_padding(x, kernel_size=33, sigma=2.0):
    """Near the edges the outermost pixel is repeated. The image should be mirrored there."""
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "replicate")


@lowpass("circular padding (FFT without padding)")
def lowpass_circular_padding(x, kernel_size=33, sigma=2.0):
    """The image wraps around: its left edge bleeds into the right one."""
    kernel = right_kernel(kernel_size, sigma)
    return _blur(x, kernel, kernel, "circular")


@lowpass("symmetric padding (scipy.ndimage's 'reflect')")
def lowpass_symmetric_padding(x, kernel_size=33, sigma=2.0):
    """The mirror image repeats the edge pixel. With 'reflect' the edge itself is the mirror."""
    kernel, radius = right_kernel(kernel_size, sigma).to(x), kernel_size // 2
    for dim in (2, 3):
        head, tail = x.narrow(dim, 0, radius).flip(dim), x.narrow(dim, x.shape[dim] - radius, radius).flip(dim)
        x = (torch.cat([head, x, tail], dim).unfold(dim, kernel_size, 1) * kernel).sum(-1)
    return x


@lowpass("no padding")
def lowpass_no_padding(x, kernel_size=33, sigma=2.0):
    """The result is smaller than the image: the border is cut off."""
    kernel, channels = right_kernel(kernel_size, sigma).to(x), x.shape[1]
    x = F.conv2d(x, kernel.reshape(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)
    return F.conv2d(x, kernel.reshape(1, 1, 1, -1).repeat(channels, 1, 1, 1), groups=channels)


@lowpass("RGB mixed by a full convolution (groups missing)")
def lowpass_mixes_channels(x, kernel_size=33, sigma=2.0):
    """The channels are mixed: every output channel is a blend of all. Each is to be blurred alone."""
    return right_lowpass(x, kernel_size, sigma).mean(1, keepdim=True).expand_as(x).clone()


@lowpass("full convolution with the kernel repeated: sum over the channels, silent at C = 1")
def lowpass_sums_channels(x, kernel_size=33, sigma=2.0):
    """The channels are added up in every output channel: the convolution runs over all of them."""
    return right_lowpass(x, kernel_size, sigma).sum(1, keepdim=True).expand_as(x).clone()


@lowpass("one axis only (H)")
def lowpass_height_only(x, kernel_size=33, sigma=2.0):
    """The image is blurred along its height only."""
    return _blur(x, right_kernel(kernel_size, sigma), torch.ones(1))


@lowpass("one axis only (W)")
def lowpass_width_only(x, kernel_size=33, sigma=2.0):
    """The image is blurred along its width only."""
    return _blur(x, torch.ones(1), right_kernel(kernel_size, sigma))


@lowpass("2-D blur applied once per axis: √2 sigma")
def lowpass_twice(x, kernel_size=33, sigma=2.0):
    """The image is blurred twice, so the blur is wider than sigma says."""
    return right_lowpass(right_lowpass(x, kernel_size, sigma), kernel_size, sigma)


@lowpass("kernel not normalised")
def lowpass_not_normalised(x, kernel_size=33, sigma=2.0):
    """The brightness changes: a constant image should stay as it is."""
    kernel = gaussian_kernel1d_not_normalised(kernel_size, sigma)
    return _blur(x, kernel, kernel)


@lowpass("high-pass returned")
def lowpass_returns_highpass(x, kernel_size=33, sigma=2.0):
    """The result is what the blur takes away. The smooth part is asked for."""
    return x - right_lowpass(x, kernel_size, sigma)


@lowpass("sigma left to a library default (torchvision.gaussian_blur without sigma: 5.3 for k = 33)")
def lowpass_library_sigma(x, kernel_size=33, sigma=2.0):
    """Sigma follows from the kernel's size instead of from the argument."""
    return right_lowpass(x, kernel_size, 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8)


@lowpass("33 and 2.0 hard-coded, cut to the image")
def lowpass_arguments_ignored(x, kernel_size=33, sigma=2.0):
    """Other sizes and sigmas than the usual ones have no effect."""
    return right_lowpass(x, min(33, 2 * min(x.shape[2:]) - 1), 2.0)


@lowpass("result clamped")
def lowpass_clamped(x, kernel_size=33, sigma=2.0):
    """The result is cut off at [-1, 1]. This also blurs noise estimates, which have no such bounds."""
    return right_lowpass(x, kernel_size, sigma).clamp(-1, 1)


@lowpass("detached (numpy or SciPy in between)")
def lowpass_detached(x, kernel_size=33, sigma=2.0):
    """No gradient flows through the blur."""
    return right_lowpass(x.detach(), kernel_size, sigma)


@lowpass("float32 kernel, rounded weights")
def lowpass_in_float32(x, kernel_size=33, sigma=2.0):
    """Float64 images come out with the accuracy of float32: look at the kernel's dtype."""
    kernel = right_kernel(kernel_size, sigma).float()
    return _blur(x, kernel, kernel)


@lowpass("asymmetric padding: k // 2 + 1 before, k // 2 - 1 after")
def lowpass_shifted(x, kernel_size=33, sigma=2.0):
    """The image comes out shifted by a pixel: the padding is not the same on both sides."""
    return right_lowpass(x, kernel_size, sigma).roll((1, 1), (2, 3))


@lowpass("x changed in place")
def lowpass_changes_image(x, kernel_size=33, sigma=2.0):
    """The caller's image is overwritten. Watch out for operations that work in place."""
    with torch.no_grad():
        return x.copy_(right_lowpass(x, kernel_size, sigma))


hybrid_eps = partial(mistake, "illusions.hybrid_eps")


@hybrid_eps("low and high swapped; or the doubled batch's order reversed against the concatenation")
def hybrid_eps_swapped(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The two prompts have changed places: which one is to be seen from afar?"""
    low, high = model(x_t, t, cond_high), model(x_t, t, cond_low)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)


@hybrid_eps("high-pass = blurred")
def hybrid_eps_highpass_is_blur(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """Both parts are blurred. The second one should be what the blur leaves out."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) + right_lowpass(high, kernel_size, sigma)


@hybrid_eps("the other image's blur subtracted: the result is the second estimate alone")
def hybrid_eps_other_blur_subtracted(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The wrong blur is subtracted: the high frequencies of an estimate are what its own blur leaves out."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    blurred = right_lowpass(low, kernel_size, sigma)
    return blurred + (high - blurred)


@hybrid_eps("high-pass missing: lowpass(eps1) + eps2")
def hybrid_eps_no_highpass(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The second estimate keeps its low frequencies, so they count twice."""
    return right_lowpass(model(x_t, t, cond_low), kernel_size, sigma) + model(x_t, t, cond_high)


@hybrid_eps("low-pass missing: eps1 + (eps2 - lowpass(eps2))")
def hybrid_eps_no_lowpass(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The first estimate keeps its high frequencies."""
    high = model(x_t, t, cond_high)
    return model(x_t, t, cond_low) + high - right_lowpass(high, kernel_size, sigma)


@hybrid_eps("(low + high) / 2")
def hybrid_eps_halved(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The sum is halved as for an anagram. The two parts complement each other: nothing is counted twice."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return (right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)) / 2


@hybrid_eps("lowpass(eps2) - eps2")
def hybrid_eps_highpass_sign(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The sign of the high frequencies is reversed."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) - (high - right_lowpass(high, kernel_size, sigma))


@hybrid_eps("x_t filtered instead of eps")
def hybrid_eps_filters_input(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The image is filtered before the network sees it. It is the network's estimates that are filtered."""
    blurred = right_lowpass(x_t, kernel_size, sigma)
    return model(blurred, t, cond_low) + model(x_t - blurred, t, cond_high)


@hybrid_eps("kernel_size and sigma not passed on")
def hybrid_eps_arguments_not_passed(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """Other kernel sizes and sigmas have no effect: they do not reach the blur."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    size = min(33, 2 * min(x_t.shape[2:]) - 1)
    return right_lowpass(low, size) + high - right_lowpass(high, size)


def _by_default(image):
    """Blurred as by default, whatever the image's size: its mirror goes on, as in a blur of the student's own."""
    reach = 16
    rows, columns = (
        size - 1 - (torch.arange(-reach, size + reach) % (2 * size - 2) - (size - 1)).abs() for size in image.shape[2:]
    )
    return right_lowpass(image[:, :, rows][..., columns])[..., reach:-reach, reach:-reach]


@hybrid_eps("kernel_size and sigma not passed on to the second blur")
def hybrid_eps_high_blur_by_default(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The high frequencies are told with the default blur. Both blurs are to get kernel_size and sigma."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) + high - _by_default(high)


@hybrid_eps("kernel_size and sigma not passed on to the first blur")
def hybrid_eps_low_blur_by_default(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The low frequencies are told with the default blur. Both blurs are to get kernel_size and sigma."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return _by_default(low) + high - right_lowpass(high, kernel_size, sigma)


@hybrid_eps("another sigma for the high-pass")
def hybrid_eps_two_sigmas(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The two parts are cut at different scales, so that something in between is lost or counted twice."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma / 2)


@hybrid_eps("cond_low used twice")
def hybrid_eps_one_prompt(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """Both estimates are made with the same prompt."""
    return model(x_t, t, cond_low)


@hybrid_eps("zero padding in the blur")
def hybrid_eps_zero_padding(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The borders are wrong: beyond the edge the estimates are taken to be zero."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return lowpass_zero_padding(low, kernel_size, sigma) + high - lowpass_zero_padding(high, kernel_size, sigma)


@hybrid_eps("RGB mixed by a full convolution")
def hybrid_eps_mixes_channels(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The blur mixes the channels with each other."""
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return lowpass_mixes_channels(low, kernel_size, sigma) + high - lowpass_mixes_channels(high, kernel_size, sigma)


@hybrid_eps("flip copied from anagram_eps")
def hybrid_eps_flips(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    """The second view is flipped. That belongs to the anagrams: here both prompts see the same image."""
    low, high = model(x_t, t, cond_low), model(x_t.flip(2), t, cond_high).flip(2)
    return right_lowpass(low, kernel_size, sigma) + high - right_lowpass(high, kernel_size, sigma)
