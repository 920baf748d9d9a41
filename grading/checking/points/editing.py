import torch

from ...sandbox.crossing.values import Probe
from . import CHAIN, Draw


def sdedit(draw: Draw):
    def point(start, timesteps, shape=(3, 2, 5, 7), steps=CHAIN, dtype=torch.float64):
        image, noise = draw.images(2, shape, dtype)
        return {
            "eps_model": Probe("eps_model"),
            "image": image,
            "noise": noise,
            "start": start,
            "timesteps": timesteps,
            "alphas_cumprod": draw.schedule(steps, dtype),
            "noise_fn": Probe("steady_noise"),
        }

    yield "start in the middle", point(2, draw.timesteps(CHAIN, 6))
    yield (
        "start = 0, from the end of a cosine schedule",
        point(0, [CHAIN - 1, 90, 45, 6]) | {"alphas_cumprod": draw.cosine_schedule(CHAIN)},
    )
    yield "start at the last entry, timestep 0", point(3, [135, 90, 45, 0])
    yield "a chain of one entry, one channel", point(0, [draw.integer(15, 135)], (2, 1, 4, 6))
    yield "start = 1 of an even chain", point(1, [120, 90, 60, 30, 0], (2, 5, 4, 6))
    yield "a chain of 12", point(3, [11, 9, 8, 5, 2, 0], steps=12)
    yield "float32, one sample", point(1, [135, 75, 15], (1, 3, 4, 6), dtype=torch.float32)


def repaint_blend(draw: Draw):
    def point(t_prev, shape=(3, 2, 5, 7), mask_shape=None, steps=1000, dtype=torch.float64):
        x_prev, x_orig, noise = draw.images(3, shape, dtype)
        return {
            "x_prev": x_prev,
            "x_orig": x_orig,
            "edit_mask": draw.mask(*(mask_shape or shape), dtype=dtype),
            "noise": noise,
            "t_prev": t_prev,
            "alphas_cumprod": draw.schedule(steps, dtype),
        }

    yield "middle level", point(draw.integer(300, 700))
    yield "the lowest level", point(0)
    yield "the clean image", point(-1)
    yield "the highest level, of a cosine schedule", point(998) | {"alphas_cumprod": draw.cosine_schedule()}
    yield "one mask for the batch", point(draw.integer(100, 900), mask_shape=(1, 2, 5, 7))
    yield "one mask for all channels", point(draw.integer(100, 900), mask_shape=(3, 1, 5, 7))
    yield "one mask for everything", point(draw.integer(100, 900), mask_shape=(1, 1, 5, 7))
    yield "the clean image, one mask for everything", point(-1, mask_shape=(1, 1, 5, 7))
    yield "everything of size 3, a chain of 60", point(draw.integer(5, 58), (3, 3, 3, 3), (1, 1, 3, 3), 60)
    yield "float32, one sample", point(draw.integer(100, 900), (1, 4, 6, 5), dtype=torch.float32)


def inpaint(draw: Draw):
    def point(timesteps, shape=(3, 2, 5, 7), mask_shape=None, steps=CHAIN, dtype=torch.float64):
        x_T, x_orig = draw.images(2, shape, dtype)
        return {
            "eps_model": Probe("eps_model"),
            "x_T": x_T,
            "x_orig": x_orig,
            "edit_mask": draw.mask(*(mask_shape or (shape[0], 1, *shape[2:])), dtype=dtype),
            "timesteps": timesteps,
            "alphas_cumprod": draw.schedule(steps, dtype),
            "noise_fn": Probe("steady_noise"),
        }

    yield "uneven strides", point(draw.timesteps(CHAIN, 5))
    yield (
        "from the end of a cosine schedule down to 0",
        point([CHAIN - 1, 90, 60, 30, 0]) | {"alphas_cumprod": draw.cosine_schedule(CHAIN)},
    )
    yield "low t, one mask for everything", point([12, 6, 0], mask_shape=(1, 1, 5, 7))
    yield "every step of a chain of 5", point([4, 3, 2, 1, 0], (2, 5, 4, 6), (2, 5, 4, 6), steps=5)
    yield "a single step", point([draw.integer(15, 135)])
    everything_new = {"edit_mask": torch.ones(2, 1, 4, 6, dtype=torch.float64)}
    yield "a single step from timestep 0, everything is new", point([0], (2, 1, 4, 6)) | everything_new
    everything_known = {"edit_mask": torch.zeros(2, 1, 4, 6, dtype=torch.float64)}
    yield "nothing is new", point([45, 15], (2, 1, 4, 6)) | everything_known
    yield "float32, one sample", point([135, 75, 15], (1, 3, 4, 6), dtype=torch.float32)
