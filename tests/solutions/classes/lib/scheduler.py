"""A scheduler object in diffusers' manner: it holds the table, the samplers hold nothing."""

from functools import cached_property

import torch


class NoiseSchedule:
    """Betas in float64."""

    kinds = ("linear", "scaled_linear", "cosine")

    def __init__(self, kind, num_train_steps, **options):
        if kind not in self.kinds:
            raise ValueError(f"unknown schedule {kind}")
        self.num_train_steps = num_train_steps
        self.betas = getattr(self, f"_{kind}")(**options)

    def _linear(self, beta_start, beta_end, power=1):
        a, b = beta_start ** (1 / power), beta_end ** (1 / power)
        return torch.linspace(a, b, self.num_train_steps, dtype=torch.float64).pow(power)

    def _scaled_linear(self, beta_start, beta_end):
        return self._linear(beta_start, beta_end, power=2)

    def _cosine(self, offset, max_beta):
        angle = torch.arange(self.num_train_steps + 1, dtype=torch.float64).div(self.num_train_steps)
        angle = angle.add(offset).div(1 + offset).mul(torch.pi / 2)
        signal = angle.cos().square()
        return (signal[:-1] - signal[1:]).div(signal[:-1]).clamp_max(max_beta)


class DDPMScheduler:
    """Everything that only depends on alphas_cumprod."""

    def __init__(self, alphas_cumprod):
        self.alphas_cumprod = alphas_cumprod

    @cached_property
    def _floats(self):
        return self.alphas_cumprod.tolist()

    def abar(self, t):
        """A Python float; 1.0 for the clean image."""
        return 1.0 if t < 0 else self._floats[int(t)]

    def _weights(self, t, x):
        """(weight of the image, weight of the noise), broadcast over x."""
        if isinstance(t, torch.Tensor) and t.dim() == 1:
            abar = self.alphas_cumprod.gather(0, t)[(...,) + (None,) * (x.dim() - 1)]
            return abar.sqrt(), (1 - abar).sqrt()
        abar = self.abar(int(t))
        return abar**0.5, (1 - abar) ** 0.5

    def add_noise(self, x0, noise, t):
        if not isinstance(t, torch.Tensor) and t < 0:
            return x0
        signal, sigma = self._weights(t, x0)
        return signal * x0 + sigma * noise

    def predict_x0(self, x_t, eps, t):
        signal, sigma = self._weights(t, x_t)
        return (x_t - sigma * eps) / signal

    def variance(self, t, t_prev):
        abar_t, abar_prev = self.abar(t), self.abar(t_prev)
        return (1 - abar_prev) * (abar_prev - abar_t) / ((1 - abar_t) * abar_prev)

    def posterior_step(self, x_t, x0, noise, t, t_prev):
        if t_prev < 0:
            return x0
        abar_t, abar_prev = self.abar(t), self.abar(t_prev)
        # The step's mean is the DDIM form with sigma² = variance; collected by image and noisy image.
        ratio = (1 - abar_prev) / (1 - abar_t) * (abar_t / abar_prev) ** 0.5
        mean = ratio * x_t + (abar_prev**0.5 - ratio * abar_t**0.5) * x0
        return mean + self.variance(t, t_prev) ** 0.5 * noise

    def sigma(self, t, t_prev, eta):
        return eta * max(self.variance(t, t_prev), 0.0) ** 0.5

    def ddim_from_x0(self, x0, eps, noise, t, t_prev, eta):
        if t_prev < 0:
            return x0
        abar_prev, sigma = self.abar(t_prev), self.sigma(t, t_prev, eta)
        x_prev = abar_prev**0.5 * x0 + max(1 - abar_prev - sigma**2, 0.0) ** 0.5 * eps
        return x_prev if sigma == 0 else x_prev + sigma * noise


class Chain:
    """Iterates over (t, t_prev)."""

    def __init__(self, timesteps):
        self.timesteps = list(timesteps)

    def __iter__(self):
        following = iter(self.timesteps[1:])
        for t in self.timesteps:
            yield t, next(following, -1)
