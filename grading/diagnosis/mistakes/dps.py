"""Wrong diffusion posterior sampling."""

from functools import partial

import torch

from reference.ddim import ddim_step
from reference.ddpm import predict_x0

from . import mistake


def _norm(misfit):
    return torch.linalg.vector_norm(misfit.flatten(1), dim=1).sum()


def _gradient(objective, x):
    return torch.autograd.grad(objective, x)[0]


def _right_gradient(x_t, x0_hat, measurement, operator):
    with torch.enable_grad():
        return _gradient(_norm(measurement - operator(x0_hat)), x_t)


def _sample(
    eps_model,
    x_T,
    measurement,
    operator,
    timesteps,
    alphas_cumprod,
    scale,
    eta,
    noise_fn,
    gradient_fn=_right_gradient,
    pairs=None,
    step=ddim_step,
    base="x_prev",
):
    """The right chain, with one part exchanged."""
    x = x_T.detach()
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]) if pairs is None else pairs:
        with torch.enable_grad():
            x_t = x.clone().requires_grad_()
            eps = eps_model(x_t, t)
            x0_hat = predict_x0(x_t, eps, t, alphas_cumprod)
        x_prev = step(x, eps.detach(), noise_fn(x), t, t_prev, alphas_cumprod, eta)
        gradient = gradient_fn(x_t, x0_hat, measurement, operator)
        x = (x_prev if base == "x_prev" else x) - scale * gradient
    return x


dps_gradient = partial(mistake, "dps.dps_gradient")


@dps_gradient("gradient with respect to x0_hat (the network's Jacobian missing)")
def dps_gradient_at_x0_hat(x_t, x0_hat, measurement, operator):
    """The gradient is taken at the estimate of the clean image, so the network's part of the chain rule is missing. At
    which image is it asked for?
    """
    with torch.enable_grad():
        return _gradient(_norm(measurement - operator(x0_hat)), x0_hat)


@dps_gradient("x0_hat detached: zero gradient, or an error")
def dps_gradient_x0_hat_detached(x_t, x0_hat, measurement, operator):
    """Zeros come back: nothing flows from the measurement to x_t. Does the estimate still hang on it?"""
    with torch.enable_grad():
        objective = _norm(measurement - operator(x0_hat.detach())) + 0 * x_t.sum()
        return _gradient(objective, x_t)


@dps_gradient("operator applied to x_t")
def dps_gradient_operator_on_x_t(x_t, x0_hat, measurement, operator):
    """The measurement is compared with the noisy image. It is the estimate of the clean one that was measured."""
    with torch.enable_grad():
        return _gradient(_norm(measurement - operator(x_t)), x_t)


@dps_gradient("sign: ascent")
def dps_gradient_sign(x_t, x0_hat, measurement, operator):
    """The direction is reversed: following this one, the misfit grows."""
    return -_right_gradient(x_t, x0_hat, measurement, operator)


@dps_gradient("squared norm (the paper's form, 2ζ' ∇‖r‖ after its normalisation)")
def dps_gradient_squared_norm(x_t, x0_hat, measurement, operator):
    """The square of the norm is differentiated, so the gradient grows with the misfit. Look at the objective."""
    with torch.enable_grad():
        return _gradient((measurement - operator(x0_hat)).square().sum(), x_t)


@dps_gradient("½ squared norm")
def dps_gradient_half_squared_norm(x_t, x0_hat, measurement, operator):
    """Half the squared norm is differentiated. The norm itself is asked for."""
    with torch.enable_grad():
        return _gradient((measurement - operator(x0_hat)).square().sum() / 2, x_t)


@dps_gradient("mean squared error (F.mse_loss)")
def dps_gradient_mean_square(x_t, x0_hat, measurement, operator):
    """A mean is differentiated, so the gradient depends on the number of measured values."""
    with torch.enable_grad():
        return _gradient((measurement - operator(x0_hat)).square().mean(), x_t)


@dps_gradient("root mean square: 1 / √n too small")
def dps_gradient_root_mean_square(x_t, x0_hat, measurement, operator):
    """The root of the mean is differentiated: the number of measured values has slipped in."""
    with torch.enable_grad():
        return _gradient((measurement - operator(x0_hat)).square().mean().sqrt(), x_t)


@dps_gradient("L1 norm")
def dps_gradient_l1(x_t, x0_hat, measurement, operator):
    """The sum of absolute values is differentiated. Which norm is asked for?"""
    with torch.enable_grad():
        return _gradient((measurement - operator(x0_hat)).abs().sum(), x_t)


@dps_gradient("norm over the last axis, then summed (linalg.norm(dim=-1))")
def dps_gradient_norm_per_row(x_t, x0_hat, measurement, operator):
    """A matrix norm is taken for every row or channel instead of one norm for all measured values."""
    with torch.enable_grad():
        return _gradient(torch.linalg.vector_norm(measurement - operator(x0_hat), dim=-1).sum(), x_t)


