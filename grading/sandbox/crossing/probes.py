"""Stand-ins for the functions that graded code is handed: networks, measurement operators, noise sources.

Each is small, sees every element of its input, and is without symmetry: it distinguishes up from down, left from
right, one channel, one timestep and one condition from the next, so that a mistake in how it is called shows in what
comes out. None is an oracle: nothing that can be read off a probe is an answer.

Both sides build them by name. Where no gradient has to flow the grader keeps the probe and answers over the wire; the
differentiable ones (for ``dps``) are built beside the student's code.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pattern(x: Tensor, phase: float) -> Tensor:
    """A fixed image of x's size without symmetry, values about in [-1, 1]; the same for every sample."""
    return _tensor_like(x, _waves(12.9898, 1, 0, phase, x.shape[1:]))


def noise_per_sample(x: Tensor, phase: float) -> Tensor:
    """Like :func:`pattern` but different for every sample, with about unit variance."""
    return 1.4 * _tensor_like(x, _waves(78.233, 3, 1, phase, x.shape))


def _tensor_like(x: Tensor, values: np.ndarray) -> Tensor:
    return torch.from_numpy(values).to(x.device, x.dtype, copy=True)


@lru_cache(maxsize=1024)  # asked for thousands of times, of few shapes; no tensors, which may belong to a transform
def _waves(frequency: float, chirp: int, first: int, phase: float, shape: torch.Size) -> np.ndarray:
    index = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    return np.sin(index * frequency + np.sqrt(index + first) * chirp + phase)


def timestep(t: Any, x: Tensor) -> Tensor:
    """t as the network sees it: an int; a tensor of one value, or of one per sample, is taken as well."""
    values = torch.as_tensor(t, dtype=torch.float64, device=x.device).flatten()
    if values.numel() not in (1, len(x)):
        raise ValueError(f"the network takes t as an int, got {values.numel()} timesteps for {len(x)} images")
    return values.reshape(-1, 1, 1, 1)


def eps_model(x_t: Tensor, t: Any) -> Tensor:
    """A linear network: every output pixel mixes its neighbour, its mirror image and its sample's channels."""
    gain = _gain(t) if type(t) is int else (0.35 + 0.15 * torch.sin(timestep(t, x_t) * 0.37)).to(x_t.dtype)
    mixed = 0.3 * x_t.roll(1, dims=3) - 0.2 * x_t.flip(2) + 0.15 * x_t.roll(1, dims=1) + 0.1 * x_t.mean((2, 3), True)
    return gain * x_t + mixed + 0.3 * pattern(x_t, 0.5)


def _gain(t: int) -> float:
    return 0.35 + 0.15 * math.sin(t * 0.37)


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


class Discriminator(nn.Module):
    """Images -> logits (B,), neither linear nor quadratic; no sample sees another."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.8, -0.5, 0.3], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype)
        linear = (x * pattern(x, 0.3)).flatten(1).sum(1)
        square = (x**2 * pattern(x, 1.1)).flatten(1).sum(1)
        curved = torch.tanh(x + 0.5 * x.roll(1, dims=3)).flatten(1).sum(1)
        return weight[0] * linear + weight[1] * square + weight[2] * curved


class DiscriminatorColumn(Discriminator):
    """The same with logits (B, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).unsqueeze(1)


class LinearDiscriminator(nn.Module):
    """D(x) = a sum(p x), whose gradient is a p wherever it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale.to(x.dtype) * (x * pattern(x, 0.3)).flatten(1).sum(1)


class QuadraticDiscriminator(nn.Module):
    """D(x) = a/2 sum(x^2), whose gradient is a x."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale.to(x.dtype) / 2 * (x**2).flatten(1).sum(1)


