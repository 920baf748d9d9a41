"""HW5 part B: the DDIM scheduler, with DPS inside its step."""

import torch

from .DDPM_scheduler import DDPMScheduler


class DDIMScheduler(DDPMScheduler):
    def std_dev(self, t, prev_t, eta):
        return eta * self._get_variance(t, prev_t) ** (0.5)

    def prev_sample(self, pred_original_sample, model_output, t, prev_t, eta, variance_noise=None):
        alpha_prod_t_prev = self.alphas_cumprod[prev_t] if prev_t >= 0 else self.one
        std_dev_t = self.std_dev(t, prev_t, eta)
        # 6. compute "direction pointing to x_t" of formula (12) from https://arxiv.org/pdf/2010.02502.pdf
        pred_sample_direction = (1 - alpha_prod_t_prev - std_dev_t**2) ** (0.5) * model_output
        # 7. compute x_t without "random noise" of formula (12)
        prev_sample = alpha_prod_t_prev ** (0.5) * pred_original_sample + pred_sample_direction
        if eta > 0 and variance_noise is not None:
            prev_sample = prev_sample + std_dev_t * variance_noise
        return prev_sample

    def step(
        self,
        model_output,
        timestep,
        sample,
        eta=0.0,
        noise_fn=torch.randn_like,
        use_DPS=False,
        operator=None,
        measurement=None,
        scale=0.5,
    ):
        t, prev_t = timestep, self.previous_timestep(timestep)
        pred_original_sample = self.pred_original(model_output, t, sample)
        if self.clip_sample:
            pred_original_sample = pred_original_sample.clamp(-self.clip_sample_range, self.clip_sample_range)
        variance_noise = noise_fn(model_output.detach()) if eta > 0 else None
        prev_sample = self.prev_sample(pred_original_sample, model_output, t, prev_t, eta, variance_noise)
        if use_DPS:
            prev_sample = self.dps(prev_sample, sample, pred_original_sample, measurement, operator, scale)
        return prev_sample

    @staticmethod
    def dps_grad(sample, pred_original_sample, measurement, operator):
        with torch.enable_grad():
            difference = measurement - operator(pred_original_sample)
            norm = torch.linalg.norm(difference)
            return torch.autograd.grad(outputs=norm, inputs=sample)[0]

    @staticmethod
    def dps(prev_sample, sample, pred_original_sample, measurement, operator, scale):
        norm_grad = DDIMScheduler.dps_grad(sample, pred_original_sample, measurement, operator)
        prev_sample = prev_sample.detach().clone()
        prev_sample -= norm_grad * scale
        return prev_sample
