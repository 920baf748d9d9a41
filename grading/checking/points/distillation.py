import torch

from ...sandbox.crossing.values import Leaf
from . import FIRST, Draw


def _levels(draw: Draw):
    yield "middle t", draw.integer(300, 700), (3, 2, 5, 7), draw.schedule()
    yield "low t", draw.integer(0, 30), (3, 2, 5, 7), draw.schedule()
    yield "the end of a cosine schedule", 999, (3, 2, 5, 7), draw.cosine_schedule()
    yield "one t per sample", draw.with_both_ends(3), (3, 2, 5, 7), draw.schedule()
    yield "one t per sample, as many samples as columns", draw.some_twice(4), (4, 3, 6, 4), draw.schedule()
    yield "a batch of one with t of shape (1,)", draw.timestep_per_sample(1), (1, 3, 4, 6), draw.schedule()
    yield "t = 0 of shape (1,), one channel", FIRST, (1, 1, 4, 6), draw.schedule()
    yield "a chain of 60", draw.integer(10, 59), (2, 4, 3, 5), draw.schedule(60)


def sds_weight(draw: Draw):
    for label, t, _, schedule in _levels(draw):
        yield label, {"t": t, "alphas_cumprod": schedule}
    yield "float32", {"t": 640, "alphas_cumprod": draw.schedule(dtype=torch.float32)}


def _residual(draw: Draw, names: tuple[str, str]):
    for label, t, shape, schedule in _levels(draw):
        first, second = draw.images(2, shape)
        yield label, {names[0]: first, names[1]: second, "t": t, "alphas_cumprod": schedule}
    first, second = draw.images(2, (2, 1, 4, 6), torch.float32)
    schedule = draw.schedule(dtype=torch.float32)
    yield "float32", {names[0]: first, names[1]: second, "t": 640, "alphas_cumprod": schedule}


def sds_residual(draw: Draw):
    return _residual(draw, ("eps_pred", "noise"))


def vsd_residual(draw: Draw):
    return _residual(draw, ("eps_pretrained", "eps_lora"))


def surrogate_loss(draw: Draw):
    for label, shape, dtype in (
        ("three samples", (3, 2, 5, 7), torch.float64),
        ("one sample", (1, 3, 6, 4), torch.float64),
        ("one pixel", (2, 1, 1, 1), torch.float64),
        ("float32", (2, 4, 4, 6), torch.float32),
    ):
        x, residual = draw.images(2, shape, dtype)
        yield label, {"x": Leaf(x), "residual": residual}