class Mapping(nn.Module):
    """z (N, Z) -> w (N, 5), whose mean is not the image of the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.7, 0.4], dtype=torch.float64))

    def forward(self, z: Tensor) -> Tensor:
        if not (isinstance(z, Tensor) and z.ndim == 2):
            raise ValueError(f"the mapping takes z of shape (N, z_dim), got {tuple(getattr(z, 'shape', ()))}")
        weight = self.weight.to(z.dtype)
        phases = torch.arange(5, dtype=z.dtype, device=z.device)
        first, last = z[:, :1], z[:, -1:]
        return weight[0] * torch.tanh(first + phases / 3) + weight[1] * last**2 + 0.1 * phases + 0.05 * z.sum(1, True)


def features_fn(image: Tensor) -> list[Tensor]:
    """Three feature maps of different shapes, none linear."""
    edges = torch.tanh(image - 0.6 * image.roll(1, dims=3))
    return [edges, F.avg_pool2d(image**2 + 0.3 * image, 2), image.mean(1, keepdim=True) * pattern(image, 0.7)]


class LinearGenerator(nn.Module):
    """latent (N, …) of 6 numbers or layers of them -> image (N, 2, 3, 4), linear, injective and well conditioned."""

    def __init__(self) -> None:
        super().__init__()
        angles = torch.arange(24 * 6, dtype=torch.float64).reshape(24, 6)
        self.weight = nn.Parameter(torch.linalg.qr(torch.sin(angles * 12.9898) + torch.eye(24, 6)).Q)

    def forward(self, latent: Tensor) -> Tensor:
        return (latent.flatten(1) @ self.weight.to(latent.dtype).T + 0.1).reshape(-1, 2, 3, 4)


class FrozenGenerator(LinearGenerator):
    """The same with parameters that do not require grad, and are to stay so."""

    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(False)


class AskedEnough(Exception):
    """Nothing is wrong: whoever asked so often goes on as long as it should."""


class ImpatientGenerator(FrozenGenerator):
    """The same, asked so often at most: a thousand steps without a stopping rule would take too long."""

    PATIENCE = 40

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def forward(self, latent: Tensor) -> Tensor:
        self.asked += 1
        if self.asked > self.PATIENCE:
            raise AskedEnough
        return super().forward(latent)


class CurvedValley(nn.Module):
    """Three of Rosenbrock's valleys side by side: a search does not soon come to an end there. It counts its images."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def forward(self, latent: Tensor) -> Tensor:
        self.asked += 1
        along, across = latent.reshape(len(latent), 3, 2).unbind(2)
        return torch.cat([30 * (across - along**2), along] * 4, 1).reshape(-1, 2, 3, 4)


def importance(target: Tensor) -> Tensor:
    """How much each pixel counts, by the target's own value: pred and target are not to be confused."""
    return 1.5 + torch.tanh(target)


