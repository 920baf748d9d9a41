"""Part 3, filled in as the comments of the kit suggest."""

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

        noise = torch.randn_like(init_latent)
        abar_N = alpha_cumprods[opt.num_timesteps]
        encoded = torch.sqrt(abar_N) * init_latent + torch.sqrt(1 - abar_N) * noise
        reversed_time_range = np.flip(timesteps)
        latent = encoded
        for i, timestep in tqdm(enumerate(reversed_time_range)):
            timestep = torch.full(size=(1,), fill_value=timestep, device=device, dtype=torch.long)

            x_in = torch.cat([latent] * 2)
            t_in = torch.cat([timestep] * 2)
            c_in = torch.cat([uncond, cond])
            e_t_uncond, e_t_cond = model.apply_model(x_in, t_in, c_in).chunk(2)
            e_t = e_t_uncond + opt.strength * (e_t_cond - e_t_uncond)
            alpha, abar, abar_prev = alphas[timestep], alpha_cumprods[timestep], alpha_cumprods[timestep - 1]
            sigma = torch.sqrt((1 - abar_prev) / (1 - abar) * (1 - alpha))
            z = torch.randn_like(latent) if timestep > 1 else torch.zeros_like(latent)
            latent = (latent - (1 - alpha) / torch.sqrt(1 - abar) * e_t) / torch.sqrt(alpha) + sigma * z

        output_images = model.decode_first_stage(latent)
        output_images = torch.clamp((output_images + 1.0) / 2.0, min=0.0, max=1.0)
        for i, out_image in enumerate(output_images):
            out_image = 255.0 * rearrange(out_image.cpu().numpy(), "c h w -> h w c")
            Image.fromarray(out_image.astype(np.uint8)).save(f"outputs/{i:05}.png")


if __name__ == "__main__":
    main()
