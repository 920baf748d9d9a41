import torch

from ...sandbox.crossing.values import Leaf, Probe
from . import Draw

MASKS = {"a mask per element": (3, 2, 5, 7), "a mask per sample": (3, 1, 5, 7), "a mask for everything": (1, 1, 5, 7)}


def _pair(draw: Draw, shape=(3, 2, 5, 7), dtype=torch.float64):
    pred, target = draw.images(2, shape, dtype)
    return {"pred": Leaf(pred), "target": target}


def lp_loss(draw: Draw):
    yield "p = 1", _pair(draw)
    yield "p = 2", _pair(draw) | {"p": 2}
    yield "one sample", _pair(draw, (1, 5, 6, 4)) | {"p": 2}
    for i, (label, shape) in enumerate(MASKS.items()):
        yield label, _pair(draw) | {"p": 1 + i % 2, "mask": draw.mask(*shape)}
    empty = {name: getattr(value, "tensor", value) for name, value in _pair(draw).items()}
    yield "an empty mask", empty | {"mask": torch.zeros(3, 1, 5, 7, dtype=torch.float64)}
    yield "a mask of ones", _pair(draw, (2, 1, 4, 6)) | {"mask": torch.ones(1, 1, 4, 6, dtype=torch.float64)}
    yield "float32", _pair(draw, dtype=torch.float32) | {"mask": draw.mask(1, 2, 5, 7, dtype=torch.float32)}


def perceptual_loss(draw: Draw):
    yield "three samples", _pair(draw, (3, 2, 4, 6)) | {"features_fn": Probe("features_fn")}
    yield "one sample", _pair(draw, (1, 3, 6, 4)) | {"features_fn": Probe("features_fn")}
    yield "float32", _pair(draw, (2, 5, 4, 4), torch.float32) | {"features_fn": Probe("features_fn")}


def delta_penalty(draw: Draw):
    for label, shape in {"w+": (3, 6, 5), "w": (2, 1, 5), "z": (4, 7), "one sample": (1, 6, 5)}.items():
        yield label, {"delta": Leaf(draw.image(*shape))}
    yield "zeros", {"delta": Leaf(torch.zeros(2, 3, 4, dtype=torch.float64))}
    yield "float32", {"delta": Leaf(draw.image(3, 6, 5, dtype=torch.float32))}


def inversion_loss(draw: Draw):
    def point(shape=(3, 2, 4, 6), dtype=torch.float64, **options):
        arguments = _pair(draw, shape, dtype) | {"delta": Leaf(draw.image(shape[0], 6, 5, dtype=dtype))}
        return arguments | {"features_fn": Probe("features_fn")} | options

    weights = {
        "l1_weight": draw.number(1, 5),
        "perceptual_weight": draw.number(0.1, 2),
        "delta_weight": draw.number(0.1, 1),
    }
    yield "all three", point(**weights)
    yield "defaults, one sample", point((1, 2, 4, 6))
    yield "the penalty alone", point(l1_weight=0.0, perceptual_weight=0.0, delta_weight=2.0)
    yield "the features alone", point(l1_weight=0.0, perceptual_weight=1.5, delta_weight=0.0)
    yield "a mask per element", point(mask=draw.mask(3, 2, 4, 6), **weights)
    yield "a mask for everything", point(mask=draw.mask(1, 1, 4, 6), **weights)
    yield "features under a mask", point(mask=draw.mask(3, 1, 4, 6), l1_weight=0.0, perceptual_weight=1.0)
    yield "float32", point((2, 5, 4, 4), torch.float32, **weights)


def scribble_loss(draw: Draw):
    for label, shape in MASKS.items():
        image, sketch = draw.images(2)
        yield label, {"image": Leaf(image), "sketch": sketch, "mask": draw.mask(*shape)}
    for label, mask in {"nothing is drawn": torch.zeros, "all of it is drawn": torch.ones}.items():
        image, sketch = draw.images(2, (2, 1, 4, 6))
        yield label, {"image": Leaf(image), "sketch": sketch, "mask": mask(1, 1, 4, 6, dtype=torch.float64)}
    image, sketch = draw.images(2, (1, 5, 6, 4), torch.float32)
    yield "float32", {"image": Leaf(image), "sketch": sketch, "mask": draw.mask(1, 1, 6, 4, dtype=torch.float32)}


def gram_matrix(draw: Draw):
    for label, shape in {"three samples": (3, 4, 5, 7), "one channel": (2, 1, 4, 6), "square": (4, 4, 4, 4)}.items():
        yield label, {"features": Leaf(draw.image(*shape))}
    yield "float32", {"features": Leaf(draw.image(2, 3, 6, 4, dtype=torch.float32))}
