import torch

from ...sandbox.crossing.values import Probe
from . import STEPS, Draw
from .ddpm import sample_ddpm


def ddim_sigma(draw: Draw):
    for label, (t, t_prev) in STEPS.items():
        yield label, {"t": t, "t_prev": t_prev, "alphas_cumprod": draw.schedule(), "eta": draw.number(0.2, 0.9)}
    cosine = {"t": 999, "t_prev": 998, "alphas_cumprod": draw.cosine_schedule()}
    yield "the end of a cosine schedule", cosine | {"eta": draw.number(0.2, 0.9)}
    yield "eta = 0", {"t": 500, "t_prev": 400, "alphas_cumprod": draw.schedule(), "eta": 0.0}
    yield "eta = 1", {"t": 30, "t_prev": 0, "alphas_cumprod": draw.schedule(), "eta": 1.0}
    yield "float32", {"t": 700, "t_prev": 640, "alphas_cumprod": draw.schedule(dtype=torch.float32), "eta": 0.5}


def ddim_step(draw: Draw):
    def point(t, t_prev, shape=(3, 2, 5, 7), steps=1000, dtype=torch.float64, **eta):
        x_t, eps, noise = draw.images(3, shape, dtype)
        schedule = draw.schedule(steps, dtype)
        return {"x_t": x_t, "eps": eps, "noise": noise, "t": t, "t_prev": t_prev, "alphas_cumprod": schedule} | eta

    for label, (t, t_prev) in STEPS.items():
        yield f"{label}, eta = 0", point(t, t_prev)
        yield f"{label}, eta between 0 and 1", point(t, t_prev, eta=draw.number(0.2, 0.9))
    cosine = {"alphas_cumprod": draw.cosine_schedule()}
    yield "the end of a cosine schedule", point(999, 998, eta=draw.number(0.2, 0.9)) | cosine
    yield "eta = 1", point(60, 30, (2, 5, 4, 6), eta=1.0)
    yield "a chain of 60, one sample", point(*draw.step(60), (1, 3, 6, 4), 60, eta=0.5)
    yield "float32", point(540, 480, (2, 1, 6, 5), dtype=torch.float32, eta=0.5)


def sample_ddim(draw: Draw):
    for label, arguments in sample_ddpm(draw):
        yield f"{label}, eta = 0", {k: v for k, v in arguments.items() if k != "noise_fn"}
        if "float32" not in label:
            yield f"{label}, eta between 0 and 1", arguments | {"eta": draw.number(0.3, 0.9)}
    yield "eta = 1", dict(arguments, eta=1.0, noise_fn=Probe("steady_noise"))
