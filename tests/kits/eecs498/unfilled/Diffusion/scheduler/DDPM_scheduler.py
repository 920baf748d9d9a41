import math
from dataclasses import dataclass
from typing import Optional

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.schedulers.scheduling_utils import KarrasDiffusionSchedulers, SchedulerMixin
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor


@dataclass
class DDPMSchedulerOutput(BaseOutput):
    prev_sample: torch.Tensor
    pred_original_sample: Optional[torch.Tensor] = None


class DDPMScheduler(SchedulerMixin, ConfigMixin):
    _compatibles = [one.name for one in KarrasDiffusionSchedulers]
    order = 1

    @register_to_config
    def __init__(
        self,
        num_train_timesteps=1000,
        beta_start=0.0001,
        beta_end=0.02,
        variance_type="fixed_small",
        clip_sample=True,
        thresholding=False,
        clip_sample_range=1.0,
    ):
        self.betas = torch.linspace(beta_start, beta_end, num_train_timesteps, dtype=torch.float32)
        self.alphas = 1.0 - self.betas
        self.alphas_cumprod = torch.cumprod(self.alphas, dim=0)
        self.one = torch.tensor(1.0)
        self.custom_timesteps = False
        self.num_inference_steps = None
        self.timesteps = torch.from_numpy(np.arange(0, num_train_timesteps)[::-1].copy())
        self.variance_type = variance_type

    def previous_timestep(self, timestep):
        steps = self.num_inference_steps or self.config.num_train_timesteps
        return timestep - self.config.num_train_timesteps // steps

    def _get_variance(self, t, predicted_variance=None, variance_type=None):
        prev_t = self.previous_timestep(t)
        now = self.alphas_cumprod[t]
        before = self.alphas_cumprod[prev_t] if prev_t >= 0 else self.one
        variance = (1 - before) / (1 - now) * (1 - now / before)
        return torch.clamp(variance, min=1e-20)  # its logarithm is taken elsewhere

    def _threshold_sample(self, sample):
        return sample.clamp(-1, 1)

    def step(self, model_output, timestep, sample, generator=None, return_dict=True):
        """One step back, from x_t to x_{t-1}."""
        t = timestep
        prev_t = self.previous_timestep(t)

        # TODO #1: the coefficients, formulas 3 to 8
        alpha_prod_t = None
        alpha_prod_t_prev = None
        beta_prod_t = None
        beta_prod_t_prev = None
        current_alpha_t = None
        current_beta_t = None

        # TODO #2: the clean image, formula 1
        pred_original_sample = None

        # Clip or threshold it
        if self.config.thresholding:
            pred_original_sample = self._threshold_sample(pred_original_sample)
        elif self.config.clip_sample:
            pred_original_sample = pred_original_sample.clamp(
                -self.config.clip_sample_range, self.config.clip_sample_range
            )

        # TODO #3: the mean, formula 2
        pred_prev_sample = None

        # Given: the noise
        variance = 0
        if t > 0:
            variance_noise = randn_tensor(
                model_output.shape, generator=generator, device=model_output.device, dtype=model_output.dtype
            )
            variance = (self._get_variance(t) ** 0.5) * variance_noise
        pred_prev_sample = pred_prev_sample + variance

        if not return_dict:
            return (pred_prev_sample,)
        return DDPMSchedulerOutput(prev_sample=pred_prev_sample, pred_original_sample=pred_original_sample)
