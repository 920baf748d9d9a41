"""Where the handout leaves a form open, what any sensible form has."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..compare import EXACT, expect_close, expect_pair, expect_tensor
from ..lent.sandbox.crossing.values import Leaf, Probe
from ..student import Reply, Student
from . import holds

SIDE = 12
ONE = torch.tensor(1.0, dtype=torch.float64)
FULL = torch.ones(1, 1, SIDE, SIDE, dtype=torch.float64)
FAINT = 0.05  # of the edge of a step from black to white
SAME = 1e-6


def step(axis: int, sign: float = 1.0, channels: tuple = (0, 1, 2)) -> Tensor:
    """Two halves that meet in the middle, in some of three channels."""
    image = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64)
    image.narrow(2 + axis, SIDE // 2, SIDE // 2)[:, list(channels)] = sign
    return image


def smooth(seed: int, batch: int = 2) -> Tensor:
    """Images with lines all over."""
    numbers = torch.Generator().manual_seed(seed)
    image = torch.randn(batch, 3, SIDE + 2, SIDE + 2, dtype=torch.float64, generator=numbers)
    return torch.nn.functional.avg_pool2d(image, 3, stride=1)


def edges(student: Student, image: Tensor) -> tuple[Reply, Tensor]:
    reply = student(image=image)
    found = expect_tensor(reply, (len(image), 1, SIDE, SIDE))
    if not bool(found.isfinite().all()):
        raise reply.fail("edges are not finite", "a number for every pixel")
    return reply, found.double()


def number(reply: Reply) -> float:
    return float(expect_tensor(reply, ()))


@holds("bells.soft_edges")
def edges_are_where_they_are(student: Student) -> None:
    """Edges stand where black meets white, either way and in any channel; the larger the step the stronger."""
    for axis in (0, 1):
        reply, found = edges(student, step(axis))
        across = found[0, 0].mean(1 - axis)
        near, far = float(across[4:8].max()), float(across[[2, SIDE - 3]].abs().max())
        if not near > 1e-3 or far > FAINT * near:
            raise reply.fail(
                "the edge does not stand out", "an edge where they meet", f"{near:.3g}, elsewhere {far:.3g}"
            )
        if not float(edges(student, 0.25 * step(axis))[1].mean((0, 1, 3 - axis))[4:8].max()) < near:
            raise reply.fail("a weaker step has no weaker edge")
        reply, other = edges(student, step(axis, -1.0))
        expect_close(reply, found, SAME * float(found.max()) + EXACT, "the edge from white to black", other)
    for channel in range(3):
        reply, found = edges(student, step(1, channels=(channel,)))
        if not float(found[0, 0, 2:-2, 2:-2].max()) > 1e-3:
            raise reply.fail(f"an edge in channel {channel} alone is not seen")


@holds("bells.soft_edges")
def flat_ground(student: Student) -> None:
    """On flat ground there are no edges, none are negative, and the gradient is finite; samples are independent."""
    strong = float(edges(student, step(0))[1].max())
    reply, found = edges(student, torch.full((1, 3, SIDE, SIDE), 0.7, dtype=torch.float64))
    if float(found[:, :, 2:-2, 2:-2].abs().max()) > FAINT * strong or float(found.min()) < -FAINT * strong:
        raise reply.fail("flat ground has edges, or negative ones", "0")
    reply, found = edges(student, smooth(1, 3))
    alone = torch.cat([edges(student, one)[1] for one in smooth(1, 3).split(1)])
    expect_close(reply, alone, EXACT, "the result of the batch", found)
    _expect_gradient(student, "image", torch.full((1, 3, SIDE, SIDE), 0.3, dtype=torch.float64), FULL, needed=False)
    _expect_gradient(student, "image", smooth(2, 1), FULL)


def _expect_gradient(
    student: Student, name: str, at: Tensor, cotangent: Tensor, needed: bool = True, **rest: Any
) -> None:
    reply = student(**{name: Leaf(at)}, **rest, cotangent=cotangent)
    gradient = (reply.grads or {}).get(name)
    if gradient is None or (needed and not bool(gradient.any())):
        raise reply.fail(f"no gradient reaches {name}")
    if not bool(gradient.isfinite().all()):
        raise reply.fail(f"the gradient with respect to {name} is not finite", "a number for every pixel")


@holds("bells.sketch_loss")
def lines_count_and_colours_do_not(student: Student) -> None:
    """The same lines have no loss, whatever the colours; a line that is missing, or one too many, has."""
    image, inner = smooth(3), torch.zeros_like(FULL)
    inner[:, :, 3:-3, 3:-3] = 1
    expect_close(student(image=image, sketch=image.clone(), mask=FULL), 0 * ONE, SAME)
    expect_close(student(image=image, sketch=image + 0.4, mask=inner), 0 * ONE, SAME)
    for axis in (0, 1):
        for pair in ((step(axis), 0 * step(axis)), (0 * step(axis), step(axis)), (step(axis), step(1 - axis))):
            reply = student(image=pair[0], sketch=pair[1], mask=FULL)
            if not number(reply) > 1e-2:
                raise reply.fail("other lines make no difference", "a loss", f"{number(reply):.3g}")


@holds("bells.sketch_loss")
def the_mask(student: Student) -> None:
    """What lies outside of the mask is free, what lies under it counts; the outline of the mask is no line."""
    image, sketch, other = smooth(4), smooth(5), smooth(6)
    mask, far, inner = (torch.zeros_like(FULL) for _ in range(3))
    mask[..., :4], far[..., 8:], inner[:, :, 3:-3, 3:-3] = 1, 1, 1
    before = number(student(image=image, sketch=sketch, mask=mask))
    expect_close(
        student(image=image + far * other, sketch=sketch - far * other, mask=mask), before * ONE, SAME * max(1, before)
    )
    under = student(image=image + (1 - far) * other, sketch=sketch, mask=mask)
    if abs(number(under) - before) < 1e-4:
        raise under.fail("what lies under the mask makes no difference")
    expect_close(student(image=image, sketch=sketch, mask=0 * mask), 0 * ONE, SAME)
    flat = torch.full((1, 3, SIDE, SIDE), 0.8, dtype=torch.float64)
    reply = student(image=flat, sketch=-flat, mask=inner)
    if number(reply) > FAINT * number(student(image=step(0), sketch=0 * step(0), mask=FULL)):
        raise reply.fail("two flat pictures have different edges: first the edges, then the mask", "0")


@holds("bells.sketch_loss")
def sketch_of_a_batch(student: Student) -> None:
    """A batch that is taken twice has the same loss; gradients reach the image, and are finite on flat ground."""
    image, sketch = smooth(7), smooth(8)
    once = number(student(image=image, sketch=sketch, mask=FULL))
    twice = student(image=torch.cat([image, image]), sketch=torch.cat([sketch, sketch]), mask=FULL)
    expect_close(twice, once * ONE, SAME * max(1.0, once))
    _expect_gradient(student, "image", image, ONE, sketch=sketch, mask=FULL)
    reply = student(image=Leaf(0 * image), sketch=0 * image, mask=FULL, cotangent=ONE)
    gradient = (reply.grads or {}).get("image")
    if gradient is not None and not bool(gradient.isfinite().all()):
        raise reply.fail("on flat ground the gradient is not finite")


@holds("bells.encoder_loss")
def an_encoder_is_judged(student: Student) -> None:
    """A perfect encoder has no loss; another has one, in the latent and in the image; weights multiply their terms."""
    latent = torch.randn(4, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    rest = {"generator_fn": Probe("FrozenGenerator"), "latent": latent}
    losses = []
    for weights in ((1.0, 0.0), (0.0, 1.0), (0.7, 2.5), ()):
        given: dict[str, Any] = dict(zip(("latent_weight", "image_weight"), weights))
        expect_close(student(encoder=Probe("Encoder"), **rest, **given), 0 * ONE, EXACT)
        reply = student(encoder=Probe("PoorEncoder"), **rest, **given)
        losses.append(number(reply))
        if not losses[-1] > 1e-4:
            raise reply.fail("an encoder that is wrong has no loss", "more than 0", f"{losses[-1]:.3g}")
    for got, (first, second) in zip(losses[2:], ((0.7, 2.5), (1.0, 1.0))):
        expected = first * losses[0] + second * losses[1]
        if abs(got - expected) > SAME * max(1.0, expected):
            raise reply.fail("a weight does not multiply its own term", f"{expected:.8g}", f"{got:.8g}")


@holds("bells.encoder_loss")
def another_latent_of_the_same_image(student: Student) -> None:
    """Another latent that makes the same image costs something in the latent and nothing in the image."""
    latent = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    rest: dict[str, Any] = {"latent": latent, "encoder": lambda image: image.mean((2, 3)) + 1.0}
    rest["generator_fn"] = lambda latent: 0 * latent[:, :, None, None] + 0.5
    expect_close(student(**rest, latent_weight=0.0, image_weight=1.0), 0 * ONE, EXACT)
    reply = student(**rest, latent_weight=1.0, image_weight=0.0)
    if not number(reply) > 1e-4:
        raise reply.fail("a wrong latent costs nothing", "more than 0", f"{number(reply):.3g}")


@holds("bells.encoder_loss")
def an_encoder_is_trained(student: Student) -> None:
    """Gradients reach the encoder through the latent and through the image, and nothing flows into the answer."""
    latent = torch.randn(4, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for weight in (1.0, 0.0):
        networks: dict[str, Any] = {"encoder": Probe("PoorEncoder"), "generator_fn": Probe("FrozenGenerator")}
        weights: dict[str, Any] = {"latent_weight": weight, "image_weight": 1 - weight}
        reply = student(**networks, latent=Leaf(latent), **weights, cotangent=ONE)
        gradients = reply.grads or {}
        if gradients.get("encoder.weight") is None or not bool(gradients["encoder.weight"].any()):
            raise reply.fail("no gradient reaches the encoder")
        if gradients.get("latent") is not None and bool(gradients["latent"].any()):
            raise reply.fail("a gradient flows into the latents, which are the answer")


def _best(student: Student, starts: tuple, loss: str = "Height", **given: Any) -> tuple[Reply, float]:
    """The latent that is kept of searches in two valleys: the left ones are lower, beyond 5 there is only nan."""
    latents = [torch.full((1, 1), start, dtype=torch.float64) for start in starts]
    networks = {"generator_fn": Probe("TwoValleys"), "loss_fn": Probe(loss)}
    target = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    reply = student(**networks, latents=latents, target=target, **given)
    latent, image = expect_pair(reply, (1, 1), (1, 1, 1, 1))
    expect_close(reply, Probe("TwoValleys")(latent), SAME, "the image", image)
    if any(x.requires_grad for x in reply.value):
        raise reply.fail("the result hangs on an autograd graph", "detached tensors")
    return reply, float(latent)


@holds("bells.invert_best_of")
def the_best_of_several(student: Student) -> None:
    """The search with the lowest loss at its end is kept, wherever it stands; one that ends in nan never is."""
    short: dict[str, Any] = {"num_steps": 12, "optimizer": "lbfgs"}
    for starts in ((1.4, -1.4), (-1.4, 1.4), (1.4, -1.4, 0.8), (9.0, -1.4), (-1.4, 9.0), (0.93, -2.0)):
        reply, found = _best(student, starts, **short)
        if not abs(found + 1.0573711) < 0.1:
            raise reply.fail(f"of the starts {starts} another search is kept", "a latent near -1.06", f"{found:.4g}")
    reply, found = _best(student, (1.4,), **short)
    if not abs(found - 0.9304029) < 0.1:
        raise reply.fail("a single search ends elsewhere", "a latent near 0.93", f"{found:.4g}")
    for loss, given in (("NearItsStart", short), ("Height", {})):
        starts = (0.4, -1.2) if given else (1.4, -1.4)
        reply, found = _best(student, starts, loss, **given)
        if not found < 0:
            raise reply.fail(f"of the starts {starts} another search is kept", "a latent below 0", f"{found:.4g}")
    reply, found = _best(student, (1.05, -1.15), num_steps=60, optimizer="adam")
    if not found < 0:
        raise reply.fail("of Adam's searches another one is kept", "a latent below 0", f"{found:.4g}")


@holds("bells.invert_best_of")
def generator_is_left_alone(student: Student) -> None:
    """The generator's parameters get no gradient and stay as they are."""
    numbers = torch.Generator().manual_seed(4)
    latents = [torch.randn(2, 3, 2, dtype=torch.float64, generator=numbers) for _ in range(2)]
    target = Probe("LinearGenerator")(latents[0] + 0.2).detach()
    networks = {"generator_fn": Probe("LinearGenerator"), "loss_fn": Probe("WeightedError")}
    reply = student(**networks, target=target, latents=latents, num_steps=3)
    expect_pair(reply, (2, 3, 2), (2, 2, 3, 4))
