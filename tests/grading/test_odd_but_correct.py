"""Single functions written in unusual but sensible ways pass: what the contract leaves open is free.

Each submission is the plain solution with something replaced; the tasks named beside it must all pass.
"""

import textwrap

import pytest

from grading.contract.functions import FUNCTIONS, all_tasks
from grading.verdicts import FAILED, PASSED

from .conftest import PLAIN, outcomes, told

SAMPLERS = ["ddpm.sample_ddpm", "ddim.sample_ddim"]


@pytest.fixture
def passes(hand_in, grade):
    def passes(tasks, files=None, **modules):
        verdicts = grade(hand_in(files, on_top_of=PLAIN, **modules), tasks)
        assert not {task: told(v) for task, v in verdicts.items() if v.outcome != PASSED}

    return passes


# --- functions, by way of adapters.py ---------------------------------------------------------------------------

WAYS = {
    "x0 itself comes back at the clean image": (
        ["ddpm.posterior_step"],
        """
        from ddpm import posterior_step

        def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            return x0 if t_prev < 0 else posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
        """,
    ),
    "no step at all where the schedules meet": (
        ["editing.repaint_blend"],
        """
        import editing

        def editing_repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
            if bool((edit_mask == 1).all()):
                return x_prev
            return editing.repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod)
        """,
    ),
    "products taken in float64, whatever the betas are": (
        ["noising.cumulative_alphas"],
        """
        import torch

        def noising_cumulative_alphas(betas):
            return torch.cumsum(torch.log1p(-betas.double()), 0).exp()
        """,
    ),
    "a list that is more than a list": (
        ["noising.strided_timesteps"],
        """
        class Chain(list):
            pass

        def noising_strided_timesteps(num_train_steps, num_inference_steps):
            stride = num_train_steps // num_inference_steps
            return Chain(range((num_inference_steps - 1) * stride, -1, -stride))
        """,
    ),
    "times in float32, and the velocities added up at the end of each step": (
        ["flow.sample_flow"],
        """
        import torch

        def flow_sample_flow(v_model, x0, num_steps=50):
            seen, x = [], x0
            for i in range(num_steps):
                seen.append(v_model(x, torch.full((len(x0),), i / num_steps)).double())
                x = (x0.double() + torch.stack(seen).sum(0) / num_steps).to(x0.dtype)
            return x
        """,
    ),
    "samplers in NumPy, of a network that takes and gives tensors": (
        ["flow.sample_flow", "flow.guided_velocity"],
        """
        import numpy as np
        import torch

        def flow_sample_flow(v_model, x0, num_steps=50):
            x = x0.numpy().copy()
            for i in range(num_steps):
                t = torch.full((len(x),), i / num_steps, dtype=x0.dtype)
                x += v_model(torch.from_numpy(x.copy()), t).numpy() / num_steps
            return torch.from_numpy(x)

        def flow_guided_velocity(model, x_t, labels, t, scale):
            answers = [model(x_t, labels, t, torch.full_like(t, keep)).numpy() for keep in (0, 1)]
            return torch.from_numpy(answers[0] + scale * np.subtract(*answers[::-1]))
        """,
    ),
    "scalars as Python floats": (
        ["ddpm.posterior_variance", "ddim.ddim_sigma", "distillation.sds_weight"],
        """
        import ddpm, ddim, distillation, torch

        def ddpm_posterior_variance(*args, **kwargs):
            return float(ddpm.posterior_variance(*args, **kwargs))

        def ddim_ddim_sigma(*args, **kwargs):
            return float(ddim.ddim_sigma(*args, **kwargs))

        def distillation_sds_weight(t, alphas_cumprod):
            w = distillation.sds_weight(t, alphas_cumprod)
            return w if isinstance(t, torch.Tensor) else float(w)
        """,
    ),
    "scalars as numpy.float64": (
        ["ddpm.posterior_variance", "ddim.ddim_sigma"],
        """
        import ddpm, ddim, numpy

        def ddpm_posterior_variance(*args, **kwargs):
            return numpy.float64(ddpm.posterior_variance(*args, **kwargs))

        def ddim_ddim_sigma(*args, **kwargs):
            return numpy.float64(ddim.ddim_sigma(*args, **kwargs))
        """,
    ),
    "scalars as float64 tensors for a float32 schedule": (
        ["ddpm.posterior_variance", "ddim.ddim_sigma"],
        """
        import ddpm, ddim

        def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
            return ddpm.posterior_variance(t, t_prev, alphas_cumprod.double())

        def ddim_ddim_sigma(t, t_prev, alphas_cumprod, eta):
            return ddim.ddim_sigma(t, t_prev, alphas_cumprod.double(), eta)
        """,
    ),
    "whole numbers where a weight is 0": (
        ["ddpm.posterior_variance", "ddim.ddim_sigma"],
        """
        import ddpm, ddim

        def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
            return 0 if t_prev < 0 else ddpm.posterior_variance(t, t_prev, alphas_cumprod)

        def ddim_ddim_sigma(t, t_prev, alphas_cumprod, eta):
            return 0 if t_prev < 0 else ddim.ddim_sigma(t, t_prev, alphas_cumprod, eta)
        """,
    ),
    "integers of numpy": (
        ["noising.strided_timesteps"],
        """
        import numpy

        def noising_strided_timesteps(num_train_steps, num_inference_steps):
            stride = num_train_steps // num_inference_steps
            return list((numpy.arange(num_inference_steps) * stride)[::-1])
        """,
    ),
    "schedules in float64": (
        ["noising.linear_betas", "noising.scaled_linear_betas", "noising.cosine_betas"],
        """
        import torch

        def noising_linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
            return torch.linspace(beta_start, beta_end, num_train_steps, dtype=torch.float64)

        def noising_scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
            return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps, dtype=torch.float64) ** 2

        def noising_cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            t = torch.arange(num_train_steps + 1, dtype=torch.float64) / num_train_steps
            f = torch.cos((t + offset) / (1 + offset) * torch.pi / 2) ** 2
            return (1 - f[1:] / f[:-1]).clamp(0, max_beta)
        """,
    ),
    "schedules in float32, step by step": (
        ["noising.linear_betas", "noising.scaled_linear_betas", "noising.cosine_betas", "noising.cumulative_alphas"],
        """
        import math, torch

        def noising_linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
            return torch.linspace(beta_start, beta_end, num_train_steps)

        def noising_scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
            return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps) ** 2

        def noising_cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            f = lambda t: math.cos((t / num_train_steps + offset) / (1 + offset) * math.pi / 2) ** 2
            return torch.tensor([min(1 - f(t + 1) / f(t), max_beta) for t in range(num_train_steps)])

        def noising_cumulative_alphas(betas):
            return torch.exp(torch.cumsum(torch.log1p(-betas), 0))
        """,
    ),
    "numpy inside": (
        ["noising.add_noise", "ddpm.posterior_step"],
        """
        import numpy, torch
        from noising import add_noise as differentiable

        def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            a_t = alphas_cumprod.numpy()[t].astype(numpy.float64)
            a_p = alphas_cumprod.numpy()[t_prev].astype(numpy.float64) if t_prev >= 0 else 1.0
            a = a_t / a_p
            result = numpy.sqrt(a_p) * (1 - a) / (1 - a_t) * x0.numpy() + numpy.sqrt(a) * (1 - a_p) / (1 - a_t) * x_t.numpy()
            result = result + numpy.sqrt((1 - a_p) / (1 - a_t) * (1 - a)) * noise.numpy()
            return torch.from_numpy(result).to(x_t.dtype)

        def noising_add_noise(x0, noise, t, alphas_cumprod):
            return differentiable(x0, noise, torch.as_tensor(t), alphas_cumprod)
        """,
    ),
    "extra keyword arguments with defaults": (
        ["ddpm.posterior_step", "ddpm.sample_ddpm"],
        """
        import ddpm

        def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod, variance="small", *, debug=False, **options):
            return ddpm.posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)

        def ddpm_sample_ddpm(*args, progress=None, **kwargs):
            return ddpm.sample_ddpm(*args, **kwargs)
        """,
    ),
    "an instance that can be called": (
        ["ddpm.posterior_step"],
        """
        import ddpm

        class Step:
            def __init__(self, scale):
                self.scale = scale

            def __call__(self, x_t, x0, noise, t, t_prev, alphas_cumprod):
                return self.scale * ddpm.posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)

        ddpm_posterior_step = Step(1)
        """,
    ),
    "a partial, a bound method, a static method and a lambda": (
        ["ddpm.posterior_step", "ddpm.predict_x0", "ddim.ddim_step", "guidance.classifier_free_guidance"],
        """
        import functools
        import ddim, ddpm

        def step(variance, x_t, x0, noise, t, t_prev, alphas_cumprod):
            return ddpm.posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)

        class Formulas:
            def predict(self, x_t, eps, t, alphas_cumprod):
                return ddpm.predict_x0(x_t, eps, t, alphas_cumprod)

            ddim_step = staticmethod(ddim.ddim_step)

        ddpm_posterior_step = functools.partial(step, "small")
        ddpm_predict_x0 = Formulas().predict
        ddim_ddim_step = Formulas.ddim_step
        guidance_classifier_free_guidance = lambda eps_uncond, eps_cond, scale: (1 - scale) * eps_uncond + scale * eps_cond
        """,
    ),
    "decorated": (
        ["ddpm.posterior_step", "guidance.guided_eps", "illusions.gaussian_kernel1d"],
        """
        import functools
        import ddpm, guidance, illusions
        import torch

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                print("calling", function.__name__)
                return function(*args, **kwargs)
            return wrapper

        ddpm_posterior_step = logged(torch.no_grad()(ddpm.posterior_step))
        guidance_guided_eps = torch.inference_mode()(logged(guidance.guided_eps))
        illusions_gaussian_kernel1d = functools.lru_cache(illusions.gaussian_kernel1d)
        """,
    ),
    "under no_grad": (
        [*SAMPLERS, "ddpm.posterior_step", "editing.inpaint", "editing.sdedit", "illusions.anagram_eps"],
        """
        import ddim, ddpm, editing, illusions, torch

        ddpm_sample_ddpm = torch.no_grad()(ddpm.sample_ddpm)
        ddim_sample_ddim = torch.no_grad()(ddim.sample_ddim)
        ddpm_posterior_step = torch.no_grad()(ddpm.posterior_step)
        editing_inpaint = torch.no_grad()(editing.inpaint)
        editing_sdedit = torch.no_grad()(editing.sdedit)
        illusions_anagram_eps = torch.no_grad()(illusions.anagram_eps)
        """,
    ),
    "under inference_mode": (
        [*SAMPLERS, "ddim.ddim_step", "editing.inpaint", "editing.sdedit", "illusions.hybrid_eps"],
        """
        import ddim, ddpm, editing, illusions, torch

        ddpm_sample_ddpm = torch.inference_mode()(ddpm.sample_ddpm)
        ddim_sample_ddim = torch.inference_mode()(ddim.sample_ddim)
        ddim_ddim_step = torch.inference_mode()(ddim.ddim_step)
        editing_inpaint = torch.inference_mode()(editing.inpaint)
        editing_sdedit = torch.inference_mode()(editing.sdedit)
        illusions_hybrid_eps = torch.inference_mode()(illusions.hybrid_eps)
        """,
    ),
    "results that are not contiguous": (
        ["ddpm.posterior_step", "noising.add_noise", "illusions.lowpass", "noising.linear_betas"],
        """
        import ddpm, illusions, noising, torch

        def strange(function):
            def wrapper(*args, **kwargs):
                y = function(*args, **kwargs)
                return torch.stack([y, y], -1)[..., 0].transpose(0, -1).contiguous().transpose(0, -1)
            return wrapper

        ddpm_posterior_step = strange(ddpm.posterior_step)
        noising_add_noise = strange(noising.add_noise)
        illusions_lowpass = strange(illusions.lowpass)
        noising_linear_betas = strange(noising.linear_betas)
        """,
    ),
    "views and expanded results": (
        ["ddpm.predict_x0", "distillation.sds_weight", "guidance.classifier_free_guidance"],
        """
        import ddpm, distillation, guidance, torch

        def ddpm_predict_x0(*args, **kwargs):
            return ddpm.predict_x0(*args, **kwargs).flip(0)[None].expand(2, -1, -1, -1, -1)[1].flip(0)

        def distillation_sds_weight(*args, **kwargs):
            w = distillation.sds_weight(*args, **kwargs)
            return w.expand(1, *w.shape)[0]

        def guidance_classifier_free_guidance(eps_uncond, eps_cond, scale):
            return torch.lerp(eps_uncond, eps_cond, scale)
        """,
    ),
    "channels last": (
        ["ddpm.posterior_step", "illusions.lowpass"],
        """
        import ddpm, illusions, torch

        def ddpm_posterior_step(*args, **kwargs):
            return ddpm.posterior_step(*args, **kwargs).to(memory_format=torch.channels_last)

        def illusions_lowpass(*args, **kwargs):
            return illusions.lowpass(*args, **kwargs).to(memory_format=torch.channels_last)
        """,
    ),
    "all noise drawn up front": (
        SAMPLERS,
        """
        from ddim import ddim_step
        from ddpm import posterior_step, predict_x0
        import torch

        def chain(timesteps):
            return list(zip(timesteps, timesteps[1:] + [-1]))

        def ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
            draws = [noise_fn(x_T) for _ in timesteps]
            x = x_T
            for (t, t_prev), noise in zip(chain(timesteps), draws):
                x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
                x = posterior_step(x, x0.clamp(-1, 1) if clip_x0 else x0, noise, t, t_prev, alphas_cumprod)
            return x

        def ddim_sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
            draws = [noise_fn(x_T) for _ in timesteps]
            x = x_T
            for (t, t_prev), noise in zip(chain(timesteps), reversed(draws)):
                eps = eps_model(x, t)
                if not clip_x0:
                    x = ddim_step(x, eps, noise, t, t_prev, alphas_cumprod, eta)
                    continue
                one = alphas_cumprod.new_ones(())
                abar_t, abar_prev = alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else one
                sigma = eta * ((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev)).sqrt()
                x0 = predict_x0(x, eps, t, alphas_cumprod).clamp(-1, 1)
                x = abar_prev.sqrt() * x0 + (1 - abar_prev - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise
            return x
        """,
    ),
    "noise drawn before the network is asked, and on the last step": (
        ["ddpm.sample_ddpm"],
        """
        from ddpm import posterior_step, predict_x0
        import torch

        def ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
            for i, t in enumerate(timesteps):
                noise = noise_fn(x_T)
                x0 = predict_x0(x_T, eps_model(x_T, t), t, alphas_cumprod)
                x0 = x0.clip(-1, 1) if clip_x0 else x0
                t_prev = timesteps[i + 1] if i + 1 < len(timesteps) else -1
                x_T = posterior_step(x_T, x0, noise, t, t_prev, alphas_cumprod)
            return x_T
        """,
    ),
    "noise in another shape's template": (
        ["ddpm.sample_ddpm"],
        """
        import ddpm, torch

        def ddpm_sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
            template = torch.empty_like(x_T)
            return ddpm.sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, lambda x: noise_fn(template), clip_x0)
        """,
    ),
    "the blend's noise drawn before the step's": (
        ["editing.inpaint"],
        """
        from ddpm import posterior_step, predict_x0
        import torch

        def editing_inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
            x = x_T
            for t, t_prev in zip(timesteps, timesteps[1:] + [-1]):
                blend, step = noise_fn(x_orig), noise_fn(x)
                x = posterior_step(x, predict_x0(x, eps_model(x, t), t, alphas_cumprod), step, t, t_prev, alphas_cumprod)
                abar = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(alphas_cumprod[0])
                x = torch.where(edit_mask.bool(), x, abar.sqrt() * x_orig + (1 - abar).sqrt() * blend)
            return x
        """,
    ),
    "one doubled batch, the condition first": (
        ["guidance.guided_eps", "illusions.anagram_eps", "illusions.hybrid_eps"],
        """
        import torch
        from illusions import lowpass

        def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
            eps_cond, eps_uncond = model(torch.cat([x_t, x_t]), t, torch.cat([cond, null_cond])).chunk(2)
            return eps_uncond + scale * (eps_cond - eps_uncond)

        def illusions_anagram_eps(model, x_t, t, cond_upright, cond_flipped):
            flipped, upright = model(torch.cat([x_t.flip(2), x_t]), t, torch.cat([cond_flipped, cond_upright])).chunk(2)
            return (upright + flipped.flip(2)) / 2

        def illusions_hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
            eps = model(x_t.repeat(2, 1, 1, 1), t, torch.cat((cond_high, cond_low)))
            high, low = eps[: len(x_t)], eps[len(x_t) :]
            return lowpass(low - high, kernel_size, sigma) + high
        """,
    ),
    "a doubled batch with interleaved samples": (
        ["guidance.guided_eps"],
        """
        import torch

        def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
            pairs = torch.stack([cond, null_cond], 1).flatten(0, 1)
            eps = model(x_t.repeat_interleave(2, 0), t, pairs)
            return eps[1::2] + scale * (eps[::2] - eps[1::2])
        """,
    ),
    "one timestep per sample for the network": (
        ["guidance.guided_eps", "ddpm.sample_ddpm"],
        """
        import ddpm, guidance, torch

        def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
            wrapped = lambda x, t, c: model(x, torch.full((len(x),), t), c)
            return guidance.guided_eps(wrapped, x_t, t, cond, null_cond, scale)

        def ddpm_sample_ddpm(eps_model, x_T, *args, **kwargs):
            return ddpm.sample_ddpm(lambda x, t: eps_model(x, torch.tensor(t)), x_T, *args, **kwargs)
        """,
    ),
    "evaluations that cannot matter are skipped": (
        ["guidance.guided_eps"],
        """
        def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
            if scale == 0:
                return model(x_t, t, null_cond)
            if scale == 1:
                return model(x_t, t, cond)
            eps_uncond = model(x_t, t, null_cond)
            return eps_uncond + scale * (model(x_t, t, cond) - eps_uncond)
        """,
    ),
    "another order of the terms": (
        ["ddpm.predict_x0", "ddim.ddim_step", "distillation.surrogate_loss"],
        """
        import torch

        def at(t, alphas_cumprod, x):
            return alphas_cumprod[t].reshape(-1, *[1] * (x.ndim - 1))

        def ddpm_predict_x0(x_t, eps, t, alphas_cumprod):
            abar = at(t, alphas_cumprod, x_t)
            return x_t * abar.rsqrt() - eps * (1 / abar - 1).sqrt()

        def ddim_ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
            abar_t = alphas_cumprod[t]
            abar_prev = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(abar_t)
            sigma = eta * torch.sqrt((1 - abar_prev) / (1 - abar_t)) * torch.sqrt(1 - abar_t / abar_prev)
            x0 = x_t / abar_t.sqrt() - eps * torch.sqrt((1 - abar_t) / abar_t)
            return sigma * noise + torch.sqrt(torch.relu(1 - abar_prev - sigma**2)) * eps + abar_prev.sqrt() * x0

        def distillation_surrogate_loss(x, residual):
            target = (x - residual).detach()
            return torch.nn.functional.mse_loss(x, target, reduction="sum") / (2 * len(x))
        """,
    ),
    "noise scaled relative to the image": (
        ["noising.add_noise"],
        """
        def noising_add_noise(x0, noise, t, alphas_cumprod):
            abar = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            return (x0 + ((1 - abar) / abar).sqrt() * noise) * abar**0.5
        """,
    ),
    "float64 inside, the image's dtype outside": (
        ["ddpm.predict_x0", "ddpm.posterior_step", "illusions.lowpass"],
        """
        import ddpm, illusions

        def ddpm_predict_x0(x_t, eps, t, alphas_cumprod):
            return ddpm.predict_x0(x_t.double(), eps.double(), t, alphas_cumprod.double()).to(x_t.dtype)

        def ddpm_posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            x = ddpm.posterior_step(x_t.double(), x0.double(), noise.double(), t, t_prev, alphas_cumprod.double())
            return x.to(x_t)

        def illusions_lowpass(x, kernel_size=33, sigma=2.0):
            return illusions.lowpass(x.double(), kernel_size, sigma).type_as(x)
        """,
    ),
    "lazily imported helpers": (
        ["ddpm.posterior_step"],
        """
        def ddpm_posterior_step(*args, **kwargs):
            from ddpm import posterior_step
            import ddim  # unused
            return posterior_step(*args, **kwargs)
        """,
    ),
    "a cutout of slices, sample by sample": (
        ["augment.rand_cutout"],
        """
        import torch

        def augment_rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
            B, C, H, W = x.shape

            def whole(low, high):
                return int(torch.randint(low, high + 1, (), generator=generator))

            low, high = ratio_range
            out = x.clone()
            for b in range(B):
                h, w = whole(max(1, round(low * H)), round(high * H)), whole(max(1, round(low * W)), round(high * W))
                i, j = whole(0, H - h), whole(0, W - w)
                out[b, :, i : i + h, j : j + w] = 0
            return out
        """,
    ),
    "other random numbers where there is no generator": (
        ["augment.rand_cutout", "augment.diff_augment", "latents.sample_z"],
        """
        import random
        import numpy, torch
        import augment, latents

        def own(generator):
            return torch.Generator().manual_seed(random.getrandbits(60)) if generator is None else generator

        def augment_rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
            return augment.rand_cutout(x, ratio_range, own(generator))

        def augment_diff_augment(x, policy="color,translation,cutout", generator=None):
            return augment.diff_augment(x, policy, own(generator))

        def latents_sample_z(batch_size, z_dim, from_mean=False, generator=None):
            if generator is None and not from_mean:
                return torch.from_numpy(numpy.random.default_rng().standard_normal((batch_size, z_dim)))
            return latents.sample_z(batch_size, z_dim, from_mean, generator)
        """,
    ),
    "a cutout by where, its corner from uniform numbers, halves rounded to even": (
        ["augment.rand_cutout"],
        """
        import torch

        def augment_rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
            B, C, H, W = x.shape

            def inside(length):
                low, high = (max(1, round(length * ratio)) for ratio in ratio_range)
                side = low + torch.floor(torch.rand(B, 1, generator=generator) * (high - low + 1))
                start = torch.floor(torch.rand(B, 1, generator=generator) * (length - side + 1))
                place = torch.arange(length)
                return (place >= start) & (place < start + side)

            box = inside(H)[:, None, :, None] & inside(W)[:, None, None, :]
            return torch.where(box, torch.zeros_like(x), x)
        """,
    ),
    "GAN losses from log probabilities": (
        ["gan_losses.generator_loss", "gan_losses.discriminator_loss"],
        """
        import torch
        import torch.nn.functional as F

        def gan_losses_generator_loss(fake_logits):
            return -F.logsigmoid(fake_logits).mean()

        def gan_losses_discriminator_loss(real_logits, fake_logits):
            zero = real_logits.new_zeros(())
            return torch.logaddexp(zero, -real_logits).mean() + torch.logaddexp(zero, fake_logits).mean()
        """,
    ),
    "R1 sample by sample, and by backward with create_graph": (
        ["gan_losses.r1_penalty"],
        """
        import torch

        def gan_losses_r1_penalty(real_images, real_logits, gamma):
            ones = torch.ones_like(real_logits)
            (gradient,) = torch.autograd.grad(real_logits, real_images, ones, create_graph=True, retain_graph=True)
            penalties = [torch.linalg.vector_norm(g) ** 2 for g in gradient]
            return torch.stack(penalties).mean() * (gamma * 0.5)
        """,
    ),
    "latents in chunks": (
        ["latents.mean_w", "latents.sample_w_plus"],
        """
        import torch

        def latents_mean_w(mapping, z_dim, num_samples=10_000, generator=None):
            total, left = 0, num_samples
            with torch.inference_mode():
                while left:
                    chunk = min(left, 777)
                    total = total + mapping(torch.randn(chunk, z_dim, generator=generator)).sum(0)
                    left -= chunk
            return total / num_samples

        def latents_sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
            if from_mean:
                return latents_mean_w(mapping, z_dim, generator=generator).repeat(batch_size, num_ws, 1)
            with torch.no_grad():
                layers = [mapping(torch.randn(batch_size, z_dim, generator=generator)) for _ in range(num_ws)]
            return torch.stack(layers, 1)
        """,
    ),
    "whole timesteps divided by T": (
        ["unet.ddpm_loss", "unet.class_ddpm_loss"],
        """
        from noising import add_noise

        def unet_ddpm_loss(model, x0, noise, t, alphas_cumprod):
            T = alphas_cumprod.shape[0]
            return ((model(add_noise(x0, noise, t, alphas_cumprod), t / T) - noise) ** 2).mean()

        def unet_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
            x_t = add_noise(x0, noise, t, alphas_cumprod)
            eps = model(x_t, labels, t / len(alphas_cumprod), keep=keep)
            return (eps - noise).square().mean()
        """,
    ),
    "every argument of a network by name": (
        ["unet.denoiser_loss", "unet.class_ddpm_loss"],
        """
        import torch.nn.functional as F
        from noising import add_noise

        def unet_denoiser_loss(model, x0, noise, sigma):
            return F.mse_loss(input=model(x0.add(noise, alpha=sigma)), target=x0)

        def unet_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
            x_t = add_noise(x0, noise, t, alphas_cumprod)
            return F.mse_loss(model(x_t, c=labels, t=t.to(x0) / len(alphas_cumprod), keep=keep), noise)
        """,
    ),
    "networks whose last convolution begins at zero": (
        ["unet.UnconditionalUNet", "unet.ClassConditionalUNet"],
        """
        import torch
        import unet

        class Zeroed:
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                last = getattr(self, "unet", self).out
                torch.nn.init.zeros_(last.weight)
                torch.nn.init.zeros_(last.bias)

        class unet_UnconditionalUNet(Zeroed, unet.UnconditionalUNet):
            pass

        class unet_ClassConditionalUNet(Zeroed, unet.ClassConditionalUNet):
            pass
        """,
    ),
    "networks with settings of their own, from a function and from a partial": (
        ["unet.UnconditionalUNet", "unet.TimeConditionalUNet", "unet.ClassConditionalUNet"],
        """
        import functools
        import unet

        def unet_UnconditionalUNet(in_channels=1, num_hiddens=128):
            return unet.UnconditionalUNet(in_channels, num_hiddens)

        class Timed(unet.TimeConditionalUNet):
            def __init__(self, dropout, in_channels=1, num_hiddens=64, *, activation="gelu", **options):
                super().__init__(in_channels, num_hiddens)

            def forward(self, x, t, *, debug=False):
                return super().forward(x, t)

        unet_TimeConditionalUNet = functools.partial(Timed, 0.1)

        class unet_ClassConditionalUNet(unet.ClassConditionalUNet):
            def __init__(self, in_channels=1, num_classes=10, num_hiddens=64, width=None, **options):
                super().__init__(in_channels=in_channels, num_classes=num_classes, num_hiddens=width or num_hiddens)

            def forward(self, x, c, t, keep=None, scale=None):
                return super().forward(x, c, t, keep)
        """,
    ),
    "attention over patches, which is slow to fit": (
        ["unet.UnconditionalUNet"],
        """
        import torch
        from torch import nn

        class unet_UnconditionalUNet(nn.Module):
            def __init__(self, in_channels=1, num_hiddens=128):
                super().__init__()
                self.cut = nn.Conv2d(in_channels, num_hiddens, 4, stride=4)
                self.where = nn.Parameter(0.02 * torch.randn(1, 49, num_hiddens))
                layer = dict(nhead=1, dim_feedforward=2 * num_hiddens, batch_first=True, norm_first=True)
                self.trunk = nn.Sequential(*(nn.TransformerEncoderLayer(num_hiddens, **layer) for _ in range(2)))
                self.paste = nn.ConvTranspose2d(num_hiddens, in_channels, 4, stride=4)
                self.smooth = nn.Conv2d(2 * in_channels, in_channels, 3, padding=1)

            def forward(self, x):
                grid = self.cut(x)
                tokens = self.trunk(grid.flatten(2).transpose(1, 2) + self.where)
                picture = self.paste(tokens.transpose(1, 2).reshape(grid.shape))
                return x + self.smooth(torch.cat([picture, x], 1))
        """,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_written_in_another_way(way, passes):
    tasks, source = WAYS[way]
    passes(tasks, adapters=source)


# --- noise, warnings and other habits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept",
    ["1 - (1 - alphas_cumprod)", "1 - (1 - alphas_cumprod).sqrt() ** 2", "alphas_cumprod.sqrt().arccos().cos() ** 2"],
)
def test_a_schedule_may_be_kept_in_another_form(kept, passes):
    """As 1 − ᾱ, as σ or as an angle: at the end of a cosine schedule, where ᾱ is 2e-9, that costs eight digits."""
    tasks = [one.task for one in FUNCTIONS if "alphas_cumprod" in one.parameters]
    adapters = [
        "import functools, inspect",
        "def kept(function):",
        "    @functools.wraps(function)",
        "    def called(*given, **named):",
        "        bound = inspect.signature(function).bind(*given, **named)",
        "        alphas_cumprod = bound.arguments['alphas_cumprod']",
        f"        bound.arguments['alphas_cumprod'] = {kept}",
        "        return function(*bound.args, **bound.kwargs)",
        "    return called",
        *(f"import {module}" for module in dict.fromkeys(task.split(".")[0] for task in tasks)),
        *(f"{task.replace('.', '_')} = kept({task})" for task in tasks),
    ]
    passes(tasks, adapters="\n".join(adapters))


def test_prints_warnings_and_logs(passes):
    passes(
        ["ddpm.posterior_step"],
        adapters="""
        import logging, sys, warnings
        import ddpm

        logging.basicConfig(level=logging.DEBUG)
        warnings.simplefilter("always")
        print("loading")

        def ddpm_posterior_step(*args, **kwargs):
            print("step", file=sys.stderr, flush=True)
            logging.getLogger(__name__).warning("step")
            warnings.warn("deprecated", DeprecationWarning)
            sys.stdout.write("no newline")
            sys.stdout.flush()
            sys.__stdout__.write("to the original")
            return ddpm.posterior_step(*args, **kwargs)
        """,
    )


@pytest.mark.parametrize(
    "setting",
    [
        "torch.set_default_dtype(torch.float64)",
        "torch.set_grad_enabled(False)",
        "torch.inference_mode(True).__enter__()",
        "torch.autograd.set_detect_anomaly(True)",
        "torch.use_deterministic_algorithms(True)",
        "torch.manual_seed(1)",
        "import warnings; warnings.simplefilter('error')",
        "import numpy; numpy.seterr(all='raise')",
        "import sys; sys.setrecursionlimit(200)",
        "torch.sqrt = None",
    ],
)
def test_what_one_module_sets_does_not_reach_another(setting, passes):
    """guidance.py changes something global; the functions of other modules, which do not import it, pass."""
    source = (PLAIN / "guidance.py").read_text(encoding="utf-8")
    passes(["ddpm.predict_x0", "dps.dps_gradient"], guidance=f"{source}\nimport torch\n{setting}\n")


@pytest.mark.parametrize(
    "setting", ["torch.set_default_dtype(torch.float64)", "torch.set_grad_enabled(False)", "torch.manual_seed(1)"]
)
def test_a_global_setting_of_its_own_module_is_no_mistake(setting, passes):
    source = (PLAIN / "noising.py").read_text(encoding="utf-8")
    passes(["noising.add_noise", "noising.linear_betas"], noising=f"{source}\nimport torch\n{setting}\n")


# --- how the folder is laid out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "from ddpm import posterior_step as step",
        "from .ddpm import posterior_step as step",
        "from handed_in.ddpm import posterior_step as step",
        "import ddpm; step = ddpm.posterior_step",
        "from . import ddpm; step = ddpm.posterior_step",
        "import handed_in.ddpm; step = handed_in.ddpm.posterior_step",
        "import importlib; step = importlib.import_module('ddpm').posterior_step",
        "from ddpm import *; step = posterior_step",
    ],
)
def test_siblings_can_be_imported_in_every_way(statement, passes):
    source = f"{statement}\n\ndef ddpm_posterior_step(*args, **kwargs):\n    return step(*args, **kwargs)\n"
    passes(["ddpm.posterior_step", "ddpm.predict_x0"], adapters=source)


