"""``inversion.invert`` from what it asks: every latent the generator was given, every argument the loss was told.

Generator and loss stay on this side, gradients go over the wire. Where the search starts, what it varies and which image
it returns is then exact; only whether it gets anywhere is judged, against the least-squares solution.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ....checking.points import Draw
from ....sandbox.crossing.probes import LinearGenerator
from ....sandbox.gradients import Differentiable
from ....verdicts import Finding
from ..evidence import Answer, Ask

STEPS, PENALTY = 15, 0.7
_SAME, _NEAR = 1e-6, 1e-2  # the same numbers; where a search that converges has arrived
_SHORT = 0.3  # part of the way that is left, beyond which a search has not arrived


class Watched:
    """A linear generator and a quadratic loss that remember their arguments."""

    def __init__(self) -> None:
        draw = Draw(31)
        self.network = LinearGenerator().requires_grad_(False)
        self.start, self.target = 0.8 * draw.image(2, 3, 2), 1.5 * draw.image(2, 2, 3, 4)
        self.latents: list[Tensor] = []
        self.told: list[tuple[Tensor, ...]] = []  # (pred, target, delta) of every call of the loss

    def generator(self, latent: Tensor) -> Tensor:
        self.latents.append(latent.detach().double().clone())
        return self.network(latent)

    def loss(self, pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        self.told.append(tuple(x.detach().double().clone() for x in (pred, target, delta)))
        return (pred - target).square().sum() + PENALTY * delta.square().sum()

    def error(self, latent: Tensor) -> float:
        return float(
            (self.network(latent) - self.target).square().sum() + PENALTY * (latent - self.start).square().sum()
        )

    def best(self, penalty: float) -> Tensor:
        """The least-squares solution."""
        weight = self.network.weight.detach()
        rest = (self.target - self.network(self.start)).flatten(1).detach()
        left = weight.T @ weight + penalty * torch.eye(6, dtype=torch.float64)
        return self.start + torch.linalg.solve(left, weight.T @ rest.T).T.reshape(self.start.shape)


def read_search(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``inversion.invert``."""
    return [Finding(f"{one[0].upper()}{one[1:]}.", one) for one in _wrong(ask)]


def _wrong(ask: Ask) -> Iterator[str]:
    seen, answer = _run(ask)
    if not (isinstance(answer, list | tuple) and len(answer) == 2 and all(isinstance(x, Tensor) for x in answer)):
        return
    latent, image = (x.double() for x in answer)
    if latent.shape == seen.target.shape and image.shape == seen.start.shape:
        yield "image and latent come back in the wrong order; expected (latent, image)"
        latent, image = image, latent
    if latent.shape != seen.start.shape or image.shape != seen.target.shape or not seen.latents or not seen.told:
        return
    searched = [*_start(ask, seen), *_told(seen), *_moves(seen)]
    yield from searched
    yield from _returned(seen, latent, image)
    if not searched:
        yield from _arrived(seen)


def _run(ask: Ask) -> tuple[Watched, Any]:
    seen = Watched()
    functions = {"generator_fn": Differentiable(seen.generator), "loss_fn": Differentiable(seen.loss)}
    rest = {"target": seen.target, "latent": seen.start, "num_steps": STEPS, "optimizer": "lbfgs"}
    return seen, ask(**functions, **rest)


def _close(one: Tensor, other: Tensor, allowed: float = _SAME) -> bool:
    return one.shape == other.shape and float((one - other).abs().max()) <= allowed


def _start(ask: Ask, seen: Watched) -> Iterator[str]:
    first = seen.latents[0]
    if _close(first, seen.start):
        return
    again, _ = _run(ask)
    if not first.any():
        yield "the search starts at a latent of zeros; expected the one that is handed over"
    elif not _close(first, again.latents[0]):
        yield f"the search starts at random, up to {float((first - seen.start).abs().max()):.2g} from the latent"
    else:
        yield f"the search starts {float((first - seen.start).abs().max()):.2g} from the latent that is handed over"


def _told(seen: Watched) -> Iterator[str]:
    """What the loss is told."""
    if all(_close(pred, seen.target) for pred, _, _ in seen.told):
        yield "the loss is called as loss_fn(target, pred, delta): prediction and target are exchanged"
    at = [x for x in seen.latents if x.shape == seen.start.shape]
    deltas = [delta for _, _, delta in seen.told]
    whole = [any(_close(delta, x) for x in at) for delta in deltas]
    if all(whole) and not _close(deltas[0], torch.zeros_like(deltas[0])):
        yield "the loss is told latent + delta where it asks for delta"


def _moves(seen: Watched) -> Iterator[str]:
    """How the latents of one call differ from those of another."""
    told = len(seen.told)
    moves = torch.stack(
        [x - seen.latents[0] for x in seen.latents[:told] if x.shape == seen.start.shape] or [seen.start]
    )
    if told <= 2:
        yield f"the loss is asked {'once' if told == 1 else 'twice'} for {STEPS} steps"
    elif not bool((moves.abs() > _SAME).any()):
        yield f"the latent does not move in {told} calls of the loss: no gradient reaches what the optimizer holds"
    elif _close(moves[:, :1].expand_as(moves), moves):
        yield "all samples of the batch move by the same delta; expected one for each"
    elif _close(moves[:, :, :1].expand_as(moves), moves):
        yield "all layers of a latent move by the same delta; expected one for each"


def _returned(seen: Watched, latent: Tensor, image: Tensor) -> Iterator[str]:
    """What comes back, of all that was asked."""
    weight = seen.network.weight.detach()
    of_image = ((image - 0.1).flatten(1) @ weight).reshape(seen.start.shape)  # the network's columns are orthonormal
    end = min((x for x in seen.latents if x.shape == seen.start.shape), key=seen.error)
    moved = not _close(end, seen.start)
    origins = {"the latent that the search starts from": seen.start, "delta alone": latent - seen.start}
    if not _close(of_image, latent, 1e-5):
        made = next((name for name, x in origins.items() if _close(of_image, x, 1e-5)), "")
        late = any(_close(of_image, x, 1e-5) for x in seen.latents)
        other = "a latent of an earlier call" if late else "another latent"
        yield f"the image is not that of the latent that comes back: it is made from {made or other}"
    if moved and _close(latent, seen.start):
        yield "the latent comes back as it was, without the delta that was found"
    elif moved and _close(latent, end - seen.start, _NEAR) and not _close(latent, end, _NEAR):
        yield "delta comes back alone, without the latent that it was added to"
    elif float(latent.abs().max()) <= 1 < float(end.abs().max()) and _close(latent, end.clamp(-1, 1), _NEAR):
        yield "the latent is cut off at −1 and 1"


def _arrived(seen: Watched) -> Iterator[str]:
    """How far the search has come."""
    best, without = seen.best(PENALTY), seen.best(0.0)
    end = seen.start + seen.told[-1][2].reshape(-1, *seen.start.shape[1:])  # where the loss was asked last
    first, last, least = seen.error(seen.start), seen.error(end), seen.error(best)
    if _close(end, without, _NEAR) and not _close(end, best, _NEAR):
        yield "the search ends where it would without the loss's penalty on delta: the delta it is told is cut off"
    elif last > first + _SAME:
        yield f"the loss grows from {first:.3g} to {last:.3g}: the search climbs; expected down to {least:.3g}"
    elif last - least > _SHORT * (first - least):
        yield f"{STEPS} steps lower the loss from {first:.3g} to {last:.3g}; {least:.3g} is within reach"
