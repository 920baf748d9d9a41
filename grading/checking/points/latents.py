import torch

from . import Draw


def interpolate(draw: Draw):
    def point(shape, frames, dtype=torch.float64):
        a, b = draw.images(2, shape, dtype)
        return {"latent_a": a, "latent_b": b, "num_frames": frames}

    yield "w+", point((2, 6, 5), 7)
    yield "w", point((1, 1, 5), 31)
    yield "z", point((3, 4), draw.integer(4, 12))
    yield "the two ends alone", point((2, 3, 4), 2)
    yield "three frames", point((1, 8), 3)
    yield "float32", point((1, 6, 5), 5, torch.float32)
