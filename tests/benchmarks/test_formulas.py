"""The reference against the fastest sensible alternative, side by side in one run: read the ratios, not the times.

A step of diffusers' DDPMScheduler also estimates x0 and draws its noise; ours is timed with both for that reason.
"""

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DDPMScheduler

from reference.augment import rand_cutout
from reference.ddim import ddim_step
from reference.ddpm import posterior_step, predict_x0
from reference.gan_losses import discriminator_loss, r1_penalty
from reference.noising import cumulative_alphas, linear_betas

SHAPE = (4, 3, 64, 64)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.mark.benchmark(group="DDPM step (4, 3, 64, 64)")
@pytest.mark.parametrize("who", ["diffusers", "posterior_step", "posterior_step with x0 and noise"])
def test_ddpm_step(benchmark, who):
    x_t, eps, noise = (torch.randn(SHAPE) for _ in range(3))
    scheduler = DDPMScheduler(clip_sample=False)
    schedule = cumulative_alphas(linear_betas())

    def whole_step():
        x0 = predict_x0(x_t, eps, 500, schedule)
        return posterior_step(x_t, x0, torch.randn_like(x_t), 500, 499, schedule)

    run = {
        "diffusers": lambda: scheduler.step(eps, 500, x_t).prev_sample,
        "posterior_step": lambda: posterior_step(x_t, eps, noise, 500, 499, schedule),
        "posterior_step with x0 and noise": whole_step,
    }[who]
    assert benchmark(run).shape == SHAPE


@pytest.mark.benchmark(group="DDIM step (4, 3, 64, 64)")
@pytest.mark.parametrize("who", ["diffusers", "ddim_step"])
def test_ddim_step(benchmark, who):
    x_t, eps, noise = (torch.randn(SHAPE) for _ in range(3))
    scheduler = DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(50)
    schedule = cumulative_alphas(linear_betas())
    run = {
        "diffusers": lambda: scheduler.step(eps, 500, x_t).prev_sample,
        "ddim_step": lambda: ddim_step(x_t, eps, noise, 500, 480, schedule),
    }[who]
    assert benchmark(run).shape == SHAPE


def diffaug_cutout(x, ratio=0.5):
    """Cutout as Differentiable Augmentation formulates it: index grids, clamped, over a mask of ones."""
    height, width = int(x.shape[2] * ratio + 0.5), int(x.shape[3] * ratio + 0.5)
    top = torch.randint(0, x.shape[2] + (1 - height % 2), (len(x), 1, 1))
    left = torch.randint(0, x.shape[3] + (1 - width % 2), (len(x), 1, 1))
    batch, rows, columns = torch.meshgrid(
        torch.arange(len(x)), torch.arange(height), torch.arange(width), indexing="ij"
    )
    rows = torch.clamp(rows + top - height // 2, 0, x.shape[2] - 1)
    columns = torch.clamp(columns + left - width // 2, 0, x.shape[3] - 1)
    mask = torch.ones(len(x), x.shape[2], x.shape[3])
    mask[batch, rows, columns] = 0
    return x * mask.unsqueeze(1)


@pytest.mark.benchmark(group="cutout (16, 3, 64, 64)")
@pytest.mark.parametrize("cutout", [diffaug_cutout, rand_cutout], ids=["DiffAug's formulation", "rand_cutout"])
def test_cutout(benchmark, cutout):
    x = torch.rand(16, 3, 64, 64)
    assert benchmark(cutout, x).shape == x.shape


@pytest.mark.benchmark(group="discriminator loss, 64 logits")
@pytest.mark.parametrize("who", ["softplus", "discriminator_loss"])
def test_discriminator_loss(benchmark, who):
    real, fake = torch.randn(64), torch.randn(64)
    run = {
        "softplus": lambda: F.softplus(-real).mean() + F.softplus(fake).mean(),
        "discriminator_loss": lambda: discriminator_loss(real, fake),
    }[who]
    assert benchmark(run).ndim == 0


@pytest.mark.benchmark(group="R1 with its gradient, a small convolutional discriminator")
@pytest.mark.parametrize("who", ["plain autograd", "r1_penalty"])
def test_r1(benchmark, who):
    discriminator = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 4, 2, 1), torch.nn.Softplus(), torch.nn.Flatten(), torch.nn.LazyLinear(1)
    )
    images = torch.rand(8, 3, 32, 32, requires_grad=True)
    discriminator(images)

    def plain():
        (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
        return 5 * gradient.square().sum() / len(images)

    penalty = plain if who == "plain autograd" else lambda: r1_penalty(images, discriminator(images), 10.0)

    def train_step():
        discriminator.zero_grad()
        loss = penalty()
        loss.backward()
        return loss

    assert benchmark(train_step).ndim == 0
