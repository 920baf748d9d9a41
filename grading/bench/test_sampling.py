"""How long a chain takes, and how good its pictures are."""

from functools import partial

import pytest
import torch

from reference.networks.quality import digit_distances
from reference.networks.schedules import DIGIT_SCHEDULE, DIGIT_STEPS, EMOJI_SCHEDULE, EMOJI_STEPS
from reference.noising import strided_timesteps

from .contest import Counted
from .scenes import digits, emoji

BATCHES = 4  # of digits, a round each


def chain(bench, network, sampler, steps, schedule, shape, clip_x0):
    """A sampler's chain of so many steps as a contender: new noise at each call."""
    code, random = bench.settings.code, torch.Generator(bench.settings.code.device).manual_seed(bench.settings.seed)
    noise = lambda x: torch.randn(x.shape, generator=random, device=random.device)
    return partial(
        lambda **arguments: code(
            f"{sampler.lower()}.sample_{sampler.lower()}", x_T=noise(torch.empty(shape)), **arguments
        ),
        eps_model=network,
        timesteps=strided_timesteps(len(schedule), steps),
        alphas_cumprod=schedule.to(code.device),
        noise_fn=noise,
        clip_x0=clip_x0,
    )


@pytest.mark.benchmark(group="DDPM's 1000 steps against DDIM's few")
@torch.no_grad()
def test_whole_chain(bench):
    chains = [("DDPM", EMOJI_STEPS), *(("DDIM", steps) for steps in (100, 50, 25, 10, 5))]
    network = emoji(bench.settings)
    counted = {f"{sampler}, {steps} steps": Counted(network) for sampler, steps in chains}
    contenders = {
        name: chain(bench, counted[name], sampler, steps, EMOJI_SCHEDULE, (1, 3, 32, 32), True)
        for name, (sampler, steps) in zip(counted, chains)
    }
    network(torch.zeros(1, 3, 32, 32, device=bench.settings.code.device), 0)
    rounds = bench.race(contenders, rounds=bench.few, warm_up=False)
    for name, pictures in rounds.items():
        assert pictures[0].shape == (1, 3, 32, 32)
        bench.note(name, evaluations=counted[name].calls // len(pictures))
    bench.facts(about=f"one 3 × 32 × 32 picture by the emoji UNet, whose chain has T = {EMOJI_STEPS:,} timesteps")


@pytest.mark.benchmark(group="quality over network evaluations")
@torch.no_grad()
def test_quality(bench):
    """Digits of the unconditional network, as the handouts' face model is, measured as in its card."""
    settings = bench.settings
    count = 500 if settings.device != "cpu" else 100
    chains = [("DDPM", steps) for steps in (DIGIT_STEPS, 100, 50, 25, 10)]
    chains += [("DDIM", steps) for steps in (100, 50, 25, 10, 5)]
    network = digits(settings)
    counted = {f"{sampler}, {steps} steps": Counted(network) for sampler, steps in chains}
    contenders = {
        name: chain(bench, counted[name], sampler, steps, DIGIT_SCHEDULE, (count // BATCHES, 1, 28, 28), False)
        for name, (sampler, steps) in zip(counted, chains)
    }
    network(torch.zeros(count // BATCHES, 1, 28, 28, device=settings.code.device), 0)
    rounds = bench.race(contenders, rounds=BATCHES, warm_up=False)

    for name, batches in rounds.items():
        distances = digit_distances(torch.cat(batches).float().cpu())
        (sampler, _) = name.split(", ")
        bench.note(name, sampler=sampler, evaluations=counted[name].calls // len(batches), frechet=distances["fake"])
    bench.facts(
        about=f"{count // BATCHES} digits by the time-conditioned UNet, whose chain has T = {DIGIT_STEPS} timesteps",
        pictures=count // BATCHES,
        samples=len(torch.cat(next(iter(rounds.values())))),
        frechet_real=distances["real"],
        frechet_noise=distances["noise"],
    )
