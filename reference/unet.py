r"""The UNets of CS180 project 5 part B, and their training losses.

| math     | code             | shape         | range     | meaning                                             | equation       |
| -------- | ---------------- | ------------- | --------- | --------------------------------------------------- | -------------- |
| x_0      | ``x0``           | (B, C, 28, 28)|           | clean image (MNIST: [0, 1])                         | CS180 B Eq. 1  |
| σ        | ``sigma``        | float         | ≥ 0       | standard deviation of the denoiser's noise          | CS180 B Eq. 2  |
| ε        | ``noise``        | (B, C, 28, 28)| N(0, I)   | the noise that is added                             | CS180 B Eq. 2  |
| z        | x0 + sigma·noise | (B, C, 28, 28)|           | noisy image of the one-step denoiser                | CS180 B Eq. 2  |
| x_t      | ``x_t``          | (B, C, 28, 28)|           | noisy image at timestep t                           | DDPM Eq. 4     |
| t        | ``t``            | (B,)          | 0 … T-1   | timestep; the networks take t / T in [0, 1)         | CS180 B Eq. 4  |
| c        | ``c``, ``labels``| (B,)          | 0 … K-1   | class, made into a one-hot vector                   | CS180 B 2.4    |
|          | ``keep``         | (B,)          | 0 or 1    | 0 drops the class: the one-hot vector becomes 0     | CS180 B 2.4    |
| D        | ``num_hiddens``  | int           | ≥ 1       | channels of the first level                         | CS180 B 1.1    |

The network, level by level, with the channels that each block gives::

    x ── ConvBlock D ──────────────────── 28 × 28 ────────────────────────── cat ── ConvBlock D ── Conv2d C
             │                                                                │
         DownBlock D ──────────────────── 14 × 14 ───────── cat ── UpBlock D ─┘
             │                                               │
         DownBlock 2D ─────────────────── 7 × 7 ─── cat ── UpBlock D  (× class 2, + time 2)
             │                                       │
          Flatten 2D ── 1 × 1 ── Unflatten 2D  (× class 1, + time 1)

Pooling over 7 × 7 ties it to 28 × 28 pixels.

Papers: DDPM is Ho et al. 2020 (arXiv 2006.11239), classifier-free guidance Ho and Salimans 2022 (arXiv 2207.12598).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ._arguments import (
    refuse,
    require_entries,
    require_image,
    require_int,
    require_labels,
    require_like,
    require_number,
    require_schedule,
)
from .noising import add_noise
from .shapes import ClassModel, Denoiser, Image, Labels, PerSample, SampleTimesteps, Scalar, Schedule, TimeModel

__all__ = [
    "UnconditionalUNet",
    "TimeConditionalUNet",
    "ClassConditionalUNet",
    "denoiser_loss",
    "ddpm_loss",
    "class_ddpm_loss",
]

SIDE = 28


class Conv(nn.Sequential):
    """3 × 3 convolution, batch normalisation, GELU: the same height and width."""

    # Task: the three layers in order.
    # Trap: padding keeps the size.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=1, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class DownConv(nn.Sequential):
    """3 × 3 convolution of stride 2, batch normalisation, GELU: half the height and width."""

    # Task: the three layers in order.
    # Trap: the stride halves the size, no pooling does.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class UpConv(nn.Sequential):
    """4 × 4 transposed convolution of stride 2, batch normalisation, GELU: twice the height and width."""

    # Task: the three layers in order.
    # Trap: kernel, stride and padding together have to double the size exactly.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class Flatten(nn.Sequential):
    """Average over 7 × 7 pixels, GELU: (B, C, 7, 7) to (B, C, 1, 1)."""

    # Task: the two layers in order.
    # Trap: the result keeps its two axes of length 1.
    def __init__(self) -> None:
        super().__init__(nn.AvgPool2d(7), nn.GELU())


class Unflatten(nn.Sequential):
    """7 × 7 transposed convolution, batch normalisation, GELU: (B, C, 1, 1) to (B, C, 7, 7)."""

    # Task: the three layers in order.
    # Trap: one pixel becomes 7 × 7 without padding.
    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(channels, channels, kernel_size=7, stride=7),
            nn.BatchNorm2d(channels),
            nn.GELU(),
        )


class ConvBlock(nn.Sequential):
    """Two Convs; the first one changes the channels."""

    # Task: two blocks.
    # Trap: the second one's channels.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(Conv(in_channels, out_channels), Conv(out_channels, out_channels))


class DownBlock(nn.Sequential):
    """DownConv, then ConvBlock."""

    # Task: two blocks.
    # Trap: the second one's channels.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class UpBlock(nn.Sequential):
    """UpConv, then ConvBlock."""

    # Task: two blocks.
    # Trap: the second one's channels.
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class FCBlock(nn.Sequential):
    """Linear, GELU, Linear: a number or a one-hot vector to one value per channel."""

    # Task: the three layers in order.
    # Trap: nothing comes after the second Linear: a shift may be negative.
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(nn.Linear(in_features, out_features), nn.GELU(), nn.Linear(out_features, out_features))


class UnconditionalUNet(nn.Module):
    r"""A UNet from a noisy image to an image.

    .. math:: \hat x_0 = D_θ(z)

    Source: CS180 project 5 part B 1.1 (the handout's figure of the unconditional UNet and its blocks).
    Convention: the handout's literal network: GELU and batch normalisation, skip connections by concatenation, pooled
    to 1 × 1 at the bottom. It takes 28 × 28 images only.

    Args:
        in_channels: C, channels of the image, ≥ 1.
        num_hiddens: D, channels of the first level, ≥ 1.

    Raises:
        ValueError: a size below 1.

    >>> model = UnconditionalUNet(in_channels=1, num_hiddens=2)
    >>> model(torch.zeros(3, 1, 28, 28)).shape
    torch.Size([3, 1, 28, 28])
    """

    # Task: two levels down, flatten, unflatten, two levels up, as drawn at the top of this module.
    # Trap: each skip joins features of the same height and width, so the blocks on the way up take more channels than
    # they give; the last layer is a bare convolution, since an image has values of both signs.
    def __init__(self, in_channels: int = 1, num_hiddens: int = 128) -> None:
        super().__init__()
        require_int("in_channels", in_channels, 1)
        require_int("num_hiddens", num_hiddens, 1)
        self.in_channels = in_channels
        self.block_in = ConvBlock(in_channels, num_hiddens)
        self.down1 = DownBlock(num_hiddens, num_hiddens)
        self.down2 = DownBlock(num_hiddens, 2 * num_hiddens)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * num_hiddens)
        self.up1 = UpBlock(4 * num_hiddens, num_hiddens)
        self.up2 = UpBlock(2 * num_hiddens, num_hiddens)
        self.block_out = ConvBlock(2 * num_hiddens, num_hiddens)
        self.conv_out = nn.Conv2d(num_hiddens, in_channels, kernel_size=3, stride=1, padding=1)

    def forward(self, x: Image) -> Image:
        """Denoise a batch.

        Args:
            x: (B, in_channels, 28, 28), noisy images.

        Returns:
            Tensor shaped like x.

        Raises:
            ValueError: x has another shape.
        """
        # Task: run the blocks and join the skips.
        # Trap: keep what each level gave on the way down.
        return self._run(x)

    def _run(self, x: Tensor, gains: tuple = (1, 1), shifts: tuple = (0, 0)) -> Tensor:
        """The network with gain · features + shift after Unflatten and after the first UpBlock."""
        require_image("x", x)
        if x.shape[1:] != (self.in_channels, SIDE, SIDE):
            refuse("x", f"images of shape (B, {self.in_channels}, {SIDE}, {SIDE})", x)
        full = self.block_in(x)  # (B, D, 28, 28)
        half = self.down1(full)  # (B, D, 14, 14)
        quarter = self.down2(half)  # (B, 2D, 7, 7)
        bottom = gains[0] * self.unflatten(self.flatten(quarter)) + shifts[0]  # (B, 2D, 7, 7)
        up1 = gains[1] * self.up1(torch.cat([bottom, quarter], dim=1)) + shifts[1]  # (B, D, 14, 14)
        up2 = self.up2(torch.cat([up1, half], dim=1))  # (B, D, 28, 28)
        return self.conv_out(self.block_out(torch.cat([up2, full], dim=1)))


class TimeConditionalUNet(UnconditionalUNet):
    r"""The UNet that is told the timestep of its noisy image.

    .. math:: \hat ε = ε_θ(x_t,\ t / T)

    Source: CS180 project 5 part B 2.1 (the handout's figure of the time-conditioned UNet).
    Convention: the time is added to the features, as in F24; later terms multiply. Two FCBlocks of their own, one
    after Unflatten and one after the first UpBlock; one handout prints the first one at both places.

    Args:
        in_channels: C, channels of the image, ≥ 1.
        num_hiddens: D, channels of the first level, ≥ 1.

    Raises:
        ValueError: a size below 1.

    >>> model = TimeConditionalUNet(in_channels=1, num_hiddens=2)
    >>> model(torch.zeros(3, 1, 28, 28), torch.tensor([0.0, 0.5, 0.99])).shape
    torch.Size([3, 1, 28, 28])
    """

    # Task: the unconditional network and two FCBlocks from the time to the channels they are added to.
    # Trap: the two places have different numbers of channels, and each has a block of its own.
    def __init__(self, in_channels: int = 1, num_hiddens: int = 64) -> None:
        super().__init__(in_channels, num_hiddens)
        self.time1 = FCBlock(1, 2 * num_hiddens)
        self.time2 = FCBlock(1, num_hiddens)

    def forward(self, x: Image, t: PerSample) -> Image:
        """Predict the noise of a batch.

        Args:
            x: (B, in_channels, 28, 28), noisy images.
            t: (B,), timesteps already divided by T, in [0, 1).

        Returns:
            Tensor shaped like x.

        Raises:
            ValueError: x or t has another shape.
        """
        # Task: the unconditional pass with the two embeddings in their places.
        # Trap: one number per sample becomes one value per sample and channel, the same at every pixel.
        return self._run(x, shifts=self._time_shifts(x, t))

    def _time_shifts(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        _require_per_sample("t", t, x)
        return _over_pixels(self.time1(t[:, None])), _over_pixels(self.time2(t[:, None]))


class ClassConditionalUNet(TimeConditionalUNet):
    r"""The UNet that is told timestep and class, or no class, for classifier-free guidance.

    .. math:: \hat ε = ε_θ(x_t,\ c,\ t / T)

    Source: CS180 project 5 part B 2.4 (class conditioning), classifier-free guidance Sec. 3.2 (dropping the class).
    Convention: the class multiplies, the time is added. "No class" is the zero vector in place of the one-hot vector,
    not one of the classes; in training it takes the place of one class in ten, drawn per sample.

    Args:
        in_channels: C, channels of the image, ≥ 1.
        num_classes: K, ≥ 1.
        num_hiddens: D, channels of the first level, ≥ 1.

    Raises:
        ValueError: a size below 1.

    >>> model = ClassConditionalUNet(in_channels=1, num_classes=10, num_hiddens=2).eval()
    >>> x, t = torch.zeros(2, 1, 28, 28), torch.tensor([0.5, 0.5])
    >>> model(x, torch.tensor([3, 7]), t).shape
    torch.Size([2, 1, 28, 28])
    >>> dropped = model(x, torch.tensor([3, 7]), t, keep=torch.zeros(2))
    >>> torch.equal(dropped[0], dropped[1])
    True
    """

    # Task: the time-conditional network and two FCBlocks from the class vector to the channels they multiply.
    # Trap: as for the time; and the class is a vector of zeros and a one, not a number.
    def __init__(self, in_channels: int = 1, num_classes: int = 10, num_hiddens: int = 64) -> None:
        super().__init__(in_channels, num_hiddens)
        require_int("num_classes", num_classes, 1)
        self.num_classes = num_classes
        self.class1 = FCBlock(num_classes, 2 * num_hiddens)
        self.class2 = FCBlock(num_classes, num_hiddens)

    def forward(self, x: Image, c: Labels, t: PerSample, keep: PerSample | None = None) -> Image:
        """Predict the noise of a batch.

        Args:
            x: (B, in_channels, 28, 28), noisy images.
            c: (B,), int64 labels in 0 … num_classes-1.
            t: (B,), timesteps already divided by T, in [0, 1).
            keep: (B,) of 0 and 1, 0 = no class for this sample; None keeps all.

        Returns:
            Tensor shaped like x; independent of c where keep is 0.

        Raises:
            ValueError: x, c, t or keep has another shape or dtype, or a label is out of range.
        """
        # Task: one-hot vectors, the dropped ones set to zero, both embeddings in their places.
        # Trap: keep is one decision per sample, and it acts on the vector, not on the label.
        shifts = self._time_shifts(x, t)
        if not (isinstance(c, Tensor) and c.dtype == torch.int64 and c.shape == (len(x),)):
            refuse("c", f"an int64 tensor of shape ({len(x)},)", c)
        require_entries("c", c, self.num_classes - 1)
        one_hot = F.one_hot(c, self.num_classes).to(x.dtype)  # a scatter
        if keep is not None:
            _require_per_sample("keep", keep, x)
            one_hot = one_hot * keep[:, None]
        gains = _over_pixels(self.class1(one_hot)), _over_pixels(self.class2(one_hot))
        return self._run(x, gains, shifts)


def denoiser_loss(model: Denoiser, x0: Image, noise: Image, sigma: float) -> Scalar:
    r"""Train a network to give the clean image in one step.

    .. math:: \operatorname{mean} |D_θ(x_0 + σ ε) - x_0|^2

    Source: CS180 project 5 part B Eq. 1 and 2 (1.2, σ = 0.5).
    Convention: σ is a standard deviation and the image keeps its size (VE); nothing is clipped, not even MNIST's
    [0, 1]. The target is the image, not the noise.

    Args:
        model: image -> image, such as an UnconditionalUNet.
        x0: (B, C, H, W), clean images.
        noise: shaped like x0, standard normal.
        sigma: σ, ≥ 0.

    Returns:
        0-dim tensor, the mean over all elements.

    Raises:
        ValueError: noise or the model's answer does not match x0, or a negative sigma.

    >>> x0, noise = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> denoiser_loss(nn.Identity(), x0, noise, 0.5).item()  # 0.5²
    0.25
    """
    # Task: add noise, ask the network, compare.
    # Trap: what the network should answer, and what sigma is the deviation of.
    require_image("x0", x0)
    require_like("noise", noise, "x0", x0)
    require_number("sigma", sigma, 0.0)
    return _mean_squared_error(model(x0 + sigma * noise), x0)


def ddpm_loss(model: TimeModel, x0: Image, noise: Image, t: SampleTimesteps, alphas_cumprod: Schedule) -> Scalar:
    r"""Train a network to find the noise in an image at a timestep.

    .. math:: \operatorname{mean} |ε_θ(x_t,\ t / T) - ε|^2, \qquad x_t = \sqrt{ᾱ_t}\, x_0 + \sqrt{1 - ᾱ_t}\, ε

    Source: DDPM Eq. 14, Algorithm 1; CS180 project 5 part B Eq. 3 to 5 and Algorithm B.1 (2.2).
    Convention: t counts from 0 and the network sees t / T in [0, 1). Drawing t is the caller's part: all of
    0 … T-1, 0 and T-1 included. CS180's schedule has T = 300 and unscaled betas.

    Args:
        model: (x_t, t / T) -> eps, such as a TimeConditionalUNet.
        x0: (B, C, H, W), clean images.
        noise: shaped like x0, standard normal.
        t: (B,), int64 timesteps in 0 … T-1, one per sample.
        alphas_cumprod: (T,), the dtype of x0.

    Returns:
        0-dim tensor, the mean over all elements.

    Raises:
        ValueError: noise, alphas_cumprod or the model's answer does not match x0, or t is not (B,) in range.

    >>> x0, noise = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> answers_the_time = lambda x_t, t: t.reshape(-1, 1, 1, 1).expand_as(x_t)
    >>> ddpm_loss(answers_the_time, x0, noise, torch.tensor([1]), torch.tensor([0.9, 0.5])).item()  # (1/2 - 1)²
    0.25
    """
    # Task: noise the images to their timesteps, ask the network, compare with the noise.
    # Trap: the network takes a fraction of the whole chain; dividing whole numbers must not give whole numbers.
    x_t = _noised(x0, noise, t, alphas_cumprod)
    return _mean_squared_error(model(x_t, _fraction(t, alphas_cumprod, x0)), noise)


def class_ddpm_loss(
    model: ClassModel,
    x0: Image,
    labels: Labels,
    noise: Image,
    t: SampleTimesteps,
    alphas_cumprod: Schedule,
    keep: PerSample,
) -> Scalar:
    r"""Train a network to find the noise, with the class told for some samples and withheld for others.

    .. math:: \operatorname{mean} |ε_θ(x_t,\ c \cdot keep,\ t / T) - ε|^2

    Source: classifier-free guidance Algorithm 1; CS180 project 5 part B 2.4 and Algorithm B.3 (dropped with
    probability 0.1).
    Convention: keep = 1 tells the class. The draw is the caller's part, one for each sample.

    Args:
        model: (x_t, labels, t / T, keep) -> eps, such as a ClassConditionalUNet.
        x0: (B, C, H, W), clean images.
        labels: (B,), int64 classes.
        noise: shaped like x0, standard normal.
        t: (B,), int64 timesteps in 0 … T-1, one per sample.
        alphas_cumprod: (T,), the dtype of x0.
        keep: (B,) of 0 and 1, the dtype of x0; 0 = no class for this sample.

    Returns:
        0-dim tensor, the mean over all elements.

    Raises:
        ValueError: an argument or the model's answer that does not match x0.

    >>> x0, noise = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> answers_the_kept_class = lambda x_t, c, t, keep: (c * keep).reshape(-1, 1, 1, 1).expand_as(x_t)
    >>> labels, t, alphas_cumprod = torch.tensor([3]), torch.tensor([0]), torch.tensor([0.9])
    >>> class_ddpm_loss(answers_the_kept_class, x0, labels, noise, t, alphas_cumprod, torch.ones(1)).item()  # (3 - 1)²
    4.0
    """
    # Task: as ddpm_loss, with labels and keep handed on.
    # Trap: the order of the model's arguments; keep goes to the model as it is, per sample.
    x_t = _noised(x0, noise, t, alphas_cumprod)
    require_labels("labels", labels, x0)
    _require_per_sample("keep", keep, x0)
    return _mean_squared_error(model(x_t, labels, _fraction(t, alphas_cumprod, x0), keep), noise)


def _over_pixels(embedding: Tensor) -> Tensor:
    """(B, C) to (B, C, 1, 1)."""
    return embedding[:, :, None, None]


def _noised(x0: Tensor, noise: Tensor, t: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """add_noise with one timestep per sample."""
    require_image("x0", x0)
    require_schedule(alphas_cumprod, x0)
    if not isinstance(t, Tensor):
        refuse("t", f"an int64 tensor of shape ({len(x0)},), one timestep per sample", t)
    return add_noise(x0, noise, t, alphas_cumprod)


def _fraction(t: Tensor, alphas_cumprod: Tensor, x0: Tensor) -> Tensor:
    """t / T, in the image's dtype and on its device."""
    return t.to(x0) / len(alphas_cumprod)


def _mean_squared_error(answer: Tensor, target: Tensor) -> Tensor:
    require_like("model", answer, "its target", target)
    return F.mse_loss(answer, target)


def _require_per_sample(argument: str, value: Tensor, x: Tensor) -> None:
    if not (isinstance(value, Tensor) and value.shape == (len(x),) and value.dtype == x.dtype):
        refuse(argument, f"a {x.dtype} tensor of shape ({len(x)},)", value)
