import torch

from ...sandbox.crossing.values import Derived, Leaf
from . import Draw

EXTREMES = torch.tensor([-1000.0, -40, 0.25, 40, 1000], dtype=torch.float64)  # 0 is a corner where |u| is written out


def _logits(draw: Draw, *shape: int, dtype: torch.dtype = torch.float64) -> Leaf:
    return Leaf(3 * draw.image(*shape, dtype=dtype))


def generator_loss(draw: Draw):
    yield "logits (B,)", {"fake_logits": _logits(draw, 7)}
    yield "logits (B, 1)", {"fake_logits": _logits(draw, 5, 1)}
    yield "one logit", {"fake_logits": _logits(draw, 1)}
    yield "extreme logits", {"fake_logits": Leaf(EXTREMES)}
    for logit in EXTREMES[:3]:  # of the others the loss is 0 to within what float64 can add to 1
        yield f"the logit {logit:g}", {"fake_logits": Leaf(logit.reshape(1, 1))}
    yield "float32", {"fake_logits": _logits(draw, 6, 1, dtype=torch.float32)}
    yield "extreme logits, float32", {"fake_logits": Leaf(EXTREMES.float())}


def discriminator_loss(draw: Draw):
    yield "logits (B,)", {"real_logits": _logits(draw, 6), "fake_logits": _logits(draw, 6)}
    yield "logits (B, 1)", {"real_logits": _logits(draw, 5, 1), "fake_logits": _logits(draw, 5, 1)}
    yield "more real than fake ones", {"real_logits": _logits(draw, 7), "fake_logits": _logits(draw, 3)}
    yield "more fake than real ones", {"real_logits": _logits(draw, 2, 1), "fake_logits": _logits(draw, 5, 1)}
    yield "(B,) and (B, 1)", {"real_logits": _logits(draw, 4), "fake_logits": _logits(draw, 4, 1)}
    yield "extreme logits", {"real_logits": Leaf(EXTREMES), "fake_logits": Leaf(EXTREMES.flip(0))}
    for logit in EXTREMES:
        single = Leaf(logit.reshape(1))
        yield f"the logit {logit:g}", {"real_logits": single, "fake_logits": single}
    extremes = {"real_logits": Leaf(EXTREMES.float()), "fake_logits": Leaf(EXTREMES.flip(0).float())}
    yield "extreme logits, float32", extremes
    yield (
        "float32",
        {"real_logits": _logits(draw, 4, dtype=torch.float32), "fake_logits": _logits(draw, 6, dtype=torch.float32)},
    )


def r1_penalty(draw: Draw):
    def point(discriminator, shape=(3, 2, 4, 5), dtype=torch.float64):
        images = Leaf(draw.image(*shape, dtype=dtype))
        logits = Derived(discriminator, of="real_images")
        return {"real_images": images, "real_logits": logits, "gamma": draw.number(0.5, 12)}

    yield "a curved discriminator", point("Discriminator")
    yield "logits (B, 1)", point("DiscriminatorColumn", (4, 1, 3, 6))
    yield "a linear discriminator", point("LinearDiscriminator")
    yield "a quadratic discriminator", point("QuadraticDiscriminator", (2, 5, 6, 4))
    yield "one sample", point("Discriminator", (1, 3, 4, 5))
    yield "float32", point("DiscriminatorColumn", (2, 2, 4, 3), torch.float32)
