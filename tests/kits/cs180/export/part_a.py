# -*- coding: utf-8 -*-
"""An export of the notebook of part A, filled in close to its skeleton."""

import mediapy as media
import torch
import torchvision.transforms.functional as TF
from diffusers import DiffusionPipeline
from tqdm.auto import tqdm

device = "cuda"

stage_1 = DiffusionPipeline.from_pretrained("DeepFloyd/IF-I-L-v1.0", torch_dtype=torch.float16)
stage_1.to(device)
prompt_embeds_dict = torch.load("prompt_embeds_dict.pth")
alphas_cumprod = stage_1.scheduler.alphas_cumprod

test_im = load_picture("campanile.jpg")


def forward(im, t):
    """Noises a clean image."""
    with torch.no_grad():
        alpha_bar = alphas_cumprod[t]
        eps = torch.randn_like(im)
        im_noisy = torch.sqrt(alpha_bar) * im + torch.sqrt(1 - alpha_bar) * eps
    return im_noisy


for t in [250, 500, 750]:
    media.show_image(forward(test_im, t)[0].permute(1, 2, 0) / 2 + 0.5)

prompt_embeds = prompt_embeds_dict["a high quality photo"]

with torch.no_grad():
    for t in [250, 500, 750]:
        im_noisy = forward(test_im, t).half().to(device)
        noise_est = stage_1.unet(
            im_noisy,
            t,
            encoder_hidden_states=prompt_embeds.half().cuda(),
            return_dict=False,
        )[0]
        noise_est = noise_est[:, :3].cpu()
        alpha_bar = alphas_cumprod[t]
        original_im = (im_noisy.cpu() - torch.sqrt(1 - alpha_bar) * noise_est) / torch.sqrt(alpha_bar)
        media.show_image(original_im[0].permute(1, 2, 0) / 2 + 0.5)

strided_timesteps = list(range(990, -1, -30))
stage_1.scheduler.set_timesteps(timesteps=strided_timesteps)


def add_variance(predicted_variance, t, image):
    """Given: noise of the variance that the network predicts."""
    variance = stage_1.scheduler._get_variance(t, predicted_variance=predicted_variance)
    variance_noise = torch.randn_like(image)
    variance = torch.exp(0.5 * variance) * variance_noise
    return image + variance


def iterative_denoise(im_noisy, i_start, prompt_embeds, timesteps, display=True):
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]

            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t]
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            model_output = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)

            x0 = (image - torch.sqrt(1 - alpha_cumprod) * noise_est) / torch.sqrt(alpha_cumprod)
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            pred_prev_image = add_variance(predicted_variance, t, pred_prev_image)
            image = pred_prev_image
            if display and i % 5 == 0:
                media.show_image(image[0].permute(1, 2, 0).cpu() / 2 + 0.5)
    return image.cpu().detach().numpy()


i_start = 10
clean = iterative_denoise(forward(test_im, strided_timesteps[i_start]), i_start, prompt_embeds, strided_timesteps)


def iterative_denoise_cfg(im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]

            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t]
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            model_output = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            uncond_model_output = stage_1.unet(
                image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False
            )[0]
            noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)
            uncond_noise_est, _ = torch.split(uncond_model_output, image.shape[1], dim=1)

            cfg_noise = uncond_noise_est + scale * (noise_est - uncond_noise_est)

            x0 = (image - torch.sqrt(1 - alpha_cumprod) * cfg_noise) / torch.sqrt(alpha_cumprod)
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            image = add_variance(predicted_variance, t, pred_prev_image)
    return image.cpu().detach().numpy()


for i_start in [1, 3, 5, 7, 10, 20]:
    im_noisy = forward(test_im, strided_timesteps[i_start]).half().to(device)
    edit = iterative_denoise_cfg(
        im_noisy, i_start, prompt_embeds, prompt_embeds_dict[""], strided_timesteps, display=False
    )


def inpaint(original_image, mask, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = torch.randn_like(original_image).to(device).half()
    with torch.no_grad():
        for i in tqdm(range(len(timesteps) - 1)):
            t = timesteps[i]
            prev_t = timesteps[i + 1]

            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t]
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            model_output = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            uncond_output = stage_1.unet(image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)
            uncond_noise_est, _ = torch.split(uncond_output, image.shape[1], dim=1)
            noise = uncond_noise_est + scale * (noise_est - uncond_noise_est)

            x0 = (image - torch.sqrt(1 - alpha_cumprod) * noise) / torch.sqrt(alpha_cumprod)
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            pred_prev_image = add_variance(predicted_variance, t, pred_prev_image)
            image = mask * pred_prev_image + (1 - mask) * forward(original_image, prev_t)
    return image.cpu().detach().numpy()


def make_flip_illusion(image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    prompt_1, prompt_2 = prompt_embeds
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]

            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t]
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            flipped = torch.flip(image, [2])
            cond_1 = stage_1.unet(image, t, encoder_hidden_states=prompt_1, return_dict=False)[0]
            uncond_1 = stage_1.unet(image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            cond_2 = stage_1.unet(flipped, t, encoder_hidden_states=prompt_2, return_dict=False)[0]
            uncond_2 = stage_1.unet(flipped, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            noise_1, predicted_variance = torch.split(cond_1, image.shape[1], dim=1)
            uncond_1, _ = torch.split(uncond_1, image.shape[1], dim=1)
            noise_2, _ = torch.split(cond_2, image.shape[1], dim=1)
            uncond_2, _ = torch.split(uncond_2, image.shape[1], dim=1)
            eps_1 = uncond_1 + scale * (noise_1 - uncond_1)
            eps_2 = torch.flip(uncond_2 + scale * (noise_2 - uncond_2), [2])
            eps = (eps_1 + eps_2) / 2

            x0 = (image - torch.sqrt(1 - alpha_cumprod) * eps) / torch.sqrt(alpha_cumprod)
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            image = add_variance(predicted_variance, t, pred_prev_image)
    return image.cpu().detach().numpy()


def make_hybrids(image, i_start, prompt_embeds_1, prompt_embeds_2, uncond_prompt_embeds, timesteps, scale=7):
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]

            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t]
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            cond_1 = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds_1, return_dict=False)[0]
            cond_2 = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds_2, return_dict=False)[0]
            uncond = stage_1.unet(image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            noise_1, predicted_variance = torch.split(cond_1, image.shape[1], dim=1)
            noise_2, _ = torch.split(cond_2, image.shape[1], dim=1)
            uncond, _ = torch.split(uncond, image.shape[1], dim=1)
            eps_1 = uncond + scale * (noise_1 - uncond)
            eps_2 = uncond + scale * (noise_2 - uncond)
            low_pass = TF.gaussian_blur(eps_1, kernel_size=33, sigma=2)
            high_pass = eps_2 - TF.gaussian_blur(eps_2, kernel_size=33, sigma=2)
            eps = low_pass + high_pass

            x0 = (image - torch.sqrt(1 - alpha_cumprod) * eps) / torch.sqrt(alpha_cumprod)
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            image = add_variance(predicted_variance, t, pred_prev_image)
    return image.cpu().detach().numpy()
