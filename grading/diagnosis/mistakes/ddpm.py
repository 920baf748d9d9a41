"""Wrong DDPM: the clean estimate, the posterior, the sampler."""

from functools import partial

import torch

from reference.ddpm import posterior_step as right_step
from reference.ddpm import predict_x0 as right_x0

from . import mistake


def _per_image(values):
    """A number for all samples, or (B, 1, 1, 1) for one per sample."""
    return values.reshape(-1, 1, 1, 1) if values.ndim else values


def _abar(t, alphas_cumprod):
    return alphas_cumprod[t] if t >= 0 else torch.ones_like(alphas_cumprod[0])


def _pair(t, t_prev, alphas_cumprod):
    return _abar(t, alphas_cumprod), _abar(t_prev, alphas_cumprod)


def _pair_by_t(t, t_prev, alphas_cumprod):
    return alphas_cumprod[t], alphas_cumprod[t_prev] if t > 0 else torch.ones_like(alphas_cumprod[t])


def _table_beta(t, alphas_cumprod):
    """beta of the training chain's single step, what betas[t] holds."""
    return 1 - alphas_cumprod[t] / _abar(t - 1, alphas_cumprod)


def _mean(x_t, x0, abar_t, abar_prev):
    beta = 1 - abar_t / abar_prev
    coef_x0 = abar_prev.sqrt() * beta / (1 - abar_t)
    coef_x_t = (1 - beta).sqrt() * (1 - abar_prev) / (1 - abar_t)
    return coef_x0 * x0 + coef_x_t * x_t


def _variance(abar_t, abar_prev):
    return (1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev)


def _steps(timesteps):
    return zip(timesteps, [*timesteps[1:], -1])


def _sample(
    eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, estimate=right_x0, step=right_step, pairs=None
):
    """The right chain, with one part exchanged."""
    x_t = x_T
    for t, t_prev in _steps(timesteps) if pairs is None else pairs:
        x0 = estimate(x_t, eps_model(x_t, t), t, alphas_cumprod)
        if clip_x0:
            x0 = x0.clamp(-1, 1)
        x_t = step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
    return x_t


predict_x0 = partial(mistake, "ddpm.predict_x0")


@predict_x0("both square roots missing")
def predict_x0_without_roots(x_t, eps, t, alphas_cumprod):
    """Both weights are variances where standard deviations belong. Compare with the forward process."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - (1 - abar_t) * eps) / abar_t


@predict_x0("root missing on 1 - abar")
def predict_x0_variance_as_std(x_t, eps, t, alphas_cumprod):
    """The noise is subtracted with its variance as the weight."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - (1 - abar_t) * eps) / abar_t.sqrt()


@predict_x0("root missing on abar in the denominator")
def predict_x0_denominator_root_missing(x_t, eps, t, alphas_cumprod):
    """The division blows the image up too much: look at what scaled it down in the forward process."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - (1 - abar_t).sqrt() * eps) / abar_t


@predict_x0("multiplied by √abar instead of divided")
def predict_x0_multiplied(x_t, eps, t, alphas_cumprod):
    """The image is scaled down once more instead of back up: undoing a multiplication takes the opposite."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - (1 - abar_t).sqrt() * eps) * abar_t.sqrt()


@predict_x0("no division by √abar")
def predict_x0_not_divided(x_t, eps, t, alphas_cumprod):
    """The noise is removed but the image is left dimmed: one factor has not been undone."""
    return x_t - (1 - _per_image(alphas_cumprod[t])).sqrt() * eps


@predict_x0("brackets: x_t / √abar - √(1 - abar) · eps")
def predict_x0_brackets_missing(x_t, eps, t, alphas_cumprod):
    """Only the image is divided, the noise is not. Mind the brackets."""
    abar_t = _per_image(alphas_cumprod[t])
    return x_t / abar_t.sqrt() - (1 - abar_t).sqrt() * eps


