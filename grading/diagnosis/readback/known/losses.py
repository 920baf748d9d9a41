"""Losses that are one number: a reduction of one among several differences, times a product of sizes.

    loss = k · base(arguments)        base: Σ m|a−b|^p, Σ_b ‖∇_b‖, (Σ ∇)² …, k: powers of B, C, H, W, N, γ

Each base is what a slip in the formula leaves: the root or its absence, the wrong order of squaring and summing, a mask
on one side only. k is read as in :mod:`relations`.
"""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ....sandbox.crossing.values import materialise
from ..evidence import Arguments, bare

Bases = Mapping[str, Callable[[Arguments], Tensor]]


def _under_mask(a: Arguments) -> tuple[Tensor, Tensor, Tensor, float]:
    live, _ = materialise(a)
    pred, target, mask = live["pred"].detach(), live["target"].detach(), live.get("mask")
    mask = torch.ones_like(pred) if mask is None else mask.expand_as(pred)
    return pred, target, mask, a.get("p", 1)


def _lp(reduce: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Callable[[Arguments], Tensor]:
    return lambda a: reduce(*_under_mask(a))


def _where(mask: Tensor, values: Tensor) -> Tensor:
    return torch.where(mask > 0, values, torch.zeros_like(values))


_LP: Bases = {
    "the sum of the signed differences to the power p": _lp(lambda x, y, m, p: _where(m, (x - y) ** p).sum()),
    "the sum of |m·pred − target|^p": _lp(lambda x, y, m, p: (_where(m, x) - y).abs().pow(p).sum()),
    "the sum of |pred − m·target|^p": _lp(lambda x, y, m, p: (x - _where(m, y)).abs().pow(p).sum()),
    "the p-th root of the mean": _lp(lambda x, y, m, p: (_where(m, x - y).abs().pow(p).sum() / m.sum()) ** (1 / p)),
    "the p-th root of the sum": _lp(lambda x, y, m, p: _where(m, x - y).abs().pow(p).sum() ** (1 / p)),
    "the sum of the means of the samples": _lp(
        lambda x, y, m, p: (_where(m, x - y).abs().pow(p).flatten(1).sum(1) / m.flatten(1).sum(1)).sum()
    ),
    "the loss of all elements, times the sum of the mask": _lp(lambda x, y, m, p: (x - y).abs().pow(p).sum() * m.sum()),
    "the matrix norm": _lp(lambda x, y, m, p: torch.linalg.matrix_norm(_where(m, x - y), ord=1).sum()),
    "the smooth L1 loss": _lp(lambda x, y, m, p: F.smooth_l1_loss(_where(m, x), _where(m, y), reduction="sum")),
}


def _delta(reduce: Callable[[Tensor], Tensor]) -> Callable[[Arguments], Tensor]:
    return lambda a: reduce(bare(a["delta"]))


_DELTA: Bases = {
    "the sum of the norms": _delta(lambda d: d.flatten(1).norm(dim=1).sum()),
    "the norm of everything": _delta(lambda d: d.norm()),
    "the sum of the absolute values": _delta(lambda d: d.abs().sum()),
    "the square of the sum": _delta(lambda d: d.sum() ** 2),
    "the sum of the squares of each sample's sum": _delta(lambda d: (d.flatten(1).sum(1) ** 2).sum()),
    "the sum of the norms' fourth powers": _delta(lambda d: (d.flatten(1).square().sum(1) ** 2).sum()),
    "the squared norm of the sum over the batch": _delta(lambda d: d.sum(0).square().sum()),
    "the squared norm of the first sample": _delta(lambda d: d[0].square().sum()),
    "the squared norm of each sample": _delta(lambda d: d.flatten(1).square().sum(1)),
    "the norm of the last axis, summed up": _delta(lambda d: d.norm(dim=-1).sum()),
}


def _scribble(reduce: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[[Arguments], Tensor]:
    return lambda a: reduce(bare(a["image"]), bare(a["sketch"]), a["mask"].expand_as(bare(a["sketch"])))


_SCRIBBLE: Bases = {
    "the sum of |m·image − sketch|": _scribble(lambda x, s, m: (m * x - s).abs().sum()),
    "the sum of |image − m·sketch|": _scribble(lambda x, s, m: (x - m * s).abs().sum()),
    "the sum of the squared differences": _scribble(lambda x, s, m: (m * (x - s)).square().sum()),
    "the norm of the difference": _scribble(lambda x, s, m: (m * (x - s)).norm()),
    "the sum of the samples' norms": _scribble(lambda x, s, m: (m * (x - s)).flatten(1).norm(dim=1).sum()),
    "the absolute value of the sum": _scribble(lambda x, s, m: (m * (x - s)).sum().abs()),
    "the sum of the absolute sums of the samples": _scribble(
        lambda x, s, m: (m * (x - s)).flatten(1).sum(1).abs().sum()
    ),
    "the difference of the absolute values": _scribble(lambda x, s, m: ((m * x).abs() - (m * s).abs()).abs().sum()),
    "the matrix norm": _scribble(lambda x, s, m: torch.linalg.matrix_norm(m * (x - s), ord=1).sum()),
    "the sum, divided by the sum of the mask,": _scribble(lambda x, s, m: (m * (x - s)).abs().sum() / m.sum()),
}


def _surrogate(reduce: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Arguments], Tensor]:
    return lambda a: reduce(bare(a["x"]), bare(a["residual"]))


_SURROGATE: Bases = {
    "the sum of x · residual": _surrogate(lambda x, r: (x * r).sum()),
    "the norm of the residual": _surrogate(lambda x, r: r.norm()),
    "the sum of the samples' norms": _surrogate(lambda x, r: r.flatten(1).norm(dim=1).sum()),
    "the sum of the absolute residuals": _surrogate(lambda x, r: r.abs().sum()),
    "the sum of (x − residual)²": _surrogate(lambda x, r: (x - r).square().sum()),
    "the sum of (x + residual)²": _surrogate(lambda x, r: (x + r).square().sum()),
    "the sum of x²": _surrogate(lambda x, r: x.square().sum()),
    "the sum of squares of each sample": _surrogate(lambda x, r: r.flatten(1).square().sum(1)),
}


def _r1(reduce: Callable[[Tensor], Tensor], of: Callable[[Tensor], Tensor] = lambda logits: logits):
    """From the discriminator's gradient at the real images, or from that of a function of its logits."""

    def compute(a: Arguments) -> Tensor:
        live, _ = materialise(a)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(of(live["real_logits"]).sum(), live["real_images"])
        return reduce(gradient)

    return compute


def _squares(g: Tensor) -> Tensor:
    return g.square().sum()


def _squared_mean_norm(a: Arguments) -> Tensor:
    return a["gamma"] / 2 * _r1(lambda g: g.flatten(1).norm(dim=1).mean().square())(a)


_REDUCED_GRADIENTS: dict[str, Callable[[Tensor], Tensor]] = {
    "the squared gradients": _squares,
    "the sum of the norms": lambda g: g.flatten(1).norm(dim=1).sum(),
    "the square of the norms' sum": lambda g: g.flatten(1).norm(dim=1).sum().square(),
    "the sum of (‖∇D‖ − 1)²": lambda g: (g.flatten(1).norm(dim=1) - 1).square().sum(),
    "the sum of the absolute gradients": lambda g: g.abs().sum(),
    "the square of each sample's sum": lambda g: g.flatten(1).sum(1).square().sum(),
    "the squared norm of the sum over the batch": lambda g: g.sum(0).square().sum(),
    "the norm of everything": lambda g: g.norm(),
    "the squared norm of each sample": lambda g: g.flatten(1).square().sum(1),
    "the squared largest gradient of each sample": lambda g: g.flatten(1).abs().amax(1).square().sum(),
}
_OF_LOGITS: dict[str, Callable[[Tensor], Tensor]] = {
    "": lambda u: u,
    " of sigmoid(D)": torch.sigmoid,
    " of softplus(−D)": lambda u: F.softplus(-u),
    " of softplus(D)": F.softplus,
    " of D²": torch.square,
    " of the mean logit": torch.mean,
    " of the first logit": lambda u: u[0],
}
_R1: Bases = {
    "gamma/2 times the square of the mean norm": _squared_mean_norm,
    **{
        said + of: _r1(reduce, logits)
        for of, logits in _OF_LOGITS.items()
        for said, reduce in _REDUCED_GRADIENTS.items()
        if said + of != "the squared gradients"  # that is right, but for a factor
    },
}


def _features(reduce: Callable[[list[tuple[Tensor, Tensor]]], Tensor]) -> Callable[[Arguments], Tensor]:
    def compute(a: Arguments) -> Tensor:
        live, _ = materialise(a)
        return reduce(list(zip(live["features_fn"](live["pred"].detach()), live["features_fn"](live["target"]))))

    return compute


def _mean_square(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square().mean()


_PERCEPTUAL: Bases = {
    "the mean over layers": _features(lambda pairs: torch.stack([_mean_square(a, b) for a, b in pairs]).mean()),
    "the last layer alone": _features(lambda pairs: _mean_square(*pairs[-1])),
    "the first layer alone": _features(lambda pairs: _mean_square(*pairs[0])),
    "the sum of the layers' mean absolute differences": _features(
        lambda pairs: torch.stack([(a - b).abs().mean() for a, b in pairs]).sum()
    ),
    "the sum of the layers' root mean squares": _features(
        lambda pairs: torch.stack([_mean_square(a, b).sqrt() for a, b in pairs]).sum()
    ),
    "the sum of the layers' norms": _features(lambda pairs: torch.stack([(a - b).norm() for a, b in pairs]).sum()),
    "the sum of squares over all layers": _features(
        lambda pairs: torch.stack([(a - b).square().sum() for a, b in pairs]).sum()
    ),
    "the mean over the joined features": _features(
        lambda pairs: torch.cat([(a - b).square().flatten() for a, b in pairs]).mean()
    ),
    "the layers weighted with 1, ½, ¼": _features(
        lambda pairs: torch.stack([_mean_square(a, b) / 2**i for i, (a, b) in enumerate(pairs)]).sum()
    ),
    "the mean squared difference of the pixels": lambda a: _mean_square(bare(a["pred"]), bare(a["target"])),
}

BASES: dict[str, Bases] = {
    "inversion.lp_loss": _LP,
    "inversion.delta_penalty": _DELTA,
    "inversion.scribble_loss": _SCRIBBLE,
    "inversion.perceptual_loss": _PERCEPTUAL,
    "distillation.surrogate_loss": _SURROGATE,
    "gan_losses.r1_penalty": _R1,
}
