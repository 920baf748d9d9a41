import torch
from torch import Tensor

from reference.ddpm import predict_x0

from ...sandbox.crossing.probes import build, drop_pixels, saturate, shrink
from ...sandbox.crossing.values import Derived, Leaf, Probe
from . import CHAIN, Draw

_MEASURE = {"drop_pixels": drop_pixels, "shrink": shrink, "saturate": saturate, "keep_everything": lambda x: x}


def _measured(draw: Draw, operator: str, shape: tuple[int, ...], dtype: torch.dtype, met: Tensor | None = None):
    """A measurement of another image than the one that is being restored, so that the residual is far from 0.

    Of ``met`` it is one that is nearly met: the residual has a hundredth of the usual size.
    """
    other = draw.image(*shape, dtype=dtype)
    measured = _MEASURE[operator](other if met is None else met + other / 100)
    return {"measurement": measured, "operator": Probe(operator)}


def dps_gradient(draw: Draw):
    def point(operator, shape=(1, 2, 4, 6), dtype=torch.float64, near=False):
        x_t = draw.image(*shape, dtype=dtype)
        met = build("CurvedDenoiser")(x_t).detach() if near else None
        estimate = {"x_t": Leaf(x_t), "x0_hat": Derived("CurvedDenoiser", of="x_t")}
        return estimate | _measured(draw, operator, shape, dtype, met)

    def scaled(size):
        """Everything, and with it the residual, of another size."""
        x_t, other = (size * image for image in draw.images(2, (1, 2, 4, 6)))
        measured = {"measurement": drop_pixels(other), "operator": Probe("drop_pixels")}
        return {"x_t": Leaf(x_t), "x0_hat": Derived("scaled", of="x_t")} | measured

    yield "everything is measured", point("keep_everything")
    yield "inpainting", point("drop_pixels", (1, 5, 4, 6))
    yield "super-resolution, a small residual", point("shrink", (1, 3, 6, 4), near=True)
    yield "a measurement that is not linear", point("saturate")
    yield "a denoiser that scales, a large residual", scaled(30)
    yield "a denoiser that scales, a tiny residual", scaled(1e-5)
    yield "float32", point("shrink", (1, 1, 4, 6), torch.float32)


def dps_step(draw: Draw):
    for label, arguments in dps_gradient(draw):
        x_t = arguments["x_t"].tensor
        x_prev = draw.image(*x_t.shape, dtype=x_t.dtype)
        yield label, {"x_prev": x_prev} | arguments | {"scale": draw.number(0.3, 2)}
    yield "x_prev attached to x_t", {"x_prev": Derived("attached_step", of="x_t")} | arguments | {"scale": 0.7}
    yield "scale 0, x_prev attached to x_t", {"x_prev": Derived("attached_step", of="x_t")} | arguments | {"scale": 0.0}
    yield "scale 0", {"x_prev": draw.image(*x_t.shape, dtype=x_t.dtype)} | arguments | {"scale": 0.0}


def sample_dps(draw: Draw):
    def point(operator, timesteps, shape=(1, 2, 4, 6), steps=CHAIN, dtype=torch.float64, near=False, **options):
        x_T, schedule = draw.image(*shape, dtype=dtype), draw.schedule(steps, dtype)
        arguments = {"eps_model": Probe("CurvedEpsModel"), "x_T": x_T}
        met = None
        if near:
            eps = build("CurvedEpsModel")(x_T, timesteps[0]).detach()
            met = predict_x0(x_T, eps, timesteps[0], schedule)
        arguments |= _measured(draw, operator, shape, dtype, met)
        return arguments | {"timesteps": timesteps, "alphas_cumprod": schedule} | options

    noisy = {"eta": draw.number(0.3, 0.9), "noise_fn": Probe("steady_noise")}
    end = {"alphas_cumprod": draw.cosine_schedule(CHAIN)}
    yield "inpainting", point("drop_pixels", draw.timesteps(CHAIN, 4), (1, 5, 4, 6), scale=draw.number(0.3, 1.5))
    yield "from the end of a cosine schedule", point("drop_pixels", [CHAIN - 1, 45], scale=0.6) | end
    yield "defaults", point("shrink", [90, 60, 30, 0])
    yield "with noise", point("saturate", draw.timesteps(CHAIN, 3), scale=draw.number(0.3, 1.5), **noisy)
    yield "a single step, a small residual", point("drop_pixels", [draw.integer(15, 135)], scale=0.8, near=True)
    yield "a single step from timestep 0", point("drop_pixels", [0], scale=0.7, eta=1.0, noise_fn=Probe("steady_noise"))
    yield "scale 0 is DDIM", point("drop_pixels", draw.timesteps(CHAIN, 4), scale=0.0, **noisy)
    yield "every step of a chain of 4", point("keep_everything", [3, 2, 1, 0], steps=4, scale=0.4)
    yield "float32", point("shrink", [105, 45], (1, 1, 4, 6), dtype=torch.float32, scale=0.5)
