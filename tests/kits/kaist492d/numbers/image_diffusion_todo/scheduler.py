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
        t = int(t)
        beta = float(self.betas[t])
        coefficient = beta / (1 - float(self.alphas_cumprod[t])) ** 0.5
        sample_prev = (x_t - coefficient * eps_theta) / (1 - beta) ** 0.5
        z = torch.randn_like(x_t)
        sample_prev = sample_prev + float(self.sigmas[t]) * z * (t != 0)
        #######################
        return sample_prev

    def _get_teeth(self, consts, t):
        return consts.gather(-1, t).reshape(-1, 1, 1, 1)

    def add_noise(self, x_0, t, eps=None):
        if eps is None:
            eps = torch.randn(x_0.shape, device="cuda")

        ######## TODO ########
        x_t = torch.zeros_like(x_0)
        for i, time in enumerate(t.tolist()):
            x_t[i] = (
                np.sqrt(self.alphas_cumprod[time].item()) * x_0[i]
                + np.sqrt(1 - self.alphas_cumprod[time].item()) * eps[i]
            )
        #######################

        return x_t, eps
