"""The course's function names on top of three courses' kits."""

import torch

import DiffAugment_pytorch
import project5a
import project5b
from gan import main as gan
from scheduler.DDIM_scheduler import DDIMScheduler
from scheduler.DDPM_scheduler import DDPMScheduler
from training.loss import StyleGAN2Loss
from utils import sds_vsd_utils


def noising_linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    return DDPMScheduler(num_train_timesteps=num_train_steps).make_betas("linear", beta_start, beta_end)


def noising_scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    return DDPMScheduler(num_train_timesteps=num_train_steps).make_betas("scaled_linear", beta_start, beta_end)


def noising_cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    scheduler = DDPMScheduler(num_train_timesteps=num_train_steps)
    return scheduler.make_betas("squaredcos_cap_v2", offset=offset, max_beta=max_beta)


def noising_cumulative_alphas(betas):
    alphas = 1.0 - betas
    return torch.cumprod(alphas, dim=0)


def noising_strided_timesteps(num_train_steps, num_inference_steps):
    scheduler = DDPMScheduler(num_train_timesteps=num_train_steps)
    scheduler.set_timesteps(num_inference_steps)
    return scheduler.timesteps.tolist()


def noising_add_noise(x0, noise, t, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod).add_noise(x0, noise, t)


def ddpm_predict_x0(x_t, eps, t, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod).pred_original(eps, t, x_t)


def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
    return DDPMScheduler(alphas_cumprod)._get_variance(t, t_prev)


def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    scheduler = DDPMScheduler(alphas_cumprod)
    return scheduler.add_variance(scheduler.prev_sample_mean(x0, t, t_prev, x_t), t, t_prev, noise)


@torch.no_grad()
def ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    scheduler = DDPMScheduler(alphas_cumprod, clip_sample=clip_x0)
    scheduler.timesteps = timesteps
    image = x_T
    for t in scheduler.timesteps:
        model_output = eps_model(image, t)
        image = scheduler.step(model_output, t, image, noise_fn)
    return image


def ddim_ddim_sigma(t, t_prev, alphas_cumprod, eta):
    return DDIMScheduler(alphas_cumprod).std_dev(t, t_prev, eta)


def ddim_ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    scheduler = DDIMScheduler(alphas_cumprod)
    return scheduler.prev_sample(scheduler.pred_original(eps, t, x_t), eps, t, t_prev, eta, noise)


@torch.no_grad()
def ddim_sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    scheduler = DDIMScheduler(alphas_cumprod, clip_sample=clip_x0)
    scheduler.timesteps = timesteps
    image = x_T
    for t in scheduler.timesteps:
        image = scheduler.step(eps_model(image, t), t, image, eta, noise_fn)
    return image


def guidance_classifier_free_guidance(eps_uncond, eps_cond, scale):
    return project5a.cfg(eps_cond, eps_uncond, scale)


def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
    return project5a.cfg_model(model, cond, null_cond, scale)(x_t, t)


def editing_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    im_noisy = project5a.forward(image, timesteps[start], alphas_cumprod, noise)
    return project5a.iterative_denoise(im_noisy, start, eps_model, timesteps, alphas_cumprod, noise_fn)


def editing_repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    return edit_mask * x_prev + (1 - edit_mask) * project5a.forward(x_orig, t_prev, alphas_cumprod, noise)


def editing_inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    return project5a.inpaint(x_orig, edit_mask, eps_model, timesteps, x_T, alphas_cumprod, noise_fn)


def illusions_anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    return project5a.make_flip_noise(model, x_t, t, cond_upright, cond_flipped)


def illusions_gaussian_kernel1d(kernel_size=33, sigma=2.0):
    return project5a.get_gaussian_kernel(kernel_size, sigma).float()


def illusions_lowpass(x, kernel_size=33, sigma=2.0):
    return project5a.gaussian_blur(x, kernel_size, sigma)


def illusions_hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    return project5a.make_hybrid_noise(model, x_t, t, cond_low, cond_high, kernel_size, sigma)


dps_dps_gradient = lambda x_t, x0_hat, measurement, operator: DDIMScheduler.dps_grad(x_t, x0_hat, measurement, operator)  # noqa: E731
dps_dps_step = lambda x_prev, x_t, x0_hat, measurement, operator, scale: DDIMScheduler.dps(  # noqa: E731
    x_prev, x_t, x0_hat, measurement, operator, scale
)


def dps_sample_dps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    scheduler = DDIMScheduler(alphas_cumprod)
    scheduler.timesteps = timesteps
    image = x_T.detach()
    for t in scheduler.timesteps:
        image = image.clone().requires_grad_()
        model_output = eps_model(image, t)
        image = scheduler.step(model_output, t, image, eta, noise_fn, True, operator, measurement, scale)
        image = image.detach()
    return image


def distillation_sds_weight(t, alphas_cumprod):
    return sds_vsd_utils.get_loss_weights(alphas_cumprod)[t]


