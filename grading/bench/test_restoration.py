"""What DPS costs above DDIM, and what fewer timesteps do to it."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from reference import data
from reference.data.draws import seeded
from reference.networks.schedules import EMOJI_SCHEDULE
from reference.noising import strided_timesteps

from ..sandbox.gradients import Differentiable
from .contest import Counted
from .scenes import emoji

STEPS = (50, 25, 10, 5)
COUNT = 4


@pytest.mark.benchmark(group="DPS against DDIM")
def test_dps(bench):
    """Super-resolution of emoji: the measurement is the means over 4 × 4 pixels."""
    settings, code = bench.settings, bench.settings.code
    network, device = emoji(settings), code.device
    operator = lambda x: F.avg_pool2d(x, 4)
    truth = data.load("emoji", size=32).floats(-1, 1)[:: 422 // COUNT][:COUNT].to(device)
    random = seeded(device, settings.seed, "DPS")
    noise_fn = lambda x: torch.randn(x.shape, generator=random, device=device)
    shared = {
        "x_T": noise_fn(truth),
        "alphas_cumprod": EMOJI_SCHEDULE.to(device),
        "eta": 1.0,
        "noise_fn": noise_fn,
    }
    counted, contenders = {}, {}
    for steps in STEPS:
        timesteps = strided_timesteps(len(EMOJI_SCHEDULE), steps)
        for sampler in ("DDIM", "DPS"):
            name = f"{sampler}, {steps} steps"
            counted[name] = Counted(network)
            arguments = shared | {"timesteps": timesteps}
            if sampler == "DDIM":
                run = torch.no_grad()(partial(code, "ddim.sample_ddim", eps_model=counted[name], **arguments))
            else:
                arguments |= {"measurement": operator(truth), "operator": Differentiable(operator), "scale": 0.5}
                run = partial(code, "dps.sample_dps", eps_model=Differentiable(counted[name]), **arguments)
            contenders[name] = run
    contenders["DDIM, 5 steps"](), contenders["DPS, 5 steps"]()
    for one in counted.values():
        one.calls = 0
    rounds = bench.race(contenders, rounds=bench.few, warm_up=False)
    for name, pictures in rounds.items():
        found = pictures[-1]
        figures: dict[str, float] = {"evaluations": counted[name].calls // len(pictures)}
        if name.startswith("DPS"):
            figures |= {
                "misfit": float(F.mse_loss(operator(found), operator(truth))),
                "error": float(F.mse_loss(found.clamp(-1, 1), truth)),
            }
        bench.note(name, **figures)
    blurred = F.interpolate(operator(truth), scale_factor=4.0)
    bench.facts(
        about=f"{COUNT} emoji of 3 × 32 × 32 from means over 4 × 4 pixels, η = 1; DDIM draws as many without measurement",
        error_of_measurement=float(F.mse_loss(blurred, truth)),
    )
