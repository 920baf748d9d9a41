"""Our chains against diffusers' pipelines: the same network, steps, noise and pictures."""

import importlib
from typing import Any

import pytest
import torch

from reference.networks._torchvision import declare_missing_operators
from reference.noising import cumulative_alphas, linear_betas, strided_timesteps

from .code import at

STEPS = 10  # with random weights, more of them make a picture of the least rounding
BATCH = 2
ROUNDS = 25  # short ones: some of them meet an idle machine
SIZE = 32


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.benchmark(group=f"{name} pipelines")) for name in ("DDIM", "DDPM")],
)
@torch.no_grad()
def test_pipeline(bench, name):
    declare_missing_operators()
    diffusers: Any = importlib.import_module("diffusers")
    settings, code = bench.settings, bench.settings.code
    steps = 3 if settings.quick else STEPS
    unet = diffusers.UNet2DModel(
        sample_size=SIZE,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )
    unet = unet.to(settings.device).eval()
    scheduler = getattr(diffusers, f"{name}Scheduler")()  # linear β, x0 clipped: as ours below
    pipeline = getattr(diffusers, f"{name}Pipeline")(unet, scheduler)
    pipeline.set_progress_bar_config(disable=True)
    schedule = cumulative_alphas(linear_betas()).to(code.device)
    timesteps = strided_timesteps(len(schedule), steps)

    def theirs():
        random = torch.Generator(settings.device).manual_seed(settings.seed)
        return pipeline(batch_size=BATCH, generator=random, num_inference_steps=steps, output_type="np").images

    def ours():
        random = torch.Generator(settings.device).manual_seed(settings.seed)
        noise = lambda x: torch.randn(x.shape, generator=random, device=settings.device).to(x.device)
        x0 = code(
            f"{name.lower()}.sample_{name.lower()}",
            eps_model=at(settings.device, lambda x_t, t: unet(x_t, t).sample),
            x_T=noise(torch.empty(BATCH, 3, SIZE, SIZE, device=code.device)),
            timesteps=timesteps,
            alphas_cumprod=schedule,
            noise_fn=noise,
            clip_x0=True,
        )
        return (x0 / 2 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).numpy()

    results = bench.race({f"diffusers' {name}Pipeline": theirs, f"sample_{name.lower()}": ours}, rounds=ROUNDS)
    theirs_made, ours_made = (pictures[0] for pictures in results.values())
    difference = abs(theirs_made - ours_made)
    assert difference.mean() < 0.01  # of pictures in [0, 1]: one network rounds in two ways on a graphics card
    bench.note(f"sample_{name.lower()}", difference=float(difference.max()))
    bench.facts(about=f"{BATCH} pictures of {SIZE} × {SIZE} in {steps} steps by one UNet2DModel with random weights")
