"""What the tests of the reference share. It imports nothing from ``reference``: jaxtyping's import hook comes first."""

import numpy as np
import pytest
import torch


@pytest.fixture
def rand():
    """Seeded normal tensors: ``rand(3, 2, 5, 4)``. Every call draws anew."""
    generator = torch.Generator().manual_seed(20240607)

    def draw(*shape, dtype=torch.float64):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    return draw


@pytest.fixture
def alphas_cumprod():
    """DDPM's schedule in float64, by numpy."""
    return torch.from_numpy(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)))


@pytest.fixture
def linear_model():
    """A noise predictor with a known Jacobian, depending on t: eps = (0.3 + t / 2000) x + 0.1."""
    return lambda x_t, t: (0.3 + t / 2000) * x_t + 0.1


@pytest.fixture
def recorded():
    """``recorded(rand)`` is a noise_fn that keeps each of its draws in ``.draws``."""

    class Recorded:
        def __init__(self, rand):
            self.rand, self.draws = rand, []

        def __call__(self, x):
            self.draws.append(self.rand(*x.shape, dtype=x.dtype))
            return self.draws[-1].clone()

    return Recorded


@pytest.fixture
def diffusers_scheduler():
    """``diffusers_scheduler(cls, schedule, steps, …)``: our conventions, its float32 tables widened to float64.

    Widened, the table is the same numbers, and every step is computed in float64: an oracle to 12 digits.
    """

    def build(cls, schedule, num_inference_steps=None, widen=True, **config):
        scheduler = cls(
            beta_schedule=schedule, timestep_spacing="leading", steps_offset=0, **{"clip_sample": False, **config}
        )
        if num_inference_steps is not None:
            scheduler.set_timesteps(num_inference_steps)
        if widen:
            for name in ("betas", "alphas", "alphas_cumprod", "one", "final_alpha_cumprod"):
                if hasattr(scheduler, name):
                    setattr(scheduler, name, getattr(scheduler, name).double())
        return scheduler

    return build
