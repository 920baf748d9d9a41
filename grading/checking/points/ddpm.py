import torch

from ...sandbox.crossing.values import Probe
from . import CHAIN, FIRST, STEPS, Draw


def predict_x0(draw: Draw):
    def point(t, shape=(3, 2, 5, 7), steps=1000, dtype=torch.float64):
        x_t, eps = draw.images(2, shape, dtype)
        return {"x_t": x_t, "eps": eps, "t": t, "alphas_cumprod": draw.schedule(steps, dtype)}

    yield "middle t", point(draw.integer(300, 700))
    yield "low t", point(draw.integer(0, 30))
    yield "t = 0", point(0)
    yield "the end of a cosine schedule", point(999) | {"alphas_cumprod": draw.cosine_schedule()}
    yield "one t per sample", point(draw.with_both_ends(3))
    yield "one t per sample, as many samples as columns", point(draw.some_twice(4), (4, 3, 6, 4))
    yield "a batch of one with t of shape (1,)", point(draw.timestep_per_sample(1), (1, 3, 4, 6))
    yield "t = 0 of shape (1,), one channel", point(FIRST, (1, 1, 4, 6))
    yield "a chain of 60", point(draw.integer(20, 59), steps=60)
    yield "far outside [-1, 1]", {**point(draw.integer(300, 700)), "x_t": 5 * draw.image(3, 2, 5, 7)}
    yield "float32", point(draw.timestep_per_sample(2), (2, 4, 6, 5), dtype=torch.float32)


def posterior_variance(draw: Draw):
    for label, (t, t_prev) in STEPS.items():
        yield label, {"t": t, "t_prev": t_prev, "alphas_cumprod": draw.schedule()}
    yield "the end of a cosine schedule", {"t": 999, "t_prev": 998, "alphas_cumprod": draw.cosine_schedule()}
    t, t_prev = draw.step(60)
    yield "a chain of 60", {"t": t, "t_prev": t_prev, "alphas_cumprod": draw.schedule(60)}
    yield "float32", {"t": 700, "t_prev": 640, "alphas_cumprod": draw.schedule(dtype=torch.float32)}


def posterior_step(draw: Draw):
    def point(t, t_prev, shape=(3, 2, 5, 7), steps=1000, dtype=torch.float64):
        x_t, x0, noise = draw.images(3, shape, dtype)
        schedule = draw.schedule(steps, dtype)
        return {"x_t": x_t, "x0": x0, "noise": noise, "t": t, "t_prev": t_prev, "alphas_cumprod": schedule}

    for label, (t, t_prev) in STEPS.items():
        yield label, point(t, t_prev)
    yield "the end of a cosine schedule", point(999, 998) | {"alphas_cumprod": draw.cosine_schedule()}
    yield "a chain of 60, one sample", point(*draw.step(60), (1, 3, 6, 4), 60)
    yield "four channels", point(*draw.step(), (2, 4, 3, 5))
    yield "float32", point(540, 480, (2, 1, 6, 5), dtype=torch.float32)


def sample_ddpm(draw: Draw):
    def point(steps, timesteps, shape=(3, 2, 5, 7), dtype=torch.float64, **options):
        x_T, schedule = draw.image(*shape, dtype=dtype), draw.schedule(steps, dtype)
        arguments = {"eps_model": Probe("eps_model"), "x_T": x_T, "timesteps": timesteps, "alphas_cumprod": schedule}
        return arguments | {"noise_fn": Probe("steady_noise")} | options

    yield "uneven strides", point(CHAIN, draw.timesteps(CHAIN, 5))
    yield (
        "from the end of a cosine schedule down to 0",
        point(CHAIN, [CHAIN - 1, 90, 60, 30, 0]) | {"alphas_cumprod": draw.cosine_schedule(CHAIN)},
    )
    yield "low t", point(CHAIN, [12, 6, 0])
    yield "every step of a chain of 6", point(6, [5, 4, 3, 2, 1, 0], (2, 5, 4, 6))
    yield "with x0 clipped", point(CHAIN, draw.timesteps(CHAIN, 4), clip_x0=True)
    yield "a single step", point(CHAIN, [draw.integer(15, 135)])
    yield "a single step from timestep 0, one channel", point(CHAIN, [0], (2, 1, 4, 6))
    yield "float32, one sample", point(CHAIN, [135, 75, 15], (1, 3, 4, 6), torch.float32)
