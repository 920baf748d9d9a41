"""GAN inversion by latent space and optimiser, at equal numbers of generator evaluations."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from reference import data, latents, networks
from reference.data.draws import seeded
from reference.inversion import inversion_loss

from ..pictures.functions import CannotGoOn
from ..sandbox.gradients import Differentiable
from .code import at

EVALUATIONS = 60
SAMPLES = 10_000  # that the mean of w is taken over


class Enough(Exception):
    """The evaluations are used up."""


class Search:
    """The generator and the loss of one inversion, with the lowest loss so far after each evaluation and its second."""

    def __init__(self, generator: Callable, loss: Callable, limit: int, clock: Callable[[], float]) -> None:
        self.generator, self.loss_of, self.limit, self.clock = generator, loss, limit, clock
        self.start, self.evaluations = clock(), 0
        self.seconds: list[float] = []
        self.lowest: list[float] = []

    def image(self, latent: Tensor) -> Tensor:
        if torch.is_grad_enabled() and self.evaluations == self.limit:
            raise Enough
        self.evaluations += torch.is_grad_enabled()  # what an optimiser asks for; not the last picture
        return self.generator(latent)

    def loss(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        value = self.loss_of(pred, target, delta)
        self.lowest.append(min([float(value), *self.lowest[-1:]]))
        self.seconds.append(self.clock() - self.start)
        return value


@pytest.mark.benchmark(group="GAN inversion by latent space and optimiser")
def test_inversion(bench):
    """The handout's loss (L1 10, perceptual 0.01) on one face, from the mean; w+ also from the encoder's guess."""
    settings, code = bench.settings, bench.settings.code
    limit = 3 if settings.quick else EVALUATIONS
    device, here = settings.device, code.device
    style, vanilla, encoder, classifier = (
        networks.load(name, device) for name in ("stylegan", "dcgan", "encoder", "emoji-classifier")
    )
    faces = data.load("faces", "train", size=32)
    target = faces.floats(-1, 1)[faces.prompts.index("grinning face")][None].to(here)
    random = seeded(device, settings.seed, "mean w")
    w = latents.mean_w(style.mapping, style.z_dim, SAMPLES, random).to(here)
    synthesis = at(device, style.synthesis)
    starts: dict[str, tuple[Any, Any]] = {
        "DCGAN, z": (at(device, vanilla), torch.zeros(1, vanilla.z_dim, device=here)),
        # The mean of z is no direction, and the mapping takes directions only: a draw instead.
        "StyleGAN, z": (
            at(device, style),
            torch.randn(1, style.z_dim, generator=seeded("cpu", settings.seed)).to(here),
        ),
        "StyleGAN, w": (synthesis, w[None, None]),
        "StyleGAN, w+": (synthesis, w.repeat(1, style.num_ws, 1)),
        "StyleGAN, w+ from the encoder's guess": (synthesis, None),
    }

    def loss_of(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        features = lambda x: [features.to(x.device) for features in classifier.maps(x.to(device))]
        return inversion_loss(pred, target, delta, features)

    def searched(generator, start, optimizer: str) -> Search:
        search = Search(generator, loss_of, limit, bench.clock)
        if start is None:
            with torch.no_grad():
                start = encoder(target.to(device)).to(here)
        try:
            code.several(
                "inversion.invert",
                generator_fn=Differentiable(search.image),
                target=target,
                latent=start,
                loss_fn=Differentiable(search.loss),
                num_steps=limit,
                optimizer=optimizer,
            )
        except (Enough, CannotGoOn):
            if search.evaluations < limit:
                raise
        return search

    names = {"lbfgs": "L-BFGS", "adam": "Adam"}
    contenders = {
        f"{space}, {name}": partial(searched, *start, optimizer)
        for space, start in starts.items()
        for optimizer, name in names.items()
    }
    rounds = bench.race(contenders, rounds=3)
    for name, searches in rounds.items():
        seconds = bench.contenders[name]["seconds"]
        best = searches[seconds.index(min(seconds))]
        bench.note(
            name,
            **{"generator evaluations": best.evaluations},
            first_loss=best.lowest[0],
            loss=best.lowest[-1],
            curve={"seconds": best.seconds, "lowest": best.lowest},
        )
    bench.facts(about=f"one 32 × 32 face, at most {limit} evaluations of the generator with its gradient")
