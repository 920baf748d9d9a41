"""The formulas against the fastest sensible alternative.

A step of diffusers' DDPMScheduler also estimates x0 and draws its noise; ours is timed with both for that reason.
"""

from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DDPMScheduler

from reference.noising import cumulative_alphas, linear_betas

SHAPE = (4, 3, 64, 64)
ROUNDS = 20
AT_LEAST = 0.01  # seconds of a round


def race(bench, theirs, ours, about):
    results = bench.race(theirs | ours, ROUNDS, AT_LEAST)
    bench.facts(about=about)
    return [values[0] for values in results.values()]


@pytest.mark.benchmark(group="a DDPM step")
def test_ddpm_step(bench):
    code = bench.settings.code
    x_t, eps, noise = (torch.randn(SHAPE, device=code.device) for _ in range(3))
    scheduler: Any = DDPMScheduler(clip_sample=False)
    schedule = cumulative_alphas(linear_betas()).to(code.device)
    step = partial(code, "ddpm.posterior_step", x_t=x_t, t=500, t_prev=499, alphas_cumprod=schedule)

    def whole_step():
        x0 = code("ddpm.predict_x0", x_t=x_t, eps=eps, t=500, alphas_cumprod=schedule)
        return step(x0=x0, noise=torch.randn_like(x_t))

    theirs = {"diffusers' DDPMScheduler.step": lambda: scheduler.step(eps, 500, x_t).prev_sample}
    ours = {"posterior_step with x0 and noise": whole_step, "posterior_step": lambda: step(x0=eps, noise=noise)}
    for result in race(bench, theirs, ours, f"from t = 500 to 499 of {SHAPE}"):
        assert result.shape == SHAPE


@pytest.mark.benchmark(group="a DDIM step")
def test_ddim_step(bench):
    code = bench.settings.code
    x_t, eps, noise = (torch.randn(SHAPE, device=code.device) for _ in range(3))
    scheduler: Any = DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(50)
    schedule = cumulative_alphas(linear_betas()).to(code.device)
    step = partial(code, "ddim.ddim_step", x_t=x_t, eps=eps, noise=noise, t=500, t_prev=480, alphas_cumprod=schedule)
    theirs = {"diffusers' DDIMScheduler.step": lambda: scheduler.step(eps, 500, x_t).prev_sample}
    their_step, our_step = race(bench, theirs, {"ddim_step": step}, f"from t = 500 to 480 of {SHAPE}, η = 0")
    torch.testing.assert_close(our_step, their_step, atol=1e-5, rtol=1e-5)


@pytest.mark.benchmark(group="forward noising")
def test_add_noise(bench):
    code = bench.settings.code
    x0, noise = (torch.randn(SHAPE, device=code.device) for _ in range(2))
    t = torch.tensor([0, 300, 600, 999], device=code.device)
    scheduler: Any = DDPMScheduler()
    schedule = cumulative_alphas(linear_betas()).to(code.device)
    theirs = {"diffusers' DDPMScheduler.add_noise": lambda: scheduler.add_noise(x0, noise, t)}
    ours = {"add_noise": partial(code, "noising.add_noise", x0=x0, noise=noise, t=t, alphas_cumprod=schedule)}
    theirs_made, ours_made = race(bench, theirs, ours, f"a timestep per sample of {SHAPE}")
    torch.testing.assert_close(ours_made, theirs_made, atol=1e-5, rtol=1e-5)


def diffaug_cutout(x, ratio=0.5):
    """Cutout as Differentiable Augmentation formulates it: index grids, clamped, over a mask of ones."""
    height, width = int(x.shape[2] * ratio + 0.5), int(x.shape[3] * ratio + 0.5)
    top = torch.randint(0, x.shape[2] + (1 - height % 2), (len(x), 1, 1), device=x.device)
    left = torch.randint(0, x.shape[3] + (1 - width % 2), (len(x), 1, 1), device=x.device)
    batch, rows, columns = torch.meshgrid(
        *(torch.arange(size, device=x.device) for size in (len(x), height, width)), indexing="ij"
    )
    rows = torch.clamp(rows + top - height // 2, 0, x.shape[2] - 1)
    columns = torch.clamp(columns + left - width // 2, 0, x.shape[3] - 1)
    mask = torch.ones(len(x), x.shape[2], x.shape[3], device=x.device)
    mask[batch, rows, columns] = 0
    return x * mask.unsqueeze(1)


@pytest.mark.benchmark(group="cutout")
def test_cutout(bench):
    code = bench.settings.code
    x = torch.rand(16, 3, 64, 64, device=code.device)
    theirs = {"DiffAug's formulation": lambda: diffaug_cutout(x)}
    for result in race(bench, theirs, {"rand_cutout": partial(code, "augment.rand_cutout", x=x)}, f"{tuple(x.shape)}"):
        assert result.shape == x.shape


@pytest.mark.benchmark(group="the discriminator's loss")
def test_discriminator_loss(bench):
    code = bench.settings.code
    real, fake = torch.randn(64, device=code.device), torch.randn(64, device=code.device)
    theirs = {"softplus": lambda: F.softplus(-real).mean() + F.softplus(fake).mean()}
    ours = {"discriminator_loss": partial(code, "gan_losses.discriminator_loss", real_logits=real, fake_logits=fake)}
    their_loss, our_loss = race(bench, theirs, ours, "64 logits each")
    torch.testing.assert_close(our_loss, their_loss)


@pytest.mark.benchmark(group="R1 with its gradient")
def test_r1(bench):
    code = bench.settings.code
    if code.isolated:
        pytest.skip("the graph between images and logits stays in one process")
    discriminator = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 4, 2, 1), torch.nn.Softplus(), torch.nn.Flatten(), torch.nn.Linear(16 * 16 * 16, 1)
    ).to(code.device)
    images = torch.rand(8, 3, 32, 32, device=code.device, requires_grad=True)

    def plain():
        (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
        return 5 * gradient.square().sum() / len(images)

    def ours():
        logits = discriminator(images)
        return code("gan_losses.r1_penalty", real_images=images, real_logits=logits, gamma=10.0)

    def train_step(penalty):
        discriminator.zero_grad()
        loss = penalty()
        loss.backward()
        return loss.detach()

    theirs = {"plain autograd": partial(train_step, plain)}
    about = "8 pictures of 3 × 32 × 32, a small convolutional discriminator"
    their_penalty, our_penalty = race(bench, theirs, {"r1_penalty": partial(train_step, ours)}, about)
    torch.testing.assert_close(our_penalty, their_penalty, atol=0, rtol=1e-3)
