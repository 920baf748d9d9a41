import numpy as np
import torch
import torch.nn as nn


class BaseScheduler(nn.Module):
    def __init__(self, num_train_timesteps, beta_1, beta_T, mode="linear"):
        super().__init__()
        self.num_train_timesteps = num_train_timesteps
        self.timesteps = torch.arange(num_train_timesteps - 1, -1, -1)
        betas = torch.linspace(beta_1, beta_T, num_train_timesteps)
        alphas = 1 - betas
        self.register_buffer("betas", betas)
        self.register_buffer("alphas", alphas)
        self.register_buffer("alphas_cumprod", torch.cumprod(alphas, 0))

    def uniform_sample_t(self, batch_size, device=None):
        return torch.from_numpy(np.random.choice(np.arange(self.num_train_timesteps), batch_size)).to(device)


class DDPMScheduler(BaseScheduler):
    def __init__(self, num_train_timesteps, beta_1, beta_T, mode="linear", sigma_type="small"):
        super().__init__(num_train_timesteps, beta_1, beta_T, mode)
        before = torch.cat([torch.ones(1), self.alphas_cumprod[:-1]])
        small = ((1 - before) / (1 - self.alphas_cumprod) * self.betas) ** 0.5
        self.register_buffer("sigmas", small if sigma_type == "small" else self.betas**0.5)

    def step(self, x_t, t, eps_theta):
        ######## TODO ########
        alpha_t, alpha_bar = self.alphas[t], self.alphas_cumprod[t]
        mean = (x_t - (1 - alpha_t) / (1 - alpha_bar).sqrt() * eps_theta) / alpha_t.sqrt()
        noise = torch.randn_like(x_t) if t > 0 else torch.zeros_like(x_t)
        sample_prev = mean + self.sigmas[t] * noise
        #######################
        return sample_prev

    def _get_teeth(self, consts, t):
        return consts.gather(-1, t).reshape(-1, 1, 1, 1)

    def add_noise(self, x_0, t, eps=None):
        if eps is None:
            eps = torch.randn(x_0.shape, device="cuda")

        ######## TODO ########
        alpha_bar = self._get_teeth(self.alphas_cumprod, t)
        x_t = alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * eps
        #######################

        return x_t, eps
