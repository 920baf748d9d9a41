"""The notebook of part A as the course gives it: what is to be written is missing."""

import mediapy as media
import torch
import torchvision.transforms.functional as TF
from diffusers import DiffusionPipeline

device = "cuda"
stage_1 = DiffusionPipeline.from_pretrained("DeepFloyd/IF-I-L-v1.0", torch_dtype=torch.float16)
prompt_embeds_dict = torch.load("prompt_embeds_dict.pth")
alphas_cumprod = stage_1.scheduler.alphas_cumprod
test_im = load_picture("campanile.jpg")


def forward(im, t):
    with torch.no_grad():
        # ===== your code here! =====

        # TODO:
        # im_noisy = ...

        # ===== end of code =====
    return im_noisy


prompt_embeds = prompt_embeds_dict["a high quality photo"]

with torch.no_grad():
    for t in [250, 500, 750]:
        # ===== your code here! =====
        im_noisy = None
        # ===== end of code =====

        noise_est = stage_1.unet(im_noisy.half().cuda(), t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
        noise_est = noise_est[:, :3].cpu()

        # ===== your code here! =====
        original_im = None
        # ===== end of code =====
        media.show_image(original_im)

# ===== your code here! =====
strided_timesteps = None
# ===== end of code =====


def add_variance(predicted_variance, t, image):
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
            # TODO: alpha_cumprod, alpha_cumprod_prev, alpha, beta
            model_output = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)
            # TODO: pred_prev_image
            image = pred_prev_image
    clean = image.cpu().detach().numpy()
    return clean


def iterative_denoise_cfg(im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]
            model_output = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            uncond_model_output = stage_1.unet(
                image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False
            )[0]
            noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)
            uncond_noise_est, _ = torch.split(uncond_model_output, image.shape[1], dim=1)
            pred_prev_image = None
            image = pred_prev_image
    clean = image.cpu().detach().numpy()
    return clean


def inpaint(original_image, mask, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = torch.randn_like(original_image).to(device).half()
    # ===== your code here! =====
    pass
    # ===== end of code =====
    clean = image_inpainted.cpu().detach().numpy()
    return clean


def make_flip_illusion(image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    # ===== your code here! =====
    pass


def make_hybrids(image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    # ===== your code here! =====
    pass
