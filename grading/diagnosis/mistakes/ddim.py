"""Wrong DDIM: sigma, the step, the sampler."""

from functools import partial

import torch

from reference.ddim import ddim_sigma as right_sigma
from reference.ddim import ddim_step as right_step
from reference.ddpm import predict_x0

from . import mistake


def _abar(t, alphas_cumprod):
    return alphas_cumprod[t] if t >= 0 else torch.ones_like(alphas_cumprod[0])


def _pair(t, t_prev, alphas_cumprod):
    return _abar(t, alphas_cumprod), _abar(t_prev, alphas_cumprod)


def _table_beta(t, alphas_cumprod):
    """beta of the training chain's single step, what betas[t] holds."""
    return 1 - alphas_cumprod[t] / _abar(t - 1, alphas_cumprod)


def _sigma(abar_t, abar_prev, eta):
    return eta * ((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev)).clamp(min=0).sqrt()


def _step(x_t, eps, noise, abar_t, abar_prev, eta):
    sigma = _sigma(abar_t, abar_prev, eta)
    x0 = (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


def _sample(
    eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=right_step, pairs=None, low=-1.0, high=1.0
):
    """The right chain, with one part exchanged."""
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]) if pairs is None else pairs:
        eps = eps_model(x_t, t)
        noise = noise_fn(x_t)
        x_prev = step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)
        if clip_x0:
            x0 = predict_x0(x_t, eps, t, alphas_cumprod)
            x_prev = x_prev + _abar(t_prev, alphas_cumprod).sqrt() * (x0.clamp(low, high) - x0)
        x_t = x_prev
    return x_t


ddim_sigma = partial(mistake, "ddim.ddim_sigma")


@ddim_sigma("root missing: eta · beta-tilde")
def ddim_sigma_of_variance(t, t_prev, alphas_cumprod, eta):
    """Eta multiplies the variance. A standard deviation is asked for, so something has to happen first."""
    return eta * _sigma(*_pair(t, t_prev, alphas_cumprod), 1.0) ** 2


@ddim_sigma("the stride's alpha is the last step's to the power of the stride's length")
def ddim_sigma_alike_steps(t, t_prev, alphas_cumprod, eta):
    """The steps that are skipped are taken to be all like the last one. Each has a beta of its own."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    beta = 1 - (1 - _table_beta(t, alphas_cumprod)) ** (t - t_prev)
    return eta * ((1 - abar_prev) / (1 - abar_t) * beta) ** 0.5


@ddim_sigma("√(eta · beta-tilde): shows only for 0 < eta < 1")
def ddim_sigma_eta_under_root(t, t_prev, alphas_cumprod, eta):
    """Right for eta 0 and 1, not in between: eta has slipped under the root."""
    return eta**0.5 * _sigma(*_pair(t, t_prev, alphas_cumprod), 1.0)


@ddim_sigma("eta² · √beta-tilde: shows only for 0 < eta < 1")
def ddim_sigma_eta_squared(t, t_prev, alphas_cumprod, eta):
    """Right for eta 0 and 1, not in between: eta is squared once too often."""
    return eta**2 * _sigma(*_pair(t, t_prev, alphas_cumprod), 1.0)


@ddim_sigma("eta taken as a bool: shows only for 0 < eta < 1")
def ddim_sigma_eta_as_switch(t, t_prev, alphas_cumprod, eta):
    """Eta acts as a switch. It is a number that scales."""
    return _sigma(*_pair(t, t_prev, alphas_cumprod), 1.0 if eta else 0.0)


@ddim_sigma("eta ignored")
def ddim_sigma_eta_ignored(t, t_prev, alphas_cumprod, eta):
    """Eta has no effect: the noise always has DDPM's strength."""
    return _sigma(*_pair(t, t_prev, alphas_cumprod), 1.0)


@ddim_sigma("eta · √beta: the factor (1 - abar_prev) / (1 - abar_t) missing (the DDIM paper's sigma-hat)")
def ddim_sigma_fixed_large(t, t_prev, alphas_cumprod, eta):
    """This is the forward step's standard deviation. DDPM's posterior has a smaller one, which shows at low t."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return eta * (1 - abar_t / abar_prev).sqrt()


@ddim_sigma("sigma² returned")
def ddim_sigma_returns_variance(t, t_prev, alphas_cumprod, eta):
    """The variance is returned."""
    return _sigma(*_pair(t, t_prev, alphas_cumprod), eta) ** 2


@ddim_sigma("root over the fraction only")
def ddim_sigma_root_over_fraction_only(t, t_prev, alphas_cumprod, eta):
    """The root covers only one of the two factors. Mind the brackets."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return eta * ((1 - abar_prev) / (1 - abar_t)).sqrt() * (1 - abar_t / abar_prev)


