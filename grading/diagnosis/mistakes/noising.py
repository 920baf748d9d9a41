"""Wrong noising: schedules and the forward process."""

import math
from functools import partial

import torch

from . import mistake


def _per_image(values):
    """A number for all samples, or (B, 1, 1, 1) for one per sample."""
    return values.reshape(-1, 1, 1, 1) if values.ndim else values


def _cosine_table(num_train_steps, offset):
    u = torch.linspace(0, 1, num_train_steps + 1, dtype=torch.float64)
    return torch.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2


linear_betas = partial(mistake, "noising.linear_betas")


@linear_betas("betas rescaled by 1000 / T (guided-diffusion, improved DDPM)")
def linear_betas_rescaled_with_steps(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The ends of the schedule move when the number of steps changes. Here they are given as arguments and are to be
    used as they are.
    """
    scale = 1000 / num_train_steps
    return torch.linspace(scale * beta_start, scale * beta_end, num_train_steps)


@linear_betas("last end missing: spacing (end - start) / T instead of / (T - 1)")
def linear_betas_without_last_end(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The table has the right length but never reaches beta_end. Both ends belong to it: look at the spacing."""
    return torch.linspace(beta_start, beta_end, num_train_steps + 1)[:-1]


@linear_betas("first end missing: the paper's 1 … T used as the multiplier")
def linear_betas_without_first_end(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The first value is one spacing too large. The table starts with beta_start itself."""
    return torch.linspace(beta_start, beta_end, num_train_steps + 1)[1:]


@linear_betas("linear in the square roots (Stable Diffusion's scaled_linear) for DDPM's linear")
def linear_betas_linear_in_roots(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """Both ends are right, but the values in between are not evenly spaced. Which quantity grows linearly here?"""
    return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps) ** 2


@linear_betas("table reversed")
def linear_betas_reversed(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The values run the wrong way round. The first step of the chain adds the least noise."""
    return torch.linspace(beta_end, beta_start, num_train_steps)


@linear_betas("alphas returned instead of betas")
def linear_betas_returns_alphas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """This is the share of variance that a step keeps. The function is asked for the share that it adds."""
    return 1 - torch.linspace(beta_start, beta_end, num_train_steps)


@linear_betas("geometric (log-linear) spacing, as for NCSN's sigmas")
def linear_betas_geometric(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The values have a constant ratio from one to the next; a linear schedule has a constant difference."""
    return torch.logspace(math.log10(beta_start), math.log10(beta_end), num_train_steps)


@linear_betas("T hard-coded to 1000")
def linear_betas_always_1000_steps(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The table is always 1000 long. Its length is an argument."""
    return torch.linspace(beta_start, beta_end, 1000)


@linear_betas("spacing (end - start) / 999 for / (T - 1)")
def linear_betas_spacing_of_1000(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The spacing is that of a table of 1000. Shorter tables end too low, longer ones too high: the ends are given."""
    return beta_start + (beta_end - beta_start) / 999 * torch.arange(num_train_steps)


@linear_betas("DDPM's ends hard-coded, the arguments ignored")
def linear_betas_ends_hard_coded(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """With other ends than the usual ones the table stays the same. Are both arguments used?"""
    return torch.linspace(1e-4, 0.02, num_train_steps)


@linear_betas("starts at 0: only t / (T - 1) · beta_end, the offset forgotten")
def linear_betas_starts_at_zero(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """The first beta is 0, so the first step would add no noise at all. Where does the table start?"""
    return torch.linspace(0, beta_end, num_train_steps)


@linear_betas("T + 1 entries, a 0 in front so that 1-based loops can index it (CS180 part B)")
def linear_betas_padded_for_one_based_index(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """There is one entry too many. The table has exactly one value for each training step."""
    return torch.cat([torch.zeros(1), torch.linspace(beta_start, beta_end, num_train_steps)])


@linear_betas("Stable Diffusion's ends as defaults")
def linear_betas_other_defaults(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """Called without arguments, the ends are those of another model. Compare the defaults in the signature."""
    return torch.linspace(beta_start, beta_end, num_train_steps)


scaled_linear_betas = partial(mistake, "noising.scaled_linear_betas")


@scaled_linear_betas("final square missing")
def scaled_linear_betas_not_squared(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """These are still the roots. One operation is missing after the even spacing."""
    return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps)


@scaled_linear_betas("plain linear schedule (diffusers' 'linear' for 'scaled_linear')")
def scaled_linear_betas_plain_linear(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The ends are right, but this schedule is linear in the betas themselves. Another quantity is to be spaced evenly."""
    return torch.linspace(beta_start, beta_end, num_train_steps)


@scaled_linear_betas("squared without the roots at the start")
def scaled_linear_betas_without_roots(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The table begins and ends far too low: the ends are squared without their roots having been taken."""
    return torch.linspace(beta_start, beta_end, num_train_steps) ** 2


@scaled_linear_betas("squares spaced, root taken afterwards")
def scaled_linear_betas_root_of_spaced_squares(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The ends are right but the middle bulges: the two operations stand in the wrong order. What is spaced evenly, and
    what is done afterwards?
    """
    return torch.linspace(beta_start**2, beta_end**2, num_train_steps) ** 0.5


@scaled_linear_betas("ends rescaled by 1000 / T")
def scaled_linear_betas_rescaled_with_steps(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The ends change with the number of steps. They are given and stay as they are."""
    scale = 1000 / num_train_steps
    return torch.linspace((scale * beta_start) ** 0.5, (scale * beta_end) ** 0.5, num_train_steps) ** 2


@scaled_linear_betas("last end missing")
def scaled_linear_betas_without_last_end(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The last value falls short of beta_end. Both ends are part of the table."""
    return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps + 1)[:-1] ** 2


@scaled_linear_betas("table reversed")
def scaled_linear_betas_reversed(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The values fall instead of growing. The first step adds the least noise."""
    return torch.linspace(beta_end**0.5, beta_start**0.5, num_train_steps) ** 2


@scaled_linear_betas("T hard-coded to 1000")
def scaled_linear_betas_always_1000_steps(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The length of the table does not follow num_train_steps."""
    return torch.linspace(beta_start**0.5, beta_end**0.5, 1000) ** 2


@scaled_linear_betas("spacing of the roots / 999 for / (T - 1)")
def scaled_linear_betas_spacing_of_1000(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The roots' spacing is that of a table of 1000. Shorter tables end too low, longer ones too high."""
    return (beta_start**0.5 + (beta_end**0.5 - beta_start**0.5) / 999 * torch.arange(num_train_steps)) ** 2


@scaled_linear_betas("DDPM's ends as defaults")
def scaled_linear_betas_ddpm_defaults(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    """Called without arguments, the ends are DDPM's. Stable Diffusion has others: see the signature."""
    return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps) ** 2


@scaled_linear_betas("Stable Diffusion's ends hard-coded")
def scaled_linear_betas_ends_hard_coded(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """Other ends than Stable Diffusion's are ignored. Are both arguments used?"""
    return torch.linspace(0.00085**0.5, 0.012**0.5, num_train_steps) ** 2


@scaled_linear_betas("only the increments squared: start + (span · u)²")
def scaled_linear_betas_only_increments_squared(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The first value is right and the others are not: the start stands outside of what is squared."""
    return beta_start + torch.linspace(0, (beta_end - beta_start) ** 0.5, num_train_steps) ** 2


cosine_betas = partial(mistake, "noising.cosine_betas")


@cosine_betas("cosine not squared")
def cosine_betas_cosine_not_squared(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The curve falls too slowly at first. Look at the power of the cosine."""
    f = _cosine_table(num_train_steps, offset) ** 0.5
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta)


@cosine_betas("offset missing in the denominator")
def cosine_betas_offset_not_in_denominator(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The offset shifts the curve but does not shrink it back, so the cosine leaves its quarter period. It stands in
    two places of the formula.
    """
    u = torch.linspace(0, 1, num_train_steps + 1, dtype=torch.float64)
    f = torch.cos((u + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta)


@cosine_betas("offset ignored")
def cosine_betas_offset_ignored(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The first betas vanish almost entirely. One argument is there to prevent that: is it used?"""
    f = _cosine_table(num_train_steps, 0.0)
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta)


@cosine_betas("no clip at max_beta")
def cosine_betas_not_clipped(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The last beta is 1: nothing of the image would be left and later formulas would divide by zero. There is an upper
    bound to apply.
    """
    f = _cosine_table(num_train_steps, offset)
    return 1 - f[1:] / f[:-1]


@cosine_betas("0.999 hard-coded, max_beta ignored")
def cosine_betas_bound_hard_coded(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The upper bound is always the same one. It is an argument."""
    f = _cosine_table(num_train_steps, offset)
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)


@cosine_betas("clip(betas, 0.0001, 0.9999) (the annotated-diffusion blog post and its many copies)")
def cosine_betas_clipped_from_below(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The first betas are lifted to a lower bound that nobody asked for. Only the upper one is part of the schedule."""
    f = _cosine_table(num_train_steps, offset)
    return (1 - f[1:] / f[:-1]).clamp(1e-4, max_beta)


@cosine_betas("alphas_cumprod returned instead of betas")
def cosine_betas_returns_alphas_cumprod(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """This is the curve of what is left of the signal. The betas are what each single step takes away from it."""
    f = _cosine_table(num_train_steps, offset)
    return (f[1:] / f[0]).clamp(max=max_beta)


@cosine_betas("difference of neighbouring alphas_cumprod instead of their ratio")
def cosine_betas_difference_for_ratio(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """What each step keeps is a share of what was there before it, not an amount of the whole. Compare how neighbouring
    points of the curve are combined.
    """
    f = _cosine_table(num_train_steps, offset)
    return ((f[:-1] - f[1:]) / f[0]).clamp(max=max_beta)


@cosine_betas("u = t / (T - 1): T points, then a beta of 0 put in front")
def cosine_betas_one_point_too_few(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The curve is sampled at T points instead of at T + 1, which makes every step a bit too large. One beta lies
    between each two neighbouring points.
    """
    f = _cosine_table(max(num_train_steps - 1, 1), offset)
    return torch.cat([f.new_zeros(1), 1 - f[1:] / f[:-1]])[:num_train_steps].clamp(max=max_beta)


@cosine_betas("factor 1/2 on pi missing")
def cosine_betas_half_period(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The argument of the cosine runs twice as far as it should: the signal vanishes halfway and comes back."""
    u = torch.linspace(0, 1, num_train_steps + 1, dtype=torch.float64)
    f = torch.cos((u + offset) / (1 + offset) * math.pi) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta)


@cosine_betas("table reversed")
def cosine_betas_reversed(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """The list runs the wrong way round: the large betas belong at the noisy end."""
    f = _cosine_table(num_train_steps, offset)
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta).flip(0)


@cosine_betas("1 - missing: the ratio itself returned")
def cosine_betas_returns_alphas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    """What is kept and what is added are mixed up: the two add up to 1."""
    f = _cosine_table(num_train_steps, offset)
    return (f[1:] / f[:-1]).clamp(max=max_beta)


cumulative_alphas = partial(mistake, "noising.cumulative_alphas")


@cumulative_alphas("cumprod of betas")
def cumulative_alphas_cumprod_of_betas(betas):
    """The product runs over what each step adds. What is left of the signal is a product of something else."""
    return torch.cumprod(betas, dim=0)


@cumulative_alphas("1 - cumprod(betas)")
def cumulative_alphas_complement_after_product(betas):
    """The complement is taken after the product instead of before it."""
    return 1 - torch.cumprod(betas, dim=0)


@cumulative_alphas("1 - cumsum(betas)")
def cumulative_alphas_sum_for_product(betas):
    """Losses of signal do not add up, they multiply. With many steps this even gets negative."""
    return 1 - torch.cumsum(betas, dim=0)


@cumulative_alphas("exp(-cumsum(betas)), the continuous-time form")
def cumulative_alphas_continuous_time(betas):
    """Very close for small betas, but this is the limit of infinitely small steps. The steps here are finite."""
    return torch.exp(-torch.cumsum(betas, dim=0))


@cumulative_alphas("no running product: the per-step alphas")
def cumulative_alphas_per_step(betas):
    """These are the values of the single steps. They have yet to be accumulated."""
    return 1 - betas


@cumulative_alphas("exclusive product: 1 in front, last one dropped (the paper's alpha-bar_0 = 1; alphas_cumprod_prev)")
def cumulative_alphas_shifted(betas):
    """The table is shifted by one: index 0 is already one step of noise, not the clean image."""
    alphas_cumprod = torch.cumprod(1 - betas, dim=0)
    return torch.cat([torch.ones_like(betas[:1]), alphas_cumprod[:-1]])


@cumulative_alphas("1 put in front, length T + 1 (CS180 part B counts from 1)")
def cumulative_alphas_with_clean_entry(betas):
    """There is one entry too many: the clean image has no entry in this table."""
    return torch.cat([torch.ones_like(betas[:1]), torch.cumprod(1 - betas, dim=0)])


@cumulative_alphas("square root taken (ProlificDreamer and the EECS handout's Eq. 14/15 call the root alpha)")
def cumulative_alphas_square_root(betas):
    """This is the weight of the image, not the share of its variance. One operation too many."""
    return torch.cumprod(1 - betas, dim=0).sqrt()


@cumulative_alphas("1 - alphas_cumprod returned")
def cumulative_alphas_noise_share(betas):
    """This grows from step to step: it is the share of noise, not the share of signal that is left."""
    return 1 - torch.cumprod(1 - betas, dim=0)


@cumulative_alphas("product accumulated from the end (flipped table)")
def cumulative_alphas_from_the_end(betas):
    """The product is accumulated from the noisy end. It starts with the first step."""
    return torch.cumprod((1 - betas).flip(0), dim=0)


@cumulative_alphas("computed in float32, cast back")
def cumulative_alphas_in_float32(betas):
    """A float64 table comes out less exact than it went in. Keep the precision of the argument."""
    return torch.cumprod(1 - betas.float(), dim=0).to(betas.dtype)


@cumulative_alphas("betas changed in place")
def cumulative_alphas_changes_betas(betas):
    """The caller's betas are different after the call. Watch out for operations that work in place."""
    return betas.neg_().add_(1).cumprod(dim=0)


strided_timesteps = partial(mistake, "noising.strided_timesteps")


@strided_timesteps("increasing order")
def strided_timesteps_increasing(num_train_steps, num_inference_steps):
    """The list grows. Sampling starts at the noisy end."""
    return [i * (num_train_steps // num_inference_steps) for i in range(num_inference_steps)]


@strided_timesteps("'linspace' spacing from T - 1 to 0")
def strided_timesteps_linspace(num_train_steps, num_inference_steps):
    """The list starts at the very last training step. Here it consists of multiples of the stride."""
    if num_inference_steps == 1:
        return [num_train_steps - 1]
    last = num_inference_steps - 1
    return [round(i * (num_train_steps - 1) / last) for i in reversed(range(num_inference_steps))]


@strided_timesteps("'trailing' spacing: T - 1 downwards")
def strided_timesteps_trailing(num_train_steps, num_inference_steps):
    """The list counts down from the last training step and does not end at 0. From which end are the multiples counted?"""
    stride = num_train_steps // num_inference_steps
    return [num_train_steps - 1 - i * stride for i in range(num_inference_steps)]


@strided_timesteps("T - stride downwards, as long as there are any")
def strided_timesteps_down_from_the_end(num_train_steps, num_inference_steps):
    """The list counts down from num_train_steps minus a stride, and ends at 0 only where the stride divides num_train_steps.
    From which end are the multiples counted, and how many are there?
    """
    stride = num_train_steps // num_inference_steps
    return list(range(num_train_steps - stride, -1, -stride))


@strided_timesteps("T - stride downwards, S of them")
def strided_timesteps_from_the_end(num_train_steps, num_inference_steps):
    """The list begins at num_train_steps minus a stride, and ends at 0 only where num_inference_steps divides
    num_train_steps. From which end are the multiples counted?
    """
    stride = num_train_steps // num_inference_steps
    return [num_train_steps - (i + 1) * stride for i in range(num_inference_steps)]


@strided_timesteps("range(0, T, T // S): more than S entries for T % S ≠ 0")
def strided_timesteps_too_many(num_train_steps, num_inference_steps):
    """When the number of training steps is no multiple of the number of inference steps, there are too many entries.
    How many were asked for?
    """
    return list(range(0, num_train_steps, num_train_steps // num_inference_steps))[::-1]


@strided_timesteps("int(i · T / S): fractional stride")
def strided_timesteps_fractional_stride(num_train_steps, num_inference_steps):
    """The stride is fractional and only rounded afterwards, so the gaps are uneven where the division leaves a rest."""
    return [int(i * num_train_steps / num_inference_steps) for i in reversed(range(num_inference_steps))]


@strided_timesteps("0 dropped: range(start, 0, -stride)")
def strided_timesteps_without_zero(num_train_steps, num_inference_steps):
    """The last entry is missing. Timestep 0 still carries a little noise and is part of the chain."""
    stride = num_train_steps // num_inference_steps
    return [i * stride for i in range(num_inference_steps - 1, 0, -1)]


@strided_timesteps("steps_offset = 1 (Stable Diffusion's scheduler configuration; 1-based papers)")
def strided_timesteps_offset_by_one(num_train_steps, num_inference_steps):
    """Every entry is one too high. In this table index 0 is the first step."""
    stride = num_train_steps // num_inference_steps
    return [i * stride + 1 for i in reversed(range(num_inference_steps))]


@strided_timesteps("num_inference_steps used as the stride")
def strided_timesteps_count_as_stride(num_train_steps, num_inference_steps):
    """The second argument is the number of entries, not the distance between them."""
    return list(range(0, num_train_steps, num_inference_steps))[::-1]


@strided_timesteps("T hard-coded to 1000")
def strided_timesteps_always_1000(num_train_steps, num_inference_steps):
    """The list is right for 1000 training steps only."""
    return [i * (1000 // num_inference_steps) for i in reversed(range(num_inference_steps))]


@strided_timesteps("true division: floats")
def strided_timesteps_floats(num_train_steps, num_inference_steps):
    """The entries are not whole numbers, so they cannot index a table."""
    return [i * (num_train_steps / num_inference_steps) for i in reversed(range(num_inference_steps))]


@strided_timesteps("-1 appended")
def strided_timesteps_with_clean_entry(num_train_steps, num_inference_steps):
    """The clean image is in the list. The list holds the timesteps that the network is asked at; the sampler knows
    where the last one leads.
    """
    stride = num_train_steps // num_inference_steps
    return [i * stride for i in reversed(range(num_inference_steps))] + [-1]


@strided_timesteps("S · (T // S) included: S + 1 entries, the first one out of the table")
def strided_timesteps_one_too_many(num_train_steps, num_inference_steps):
    """There is one entry more than was asked for: the top one is already a full chain."""
    stride = num_train_steps // num_inference_steps
    return [i * stride for i in reversed(range(num_inference_steps + 1))]


add_noise = partial(mistake, "noising.add_noise")


@add_noise("both square roots missing")
def add_noise_without_roots(x0, noise, t, alphas_cumprod):
    """Both weights are variances where standard deviations belong. Check them against the formula's roots."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t * x0 + (1 - abar_t) * noise


@add_noise("root missing on 1 - abar (RePaint's Algorithm 1; for a while diffusers)")
def add_noise_variance_as_std(x0, noise, t, alphas_cumprod):
    """The image's weight is right, but the noise is weighted with its variance."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t.sqrt() * x0 + (1 - abar_t) * noise


@add_noise("root missing on abar")
def add_noise_image_root_missing(x0, noise, t, alphas_cumprod):
    """The noise's weight is right, but the image is scaled down too much."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t * x0 + (1 - abar_t).sqrt() * noise


@add_noise("1 - √abar for √(1 - abar)")
def add_noise_complement_of_root(x0, noise, t, alphas_cumprod):
    """The weights of image and noise add up to 1. It is their squares that have to."""
    root = _per_image(alphas_cumprod[t]).sqrt()
    return root * x0 + (1 - root) * noise


@add_noise("alpha_t for abar_t")
def add_noise_single_step(x0, noise, t, alphas_cumprod):
    """The weights are those of a single step. To jump from the clean image to t, the cumulative product counts."""
    alphas = alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])
    alpha_t = _per_image(alphas[t])
    return alpha_t.sqrt() * x0 + (1 - alpha_t).sqrt() * noise


@add_noise("weights swapped")
def add_noise_weights_swapped(x0, noise, t, alphas_cumprod):
    """The weights of image and noise have changed places: at small t the result should look like the image."""
    abar_t = _per_image(alphas_cumprod[t])
    return (1 - abar_t).sqrt() * x0 + abar_t.sqrt() * noise


@add_noise("signal not scaled: x + √(1 - abar) · eps")
def add_noise_image_not_scaled(x0, noise, t, alphas_cumprod):
    """The image keeps its full weight while noise is added, so the total variance grows. This process scales the image
    down.
    """
    return x0 + (1 - _per_image(alphas_cumprod[t])).sqrt() * noise


@add_noise("VE form: x + √((1 - abar) / abar) · eps (SDEdit's VE, EDM)")
def add_noise_variance_exploding(x0, noise, t, alphas_cumprod):
    """Noise of another kind of process: here the image shrinks as the noise grows (variance preserving)."""
    abar_t = _per_image(alphas_cumprod[t])
    return x0 + ((1 - abar_t) / abar_t).sqrt() * noise


@add_noise("t of shape (B,) multiplied in unreshaped: error, or silent at B = W (seen)")
def add_noise_weights_along_width(x0, noise, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the width of the images instead of with the batch. That is
    silent when both are equally long, or with a single sample.
    """
    abar_t = alphas_cumprod[t]
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


@add_noise("abar reshaped to (1, B, 1, 1) or (B, 1, 1): silent at B = C")
def add_noise_weights_along_channels(x0, noise, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the channels instead of with the batch. That is silent when
    there are as many of both.
    """
    abar_t = alphas_cumprod[t].reshape(-1, 1, 1)
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


@add_noise("t[0] for the whole batch")
def add_noise_first_timestep_for_all(x0, noise, t, alphas_cumprod):
    """Every sample gets the first one's timestep."""
    abar_t = alphas_cumprod[t].reshape(-1)[0]
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


@add_noise("one noise image for the whole batch")
def add_noise_same_noise_for_batch(x0, noise, t, alphas_cumprod):
    """All samples of the batch get the same noise image. Each has its own in the argument."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise[:1]


@add_noise("noise drawn inside, argument ignored")
def add_noise_draws_its_own(x0, noise, t, alphas_cumprod):
    """The noise is drawn inside. It is an argument, so that callers can compare the prediction with it."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * torch.randn_like(x0)


@add_noise("uniform noise (torch.rand for torch.randn)")
def add_noise_uniform(x0, noise, t, alphas_cumprod):
    """The caller's noise is replaced by values that are spread evenly. Use the argument as it is."""
    abar_t = _per_image(alphas_cumprod[t])
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * torch.rand_like(x0)


@add_noise("t - 1: a 1-based timestep assumed (papers, CS180 part B)")
def add_noise_one_based(x0, noise, t, alphas_cumprod):
    """The level is one step off: the table starts counting at 0."""
    table = torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod])
    abar_t = _per_image(table[t])
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


@add_noise("t = 0 treated as the clean image")
def add_noise_zero_is_clean(x0, noise, t, alphas_cumprod):
    """At t = 0 nothing happens to the image. Timestep 0 is already one step of noise."""
    abar_t = alphas_cumprod[t]
    abar_t = _per_image(torch.where(torch.as_tensor(t) == 0, torch.ones_like(abar_t), abar_t))
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


@add_noise("noised image clamped")
def add_noise_clamped(x0, noise, t, alphas_cumprod):
    """The result is cut off at [-1, 1]. A noisy image has to exceed that range."""
    abar_t = _per_image(alphas_cumprod[t])
    return (abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise).clamp(-1, 1)


@add_noise("x0 changed in place (seen)")
def add_noise_changes_image(x0, noise, t, alphas_cumprod):
    """The caller's clean image is overwritten. Watch out for operations that work in place."""
    abar_t = _per_image(alphas_cumprod[t])
    with torch.no_grad():
        return x0.mul_(abar_t.sqrt()).add_((1 - abar_t).sqrt() * noise)


@add_noise("noise changed in place")
def add_noise_changes_noise(x0, noise, t, alphas_cumprod):
    """The caller's noise is overwritten. Watch out for operations that work in place."""
    abar_t = _per_image(alphas_cumprod[t])
    with torch.no_grad():
        noise *= (1 - abar_t).sqrt()
    return abar_t.sqrt() * x0 + noise


@add_noise("under no_grad / detached")
def add_noise_detached(x0, noise, t, alphas_cumprod):
    """No gradient flows back to the image. Losses on noised images need it."""
    abar_t = _per_image(alphas_cumprod[t])
    return (abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise).detach()


@add_noise("weights cast to float32")
def add_noise_in_float32(x0, noise, t, alphas_cumprod):
    """A float64 image comes out with the accuracy of float32. Somewhere a number is rounded on the way."""
    abar_t = _per_image(alphas_cumprod.float()[t])
    return (abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise).to(x0.dtype)


@add_noise("promoted to float64 by a numpy schedule")
def add_noise_promotes(x0, noise, t, alphas_cumprod):
    """The result has another dtype than the image."""
    abar_t = _per_image(alphas_cumprod.double()[t])
    return (abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise).double()
