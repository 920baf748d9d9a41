r"""A small DCGAN: the "vanilla" GAN that CMU 16-726 HW5 sets beside StyleGAN.

| math | code     | shape                  | range   | meaning                               | equation     |
| ---- | -------- | ---------------------- | ------- | ------------------------------------- | ------------ |
| z    | ``z``    | (N, z_dim) or (N, z_dim, 1, 1) | N(0, I) | latent code                           | DCGAN Sec. 4 |
| G(z) | returned | (N, 3, H, W)           | [-1, 1] | image, through a tanh                 | DCGAN Fig. 1 |
| D(x) | returned | (N, 1)                 | ℝ       | logit: no sigmoid, the losses want it so | DCGAN Sec. 3 |

The generator normalises over the batch: call ``eval()`` before asking for single images, or one image depends on its
neighbours. The discriminator normalises each image by itself, because R1 takes every logit to depend on its own image
only.

Paper: DCGAN is Radford et al. 2015 (arXiv 1511.06434).
"""

import math

from torch import Tensor, nn

__all__ = ["DCGenerator", "DCDiscriminator"]

SLOPE = 0.2
DEVIATION = 0.02  # of the first weights


class DCGenerator(nn.Module):
    r"""From z to 4 × 4 and on, twice the size with every transposed convolution.

    Args:
        resolution: 32 or 64 (any power of two from 8).
        z_dim: width of z.
        width: channels of the largest hidden pictures; each smaller one has twice as many.
        colours: of the image.

    >>> import torch
    >>> DCGenerator(width=8)(torch.zeros(2, 100)).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(self, resolution: int = 32, z_dim: int = 100, width: int = 32, colours: int = 3) -> None:
        super().__init__()
        doublings = _doublings(resolution)
        self.resolution, self.z_dim = resolution, z_dim
        channels = [width * 2**k for k in range(doublings - 1, -1, -1)]
        layers: list[nn.Module] = [nn.ConvTranspose2d(z_dim, channels[0], 4, bias=False), *_behind(channels[0])]
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False), *_behind(outputs)]
        layers += [nn.ConvTranspose2d(channels[-1], colours, 4, stride=2, padding=1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_start)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z.flatten(start_dim=1)[:, :, None, None])


class DCDiscriminator(nn.Module):
    r"""From an image to a logit, half the size with every convolution.

    Args:
        resolution, colours: as for :class:`DCGenerator`.
        width: channels of the largest hidden pictures.

    >>> import torch
    >>> DCDiscriminator(width=8)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 1])
    """

    def __init__(self, resolution: int = 32, width: int = 32, colours: int = 3) -> None:
        super().__init__()
        channels = [colours] + [width * 2**k for k in range(_doublings(resolution))]
        layers: list[nn.Module] = []
        for k, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
            layers.append(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1))
            if k > 0:  # the first layer sees the colours as they are
                layers.append(nn.InstanceNorm2d(outputs, affine=True))
            layers.append(nn.LeakyReLU(SLOPE))
        layers.append(nn.Conv2d(channels[-1], 1, 4))
        self.layers = nn.Sequential(*layers)
        self.apply(_start)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).flatten(start_dim=1)


def _doublings(resolution: int) -> int:
    if resolution < 8 or resolution & (resolution - 1):
        raise ValueError(f"resolution: expected a power of two from 8, got {resolution!r}")
    return int(math.log2(resolution)) - 2


def _behind(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


def _start(layer: nn.Module) -> None:
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(layer.weight, 0.0, DEVIATION)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, DEVIATION)
