"""Part 3: helper functions, one call of the network for each of the two, betas in the place of alphas."""

import argparse
import os

import numpy as np
import torch
from einops import rearrange, repeat
from omegaconf import OmegaConf
from PIL import Image
from pytorch_lightning import seed_everything
from tqdm import tqdm
from util import load_img, load_model_from_config


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompt", type=str, nargs="?", default="a cat")
    parser.add_argument("--input-img", type=str, nargs="?")
    parser.add_argument("--num_timesteps", type=int, default=500)
    parser.add_argument("--strength", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=10)
    return parser.parse_args()


def noised(x, table, level):
    abar = table[level]
    return abar.sqrt() * x + (1 - abar).sqrt() * torch.randn_like(x)


def update(model, x, eps, t):
    beta, abar = model.betas[t], model.alphas_cumprod[t]
    before = model.alphas_cumprod_prev[t]
    mean = (x - beta / (1 - abar).sqrt() * eps) / (1 - beta).sqrt()
    return mean + (beta * (1 - before) / (1 - abar)).sqrt() * torch.randn_like(x)


def main():
    opt = parse_args()
    assert opt.strength > 1.0
    seed_everything(opt.seed)
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    prompt = opt.prompt
    assert os.path.isfile(opt.input_img)
    input_image = load_img(opt.input_img).to(device)
    config = OmegaConf.load("configs/inference.yaml")
    model = load_model_from_config(config, "models/model.ckpt").to(device)

    timesteps = np.asarray(list(range(0, opt.num_timesteps)))
    timesteps += 1
    alphas = 1.0 - model.betas
    alpha_cumprods = model.alphas_cumprod

    with torch.no_grad():
        init_latent = model.get_first_stage_encoding(model.encode_first_stage(input_image))
        uncond = model.get_learned_conditioning([""])
        cond = model.get_learned_conditioning([prompt])

        latent = noised(init_latent, alpha_cumprods, opt.num_timesteps)
        reversed_time_range = range(opt.num_timesteps, 0, -1)
        for i, timestep in tqdm(enumerate(reversed_time_range)):
            timestep = torch.full(size=(1,), fill_value=timestep, device=device, dtype=torch.long)

            e_t_uncond = model.apply_model(latent, timestep, uncond)
            e_t_cond = model.apply_model(latent, timestep, cond)
            e_t = torch.lerp(e_t_uncond, e_t_cond, opt.strength)
            latent = update(model, latent, e_t, int(timestep))

        output_images = model.decode_first_stage(latent)
        output_images = torch.clamp((output_images + 1.0) / 2.0, min=0.0, max=1.0)
        for i, out_image in enumerate(output_images):
            out_image = 255.0 * rearrange(out_image.cpu().numpy(), "c h w -> h w c")
            Image.fromarray(out_image.astype(np.uint8)).save(f"outputs/{i:05}.png")


if __name__ == "__main__":
    main()
