"""Stand-ins for the functions that graded code is handed: networks, measurement operators, noise sources.

Each is small, sees every element of its input, and is without symmetry: it distinguishes up from down, left from
right, one channel, one timestep and one condition from the next, so that a mistake in how it is called shows in what
comes out. None is an oracle: nothing that can be read off a probe is an answer.

Both sides build them by name. Where no gradient has to flow the grader keeps the probe and answers over the wire; the
differentiable ones (for ``dps``) are built beside the student's code.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pattern(x: Tensor, phase: float) -> Tensor:
    """A fixed image of x's size without symmetry, values about in [-1, 1]; the same for every sample."""
    index = torch.arange(x[0].numel(), dtype=torch.float64, device=x.device).reshape(x.shape[1:])
    return torch.sin(index * 12.9898 + index.sqrt() + phase).to(x.dtype)


def noise_per_sample(x: Tensor, phase: float) -> Tensor:
    """Like :func:`pattern` but different for every sample, with about unit variance."""
    index = torch.arange(x.numel(), dtype=torch.float64, device=x.device).reshape(x.shape)
    return 1.4 * torch.sin(index * 78.233 + (index + 1).sqrt() * 3 + phase).to(x.dtype)


def timestep(t: Any, x: Tensor) -> Tensor:
    """t as the network sees it: an int; a tensor of one value, or of one per sample, is taken as well."""
    values = torch.as_tensor(t, dtype=torch.float64, device=x.device).flatten()
    if values.numel() not in (1, len(x)):
        raise ValueError(f"the network takes t as an int, got {values.numel()} timesteps for {len(x)} images")
    return values.reshape(-1, 1, 1, 1)


def eps_model(x_t: Tensor, t: Any) -> Tensor:
    """A linear network: every output pixel mixes its neighbour, its mirror image and its sample's channels."""
    gain = (0.35 + 0.15 * torch.sin(timestep(t, x_t) * 0.37)).to(x_t.dtype)
    mixed = 0.3 * x_t.roll(1, dims=3) - 0.2 * x_t.flip(2) + 0.15 * x_t.roll(1, dims=1) + 0.1 * x_t.mean((2, 3), True)
    return gain * x_t + mixed + 0.3 * pattern(x_t, 0.5)


def conditional_eps_model(x_t: Tensor, t: Any, cond: Tensor) -> Tensor:
    """The linear network with a gain and a bias that depend, not linearly, on every entry of the condition."""
    if not (isinstance(cond, Tensor) and cond.ndim == 2 and len(cond) == len(x_t)):
        shape = tuple(cond.shape) if isinstance(cond, Tensor) else type(cond).__name__
        raise ValueError(f"the network takes cond of shape (B, D) with B = {len(x_t)}, got {shape}")
    weights = torch.linspace(0.5, 1.5, cond.shape[1], dtype=cond.dtype, device=cond.device)
    strength = torch.tanh((cond * weights).sum(1)).reshape(-1, 1, 1, 1).to(x_t.dtype)
    return (1 + 0.4 * strength) * eps_model(x_t, t) + strength * pattern(x_t, 2.0) + strength**2 * pattern(x_t, 4.0)


class CurvedEpsModel(nn.Module):
    """A network with parameters that is not linear, so that where its gradient is taken matters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.6, 0.3], dtype=torch.float64))
        self.outputs: list[Any] = []  # autograd nodes of earlier calls
        self.kept_graph = False

    def forward(self, x_t: Tensor, t: Any) -> Tensor:
        self.kept_graph |= _reaches(x_t.grad_fn, self.outputs)
        weight = self.weight.to(x_t.dtype)
        eps = weight[0] * eps_model(x_t, t) + weight[1] * torch.tanh(x_t.roll(1, dims=2) + 0.5 * x_t)
        if eps.grad_fn is not None:
            self.outputs.append(eps.grad_fn)
        return eps


def _reaches(node: Any, targets: list[Any]) -> bool:
    """Whether an autograd graph still holds one of the target nodes."""
    seen: set[Any] = set()
    todo = [node]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        if node in targets:
            return True
        seen.add(node)
        todo += [parent for parent, _ in node.next_functions]
    return False


class CurvedDenoiser(nn.Module):
    """x_t -> an estimate of x_0 through a network with parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.network = CurvedEpsModel()

    def forward(self, x_t: Tensor) -> Tensor:
        return 1.25 * x_t - 0.75 * self.network(x_t, 500)


def scaled(x_t: Tensor) -> Tensor:
    """A denoiser whose Jacobian is 1.5 times the identity."""
    return 1.5 * x_t


def attached_step(x_t: Tensor) -> Tensor:
    """An x_prev that still hangs on x_t's graph, as a sampler's own step does."""
    return 0.9 * x_t - 0.1 * torch.tanh(x_t)


def keep_everything(x: Tensor) -> Tensor:
    return x


def drop_pixels(x: Tensor) -> Tensor:
    """Inpainting: a fixed third of the pixels is not observed."""
    keep = torch.arange(x.shape[2] * x.shape[3], device=x.device).reshape(x.shape[2:]) % 3 != 1
    return x * keep


def shrink(x: Tensor) -> Tensor:
    """Super-resolution: means of 2 × 2 pixels."""
    return F.avg_pool2d(x, 2)


def saturate(x: Tensor) -> Tensor:
    """A measurement that is not linear and mixes channels."""
    return torch.tanh(x + 0.3 * x.roll(1, dims=3)) + 0.2 * x.sum(1, keepdim=True)


def steady_noise(x: Tensor) -> Tensor:
    """The same noise at every call: the result cannot depend on how often or in which order noise is drawn."""
    return noise_per_sample(x, 1.0)


def no_noise(x: Tensor) -> Tensor:
    return torch.zeros_like(x)


_CLASSES = (CurvedEpsModel, CurvedDenoiser)
_FUNCTIONS = (
    eps_model,
    conditional_eps_model,
    scaled,
    attached_step,
    keep_everything,
    drop_pixels,
    shrink,
    saturate,
    steady_noise,
    no_noise,
)


def build(name: str) -> Callable:
    """The probe of this name; a network is built anew each time, so that it remembers nothing."""
    for network in _CLASSES:
        if network.__name__ == name:
            return network()
    return next(function for function in _FUNCTIONS if function.__name__ == name)
