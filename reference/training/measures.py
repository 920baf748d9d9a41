"""What is measured of each shipped model, and the pictures that its card shows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .. import data, networks
from ..data.draws import seeded
from ..illusions import lowpass
from ..networks.quality import (
    SEED,
    digit_distances,
    frechet_table,
    in_batches,
    nearest_group_rate,
    recognition_rate,
)
from .diffusion import PROMPT_SCALE, SCALE, SIGMAS, sample_digits, sample_digits_of, sample_prompts
from .features import EMOJI_VIEWS
from .flow import sample_digits_by_flow
from .views import random_views
from .ways import draw_ways, straightness_by_guidance

__all__ = ["FIGURES", "MEASURES", "Measured"]

#: Numbers by name (a table of Fréchet distances is a dictionary of its own), and pictures in rows of so many.
Measured = tuple[dict[str, Any], Tensor, int]
SAMPLES = 500


def digit_classifier(model: Any) -> Measured:
    """Held-out digits."""
    test = data.load("digits", "test")
    x = test.floats()
    return {f"accuracy on {len(test):,} held-out digits": recognition_rate(model, x, test.labels)}, x[::25], 10


def emoji_classifier(model: Any) -> Measured:
    """New views of the training pictures, and the groups of those that it has never seen."""
    train, test = data.load("emoji", size=32), data.load("emoji", "test", size=32)
    views = random_views(train.floats(-1, 1), seeded("cpu", SEED), **EMOJI_VIEWS)
    features = in_batches(model.features, train.floats(-1, 1))
    held_out = in_batches(model.features, test.floats(-1, 1))
    return (
        {
            f"accuracy on new views of the {len(train)} training pictures": recognition_rate(
                model, views, torch.arange(len(train))
            ),
            "held-out pictures whose nearest training picture is of their group": nearest_group_rate(
                held_out, test.labels, features, train.labels
            ),
        },
        views[::10],
        10,
    )


def one_step(model: Any) -> Measured:
    """Mean squared errors on held-out digits for σ from 0 to 1, beside the noisy picture's own and a blur's."""
    x0 = data.load("digits", "test").floats()
    noise = torch.randn(x0.shape, generator=seeded("cpu", SEED))
    numbers: dict[str, Any] = {}
    rows = [x0[50::100]]
    for sigma in SIGMAS:
        noisy = x0 + sigma * noise
        clean = in_batches(model, noisy)
        blurred = lowpass(noisy, 5, 1.0)
        errors = {"noisy": noisy, "blurred": blurred, "denoised": clean}
        numbers[f"mean squared error at σ = {sigma}"] = {
            name: float((x - x0).square().mean()) for name, x in errors.items()
        }
        rows += [noisy[50::100], clean[50::100]]
    return numbers, torch.cat(rows), 10


def time_conditioned(model: Any) -> Measured:
    """Unconditional digits."""
    fakes = _digits(lambda count, generator: sample_digits(model, count, generator))
    return {"Fréchet distance": digit_distances(fakes)}, fakes[:40], 10


def class_conditioned(model: Any) -> Measured:
    """Digits of each class, at the handout's guidance scale."""
    labels = torch.arange(10).repeat(SAMPLES // 10)
    fakes = _digits_of(partial(sample_digits_of, model), labels)
    rate = recognition_rate(networks.load("digit-classifier"), fakes, labels)
    return (
        {f"recognition rate, γ = {SCALE:g}": rate, f"Fréchet distance, γ = {SCALE:g}": digit_distances(fakes)},
        fakes[:50],
        10,
    )


FEW_STEPS = (5, 10, 25, 50)


def flow(model: Any) -> Measured:
    """Digits of each class after few steps and many, beside what DDPM makes with the same network in as many."""
    labels = torch.arange(10).repeat(SAMPLES // 10)
    ddpm, classifier = networks.load("class"), networks.load("digit-classifier")
    by_flow, by_ddpm = partial(sample_digits_by_flow, model), partial(sample_digits_of, ddpm)
    rates, distances = dict[str, Any](), dict[str, Any]()
    for steps in FEW_STEPS:
        made = {
            name: _digits_of(partial(sample, steps=steps), labels)
            for name, sample in (("flow", by_flow), ("DDPM", by_ddpm))
        }
        rates[f"recognition rate, γ = {SCALE:g}, {steps} steps"] = {
            name: recognition_rate(classifier, fakes, labels) for name, fakes in made.items()
        }
        tables = {name: digit_distances(fakes) for name, fakes in made.items()}
        distances[f"Fréchet distance, γ = {SCALE:g}, {steps} steps"] = {
            "real": tables["flow"]["real"],
            **{name: table["fake"] for name, table in tables.items()},
        }
    numbers = rates | distances | {"straightness of the ways": straightness_by_guidance(model)}
    return numbers, made["flow"][:100], 10


def emoji(model: Any) -> Measured:
    """One picture for every other training prompt, and some for the null prompt."""
    everything, train = data.load("emoji", "all", size=32), data.load("emoji", size=32)
    fakes = _prompted(model, list(train.prompts[::2]))
    features = networks.load("emoji-classifier").features
    real, drawn = in_batches(features, everything.floats(-1, 1)), in_batches(features, fakes.clamp(-1, 1))
    null = _prompted(model, [""] * len(fakes))
    noise = in_batches(features, torch.randn(len(real), 3, 32, 32, generator=seeded("cpu", SEED)))
    nearest = torch.cdist(drawn, real).argmin(dim=1)
    return (
        {
            "nearest picture is of the prompt's group": nearest_group_rate(
                drawn, train.labels[::2], real, everything.labels
            ),
            "nearest picture is the prompt's own": float((nearest == torch.arange(0, len(train), 2)).float().mean()),
            f"Fréchet distance, prompts, scale {PROMPT_SCALE:g}": frechet_table(real, drawn, noise),
            "Fréchet distance, null prompt": frechet_table(real, in_batches(features, null), noise),
        },
        torch.cat([fakes[::3][:60], null[:12]]),
        12,
    )


def encoder(name: str, thing: str, generator_name: str, model: Any) -> Measured:
    """Real pictures of a set through encoder and generator; the mean picture for scale."""
    generator = networks.load(generator_name)
    numbers: dict[str, Any] = {}
    rows = []
    for split in ("train", "test"):
        x = data.load(name, split, size=32).floats(-1, 1)
        with torch.no_grad():
            images = generator.synthesis(model(x))
            mean = generator.synthesis(model.mean_w.expand(len(x), generator.num_ws, -1))
        numbers[f"mean squared error, {split} {name}"] = {
            "encoder": float((images - x).square().mean()),
            f"mean {thing}": float((mean - x).square().mean()),
        }
        rows += [_row(x, 10), _row(images, 10)]
    return numbers, torch.cat(rows), 10


def few_shot(name: str, thing: str, model: Any) -> Measured:
    """Pictures of normal z, and how close the nearest real ones are.

    Fréchet distances are to all pictures of the set, those held out among them, and their mirror images, which the GANs
    see as well.
    """
    with torch.no_grad():
        fakes = in_batches(
            lambda part: model(torch.randn(len(part), model.z_dim, generator=seeded("cpu", SEED, int(part[0])))),
            torch.arange(SAMPLES),
        )
    features = networks.load("emoji-classifier").features
    everything = data.load(name, "all", size=32).floats(-1, 1)
    real = in_batches(features, torch.cat([everything, everything.flip(3)]))
    drawn = in_batches(features, fakes.clamp(-1, 1))
    noise = in_batches(features, torch.rand(len(real), 3, 32, 32, generator=seeded("cpu", SEED)) * 2 - 1)
    numbers = {
        "Fréchet distance": frechet_table(real, drawn, noise),
        f"mean distance of features to the nearest real {thing}": float(torch.cdist(drawn, real).min(1).values.mean()),
        "spread: mean distance between two fakes": float(torch.pdist(drawn).mean()),
        f"spread of the real {name}": float(torch.pdist(real).mean()),
    }
    return numbers, fakes[:60], 12


def _row(images: Tensor, columns: int) -> Tensor:
    """The first pictures, white ones behind them where they are fewer."""
    few = images[:columns]
    return torch.cat([few, few.new_ones(columns - len(few), *few.shape[1:])])


def _prompted(model: Any, prompts: list[str]) -> Tensor:
    parts = [prompts[start : start + 64] for start in range(0, len(prompts), 64)]
    with torch.autocast("cpu", torch.bfloat16):
        pictures = [sample_prompts(model, part, seeded("cpu", SEED, k)) for k, part in enumerate(parts)]
    return torch.cat(pictures).float()


def _digits(sample: Callable[[int, torch.Generator], Tensor]) -> Tensor:
    """SAMPLES digits, 100 at a time, each hundred with a seed of its own."""
    with torch.autocast("cpu", torch.bfloat16):
        return torch.cat([sample(100, seeded("cpu", SEED, part)) for part in range(SAMPLES // 100)]).float()


def _digits_of(sample: Callable[[Tensor, torch.Generator], Tensor], labels: Tensor) -> Tensor:
    """One digit for each label."""
    parts = iter(labels.split(100))
    return _digits(lambda count, generator: sample(next(parts), generator))


MEASURES: dict[str, Callable[[Any], Measured]] = {
    "digit-classifier": digit_classifier,
    "emoji-classifier": emoji_classifier,
    "one-step": one_step,
    "time": time_conditioned,
    "class": class_conditioned,
    "flow": flow,
    "emoji": emoji,
    "stylegan": partial(few_shot, "faces", "face"),
    "dcgan": partial(few_shot, "faces", "face"),
    "encoder": partial(encoder, "faces", "face", "stylegan"),
    "animals": partial(few_shot, "animals", "animal"),
    "animals-encoder": partial(encoder, "animals", "animal", "animals"),
}

#: What a card shows besides samples, and in which words.
FIGURES: dict[str, tuple[str, Callable[[Any], Figure]]] = {
    "flow": ("the ways from noise to digits, and how straight they are: 1 is straight", draw_ways),
}
