"""HW5 part B: the DDPM scheduler, cut down from diffusers'."""

import torch


def _left_broadcast(coefficient, x):
    while coefficient.dim() < x.dim():
        coefficient = coefficient.unsqueeze(-1)
    return coefficient


class DDPMScheduler:
    def __init__(self, alphas_cumprod=None, num_train_timesteps=1000, clip_sample=False):
        self.alphas_cumprod = alphas_cumprod
        self.one = torch.tensor(1.0)
        self.num_train_timesteps = num_train_timesteps
        self.clip_sample = clip_sample
        self.clip_sample_range = 1.0
        self.timesteps = None

    def make_betas(self, beta_schedule, beta_start=None, beta_end=None, offset=None, max_beta=None):
        T = self.num_train_timesteps
        if beta_schedule == "linear":
            return torch.linspace(beta_start, beta_end, T, dtype=torch.float32)
        if beta_schedule == "scaled_linear":
            return torch.linspace(beta_start**0.5, beta_end**0.5, T, dtype=torch.float32) ** 2
        if beta_schedule == "squaredcos_cap_v2":
            f = (torch.arange(T + 1, dtype=torch.float64) / T + offset) / (1 + offset)
            alphas_bar = torch.cos(f * torch.pi * 0.5) ** 2
            betas = 1 - alphas_bar[1:] / alphas_bar[:-1]
            return betas.clip(0, max_beta).float()
        raise NotImplementedError(f"{beta_schedule} is not implemented for {self.__class__}")

    def set_timesteps(self, num_inference_steps):
        step_ratio = self.num_train_timesteps // num_inference_steps
        timesteps = (torch.arange(0, num_inference_steps) * step_ratio).round()
        self.timesteps = timesteps.flip(0)

    def previous_timestep(self, timestep):
        timesteps = [int(t) for t in self.timesteps]
        index = timesteps.index(int(timestep))
        return -1 if index == len(timesteps) - 1 else timesteps[index + 1]

    def _alpha_prods(self, t, prev_t):
        alpha_prod_t = self.alphas_cumprod[t]
        alpha_prod_t_prev = self.alphas_cumprod[prev_t] if prev_t >= 0 else self.one.to(self.alphas_cumprod)
        return alpha_prod_t, alpha_prod_t_prev

    def _get_variance(self, t, prev_t):
        alpha_prod_t, alpha_prod_t_prev = self._alpha_prods(t, prev_t)
        current_beta_t = 1 - alpha_prod_t / alpha_prod_t_prev
        # For t > 0, compute predicted variance βt (see formula (6) and (7) from https://arxiv.org/pdf/2006.11239.pdf)
        return (1 - alpha_prod_t_prev) / (1 - alpha_prod_t) * current_beta_t

    def pred_original(self, model_output, t, sample):
        alpha_prod_t = _left_broadcast(self.alphas_cumprod[t], sample)
        beta_prod_t = 1 - alpha_prod_t
        return (sample - beta_prod_t ** (0.5) * model_output) / alpha_prod_t ** (0.5)

    def prev_sample_mean(self, pred_original_sample, t, prev_t, sample):
        # 1. compute alphas, betas
        alpha_prod_t, alpha_prod_t_prev = self._alpha_prods(t, prev_t)
        beta_prod_t = 1 - alpha_prod_t
        beta_prod_t_prev = 1 - alpha_prod_t_prev
        current_alpha_t = alpha_prod_t / alpha_prod_t_prev
        current_beta_t = 1 - current_alpha_t
        # 4. compute coefficients for pred_original_sample x_0 and current sample x_t
        pred_original_sample_coeff = (alpha_prod_t_prev ** (0.5) * current_beta_t) / beta_prod_t
        current_sample_coeff = current_alpha_t ** (0.5) * beta_prod_t_prev / beta_prod_t
        # 5. compute predicted previous sample µ_t
        return pred_original_sample_coeff * pred_original_sample + current_sample_coeff * sample

    def add_variance(self, pred_prev_sample, t, prev_t, variance_noise):
        if prev_t < 0:
            return pred_prev_sample
        # we always take the log of variance, so clamp it to ensure it's not 0
        variance = torch.clamp(self._get_variance(t, prev_t), min=1e-20)
        return pred_prev_sample + (variance**0.5) * variance_noise

    def step(self, model_output, timestep, sample, noise_fn=torch.randn_like):
        t, prev_t = timestep, self.previous_timestep(timestep)
        pred_original_sample = self.pred_original(model_output, t, sample)
        if self.clip_sample:
            pred_original_sample = pred_original_sample.clamp(-self.clip_sample_range, self.clip_sample_range)
        pred_prev_sample = self.prev_sample_mean(pred_original_sample, t, prev_t, sample)
        variance_noise = noise_fn(model_output) if prev_t >= 0 else None
        return self.add_variance(pred_prev_sample, t, prev_t, variance_noise)

    def add_noise(self, original_samples, noise, timesteps):
        sqrt_alpha_prod = _left_broadcast(self.alphas_cumprod[timesteps] ** 0.5, original_samples)
        sqrt_one_minus_alpha_prod = _left_broadcast((1 - self.alphas_cumprod[timesteps]) ** 0.5, original_samples)
        return sqrt_alpha_prod * original_samples + sqrt_one_minus_alpha_prod * noise
