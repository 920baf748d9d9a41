import torch

from ...sandbox.crossing.values import Probe
from . import Draw

SCALES = {
    "scale 3.5": 3.5,
    "scale 0": 0.0,
    "scale 1": 1.0,
    "a scale below 1": 0.4,
    "scale 7.5": 7.5,
    "a negative scale": -1.5,
}


def classifier_free_guidance(draw: Draw):
    for label, scale in {**SCALES, "a random scale": draw.number(1.5, 9)}.items():
        eps_uncond, eps_cond = draw.images(2)
        yield label, {"eps_uncond": eps_uncond, "eps_cond": eps_cond, "scale": scale}
    eps_uncond, eps_cond = draw.images(2, (1, 4, 6, 3), torch.float32)
    yield "float32, one sample", {"eps_uncond": eps_uncond, "eps_cond": eps_cond, "scale": 2.5}


def guided_eps(draw: Draw):
    def point(scale, shape=(3, 2, 5, 7), dtype=torch.float64):
        cond, null_cond = draw.images(2, (shape[0], 4), dtype)
        return {
            "model": Probe("conditional_eps_model"),
            "x_t": draw.image(*shape, dtype=dtype),
            "t": draw.integer(0, 999),
            "cond": cond,
            "null_cond": null_cond,
            "scale": scale,
        }

    for label, scale in SCALES.items():
        yield label, point(scale)
    yield "a random scale", point(draw.number(1.5, 9), (2, 5, 4, 6))
    yield "one sample, t = 0", point(4.0, (1, 3, 6, 4)) | {"t": 0}
    yield "float32", point(2.5, (2, 1, 4, 6), torch.float32)
