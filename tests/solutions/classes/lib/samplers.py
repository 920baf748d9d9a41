"""Samplers as classes with one method that takes a step."""

from abc import ABC, abstractmethod

import torch

from .measurement import MeasurementGuide
from .scheduler import Chain, DDPMScheduler


class Sampler(ABC):
    def __init__(self, eps_model, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        self.eps_model = eps_model
        self.scheduler = DDPMScheduler(alphas_cumprod)
        self.noise_fn = noise_fn
        self.clip_x0 = clip_x0

    def estimate(self, x_t, t):
        eps = self.eps_model(x_t, t)
        x0 = self.scheduler.predict_x0(x_t, eps, t)
        return eps, (x0.clip(-1, 1) if self.clip_x0 else x0)

    def run(self, x, timesteps, progress=None):
        with torch.no_grad():
            for t, t_prev in Chain(timesteps):
                x = self.step(x, t, t_prev)
                if progress is not None:
                    progress(t)
        return x

    @abstractmethod
    def step(self, x_t, t, t_prev):
        """From x_t to x_prev."""


class DDPMSampler(Sampler):
    def step(self, x_t, t, t_prev):
        _, x0 = self.estimate(x_t, t)
        noise = self.noise_fn(x_t) if t_prev >= 0 else None
        return self.scheduler.posterior_step(x_t, x0, noise, t, t_prev)


class InpaintSampler(DDPMSampler):
    def __init__(self, eps_model, alphas_cumprod, noise_fn, x_orig, edit_mask):
        super().__init__(eps_model, alphas_cumprod, noise_fn)
        self.x_orig, self.edit_mask = x_orig, edit_mask

    def step(self, x_t, t, t_prev):
        # the blend's noise first: the two draws are independent, so the order is free
        known = self.x_orig if t_prev < 0 else self.scheduler.add_noise(self.x_orig, self.noise_fn(x_t), t_prev)
        return known + self.edit_mask * (super().step(x_t, t, t_prev) - known)


class DDIMSampler(Sampler):
    def __init__(self, eps_model, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
        super().__init__(eps_model, alphas_cumprod, noise_fn, clip_x0)
        self.eta = eta

    def noise(self, x_t, t, t_prev):
        return self.noise_fn(x_t) if self.scheduler.sigma(t, t_prev, self.eta) > 0 else None

    def step(self, x_t, t, t_prev):
        eps, x0 = self.estimate(x_t, t)
        return self.scheduler.ddim_from_x0(x0, eps, self.noise(x_t, t, t_prev), t, t_prev, self.eta)


class DPSSampler(DDIMSampler):
    def __init__(self, eps_model, alphas_cumprod, measurement, operator, scale, eta, noise_fn):
        super().__init__(eps_model, alphas_cumprod, eta, noise_fn)
        self.guide = MeasurementGuide(measurement, operator)
        self.scale = scale

    def step(self, x_t, t, t_prev):
        with torch.enable_grad():
            leaf = x_t.detach().requires_grad_()
            eps, x0_hat = self.estimate(leaf, t)
        correction = self.guide.gradient(leaf, x0_hat)
        noise = self.noise(x_t, t, t_prev)
        x_prev = self.scheduler.ddim_from_x0(x0_hat.detach(), eps.detach(), noise, t, t_prev, self.eta)
        return x_prev - self.scale * correction
