"""Part 3, in the published layout and with nothing filled in."""

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

        # TODO: noise for the image

        # TODO: the encoded latent

        # TODO: the reversed timesteps
        reversed_time_range =

        # TODO: where the sampling begins
        latent =
        for i, timestep in tqdm(enumerate(reversed_time_range)):
            timestep = torch.full(size=(1,), fill_value=timestep, device=device, dtype=torch.long)

            # TODO: the two scores
            e_t_uncond, e_t_cond =

            # TODO: the guidance score
            e_t =

            # TODO: the DDPM update
            latent =

        output_images = model.decode_first_stage(latent)
        output_images = torch.clamp((output_images + 1.0) / 2.0, min=0.0, max=1.0)
        for i, out_image in enumerate(output_images):
            out_image = 255.0 * rearrange(out_image.cpu().numpy(), "c h w -> h w c")
            Image.fromarray(out_image.astype(np.uint8)).save(f"outputs/{i:05}.png")


if __name__ == "__main__":
    main()
