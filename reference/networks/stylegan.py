r"""A small StyleGAN2: mapping, modulated convolutions, a skip generator and a residual discriminator.

| math | code           | shape                         | range   | meaning                                        | equation         |
| ---- | -------------- | ----------------------------- | ------- | ---------------------------------------------- | ---------------- |
| z    | ``z``          | (N, z_dim)                    | N(0, I) | latent code                                    | StyleGAN2 Sec. 2 |
| w    | ``w``          | (N, w_dim) or (N, 1, w_dim)   | ℝ       | mapped code, one for all layers                | StyleGAN2 Sec. 2 |
| w+   | ``ws``         | (N, num_ws, w_dim)            | ℝ       | one code per layer                             | StyleGAN2 Sec. 5 |
| s    | ``styles``     | (N, I)                        | about 1 | scale of each input channel                    | StyleGAN2 Eq. 1  |
| W    | ``weight``     | (O, I, K, K)                  | ℝ       | convolution weights, shared by the batch       | StyleGAN2 Eq. 1  |
| σ    | 1 / ``demodulation`` | (N, O)                  | > 0     | expected deviation of each output channel      | StyleGAN2 Eq. 2  |
| x    | returned       | (N, 3, H, W)                  | about ±1 | image; not clipped                            | StyleGAN2 Sec. 4 |
| D(x) | returned       | (N, 1)                        | ℝ       | logit: large where x looks real                | StyleGAN2 Sec. 4 |

What differs from the paper's 1024² network: few and narrow layers; a layer that doubles the resolution convolves first
and then enlarges bilinearly, where the paper has a transposed convolution and a filter; the discriminator halves by
means over 2 × 2 pixels. All are a matter of speed on a CPU.

Papers: StyleGAN2 is Karras et al. 2020 (arXiv 1912.04958), the growing GAN (equalised learning rate, deviation over a
minibatch) Karras et al. 2018 (arXiv 1710.10196), ADA Karras et al. 2020 (arXiv 2006.06676; which layer gets which w).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "modulated_conv2d",
    "EqualisedLinear",
    "EqualisedConv2d",
    "MappingNetwork",
    "StyleGenerator",
    "StyleDiscriminator",
]

CHANNELS = {4: 160, 8: 128, 16: 64, 32: 32, 64: 16, 128: 16}  # by resolution, of both networks
NOISES = ("random", "const", "none")
SLOPE = 0.2
# Weights that a leaky ReLU follows are larger by this, which makes up for the variance lost behind its kink. To scale
# the pictures themselves would be one more pass over memory, and those passes are what takes time here.
GAIN = math.sqrt(2)


def modulated_conv2d(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    demodulate: bool = True,
    bias: Tensor | None = None,
    gain: float = 1.0,
) -> Tensor:
    r"""Convolve each sample with weights of its own: the shared ones scaled per input channel, then normalised.

    .. math::
        W'_{o,i,k} = s_i W_{o,i,k}, \qquad
        W''_{o,i,k} = W'_{o,i,k} \Big/ \sqrt{\textstyle\sum_{i,k} W'^2_{o,i,k} + ε}

    Neither W' nor W'' is built: convolution is linear, so that scaling what goes in and what comes out is the same, and
    the batch needs only one ordinary convolution.

    Args:
        x: (N, I, H, W).
        weight: (O, I, K, K), K odd.
        styles: (N, I), the scale s of each sample's input channels.
        demodulate: divide by σ; the layer that makes colours does not.
        bias: (O,), added after demodulation.
        gain: a factor for what is demodulated.

    Returns:
        (N, O, H, W), in x's dtype, or in autocast's.

    >>> x, weight = torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), -2.0)
    >>> modulated_conv2d(x, weight, torch.tensor([[3.0]]), demodulate=False).item()
    -6.0
    >>> round(modulated_conv2d(x, weight, torch.tensor([[3.0]])).item(), 4)
    -1.0
    """
    y = F.conv2d(x * styles.to(x.dtype)[:, :, None, None], weight, padding=weight.shape[2] // 2)
    if not demodulate:
        return y
    with torch.autocast(x.device.type, enabled=False):  # a square root of rounded sums is not worth its seconds
        demodulation = (styles.to(weight.dtype).square() @ weight.square().sum(dim=(2, 3)).T + 1e-8).rsqrt()
    shift = weight.new_zeros(1) if bias is None else bias[:, None, None]
    return torch.addcmul(shift.to(y.dtype), y, (gain * demodulation).to(y.dtype)[:, :, None, None])


class EqualisedLinear(nn.Module):
    r"""A linear layer whose stored weights are N(0, 1) / m and are scaled by m / √inputs where they are used.

    Adam's steps have the same size for every weight; scaled so, they are alike relative to the weights, too.

    Args:
        inputs, outputs: widths.
        gain: factor of the weights.
        bias: the bias's first value.
        multiplier: m, how much slower than the others this layer learns.

    >>> EqualisedLinear(3, 2)(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self, inputs: int, outputs: int, gain: float = 1.0, bias: float = 0.0, multiplier: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias / multiplier))
        self.multiplier = multiplier
        self.scale = gain * multiplier / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        # The few inputs are scaled in place of the many weights.
        return F.linear(x * self.scale, self.weight, self.bias * self.multiplier)


