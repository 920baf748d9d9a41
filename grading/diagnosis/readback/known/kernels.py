"""The kernel from its taps.

A tap's logarithm, less the middle one's, is −d^p / (c σ^r), so that log(−log(g_d / g_0)) is linear in log d and log σ:
least squares gives p, r and c. What remains is the normalisation.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ....verdicts import Finding
from ..evidence import Arguments, Ask, answers, as_tensor
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
