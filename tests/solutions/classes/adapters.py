"""The course's function names on top of lib/."""

import torch
from lib import DDPMScheduler
from lib.guidance import ClassifierFreeGuidance, FlippedView, GaussianBlur
from lib.losses import ScoreDistillation, StopGradientTarget
from lib.measurement import MeasurementGuide
from lib.samplers import DDIMSampler, DDPMSampler, DPSSampler, InpaintSampler
from lib.scheduler import NoiseSchedule


def noising_linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02, dtype=torch.float64):
    return NoiseSchedule("linear", num_train_steps, beta_start=beta_start, beta_end=beta_end).betas.to(dtype)


def noising_scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012, dtype=torch.float64):
    return NoiseSchedule("scaled_linear", num_train_steps, beta_start=beta_start, beta_end=beta_end).betas.to(dtype)


def noising_cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999, dtype=torch.float64):
    return NoiseSchedule("cosine", num_train_steps, offset=offset, max_beta=max_beta).betas.to(dtype)


def noising_cumulative_alphas(betas):
    products, product = [], torch.ones_like(betas[0])
    for beta in betas:
        product = product - product * beta
        products.append(product)
    return torch.stack(products)


def noising_strided_timesteps(num_train_steps, num_inference_steps, offset=0):
    stride, steps = num_train_steps // num_inference_steps, []
    while len(steps) < num_inference_steps:
        steps.insert(0, offset + stride * len(steps))
    return steps


def noising_add_noise(x0, noise, t, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod).add_noise(x0, noise, t)


def ddpm_predict_x0(x_t, eps, t, alphas_cumprod, clip=False):
    x0 = DDPMScheduler(alphas_cumprod).predict_x0(x_t, eps, t)
    return x0.clip(-1, 1) if clip else x0


def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod).variance(t, t_prev)


def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod).posterior_step(x_t, x0, noise, t, t_prev)


def ddpm_sample_ddpm(
    eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False, progress=None
):
    return DDPMSampler(eps_model, alphas_cumprod, noise_fn, clip_x0).run(x_T, timesteps, progress)


def ddim_ddim_sigma(t, t_prev, alphas_cumprod, eta):
    return DDPMScheduler(alphas_cumprod).sigma(t, t_prev, eta)


def ddim_ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    scheduler = DDPMScheduler(alphas_cumprod)
    return scheduler.ddim_from_x0(scheduler.predict_x0(x_t, eps, t), eps, noise, t, t_prev, eta)


def ddim_sample_ddim(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False, progress=None
):
    return DDIMSampler(eps_model, alphas_cumprod, eta, noise_fn, clip_x0).run(x_T, timesteps, progress)


def guidance_classifier_free_guidance(eps_uncond, eps_cond, scale):
    return ClassifierFreeGuidance(scale).combine(eps_uncond, eps_cond)


def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
    return ClassifierFreeGuidance(scale)(model, x_t, t, cond, null_cond)


def editing_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    sampler = DDPMSampler(eps_model, alphas_cumprod, noise_fn)
    return sampler.run(sampler.scheduler.add_noise(image, noise, timesteps[start]), timesteps[start:])


def editing_repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    known = DDPMScheduler(alphas_cumprod).add_noise(x_orig, noise, t_prev)
    return known * (1 - edit_mask) + edit_mask * x_prev


def editing_inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    return InpaintSampler(eps_model, alphas_cumprod, noise_fn, x_orig, edit_mask).run(x_T, timesteps)


def illusions_anagram_eps(model, x_t, t, cond_upright, cond_flipped, view=None):
    view = view or FlippedView()
    flipped = view.invert(model(view.apply(x_t), t, cond_flipped))
    return 0.5 * flipped + 0.5 * model(x_t, t, cond_upright)


def illusions_gaussian_kernel1d(kernel_size=33, sigma=2.0):
    return GaussianBlur(kernel_size, sigma).kernel


def illusions_lowpass(x, kernel_size=33, sigma=2.0):
    return GaussianBlur(kernel_size, sigma)(x)


def illusions_hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    blur = GaussianBlur(kernel_size, sigma)
    high = model(x_t, t, cond_high)
    return high - blur(high) + blur(model(x_t, t, cond_low))


def dps_dps_gradient(x_t, x0_hat, measurement, operator):
    return MeasurementGuide(measurement, operator).gradient(x_t, x0_hat)


def dps_dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    gradient = MeasurementGuide(measurement, operator).gradient(x_t, x0_hat)
    return x_prev.detach().clone().sub_(scale * gradient)


def dps_sample_dps(
    eps_model,
    x_T,
    measurement,
    operator,
    timesteps,
    alphas_cumprod,
    scale=0.5,
    eta=0.0,
    noise_fn=torch.randn_like,
    progress=None,
):
    return DPSSampler(eps_model, alphas_cumprod, measurement, operator, scale, eta, noise_fn).run(
        x_T, timesteps, progress
    )


def distillation_sds_weight(t, alphas_cumprod):
    return ScoreDistillation(alphas_cumprod).weight(t)


def distillation_sds_residual(eps_pred, noise, t, alphas_cumprod):
    return ScoreDistillation(alphas_cumprod).residual(eps_pred, noise, t)


def distillation_vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    return ScoreDistillation(alphas_cumprod).residual(eps_pretrained, eps_lora, t)


def distillation_surrogate_loss(x, residual):
    return StopGradientTarget.apply(x, residual.detach())
