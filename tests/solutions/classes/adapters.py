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


from lib import augmentation, gan, latent_space, projection, unets  # noqa: E402


def gan_losses_generator_loss(fake_logits):
    return gan.NonSaturatingLoss().generator(fake_logits)


def gan_losses_discriminator_loss(real_logits, fake_logits):
    return gan.NonSaturatingLoss().discriminator(real_logits, fake_logits)


def gan_losses_r1_penalty(real_images, real_logits, gamma):
    return gan.R1(gamma)(real_images, real_logits)


def augment_rand_brightness(x, generator=None):
    return augmentation.Brightness(generator)(x)


def augment_rand_saturation(x, generator=None):
    return augmentation.Saturation(generator)(x)


def augment_rand_contrast(x, generator=None):
    return augmentation.Contrast(generator)(x)


def augment_rand_translation(x, generator=None):
    return augmentation.Translation(generator)(x)


def augment_rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    return augmentation.Cutout(ratio_range, generator)(x)


def augment_diff_augment(x, policy="color,translation,cutout", generator=None):
    return augmentation.Policy(policy, generator)(x)


def latents_mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    return latent_space.LatentSpace(mapping, z_dim, generator).mean(num_samples)


def latents_sample_z(batch_size, z_dim, from_mean=False, generator=None):
    space = latent_space.LatentSpace(None, z_dim, generator)
    return torch.zeros(batch_size, z_dim) if from_mean else space.z(batch_size)


def latents_sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    space = latent_space.LatentSpace(mapping, z_dim, generator)
    w = torch.stack([space.mean()] * batch_size) if from_mean else space.w(batch_size)
    return w.unsqueeze(1)


def latents_sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    space = latent_space.LatentSpace(mapping, z_dim, generator)
    if from_mean:
        return space.mean().repeat(batch_size, num_ws, 1)
    return space.w_plus(batch_size, num_ws)


def latents_interpolate(latent_a, latent_b, num_frames):
    step = (latent_b - latent_a) / (num_frames - 1)
    return torch.stack([latent_a + k * step for k in range(num_frames - 1)] + [latent_b])


def inversion_lp_loss(pred, target, p=1, mask=None):
    return projection.MaskedLp(p, mask)(pred, target)


def inversion_perceptual_loss(pred, target, features_fn):
    return projection.Perceptual(features_fn)(pred, target)


def inversion_delta_penalty(delta):
    return torch.stack([(d * d).sum() for d in delta]).mean()


def inversion_inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    loss = l1_weight * projection.MaskedLp(1, mask)(pred, target)
    if perceptual_weight:
        a, b = (pred, target) if mask is None else (mask * pred, mask * target)
        loss = loss + perceptual_weight * projection.Perceptual(features_fn)(a, b)
    if delta_weight:
        loss = loss + delta_weight * inversion_delta_penalty(delta)
    return loss


def inversion_invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    return projection.Projector(generator_fn, loss_fn, num_steps, optimizer)(target, latent)


def inversion_scribble_loss(image, sketch, mask):
    return torch.nn.functional.l1_loss(mask * image, mask * sketch, reduction="sum") / image.size(0)


def inversion_gram_matrix(features):
    return torch.stack([f.flatten(1) @ f.flatten(1).T / f.numel() for f in features])


unet_UnconditionalUNet = unets.UnconditionalUNet
unet_TimeConditionalUNet = unets.TimeConditionalUNet
unet_ClassConditionalUNet = unets.ClassConditionalUNet


def unet_denoiser_loss(model, x0, noise, sigma):
    return unets.TrainingLoss(model, x0, noise).denoiser(sigma)


def unet_ddpm_loss(model, x0, noise, t, alphas_cumprod):
    x_t = DDPMScheduler(alphas_cumprod).add_noise(x0, noise, t)
    return unets.TrainingLoss(model, x0, noise).epsilon(x_t, t, len(alphas_cumprod))


def unet_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = DDPMScheduler(alphas_cumprod).add_noise(x0, noise, t)
    return unets.TrainingLoss(model, x0, noise).epsilon(x_t, t, len(alphas_cumprod), labels, keep)


from lib import flows  # noqa: E402


def flow_flow_interpolate(x0, x1, t):
    return flows.StraightPath(x0, x1).at(t)


def flow_flow_velocity(x0, x1):
    return flows.StraightPath(x0, x1).velocity


def flow_flow_step(x_t, v, t, t_next):
    return flows.Euler.step(x_t, v, t_next - t)


def flow_sample_flow(v_model, x0, num_steps=50, progress=None):
    return flows.Euler(v_model, num_steps).run(x0)


def flow_guided_velocity(model, x_t, labels, t, scale):
    return flows.GuidedField(model, labels, scale)(x_t, t)


def flow_flow_loss(model, x0, x1, t):
    return flows.StraightPath(x0, x1).loss(model, t)


def flow_class_flow_loss(model, x0, x1, labels, t, keep):
    return flows.StraightPath(x0, x1).loss(model, t, labels, keep)
