import torch
import torch.nn as nn


def extract(input, t, x):
    if t.ndim == 0:
        t = t.unsqueeze(0)
    return torch.gather(input, 0, t.long()).reshape([t.shape[0]] + [1] * (x.ndim - 1))


class BaseScheduler(nn.Module):
    def __init__(self, num_train_timesteps, beta_1=1e-4, beta_T=0.02, mode="linear"):
        super().__init__()
        self.num_train_timesteps = num_train_timesteps
        betas = torch.linspace(beta_1, beta_T, num_train_timesteps)
        self.register_buffer("betas", betas)
        self.register_buffer("alphas", 1 - betas)
        self.register_buffer("alphas_cumprod", torch.cumprod(1 - betas, 0))


class DiffusionModule(nn.Module):
    def __init__(self, network, var_scheduler):
        super().__init__()
        self.network = network
        self.var_scheduler = var_scheduler

    @property
    def device(self):
        return next(self.network.parameters()).device

    def q_sample(self, x0, t, noise=None):
        if noise is None:
            noise = torch.randn_like(x0)
        ######## TODO ########
        alphas_prod_t = extract(self.var_scheduler.alphas_cumprod, t, x0)
        xt = x0
        #######################
        return xt

    @torch.no_grad()
    def ddim_p_sample(self, xt, t, t_prev, eta=0.0):
        ######## TODO ########
        alpha_prod_t = extract(self.var_scheduler.alphas_cumprod, t, xt)
        if t_prev >= 0:
            alpha_prod_t_prev = extract(self.var_scheduler.alphas_cumprod, t_prev, xt)
        else:
            alpha_prod_t_prev = torch.ones_like(alpha_prod_t)
        x_t_prev = xt
        ######################
        return x_t_prev

    def compute_loss(self, x0):
        ######## TODO ########
        batch_size = x0.shape[0]
        t = torch.randint(0, self.var_scheduler.num_train_timesteps, size=(batch_size,)).to(x0.device).long()
        loss = x0.mean()
        ######################
        return loss
