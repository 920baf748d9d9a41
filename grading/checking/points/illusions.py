import torch

from ...sandbox.crossing.values import Probe
from . import Draw


def _two_prompts(draw: Draw, names: tuple[str, str], shape=(3, 2, 5, 7), dtype=torch.float64):
    first, second = draw.images(2, (shape[0], 4), dtype)
    x_t = draw.image(*shape, dtype=dtype)
    return {"model": Probe("conditional_eps_model"), "x_t": x_t, "t": draw.integer(0, 999)} | {
        names[0]: first,
        names[1]: second,
    }


def anagram_eps(draw: Draw):
    names = ("cond_upright", "cond_flipped")
    yield "three samples", _two_prompts(draw, names)
    yield "one sample, taller than wide", _two_prompts(draw, names, (1, 3, 8, 4))
    yield "square", _two_prompts(draw, names, (2, 3, 6, 6))
    yield "one channel, t = 0", _two_prompts(draw, names, (2, 1, 4, 6)) | {"t": 0}
    yield "float32", _two_prompts(draw, names, (2, 4, 4, 6), torch.float32)


def gaussian_kernel1d(draw: Draw):
    yield "defaults", {}
    yield "a narrow kernel", {"kernel_size": 7, "sigma": draw.number(0.5, 1.0)}
    yield "a wide Gaussian, cut off", {"kernel_size": 9, "sigma": draw.number(2, 6)}
    yield "one tap", {"kernel_size": 1, "sigma": 2.0}
    yield "random", {"kernel_size": 2 * draw.integer(3, 12) + 1, "sigma": draw.number(1, 4)}


def lowpass(draw: Draw):
    yield "defaults", {"x": draw.image(1, 2, 18, 23)}
    yield "a small kernel", {"x": draw.image(3, 2, 6, 9), "kernel_size": 5, "sigma": draw.number(0.7, 1.5)}
    yield "as wide as the image allows", {"x": draw.image(2, 3, 5, 6), "kernel_size": 9, "sigma": draw.number(1, 3)}
    # Large enough for the default, so that a kernel_size that is ignored shows in values, not in an error.
    yield "one channel", {"x": draw.image(1, 1, 18, 17), "kernel_size": 3, "sigma": 1.0}
    yield "one tap", {"x": draw.image(2, 2, 4, 5), "kernel_size": 1, "sigma": draw.number(0.7, 1.5)}
    yield "float32", {"x": draw.image(2, 4, 6, 8, dtype=torch.float32), "kernel_size": 7, "sigma": 1.3}


def hybrid_eps(draw: Draw):
    names = ("cond_low", "cond_high")
    small = {"kernel_size": 5, "sigma": draw.number(0.7, 1.5)}
    yield "a small kernel", _two_prompts(draw, names, (3, 2, 6, 9)) | small
    yield "defaults", _two_prompts(draw, names, (1, 3, 18, 20))
    yield "one channel, t = 0", _two_prompts(draw, names, (1, 1, 18, 17)) | {"kernel_size": 3, "sigma": 1.0, "t": 0}
    yield "float32", _two_prompts(draw, names, (2, 5, 6, 8), torch.float32) | small
