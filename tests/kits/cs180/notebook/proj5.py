# Cells begin at "# %%"; the test makes a notebook of them.
# %%
!pip install -q diffusers mediapy
%matplotlib inline
from google.colab import drive
drive.mount("/content/drive")
# %%
import numpy as np
import torch, mediapy as media
import torch.nn.functional as F
from torch import nn
import torchvision.transforms as T
import matplotlib.pyplot as plt

device = torch.device("cuda")
# %%
stage_1 = DiffusionPipeline.from_pretrained("DeepFloyd/IF-I-XL-v1.0", variant="fp16")
alphas_cumprod = stage_1.scheduler.alphas_cumprod
test_im = load("campanile.jpg")
# %%
def noise_image(im, t):
    a = alphas_cumprod[t].item()
    return np.sqrt(a) * im + np.sqrt(1 - a) * torch.randn(im.shape).to(im.device)

levels = [250, 500, 750]
noisy_ims = [noise_image(test_im, level) for level in levels]
# %%
fig, axs = plt.subplots(1, 3)
for k, level in enumerate(levels):
    out = stage_1.unet(noisy_ims[k].half().cuda(), level, encoder_hidden_states=prompt_embeds, return_dict=False)
    noise_est = out[0][:, :3].float()
    abar = alphas_cumprod[level]
    estimate = noisy_ims[k] - (1 - abar).sqrt() * noise_est
    estimate /= abar.sqrt()
    axs[k].imshow(estimate[0].permute(1, 2, 0) / 2 + 0.5)
# %%
strided_timesteps = [*range(990, -1, -30)]
stage_1.scheduler.set_timesteps(timesteps=strided_timesteps)

def ddpm_step(x, eps, variance, t, t_next):
    """One step of equation 3, with floats."""
    abar, abar_next = alphas_cumprod[t].item(), alphas_cumprod[t_next].item()
    a = abar / abar_next
    b = 1 - a
    x0 = (x - (1 - abar) ** 0.5 * eps) / abar**0.5
    mean = abar_next**0.5 * b / (1 - abar) * x0 + a**0.5 * (1 - abar_next) / (1 - abar) * x
    return add_variance(variance, t, mean)

def predict(x, t, *prompts):
    """Noise estimates for several prompts in one batch, and the variance of the first."""
    many = torch.cat([x] * len(prompts)), torch.cat(prompts)
    out = stage_1.unet(many[0], t, encoder_hidden_states=many[1], return_dict=False)[0]
    eps, variance = out.split(3, dim=1)
    return [*eps.chunk(len(prompts)), variance.chunk(len(prompts))[0]]

cfg = lambda u, c, s: u + s * (c - u)

@torch.no_grad()
def iterative_denoise(image, istart, prompt_embeds, timesteps, display=False):
    for t, t_next in zip(timesteps[istart:], timesteps[istart + 1:]):
        eps, variance = predict(image, t, prompt_embeds)
        image = ddpm_step(image, eps, variance, t, t_next)
    clean = image[0].permute(1, 2, 0).cpu().numpy() / 2 + 0.5
    return np.clip(clean, 0, 1)

@torch.no_grad()
def iterative_denoise_cfg(image, istart, prompt_embeds, uncond_embeds, timesteps, gamma=7):
    for t, t_next in zip(timesteps[istart:], timesteps[istart + 1:]):
        u, c, variance = predict(image, t, uncond_embeds, prompt_embeds)
        image = ddpm_step(image, cfg(u, c, gamma), variance, t, t_next)
    return image
# %%
for istart in [1, 3, 5]:
    media.show_image(iterative_denoise_cfg(noise_image(test_im, strided_timesteps[istart]), istart, p, u, strided_timesteps))
# %%
@torch.no_grad()
def inpaint_image(original_image, mask, prompt_embeds, uncond_embeds, timesteps, scale=7):
    image = torch.randn((1, 3, 64, 64)).half().cuda()
    for t, t_next in zip(timesteps, timesteps[1:]):
        u, c, variance = predict(image, t, uncond_embeds, prompt_embeds)
        image = ddpm_step(image, cfg(u, c, scale), variance, t, t_next)
        a = alphas_cumprod[t_next].item()
        noised = a**0.5 * original_image + (1 - a) ** 0.5 * torch.randn_like(original_image)
        image = noised + mask * (image - noised)
    return image
# %%
@torch.no_grad()
def visual_anagrams(prompt1_embeds, prompt2_embeds, uncond_embeds, timesteps, scale=7):
    image = torch.randn((1, 3, 64, 64)).half().cuda()
    for t, t_next in zip(timesteps, timesteps[1:]):
        u1, c1, variance = predict(image, t, uncond_embeds, prompt1_embeds)
        u2, c2, _ = predict(image.flip(2), t, uncond_embeds, prompt2_embeds)
        eps = 0.5 * cfg(u1, c1, scale) + 0.5 * cfg(u2, c2, scale).flip(2)
        image = ddpm_step(image, eps, variance, t, t_next)
    return image.cpu()
# %%
blur = T.GaussianBlur(kernel_size=33, sigma=2)

