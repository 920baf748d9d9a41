"""Blurs: the kernel from its taps, the filter from an impulse.

A tap's logarithm, less the middle one's, is −d^p / (c σ^r), so that log(−log(g_d / g_0)) is linear in log d and log σ:
least squares gives p, r and c. What remains is the normalisation. Of a low-pass, an impulse in the middle of one channel
shows its kernel and where it leaks; impulses at the edges show the padding, by trying each.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.illusions import gaussian_kernel1d

from ....verdicts import Finding
from ..evidence import Arguments, Ask, answers, as_tensor, plain
from ..exponents import Points, nice
from ..expressions import Expression, Product, of, product
from ..formula import text

_RIGHT = product(-0.5, {"d": 2, "σ": -2})
_KERNELS = [(size, sigma) for size in (7, 9, 13) for sigma in (0.8, 1.1, 1.7, 2.3)]
NORMALISATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "its sum": lambda g, sigma: g / g.sum(),
    "its largest tap": lambda g, sigma: g / g.max(),
    "σ√(2π)": lambda g, sigma: g / (sigma * math.sqrt(2 * math.pi)),
    "its Euclidean norm": lambda g, sigma: g / g.norm(),
}
PADDINGS = {
    "reflect": "reflection",
    "constant": "zeros",
    "replicate": "the edge pixel repeated",
    "circular": "the other side of the image",
}


@dataclass(frozen=True)
class Kernel:
    exponent: Product
    centre: float  # how far from the middle tap
    divided_by: str

    def predict(self, arguments: Arguments) -> Tensor:
        return self.taps(arguments.get("kernel_size", 33), arguments.get("sigma", 2.0))

    def taps(self, size: int, sigma: float) -> Tensor:
        place = torch.arange(size, dtype=torch.float64)
        distance = (place - (size - 1) / 2 - self.centre).abs()
        known = {"d": distance, "σ": torch.tensor(sigma, dtype=torch.float64), "k": torch.tensor(float(size))}
        shape = torch.exp(self.exponent.value(known).expand(size))
        return NORMALISATIONS[self.divided_by](shape, sigma)

    def findings(self) -> list[Finding]:
        found = []
        if self.exponent != _RIGHT:
            read, right = text(_of(self.exponent)), text(_of(_RIGHT))
            found.append(
                Finding(
                    f"At distance d from the centre your kernel falls off as exp({read}): the exponent is wrong.",
                    f"taps exp({read}), expected exp({right})",
                )
            )
        if self.centre:
            said = f"the centre lies {self.centre:g} pixel off the middle tap"
            found.append(Finding(f"{said[0].upper()}{said[1:]}.", said))
        if self.divided_by != "its sum":
            said = f"divided by {self.divided_by}"
            found.append(Finding(f"The kernel is {said}: a blur is to keep the mean.", f"{said}, expected its sum"))
        return found


def _of(p: Product) -> Expression:
    return of(p)


def kernels(ask: Ask) -> Iterator[Kernel]:
    seen = answers(ask, [{"kernel_size": size, "sigma": sigma} for size, sigma in _KERNELS])
    taps = [as_tensor(one.value) for one in seen]
    if any(g is None or g.shape != (size,) or bool((g <= 0).any()) for g, (size, _) in zip(taps, _KERNELS)):
        return
    for centre in (0.0, 0.5, -0.5):
        # For exp(−c d²) the logarithms of neighbouring taps differ by c times the difference of d².
        rows = []
        for g, (size, sigma) in zip(taps, _KERNELS):
            assert g is not None
            logs = g.double().log()[size // 2 + 1 : size // 2 + 4]
            squares = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).sub(centre).square()
            falls = (logs.diff() / squares.diff()).tolist()
            rows += [(fall, sigma, float(size), float(i + 1)) for i, fall in enumerate(falls)]
        fall, sigmas, sizes, place = torch.tensor(rows, dtype=torch.float64).unbind(1)
        found = Points({"σ": sigmas, "k": sizes, "d": place}).identify(fall)
        if found is None or any(name == "d" for name, _ in found.powers):
            continue
        exponent = found * product(1.0, {"d": 2})
        for divided_by in NORMALISATIONS:
            yield Kernel(product(nice(exponent.constant), dict(exponent.powers)), centre, divided_by)


@dataclass(frozen=True)
class Blur:
    """Kernels along the height and the width, a padding, and what share of each channel's blur the others get."""

    kernel: str
    axes: str
    padding: str
    channels: str

    def predict(self, arguments: Arguments) -> Tensor:
        x, size, sigma = plain(arguments)["x"], arguments.get("kernel_size", 33), arguments.get("sigma", 2.0)
        g = BLUR_KERNELS[self.kernel](size, sigma)
        B, C, H, W = x.shape
        pad = [len(g) // 2] * 4
        planes = x.reshape(B * C, 1, H, W)
        planes = F.pad(planes, pad, mode=self.padding) if self.padding != "constant" else F.pad(planes, pad)
        middle = torch.zeros_like(g)
        middle[len(g) // 2] = 1
        down, along = (g if axis in self.axes else middle for axis in "HW")
        blurred = F.conv2d(F.conv2d(planes, down.reshape(1, 1, -1, 1)), along.reshape(1, 1, 1, -1))
        blurred = blurred.reshape(B, C, H, W)
        if self.channels == "sum":
            return blurred.sum(1, keepdim=True).expand_as(x)
        return blurred.mean(1, keepdim=True).expand_as(x) if self.channels == "mean" else blurred

    def findings(self) -> list[Finding]:
        said = []
        if self.kernel:
            said.append(f"the kernel is {self.kernel}")
        if self.axes != "HW":
            said.append(f"only the {'height' if self.axes == 'H' else 'width'} is blurred")
        if self.padding != "reflect":
            said.append(f"beyond the edges stand {PADDINGS[self.padding]}")
        if self.channels:
            said.append(f"every channel gets the {self.channels} over all channels")
        whole = "; ".join(said)
        return [Finding(f"In your blur, {whole}.", whole)] if said else []


BLUR_KERNELS: dict[str, Callable[[int, float], Tensor]] = {
    "": gaussian_kernel1d,
    "not normalised": lambda size, sigma: _unnormalised(size, sigma),
    "a Gaussian with √2 times the sigma": lambda size, sigma: gaussian_kernel1d(size, sigma * math.sqrt(2)),
    "a Gaussian with half the variance": lambda size, sigma: gaussian_kernel1d(size, sigma / math.sqrt(2)),
    "the Gaussian applied twice": lambda size, sigma: _twice(gaussian_kernel1d(size, sigma)),
    "a Gaussian whose sigma follows from its size": lambda size, sigma: gaussian_kernel1d(
        size, 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    ),
    "a box": lambda size, sigma: torch.full((size,), 1 / size, dtype=torch.float64),
}


def _unnormalised(size: int, sigma: float) -> Tensor:
    g = gaussian_kernel1d(size, sigma)
    return g / g.max()


def _twice(g: Tensor) -> Tensor:
    return F.conv1d(F.pad(g, [len(g) // 2 * 2] * 2)[None, None], g.flip(0)[None, None])[0, 0]


def blurs() -> Iterator[Blur]:
    """Every blur that differs from the expected one in at most two respects; what the answers say decides."""
    ways = [list(BLUR_KERNELS), ["HW", "H", "W"], list(PADDINGS), ["", "sum", "mean"]]
    found = [Blur(k, a, p, c) for k in ways[0] for a in ways[1] for p in ways[2] for c in ways[3]]
    found.sort(key=lambda b: bool(b.kernel) + (b.axes != "HW") + (b.padding != "reflect") + bool(b.channels))
    yield from found[1:]
