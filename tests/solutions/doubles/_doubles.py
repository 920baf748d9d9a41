"""Everything is computed on copies in float64, one sample after the other, and rounded once at the end."""

import functools
from dataclasses import dataclass
from math import sqrt

import torch


def own(x):
    """A copy in float64 that may be written into."""
    return x.clone().to(torch.float64)


def per_sample(f):
    """f on single samples, run for every one of a batch; the result has the dtype of the first argument.

    Tensors with a batch axis are taken apart, everything else is handed on as it is.
    """

    @functools.wraps(f)
    def run(x, *rest):
        samples = []
        for b in range(x.shape[0]):
            samples.append(f(own(x[b]), *(own(r[b]) if torch.is_tensor(r) else r for r in rest)))
        return torch.stack(samples, dim=0).to(x.dtype)

    return run


def timestep_of(t, b):
    """The timestep of sample b as an int."""
    return int(t[b]) if torch.is_tensor(t) and t.dim() == 1 else int(t)


@dataclass(frozen=True)
class Level:
    """One noise level as Python floats."""

    abar: float

    @classmethod
    def at(cls, t, alphas_cumprod):
        return cls(1.0) if t == -1 else cls(float(alphas_cumprod[t]))

    @property
    def signal(self):
        return sqrt(self.abar)

    @property
    def noise(self):
        return sqrt(1.0 - self.abar)

    @property
    def sigma(self):
        """Noise over signal: the level in a variance-exploding chain."""
        return sqrt((1.0 - self.abar) / self.abar)


@dataclass(frozen=True)
class Stride:
    """A step from one level to a less noisy one."""

    here: Level
    there: Level

    @classmethod
    def between(cls, t, t_prev, alphas_cumprod):
        return cls(Level.at(t, alphas_cumprod), Level.at(t_prev, alphas_cumprod))

    @property
    def to_clean(self):
        return self.there.abar == 1.0

    @property
    def precisions(self):
        """What the clean image says about x_prev, and what x_t says about it."""
        alpha = self.here.abar / self.there.abar
        return 1.0 / (1.0 - self.there.abar), alpha / (1.0 - alpha)

    @property
    def variance(self):
        """Of a product of two Gaussians."""
        return 0.0 if self.to_clean else 1.0 / sum(self.precisions)

    def ancestral(self, eta):
        """(down, up): the levels to which the estimate and the fresh noise are added, in the exploding chain."""
        here, there = self.here.sigma, self.there.sigma
        up = eta * sqrt(there**2 * (here**2 - there**2) / here**2)
        return sqrt(max(there**2 - up**2, 0.0)), up
