"""A search in a generator's latents that is watched, stopped, and goes on where it was stopped."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..pictures.functions import Functions
from ..pictures.techniques.inversion import searched
from .made import Made, Tell

__all__ = ["Reached", "found"]

LOOKS = 1.3  # at the loss in an iteration of L-BFGS, about

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of the generator's picture, the target, and delta


@dataclass(frozen=True)
class Reached:
    """How far a search has come: where it started, and the best latent by now."""

    start: Tensor
    latent: Tensor
    picture: Tensor
    loss: float


def found(
    f: Functions,
    generator_fn: Callable[[Tensor], Tensor],
    start: Tensor,
    target: Tensor,
    loss_fn: Loss,
    steps: int,
    optimizer: str,
    caption: str,
    tell: Tell,
    begun: Made | None,
    until: float = 1.0,
) -> Made:
    """Its picture, its losses, and in ``again`` the :class:`Reached`, from which it goes on.

    What goes on keeps its first start: the penalty on delta is on all of the way.
    """
    before = begun.again if begun is not None and isinstance(begun.again, Reached) else None
    if before is not None and before.start.shape == start.shape:
        start, at, losses = before.start, before.latent, list(begun.losses) if begun else []
    else:
        at, losses, before = start, [], None
    gone, best, looked = at - start, before, len(losses)

    def watched(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        nonlocal best
        loss = loss_fn(pred, target, delta + gone)
        losses.append(loss.item())
        if best is None or losses[-1] <= best.loss or len(losses) == looked + 1:
            best = Reached(start, (at + delta).detach(), pred.detach(), losses[-1])
        done = min((len(losses) - looked) / (LOOKS * steps if optimizer == "lbfgs" else steps), 0.99)
        tell(until * done, Made(rows=[(caption, best.picture)], losses=losses.copy(), again=best))
        return loss

    latent, picture = searched(f, generator_fn, at, target, watched, steps, optimizer)
    return Made(
        rows=[(caption, picture)], losses=losses, again=Reached(start, latent, picture, min(losses, default=0.0))
    )