@dps_gradient("operator not applied (an error where it changes the shape)")
def dps_gradient_without_operator(x_t, x0_hat, measurement, operator):
    """The operator is left out: the measurement is compared with the estimate itself."""
    with torch.enable_grad():
        return _gradient(_norm(measurement - x0_hat), x_t)


@dps_gradient("‖operator(x0_hat)‖ only")
def dps_gradient_without_measurement(x_t, x0_hat, measurement, operator):
    """The misfit enters without the measurement."""
    with torch.enable_grad():
        return _gradient(_norm(operator(x0_hat)), x_t)


@dps_gradient("gradient normalised")
def dps_gradient_normalised(x_t, x0_hat, measurement, operator):
    """The gradient is scaled to length 1. Its length carries information that the scale counts on."""
    gradient = _right_gradient(x_t, x0_hat, measurement, operator)
    return gradient / gradient.norm()


@dps_gradient(".backward() instead of autograd.grad: accumulates in x_t and the network's parameters")
def dps_gradient_leaves_grad(x_t, x0_hat, measurement, operator):
    """Gradients are left behind in the tensors' .grad, the network's too, and add up from step to step. There is a way
    to ask for one gradient only.
    """
    x_t.retain_grad()
    before = None if x_t.grad is None else x_t.grad.clone()
    with torch.enable_grad():
        _norm(measurement - operator(x0_hat)).backward()
    return x_t.grad.clone() if before is None else x_t.grad - before


@dps_gradient(".backward() and x_t.grad reset; gradients accumulating in the network's parameters")
def dps_gradient_leaves_grad_in_network(x_t, x0_hat, measurement, operator):
    """x_t is clean afterwards, but gradients pile up in the network's parameters."""
    x_t.retain_grad()
    with torch.enable_grad():
        _norm(measurement - operator(x0_hat)).backward()
    gradient, x_t.grad = x_t.grad.clone(), None
    return gradient


@dps_gradient("create_graph=True: result not detached")
def dps_gradient_keeps_graph(x_t, x0_hat, measurement, operator):
    """The gradient itself still hangs on a graph. Nobody differentiates it again, and the memory adds up."""
    with torch.enable_grad():
        return torch.autograd.grad(_norm(measurement - operator(x0_hat)), x_t, create_graph=True)[0]


@dps_gradient("sign of the gradient (as in adversarial attacks)")
def dps_gradient_signs_only(x_t, x0_hat, measurement, operator):
    """The gradient is rounded to whole signs: only its direction per pixel is left."""
    return _right_gradient(x_t, x0_hat, measurement, operator).sign()


@dps_gradient("x0_hat clamped inside: zero gradient outside of [-1, 1]")
def dps_gradient_clamps_estimate(x_t, x0_hat, measurement, operator):
    """The estimate is cut off to [-1, 1] first, so saturated pixels get no gradient."""
    with torch.enable_grad():
        return _gradient(_norm(measurement - operator(x0_hat.clamp(-1, 1))), x_t)


dps_step = partial(mistake, "dps.dps_step")