class EqualisedConv2d(nn.Module):
    """A convolution with the same scaling, and a gain; the size stays.

    >>> EqualisedConv2d(3, 8, 3)(torch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 8, 4, 4])
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = GAIN, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(inputs * kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.weight.shape[2] // 2)


class MappingNetwork(nn.Module):
    r"""From z to w: normalise, then a few slow layers.

    .. math:: w = f\left(z \Big/ \sqrt{\textstyle\frac1{Z} \sum_i z_i^2 + ε}\right)

    Only z's direction counts. The result is (N, w_dim), not repeated for the layers.

    >>> mapping = MappingNetwork(8, 4)
    >>> z = torch.randn(2, 8)
    >>> mapping(z).shape, torch.allclose(mapping(z), mapping(3 * z), atol=1e-5)
    (torch.Size([2, 4]), True)
    """

    def __init__(self, z_dim: int, w_dim: int, layers: int = 2) -> None:
        super().__init__()
        widths = [z_dim] + [w_dim] * layers
        self.layers = nn.ModuleList(
            EqualisedLinear(inputs, outputs, GAIN, multiplier=0.01) for inputs, outputs in zip(widths, widths[1:])
        )

    def forward(self, z: Tensor) -> Tensor:
        w = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = F.leaky_relu(layer(w), SLOPE)
        return w


class StyledLayer(nn.Module):
    """Modulated convolution, noise, bias, leaky ReLU; if asked, twice the size."""

    noise: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, resolution: int, enlarge: bool) -> None:
        super().__init__()
        self.affine = EqualisedLinear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))  # demodulation undoes any scale
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(1, 1, resolution, resolution))
        self.enlarge = enlarge

    def forward(self, x: Tensor, w: Tensor, noise: str, generator: torch.Generator | None) -> Tensor:
        # The bias may come before enlarging, which leaves a constant as it is.
        x = modulated_conv2d(x, self.weight, self.affine(w), bias=self.bias, gain=GAIN)
        if self.enlarge:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        if noise == "random":
            draw = torch.randn(len(x), 1, *x.shape[2:], generator=generator, device=x.device)
            x = x + (draw * self.noise_strength).to(x.dtype)
        elif noise == "const":
            x = x + (self.noise * self.noise_strength).to(x.dtype)
        return F.leaky_relu(x, SLOPE)


class ToRGB(nn.Module):
    """Modulated 1 × 1 convolution to colours, not demodulated."""

    def __init__(self, inputs: int, colours: int, w_dim: int) -> None:
        super().__init__()
        self.affine = EqualisedLinear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(colours, inputs, 1, 1))
        self.scale = 1 / math.sqrt(inputs)
        self.bias = nn.Parameter(torch.zeros(colours))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        rgb = modulated_conv2d(x, self.weight * self.scale, self.affine(w), demodulate=False)
        return rgb + self.bias[:, None, None]  # float32 again: colours are added up in full precision


class Synthesis(nn.Module):
    """From one w per layer to an image: each resolution adds its colours to the enlarged ones of the last."""

    def __init__(self, resolution: int, w_dim: int, channels: Mapping[int, int], colours: int) -> None:
        super().__init__()
        sizes = [2**k for k in range(2, int(math.log2(resolution)) + 1)]
        self.w_dim = w_dim
        self.num_ws = 2 * len(sizes)
        self.start = nn.Parameter(torch.randn(1, channels[4], 4, 4))
        self.layers, self.to_rgb = nn.ModuleList(), nn.ModuleList()
        for size in sizes:
            if size > 4:
                self.layers.append(StyledLayer(channels[size // 2], channels[size], w_dim, size, enlarge=True))
            self.layers.append(StyledLayer(channels[size], channels[size], w_dim, size, enlarge=False))
            self.to_rgb.append(ToRGB(channels[size], colours, w_dim))

    def forward(self, ws: Tensor, noise: str = "const", generator: torch.Generator | None = None) -> Tensor:
        """The image of w (N, 1, w_dim) or w+ (N, num_ws, w_dim); ``noise`` as for :class:`StyleGenerator`."""
        if ws.ndim != 3 or ws.shape[1] not in (1, self.num_ws) or ws.shape[2] != self.w_dim:
            raise ValueError(f"ws: expected (N, 1 or {self.num_ws}, {self.w_dim}), got {tuple(ws.shape)}")
        if noise not in NOISES:
            raise ValueError(f"noise: expected one of {', '.join(NOISES)}, got {noise!r}")
        w = ws.expand(-1, self.num_ws, -1).unbind(dim=1)
        x = self.start.expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.layers[0](x, w[0], noise, generator)
        # Colours take the w of the layer that follows them, as in ADA's code: the last resolution's the last w.
        image = self.to_rgb[0](x, w[1])
        for i in range(1, len(self.to_rgb)):
            x = self.layers[2 * i - 1](x, w[2 * i - 1], noise, generator)
            x = self.layers[2 * i](x, w[2 * i], noise, generator)
            image = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
            image = image + self.to_rgb[i](x, w[2 * i + 1])
        return image


class StyleGenerator(nn.Module):
    r"""The generator: x = g(f(z)), with f = ``mapping`` and g = ``synthesis``.

    Args:
        resolution: 32, 64 or 128 (any power of two from 8 for which there are channels).
        z_dim, w_dim: widths of the codes.
        channels: by resolution.
        colours: of the image.

    ``noise`` is "const" (the layers' own fixed noise: the same w gives the same image), "random" (drawn from
    ``generator``; for training) or "none".

    >>> model = StyleGenerator(channels={4: 8, 8: 8, 16: 8, 32: 8})
    >>> w = model.mapping(torch.randn(2, model.z_dim))[:, None]
    >>> model.num_ws, model.synthesis(w).shape
    (8, torch.Size([2, 3, 32, 32]))
    """

    def __init__(
        self,
        resolution: int = 32,
        z_dim: int = 64,
        w_dim: int = 64,
        channels: Mapping[int, int] = CHANNELS,
        colours: int = 3,
    ) -> None:
        super().__init__()
        _require_resolution(resolution, channels)
        self.resolution, self.z_dim, self.w_dim = resolution, z_dim, w_dim
        self.mapping = MappingNetwork(z_dim, w_dim)
        self.synthesis = Synthesis(resolution, w_dim, channels, colours)
        self.num_ws = self.synthesis.num_ws

    def forward(self, z: Tensor, noise: str = "const", generator: torch.Generator | None = None) -> Tensor:
        return self.synthesis(self.mapping(z)[:, None], noise, generator)


class ResidualBlock(nn.Module):
    """Two convolutions beside a short cut; half the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv2d(inputs, inputs, 3)
        # 1 / √2 keeps the variance of a sum of two.
        self.second = EqualisedConv2d(inputs, outputs, 3, GAIN / math.sqrt(2))
        self.short_cut = EqualisedConv2d(inputs, outputs, 1, 1 / math.sqrt(2), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.avg_pool2d(F.leaky_relu(self.first(x), SLOPE), 2)
        return F.leaky_relu(self.second(y), SLOPE) + self.short_cut(F.avg_pool2d(x, 2))


def with_deviation(x: Tensor, group: int = 4) -> Tensor:
    """Append a channel that says how much the samples of a group differ: fakes that are all alike give themselves away.

    Sample n is compared with those that lie a multiple of N / group further on.
    """
    group = math.gcd(len(x), group)
    y = x.float() if x.dtype != torch.float64 else x
    y = y.unflatten(0, (group, -1))
    variance = (y - y.mean(dim=0)).square().mean(dim=0)
    deviation = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3))  # (N / group,)
    deviation = deviation.to(x.dtype).repeat(group)[:, None, None, None]
    return torch.cat([x, deviation.expand(-1, 1, *x.shape[2:])], dim=1)


