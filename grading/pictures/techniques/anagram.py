"""Visual anagrams: at every step the mean of what the network sees upright and what it sees upside down."""

from collections.abc import Sequence

from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import PREFERENCE, Shipped
from ..worlds.world import EpsModel, World
from .ddpm import sampled
from .guidance import guided_by_reference

__all__ = ["two_ways_up"]


def two_ways_up(f: Functions, world: World, upright: Sequence[str], flipped: Sequence[str]) -> EpsModel:
    """A network for pictures of the first prompts that are the others' upside down."""
    model, cond, other = guided_by_reference(world), world.embed(*upright), world.embed(*flipped)

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return f("illusions.anagram_eps", model=model, x_t=x_t, t=t, cond_upright=cond, cond_flipped=other)

    return eps_model


@demonstration("visual anagram", "illusions.anagram_eps", "ddpm.sample_ddpm")
def anagram(f: Functions, world: Shipped) -> Shown:
    """CS180 1.8: one prompt upright, the other upside down."""
    shown = Shown()
    upright = ("turtle", "strawberry", "hot pepper", "red heart")
    flipped = ("deciduous tree", "hibiscus", "rose", "cat face")
    x_T, timesteps = world.noise(4, "x_T"), list(range(975, -1, -25))
    x0 = sampled(f, world, two_ways_up(f, world, upright, flipped), x_T, timesteps, world.noise_fn("illusion"))
    shown.show("upright: " + ", ".join(upright), x0)
    shown.show("upside down: " + ", ".join(flipped), x0.flip(2))
    preferred = world.preference(x0, upright, flipped)
    shown.higher("upright: preference for its prompts over the other ones", preferred, PREFERENCE)
    shown.higher("upside down: the same", world.preference(x0.flip(2), flipped, upright), PREFERENCE)
    return shown
