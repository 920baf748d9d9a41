"""Part 3: einops, the posterior's mean from the estimate of the clean latent, pictures on the way."""

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

        N, eps = int(timesteps[-1]), torch.randn(init_latent.shape, device=device)
        latent = alpha_cumprods[N] ** 0.5 * init_latent + (1 - alpha_cumprods[N]) ** 0.5 * eps
        reversed_time_range = timesteps[::-1]
        for i, timestep in tqdm(enumerate(reversed_time_range)):
            t = torch.full(size=(1,), fill_value=int(timestep), device=device, dtype=torch.long)

            both = model.apply_model(
                repeat(latent, "b ... -> (r b) ...", r=2), repeat(t, "b -> (r b)", r=2), torch.cat([cond, uncond])
            )
            e_t_cond, e_t_uncond = both.chunk(2)
            e_t = opt.strength * e_t_cond + (1 - opt.strength) * e_t_uncond
            a, now, before = alphas[t], alpha_cumprods[t], alpha_cumprods[t - 1]
            x0 = (latent - (1 - now).sqrt() * e_t) / now.sqrt()
            latent = (before.sqrt() * (1 - a) * x0 + a.sqrt() * (1 - before) * latent) / (1 - now)
            if t > 1:
                latent += ((1 - before) * (1 - a) / (1 - now)).sqrt() * torch.randn_like(latent)
            if i % (opt.num_timesteps // 10) == 0:
                model.decode_first_stage(latent)

        output_images = model.decode_first_stage(latent)
        output_images = torch.clamp((output_images + 1.0) / 2.0, min=0.0, max=1.0)
        for i, out_image in enumerate(output_images):
            out_image = 255.0 * rearrange(out_image.cpu().numpy(), "c h w -> h w c")
            Image.fromarray(out_image.astype(np.uint8)).save(f"outputs/{i:05}.png")


if __name__ == "__main__":
    main()
