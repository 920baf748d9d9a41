"""Hybrid images: low frequencies of what the network says for one prompt, high ones of what it says for another."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import Shipped
from ..worlds.world import EpsModel, World
from .ddpm import sampled
from .guidance import guided_by_reference

__all__ = ["near_and_far"]

OF_BLURRED = "the mean squared difference to the real picture, where both are blurred"
BLUR: dict[str, Any] = {"kernel_size": 9, "sigma": 1.5}


def near_and_far(f: Functions, world: World, near: Sequence[str], far: Sequence[str]) -> EpsModel:
    """A network for pictures of the first prompts that are the others' when they are blurred."""
    model, high, low = guided_by_reference(world), world.embed(*near), world.embed(*far)

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return f("illusions.hybrid_eps", model=model, x_t=x_t, t=t, cond_low=low, cond_high=high, **BLUR)

    return eps_model


@demonstration("hybrid image", "illusions.hybrid_eps", "illusions.lowpass", "ddpm.sample_ddpm")
def hybrid(f: Functions, world: Shipped) -> Shown:
    """CS180 1.9: one prompt from afar, the other from near."""
    shown = Shown()
    far = ("red heart", "hibiscus", "grinning face", "red apple")
    near = ("cat face", "panda face", "soccer ball", "dog face")
    x_T, timesteps = world.noise(4, "x_T"), list(range(975, -1, -25))
    x0 = sampled(f, world, near_and_far(f, world, near, far), x_T, timesteps, world.noise_fn("illusion"))
    blurred = f("illusions.lowpass", x=x0, **BLUR)
    shown.show("near: " + ", ".join(near), x0)
    shown.show("far (blurred): " + ", ".join(far), blurred)
    real_far = f("illusions.lowpass", x=world.pictures(*far), **BLUR)
    real_near = f("illusions.lowpass", x=world.pictures(*near), **BLUR)
    shown.lower("low frequencies: distance to the far picture's", (blurred - real_far).square().mean(), OF_BLURRED)
    shown.higher("low frequencies: distance to the near picture's", (blurred - real_near).square().mean(), OF_BLURRED)
    details = _correlation(x0 - blurred, world.pictures(*near) - real_near)
    says = "how alike, pixel by pixel, what a blur takes away is to that of the real picture; 1 is the same"
    shown.higher("high frequencies: correlation with the near picture's", details, says)
    return shown


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    a, b = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (a, b))
    return F.cosine_similarity(a, b).mean()
