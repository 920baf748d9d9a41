"""Formulas of one step inside a chain: what its terms are, and the weights that they are to have.

| step | terms                                                | read where                               |
| ---- | ---------------------------------------------------- | ---------------------------------------- |
| DDPM | x0, x_t, noise                                       | the step is written as in the contract   |
|      | eps, x_t, noise                                      | the mean is written with eps             |
| DDIM | x0, eps, noise                                       | as in the contract                       |
|      | x_t, eps, noise                                      | in one line                              |
| DPS  | those of DDIM and the gradients of several misfits   | always                                   |

An argument ``given`` holds all that a step of a chain may use, by name: see ``chain.given``.
"""

from collections import ChainMap
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import torch
from torch import Tensor

from ..evidence import Arguments
from ..expressions import Expression, Quantities, of, single
from ..known.combinations import misfit_sizes, misfits
from ..known.schedule import DIRECTION, FORMULAS, SIGMA, VARIANCE, along_a_step
from ..sums import Sum, Terms
from .kinds import Kind

MISFIT = "the gradient of the norm"


def _in_a_step(formula: Sum) -> Sum:
    return replace(formula, what=lambda term: f"weight of {term} in a step")


_DDPM_NOISE = single(**{name: e / 2 for name, e in VARIANCE.items()})
_OF_X0 = _in_a_step(FORMULAS["ddpm.posterior_step"])
_OF_EPS = _in_a_step(
    along_a_step(
        ("x_t", "eps", "noise"),
        {
            "x_t": single(ᾱ_prev=0.5, ᾱ_t=-0.5),
            "eps": single(-1.0, **{"β": 1.0, "ᾱ_prev": 0.5, "ᾱ_t": -0.5, "1−ᾱ_t": -0.5}),
            "noise": _DDPM_NOISE,
        },
    )
)
_DDIM: dict[str, Expression] = {"x0": single(ᾱ_prev=0.5), "noise": of(SIGMA), "eps": Expression((DIRECTION,))}
_DDIM_OF_X0 = _in_a_step(along_a_step(("x0", "noise", "eps"), _DDIM, eta=True))
_DDIM_OF_X_T = _in_a_step(FORMULAS["ddim.ddim_step"])


def live(given: Arguments) -> Arguments:
    """x_t as a leaf and the estimate that hangs on it."""
    x_t = given["x_t"].detach().clone().requires_grad_()
    with torch.enable_grad():
        x0_hat = given["clip"](given["estimate"](x_t, given["network"](x_t)))
    return {"x_t": x_t, "x0_hat": x0_hat} | {name: given[name] for name in ("measurement", "operator", "scale")}


def _corrections(given: Arguments) -> Terms:
    if "misfits" in given:
        return {name: partial(given["misfits"].__getitem__, name) for name in given["misfits"].terms}
    # With respect to x0_hat it is √ᾱ_t times the gradient with the network taken as a constant: no term of its own.
    none = ("x_t", "x0_hat", "x_prev", "the gradient with respect to x0_hat")
    found = {name: term for name, term in misfits(live(given)).items() if name not in none}

    def through_x_t_alone() -> Tensor:
        eps = given["network"](given["x_t"]).detach()
        term = misfits(live(given | {"network": lambda x_t: eps}))[MISFIT]
        return term()

    return found | {"the gradient with the network taken as a constant": through_x_t_alone}


class Computed(dict):
    """The gradients of all misfits at one step, each computed when it is asked for, and once."""

    def __init__(self, given: Arguments) -> None:
        self.terms = _corrections(given)
        self.sizes = cache(lambda: dict(misfit_sizes(live(given))))
        super().__init__()

    def __missing__(self, name: str) -> Tensor:
        self[name] = self.terms[name]()
        return self[name]


def _corrected() -> Sum:
    def terms(given: Arguments) -> Terms:
        return {**_DDIM_OF_X0.terms(given), **_corrections(given)}

    def quantities(given: Arguments, edge: str) -> Quantities:
        sizes = given["misfits"].sizes() if "misfits" in given else dict(misfit_sizes(live(given)))
        return ChainMap(_DDIM_OF_X0.quantities(given, edge), sizes)  # type: ignore[arg-type]  # named in the reverse order

    expected = {**_DDIM, MISFIT: single(-1.0, ζ=1)}
    core = (*_DDIM_OF_X0.core, "ζ")
    return replace(_DDIM_OF_X0, terms=terms, quantities=quantities, expected=expected, core=core)


_CORRECTED = _corrected()


def forms(kind: Kind) -> tuple[Sum, ...]:
    """Ways to write one step down, the contract's first."""
    if kind.corrected:
        return (_CORRECTED,)
    return (_DDIM_OF_X0, _DDIM_OF_X_T) if kind.eta else (_OF_X0, _OF_EPS)


def weights(kind: Kind, given: Arguments) -> dict[str, Tensor]:
    """The weights that the terms of a step are to have, those of DDIM's step alone where it is corrected after it."""
    abar, before = (level(given["alphas_cumprod"], given[name]) for name in ("t", "t_prev"))
    beta = 1 - abar / before
    sigma = ((1 - before) / (1 - abar) * beta).sqrt()
    if kind.eta:
        sigma = given["eta"] * sigma
        return {"x0": before.sqrt(), "eps": (1 - before - sigma**2).clamp(min=0).sqrt(), "noise": sigma}
    x0, x_t = before.sqrt() * beta / (1 - abar), (1 - beta).sqrt() * (1 - before) / (1 - abar)
    return {"x0": x0, "x_t": x_t, "noise": sigma}


def uncorrected(kind: Kind, given: Arguments) -> Tensor:
    return sum((weight * given[name] for name, weight in weights(kind, given).items()), torch.tensor(0.0))


def right_step(kind: Kind, given: Arguments) -> Tensor:
    """The step as it is to be; unlike the reference's it refuses nothing."""
    x = uncorrected(kind, given)
    if kind.corrected and given["scale"]:
        x = x - given["scale"] * _corrections(given)[MISFIT]()
    return x


def level(alphas_cumprod: Tensor, t: int) -> Tensor:
    return alphas_cumprod[t] if t >= 0 else torch.ones_like(alphas_cumprod[0])


def estimate(t: int, alphas_cumprod: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """x_t, eps -> the estimate of the clean image."""
    abar = level(alphas_cumprod, t)
    return lambda x_t, eps: (x_t - (1 - abar).sqrt() * eps) / abar.sqrt()


def noised(x0: Tensor, noise: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
    """Noised to level t; -1 is the clean image."""
    abar = level(alphas_cumprod, t)
    return abar.sqrt() * x0 + (1 - abar).sqrt() * noise
