"""The losses on feature maps, and frames between two latents.

perceptual  Σ_l mean (φ_l(pred) − φ_l(target))²
inversion   w_1 · lp(pred, target, mask) + w_2 · perceptual(m·pred, m·target) + w_3 · penalty(delta)
frame i     (1 − w)·a + w·b,   w = i / (n − 1)
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from reference.inversion import delta_penalty, lp_loss, perceptual_loss

from ....sandbox.crossing.values import materialise
from ..evidence import Arguments, bare
from ..variants import Choice, Family

Pairs = list[tuple[Tensor, Tensor]]


def _perceptual(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    live, _ = materialise(a)
    pairs = choices["pairs"](list(zip(*choices["shown"](live["features_fn"], bare(a["pred"]), bare(a["target"])))))
    return choices["over"]([choices["within"](x, y) for x, y in pairs])


def _joined(pairs: Pairs) -> tuple[Tensor, Tensor]:
    """All layers as one, in one row."""
    first, second = (torch.cat([side.flatten() for side in sides]).reshape(1, 1, 1, -1) for sides in zip(*pairs))
    return first, second


def _weighted(weight: Callable[[int], float]) -> Callable[[list[Tensor]], Tensor]:
    return lambda losses: sum((weight(i) * loss for i, loss in enumerate(losses)), torch.tensor(0.0).double())


_PERCEPTUAL = Family(
    _perceptual,
    {
        "pairs": Choice(
            "each layer once",
            lambda pairs: pairs,
            {
                "every layer counts the first one: the index stays the same": lambda pairs: pairs[:1] * len(pairs),
                "every layer counts the last one: the index stays the same": lambda pairs: pairs[-1:] * len(pairs),
                "only the first layer counts": lambda pairs: pairs[:1],
                "only the last layer counts": lambda pairs: pairs[-1:],
                "the first layer is left out": lambda pairs: pairs[1:],
                "the last layer is left out": lambda pairs: pairs[:-1],
                "the first layer counts twice": lambda pairs: pairs[:1] + pairs,
                "the last layer counts twice": lambda pairs: pairs + pairs[-1:],
                "only every second layer counts": lambda pairs: pairs[::2],
                "all features are averaged together, so that a large layer counts more": lambda pairs: [_joined(pairs)],
                "all features are averaged together and multiplied by the number of layers, so that a large layer counts "
                "more": lambda pairs: [_joined(pairs)] * len(pairs),
            },
        ),
        "within": Choice(
            "the mean squared difference of a layer",
            lambda x, y: (x - y).square().mean(),
            {
                "within a layer the squares are summed up, not averaged": lambda x, y: (x - y).square().sum(),
                "within a layer the squares are summed up and divided by the batch": lambda x, y: (
                    (x - y).square().sum() / len(x)
                ),
                "within a layer the squares are averaged over a sample and summed over the batch": lambda x, y: (
                    (x - y).square().mean() * len(x)
                ),
                "within a layer absolute differences are averaged": lambda x, y: (x - y).abs().mean(),
                "within a layer absolute differences are summed up": lambda x, y: (x - y).abs().sum(),
                "within a layer the root of the mean square is taken": lambda x, y: (x - y).square().mean().sqrt(),
                "within a layer the norm of the difference is taken": lambda x, y: (x - y).norm(),
                "within a layer the differences are not squared": lambda x, y: (x - y).mean(),
                "within a layer the mean difference is squared": lambda x, y: (x - y).mean().square(),
                "within a layer the squares are subtracted": lambda x, y: (x.square() - y.square()).mean(),
                "within a layer pred and target are added": lambda x, y: (x + y).square().mean(),
                "within a layer the target is missing": lambda x, y: x.square().mean(),
                "within a layer half the mean is taken": lambda x, y: (x - y).square().mean() / 2,
                "within a layer the differences are taken to the fourth power": lambda x, y: (x - y).pow(4).mean(),
                "within a layer the inverse of the differences is averaged": lambda x, y: (x - y).pow(-1).mean(),
                "within a layer the sum is divided by the channels": lambda x, y: (x - y).square().sum() / x.shape[1],
                "within a layer the sum is divided by batch and channels": lambda x, y: (
                    (x - y).square().sum() / (len(x) * x.shape[1])
                ),
                "within a layer the sum is divided by height and width": lambda x, y: (
                    (x - y).square().sum() / (x.shape[2] * x.shape[3])
                ),
            },
        ),
        "over": Choice(
            "the sum over the layers",
            _weighted(lambda i: 1.0),
            {
                "the layers are averaged": lambda losses: torch.stack(losses).mean(),
                "the layers are weighted with 1, ½, ¼": _weighted(lambda i: 0.5**i),
                "the layers are weighted with 1, ½, ⅓": _weighted(lambda i: 1 / (i + 1)),
                "the layers are weighted with 1, 2, 3": _weighted(lambda i: i + 1.0),
                "the layers are weighted with 0, 1, 2": _weighted(float),
                "every further layer is taken away": _weighted(lambda i: 1.0 - 2 * (i > 0)),
                "the layers are multiplied": lambda losses: torch.stack(losses).prod(),
                "the largest layer alone comes back": lambda losses: torch.stack(losses).max(),
                "the sum starts at 1": lambda losses: 1 + torch.stack(losses).sum(),
                "the layers' sum is doubled": lambda losses: torch.stack(losses).sum() * 2,
                "the sum has the wrong sign": lambda losses: -torch.stack(losses).sum(),
                "the root of the sum comes back": lambda losses: torch.stack(losses).sum().sqrt(),
                "one number for each layer comes back": torch.stack,
            },
        ),
        "shown": Choice(
            "the features of pred and of target",
            lambda f, x, y: (f(x), f(y)),
            {
                "the features are those of (x + 1) / 2": lambda f, x, y: (f((x + 1) / 2), f((y + 1) / 2)),
                "the features are those of 2x − 1": lambda f, x, y: (f(2 * x - 1), f(2 * y - 1)),
                "the features are those of images cut off at −1 and 1": lambda f, x, y: (
                    f(x.clamp(-1, 1)),
                    f(y.clamp(-1, 1)),
                ),
                "the features of the difference are held against 0": lambda f, x, y: (
                    f(x - y),
                    [0 * z for z in f(x)],
                ),
                "the features are not used: the pixels themselves are compared": lambda f, x, y: ([x], [y]),
                "the features of one image are held against themselves": lambda f, x, y: (f(x), f(x)),
            },
        ),
    },
)


def _inversion(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    live, _ = materialise(a)
    pred, target, mask = bare(a["pred"]), bare(a["target"]), a.get("mask")
    given = [a.get(name, value) for name, value in _WEIGHTS.items()]
    m = torch.ones_like(pred) if mask is None else mask.expand_as(pred)
    shown = [x * y for x, y in zip((pred, target), choices["masked"](m))]
    parts = [
        choices["pixels"](pred, target, mask),
        choices["features"](*shown, live["features_fn"]),
        choices["penalty"](bare(a["delta"])),
    ]
    return sum(w * part for w, part in zip(choices["weights"](*given), parts))  # type: ignore[return-value]


_WEIGHTS = {"l1_weight": 10.0, "perceptual_weight": 0.01, "delta_weight": 0.0}
_INVERSION = Family(
    _inversion,
    {
        "masked": Choice(
            "pred and target under the mask",
            lambda m: (m, m),
            {
                "the features see the whole images, not what is under the mask": lambda m: (1 + 0 * m, 1 + 0 * m),
                "for the features only pred is masked": lambda m: (m, 1 + 0 * m),
                "for the features only target is masked": lambda m: (1 + 0 * m, m),
                "for the features the mask is inverted": lambda m: (1 - m, 1 - m),
            },
        ),
        "pixels": Choice(
            "lp_loss with p = 1 and the mask",
            lambda x, y, mask: lp_loss(x, y, 1, mask),
            {
                "the pixels' loss has p = 2": lambda x, y, mask: lp_loss(x, y, 2, mask),
                "the pixels' loss has p = 3": lambda x, y, mask: lp_loss(x, y, 3, mask),
                "the pixels' loss ignores the mask": lambda x, y, mask: lp_loss(x, y),
                "the pixels' loss has p = 2 and ignores the mask": lambda x, y, mask: lp_loss(x, y, 2),
                "the pixels' loss is averaged over all pixels, not over those that count": lambda x, y, mask: (
                    lp_loss(x, y) if mask is None else ((x - y).abs() * mask).mean()
                ),
                "the pixels' loss is the sum, not the mean": lambda x, y, mask: (
                    (x - y).abs() * (1 if mask is None else mask)
                ).sum(),
                "the pixels' loss has the mask inverted": lambda x, y, mask: lp_loss(
                    x, y, 1, None if mask is None else 1 - mask
                ),
            },
        ),
        "features": Choice(
            "perceptual_loss",
            perceptual_loss,
            {
                "the loss on features has the mean over layers": lambda x, y, f: perceptual_loss(x, y, f) / len(f(x)),
                "the loss on features compares pixels": lambda x, y, f: (x - y).square().mean(),
                "the root of the loss on features is taken": lambda x, y, f: perceptual_loss(x, y, f).sqrt(),
            },
        ),
        "penalty": Choice(
            "delta_penalty",
            delta_penalty,
            {
                "the penalty is summed over the batch": lambda d: d.square().sum(),
                "the penalty is the mean of the squares": lambda d: d.square().mean(),
                "the penalty is averaged over the layers": lambda d: d.square().sum(-1).mean(),
                "the penalty is the norm": lambda d: d.norm(),
                "the penalty is the root of the mean squared norm": lambda d: delta_penalty(d).sqrt(),
                "the penalty is the mean norm": lambda d: d.flatten(1).norm(dim=1).mean(),
                "the penalty is the mean absolute value": lambda d: d.abs().mean(),
                "the penalty is the sum of absolute values": lambda d: d.abs().sum(),
            },
        ),
        "weights": Choice(
            "each part with its own weight",
            lambda p, f, d: (p, f, d),
            {
                "l1_weight is ignored": lambda p, f, d: (1.0, f, d),
                "perceptual_weight is ignored": lambda p, f, d: (p, 1.0, d),
                "delta_weight is ignored": lambda p, f, d: (p, f, 1.0),
                "the pixels' loss is missing": lambda p, f, d: (0.0, f, d),
                "the loss on features is missing": lambda p, f, d: (p, 0.0, d),
                "the penalty on delta is missing": lambda p, f, d: (p, f, 0.0),
                "the pixels' loss has the wrong sign": lambda p, f, d: (-p, f, d),
                "the loss on features has the wrong sign": lambda p, f, d: (p, -f, d),
                "the penalty on delta has the wrong sign": lambda p, f, d: (p, f, -d),
                "l1_weight and perceptual_weight are exchanged": lambda p, f, d: (f, p, d),
                "l1_weight and delta_weight are exchanged": lambda p, f, d: (d, f, p),
                "perceptual_weight and delta_weight are exchanged": lambda p, f, d: (p, d, f),
                "l1_weight stands in the place of all three weights": lambda p, f, d: (p, p, p),
                "perceptual_weight is squared": lambda p, f, d: (p, f * f, d),
                "no weight is used": lambda p, f, d: (1.0, 1.0, 1.0),
                "the sum is divided by the sum of the weights": lambda p, f, d: tuple(
                    w / (p + f + d) for w in (p, f, d)
                ),
            },
        ),
    },
)


def _frames(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    first, last = choices["ends"](a["latent_a"], a["latent_b"])
    n = choices["count"](a["num_frames"])
    weights = [choices["eased"](float(w)) for w in choices["weights"](n)]
    return choices["stacked"]([choices["mixed"](first, last, w) for w in weights])


def _slerp(a: Tensor, b: Tensor, w: float) -> Tensor:
    angle = torch.arccos((a * b).sum() / (a.norm() * b.norm()))
    return (torch.sin((1 - w) * angle) * a + torch.sin(w * angle) * b) / torch.sin(angle)


_ENDS = Choice(
    "latent_a and latent_b of each sample",
    lambda a, b: (a, b),
    {
        "the first sample's latent_b is taken for all": lambda a, b: (a, b[:1].expand_as(b)),
        "the first sample's latent_a is taken for all": lambda a, b: (a[:1].expand_as(a), b),
    },
)
_FRAMES = Family(
    _frames,
    {
        "ends": _ENDS,
        "weights": Choice(
            "θ = k / (n − 1), the weight of latent_b",
            lambda n: [i / (n - 1) for i in range(n)],
            {
                "the weight of latent_b runs over i / n: the last frame falls short of it": lambda n: [
                    i / n for i in range(n)
                ],
                "the weight of latent_b runs over (i + 1) / n: the first frame is not latent_a": lambda n: [
                    (i + 1) / n for i in range(n)
                ],
                "the weight of latent_b runs over (i + 1) / (n + 1): both ends are missing": lambda n: [
                    (i + 1) / (n + 1) for i in range(n)
                ],
                "the weight of latent_b runs over i / (n + 1)": lambda n: [i / (n + 1) for i in range(n)],
                "the weight of latent_b runs over (i + ½) / n": lambda n: [(i + 0.5) / n for i in range(n)],
                "the weight of latent_b runs over i, not divided": lambda n: range(n),
                "the weight of latent_b runs from −1 to 1": lambda n: [2 * i / (n - 1) - 1 for i in range(n)],
                "the weight of latent_b runs over (i − 1) / (n − 1)": lambda n: [(i - 1) / (n - 1) for i in range(n)],
                "the weight of latent_b runs over (i + 1) / (n − 1)": lambda n: [(i + 1) / (n - 1) for i in range(n)],
                "the weight of latent_b runs over 2i / (n − 1)": lambda n: [2 * i / (n - 1) for i in range(n)],
                "every frame is latent_a": lambda n: [0.0] * n,
                "every frame is the mean of both latents": lambda n: [0.5] * n,
                "every frame is latent_b": lambda n: [1.0] * n,
            },
        ),
        "eased": Choice(
            "θ itself",
            lambda w: w,
            {
                "the weight of latent_b is squared": lambda w: w * w,
                "the weight of latent_b is its root": lambda w: abs(w) ** 0.5,
                "the weight of latent_b follows a cosine, not a straight line": lambda w: (
                    (1 - math.cos(math.pi * w)) / 2
                ),
                "the weight of latent_b follows 3θ² − 2θ³, not a straight line": lambda w: 3 * w * w - 2 * w**3,
            },
        ),
        "mixed": Choice(
            "(1 − θ)·latent_a + θ·latent_b",
            lambda a, b, w: (1 - w) * a + w * b,
            {
                "the ends are exchanged: the first frame is latent_b": lambda a, b, w: w * a + (1 - w) * b,
                "a frame is latent_a + θ·latent_b": lambda a, b, w: a + w * b,
                "a frame is latent_a + θ·(latent_a − latent_b): away from latent_b": lambda a, b, w: a + w * (a - b),
                "a frame is latent_a + θ·(latent_a + latent_b)": lambda a, b, w: a + w * (a + b),
                "a frame is latent_b + θ·(latent_b − latent_a): it begins at latent_b": lambda a, b, w: b + w * (b - a),
                "a frame is θ·(latent_b − latent_a): latent_a is missing": lambda a, b, w: w * (b - a),
                "a frame is θ·latent_a + θ·latent_b": lambda a, b, w: w * a + w * b,
                "a frame is (1 − θ)·latent_a − θ·latent_b": lambda a, b, w: (1 - w) * a - w * b,
                "a frame is √(1 − θ)·latent_a + √θ·latent_b": lambda a, b, w: (
                    max(1 - w, 0) ** 0.5 * a + max(w, 0) ** 0.5 * b
                ),
                "the frames lie on a circle, not on a line": _slerp,
            },
        ),
        "count": Choice(
            "num_frames frames",
            lambda n: n,
            {
                "there is one frame too many": lambda n: n + 1,
                "there is one frame too few": lambda n: n - 1,
                "there are two frames too many": lambda n: n + 2,
            },
        ),
        "stacked": Choice(
            "frames along a new first axis",
            torch.stack,
            {
                "the frames lie along the second axis": lambda frames: torch.stack(frames, 1),
                "the frames lie along the last axis": lambda frames: torch.stack(frames, -1),
                "the frames are joined along the batch": torch.cat,
                "the last frame is missing": lambda frames: torch.stack(frames[:-1]),
                "the first frame is missing": lambda frames: torch.stack(frames[1:]),
                "a last frame stands twice": lambda frames: torch.stack([*frames, frames[-1]]),
            },
        ),
    },
)

LAYERS: dict[str, Family] = {
    "inversion.perceptual_loss": _PERCEPTUAL,
    "inversion.inversion_loss": _INVERSION,
    "latents.interpolate": _FRAMES,
}
