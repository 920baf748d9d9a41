"""All of it in one file, in as few words as I could find."""

from functools import partial
from itertools import pairwise
from math import pi

import torch
import torch.nn.functional as F
from torch import *  # noqa: F403
from torch import autograd, nn, optim, signal
from builtins import *  # noqa: F403  the stars above bring a sum, a round, a range and an int of their own

# fmt: off
# ruff: noqa

A = lambda a, t: a[t] if not isinstance(t, int) or t >= 0 else a.new_ones(())               # abar at t, 1 at -1
R = lambda v, x: v.reshape(-1, *[1] * (x.dim() - 1)) if v.dim() else v                      # beside a batch
φ = lambda a, t: A(a, t).sqrt().arccos()                                                    # x_t = cos φ x_0 + sin φ ε
steps = lambda ts: pairwise([*ts, -1])

# noising
noising_linear_betas = lambda num_train_steps=1000, beta_start=1e-4, beta_end=.02: linspace(beta_start, beta_end, num_train_steps, dtype=float64)
noising_scaled_linear_betas = lambda num_train_steps=1000, beta_start=.00085, beta_end=.012: linspace(beta_start**.5, beta_end**.5, num_train_steps, dtype=float64)**2
def noising_cosine_betas(num_train_steps=1000, offset=.008, max_beta=.999):
    c = ((linspace(0, 1, num_train_steps + 1, dtype=float64) + offset) / (1 + offset) * pi / 2).cos()
    return ((1 - c[1:] / c[:-1]) * (1 + c[1:] / c[:-1])).clamp(max=max_beta)
noising_cumulative_alphas = lambda betas: (1 - betas).cumprod(0)
noising_strided_timesteps = lambda num_train_steps, num_inference_steps: [*range(0, num_train_steps, num_train_steps // num_inference_steps)][num_inference_steps - 1 :: -1]
noising_add_noise = lambda x0, noise, t, alphas_cumprod: addcmul(R(A(alphas_cumprod, t).sqrt(), x0) * x0, R((1 - A(alphas_cumprod, t)).sqrt(), x0), noise)

# ddpm
ddpm_predict_x0 = lambda x_t, eps, t, alphas_cumprod: addcmul(x_t, -R(1 - alphas_cumprod[t], x_t).sqrt(), eps) * R(alphas_cumprod[t], x_t).rsqrt()
def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
    a, p = A(alphas_cumprod, t), A(alphas_cumprod, t_prev)
    return (1 - p) * (p - a) / (p * (1 - a))
def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    a, p = A(alphas_cumprod, t), A(alphas_cumprod, t_prev)
    return lerp(x0, x_t / a.sqrt(), a / p * (1 - p) / (1 - a)) * p.sqrt() + ddpm_posterior_variance(t, t_prev, alphas_cumprod).sqrt() * noise
@no_grad()
def ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=randn_like, clip_x0=False, then=lambda x, s: x):
    for t, s in steps(timesteps):
        x0 = ddpm_predict_x0(x_T, eps_model(x_T, t), t, alphas_cumprod)
        x_T = then(ddpm_posterior_step(x_T, x0.clamp(-1, 1) if clip_x0 else x0, s < 0 or noise_fn(x_T), t, s, alphas_cumprod), s)
    return x_T

# ddim, turned by angles
ψ = lambda t, s, a, eta: (eta * (1 - (φ(a, s).tan() / φ(a, t).tan())**2).sqrt()).arcsin()   # fresh noise turns ε aside by ψ
ddim_ddim_sigma = lambda t, t_prev, alphas_cumprod, eta: φ(alphas_cumprod, t_prev).sin() * ψ(t, t_prev, alphas_cumprod, eta).sin()
turn = lambda x0, eps, noise, t, s, a, eta: φ(a, s).cos() * x0 + φ(a, s).sin() * (ψ(t, s, a, eta).cos() * eps + ψ(t, s, a, eta).sin() * noise)
ddim_ddim_step = lambda x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.: turn(ddpm_predict_x0(x_t, eps, t, alphas_cumprod), eps, noise, t, t_prev, alphas_cumprod, eta)
@no_grad()
def ddim_sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0., noise_fn=randn_like, clip_x0=False):
    for t, s in steps(timesteps):
        x0 = ddpm_predict_x0(x_T, e := eps_model(x_T, t), t, alphas_cumprod)
        x_T = turn(x0.clamp(-1, 1) if clip_x0 else x0, e, noise_fn(x_T), t, s, alphas_cumprod, eta)
    return x_T