@torch.no_grad()
def make_hybrids(prompt_embeds_1, prompt_embeds_2, uncond_embeds, timesteps, scale=7, im_shape=(1, 3, 64, 64)):
    image = torch.randn(im_shape).half().cuda()
    lowpass = T.GaussianBlur(33, 2.0)
    for t, t_next in zip(timesteps, timesteps[1:]):
        u, c1, c2, variance = predict(image, t, uncond_embeds, prompt_embeds_1, prompt_embeds_2)
        e1, e2 = cfg(u, c1, scale), cfg(u, c2, scale)
        image = ddpm_step(image, lowpass(e1) + e2 - lowpass(e2), variance, t, t_next)
    return image.cpu()
# %%
class DoubleConv(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.a, self.b = nn.Conv2d(cin, cout, 3, padding=1), nn.BatchNorm2d(cout)
    def forward(self, x):
        return F.gelu(self.b(self.a(x)))

class SimpleUNet(nn.Module):
    def __init__(self, in_channels, D):
        super().__init__()
        self.c1, self.c2, self.c3 = DoubleConv(in_channels, D), DoubleConv(D, 2 * D), DoubleConv(2 * D, 2 * D)
        self.u1, self.u2 = DoubleConv(4 * D, D), DoubleConv(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, 1)
    def forward(self, x, scale1=1, scale2=1, shift1=0, shift2=0):
        a = self.c1(x)
        b = self.c2(F.avg_pool2d(a, 2))
        c = self.c3(F.avg_pool2d(b, 2)) * scale1 + shift1
        d = self.u1(torch.cat([F.interpolate(c, scale_factor=2), b], 1)) * scale2 + shift2
        return self.out(self.u2(torch.cat([F.interpolate(d, scale_factor=2), a], 1)))
# %%
sigma = 0.5
net = SimpleUNet(1, 128)
mse = nn.MSELoss()
for epoch in range(5):
    for x, y in train_loader:
        with torch.autocast("cuda"):
            loss = mse(net(x + sigma * torch.randn_like(x)), x)
        loss.backward()
# %%
class FC(nn.Sequential):
    def __init__(self, cin, cout):
        super().__init__(nn.Linear(cin, cout), nn.GELU(), nn.Linear(cout, cout))

class TimeUNet(SimpleUNet):
    def __init__(self, in_channels, num_hiddens):
        super().__init__(in_channels, num_hiddens)
        self.f1, self.f2 = FC(1, 2 * num_hiddens), FC(1, num_hiddens)
    def forward(self, x, t):
        t = t.reshape(len(x), 1).to(torch.float32)
        return super().forward(x, self.f1(t)[..., None, None], self.f2(t)[..., None, None])

class ClassUNet(SimpleUNet):
    def __init__(self, in_channels, num_hiddens, num_classes=10):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.f1, self.f2 = FC(1, 2 * num_hiddens), FC(1, num_hiddens)
        self.g1, self.g2 = FC(num_classes, 2 * num_hiddens), FC(num_classes, num_hiddens)
    def forward(self, x, t, labels, drop_mask=None):
        y = torch.nn.functional.one_hot(labels, self.num_classes).to(torch.float32)
        if drop_mask is not None:
            y = y * (1 - drop_mask.float()).unsqueeze(1)
        t = t.reshape(len(x), 1)
        grow = lambda v: v[..., None, None]
        return super().forward(x, grow(self.g1(y)), grow(self.g2(y)), grow(self.f1(t)), grow(self.f2(t)))
# %%
def fm_loss(model, x1, num_ts=50):
    t = torch.randint(0, num_ts + 1, (x1.size(0),), device=x1.device).float() / num_ts
    x0 = torch.randn_like(x1)
    s = t[:, None, None, None]
    velocity = model(torch.lerp(x0, x1, s), t)
    return ((velocity - (x1 - x0)) ** 2).mean()

def class_fm_loss(model, x1, labels, p_uncond=0.1, num_ts=50):
    t = torch.rand(x1.size(0), 1, device=x1.device)
    drop = torch.rand(x1.size(0), device=x1.device) < p_uncond
    x0 = torch.randn_like(x1)
    s = t[:, :, None, None]
    velocity = model(x1 * s + x0 * (1 - s), t, labels, drop)
    return F.mse_loss(x1 - x0, velocity)

@torch.no_grad()
def sample_fm(model, n=16, num_ts=50, img_size=(28, 28)):
    x = torch.randn(n, 1, *img_size).cuda()
    for t in torch.arange(num_ts) / num_ts:
        x += model(x, t.repeat(n).cuda()) * (1 / num_ts)
    return x.clone()

@torch.no_grad()
def sample_class_fm(model, labels, guidance=5.0, num_ts=50, img_size=(28, 28)):
    n = len(labels)
    x = torch.randn(n, 1, *img_size).cuda()
    drop = torch.cat([torch.zeros(n), torch.ones(n)]).bool()
    for i in range(num_ts):
        t = torch.full((2 * n, 1), i / num_ts)
        c, u = model(torch.cat([x, x]), t, torch.cat([labels, labels]), drop).chunk(2)
        x = x + (guidance * c + (1 - guidance) * u) / num_ts
    return x
