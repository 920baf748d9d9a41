import torch

from ...sandbox.crossing.values import Leaf, Probe
from . import Draw
from .inversion import MASKS


def flow(draw: Draw, shape=(3, 2, 5, 7), dtype=torch.float64):
    """Between pixels, never at one, where a bilinear surface has a crease; some of it leads out of the image."""
    batch, _, height, width = shape
    whole = torch.from_numpy(draw.rng.integers(-2, 3, (batch, 2, height, width)))
    return (whole + torch.from_numpy(draw.rng.uniform(0.1, 0.9, whole.shape))).to(dtype)


def warp(draw: Draw):
    def point(moved, shape=(3, 2, 5, 7), dtype=torch.float64):
        return {"image": Leaf(draw.image(*shape, dtype=dtype)), "flow": moved}

    steady = torch.tensor([1.0, -2.0], dtype=torch.float64).reshape(1, 2, 1, 1).expand(3, 2, 5, 7)
    yield "nothing moves", point(torch.zeros(3, 2, 5, 7, dtype=torch.float64))
    yield "one down, two left", point(steady.clone(), (3, 5, 5, 7))
    yield "between pixels", point(Leaf(flow(draw)))
    yield "one sample, higher than wide", point(Leaf(flow(draw, (1, 3, 7, 4))), (1, 3, 7, 4))
    yield "float32", point(flow(draw, (2, 1, 6, 4), torch.float32), (2, 1, 6, 4), torch.float32)


def warp_loss(draw: Draw):
    for label, shape in MASKS.items():
        image, source = draw.images(2)
        yield label, {"image": Leaf(image), "source": source, "flow": flow(draw), "mask": draw.mask(*shape)}
    shape, dtype = (1, 5, 6, 4), torch.float32
    image, source = draw.images(2, shape, dtype)
    yield (
        "float32",
        {"image": image, "source": source, "flow": flow(draw, shape, dtype), "mask": torch.ones(1, 1, 6, 4)},
    )


def encoder_start(draw: Draw):
    for label, batch, dtype in (("three", 3, torch.float64), ("one", 1, torch.float64), ("float32", 2, torch.float32)):
        yield label, {"encoder": Probe("PoorEncoder"), "target": draw.image(batch, 2, 3, 4, dtype=dtype)}
