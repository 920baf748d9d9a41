"""CS180 project 5 part A, exported from the notebook."""

import torch

from scheduler.DDPM_scheduler import DDPMScheduler


def forward(im, t, alphas_cumprod, noise=None):
    """Returns the noisy image at timestep t; the clean one has t = -1."""
    if noise is None:
        noise = torch.randn_like(im)
    if isinstance(t, int) and t < 0:
        return im + 0 * noise
    alpha_cumprod = alphas_cumprod[t]
    if not isinstance(t, int):
        alpha_cumprod = alpha_cumprod[:, None, None, None]
    return torch.sqrt(alpha_cumprod) * im + torch.sqrt(1 - alpha_cumprod) * noise


def iterative_denoise(im_noisy, i_start, model, timesteps, alphas_cumprod, noise_fn, clip=False, after_step=None):
    image = im_noisy
    scheduler = DDPMScheduler(alphas_cumprod)
    strided_timesteps = list(timesteps) + [-1]
    with torch.no_grad():
        for i in range(i_start, len(strided_timesteps) - 1):
            # Get timesteps
            t = strided_timesteps[i]
            prev_t = strided_timesteps[i + 1]

            # Get `alphas_cumprod` for timestep t and t' from this list
            alpha_cumprod = alphas_cumprod[t]
            alpha_cumprod_prev = alphas_cumprod[prev_t] if prev_t >= 0 else torch.tensor(1)
            alpha = alpha_cumprod / alpha_cumprod_prev
            beta = 1 - alpha

            # Get noise estimate
            noise_est = model(image, t)

            # Find x0
            x0 = (image - torch.sqrt(1 - alpha_cumprod) * noise_est) / torch.sqrt(alpha_cumprod)
            if clip:
                x0 = torch.clip(x0, -1, 1)

            # Find x_t'
            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            image = scheduler.add_variance(pred_prev_image, t, prev_t, noise_fn(image))
            if after_step is not None:
                image = after_step(image, prev_t)
    return image


def cfg(noise_est, uncond_noise_est, scale):
    """as (1 - scale) u + scale c"""
    return scale * noise_est + (1 - scale) * uncond_noise_est


def cfg_model(unet, prompt_embeds, uncond_prompt_embeds, scale):
    """The network of iterative_denoise_cfg: both prompts in one batch."""

    def model(image, t):
        out = unet(torch.cat([image, image]), t, torch.cat([prompt_embeds, uncond_prompt_embeds]))
        noise_est, uncond_noise_est = out.split(image.shape[0])
        return cfg(noise_est, uncond_noise_est, scale)

    return model


def inpaint(original_image, mask, model, timesteps, im_noisy, alphas_cumprod, noise_fn):
    def put_back(image, t):
        return mask * image + (1 - mask) * forward(original_image, t, alphas_cumprod, noise_fn(original_image))

    return iterative_denoise(im_noisy, 0, model, timesteps, alphas_cumprod, noise_fn, after_step=put_back)


def flip(image):
    return torch.flip(image, dims=(-2,))


def make_flip_noise(unet, image, t, prompt_embeds_1, prompt_embeds_2):
    noise_1 = unet(image, t, prompt_embeds_1)
    noise_2 = flip(unet(flip(image), t, prompt_embeds_2))
    return (noise_1 + noise_2) / 2


def get_gaussian_kernel(kernel_size, sigma):
    ksize_half = (kernel_size - 1) * 0.5
    x = torch.linspace(-ksize_half, ksize_half, steps=kernel_size, dtype=torch.float64)
    pdf = torch.exp(-0.5 * (x / sigma).pow(2))
    return pdf / pdf.sum()


def gaussian_blur(img, kernel_size, sigma):
    """torchvision's: a two-dimensional kernel on a reflected border."""
    kernel1d = get_gaussian_kernel(kernel_size, sigma)
    kernel2d = torch.outer(kernel1d, kernel1d).to(img)
    kernel = kernel2d.expand(img.shape[-3], 1, kernel_size, kernel_size)
    pad = kernel_size // 2
    img = torch.nn.functional.pad(img, [pad, pad, pad, pad], mode="reflect")
    return torch.nn.functional.conv2d(img, kernel, groups=img.shape[-3])


def make_hybrid_noise(unet, image, t, prompt_embeds_1, prompt_embeds_2, kernel_size, sigma):
    noise_1 = unet(image, t, prompt_embeds_1)
    noise_2 = unet(image, t, prompt_embeds_2)
    low = gaussian_blur(noise_1, kernel_size, sigma)
    high = noise_2 - gaussian_blur(noise_2, kernel_size, sigma)
    return low + high