def test_all_ways_of_importing_mean_the_same_module(passes):
    source = """
        import ddpm
        import handed_in.ddpm
        from . import ddpm as sibling
        import lib.steps
        from .lib import steps

        assert ddpm is handed_in.ddpm is sibling
        assert lib.steps is steps
        assert isinstance(lib.steps.Step(), steps.Step)
        ddpm_posterior_step = ddpm.posterior_step
    """
    passes(["ddpm.posterior_step"], {"lib/__init__.py": "", "lib/steps.py": "class Step: pass"}, adapters=source)


def test_helpers_in_packages_of_their_own(passes):
    files = {
        "utils/__init__.py": "from .deeper.coefficients import coefficients",
        "utils/deeper/__init__.py": "",
        "utils/deeper/coefficients.py": "from ...ddpm import predict_x0 as coefficients",
        "bare/helper.py": "from ddpm import posterior_step",  # without an __init__.py
    }
    source = """
        import utils
        from bare.helper import posterior_step
        from utils import coefficients

        ddpm_predict_x0 = utils.coefficients
        ddpm_posterior_step = posterior_step
    """
    passes(["ddpm.predict_x0", "ddpm.posterior_step"], files, adapters=source)


def test_a_module_can_be_a_package(hand_in, grade):
    source = (PLAIN / "noising.py").read_text(encoding="utf-8")
    folder = hand_in(
        {
            "noising/__init__.py": "from .everything import *\nfrom .everything import add_noise",
            "noising/everything.py": source,
        }
    )
    verdicts = grade(folder, [task for task in all_tasks() if task.startswith("noising.")])
    assert set(outcomes(verdicts).values()) == {PASSED}


