import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from diffusers.loaders import AttnProcsLayers
from diffusers.models.attention_processor import AttnAddedKVProcessor, LoRAAttnProcessor
from scipy.optimize import minimize
from torch import nn


def get_loss_weights(betas, args):
    """A list with one weight for each training step."""
    num_train_timesteps = len(betas)
    betas = torch.tensor(betas) if not torch.is_tensor(betas) else betas
    alphas = 1.0 - betas
    alphas_cumprod = torch.cumprod(alphas, axis=0)
    sqrt_alphas_cumprod = torch.sqrt(alphas_cumprod)
    sqrt_1m_alphas_cumprod = torch.sqrt(1.0 - alphas_cumprod)

    def loss_weight(t):
        # TODO #2: formulas 14 and 15
        weight = sqrt_1m_alphas_cumprod[t] ** 2

        return weight

    weights = []
    for i in range(num_train_timesteps):
        weights.append(loss_weight(i))
    return weights


def predict_noise0_diffuser(
    unet, noisy_latents, text_embeddings, t, guidance_scale=7.5, cross_attention_kwargs={}, scheduler=None
):
    doubled = torch.cat([noisy_latents] * 2)
    both = unet(doubled, t, encoder_hidden_states=text_embeddings, cross_attention_kwargs=cross_attention_kwargs).sample
    uncond, text = both.chunk(2)
    return (uncond + guidance_scale * (text - uncond)).float()


def sds_vsd_grad_diffuser(
    unet,
    noisy_latents,
    noise,
    text_embeddings,
    t,
    unet_phi=None,
    guidance_scale=7.5,
    grad_scale=1,
    cfg_phi=1.0,
    generation_mode="sds",
    phi_model="lora",
    cross_attention_kwargs={},
    scheduler=None,
):
    off = {"scale": 0} if generation_mode == "vsd" and phi_model == "lora" else {}
    with torch.no_grad():
        noise_pred = predict_noise0_diffuser(
            unet, noisy_latents, text_embeddings, t, guidance_scale, cross_attention_kwargs=off, scheduler=scheduler
        )

    if generation_mode == "sds":
        noise_pred_phi = noise

        # TODO #1: what stands in formula 16 beside the weight, times grad_scale
        grad_ = grad_scale * (noise_pred - noise_pred_phi)

    elif generation_mode == "vsd":
        with torch.no_grad():
            noise_pred_phi = predict_noise0_diffuser(
                unet_phi,
                noisy_latents,
                text_embeddings,
                t,
                guidance_scale=cfg_phi,
                cross_attention_kwargs=cross_attention_kwargs,
                scheduler=scheduler,
            )

        # TODO #3: the same for formula 17
        grad_ = grad_scale * (noise_pred - noise_pred_phi)

    grad_ = torch.nan_to_num(grad_)
    return grad_, noise_pred.detach().clone(), noise_pred_phi.detach().clone()


def get_latents(particles, vae):
    return F.interpolate(particles, (64, 64), mode="bilinear", align_corners=False)
