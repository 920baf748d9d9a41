import torch

from ...sandbox.crossing.values import Probe
from . import Draw


def denoiser_loss(draw: Draw):
    def point(sigma, shape=(3, 2, 5, 7), dtype=torch.float64):
        x0, noise = draw.images(2, shape, dtype)
        return {"model": Probe("DenoisingModel"), "x0": x0, "noise": noise, "sigma": sigma}

    yield "sigma = 0.5", point(0.5)
    yield "without noise", point(0.0)
    yield "strong noise", point(draw.number(1.5, 3), (2, 5, 6, 4))
    yield "one sample", point(draw.number(0.1, 0.9), (1, 3, 4, 6))
    yield "float32", point(0.3, (2, 1, 6, 4), torch.float32)


def _noised(draw: Draw, t, shape=(3, 2, 5, 7), steps=256, dtype=torch.float64):
    """T is a power of two, so that t / T is exact in float32, the dtype that dividing whole numbers gives."""
    x0, noise = draw.images(2, shape, dtype)
    return {"x0": x0, "noise": noise, "t": t, "alphas_cumprod": draw.schedule(steps, dtype)}


def ddpm_loss(draw: Draw):
    model = {"model": Probe("TimeModel")}
    yield "T = 256", model | _noised(draw, draw.timestep_per_sample(3, 256))
    yield (
        "both ends of a cosine schedule",
        model
        | _noised(draw, torch.tensor([0, 255, 128]), (3, 5, 5, 7))
        | {"alphas_cumprod": draw.cosine_schedule(256)},
    )
    yield "T = 1024, as many samples as columns", model | _noised(draw, draw.some_twice(4), (4, 3, 6, 4), 1024)
    yield "one sample", model | _noised(draw, draw.timestep_per_sample(1, 64), (1, 3, 4, 6), 64)
    yield "every sample at t = 0", model | _noised(draw, torch.zeros(2, dtype=torch.int64), (2, 1, 6, 4))
    yield "T = 300, float32", model | _noised(draw, draw.timestep_per_sample(2, 300), (2, 1, 6, 4), 300, torch.float32)


def class_ddpm_loss(draw: Draw):
    for label, arguments in ddpm_loss(draw):
        batch, dtype = len(arguments["x0"]), arguments["x0"].dtype
        labels = torch.from_numpy(draw.rng.integers(0, 10, batch))
        keep = torch.arange(batch).remainder(2).to(dtype)
        rest = arguments | {"model": Probe("ClassModel"), "labels": labels}
        yield f"{label}, some dropped", rest | {"keep": keep}
        yield f"{label}, others dropped", rest | {"keep": 1 - keep}