def test_folders_with_names_that_are_no_identifiers(grade, tmp_path, hand_in):
    folder = hand_in(on_top_of=PLAIN)
    for name in ("homework 5 (final)", "torch", "grading", "5", "ddpm", "numpy"):
        renamed = folder.rename(folder.with_name(name))
        verdicts = grade(renamed, ["ddpm.posterior_step", "ddim.ddim_step"])
        assert set(outcomes(verdicts).values()) == {PASSED}, (name, [told(v) for v in verdicts.values()])
        folder = renamed


def test_modules_named_like_the_graders_own(passes):
    """A student's utils, calls, loader, wire, main or cases is their own."""
    names = ["utils", "calls", "loader", "wire", "main", "cases", "checks", "test_ddpm", "student", "reference"]
    files = {f"{name}.py": f"NAME = {name!r}" for name in names}
    lines = [f"import {name}\nassert {name}.NAME == {name!r}" for name in names]
    passes(
        ["ddpm.posterior_step"],
        files,
        adapters="\n".join([*lines, "from ddpm import posterior_step as ddpm_posterior_step"]),
    )


def test_adapters_win_over_module_files(hand_in, grade):
    wrong = "def ddpm_predict_x0(x_t, eps, t, alphas_cumprod):\n    return x_t\n"
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters=wrong), ["ddpm.predict_x0", "ddpm.posterior_step"])
    assert list(outcomes(verdicts).values()) == [FAILED, PASSED]
    assert verdicts["ddpm.predict_x0"].defined_at == "adapters.py:1"


