import torch

from . import FIRST, Draw


def linear_betas(draw: Draw):
    yield "defaults", {}
    yield "a short chain", {"num_train_steps": draw.integer(5, 60)}
    yield "T = 300", {"num_train_steps": 300}
    yield "a long chain", {"num_train_steps": draw.integer(1200, 2400)}
    yield (
        "other ends",
        {
            "num_train_steps": draw.integer(100, 400),
            "beta_start": draw.number(1e-3, 1e-2),
            "beta_end": draw.number(0.03, 0.3),
        },
    )


scaled_linear_betas = linear_betas


def cosine_betas(draw: Draw):
    yield "defaults", {}
    yield "a short chain", {"num_train_steps": draw.integer(5, 60)}
    yield "another offset", {"num_train_steps": draw.integer(20, 50), "offset": draw.number(0.02, 0.2)}
    hardly_any = {"offset": draw.number(1e-4, 2e-4)}  # and not none: f(0) may be 0 in a wrong curve
    yield "a long chain with hardly any offset", {"num_train_steps": draw.integer(1200, 2400)} | hardly_any
    yield "a low bound", {"num_train_steps": draw.integer(20, 50), "max_beta": draw.number(0.1, 0.5)}


def _steps_of(alphas_cumprod: torch.Tensor) -> torch.Tensor:
    return 1 - alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])


def cumulative_alphas(draw: Draw):
    for dtype in (torch.float64, torch.float32):
        yield f"random betas, {dtype}", {"betas": torch.from_numpy(draw.rng.uniform(0.01, 0.2, 40)).to(dtype)}
    yield "a linear table of 1000", {"betas": torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)}
    yield "the betas of a cosine schedule", {"betas": _steps_of(draw.cosine_schedule())}
    yield "one step", {"betas": torch.tensor([0.3], dtype=torch.float64)}


def strided_timesteps(draw: Draw):
    yield "T = 1000, S = 50", {"num_train_steps": 1000, "num_inference_steps": 50}
    yield "T is no multiple of S", {"num_train_steps": 1000, "num_inference_steps": 30}
    yield "S = T", {"num_train_steps": 37, "num_inference_steps": 37}
    yield "S = 1", {"num_train_steps": draw.integer(10, 99), "num_inference_steps": 1}
    yield "S just below T", {"num_train_steps": 20, "num_inference_steps": 13}
    steps = draw.integer(100, 900)
    yield "random", {"num_train_steps": steps, "num_inference_steps": draw.integer(2, steps)}


def add_noise(draw: Draw):
    def point(t, shape=(3, 2, 5, 7), steps=1000, dtype=torch.float64):
        x0, noise = draw.images(2, shape, dtype)
        return {"x0": x0, "noise": noise, "t": t, "alphas_cumprod": draw.schedule(steps, dtype)}

    yield "middle t", point(draw.integer(300, 700))
    yield "low t", point(draw.integer(0, 30))
    yield "the end of a cosine schedule", point(999) | {"alphas_cumprod": draw.cosine_schedule()}
    yield "one t per sample", point(draw.with_both_ends(3))
    yield "one t per sample, as many samples as columns", point(draw.some_twice(4), (4, 3, 6, 4))
    yield "one t per sample, everything of size 3", point(draw.timestep_per_sample(3), (3, 3, 3, 3))
    yield "a batch of one with t of shape (1,)", point(draw.timestep_per_sample(1), (1, 3, 4, 6))
    yield "t = 0 of shape (1,), one channel", point(FIRST, (1, 1, 4, 6))
    yield "a chain of 60", point(draw.integer(20, 59), steps=60)
    yield "float32", point(draw.timestep_per_sample(2), (2, 4, 6, 5), dtype=torch.float32)