@predict_x0("sign of the noise")
def predict_x0_noise_added(x_t, eps, t, alphas_cumprod):
    """The noise is added a second time instead of being taken away. Look at the sign."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t + (1 - abar_t).sqrt() * eps) / abar_t.sqrt()


@predict_x0("weights swapped: √abar on eps, √(1 - abar) below")
def predict_x0_weights_swapped(x_t, eps, t, alphas_cumprod):
    """The two weights have changed places."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - abar_t.sqrt() * eps) / (1 - abar_t).sqrt()


@predict_x0("alpha_t for abar_t (per-step value)")
def predict_x0_single_step(x_t, eps, t, alphas_cumprod):
    """The weights are those of a single step, while x_t has gone through all steps up to t."""
    alphas = alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])
    alpha_t = _per_image(alphas[t])
    return (x_t - (1 - alpha_t).sqrt() * eps) / alpha_t.sqrt()


@predict_x0("divided by √abar of t - 1 (abar_prev)")
def predict_x0_divided_by_previous(x_t, eps, t, alphas_cumprod):
    """The numerator belongs to t, the denominator to another timestep. Both weights are those that made x_t."""
    table = torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod])
    return (x_t - (1 - _per_image(alphas_cumprod[t])).sqrt() * eps) / _per_image(table[t]).sqrt()


@predict_x0("t - 1: a 1-based timestep assumed")
def predict_x0_one_based(x_t, eps, t, alphas_cumprod):
    """The level is one step off: the table starts counting at 0."""
    table = torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod])
    abar_t = _per_image(table[t])
    return (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()


@predict_x0("the mean of x_(t-1), 1/√alpha · (x_t - beta / √(1 - abar) · eps), for x0")
def predict_x0_one_step_mean(x_t, eps, t, alphas_cumprod):
    """This goes a single step back with the posterior's mean. The clean image is asked for, in one jump."""
    alphas = alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])
    alpha_t, abar_t = _per_image(alphas[t]), _per_image(alphas_cumprod[t])
    return (x_t - (1 - alpha_t) / (1 - abar_t).sqrt() * eps) / alpha_t.sqrt()


@predict_x0("clipped (the diffusers and EECS kits clip inside their steps)")
def predict_x0_clipped(x_t, eps, t, alphas_cumprod):
    """The estimate is cut off at [-1, 1]. Formula functions do not clip: only a sampler does, when asked to."""
    return right_x0(x_t, eps, t, alphas_cumprod).clamp(-1, 1)


