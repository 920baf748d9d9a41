"""The losses that train a network: what it is shown, what it is told, what its answer is held against, and how.

denoiser   mean (model(x0 + σ noise) − x0)²
ddpm       mean (model(√ᾱ_t x0 + √(1−ᾱ_t) noise, t / T) − noise)²
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import materialise
from ..evidence import Arguments, bare
from ..variants import Choice, Family

HELD = Choice(
    "the mean of the squared differences",
    lambda made, wanted: (made - wanted).square().mean(),
    {
        "the sum stands in the place of the mean": lambda made, wanted: (made - wanted).square().sum(),
        "the sum over a sample, averaged over the batch, stands in the place of the mean": lambda made, wanted: (
            (made - wanted).square().flatten(1).sum(1).mean()
        ),
        "half the mean comes back": lambda made, wanted: (made - wanted).square().mean() / 2,
        "the differences are not squared": lambda made, wanted: (made - wanted).mean(),
        "absolute differences stand for squared ones": lambda made, wanted: (made - wanted).abs().mean(),
        "the differences are taken to the fourth power": lambda made, wanted: (made - wanted).pow(4).mean(),
        "the inverse of the differences is averaged": lambda made, wanted: (made - wanted).pow(-1).mean(),
        "the root of the mean comes back": lambda made, wanted: (made - wanted).square().mean().sqrt(),
        "the norm of the difference comes back": lambda made, wanted: (made - wanted).norm(),
        "the square of the mean difference comes back": lambda made, wanted: (made - wanted).mean().square(),
        "the smooth L1 loss stands in the place of the squared one": lambda made, wanted: (
            torch.nn.functional.smooth_l1_loss(made, wanted)
        ),
        "the mean is divided by the size of the batch once more": lambda made, wanted: (
            (made - wanted).square().mean() / len(made)
        ),
        "the mean is divided by the number of elements once more": lambda made, wanted: (
            (made - wanted).square().mean() / made.numel()
        ),
        "answer and target are added, not subtracted": lambda made, wanted: (made + wanted).square().mean(),
        "the answer alone is squared: nothing is subtracted": lambda made, wanted: made.square().mean(),
        "the target is left out of the square": lambda made, wanted: (made.square() - wanted).mean(),
        "the squares are subtracted, not the values squared": lambda made, wanted: (
            made.square() - wanted.square()
        ).mean(),
        "the sign is the wrong one": lambda made, wanted: -(made - wanted).square().mean(),
        "the largest squared difference comes back": lambda made, wanted: (made - wanted).square().max(),
        "only the first sample counts": lambda made, wanted: (made - wanted)[0].square().mean(),
        "one number for each sample comes back": lambda made, wanted: (made - wanted).square().flatten(1).mean(1),
        "the squared differences come back, not averaged": lambda made, wanted: (made - wanted).square(),
        "the differences come back, not squared": lambda made, wanted: made - wanted,
    },
)


def _group_by_group(made: Tensor, wanted: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
    """Each sample by as much as makes its group, the kept or the dropped ones, half of the mean."""
    kept = keep > 0
    groups = torch.where(kept, kept.sum(), (~kept).sum()).double()
    weight = len(keep) / (2 * groups) if bool(kept.any()) and not bool(kept.all()) else torch.ones_like(groups)
    return made * _per_image(weight.sqrt()), wanted * _per_image(weight.sqrt())


COUNTED = Choice(
    "every sample counts",
    lambda made, wanted, keep: (made, wanted),
    {
        "only samples with keep = 1 count": lambda made, wanted, keep: (
            (made[keep > 0], wanted[keep > 0]) if bool((keep > 0).any()) else (0 * made, 0 * wanted)
        ),
        "samples with keep = 0 count as if they had no loss": lambda made, wanted, keep: (
            made * _per_image(keep),
            wanted * _per_image(keep),
        ),
        "the means of the kept and of the dropped samples are averaged, however many there are of each": _group_by_group,
        "only samples with keep = 0 count": lambda made, wanted, keep: (
            (made[keep == 0], wanted[keep == 0]) if bool((keep == 0).any()) else (0 * made, 0 * wanted)
        ),
    },
)


def held(choices: Mapping[str, Any], made: Tensor, wanted: Tensor, keep: Tensor | None) -> Tensor:
    """The answers against what they should be, of the samples that count."""
    return choices["held"](*((made, wanted) if keep is None else choices["counted"](made, wanted, keep)))


def _images(a: Arguments) -> tuple[Any, Tensor, Tensor]:
    live, _ = materialise(a)
    return live["model"], bare(a["x0"]), bare(a["noise"])


def _denoiser(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    model, x0, noise = _images(a)
    noisy = choices["shown"](x0, noise, a["sigma"])
    return choices["held"](choices["asked"](model, noisy), choices["wanted"](x0, noise, noisy))


_DENOISER = Family(
    _denoiser,
    {
        "shown": Choice(
            "x0 + σ·noise",
            lambda x, n, s: x + s * n,
            {
                "the network is shown x0 + σ²·noise": lambda x, n, s: x + s * s * n,
                "the network is shown x0 + √σ·noise": lambda x, n, s: x + s**0.5 * n,
                "the network is shown x0 + noise: σ is ignored": lambda x, n, s: x + n,
                "the network is shown x0 − σ·noise": lambda x, n, s: x - s * n,
                "the network is shown the clean image": lambda x, n, s: x + 0 * n,
                "the network is shown the noise alone": lambda x, n, s: s * n,
                "the network is shown σ·x0 + noise": lambda x, n, s: s * x + n,
                "the network is shown σ·(x0 + noise)": lambda x, n, s: s * (x + n),
                "the network is shown (1 − σ)·x0 + σ·noise": lambda x, n, s: (1 - s) * x + s * n,
                "the network is shown (1 + σ)·x0 + noise": lambda x, n, s: (1 + s) * x + n,
                "the network is shown x0 + σ + noise": lambda x, n, s: x + s + n,
                "the network is shown x0·σ·noise": lambda x, n, s: x * s * n,
                "the network is shown x0 + noise/σ": lambda x, n, s: x + n / s if s else x + n * torch.inf,
                "the network is shown √(1 − σ²)·x0 + σ·noise": lambda x, n, s: max(1 - s * s, 0) ** 0.5 * x + s * n,
                "the noisy image is cut off at −1 and 1": lambda x, n, s: (x + s * n).clamp(-1, 1),
                "the noisy image is cut off at 0 and 1": lambda x, n, s: (x + s * n).clamp(0, 1),
                "all samples get the first one's noise": lambda x, n, s: x + s * n[:1],
            },
        ),
        "asked": Choice(
            "the network's answer",
            lambda model, x: model(x),
            {
                "the network is not asked: the noisy image stands in the place of its answer": lambda model, x: x,
                "the network's answer is taken from the noisy image": lambda model, x: x - model(x),
                "the network's answer is added to the noisy image": lambda model, x: x + model(x),
                "the network's answer is cut off at −1 and 1": lambda model, x: model(x).clamp(-1, 1),
            },
        ),
        "wanted": Choice(
            "x0",
            lambda x, n, noisy: x,
            {
                "the answer is held against the noise": lambda x, n, noisy: n,
                "the answer is held against the noisy image": lambda x, n, noisy: noisy,
            },
        ),
        "held": HELD,
    },
)


def _per_image(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1, 1)


def _ddpm(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    model, x0, noise = _images(a)
    t, table = a["t"], a["alphas_cumprod"]
    of_image, of_noise = choices["shown"](choices["level"](table, t))
    x_t = _per_image(of_image) * x0 + _per_image(of_noise) * noise
    rest = [choices["labels"](a["labels"])] if "labels" in a else []
    kept = [choices["keep"](a["keep"])] if "keep" in a else []
    told = choices["told"](t.to(x0.dtype), len(table))
    answer = choices["asked"](model(x_t, *rest, told, *kept), x_t)
    return held(choices, answer, choices["wanted"](x0, noise, x_t), a.get("keep"))


_SHOWN = Choice(
    "√ᾱ_t·x0 + √(1−ᾱ_t)·noise",
    lambda a: (a.sqrt(), (1 - a).sqrt()),
    {
        "the network is shown ᾱ_t·x0: the root is missing": lambda a: (a, (1 - a).sqrt()),
        "the network is shown (1−ᾱ_t)·noise: the root is missing": lambda a: (a.sqrt(), 1 - a),
        "the network is shown ᾱ_t·x0 + (1−ᾱ_t)·noise: both roots are missing": lambda a: (a, 1 - a),
        "the network is shown √(1−ᾱ_t)·x0 + √ᾱ_t·noise: the weights are exchanged": lambda a: (
            (1 - a).sqrt(),
            a.sqrt(),
        ),
        "the network is shown (1 − √ᾱ_t)·noise": lambda a: (a.sqrt(), 1 - a.sqrt()),
        "the network is shown √(1+ᾱ_t)·noise": lambda a: (a.sqrt(), (1 + a).sqrt()),
        "the network is shown −√(1−ᾱ_t)·noise": lambda a: (a.sqrt(), -(1 - a).sqrt()),
        "the network is shown the clean image": lambda a: (torch.ones_like(a), 0 * a),
        "the network is shown the image without noise": lambda a: (a.sqrt(), 0 * a),
        "the network is shown the noise alone": lambda a: (0 * a, (1 - a).sqrt()),
        "the network is shown x0 + √(1−ᾱ_t)·noise": lambda a: (torch.ones_like(a), (1 - a).sqrt()),
        "the network is shown √ᾱ_t·x0 + noise": lambda a: (a.sqrt(), torch.ones_like(a)),
        "the network is shown x0 + noise": lambda a: (torch.ones_like(a), torch.ones_like(a)),
        "the network is shown x0 / √ᾱ_t": lambda a: (1 / a.sqrt(), (1 - a).sqrt()),
    },
)
_LEVEL = Choice(
    "ᾱ at t",
    lambda table, t: table[t],
    {
        "ᾱ is read one index too low": lambda table, t: table[t - 1],
        "ᾱ is read one index too low, but for t = 0": lambda table, t: table[(t - 1).clamp(min=0)],
        "ᾱ is read one index too high": lambda table, t: table[(t + 1).clamp(max=len(table) - 1)],
        "all samples get the first one's ᾱ": lambda table, t: table[t[:1]].expand(len(t)),
        "all samples get the mean of their ᾱ": lambda table, t: table[t].mean().expand(len(t)),
        "the α of a single step stands in the place of ᾱ": lambda table, t: (
            table / torch.cat([table.new_ones(1), table[:-1]])
        )[t],
    },
)


STEPS = (1000, 500, 400, 300, 256, 200, 100, 50)  # of a chain, as people have them


def _divided(fixed: int, t: Tensor, T: int) -> Tensor:
    return t / fixed


_TOLD = Choice(
    "t / T",
    lambda t, T: t / T,
    {
        "the network is told t, not divided by T": lambda t, T: t,
        "the network is told (t + 1) / T": lambda t, T: (t + 1) / T,
        "the network is told t / (T − 1)": lambda t, T: t / (T - 1),
        "the network is told t / (T − 2)": lambda t, T: t / (T - 2),
        "the network is told t / (T + 1)": lambda t, T: t / (T + 1),
        **{
            f"the network is told t / {fixed}, whatever T is": partial(_divided, fixed)
            for fixed in (*STEPS, 999, 299, 499)
        },
        "the network is told 1 − t / T": lambda t, T: 1 - t / T,
        "the network is told t · T": lambda t, T: t * T,
        "the network is told 0 (t // T, say)": lambda t, T: 0 * t,
        "the network is told the first sample's time for all": lambda t, T: t[:1].expand_as(t) / T,
        "the network is told the samples' times in reversed order": lambda t, T: t.flip(0) / T,
    },
)
ASKED = Choice(
    "the network's answer",
    lambda answer, x_t: answer,
    {"the network is not asked: x_t stands in the place of its answer": lambda answer, x_t: x_t},
)
_WANTED = Choice(
    "the noise",
    lambda x, n, x_t: n,
    {
        "the answer is held against x0": lambda x, n, x_t: x,
        "the answer is held against x_t": lambda x, n, x_t: x_t,
        "the answer is held against x_t − x0": lambda x, n, x_t: x_t - x,
        "the answer is held against noise − x0": lambda x, n, x_t: n - x,
    },
)
_DDPM = {"shown": _SHOWN, "level": _LEVEL, "told": _TOLD, "asked": ASKED, "wanted": _WANTED, "held": HELD}
KEEP = Choice(
    "keep as given",
    lambda keep: keep,
    {
        "keep is inverted": lambda keep: 1 - keep,
        "keep is ignored: every label is kept": torch.ones_like,
        "keep is ignored: every label is dropped": torch.zeros_like,
        "the first sample's keep is taken for all": lambda keep: keep[:1].expand_as(keep),
        "keep comes in reversed order": lambda keep: keep.flip(0),
    },
)
LABELS = Choice(
    "labels as given",
    lambda labels: labels,
    {
        "every label is taken for 0": torch.zeros_like,
        "the first sample's label is taken for all": lambda labels: labels[:1].expand_as(labels),
        "labels come in reversed order": lambda labels: labels.flip(0),
        "every label is one too low": lambda labels: labels - 1,
        "every label is one too high": lambda labels: labels + 1,
    },
)
OF_CLASSES = {"labels": LABELS, "keep": KEEP, "counted": COUNTED}
FITS: dict[str, Family] = {
    "unet.denoiser_loss": _DENOISER,
    "unet.ddpm_loss": Family(_ddpm, _DDPM),
    "unet.class_ddpm_loss": Family(_ddpm, _DDPM | OF_CLASSES),
}
