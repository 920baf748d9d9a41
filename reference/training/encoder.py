r"""Training the encoder of a frozen generator: on codes that it can be told, and on real pictures that it cannot.

| math  | code          | shape              | range   | meaning                                       | equation   |
| ----- | ------------- | ------------------ | ------- | --------------------------------------------- | ---------- |
| w     | ``ws``        | (B, num_ws, w_dim) | ℝ       | the generator's own codes, some of two styles | StyleGAN2 Sec. 2 |
| G(w)  | ``images``    | (B, 3, H, W)       | about ±1 | their images                                 |            |
| E     | ``encoder``   |                    |         | what is trained                               | pSp Sec. 3 |
| d     | ``distance``  | 0-dim              | ≥ 0     | L1 of pixels, and of means over 2 × 2 and 4 × 4 of them |  |
| V     | ``variance``  | float              | > 0     | variance of w, the unit for errors of codes   |            |

.. math::
    \mathcal L = \frac1V \lVert E(G(w)) - w \rVert^2 + λ\, d(G(E(G(w))), G(w)) + λ\, d(G(E(x)), x)
               + \frac{λ_Δ}{V} \lVert E(x) - \bar w \rVert^2

Papers: pSp is Richardson et al. 2020 (arXiv 2008.00951; reconstruction through the frozen generator, and the last
term), iGAN Zhu et al. 2016 (arXiv 1609.03552), StyleGAN2 Karras et al. 2020 (arXiv 1912.04958).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import data, networks
from .._arguments import refuse
from ..data.draws import seeded
from ..data.grids import save_grid
from ..inversion import lp_loss
from ..latents import mean_w
from ..networks.encoder import Encoder
from ..networks.stylegan import StyleGenerator
from .gan import mirrored, mixed_codes
from .loop import Options, Training

__all__ = ["encoder_training"]

WIDTH = 32
#: The shipped generator of a set, and its encoder's width: of the few animals a narrow one, half as large, knows as much.
GENERATORS = {"faces": ("stylegan", WIDTH), "animals": ("animals", 16)}
IMAGE_WEIGHT = 5.0  # λ
OFFSET_WEIGHT = 0.01  # λ_Δ


def encoder_training(options: Options, generator: StyleGenerator | None = None) -> tuple[Training, dict]:
    """The encoder of a trained generator.

    Args:
        options: ``data`` are the real pictures.
        generator: frozen here; None for the shipped one that makes such pictures.
    """
    width = WIDTH
    if generator is None:
        if options.data not in GENERATORS:
            refuse("data", f"{' or '.join(GENERATORS)}, of which generators ship", options.data)
        name, width = GENERATORS[options.data]
        generator = networks.load(name)
    frozen = generator.to(options.device).eval().requires_grad_(False)
    real = data.load(options.data, "train", size=frozen.resolution).floats(-1, 1).to(options.device)
    arguments = {"num_ws": frozen.num_ws, "w_dim": frozen.w_dim, "resolution": frozen.resolution, "width": width}
    encoder = Encoder(**arguments).to(options.device)
    random = seeded(options.device, options.seed, "mean")
    encoder.mean_w.copy_(mean_w(frozen.mapping, frozen.z_dim, generator=random))
    variance = _variance(frozen, random)

    def loss(model: nn.Module, indices: Tensor, random: torch.Generator) -> Tensor:
        with torch.no_grad():
            ws = mixed_codes(frozen, len(indices), random)
            images = frozen.synthesis(ws)
        faces = mirrored(real[indices], random)
        both = torch.cat([images, faces])
        codes = model(both).float()
        told, found = codes.chunk(2)
        offsets = found - model.mean_w
        return (
            (F.mse_loss(told, ws.float()) + OFFSET_WEIGHT * offsets.square().mean()) / variance
            # distance() averages over both halves of the batch, hence the 2
            + 2 * IMAGE_WEIGHT * distance(frozen.synthesis(codes).float(), both.float())
        )

    def show(model: nn.Module, path: Path) -> None:
        """Real pictures, and below each what the generator makes of its code."""
        chosen = real[:: max(1, len(real) // 32)][:32]
        rows = chosen[: max(8, len(chosen) // 8 * 8)].split(8)  # whole rows, or one
        pairs = [part for row in rows for part in (row, frozen.synthesis(model(row)).float())]
        save_grid(torch.cat(pairs), path, columns=len(rows[0]))

    return Training(encoder, len(real), loss, show, options), arguments


def distance(pred: Tensor, target: Tensor) -> Tensor:
    """L1 at three resolutions: the coarse ones have gradients where an edge is a few pixels off.

    >>> distance(torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)).item()  # 1 at each
    3.0
    """
    pools = [(pred, target), *((F.avg_pool2d(pred, size), F.avg_pool2d(target, size)) for size in (2, 4))]
    return torch.stack([lp_loss(a, b) for a, b in pools]).sum()


@torch.no_grad()
def _variance(generator: StyleGenerator, random: torch.Generator, count: int = 4096) -> float:
    z = torch.randn(count, generator.z_dim, generator=random, device=random.device)
    return generator.mapping(z).var(dim=0).mean().item()