@predict_x0("t of shape (B,) used unreshaped: error, or silent at B = W")
def predict_x0_weights_along_width(x_t, eps, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the width of the images instead of with the batch."""
    abar_t = alphas_cumprod[t]
    return (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()


@predict_x0("abar reshaped to (B, 1, 1): silent at B = C")
def predict_x0_weights_along_channels(x_t, eps, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the channels instead of with the batch."""
    abar_t = alphas_cumprod[t].reshape(-1, 1, 1)
    return (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()


@predict_x0("t[0] for the whole batch")
def predict_x0_first_timestep_for_all(x_t, eps, t, alphas_cumprod):
    """Every sample is treated with the first one's timestep."""
    return right_x0(x_t, eps, int(torch.as_tensor(t).reshape(-1)[0]), alphas_cumprod)


@predict_x0("under no_grad / detached (DPS gets no gradient)")
def predict_x0_detached(x_t, eps, t, alphas_cumprod):
    """No gradient flows back from the estimate. Guidance needs it."""
    return right_x0(x_t, eps, t, alphas_cumprod).detach()


@predict_x0("eps detached inside: the network's Jacobian is lost")
def predict_x0_eps_detached(x_t, eps, t, alphas_cumprod):
    """Gradients skip the network's prediction: eps is cut off from the graph."""
    return right_x0(x_t, eps.detach(), t, alphas_cumprod)


@predict_x0("x_t changed in place")
def predict_x0_changes_x_t(x_t, eps, t, alphas_cumprod):
    """The caller's x_t is overwritten. Watch out for operations that work in place."""
    abar_t = _per_image(alphas_cumprod[t])
    with torch.no_grad():
        return x_t.sub_((1 - abar_t).sqrt() * eps).div_(abar_t.sqrt())


@predict_x0("weights cast to float32")
def predict_x0_in_float32(x_t, eps, t, alphas_cumprod):
    """A float64 image comes out with the accuracy of float32. Somewhere a number is rounded on the way."""
    abar_t = _per_image(alphas_cumprod.float()[t])
    return ((x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()).to(x_t.dtype)


@predict_x0("epsilon in the denominator: / (√abar + 1e-3)")
def predict_x0_epsilon_in_denominator(x_t, eps, t, alphas_cumprod):
    """Close, but the division is guarded by a small number that shifts the result. Nothing here can be zero."""
    abar_t = _per_image(alphas_cumprod[t])
    return (x_t - (1 - abar_t).sqrt() * eps) / (abar_t.sqrt() + 1e-3)


posterior_variance = partial(mistake, "ddpm.posterior_variance")


@posterior_variance("beta for beta-tilde ('fixed large', CS180 part B, early DDPM): 30→0 gives 0.110² for 0.010²")
def posterior_variance_fixed_large(t, t_prev, alphas_cumprod):
    """This is the variance of the forward step. The posterior also knows the clean image, so its variance is smaller: a
    factor is missing, which only shows at low t.
    """
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return 1 - abar_t / abar_prev


@posterior_variance("betas[t] although strided: 22 times too small (seen, diffusers)")
def posterior_variance_table_beta(t, t_prev, alphas_cumprod):
    """The training table's beta belongs to a step of length 1. When steps are skipped, beta has to come from the two
    cumulative products.
    """
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return (1 - abar_prev) / (1 - abar_t) * _table_beta(t, alphas_cumprod)


@posterior_variance("the stride's alpha is the last step's to the power of the stride's length")
def posterior_variance_alike_steps(t, t_prev, alphas_cumprod):
    """The steps that are skipped are taken to be all like the last one. Each has a beta of its own."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return (1 - abar_prev) / (1 - abar_t) * (1 - (1 - _table_beta(t, alphas_cumprod)) ** (t - t_prev))


@posterior_variance("t - 1 for t_prev although strided (seen, diffusers)")
def posterior_variance_previous_is_t_minus_1(t, t_prev, alphas_cumprod):
    """The step is taken to go to t - 1. Look at where it really leads."""
    return _variance(*_pair(t, t - 1, alphas_cumprod))


@posterior_variance("alphas_cumprod[-1] for the clean image (seen)")
def posterior_variance_index_wraps(t, t_prev, alphas_cumprod):
    """At t_prev = -1 the table is read from its other end, Python's negative index. What is the clean image's value?"""
    return _variance(alphas_cumprod[t], alphas_cumprod[t_prev])


@posterior_variance("the clean image's level for t = 0, not for t_prev = -1")
def posterior_variance_clean_by_t(t, t_prev, alphas_cumprod):
    """Whether the step leads to the clean image is decided by t. From a higher t it may lead there as well: look at t_prev."""
    return _variance(*_pair_by_t(t, t_prev, alphas_cumprod))


@posterior_variance("alphas_cumprod[0] for the clean image (LDM, diffusers set_alpha_to_one=False)")
def posterior_variance_ends_at_index_0(t, t_prev, alphas_cumprod):
    """The clean image is given the level of index 0, which already holds a step of noise."""
    return _variance(alphas_cumprod[t], alphas_cumprod[max(t_prev, 0)])


@posterior_variance("standard deviation returned")
def posterior_variance_returns_std(t, t_prev, alphas_cumprod):
    """This is the standard deviation. The function is asked for its square."""
    return _variance(*_pair(t, t_prev, alphas_cumprod)).sqrt()


@posterior_variance("precision of x_t given x_prev without its alpha: 1 / beta for alpha / beta")
def posterior_variance_precision_without_alpha(t, t_prev, alphas_cumprod):
    """Precisions add up, but x_t tells of x_prev with the precision alpha / beta: it holds √alpha of it, not all of it."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return 1 / (1 / (1 - abar_prev) + 1 / (1 - abar_t / abar_prev))


@posterior_variance("fraction inverted: (1 - abar_t) / (1 - abar_prev)")
def posterior_variance_fraction_inverted(t, t_prev, alphas_cumprod):
    """The fraction stands on its head: a posterior variance never exceeds beta."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return (1 - abar_t) / (1 - abar_prev) * (1 - abar_t / abar_prev)


@posterior_variance("abar_prev / abar_t for (1 - abar_prev) / (1 - abar_t)")
def posterior_variance_signal_fraction(t, t_prev, alphas_cumprod):
    """The fraction is built from the signal's shares instead of the noise's."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return abar_prev / abar_t * (1 - abar_t / abar_prev)


@posterior_variance("alpha for beta")
def posterior_variance_alpha_for_beta(t, t_prev, alphas_cumprod):
    """The last factor is what the step keeps instead of what it adds."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return (1 - abar_prev) / (1 - abar_t) * (abar_t / abar_prev)


@posterior_variance("1 - abar_t for beta: the result is 1 - abar_prev")
def posterior_variance_cumulative_beta(t, t_prev, alphas_cumprod):
    """The last factor covers the whole chain up to t instead of the one stride."""
    return 1 - _abar(t_prev, alphas_cumprod)


@posterior_variance("beta = abar_prev - abar_t")
def posterior_variance_difference_for_ratio(t, t_prev, alphas_cumprod):
    """The beta of the stride is the difference of two levels here. What a step keeps is a ratio."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return (1 - abar_prev) / (1 - abar_t) * (abar_prev - abar_t)


@posterior_variance("log variance returned (guided-diffusion, clipped at 1e-20)")
def posterior_variance_returns_log(t, t_prev, alphas_cumprod):
    """This is the variance's logarithm, as some codebases store it."""
    return _variance(*_pair(t, t_prev, alphas_cumprod)).clamp(min=1e-20).log()


@posterior_variance("last step's variance floored (as in guided-diffusion's posterior_log_variance_clipped)")
def posterior_variance_floored(t, t_prev, alphas_cumprod):
    """At t_prev = -1 a variance is left. On the way to the clean image there is nothing more to add."""
    return _variance(*_pair(t, t_prev, alphas_cumprod)).clamp(min=1e-4)


@posterior_variance("beta = sum of betas[t_prev+1 … t]")
def posterior_variance_sum_of_betas(t, t_prev, alphas_cumprod):
    """Beta is put together from the single steps in between as a sum. Steps that are skipped multiply."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    beta = sum(_table_beta(s, alphas_cumprod) for s in range(t_prev + 1, t + 1))
    return (1 - abar_prev) / (1 - abar_t) * beta


@posterior_variance("linear schedule of 1000 steps built inside")
def posterior_variance_own_schedule(t, t_prev, alphas_cumprod):
    """The schedule in the argument is ignored: the values belong to DDPM's own with 1000 steps."""
    table = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=alphas_cumprod.dtype), 0)
    return _variance(*_pair(t, t_prev, table))


@posterior_variance("computed in float32, cast back")
def posterior_variance_in_float32(t, t_prev, alphas_cumprod):
    """With a float64 schedule the result has only float32's accuracy."""
    return _variance(*_pair(t, t_prev, alphas_cumprod.float())).to(alphas_cumprod.dtype)


posterior_step = partial(mistake, "ddpm.posterior_step")


@posterior_step("variance added as a standard deviation (seen)")
def posterior_step_variance_as_std(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The noise is scaled with the posterior's variance. Noise of unit variance is scaled with something else."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return _mean(x_t, x0, abar_t, abar_prev) + _variance(abar_t, abar_prev) * noise


@posterior_step("√beta for √beta-tilde ('fixed large'), none on the last step: 30→0 gives 0.110 for 0.010")
def posterior_step_fixed_large(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The noise is too strong at low t: it has the forward step's variance, not the posterior's."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    std = (1 - abar_t / abar_prev).sqrt() if t_prev >= 0 else 0.0
    return _mean(x_t, x0, abar_t, abar_prev) + std * noise


@posterior_step("noise on the last step: √beta also at t_prev = -1, right elsewhere")
def posterior_step_noise_on_last(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The step to the clean image still adds noise. Nothing removes it afterwards."""
    if t_prev >= 0:
        return right_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
    return x0 + (1 - alphas_cumprod[t]).sqrt() * noise


@posterior_step("the last step left out: abar[0] for the 1 of the clean image in a kit's chain, or x_t returned (seen)")
def posterior_step_last_left_out(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The step to the clean image changes nothing: there abar_prev is 1, not the first entry of the table."""
    return x_t * 1 if t_prev < 0 else right_step(x_t, x0, noise, t, t_prev, alphas_cumprod)


@posterior_step("the variance of the next step of an even chain: asked for at t_prev (seen, in a kit)")
def posterior_step_variance_of_the_next_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The noise has the variance of the step that comes next: it is asked for at t_prev, where this step ends."""
    std = _variance(*_pair(t_prev, max(2 * t_prev - t, -1), alphas_cumprod)).sqrt() if t_prev >= 0 else 0.0
    return _mean(x_t, x0, *_pair(t, t_prev, alphas_cumprod)) + std * noise


@posterior_step("no noise at all")
def posterior_step_without_noise(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """Only the mean is returned. A DDPM step also adds noise."""
    return _mean(x_t, x0, *_pair(t, t_prev, alphas_cumprod))


@posterior_step("coefficients swapped")
def posterior_step_coefficients_swapped(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The two coefficients have changed places: on the way to the clean image only x0 may remain."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return _mean(x0, x_t, abar_t, abar_prev) + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("root missing on abar_prev")
def posterior_step_root_missing_on_abar_prev(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """x0's coefficient is too small: a root is missing in it."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    mean = abar_prev * (1 - alpha) / (1 - abar_t) * x0 + alpha.sqrt() * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("root missing on alpha")
def posterior_step_root_missing_on_alpha(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """x_t's coefficient is too small: a root is missing in it. With single steps this hardly shows."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    mean = abar_prev.sqrt() * (1 - alpha) / (1 - abar_t) * x0 + alpha * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("√abar_t for √alpha in x_t's coefficient")
def posterior_step_cumulative_for_alpha(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """x_t is weighted with the cumulative product. Its root is that of the one stride."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    beta = 1 - abar_t / abar_prev
    mean = abar_prev.sqrt() * beta / (1 - abar_t) * x0 + abar_t.sqrt() * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("√abar_t for √abar_prev in x0's coefficient")
def posterior_step_abar_t_on_x0(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """x0 is weighted with the level of t. The mean lies at the level that the step leads to."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    mean = abar_t.sqrt() * (1 - alpha) / (1 - abar_t) * x0 + alpha.sqrt() * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("betas[t] although strided, in both coefficients and the variance (seen, diffusers)")
def posterior_step_table_beta(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """Beta is read from the training schedule, for a step of length 1. This stride is longer."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    beta = _table_beta(t, alphas_cumprod)
    mean = abar_prev.sqrt() * beta / (1 - abar_t) * x0 + (1 - beta).sqrt() * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + ((1 - abar_prev) / (1 - abar_t) * beta).sqrt() * noise


@posterior_step("betas[t] in the variance only")
def posterior_step_table_beta_in_variance(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The mean is right but the noise's strength is that of a step of length 1."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    variance = (1 - abar_prev) / (1 - abar_t) * _table_beta(t, alphas_cumprod)
    return _mean(x_t, x0, abar_t, abar_prev) + variance.sqrt() * noise


@posterior_step("t - 1 for t_prev although strided (seen, diffusers)")
def posterior_step_previous_is_t_minus_1(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The step always goes to t - 1, wherever t_prev points."""
    return right_step(x_t, x0, noise, t, t - 1, alphas_cumprod)


@posterior_step("alphas_cumprod[-1] for the clean image (seen); variance negative, root NaN or clamped")
def posterior_step_index_wraps(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """On the last step the table is read from its noisy end. Look at what index -1 means in Python and here."""
    abar_t, abar_prev = alphas_cumprod[t], alphas_cumprod[t_prev]
    return _mean(x_t, x0, abar_t, abar_prev) + _variance(abar_t, abar_prev).clamp(min=0).sqrt() * noise


@posterior_step("the clean image's level for t = 0, not for t_prev = -1")
def posterior_step_clean_by_t(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """Whether the step leads to the clean image is decided by t. From a higher t it may lead there as well: look at t_prev."""
    abar_t, abar_prev = _pair_by_t(t, t_prev, alphas_cumprod)
    return _mean(x_t, x0, abar_t, abar_prev) + _variance(abar_t, abar_prev).clamp(min=0).sqrt() * noise


@posterior_step("alphas_cumprod[0] for the clean image (LDM, CMU's kit)")
def posterior_step_ends_at_index_0(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The last step leads to the level of index 0, where a little noise is left, instead of to the clean image."""
    abar_t, abar_prev = alphas_cumprod[t], alphas_cumprod[max(t_prev, 0)]
    return _mean(x_t, x0, abar_t, abar_prev) + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("x0 clipped (diffusers' clip_sample, the EECS kit)")
def posterior_step_clips_x0(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The clean estimate is cut off at [-1, 1] inside the step. Only the sampler does that, when asked to."""
    return right_step(x_t, x0.clamp(-1, 1), noise, t, t_prev, alphas_cumprod)


@posterior_step("result clipped")
def posterior_step_clips_result(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The result is cut off at [-1, 1]. Noisy images exceed that range."""
    return right_step(x_t, x0, noise, t, t_prev, alphas_cumprod).clamp(-1, 1)


@posterior_step("√abar_prev · x0 + √(1 - abar_prev) · noise: re-noising instead of the posterior")
def posterior_step_renoises(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The clean estimate is simply noised again to the next level. The posterior also uses x_t."""
    abar_prev = _abar(t_prev, alphas_cumprod)
    return abar_prev.sqrt() * x0 + (1 - abar_prev).sqrt() * noise


@posterior_step("(1 - abar_t) / (1 - abar_t) = 1: abar_t for abar_prev in x_t's coefficient")
def posterior_step_x_t_not_reduced(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """x_t's coefficient uses t where the noise left at the end of the step counts."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    mean = abar_prev.sqrt() * (1 - alpha) / (1 - abar_t) * x0 + alpha.sqrt() * x_t
    return mean + _variance(abar_t, abar_prev).sqrt() * noise


@posterior_step("one noise for the whole batch")
def posterior_step_same_noise_for_batch(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The first sample's noise is added to all samples of the batch."""
    return right_step(x_t, x0, noise[:1].expand_as(noise).clone(), t, t_prev, alphas_cumprod)


@posterior_step("noise drawn inside, argument ignored")
def posterior_step_draws_its_own(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The noise is drawn inside the step. It is an argument."""
    return right_step(x_t, x0, torch.randn_like(x_t), t, t_prev, alphas_cumprod)


@posterior_step("noise subtracted")
def posterior_step_noise_subtracted(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The sign of the noise is reversed against the formula; with a given noise the result differs."""
    return right_step(x_t, x0, -noise, t, t_prev, alphas_cumprod)


@posterior_step("x_t changed in place")
def posterior_step_changes_x_t(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The caller's x_t is overwritten. Watch out for operations that work in place."""
    return x_t.copy_(right_step(x_t, x0, noise, t, t_prev, alphas_cumprod))


@posterior_step("noise changed in place")
def posterior_step_changes_noise(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """The caller's noise is overwritten when it is scaled. Watch out for operations that work in place."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    noise *= _variance(abar_t, abar_prev).sqrt()
    return _mean(x_t, x0, abar_t, abar_prev) + noise


@posterior_step("coefficients cast to float32")
def posterior_step_in_float32(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """Float64 images come out with the accuracy of float32. Somewhere a number is rounded on the way."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod.float())
    return (_mean(x_t, x0, abar_t, abar_prev) + _variance(abar_t, abar_prev).sqrt() * noise).to(x_t.dtype)


sample_ddpm = partial(mistake, "ddpm.sample_ddpm")


@sample_ddpm("last step missing: stops at t = 0 (CS180 part A)")
def sample_ddpm_stops_early(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The chain stops at the last timestep of the list. That one has a step too, to the clean image."""
    pairs = list(zip(timesteps, timesteps[1:]))
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, pairs=pairs)


@sample_ddpm("last step wraps to alphas_cumprod[-1] (seen)")
def sample_ddpm_last_step_wraps(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The last step reads the table at index -1, the noisiest level of all."""
    step = posterior_step_index_wraps
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("last step ends at abar[0] (LDM, CMU)")
def sample_ddpm_ends_at_index_0(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The result still carries the noise of index 0. The clean image has a level of its own."""
    step = posterior_step_ends_at_index_0
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("t - 1 for t_prev although strided (seen, diffusers)")
def sample_ddpm_steps_by_one(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """Every step goes down by one level only, while the network is asked at timesteps that are further apart."""
    pairs = [(t, t - 1) for t in timesteps]
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, pairs=pairs)


@sample_ddpm("t_prev = t - T // S, an even stride assumed (seen, diffusers with another spacing)")
def sample_ddpm_even_stride_assumed(
    eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False
):
    """The distance between timesteps is taken to be the same everywhere. Each entry leads to the next one."""
    stride = len(alphas_cumprod) // len(timesteps)
    pairs = [(t, max(t - stride, -1)) for t in timesteps]
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, pairs=pairs)


@sample_ddpm("betas[t] although strided (seen, diffusers)")
def sample_ddpm_table_beta(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """Beta comes from the training table although steps are skipped."""
    step = posterior_step_table_beta
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("√beta for √beta-tilde in the chain")
def sample_ddpm_fixed_large(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """At the low timesteps too much noise is added: look at which variance the step uses."""
    step = posterior_step_fixed_large
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("one draw reused on every step")
def sample_ddpm_noise_drawn_once(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The noise is drawn once and used for every step. Each step needs noise of its own."""
    noise = noise_fn(x_T)
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, lambda x: noise, clip_x0)


@sample_ddpm("x_T reused as the steps' noise")
def sample_ddpm_start_as_noise(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The starting noise is used again as the noise of the steps. They have to be independent."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, lambda x: x_T, clip_x0)


@sample_ddpm("one noise for the whole batch")
def sample_ddpm_same_noise_for_batch(
    eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False
):
    """All samples of the batch get the same noise. The draw is to have the shape of the whole batch."""

    def noise_of_first(x):
        return noise_fn(x[:1]).expand_as(x).clone()

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_of_first, clip_x0)


@sample_ddpm("torch.randn_like hard-coded, noise_fn ignored")
def sample_ddpm_noise_fn_ignored(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The noise does not come from noise_fn, so a caller cannot control it."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, torch.randn_like, clip_x0)


@sample_ddpm("no noise at all")
def sample_ddpm_without_noise(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """No noise is added on the way. A DDPM chain is random at every step but the last."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, torch.zeros_like, clip_x0)


@sample_ddpm("noise on the last step")
def sample_ddpm_noise_on_last_step(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The last step, to the clean image, still adds noise."""
    step = posterior_step_noise_on_last
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("noise switched off one step too early (t_prev > 0 for t_prev ≥ 0)")
def sample_ddpm_no_noise_towards_0(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The step that leads to timestep 0 gets no noise. Which step leads to the clean image?"""

    def step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        return right_step(x_t, x0, noise * (t_prev > 0), t, t_prev, alphas_cumprod)

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, step=step)


@sample_ddpm("model called with x_T")
def sample_ddpm_model_sees_start(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The network is always shown the starting noise instead of the current image."""
    return _sample(lambda x, t: eps_model(x_T, t), x_T, timesteps, alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("model called with t_prev")
def sample_ddpm_model_gets_t_prev(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The network is told another noise level than the image has: it is asked about the step's end."""
    after = dict(_steps(timesteps))
    return _sample(lambda x, t: eps_model(x, max(after[t], 0)), x_T, timesteps, alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("index into the list passed as t")
def sample_ddpm_model_gets_index(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The network gets the number of the step instead of the timestep."""

    def at_index(x, t):
        return eps_model(x, len(timesteps) - 1 - timesteps.index(t))

    return _sample(at_index, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("timesteps ignored: T - 1 … 0")
def sample_ddpm_visits_all(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The given list of timesteps is not used: the chain visits every training step."""
    everything = list(range(timesteps[0], -1, -1))
    return _sample(eps_model, x_T, everything, alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("loop starts at the second entry")
def sample_ddpm_skips_first(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The first timestep of the list is skipped."""
    return _sample(eps_model, x_T, timesteps[1:], alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("one-step estimate returned")
def sample_ddpm_one_step(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The result is the first estimate of the clean image; the chain has to refine it."""
    return _sample(eps_model, x_T, timesteps[:1], alphas_cumprod, noise_fn, clip_x0)


@sample_ddpm("always clipped, clip_x0 ignored (diffusers' default, the EECS kit)")
def sample_ddpm_always_clips(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The estimate of the clean image is cut off although nobody asked for it."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, True)


@sample_ddpm("clip_x0 ignored, never clipped")
def sample_ddpm_never_clips(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """clip_x0 has no effect."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, False)


@sample_ddpm("x_t clipped after every step")
def sample_ddpm_clips_x_t(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """clip_x0 cuts off the noisy image instead of the estimate of the clean one."""

    def step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        x_prev = right_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
        return x_prev.clamp(-1, 1) if clip_x0 else x_prev

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, False, step=step)


@sample_ddpm("only the final image clipped")
def sample_ddpm_clips_only_result(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """clip_x0 acts on the result only. Every estimate along the way is to be clipped."""
    x_0 = _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, False)
    return x_0.clamp(-1, 1) if clip_x0 else x_0


@sample_ddpm("clipped to [0, 1]")
def sample_ddpm_clips_to_unit_range(
    eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False
):
    """The range for clipping is that of images in [0, 1]. Here they lie in [-1, 1]."""

    def estimate(x_t, eps, t, alphas_cumprod):
        x0 = right_x0(x_t, eps, t, alphas_cumprod)
        return x0.clamp(0, 1) if clip_x0 else x0

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, False, estimate=estimate)


@sample_ddpm("x_T changed in place")
def sample_ddpm_changes_start(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The caller's starting noise is overwritten. Watch out for operations that work in place."""
    return x_T.copy_(_sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0))


@sample_ddpm("timesteps.append(-1) on the caller's list")
def sample_ddpm_changes_timesteps(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The caller's list of timesteps is changed by the call."""
    timesteps.append(-1)
    pairs = list(zip(timesteps, timesteps[1:]))
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, pairs=pairs)


@sample_ddpm("loop over the steps in reversed order")
def sample_ddpm_wrong_way(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The steps are taken from the clean end upwards. Sampling starts at the noisy end."""
    pairs = list(_steps(timesteps))[::-1]
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, pairs=pairs)


@sample_ddpm("cast to float32 for the chain, cast back")
def sample_ddpm_in_float32(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """Float64 images come out with the accuracy of float32."""

    def estimate(x_t, eps, t, alphas_cumprod):
        x0 = right_x0(x_t, eps, t, alphas_cumprod)
        return x0.float().to(x_t.dtype)

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, clip_x0, estimate=estimate)