@ddim_sigma("betas[t] although strided")
def ddim_sigma_table_beta(t, t_prev, alphas_cumprod, eta):
    """Beta is read from the training schedule, for a step of length 1. This stride is longer."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return eta * ((1 - abar_prev) / (1 - abar_t) * _table_beta(t, alphas_cumprod)).sqrt()


@ddim_sigma("t - 1 for t_prev although strided")
def ddim_sigma_previous_is_t_minus_1(t, t_prev, alphas_cumprod, eta):
    """The step is taken to go to t - 1. Look at where it really leads."""
    return right_sigma(t, t - 1, alphas_cumprod, eta)


@ddim_sigma("alphas_cumprod[-1] for the clean image: root of a negative number, NaN")
def ddim_sigma_index_wraps(t, t_prev, alphas_cumprod, eta):
    """On the last step the table is read from its other end, Python's negative index."""
    abar_t, abar_prev = alphas_cumprod[t], alphas_cumprod[t_prev]
    return eta * ((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev)).sqrt()


@ddim_sigma("the clean image's level for t = 0, not for t_prev = -1")
def ddim_sigma_clean_by_t(t, t_prev, alphas_cumprod, eta):
    """Whether the step leads to the clean image is decided by t. From a higher t it may lead there as well: look at t_prev."""
    return ddim_sigma_index_wraps(t, t_prev, alphas_cumprod, eta) if t > 0 else 0 * alphas_cumprod[t]


@ddim_sigma("alphas_cumprod[0] for the clean image (LDM, diffusers set_alpha_to_one=False)")
def ddim_sigma_ends_at_index_0(t, t_prev, alphas_cumprod, eta):
    """The clean image is given the level of index 0, so a little noise is added on the last step."""
    return _sigma(*_pair(t, max(t_prev, 0), alphas_cumprod), eta)


@ddim_sigma("per-step alpha read for abar (the DDIM paper writes alpha for abar)")
def ddim_sigma_single_step(t, t_prev, alphas_cumprod, eta):
    """The values of single steps stand where cumulative products belong: that paper writes both as alpha."""
    alpha_t = 1 - _table_beta(t, alphas_cumprod)
    alpha_prev = 1 - _table_beta(t_prev, alphas_cumprod) if t_prev >= 0 else torch.ones_like(alpha_t)
    return eta * ((1 - alpha_prev) / (1 - alpha_t) * (1 - alpha_t / alpha_prev).abs()).sqrt()


@ddim_sigma("fraction inverted: (1 - abar_t) / (1 - abar_prev)")
def ddim_sigma_fraction_inverted(t, t_prev, alphas_cumprod, eta):
    """The fraction stands on its head, so that sigma is infinite on the last step."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return eta * ((1 - abar_t) / (1 - abar_prev) * (1 - abar_t / abar_prev)).sqrt()


@ddim_sigma("alpha for beta")
def ddim_sigma_alpha_for_beta(t, t_prev, alphas_cumprod, eta):
    """The last factor is what the stride keeps instead of what it adds."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    return eta * ((1 - abar_prev) / (1 - abar_t) * (abar_t / abar_prev)).sqrt()


@ddim_sigma("computed in float32, cast back")
def ddim_sigma_in_float32(t, t_prev, alphas_cumprod, eta):
    """With a float64 schedule the result has only float32's accuracy."""
    return _sigma(*_pair(t, t_prev, alphas_cumprod.float()), eta).to(alphas_cumprod.dtype)


ddim_step = partial(mistake, "ddim.ddim_step")