@dps_step("sign: ascent")
def dps_step_sign(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The gradient is added, so the misfit grows."""
    return (x_prev + scale * _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("subtracted from x_t instead of x_(t_prev)")
def dps_step_from_x_t(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The correction starts from the image before the step, so the denoising is lost."""
    return (x_t - scale * _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("subtracted from x0_hat")
def dps_step_from_x0_hat(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The estimate of the clean image is corrected and returned instead of the next noisy image."""
    return (x0_hat - scale * _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("gradient taken at x_(t_prev)")
def dps_step_gradient_at_x_prev(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The gradient is taken at the image after the step, which the estimate does not depend on."""
    with torch.enable_grad():
        x_prev = x_prev.detach().requires_grad_()
        gradient = _gradient(_norm(measurement - operator(x_prev)), x_prev)
    return (x_prev - scale * gradient).detach()


@dps_step("gradient with respect to x0_hat")
def dps_step_gradient_at_x0_hat(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The gradient stops at the estimate of the clean image and leaves out the network."""
    return (x_prev - scale * dps_gradient_at_x0_hat(x_t, x0_hat, measurement, operator)).detach()


@dps_step("scale missing (taken as 1)")
def dps_step_scale_ignored(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The scale is ignored."""
    return (x_prev - _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("scale / ‖r‖ on the gradient of the norm (the paper's step size for the squared norm, applied twice)")
def dps_step_scale_over_norm(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The step is divided by the misfit's norm. That belongs to another objective than the one asked for."""
    norm = _norm(measurement - operator(x0_hat)).detach()
    return (x_prev - scale / norm * _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("gradient cut to length 1")
def dps_step_gradient_cut_to_length_1(x_prev, x_t, x0_hat, measurement, operator, scale):
    """A gradient longer than 1 is cut to length 1. The scale alone says how far the step goes."""
    gradient = _right_gradient(x_t, x0_hat, measurement, operator)
    return (x_prev - scale * gradient / gradient.flatten(1).norm(dim=1).clamp(min=1).reshape(-1, 1, 1, 1)).detach()


@dps_step("squared norm")
def dps_step_squared_norm(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The correction grows with the misfit: the squared norm is differentiated."""
    return (x_prev - scale * dps_gradient_squared_norm(x_t, x0_hat, measurement, operator)).detach()


@dps_step("mean squared error")
def dps_step_mean_square(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The correction depends on the number of measured values: a mean is differentiated."""
    return (x_prev - scale * dps_gradient_mean_square(x_t, x0_hat, measurement, operator)).detach()


@dps_step("scale inside the squared norm")
def dps_step_scale_squared(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The scale enters squared."""
    return (x_prev - scale**2 * _right_gradient(x_t, x0_hat, measurement, operator)).detach()


@dps_step("operator applied to x_t")
def dps_step_operator_on_x_t(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The measurement is compared with the noisy image."""
    return (x_prev - scale * dps_gradient_operator_on_x_t(x_t, x0_hat, measurement, operator)).detach()


@dps_step("no correction (x0_hat detached, gradient None taken as 0)")
def dps_step_no_correction(x_prev, x_t, x0_hat, measurement, operator, scale):
    """Nothing is corrected: the gradient does not arrive."""
    return x_prev.detach().clone()


@dps_step("result not detached: graph kept from step to step (seen)")
def dps_step_not_detached(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The result still hangs on the graph of x_prev, so memory grows from step to step."""
    return x_prev - scale * _right_gradient(x_t, x0_hat, measurement, operator)


@dps_step(".backward() instead of autograd.grad")
def dps_step_leaves_grad(x_prev, x_t, x0_hat, measurement, operator, scale):
    """Gradients are left behind in the tensors' .grad, the network's too, and add up from step to step."""
    return (x_prev - scale * dps_gradient_leaves_grad(x_t, x0_hat, measurement, operator)).detach()


@dps_step("x_prev changed in place (-=)")
def dps_step_changes_x_prev(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The caller's x_prev is overwritten. Watch out for operations that work in place."""
    with torch.no_grad():
        x_prev -= scale * _right_gradient(x_t, x0_hat, measurement, operator)
    return x_prev.detach()


@dps_step("result clamped")
def dps_step_clamped(x_prev, x_t, x0_hat, measurement, operator, scale):
    """The result is cut off at [-1, 1]. Noisy images exceed that range."""
    return (x_prev - scale * _right_gradient(x_t, x0_hat, measurement, operator)).detach().clamp(-1, 1)


sample_dps = partial(mistake, "dps.sample_dps")


@sample_dps("last step missing")
def sample_dps_stops_early(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The chain stops at the last timestep of the list, before the clean image."""
    pairs = list(zip(timesteps[:-1], timesteps[1:]))
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, pairs=pairs)


@sample_dps("no DPS step after the last step")
def sample_dps_last_uncorrected(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The last step is not corrected by the measurement. Every step is followed by one."""
    remaining = iter(range(len(timesteps) - 1, -1, -1))

    def gradient_fn(*args):
        gradient = _right_gradient(*args)
        return gradient if next(remaining) else torch.zeros_like(gradient)

    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, gradient_fn)


@sample_dps("DPS step after the last step only")
def sample_dps_only_last_corrected(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The measurement only acts on the last step. It guides every step."""
    remaining = iter(range(len(timesteps) - 1, -1, -1))

    def gradient_fn(*args):
        gradient = _right_gradient(*args)
        return torch.zeros_like(gradient) if next(remaining) else gradient

    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, gradient_fn)


@sample_dps("no correction (x0_hat computed under no_grad or detached)")
def sample_dps_plain_ddim(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The measurement has no influence: this is plain DDIM."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, 0.0, eta, noise_fn)


@sample_dps("sign: ascent")
def sample_dps_sign(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The correction points the wrong way: the misfit grows."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, -scale, eta, noise_fn)


@sample_dps("eps under no_grad: x0_hat depends on x_t directly only")
def sample_dps_eps_detached(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The network's Jacobian is missing: the network's prediction is treated as a constant."""

    def frozen(x, t):
        return eps_model(x, t).detach()

    return _sample(frozen, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn)


@sample_dps("gradient with respect to x0_hat")
def sample_dps_gradient_at_x0_hat(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The gradient stops at the estimate of the clean image and leaves out the network."""
    return _sample(
        eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, dps_gradient_at_x0_hat
    )


@sample_dps("squared norm")
def sample_dps_squared_norm(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The correction grows with the misfit: the squared norm is differentiated."""
    return _sample(
        eps_model,
        x_T,
        measurement,
        operator,
        timesteps,
        alphas_cumprod,
        scale,
        eta,
        noise_fn,
        dps_gradient_squared_norm,
    )


@sample_dps("operator applied to x_t")
def sample_dps_operator_on_x_t(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The measurement is compared with the noisy image instead of the estimate of the clean one."""
    return _sample(
        eps_model,
        x_T,
        measurement,
        operator,
        timesteps,
        alphas_cumprod,
        scale,
        eta,
        noise_fn,
        dps_gradient_operator_on_x_t,
    )


@sample_dps("subtracted from x_t instead of x_(t_prev)")
def sample_dps_from_x_t(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The correction starts from the image before the step, so nothing gets denoised."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, base="x_t")


@sample_dps("scale hard-coded to 1")
def sample_dps_scale_ignored(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The scale is ignored."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, 1.0, eta, noise_fn)


@sample_dps("scale = 1 as the default")
def sample_dps_default_scale_1(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=1.0, eta=0.0, noise_fn=torch.randn_like
):
    """Called without a scale, the correction has another strength than the signature says."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn)


@sample_dps("eta not passed on")
def sample_dps_eta_not_passed(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """Eta does not reach the steps: the chain is always deterministic."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, 0.0, noise_fn)


@sample_dps("DDPM steps (the paper's Algorithm 1), eta always 1")
def sample_dps_ddpm_steps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The chain is random even at eta 0: DDPM steps in place of DDIM's."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, 1.0, noise_fn)


@sample_dps("one draw reused on every step: shows at eta > 0")
def sample_dps_noise_drawn_once(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The noise is drawn once and used for every step."""
    noise = noise_fn(x_T)

    def fixed(x):
        return noise

    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, fixed)


@sample_dps("torch.randn_like hard-coded")
def sample_dps_noise_fn_ignored(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The noise does not come from noise_fn, so a caller cannot control it."""
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, torch.randn_like)


@sample_dps("t - 1 for t_prev although strided")
def sample_dps_steps_by_one(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """Every step goes down by one level only, while the network is asked at timesteps that are further apart."""
    pairs = [(t, t - 1) for t in timesteps]
    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, pairs=pairs)


@sample_dps("last step ends at abar[0]")
def sample_dps_ends_at_index_0(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The last step ends at the level of index 0, where a little noise is left."""

    def step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta):
        if t_prev >= 0:
            return ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)
        x0, abar_0 = predict_x0(x_t, eps, t, alphas_cumprod), alphas_cumprod[0]
        sigma = eta * ((1 - abar_0) / (1 - alphas_cumprod[t]) * (1 - alphas_cumprod[t] / abar_0)).sqrt()
        return abar_0.sqrt() * x0 + (1 - abar_0 - sigma**2).sqrt() * eps + sigma * noise

    return _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, step=step)


@sample_dps("graph kept from step to step (seen: memory grows)")
def sample_dps_keeps_graph(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The graph of all steps is kept until the end, so memory grows with every step. Where is the current image cut off
    from the past?
    """
    x_t = x_T.detach().clone().requires_grad_()
    with torch.enable_grad():
        for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
            eps = eps_model(x_t, t)
            misfit = measurement - operator(predict_x0(x_t, eps, t, alphas_cumprod))
            gradient = torch.autograd.grad(_norm(misfit), x_t, retain_graph=True)[0]
            x_t = ddim_step(x_t, eps, noise_fn(x_t), t, t_prev, alphas_cumprod, eta) - scale * gradient
    return x_t


@sample_dps(".backward() in the loop: gradients accumulating in the network's parameters")
def sample_dps_leaves_grad(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """Gradients pile up in the network's parameters during sampling."""
    return _sample(
        eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn, dps_gradient_leaves_grad
    )


@sample_dps("x_T changed in place (requires_grad_ and copy_ on the argument)")
def sample_dps_changes_start(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The caller's starting noise is overwritten, or starts to require gradients. Work on a copy."""
    x = _sample(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale, eta, noise_fn)
    with torch.no_grad():
        return x_T.copy_(x).detach()


@sample_dps("x0_hat clamped: no gradient outside of [-1, 1]")
def sample_dps_clamps_estimate(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    """The estimate of the clean image is cut off at [-1, 1], which nobody asked for."""
    return _sample(
        eps_model,
        x_T,
        measurement,
        operator,
        timesteps,
        alphas_cumprod,
        scale,
        eta,
        noise_fn,
        dps_gradient_clamps_estimate,
    )
