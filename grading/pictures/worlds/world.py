r"""What a technique knows of the world it runs in.

A diffusion model is a :class:`World`:

| math           | code                      | shape       | meaning                                                        |
| -------------- | ------------------------- | ----------- | -------------------------------------------------------------- |
| ᾱ              | ``schedule``              | (T,)        | that the model was trained with                                |
| x_t            |                           | (B, *shape) | noisy pictures; where the model works on latents, noisy latents |
| c, ∅           | ``embed``, ``null``       | (B, D)      | embedded prompts, and the empty one; D = 0 hears none          |
| ε_θ(x_t, t, c) | ``eps``                   | (B, *shape) | the predicted noise                                            |
| E, D           | ``encode``, ``decode``    |             | x_0 of a picture, and the picture of x_0                       |
|                | ``size``                  |             | pixels of a picture's side                                     |
| ε, z           | ``noise``, ``noise_fn``   |             | draws that depend on the world's seed and their own name only  |

A GAN is a :class:`Generator`. Networks run on the world's device, in its precision; tensors that come and go are
float32 on the CPU, where the submission's functions work.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from reference.data.draws import seeded

__all__ = ["EpsModel", "Generator", "NoiseFn", "World"]

EpsModel = Callable[[Tensor, int], Tensor]  # of x_t and t
NoiseFn = Callable[[Tensor], Tensor]  # new numbers at each call, shaped like its argument


class World(ABC):
    """A diffusion model with its schedule, its prompts and its noise."""

    seed: int
    schedule: Tensor
    shape: tuple[int, int, int]

    @property
    def size(self) -> int:
        """Pixels of a picture's side: those of x_0, unless the model works on latents."""
        return self.shape[-1]

    @property
    def in_pixels(self) -> bool:
        """Whether x_0 is a picture in [-1, 1]; latents have other ranges."""
        return self.size == self.shape[-1]

    @abstractmethod
    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts."""

    @abstractmethod
    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise; differentiable in x_t, and in what of the network is being trained."""

    def encode(self, image: Tensor) -> Tensor:
        """x_0 of pictures in [-1, 1]: the pictures themselves, unless the model works on latents."""
        return image

    def decode(self, x0: Tensor) -> Tensor:
        """The pictures of x_0."""
        return x0

    def null(self, count: int) -> Tensor:
        """The empty prompt, so many times."""
        return self.embed(*[""] * count)

    @torch.no_grad()
    def unconditional(self, x_t: Tensor, t: int) -> Tensor:
        """The network without a prompt, as a sampler's ``eps_model``."""
        return self.eps(x_t, t, self.null(len(x_t)))

    def prompted(self, prompts: Sequence[str]) -> EpsModel:
        """The network with these prompts, unguided, as a sampler's ``eps_model``."""
        cond, eps = self.embed(*prompts), torch.no_grad()(self.eps)
        return lambda x_t, t: eps(x_t, t, cond)

    def random(self, name: str) -> torch.Generator:
        """The generator of the draws of this name."""
        return seeded("cpu", self.seed, name)

    def noise(self, count: int, name: str) -> Tensor:
        """Normal numbers for so many x_t."""
        return torch.randn(count, *self.shape, generator=self.random(name))

    def noise_fn(self, name: str) -> NoiseFn:
        """A source of noise for a sampler."""
        generator = self.random(name)
        return lambda x: torch.randn(x.shape, generator=generator)


class Generator(Protocol):
    """A style-based generator as the contract's ``latents`` and ``inversion`` want it."""

    z_dim: int
    num_ws: int

    def mapping(self, z: Tensor) -> Tensor:
        """(N, z_dim) to (N, w_dim)."""

    def synthesis(self, ws: Tensor) -> Tensor:
        """(N, 1 or num_ws, w_dim) to pictures, about in [-1, 1]."""
