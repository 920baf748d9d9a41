"""A search over latents of a linear generator, whose best latent is known; and what a loss takes for fixed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..compare import expect_close, expect_pair
from ..lent.sandbox.crossing.probes import LinearGenerator, importance
from ..lent.sandbox.crossing.values import Leaf, Probe
from ..student import Reply, Student
from . import holds

STEPS = {"lbfgs": 60, "adam": 300}
LEFT = {"lbfgs": 0.05, "adam": 0.25}  # of the way to the best latent; step sizes and stopping rules are free
MOST = 65  # images, in as many steps as are allowed
MADE = 1e-6


def problem(optimizer: str, penalty: float = 0.0, generator: str = "LinearGenerator") -> tuple[dict[str, Any], Tensor]:
    """Arguments, and the best latent: that of weighted least squares."""
    numbers = torch.Generator().manual_seed(3)
    latent, off, noise = (
        torch.randn(shape, dtype=torch.float64, generator=numbers) for shape in ((2, 3, 2), (2, 3, 2), (2, 2, 3, 4))
    )
    network = LinearGenerator().requires_grad_(False)
    target = network(2 * latent + 0.3 * off) + 0.3 * noise
    best = 2 * latent
    for i in range(2):
        counts = importance(target[i]).flatten()[:, None]
        rest = (target[i] - network(best[i : i + 1])[0]).flatten()[:, None]
        weight = network.weight
        left = weight.T @ (counts * weight) + penalty * torch.eye(6, dtype=torch.float64)
        best[i] += torch.linalg.solve(left, weight.T @ (counts * rest)).reshape(3, 2)
    loss = Probe("PenalisedError" if penalty else "WeightedError")
    rest = {"generator_fn": Probe(generator), "target": target, "latent": 2 * latent, "loss_fn": loss}
    return {**rest, "num_steps": STEPS[optimizer], "optimizer": optimizer}, best


def answer(reply: Reply, arguments: dict[str, Any]) -> list[Tensor]:
    return expect_pair(reply, tuple(arguments["latent"].shape), tuple(arguments["target"].shape))


def optimizers(student: Student) -> list[str]:
    return [one for one in STEPS if student.asks({"optimizer": one})]


def valley() -> dict[str, Any]:
    """A search that takes hundreds of steps."""
    start = torch.tensor([-1.2, 1.0], dtype=torch.float64).expand(2, 3, 2).clone()
    target = Probe("CurvedValley")(torch.ones(2, 3, 2, dtype=torch.float64))
    return {"generator_fn": Probe("CurvedValley"), "target": target, "latent": start, "loss_fn": Probe("WeightedError")}


@holds("inversion.invert")
def ends_at_the_best_latent(student: Student) -> None:
    """From delta = 0 the search ends at the least-squares solution, with a penalty on delta or without."""
    for optimizer in optimizers(student):
        for penalty in (0.0, 1.0):
            arguments, best = problem(optimizer, penalty)
            reply = student(**arguments)
            latent, _ = answer(reply, arguments)
            before, after = ((x - best).flatten(1).norm(dim=1) for x in (arguments["latent"], latent))
            if not bool((after <= LEFT[optimizer] * before).all()):
                got = f"{after.tolist()} away from it, {before.tolist()} at the start"
                raise reply.fail("the search does not end at the best latent", f"near {best.flatten().tolist()}", got)


@holds("inversion.invert")
def the_image_belongs_to_the_latent(student: Student) -> None:
    """The returned image is made from the returned latent, both without a graph; the generator is left as it was."""
    for generator in ("LinearGenerator", "FrozenGenerator"):
        for optimizer in optimizers(student):
            arguments, _ = problem(optimizer, generator=generator)
            reply = student(**{**arguments, "num_steps": 7})
            latent, image = answer(reply, arguments)
            made = LinearGenerator().requires_grad_(False)(latent)
            expect_close(reply, made, MADE, "the image", image)
            if any(x.requires_grad for x in reply.value):
                raise reply.fail("the result hangs on an autograd graph", "detached tensors")


@holds("inversion.invert")
def num_steps_bounds_the_search(student: Student) -> None:
    """num_steps bounds the search."""
    steps = {"lbfgs": 2, "adam": 60}
    for optimizer in optimizers(student):
        reply = student(**valley(), num_steps=steps[optimizer], optimizer=optimizer)
        if reply.asked > MOST:
            raise reply.fail("num_steps does not bound the search", f"{MOST} images at most", f"{reply.asked} images")


@holds("inversion.invert")
def defaults(student: Student) -> None:
    """By default L-BFGS searches, a thousand steps; "adam" is another search."""
    few = [student(**valley(), num_steps=3)]
    few += [student(**valley(), num_steps=3, optimizer=optimizer) for optimizer in STEPS]
    default, lbfgs, adam = (answer(reply, valley())[0] for reply in few)
    if float((lbfgs - adam).abs().max()) < MADE:
        raise few[2].fail("optimizer makes no difference", "another search for adam than for lbfgs")
    if float((default - lbfgs).abs().max()) > MADE:
        raise few[0].fail("without optimizer it is not L-BFGS that searches")
    by_default = student(**valley(), optimizer="adam")
    longest = student(**valley(), optimizer="adam", num_steps=1000)
    if by_default.asked != longest.asked:
        got = f"{by_default.asked} images, {longest.asked} with num_steps=1000"
        raise by_default.fail("without num_steps the search has another length", "1000 steps", got)


@holds("inversion.perceptual_loss", "inversion.inversion_loss")
def target_features_are_fixed(student: Student) -> None:
    """No gradient flows into the features of the target."""
    numbers = torch.Generator().manual_seed(5)
    pred, target = torch.randn(2, 3, 2, 4, 6, dtype=torch.float64, generator=numbers)
    arguments: dict[str, Any] = {"pred": Leaf(pred), "target": Leaf(target), "features_fn": Probe("features_fn")}
    if student.name == "inversion_loss":  # of its terms that of the features alone
        arguments.update(delta=torch.zeros(3, 6, 5, dtype=torch.float64), l1_weight=0.0, perceptual_weight=1.0)
    reply = student(**arguments, cotangent=torch.tensor(1.0, dtype=torch.float64))
    into = (reply.grads or {}).get("target")
    if into is not None and bool(into.any()):
        raise reply.fail("a gradient flows into target", "none")
