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
class DDIMSchedulerOutput(BaseOutput):
    prev_sample: torch.Tensor
    pred_original_sample: Optional[torch.Tensor] = None


class DDIMScheduler(SchedulerMixin, ConfigMixin):
    _compatibles = [one.name for one in KarrasDiffusionSchedulers]
    order = 1

    @register_to_config
    def __init__(
        self,
        num_train_timesteps=1000,
        beta_start=0.0001,
        beta_end=0.02,
        clip_sample=True,
        thresholding=False,
        clip_sample_range=1.0,
    ):
        self.betas = torch.linspace(beta_start, beta_end, num_train_timesteps, dtype=torch.float32)
        self.alphas = 1.0 - self.betas
        self.alphas_cumprod = torch.cumprod(self.alphas, dim=0)
        self.final_alpha_cumprod = torch.tensor(1.0)
        self.num_inference_steps = None
        self.timesteps = torch.from_numpy(np.arange(0, num_train_timesteps)[::-1].copy())

    def _get_variance(self, timestep, prev_timestep):
        now = self.alphas_cumprod[timestep]
        before = self.alphas_cumprod[prev_timestep] if prev_timestep >= 0 else self.final_alpha_cumprod
        return (1 - before) / (1 - now) * (1 - now / before)

    def _threshold_sample(self, sample):
        return sample.clamp(-1, 1)

    def step(
        self,
        model_output,
        timestep,
        sample,
        eta=0.0,
        use_clipped_model_output=False,
        generator=None,
        variance_noise=None,
        return_dict=True,
        use_DPS=False,
        **kwargs,
    ):
        """One step back, from x_t to x_{t-1}."""
        if self.num_inference_steps is None:
            raise ValueError("call set_timesteps first")
        prev_timestep = timestep - self.config.num_train_timesteps // self.num_inference_steps
        alpha_prod_t = self.alphas_cumprod[timestep]
        alpha_prod_t_prev = self.alphas_cumprod[prev_timestep] if prev_timestep >= 0 else self.final_alpha_cumprod

        # TODO #1: formula 10, and the clean image in formula 9
        beta_prod_t = None
        pred_original_sample = None

        if self.config.thresholding:
            pred_original_sample = self._threshold_sample(pred_original_sample)
        elif self.config.clip_sample:
            pred_original_sample = pred_original_sample.clamp(
                -self.config.clip_sample_range, self.config.clip_sample_range
            )

        variance = self._get_variance(timestep, prev_timestep)
        sigma_t = eta * variance**0.5

        # TODO #2: the rest of formula 9, without the random noise
        prev_sample = None

        if eta > 0:
            if variance_noise is None:
                variance_noise = randn_tensor(
                    model_output.shape, generator=generator, device=model_output.device, dtype=model_output.dtype
                )
            variance = sigma_t * variance_noise
            prev_sample = prev_sample + variance

        if use_DPS:
            DPS_scale = 0.5
            operator = kwargs.get("operator", None)
            mask = kwargs.get("mask", None)
            measurement = kwargs.get("measurement", None)
            assert operator is not None

            # TODO #3: formula 11; A(x0) is operator.forward(pred_original_sample, mask)
            prev_sample = None

        if not return_dict:
            return (prev_sample,)
        return DDIMSchedulerOutput(prev_sample=prev_sample, pred_original_sample=pred_original_sample)
