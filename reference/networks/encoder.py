r"""An encoder for a style-based generator: an image's w+ in one step, where the search for it takes hundreds.

| math | code         | shape              | range   | meaning                              | equation        |
| ---- | ------------ | ------------------ | ------- | ------------------------------------ | --------------- |
| x    | ``x``        | (N, 3, H, W)       | [-1, 1] | images                               | e4e Sec. 3      |
| w̄    | ``mean_w``   | (w_dim,)           | ℝ       | the generator's mean code            | StyleGAN2 App. D |
| Δ    | ``offsets``  | (N, num_ws, w_dim) | ℝ       | what the network predicts            | pSp Sec. 3      |
| w+   | returned     | (N, num_ws, w_dim) | ℝ       | w̄ + Δ, one code per layer            | pSp Sec. 3      |

Papers: pSp is Richardson et al. 2020 (arXiv 2008.00951), e4e Tov et al. 2021 (arXiv 2102.02766), iGAN Zhu et al. 2016
(arXiv 1609.03552; the encoder as a start for the search), StyleGAN2 Karras et al. 2020 (arXiv 1912.04958).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Encoder"]

SLOPE = 0.2


class Encoder(nn.Module):
    r"""From an image to w+.

    .. math:: E(x) = \bar w + Δ(x), \qquad Δ = 0 \text{ before training}

    Args:
        num_ws, w_dim: the generator's.
        resolution: of the images, a power of two from 8.
        width: channels at full resolution; each half has twice as many, up to four times.
        colours: of the images.

    ``mean_w`` is a buffer: copy the generator's mean code there, and it is saved with the weights.

    >>> encoder = Encoder(num_ws=8, w_dim=64)
    >>> w_plus = encoder(torch.zeros(2, 3, 32, 32))
    >>> w_plus.shape, torch.equal(w_plus[1, 7], encoder.mean_w)
    (torch.Size([2, 8, 64]), True)
    """

    mean_w: Tensor

    def __init__(self, num_ws: int, w_dim: int, resolution: int = 32, width: int = 32, colours: int = 3) -> None:
        super().__init__()
        if resolution < 8 or resolution & (resolution - 1):
            raise ValueError(f"resolution: expected a power of two from 8, got {resolution!r}")
        self.num_ws, self.w_dim = num_ws, w_dim
        layers: list[nn.Module] = [nn.Conv2d(colours, width, 3, padding=1), nn.LeakyReLU(SLOPE)]
        channels = width
        while resolution > 4:
            wider = min(2 * channels, 4 * width)
            layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.GroupNorm(8, wider), nn.LeakyReLU(SLOPE)]
            layers += [nn.AvgPool2d(2)]
            channels, resolution = wider, resolution // 2
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Linear(16 * channels, 8 * w_dim)
        self.offsets = nn.Linear(8 * w_dim, num_ws * w_dim)
        nn.init.zeros_(self.offsets.weight)
        nn.init.zeros_(self.offsets.bias)
        self.register_buffer("mean_w", torch.zeros(w_dim))

    def forward(self, x: Tensor) -> Tensor:
        features = F.leaky_relu(self.dense(self.layers(x).flatten(start_dim=1)), SLOPE)
        return self.mean_w + self.offsets(features).unflatten(1, (self.num_ws, self.w_dim))
