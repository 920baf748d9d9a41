"""Networks and generators that show what they are asked: how a run is watched, whoever's function runs it."""

from collections.abc import Callable

from torch import Tensor

from reference.ddpm import predict_x0

from ..pictures.worlds.world import EpsModel, World

__all__ = ["See", "seen"]

See = Callable[[Tensor, Tensor, int], None]  # x_t, the x̂_0 that the network sees in it, t


def seen(model: EpsModel, world: World, see: See) -> EpsModel:
    """The same network. After each of its answers ``see`` is told; by what it raises it can end the run."""

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        eps = model(x_t, t)
        see(x_t.detach(), predict_x0(x_t.detach(), eps.detach(), t, world.schedule), t)
        return eps

    return eps_model