def distillation_sds_residual(eps_pred, noise, t, alphas_cumprod):
    weights = sds_vsd_utils.get_loss_weights(alphas_cumprod)
    return sds_vsd_utils.sds_vsd_grad(eps_pred, noise, sds_vsd_utils.weight_like(weights, t, eps_pred))


def distillation_vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    weights = sds_vsd_utils.get_loss_weights(alphas_cumprod)
    return sds_vsd_utils.sds_vsd_grad(eps_pretrained, eps_lora, sds_vsd_utils.weight_like(weights, t, eps_lora))


def distillation_surrogate_loss(x, residual):
    return sds_vsd_utils.specify_gradient_loss(x, residual)


def gan_losses_generator_loss(fake_logits):
    return StyleGAN2Loss().accumulate_gradients("Gmain", gen_logits=fake_logits)


def gan_losses_discriminator_loss(real_logits, fake_logits):
    return StyleGAN2Loss().accumulate_gradients("Dmain", gen_logits=fake_logits, real_logits=real_logits)


def gan_losses_r1_penalty(real_images, real_logits, gamma):
    loss = StyleGAN2Loss(r1_gamma=gamma)
    return loss.accumulate_gradients("Dreg", real_logits=real_logits, real_img_tmp=real_images)


augment_rand_brightness = DiffAugment_pytorch.rand_brightness
augment_rand_saturation = DiffAugment_pytorch.rand_saturation
augment_rand_contrast = DiffAugment_pytorch.rand_contrast
augment_rand_cutout = DiffAugment_pytorch.rand_cutout


def augment_rand_translation(x, generator=None):
    return DiffAugment_pytorch.rand_translation(x, generator=generator)


def augment_diff_augment(x, policy="color,translation,cutout", generator=None):
    return DiffAugment_pytorch.DiffAugment(x, policy, generator)


def latents_mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    w = gan.sample_noise(z_dim, "w", mapping, from_mean=True, generator=generator, num_mean=num_samples)
    return w.reshape(-1)


def latents_sample_z(batch_size, z_dim, from_mean=False, generator=None):
    return gan.sample_noise(z_dim, "z", N=batch_size, from_mean=from_mean, generator=generator)


def latents_sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    return gan.sample_noise(z_dim, "w", mapping, batch_size, from_mean=from_mean, generator=generator)


def latents_sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    return gan.sample_noise(z_dim, "w+", mapping, batch_size, num_ws, from_mean, generator)


def latents_interpolate(latent_a, latent_b, num_frames):
    return gan.interpolate(latent_a, latent_b, num_frames)


def inversion_lp_loss(pred, target, p=1, mask=None):
    return gan.LpLoss(p)(pred, target, mask)


def inversion_perceptual_loss(pred, target, features_fn):
    return gan.PerceptualLoss(features_fn)(pred, target)


def inversion_delta_penalty(delta):
    return gan.l2_reg(delta)


def inversion_inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    criterion = gan.Criterion(features_fn, l1_weight, perceptual_weight, delta_weight, mask is not None)
    return criterion(pred, target if mask is None else (target, mask), delta)


def inversion_invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    return gan.optimize_para(generator_fn, latent.detach(), target, loss_fn, num_steps, optimizer)


def inversion_scribble_loss(image, sketch, mask):
    return gan.draw_loss(image, sketch, mask)


def inversion_gram_matrix(features):
    return gan.style_gram(features)


unet_UnconditionalUNet = project5b.UnconditionalUNet
unet_TimeConditionalUNet = project5b.TimeConditionalUNet
unet_ClassConditionalUNet = project5b.ClassConditionalUNet


def unet_ddpm_loss(model, x0, noise, t, alphas_cumprod):
    return project5b.ddpm_forward(model, x0, noise, t, alphas_cumprod)


def unet_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    return project5b.ddpm_forward(model, x0, noise, t, alphas_cumprod, labels, keep=(keep,))


def unet_denoiser_loss(model, x0, noise, sigma):
    return project5b.denoise_forward(model, x0, noise, sigma)


def flow_flow_interpolate(x0, x1, t):
    return project5b.fm_point(x0, x1, t)


def flow_flow_velocity(x0, x1):
    return x1 - x0


def flow_flow_step(x_t, v, t, t_next):
    return x_t + v * (t_next - t)


def flow_sample_flow(v_model, x0, num_steps=50):
    return project5b.time_fm_sample(v_model, x0, num_steps)


def flow_guided_velocity(model, x_t, labels, t, scale):
    return project5b.fm_cfg(model, x_t, labels, t, guidance_scale=scale)


def flow_flow_loss(model, x0, x1, t):
    return project5b.time_fm_forward(model, x0, x1, t)


def flow_class_flow_loss(model, x0, x1, labels, t, keep):
    return project5b.class_fm_forward(model, x0, x1, labels, t, mask=keep)