@ddim_step("√(1 - abar_prev) without - sigma² (invisible at eta = 0)")
def ddim_step_sigma_not_subtracted(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The direction term ignores that noise comes on top, so the total is too noisy. At eta 0 it does not show."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0 = predict_x0(x_t, eps, t, alphas_cumprod)
    return abar_prev.sqrt() * x0 + (1 - abar_prev).sqrt() * eps + _sigma(abar_t, abar_prev, eta) * noise


@ddim_step("- sigma for - sigma²")
def ddim_step_sigma_for_its_square(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Under the direction's root a variance is reduced by a standard deviation. At eta 0 it does not show."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("√(1 - abar_prev) - sigma")
def ddim_step_sigma_outside_root(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Sigma is subtracted after the root. Variances subtract, standard deviations do not."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + ((1 - abar_prev).sqrt() - sigma) * eps + sigma * noise


@ddim_step("sigma² · noise")
def ddim_step_variance_as_std(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The noise is scaled with its variance."""
    sigma = right_sigma(t, t_prev, alphas_cumprod, eta)
    x_prev = right_step(x_t, eps, torch.zeros_like(noise), t, t_prev, alphas_cumprod, eta)
    return x_prev + sigma**2 * noise


@ddim_step("sigma² = eta · beta-tilde: eta under the root")
def ddim_step_eta_under_root(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The variance takes eta without its square. That shows only strictly between eta 0 and 1."""
    return right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta**0.5)


@ddim_step("direction term at eta = 1 always; only the noise is scaled by eta")
def ddim_step_direction_at_eta_1(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Eta scales the noise but not what the direction term leaves room for."""
    return right_step(x_t, eps, eta * noise, t, t_prev, alphas_cumprod, 1.0)


@ddim_step("√(1 - abar_t - sigma²) in the direction term")
def ddim_step_direction_at_t(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The direction term points back to the noise level of t instead of the one of t_prev."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_t - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("√abar_t for √abar_prev before x0")
def ddim_step_x0_scaled_at_t(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The clean estimate is scaled to the level of t instead of the one that the step leads to."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_t.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("√abar_prev missing before x0")
def ddim_step_x0_not_scaled(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The clean estimate is not scaled down to the level of t_prev."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("abar_prev for √abar_prev")
def ddim_step_x0_root_missing(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """A root is missing on the clean estimate's weight."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("1 - abar_prev - sigma² without root")
def ddim_step_direction_root_missing(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """A root is missing on the direction term's weight."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2) * eps + sigma * noise


@ddim_step("x0 predicted with abar_prev")
def ddim_step_x0_from_t_prev(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The clean estimate is taken out of x_t with t_prev's level, but x_t lies at t."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0 = (x_t - (1 - abar_prev).sqrt() * eps) / abar_prev.sqrt()
    sigma = _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("noise for eps in the direction term")
def ddim_step_noise_as_direction(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The direction term uses fresh noise, so the step is random even at eta 0. It points along the prediction."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), _sigma(abar_t, abar_prev, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * noise + sigma * noise


@ddim_step("eta ignored: always sigma of eta = 1")
def ddim_step_eta_ignored(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The step is random even at eta 0."""
    return right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, 1.0)


@ddim_step("eta ignored: always deterministic")
def ddim_step_always_deterministic(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The step adds no noise, whatever eta is."""
    return right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, 0.0)


@ddim_step("sigma · noise forgotten, - sigma² present")
def ddim_step_noise_forgotten(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Room is made for sigma's noise, but the noise itself is not added."""
    return right_step(x_t, eps, torch.zeros_like(noise), t, t_prev, alphas_cumprod, eta)


@ddim_step("eta = 1 as the default")
def ddim_step_default_eta_1(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=1.0):
    """Called without eta, the step is random. What does the signature say about the default?"""
    return right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)


@ddim_step("sigma = eta · √beta")
def ddim_step_fixed_large(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Sigma has the forward step's variance, too large at low t."""
    abar_t, abar_prev = _pair(t, t_prev, alphas_cumprod)
    x0 = predict_x0(x_t, eps, t, alphas_cumprod)
    sigma = eta * (1 - abar_t / abar_prev).sqrt() if t_prev >= 0 else torch.zeros_like(abar_t)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("sigma from betas[t] although strided")
def ddim_step_table_beta(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Sigma is that of a step of length 1, read from the training schedule."""
    abar_prev = _abar(t_prev, alphas_cumprod)
    x0, sigma = predict_x0(x_t, eps, t, alphas_cumprod), ddim_sigma_table_beta(t, t_prev, alphas_cumprod, eta)
    return abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@ddim_step("per-step alpha read for abar (the DDIM paper writes alpha for abar)")
def ddim_step_single_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The values of single steps stand where cumulative products belong: the paper's alpha is a product."""
    alpha_t = 1 - _table_beta(t, alphas_cumprod)
    alpha_prev = 1 - _table_beta(t_prev, alphas_cumprod) if t_prev >= 0 else torch.ones_like(alpha_t)
    return _step(x_t, eps, noise, alpha_t, alpha_prev, eta)


@ddim_step("t - 1 for t_prev although strided")
def ddim_step_previous_is_t_minus_1(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The step always goes to t - 1, wherever t_prev points."""
    return right_step(x_t, eps, noise, t, t - 1, alphas_cumprod, eta)


@ddim_step("last step wraps to alphas_cumprod[-1] (seen)")
def ddim_step_index_wraps(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """On the last step the table is read from its noisy end. What is the clean image's level?"""
    return _step(x_t, eps, noise, alphas_cumprod[t], alphas_cumprod[t_prev], eta)


@ddim_step("the clean image's level for t = 0, not for t_prev = -1")
def ddim_step_clean_by_t(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Whether the step leads to the clean image is decided by t. From a higher t it may lead there as well: look at t_prev."""
    abar_prev = alphas_cumprod[t_prev] if t > 0 else torch.ones_like(alphas_cumprod[t])
    return _step(x_t, eps, noise, alphas_cumprod[t], abar_prev, eta)


@ddim_step("last step ends at abar[0] (LDM, Stable Diffusion's set_alpha_to_one=False)")
def ddim_step_ends_at_index_0(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The last step ends at the level of index 0, where a little noise is left."""
    return _step(x_t, eps, noise, alphas_cumprod[t], alphas_cumprod[max(t_prev, 0)], eta)


@ddim_step("x0 clipped in the formula")
def ddim_step_clips_x0(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The clean estimate is cut off at [-1, 1] inside the step. Only the sampler does that, when asked to."""
    x0 = predict_x0(x_t, eps, t, alphas_cumprod)
    x_prev = right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)
    return x_prev + _abar(t_prev, alphas_cumprod).sqrt() * (x0.clamp(-1, 1) - x0)


@ddim_step("one noise for the whole batch")
def ddim_step_same_noise_for_batch(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The first sample's noise is added to all samples of the batch."""
    return right_step(x_t, eps, noise[:1].expand_as(noise).clone(), t, t_prev, alphas_cumprod, eta)


@ddim_step("x_t changed in place")
def ddim_step_changes_x_t(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The caller's x_t is overwritten. Watch out for operations that work in place."""
    return x_t.copy_(right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta))


@ddim_step("eps changed in place")
def ddim_step_changes_eps(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """The caller's prediction is overwritten when it is scaled. Watch out for operations that work in place."""
    x_prev = right_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)
    eps *= (1 - alphas_cumprod[t]).sqrt()
    return x_prev


@ddim_step("coefficients cast to float32")
def ddim_step_in_float32(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    """Float64 images come out with the accuracy of float32."""
    return _step(x_t, eps, noise, *_pair(t, t_prev, alphas_cumprod.float()), eta).to(x_t.dtype)


sample_ddim = partial(mistake, "ddim.sample_ddim")


@sample_ddim("last step missing")
def sample_ddim_stops_early(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The chain stops at the last timestep of the list. That one has a step too, to the clean image."""
    pairs = list(zip(timesteps, timesteps[1:]))
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, pairs=pairs)


@sample_ddim("last step wraps to alphas_cumprod[-1] (seen)")
def sample_ddim_last_step_wraps(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The last step reads the table at index -1, the noisiest level of all."""
    step = ddim_step_index_wraps
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=step)


@sample_ddim("last step ends at abar[0]")
def sample_ddim_ends_at_index_0(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The result still carries the noise of index 0. The clean image has a level of its own."""
    step = ddim_step_ends_at_index_0
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=step)


@sample_ddim("t - 1 for t_prev although strided")
def sample_ddim_steps_by_one(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """Every step goes down by one level only, while the network is asked at timesteps that are further apart."""
    pairs = [(t, t - 1) for t in timesteps]
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, pairs=pairs)


@sample_ddim("t_prev = t - T // S with another spacing (seen, diffusers)")
def sample_ddim_even_stride_assumed(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The distance between timesteps is taken to be the same everywhere. Each entry leads to the next one."""
    stride = len(alphas_cumprod) // len(timesteps)
    pairs = [(t, max(t - stride, -1)) for t in timesteps]
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, pairs=pairs)


@sample_ddim("eta not passed on")
def sample_ddim_eta_not_passed(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """Eta does not reach the steps: the chain is always deterministic."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, 0.0, noise_fn, clip_x0)


@sample_ddim("eta ignored, always 1")
def sample_ddim_always_stochastic(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The chain is random even at eta 0."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, 1.0, noise_fn, clip_x0)


@sample_ddim("eta = 1 as the default")
def sample_ddim_default_eta_1(
    eps_model, x_T, timesteps, alphas_cumprod, eta=1.0, noise_fn=torch.randn_like, clip_x0=False
):
    """Called without eta, the chain is random. What does the signature say about the default?"""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0)


@sample_ddim("eta under the root in the chain")
def sample_ddim_eta_under_root(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """Right for eta 0 and 1, not in between: how does eta enter sigma?"""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta**0.5, noise_fn, clip_x0)


@sample_ddim("√(1 - abar_prev) without - sigma² (invisible at eta = 0)")
def sample_ddim_sigma_not_subtracted(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """With noise the chain becomes too noisy: the direction term has to leave room for it."""
    step = ddim_step_sigma_not_subtracted
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=step)


@sample_ddim("one draw reused on every step: shows at eta > 0")
def sample_ddim_noise_drawn_once(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The noise is drawn once and used for every step. Each step needs noise of its own."""
    noise = noise_fn(x_T)
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, lambda x: noise, clip_x0)


@sample_ddim("one noise for the whole batch")
def sample_ddim_same_noise_for_batch(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """All samples of the batch get the same noise. The draw is to have the shape of the whole batch."""

    def noise_of_first(x):
        return noise_fn(x[:1]).expand_as(x).clone()

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_of_first, clip_x0)


@sample_ddim("torch.randn_like hard-coded, noise_fn ignored")
def sample_ddim_noise_fn_ignored(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The noise does not come from noise_fn, so a caller cannot control it."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, torch.randn_like, clip_x0)


@sample_ddim("eps for noise")
def sample_ddim_eps_as_noise(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The network's prediction is used as the steps' noise. Sigma's noise is a fresh draw."""

    def step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta):
        return right_step(x_t, eps, eps, t, t_prev, alphas_cumprod, eta)

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=step)


@sample_ddim("eps re-derived from the clipped x0 (guided-diffusion, lucidrains; libraries differ)")
def sample_ddim_rederives_eps(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """With clip_x0 the direction term changes as well. Only the estimate of the clean image is clipped here."""

    def clipped(x_t, t):
        eps, abar_t = eps_model(x_t, t), alphas_cumprod[t]
        if not clip_x0:
            return eps
        x0 = predict_x0(x_t, eps, t, alphas_cumprod).clamp(-1, 1)
        return (x_t - abar_t.sqrt() * x0) / (1 - abar_t).sqrt()

    return _sample(clipped, x_T, timesteps, alphas_cumprod, eta, noise_fn, False)


@sample_ddim("always clipped (diffusers' clip_sample=True)")
def sample_ddim_always_clips(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The estimate of the clean image is cut off although nobody asked for it."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, True)


@sample_ddim("clip_x0 ignored, never clipped")
def sample_ddim_never_clips(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """clip_x0 has no effect."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, False)


@sample_ddim("x_t clipped after every step")
def sample_ddim_clips_x_t(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    """clip_x0 cuts off the noisy image instead of the estimate of the clean one."""

    def step(*args):
        x_prev = right_step(*args)
        return x_prev.clamp(-1, 1) if clip_x0 else x_prev

    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, False, step=step)


@sample_ddim("clipped to [0, 1]")
def sample_ddim_clips_to_unit_range(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The range for clipping is that of images in [0, 1]. Here they lie in [-1, 1]."""
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, low=0.0)


@sample_ddim("model called with x_T")
def sample_ddim_model_sees_start(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The network is always shown the starting noise instead of the current image."""
    return _sample(lambda x, t: eps_model(x_T, t), x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0)


@sample_ddim("model called with t_prev")
def sample_ddim_model_gets_t_prev(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The network is told the step's end as the noise level, but the image is still at its beginning."""
    after = dict(zip(timesteps, [*timesteps[1:], 0]))
    return _sample(lambda x, t: eps_model(x, after[t]), x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0)


@sample_ddim("loop starts at the second entry")
def sample_ddim_skips_first(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The first timestep of the list is skipped."""
    return _sample(eps_model, x_T, timesteps[1:], alphas_cumprod, eta, noise_fn, clip_x0)


@sample_ddim("one-step estimate returned")
def sample_ddim_one_step(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    """The result is the first estimate of the clean image; the chain has to refine it."""
    return _sample(eps_model, x_T, timesteps[:1], alphas_cumprod, eta, noise_fn, clip_x0)


@sample_ddim("x_T changed in place")
def sample_ddim_changes_start(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """The caller's starting noise is overwritten. Watch out for operations that work in place."""
    return x_T.copy_(_sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0))


@sample_ddim("cast to float32 on every step, cast back")
def sample_ddim_in_float32(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    """Float64 images come out with the accuracy of float32."""
    step = ddim_step_in_float32
    return _sample(eps_model, x_T, timesteps, alphas_cumprod, eta, noise_fn, clip_x0, step=step)