# guidance
guidance_classifier_free_guidance = lambda eps_uncond, eps_cond, scale: eps_uncond.lerp(eps_cond, scale)
guidance_guided_eps = lambda model, x_t, t, cond, null_cond, scale: model(x_t, t, null_cond).lerp(model(x_t, t, cond), scale)

# editing
editing_sdedit = lambda eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=randn_like: ddpm_sample_ddpm(eps_model, noising_add_noise(image, noise, timesteps[start], alphas_cumprod), timesteps[start:], alphas_cumprod, noise_fn)
editing_repaint_blend = lambda x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod: noising_add_noise(x_orig, noise, t_prev, alphas_cumprod).lerp(x_prev, edit_mask)
editing_inpaint = lambda eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=randn_like: ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn, then=lambda x, s: editing_repaint_blend(x, x_orig, edit_mask, noise_fn(x), s, alphas_cumprod))

# illusions
illusions_anagram_eps = lambda model, x_t, t, cond_upright, cond_flipped: (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped).flip(2)) / 2
illusions_gaussian_kernel1d = lambda kernel_size=33, sigma=2.: (g := signal.windows.gaussian(kernel_size, std=sigma, dtype=float64)) / g.sum()
def illusions_lowpass(x, kernel_size=33, sigma=2.):
    g, r, n = illusions_gaussian_kernel1d(kernel_size, sigma).to(x), kernel_size // 2, x.shape[1]
    return F.conv2d(F.pad(x, [r] * 4, "reflect"), outer(g, g).repeat(n, 1, 1, 1), groups=n)
def illusions_hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.):
    low, high = model(cat([x_t] * 2), t, cat([cond_low, cond_high])).chunk(2)
    return high + illusions_lowpass(low - high, kernel_size, sigma)

# dps
@enable_grad()
def dps_dps_gradient(x_t, x0_hat, measurement, operator):
    return autograd.grad((measurement - operator(x0_hat)).flatten(1).norm(dim=1).sum(), x_t)[0]
dps_dps_step = lambda x_prev, x_t, x0_hat, measurement, operator, scale: x_prev.detach().sub(dps_dps_gradient(x_t, x0_hat, measurement, operator), alpha=scale)
def dps_sample_dps(eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=.5, eta=0., noise_fn=randn_like):
    for t, s in steps(timesteps):
        e = eps_model(x := x_T.detach().clone().requires_grad_(), t)
        x0 = ddpm_predict_x0(x, e, t, alphas_cumprod)
        x_T = dps_dps_step(turn(x0, e, noise_fn(x), t, s, alphas_cumprod, eta), x, x0, measurement, operator, scale)
    return x_T

# distillation
distillation_sds_weight = lambda t, alphas_cumprod: 1 - alphas_cumprod[t]
distillation_sds_residual = lambda eps_pred, noise, t, alphas_cumprod: ((eps_pred - noise) * R(1 - alphas_cumprod[t], noise)).detach()
distillation_vsd_residual = lambda eps_pretrained, eps_lora, t, alphas_cumprod: distillation_sds_residual(eps_pretrained, eps_lora, t, alphas_cumprod)
distillation_surrogate_loss = lambda x, residual: F.mse_loss(x, (x - residual).detach(), reduction="sum") / (2 * len(x))

# gan losses: the classifier's cross entropy against yes and no
bce = lambda logits, label: F.binary_cross_entropy_with_logits(logits, full_like(logits, label))
gan_losses_generator_loss = lambda fake_logits: bce(fake_logits, 1)
gan_losses_discriminator_loss = lambda real_logits, fake_logits: bce(real_logits, 1) + bce(fake_logits, 0)
gan_losses_r1_penalty = lambda real_images, real_logits, gamma: gamma / 2 / len(real_images) * autograd.grad(real_logits.sum(), real_images, create_graph=True)[0].pow(2).sum()

