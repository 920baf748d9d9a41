import torch

from ...sandbox.crossing.probes import drop_pixels, saturate, shrink
from ...sandbox.crossing.values import Derived, Leaf, Probe
from . import CHAIN, Draw

_MEASURE = {"drop_pixels": drop_pixels, "shrink": shrink, "saturate": saturate, "keep_everything": lambda x: x}


def _measured(draw: Draw, operator: str, shape: tuple[int, ...], dtype: torch.dtype):
    """A measurement of another image than the one that is being restored, so that the residual is far from 0."""
    return {"measurement": _MEASURE[operator](draw.image(*shape, dtype=dtype)), "operator": Probe(operator)}


def dps_gradient(draw: Draw):
    def point(operator, denoiser="CurvedDenoiser", shape=(1, 2, 4, 6), dtype=torch.float64):
        x_t = Leaf(draw.image(*shape, dtype=dtype))
        return {"x_t": x_t, "x0_hat": Derived(denoiser, of="x_t")} | _measured(draw, operator, shape, dtype)

    yield "everything is measured", point("keep_everything")
    yield "inpainting", point("drop_pixels")
    yield "super-resolution", point("shrink", shape=(1, 3, 6, 4))
    yield "a measurement that is not linear", point("saturate")
    yield "a denoiser that scales", point("drop_pixels", "scaled")
    yield "float32", point("shrink", shape=(1, 1, 4, 6), dtype=torch.float32)


def dps_step(draw: Draw):
    for label, arguments in dps_gradient(draw):
        x_t = arguments["x_t"].tensor
        x_prev = draw.image(*x_t.shape, dtype=x_t.dtype)
        yield label, {"x_prev": x_prev} | arguments | {"scale": draw.number(0.3, 2)}
    yield "x_prev attached to x_t", {"x_prev": Derived("attached_step", of="x_t")} | arguments | {"scale": 0.7}
    yield "scale 0", {"x_prev": draw.image(*x_t.shape, dtype=x_t.dtype)} | arguments | {"scale": 0.0}


def sample_dps(draw: Draw):
    def point(operator, timesteps, shape=(1, 2, 4, 6), steps=CHAIN, dtype=torch.float64, **options):
        arguments = {"eps_model": Probe("CurvedEpsModel"), "x_T": draw.image(*shape, dtype=dtype)}
        arguments |= _measured(draw, operator, shape, dtype)
        return arguments | {"timesteps": timesteps, "alphas_cumprod": draw.schedule(steps, dtype)} | options

    noisy = {"eta": draw.number(0.3, 0.9), "noise_fn": Probe("steady_noise")}
    yield "inpainting", point("drop_pixels", draw.timesteps(CHAIN, 4), scale=draw.number(0.3, 1.5))
    yield "defaults", point("shrink", [90, 60, 30, 0])
    yield "with noise", point("saturate", draw.timesteps(CHAIN, 3), scale=draw.number(0.3, 1.5), **noisy)
    yield "a single step", point("drop_pixels", [draw.integer(15, 135)], scale=0.8)
    yield "scale 0 is DDIM", point("drop_pixels", draw.timesteps(CHAIN, 4), scale=0.0, **noisy)
    yield "every step of a chain of 4", point("keep_everything", [3, 2, 1, 0], steps=4, scale=0.4)
    yield "float32", point("shrink", [105, 45], (1, 1, 4, 6), dtype=torch.float32, scale=0.5)
