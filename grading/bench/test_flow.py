"""How few steps make good digits: by flow matching, and by DDIM with the same network and as much training."""

from collections.abc import Callable
from functools import partial

import pytest
import torch

from reference import networks
from reference.networks.quality import digit_distances, recognition_rate
from reference.networks.schedules import DIGIT_SCHEDULE
from reference.noising import strided_timesteps

from .contest import Counted
from .scenes import guided_digits

BATCHES = 4  # of digits, a round each
STEPS = (50, 25, 10, 5)


@pytest.mark.benchmark(group="Euler steps against DDIM steps")
@torch.no_grad()
def test_few_steps(bench):
    """As the cards measure: every class equally often, guided."""
    settings, code = bench.settings, bench.settings.code
    labels = torch.arange(10).repeat(12 if settings.device != "cpu" else 3)
    random = torch.Generator(code.device).manual_seed(settings.seed)
    noise = lambda: torch.randn(len(labels), 1, 28, 28, generator=random, device=code.device)
    by_flow, by_noise = (guided_digits(settings, name, labels) for name in ("flow", "class"))
    counted, contenders = dict[str, Counted](), dict[str, Callable]()
    for steps in STEPS:
        euler, ddim = f"Euler, {steps} steps", f"DDIM, {steps} steps"
        counted |= {euler: Counted(by_flow), ddim: Counted(lambda x_t, t: by_noise(x_t, _share(x_t, t)))}
        along = partial(code, "flow.sample_flow", v_model=counted[euler], num_steps=steps)
        down = partial(
            code,
            "ddim.sample_ddim",
            eps_model=counted[ddim],
            timesteps=strided_timesteps(len(DIGIT_SCHEDULE), steps),
            alphas_cumprod=DIGIT_SCHEDULE.to(code.device),
        )
        contenders |= {euler: lambda along=along: along(x0=noise()), ddim: lambda down=down: down(x_T=noise())}
    by_flow(noise(), torch.zeros(len(labels), device=code.device))
    rounds = bench.race(contenders, rounds=BATCHES, warm_up=False)

    classifier = networks.load("digit-classifier")
    for name, batches in rounds.items():
        fakes = torch.cat(batches).float().cpu()
        distances = digit_distances(fakes)
        bench.note(
            name,
            evaluations=counted[name].calls // len(batches),
            frechet=distances["fake"],
            recognised=recognition_rate(classifier, fakes.clamp(0, 1), labels.repeat(len(batches))),
        )
    bench.facts(
        about=f"{len(labels)} digits by the class-conditioned UNets, whose guided evaluation is two of the network",
        pictures=len(labels),
        samples=len(labels) * len(next(iter(rounds.values()))),
        frechet_real=distances["real"],
        frechet_noise=distances["noise"],
    )


def _share(x_t, t):
    """A timestep as the network takes it: one per sample, divided by T."""
    return torch.full((len(x_t),), t / len(DIGIT_SCHEDULE), device=x_t.device)