# augment
U = lambda x, g: rand(len(x), 1, 1, 1, generator=g, device=g.device if g else x.device).to(x)
N = lambda n, g: randint(n, (), generator=g, device=g.device if g else None).item()          # 0 … n-1
augment_rand_brightness = lambda x, generator=None: x + U(x, generator) - .5
augment_rand_saturation = lambda x, generator=None: x.mean(1, True).expand_as(x).lerp(x, 2 * U(x, generator))
augment_rand_contrast = lambda x, generator=None: x.mean((1, 2, 3), True).expand_as(x).lerp(x, .5 + U(x, generator))
def augment_rand_translation(x, generator=None):
    H, W = x.shape[2:]; p, q = (H + 4) // 8, (W + 4) // 8
    return stack([F.pad(i, [q, q, p, p])[:, (a := N(2 * p + 1, generator)) : a + H, (b := N(2 * q + 1, generator)) : b + W] for i in x])
def augment_rand_cutout(x, ratio_range=(.25, .5), generator=None):
    def hole(H, W):
        h, w = (max(1, l := round(ratio_range[0] * n)) + N(max(1, round(ratio_range[1] * n)) - max(1, l) + 1, generator) for n in (H, W))
        i, j = N(H - h + 1, generator), N(W - w + 1, generator)
        return F.pad(x.new_zeros(1, h, w), [j, W - w - j, i, H - h - i], value=1)
    return x * stack([hole(*x.shape[2:]) for _ in x])
def augment_diff_augment(x, policy="color,translation,cutout", generator=None):
    fs = {"color": "brightness saturation contrast", "translation": "translation", "cutout": "cutout", "": ""}
    if {*policy.split(",")} - {*fs}: raise ValueError(policy)
    for f in " ".join(fs[p] for p in policy.split(",")).split(): x = globals()["augment_rand_" + f](x, generator=generator)
    return x

# latents
Z = lambda n, d, g: randn(n, d, generator=g, device=g.device if g else None)
latents_mean_w = no_grad()(lambda mapping, z_dim, num_samples=10_000, generator=None: mapping(Z(num_samples, z_dim, generator)).mean(0))
latents_sample_z = lambda batch_size, z_dim, from_mean=False, generator=None: Z(batch_size, z_dim, generator) * (not from_mean)
latents_sample_w = lambda mapping, batch_size, z_dim, from_mean=False, generator=None: latents_sample_w_plus(mapping, batch_size, z_dim, 1, from_mean, generator)
latents_sample_w_plus = no_grad()(lambda mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None: latents_mean_w(mapping, z_dim, generator=generator).tile(batch_size, num_ws, 1) if from_mean else stack(mapping(Z(batch_size * num_ws, z_dim, generator)).split(batch_size), 1))
latents_interpolate = lambda latent_a, latent_b, num_frames: stack([latent_a.lerp(latent_b, k / (num_frames - 1)) for k in range(num_frames)])

# inversion
def inversion_lp_loss(pred, target, p=1, mask=None):
    d = (pred - target)[... if mask is None else mask.expand_as(pred) > 0]
    return dist(d, d.new_zeros(()), p)**p / max(1, d.numel())
def inversion_perceptual_loss(pred, target, features_fn):
    return sum(F.mse_loss(*(h if i == 0 else h.detach() for i, h in enumerate(f.chunk(2)))) for f in features_fn(cat([pred, target.detach()])))
inversion_delta_penalty = lambda delta: delta.pow(2).sum() / len(delta)
def inversion_inversion_loss(pred, target, delta, features_fn, l1_weight=10., perceptual_weight=.01, delta_weight=0., mask=None):
    m = 1 if mask is None else mask
    return l1_weight * inversion_lp_loss(pred, target, mask=mask) + perceptual_weight * inversion_perceptual_loss(m * pred, m * target, features_fn) + delta_weight * inversion_delta_penalty(delta)
def inversion_invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    d = zeros_like(latent, requires_grad=True)
    o = {"lbfgs": partial(optim.LBFGS, max_iter=num_steps, tolerance_grad=1e-10, tolerance_change=1e-14, history_size=50, line_search_fn="strong_wolfe"), "adam": partial(optim.Adam, lr=.1, amsgrad=True)}[optimizer]([d])
    def closure():
        with enable_grad(): l = loss_fn(generator_fn(latent.detach() + d), target, d)
        d.grad, = autograd.grad(l, d)
        return l
    for k in range(1 if optimizer == "lbfgs" else num_steps):
        if optimizer == "adam": o.param_groups[0]["lr"] = .3 * (1 - k / num_steps)
        o.step(closure)
    with no_grad(): return (w := latent + d), generator_fn(w)