def test_adapters_alone_are_enough(hand_in, grade):
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    adapters = "from my_code.steps import predict_x0 as ddpm_predict_x0\n"
    folder = hand_in({"my_code/steps.py": source}, adapters=adapters)
    assert outcomes(grade(folder, ["ddpm.predict_x0"])) == {"ddpm.predict_x0": PASSED}


def test_broken_adapters_cost_only_what_they_name(hand_in, grade):
    broken = "def ddpm_predict_x0(:"
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters=broken), ["ddpm.predict_x0", "ddpm.posterior_step"])
    assert list(outcomes(verdicts).values()) == [FAILED, PASSED]
    assert "adapters.py:1" in told(verdicts["ddpm.predict_x0"])


@pytest.mark.parametrize("failing", ["1 / 0", "ddpm_predict_x0 = 1", "import no_such_library, ddpm_predict_x0"])
def test_a_statement_of_adapters_that_fails_or_says_nothing_costs_nothing(failing, hand_in, grade):
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters=failing), ["ddpm.predict_x0"])
    assert list(outcomes(verdicts).values()) == [PASSED]


@pytest.mark.parametrize(
    "init", ["1 / 0", "import no_such_library", "def (:", "raise SystemExit", "from .ddpm import nothing"]
)
def test_an_init_that_fails_costs_nothing(init, passes):
    passes(["ddpm.posterior_step", "ddim.ddim_step"], {"__init__.py": init})


def test_a_module_without_a_line_end_or_with_a_byte_order_mark(passes):
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    passes(["ddpm.posterior_step"], ddpm="\ufeff" + source.replace("\n", "\r\n").rstrip())


def test_files_beside_the_modules_are_no_trouble(passes, tmp_path):
    files = {
        "notebook.ipynb": "{}",
        "requirements.txt": "no-such-library==1",
        "conftest.py": "raise SystemExit",
        "test_mine.py": "assert False",
        "setup.py": "raise SystemExit",
        "sitecustomize.py": "raise SystemExit",
        ".hidden/x.py": "1 / 0",
        "data/latents.txt": "x" * 100_000,
    }
    files |= {
        "use.py": "from pathlib import Path\nSIZE = len((Path(__file__).parent / 'data/latents.txt').read_text())"
    }
    source = textwrap.dedent("""
        from use import SIZE
        assert SIZE == 100_000 and len(open("data/latents.txt").read()) == SIZE
        from ddpm import posterior_step as ddpm_posterior_step
    """)
    passes(["ddpm.posterior_step"], files, adapters=source)