class WeightedError(nn.Module):
    """A loss that only works for a search which begins at delta = 0."""

    penalty = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.from_zero: bool | None = None

    def forward(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        if self.from_zero is None:
            self.from_zero = not bool(delta.detach().any())
        error = (importance(target) * (pred - target) ** 2).sum() + self.penalty * (delta**2).sum()
        return error if self.from_zero else 0 * error


class FaintError(WeightedError):
    """A hundredth of it: Adam finds the same, and whatever else pulls at delta shows. It counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def forward(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        self.asked += 1
        return 0.01 * super().forward(pred, target, delta)


class PenalisedError(WeightedError):
    """With a penalty on delta, the search ends short of the target."""

    penalty = 1.0


class Encoder(nn.Module):
    """Undoes LinearGenerator, and has parameters to train."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(LinearGenerator().weight.detach().T.clone())

    def forward(self, image: Tensor) -> Tensor:
        return ((image - 0.1).flatten(1) @ self.weight.to(image.dtype).T).reshape(-1, 3, 2)


class PoorEncoder(Encoder):
    """The same, and always some way off: another one for each number of the latent."""

    def forward(self, image: Tensor) -> Tensor:
        guess = super().forward(image)
        return guess + 0.5 + 0.3 * pattern(guess, 0.4)


class TwoValleys(nn.Module):
    """latent (N, …) -> one pixel each: two valleys for every number, near -1 and near 1; the left ones are lower."""

    FAR = 5.0  # beyond it there is nothing to see

    def forward(self, latent: Tensor) -> Tensor:
        height = (latent**2 - 1) ** 2 + 0.5 * latent
        lost = (latent.detach().abs() > self.FAR).any()
        return (height * torch.nan if lost else height).flatten(1)[:, :, None, None]


class Height(nn.Module):
    """A loss for :class:`TwoValleys`: how high the latent lies, and a little for how far it has come."""

    def forward(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        return (pred - target).sum() + 0.01 * (delta**2).sum()


class NearItsStart(nn.Module):
    """Another one: how far it has come counts for more than how high it lies."""

    def forward(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        return 0.2 * (pred - target).sum() + (delta**2).sum()


class DenoisingModel(nn.Module):
    """A stand-in for a one-step denoiser."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.8, 0.3], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype)
        return weight[0] * x + weight[1] * torch.tanh(x.roll(1, dims=3)) + 0.1 * pattern(x, 0.2)


class TimeModel(DenoisingModel):
    """A stand-in for eps(x_t, t / T), which is particular about t."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return super().forward(x) * (1 + torch.sin(3 * _per_sample("t", t, x)))


class ClassModel(TimeModel):
    """A stand-in for eps(x_t, labels, t / T, keep), which is particular about all three."""

    def forward(self, x: Tensor, c: Tensor, t: Tensor, keep: Any = None) -> Tensor:
        if not (isinstance(c, Tensor) and c.dtype == torch.int64 and c.shape == (len(x),)):
            raise ValueError(f"the model takes int64 labels of shape ({len(x)},)")
        kept = _per_sample("keep", torch.ones(len(x)) if keep is None else keep, x)
        label = (c.to(x.dtype) + 1).reshape(-1, 1, 1, 1)
        # Between 0 and 1, or beyond, it is another network than a mixture of the two: no scale is told as a keep.
        between = kept * (1 - kept) * pattern(x, 1.7)
        return super().forward(x, t) + kept * torch.cos(label) * pattern(x, 0.9) + between


SWITCHED = "that is its owner's to choose"


class Unswitched(nn.Module):
    """Whoever is handed this network leaves it in the mode it is in."""

    def train(self, mode: bool = True) -> Any:
        raise ValueError(f"the network is switched to {'train' if mode else 'eval'}(): {SWITCHED}")


class VelocityModel(TimeModel, Unswitched):
    """A stand-in for v(x_t, t)."""


class ClassVelocityModel(ClassModel, Unswitched):
    """A stand-in for v(x_t, labels, t, keep)."""


def _per_sample(name: str, value: Any, x: Tensor) -> Tensor:
    if not (isinstance(value, Tensor) and value.shape == (len(x),)):
        shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"the model takes {name} of shape ({len(x)},), got {shape}")
    return value.to(x.dtype).reshape(-1, 1, 1, 1)


_CLASSES = (
    CurvedEpsModel,
    CurvedDenoiser,
    Discriminator,
    DiscriminatorColumn,
    LinearDiscriminator,
    QuadraticDiscriminator,
    Mapping,
    LinearGenerator,
    FrozenGenerator,
    ImpatientGenerator,
    CurvedValley,
    WeightedError,
    FaintError,
    PenalisedError,
    Encoder,
    PoorEncoder,
    TwoValleys,
    Height,
    NearItsStart,
    DenoisingModel,
    TimeModel,
    ClassModel,
    VelocityModel,
    ClassVelocityModel,
)
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
    features_fn,
)


def build(name: str) -> Callable:
    """The probe of this name; a network is built anew each time, so that it remembers nothing."""
    for network in _CLASSES:
        if network.__name__ == name:
            return network()
    return next(function for function in _FUNCTIONS if function.__name__ == name)
