"""Part A as a class: everything is a method, tables and model are attributes."""

import torch
from torchvision.transforms import functional as TF

from src.pictures import save_pictures


class DiffusionProcess:
    def __init__(self, stage_1):
        self.stage_1 = stage_1
        self.alphas_cumprod = stage_1.scheduler.alphas_cumprod
        self.stage_1.scheduler.set_timesteps(timesteps=list(range(990, -1, -30)))

    def forward(self, image, t):
        abar = self.alphas_cumprod[t]
        noisy = torch.randn_like(image)
        noisy *= (1 - abar) ** 0.5
        noisy += abar**0.5 * image
        return noisy

    def one_step_denoise(self, im_noisy, prompt_embeds, t):
        noise_est = self.stage_1.unet(
            im_noisy.half().cuda(), t, encoder_hidden_states=prompt_embeds, return_dict=False
        )[0][:, :3].cpu()
        abar = self.alphas_cumprod[t.item()]
        clean_est = im_noisy - torch.sqrt(1 - abar) * noise_est
        clean_est = clean_est / torch.sqrt(abar)
        return clean_est

    def add_variance(self, predicted_variance, t, image):
        variance = self.stage_1.scheduler._get_variance(t, predicted_variance=predicted_variance)
        return image + torch.exp(0.5 * variance) * torch.randn_like(image)

    def coefficients(self, t, prev_t):
        abar, abar_prev = self.alphas_cumprod[t], self.alphas_cumprod[prev_t]
        alpha = abar / abar_prev
        return abar, abar_prev, alpha, 1 - alpha

    def iterative_denoise(self, image, i_start, prompt_embeds, timesteps, display=True):
        image = image.clone()
        with torch.no_grad():
            for t, prev_t in zip(timesteps[i_start:-1], timesteps[i_start + 1 :]):
                abar, abar_prev, alpha, beta = self.coefficients(t, prev_t)
                output = self.stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
                noise_est, predicted_variance = output.chunk(2, dim=1)
                clean = (image - (1 - abar).sqrt() * noise_est) / abar.sqrt()
                clean *= abar_prev.sqrt() * beta
                image *= alpha.sqrt() * (1 - abar_prev)
                image = (image + clean) / (1 - abar)
                image = self.add_variance(predicted_variance, t, image)
                if display:
                    save_pictures(image.float().cpu(), f"step_{t}")
        return image.detach().cpu()

    def iterative_denoise_cfg(
        self, image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True
    ):
        with torch.no_grad():
            for i in range(i_start, len(timesteps) - 1):
                t, prev_t = timesteps[i], timesteps[i + 1]
                abar, abar_prev, alpha, beta = self.coefficients(t, prev_t)
                noise_est, predicted_variance = self.guided(image, t, prompt_embeds, uncond_prompt_embeds, scale)
                clean = (image - (1 - abar).sqrt() * noise_est) / abar.sqrt()
                mean = (abar_prev.sqrt() * beta * clean + alpha.sqrt() * (1 - abar_prev) * image) / (1 - abar)
                image = self.add_variance(predicted_variance, t, mean)
        return image.cpu()

    def guided(self, image, t, prompt, null, scale):
        unet = lambda embeds: self.stage_1.unet(image, t, encoder_hidden_states=embeds, return_dict=False)[0]
        conditional, predicted_variance = unet(prompt).chunk(2, dim=1)
        unconditional, _ = unet(null).chunk(2, dim=1)
        return scale * conditional + (1 - scale) * unconditional, predicted_variance

    def repaint(self, image, image_org, mask, i_start, prompt_embeds, uncond_embeds, timesteps, scale=7):
        with torch.no_grad():
            for i in range(i_start, len(timesteps) - 1):
                t, prev_t = timesteps[i], timesteps[i + 1]
                abar, abar_prev, alpha, beta = self.coefficients(t, prev_t)
                noise_est, predicted_variance = self.guided(image, t, prompt_embeds, uncond_embeds, scale)
                clean = (image - (1 - abar).sqrt() * noise_est) / abar.sqrt()
                mean = (abar_prev.sqrt() * beta * clean + alpha.sqrt() * (1 - abar_prev) * image) / (1 - abar)
                image = self.add_variance(predicted_variance, t, mean)
                known = self.forward(image_org, torch.tensor(prev_t).cuda())
                image = torch.where(mask.bool(), image, known)
        return image

    def flip_illusion(self, image, i_start, prompt_embeds1, prompt_embeds2, uncond_embeds, timesteps, scale=7):
        with torch.no_grad():
            for i in range(i_start, len(timesteps) - 1):
                t, prev_t = timesteps[i], timesteps[i + 1]
                abar, abar_prev, alpha, beta = self.coefficients(t, prev_t)
                upright, predicted_variance = self.guided(image, t, prompt_embeds1, uncond_embeds, scale)
                turned, _ = self.guided(image.flip(-2), t, prompt_embeds2, uncond_embeds, scale)
                noise_est = torch.stack([upright, turned.flip(-2)]).mean(0)
                clean = (image - (1 - abar).sqrt() * noise_est) / abar.sqrt()
                mean = (abar_prev.sqrt() * beta * clean + alpha.sqrt() * (1 - abar_prev) * image) / (1 - abar)
                image = self.add_variance(predicted_variance, t, mean)
        return image

    def hybrid(self, image, i_start, prompt_high, prompt_low, uncond_embeds, timesteps, scale=7):
        with torch.no_grad():
            for i in range(i_start, len(timesteps) - 1):
                t, prev_t = timesteps[i], timesteps[i + 1]
                abar, abar_prev, alpha, beta = self.coefficients(t, prev_t)
                far, predicted_variance = self.guided(image, t, prompt_low, uncond_embeds, scale)
                near, _ = self.guided(image, t, prompt_high, uncond_embeds, scale)
                noise_est = near + TF.gaussian_blur(far - near, 33, 2.0)
                clean = (image - (1 - abar).sqrt() * noise_est) / abar.sqrt()
                mean = (abar_prev.sqrt() * beta * clean + alpha.sqrt() * (1 - abar_prev) * image) / (1 - abar)
                image = self.add_variance(predicted_variance, t, mean)
        return image
