"""A sum of terms, each with a weight: what a weight multiplies, from the loss at weights of 0, 1 and 2.

λ_w · (error of the latent) + λ_x · (error of the image): which errors these are is free, and needs not be known.
"""

import math
from collections.abc import Callable, Iterator

from ....checking.points import Draw
from ....sandbox.crossing.values import Probe
from ....verdicts import Finding
from ..evidence import Answer, Ask

Loss = Callable[[float, float], float]  # (latent_weight, image_weight)
_SAME = 1e-6  # relative
_COUNTS = {  # a term at weight 2, in terms of weight 1; at weight 0 there is none
    1.0: "counts only as 0 or not 0",
    math.sqrt(2): "is rooted",
    4.0: "is squared",
}
_EXCHANGED = "the two weights are exchanged: latent_weight multiplies the image's term, image_weight the latent's"
_NEGATIVE = "is negative: it has a minus sign, or its differences cancel where they should be squared or absolute"


def read_encoder_loss(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with the weights of ``bells.encoder_loss``."""
    rest = {
        "encoder": Probe("PoorEncoder"),
        "generator_fn": Probe("FrozenGenerator"),
        "latent": Draw(37).image(4, 3, 2),
    }

    def loss(latent_weight: float, image_weight: float) -> float:
        return float(ask(**rest, latent_weight=latent_weight, image_weight=image_weight))

    exchanged = [_EXCHANGED] * (not _same(loss(1, 0), 0, 1) and _exchanged(ask))
    return [Finding(f"Here {said}.", said) for said in (*exchanged, *_wrong(loss))]


def _exchanged(ask: Ask) -> bool:
    """Where every latent makes the same image, the image's error is 0 and the latent's is not."""
    rest = {
        "encoder": lambda image: image.mean((2, 3)) + 1.0,
        "generator_fn": lambda latent: 0 * latent[:, :, None, None] + 0.5,
        "latent": Draw(38).image(4, 3),
    }
    latents, images = (float(ask(**rest, latent_weight=a, image_weight=1.0 - a)) for a in (1.0, 0.0))
    return abs(latents) <= _SAME < images


def _wrong(loss: Loss) -> Iterator[str]:
    bare, latents, images, both = loss(0, 0), loss(1, 0), loss(0, 1), loss(1, 1)
    if not all(map(math.isfinite, (bare, latents, images, both))) or not both:
        return  # of a quotient of weights, or of a loss that is always 0, there are no terms to tell of
    if not _same(bare, 0, both):
        yield f"with both weights 0 a loss of {bare:.3g} is left: a part of it has no weight"
        return
    if _same(latents, 0, both) and _same(images, 0, both):
        yield "both terms are multiplied by both weights"
        return
    if _same(images, 0, both) and not _same(both, latents, both):
        yield "the image's term is multiplied by latent_weight as well: with latent_weight = 0 nothing is left of it"
    if _same(latents, 0, both) and not _same(both, images, both):
        yield "the latent's term is multiplied by image_weight as well: with image_weight = 0 nothing is left of it"
    yield from (f"the {name}'s term {_NEGATIVE}" for name, x in (("latent", latents), ("image", images)) if x < 0)
    if _same(both, latents + images, both):  # elsewhere a weight acts on the other's term, too
        yield from _used("latent_weight", latents, loss(2, 0))
        yield from _used("image_weight", images, loss(0, 2))


def _used(name: str, once: float, twice: float) -> Iterator[str]:
    yield from (f"{name} {said}" for ratio, said in _COUNTS.items() if once and _same(twice, ratio * once, once))


def _same(one: float, other: float, scale: float) -> bool:
    return abs(one - other) <= _SAME * max(abs(scale), _SAME)