inversion_scribble_loss = lambda image, sketch, mask: F.l1_loss(image * mask, sketch * mask, reduction="sum") / len(image)
inversion_gram_matrix = lambda features: (f := features.flatten(2)) @ f.mT / f[0].numel()

# unet: a table of stages, and a body that reads it
C = lambda i, o, k=3, **kw: nn.Sequential(nn.Conv2d(i, o, k, padding=k // 2, **kw), nn.BatchNorm2d(o), nn.Mish())
class Unet(nn.Module):
    def __init__(u, c, d, classes=0, clock=0):
        super().__init__()
        table = [(c, d), (d, d), (d, 2 * d)]
        u.down = nn.ModuleList(nn.Sequential(C(i, o, stride=1 + (i != c or k > 0)), C(o, o, 5)) for k, (i, o) in enumerate(table))
        u.up = nn.ModuleList(nn.Sequential(C(2 * o if k else o, i if k != 2 else d), nn.Identity() if k == 2 else nn.Upsample(scale_factor=2)) for k, (i, o) in enumerate(table[::-1]))
        u.last, u.mlp = nn.Conv2d(d, c, 1), nn.Sequential(nn.Linear(classes + clock, 2 * d), nn.SiLU(), nn.Linear(2 * d, 4 * d)) if classes + clock else None
        u.k = classes
    def body(u, x, v=None):
        skips = [x := f(x) for f in u.down]
        if v is not None:
            gain, shift = u.mlp(v)[..., None, None].chunk(2, 1)
            x = addcmul(x + shift, gain, x)
        for k, f in enumerate(u.up): x = f(cat([x, skips[-1 - k]], 1) if k else x)
        return u.last(x)
class unet_UnconditionalUNet(Unet):
    def __init__(u, in_channels=1, num_hiddens=128): super().__init__(in_channels, num_hiddens)
    forward = Unet.body
class unet_TimeConditionalUNet(Unet):
    def __init__(u, in_channels=1, num_hiddens=64): super().__init__(in_channels, num_hiddens, clock=1)
    forward = lambda u, x, t: u.body(x, t[:, None])
class unet_ClassConditionalUNet(Unet):
    def __init__(u, in_channels=1, num_classes=10, num_hiddens=64): super().__init__(in_channels, num_hiddens, num_classes, 1)
    forward = lambda u, x, c, t, keep=None: u.body(x, cat([F.one_hot(c, u.k) * (ones_like(t) if keep is None else keep)[:, None], t[:, None]], 1))
unet_denoiser_loss = lambda model, x0, noise, sigma: F.mse_loss(model(x0 + sigma * noise), x0)
unet_ddpm_loss = lambda model, x0, noise, t, alphas_cumprod: F.mse_loss(model(noising_add_noise(x0, noise, t, alphas_cumprod), t.to(x0) / len(alphas_cumprod)), noise)
unet_class_ddpm_loss = lambda model, x0, labels, noise, t, alphas_cumprod, keep: unet_ddpm_loss(lambda x, s: model(x, labels, s, keep), x0, noise, t, alphas_cumprod)

# flow
flow_flow_interpolate = lambda x0, x1, t: x0.lerp(x1, R(as_tensor(t, dtype=x0.dtype), x0))
flow_flow_velocity = lambda x0, x1: x1 - x0
flow_flow_step = lambda x_t, v, t, t_next: x_t.add(v, alpha=t_next - t)
def flow_sample_flow(v_model, x0, num_steps=50):
    for k in range(num_steps): x0 = x0 + v_model(x0, x0.new_full(x0.shape[:1], k / num_steps)) / num_steps
    return x0.detach()
flow_guided_velocity = lambda model, x_t, labels, t, scale: model(x_t, labels, t, 0 * t).lerp(model(x_t, labels, t), scale)
flow_flow_loss = lambda model, x0, x1, t: F.mse_loss(model(flow_flow_interpolate(x0, x1, t), t), x1 - x0)
flow_class_flow_loss = lambda model, x0, x1, labels, t, keep: flow_flow_loss(lambda x, s: model(x, labels, s, keep), x0, x1, t)