class StyleDiscriminator(nn.Module):
    r"""The discriminator: residual blocks down to 4 × 4, the minibatch's deviation, a logit.

    Args:
        resolution, channels, colours: as for :class:`StyleGenerator`.

    >>> StyleDiscriminator(channels={4: 8, 8: 8, 16: 8, 32: 8})(torch.zeros(5, 3, 32, 32)).shape
    torch.Size([5, 1])
    """

    def __init__(self, resolution: int = 32, channels: Mapping[int, int] = CHANNELS, colours: int = 3) -> None:
        super().__init__()
        _require_resolution(resolution, channels)
        self.from_rgb = EqualisedConv2d(colours, channels[resolution], 1)
        sizes: Sequence[int] = [2**k for k in range(int(math.log2(resolution)), 2, -1)]
        self.blocks = nn.Sequential(*(ResidualBlock(channels[size], channels[size // 2]) for size in sizes))
        self.last = EqualisedConv2d(channels[4] + 1, channels[4], 3)
        self.dense = EqualisedLinear(channels[4] * 16, channels[4], GAIN)
        self.logit = EqualisedLinear(channels[4], 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.leaky_relu(self.from_rgb(x), SLOPE))
        x = F.leaky_relu(self.last(with_deviation(x)), SLOPE)
        return self.logit(F.leaky_relu(self.dense(x.flatten(start_dim=1)), SLOPE))


def _require_resolution(resolution: Any, channels: Mapping[int, int]) -> None:
    known = [size for size in sorted(channels) if size >= 8]
    if resolution not in known:
        raise ValueError(f"resolution: expected one of {', '.join(map(str, known))}, got {resolution!r}")
