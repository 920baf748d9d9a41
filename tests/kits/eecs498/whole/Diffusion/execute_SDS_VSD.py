import argparse
import os
import sys

import imageio
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torchvision.utils import save_image
from tqdm import tqdm
from transformers import CLIPTextModel, CLIPTokenizer

sys.path.append(os.path.abspath("."))
from utils.sds_vsd_utils import get_latents, get_loss_weights, sds_vsd_grad_diffuser


def get_parser(**given):
    parser = argparse.ArgumentParser(**given)
    parser.add_argument("--generation_mode", default="sds")
    parser.add_argument("--guidance_scale", default=7.5, type=float)
    parser.add_argument("--grad_scale", default=1.0, type=float)
    parser.add_argument("--num_steps", default=500, type=int)
    parser.add_argument("--lr", default=0.03, type=float)
    parser.add_argument("--batch_size", default=1, type=int)
    return parser.parse_args()


def main():
    args = get_parser()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = "stabilityai/stable-diffusion-2-1-base"
    unet = UNet2DConditionModel.from_pretrained(name, subfolder="unet").to(device)
    vae = AutoencoderKL.from_pretrained(name, subfolder="vae").to(device)
    scheduler = DDIMScheduler.from_pretrained(name, subfolder="scheduler")
    embeddings = torch.zeros(2, 77, 1024, device=device)
    particles = torch.randn(args.batch_size, 4, 64, 64, device=device, requires_grad=True)
    optimizer = torch.optim.Adam([particles], lr=args.lr)
    loss_weights = get_loss_weights(scheduler.betas, args)
    chosen_ts = np.random.choice(range(20, 980), args.num_steps)
    if args.generation_mode in ["sds", "vsd"]:
        for step, chosen_t in enumerate(tqdm(chosen_ts)):
            latents_sd = get_latents(particles, vae)
            t = torch.tensor([chosen_t]).to(device)
            noise = torch.randn_like(latents_sd)
            noisy_latents = scheduler.add_noise(latents_sd, noise, t)
            optimizer.zero_grad()
            grad_, noise_pred, noise_pred_phi = sds_vsd_grad_diffuser(
                unet, noisy_latents, noise, embeddings, t, grad_scale=args.grad_scale, scheduler=scheduler
            )

            # TODO #1: the rest of formula 16, with loss_weights at the timestep t
            grad_ = grad_ * loss_weights[t]

            # Given: a loss whose gradient is grad_
            target = (latents_sd - grad_).detach()
            loss = 0.5 * F.mse_loss(latents_sd, target, reduction="mean") / args.batch_size
            loss.backward()
            optimizer.step()
    save_image(vae.decode(particles).sample, "generated_image.png")


if __name__ == "__main__":
    main()
