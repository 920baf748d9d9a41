r"""Flow matching: the straight way from noise to data, its velocity, Euler steps along it, and the training losses.

| math        | code                     | shape        | range   | meaning                                              | equation       |
| ----------- | ------------------------ | ------------ | ------- | ---------------------------------------------------- | -------------- |
| x_0         | ``x0``                   | (B, C, H, W) | N(0, I) | noise, where the way begins                          | FM Sec. 2      |
| x_1         | ``x1``                   | (B, C, H, W) |         | data, where it ends                                  | FM Sec. 2      |
| t           | ``t``, ``t_next``        | float or (B,)| [0, 1]  | time: 0 is noise, 1 is data                          | CS180 B Eq. B.3  |
| x_t         | ``x_t``                  | (B, C, H, W) |         | the point between them at time t                     | CS180 B Eq. B.3  |
| u_t(x \| x_1)| ``flow_velocity``       | (B, C, H, W) |         | velocity of one straight way                         | CS180 B Eq. B.4  |
| v_θ(x_t, t) | ``v_model``, ``v``       | (B, C, H, W) |         | the network's velocity                               | CS180 B Eq. B.5  |
| c, keep     | ``labels``, ``keep``     | (B,)         |         | class, and 1 where the network is told it            | CS180 B 2.4    |
| γ           | ``scale``                | float        | any     | 0 unconditional, 1 conditional, > 1 guided           | CS180 B 2.6    |
| S           | ``num_steps``            | int          | ≥ 1     | Euler steps of 1 / S                                 | CS180 B Alg. B.2 |

**Why the regression finds the flow.** One pair (x_0, x_1) is joined by the straight way :math:`x_t = (1-t) x_0 + t x_1`,
whose velocity :math:`\dot x_t = x_1 - x_0` does not depend on t. Many ways cross at a point x, and a network that sees
only (x, t) cannot tell which one it is on. The mean squared error is least for the mean of what is to be told:

.. math:: v^*(x, t) = \mathbb E[\, x_1 - x_0 \mid x_t = x \,]

and that is the velocity which carries the whole distribution: for any test function f,

.. math:: \tfrac{d}{dt} \mathbb E f(x_t) = \mathbb E[∇f(x_t) \cdot (x_1 - x_0)] = \mathbb E[∇f(x_t) \cdot v^*(x_t, t)]

which is the continuity equation of :math:`\dot x = v^*(x, t)`. So samples that start as noise and follow v* are
distributed as x_t at every t, and as data at t = 1, although no single one of them need go straight.

**Conventions.** Time runs from noise (0) to data (1), as in Lipman et al. and CS180. Rectified flow's text agrees;
Stable Diffusion 3, diffusers' ``FlowMatchEulerDiscreteScheduler`` and all of DDPM count from data to noise: with
σ = 1 - t the point is (1 - σ) data + σ noise, the velocity there is noise - data, which is -v, and sampling goes down in
σ. Here nothing is rescaled and σ_min = 0: Lipman et al. end at a narrow Gaussian around the data instead.

Papers: FM is Lipman et al. 2023 (arXiv 2210.02747), RF Liu et al. 2023 (arXiv 2209.03003), SD3 Esser et al. 2024
(arXiv 2403.03206), CFG Ho and Salimans 2022 (arXiv 2207.12598). CS180 B is part B of project 5 since spring 2025.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ._arguments import refuse, require_image, require_int, require_labels, require_like, require_number
from .guidance import classifier_free_guidance
from .shapes import ClassModel, Image, Labels, PerSample, Scalar, TimeModel

__all__ = [
    "flow_interpolate",
    "flow_velocity",
    "flow_step",
    "sample_flow",
    "guided_velocity",
    "flow_loss",
    "class_flow_loss",
]

ROUNDING = 1e-6  # by which a time that was computed may miss an end


def flow_interpolate(x0: Image, x1: Image, t: float | PerSample) -> Image:
    r"""The point at time t on the straight way from noise to data.

    .. math:: x_t = (1 - t)\, x_0 + t\, x_1

    Source: FM Eq. 20 and 22 with σ_min = 0; RF Eq. 1; CS180 project 5 part B 2.1 Eq. B.3.
    Convention: t = 0 is noise and t = 1 is data; SD3 and diffusers count the other way. The weights add up to 1 and
    their squares do not: on the way the variance falls below 1, which DDPM's √ᾱ and √(1-ᾱ) avoid.

    Args:
        x0: (B, C, H, W), noise.
        x1: shaped like x0, data.
        t: a number in [0, 1], or (B,) of them in a float dtype, one per sample.

    Returns:
        Tensor shaped like x0, differentiable in both images.

    Raises:
        ValueError: x1 does not match x0, or t is neither a number in [0, 1] nor (B,) of them.

    >>> x0, x1 = torch.zeros(2, 1, 1, 1), torch.ones(2, 1, 1, 1)
    >>> flow_interpolate(x0, x1, torch.tensor([0.25, 1.0])).flatten().tolist()
    [0.25, 1.0]
    """
    # Task: a weight for each end, the two adding up to 1.
    # Trap: which end is at t = 0; one time per sample needs a shape that multiplies whole images.
    require_image("x0", x0)
    require_like("x1", x1, "x0", x0)
    weight = _over_images("t", t, x0)
    return (1 - weight) * x0 + weight * x1


def flow_velocity(x0: Image, x1: Image) -> Image:
    r"""The velocity on the straight way: what the network is trained to give.

    .. math:: u_t(x_t \mid x_1) = \frac{d x_t}{d t} = x_1 - x_0

    Source: FM Eq. 23 with σ_min = 0; RF Eq. 1; CS180 project 5 part B 2.1 Eq. B.4.
    Convention: towards the data, at full length at every t. SD3 and diffusers train noise - data, since their time runs
    the other way.

    Args:
        x0: (B, C, H, W), noise.
        x1: shaped like x0, data.

    Returns:
        Tensor shaped like x0, differentiable in both images.

    Raises:
        ValueError: x1 does not match x0.

    >>> flow_velocity(torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), 5.0)).item()
    3.0
    """
    # Task: how fast flow_interpolate moves as t grows.
    # Trap: from where to where.
    require_image("x0", x0)
    require_like("x1", x1, "x0", x0)
    return x1 - x0


def flow_step(x_t: Image, v: Image, t: float, t_next: float) -> Image:
    r"""One Euler step along a velocity.

    .. math:: x_{t'} = x_t + (t' - t)\, v

    Source: RF Sec. 2.1 (Euler); CS180 project 5 part B Algorithm B.2, line 5.
    Convention: forwards, 0 ≤ t < t' ≤ 1. For a velocity that does not change along the way the step is exact, however
    long it is. diffusers steps by σ_next - σ, which is negative, along -v: the same.

    Args:
        x_t: (B, C, H, W), the images at time t.
        v: shaped like x_t, the velocity there.
        t: the time, in [0, 1).
        t_next: the next time, in (t, 1].

    Returns:
        Tensor shaped like x_t.

    Raises:
        ValueError: v does not match x_t, or not 0 ≤ t < t_next ≤ 1.

    >>> flow_step(torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), 4.0), 0.5, 0.75).item()  # 1 + 0.25 * 4
    2.0
    """
    # Task: start where x_t is, and go along v for as long as the step takes.
    # Trap: the step is a difference of times, and not a time.
    require_image("x_t", x_t)
    require_like("v", v, "x_t", x_t)
    require_number("t", t, 0.0, 1.0)
    require_number("t_next", t_next, 0.0, 1.0)
    if t_next <= t:
        refuse("t_next", f"a time after t = {t}", t_next)
    return x_t + (t_next - t) * v


@torch.no_grad()
def sample_flow(v_model: TimeModel, x0: Image, num_steps: int = 50) -> Image:
    r"""From noise to data by Euler steps of equal length.

    .. math:: x_{t_{i+1}} = x_{t_i} + \tfrac1S\, v_θ(x_{t_i}, t_i), \qquad t_i = i / S,\ i = 0 … S-1

    Source: FM Sec. 5 (Euler); CS180 project 5 part B 2.3 and Algorithm B.2.
    Convention: the network is asked at the beginning of each step, so that t = 1 is never asked about and t = 0 always.
    Times are made from whole numbers: adding 1 / S again and again would drift. The network sees t as (B,), in the
    image's dtype.

    Args:
        v_model: ``(x_t, t) -> v``, t (B,) in [0, 1).
        x0: (B, C, H, W), noise.
        num_steps: S, ≥ 1.

    Returns:
        Tensor shaped like x0, x_1.

    Raises:
        ValueError: num_steps is below 1, or the network's answer does not match x0.

    >>> sample_flow(lambda x_t, t: t.reshape(-1, 1, 1, 1).expand_as(x_t), torch.zeros(1, 1, 1, 1), 4).item()
    0.375
    >>> (0 + 1 / 4 + 2 / 4 + 3 / 4) / 4  # of the integral of t from 0 to 1: always from the left
    0.375
    """
    # Task: divide the way into equal steps, ask the network at the beginning of each, and go.
    # Trap: how many times there are, and which of 0 and 1 is among them; the network takes one time per sample.
    require_image("x0", x0)
    require_int("num_steps", num_steps, 1)
    x_t = x0
    for i in range(num_steps):
        t, t_next = i / num_steps, (i + 1) / num_steps
        v = v_model(x_t, torch.full((len(x0),), t, dtype=x0.dtype, device=x0.device))
        x_t = flow_step(x_t, v, t, t_next)
    return x_t


def guided_velocity(model: ClassModel, x_t: Image, labels: Labels, t: PerSample, scale: float) -> Image:
    r"""Ask a class-conditioned network with and without the class, and guide.

    .. math:: v = v_θ(x_t, t, ∅) + γ\, \bigl(v_θ(x_t, t, c) - v_θ(x_t, t, ∅)\bigr)

    Source: CFG Eq. 6, for velocities; CS180 project 5 part B 2.6 and Algorithm B.4 (γ = 5).
    Convention: γ = 0 is unconditional and γ = 1 conditional. The class is withheld by keep = 0, as in training, not by
    another label. Guided is the velocity: two ways guided afterwards, x for v, would be another thing.

    Args:
        model: ``(x_t, labels, t, keep) -> v``, such as a ClassConditionalUNet.
        x_t: (B, C, H, W).
        labels: (B,), int64 classes.
        t: (B,), float times.
        scale: γ, any number; CS180 takes 5.

    Returns:
        Tensor shaped like x_t.

    Raises:
        ValueError: labels or t is not (B,), or scale is not a finite number.

    >>> model = lambda x_t, c, t, keep: x_t + (c * keep).reshape(-1, 1, 1, 1)
    >>> guided_velocity(model, torch.ones(1, 1, 1, 1), torch.tensor([3]), torch.zeros(1), 5.0).item()  # 1 + 5 * 3
    16.0
    """
    # Task: the network's answer with the class and without it, then classifier-free guidance.
    # Trap: keep is one number per sample, and 1 means that the class is told.
    require_image("x_t", x_t)
    require_labels("labels", labels, x_t)
    _require_times("t", t, x_t)
    require_number("scale", scale)
    told = torch.ones(len(x_t), dtype=x_t.dtype, device=x_t.device)
    v_cond = model(x_t, labels, t, told)
    v_uncond = model(x_t, labels, t, torch.zeros_like(told))
    return classifier_free_guidance(v_uncond, v_cond, scale)


def flow_loss(model: TimeModel, x0: Image, x1: Image, t: PerSample) -> Scalar:
    r"""Train a network to give the velocity at a point between noise and data.

    .. math:: \operatorname{mean} |v_θ(x_t, t) - (x_1 - x_0)|^2, \qquad x_t = (1 - t)\, x_0 + t\, x_1

    Source: FM Eq. 23; CS180 project 5 part B 2.1 Eq. B.5 and Algorithm B.1.
    Convention: drawing x0 and t is the caller's part, t uniform in [0, 1). The mean runs over all elements.

    Args:
        model: ``(x_t, t) -> v``, such as a TimeConditionalUNet.
        x0: (B, C, H, W), noise.
        x1: shaped like x0, data.
        t: (B,), float times in [0, 1], one per sample.

    Returns:
        0-dim tensor, the mean over all elements.

    Raises:
        ValueError: x1 or the model's answer does not match x0, or t is not (B,) in [0, 1].

    >>> x0, x1 = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> flow_loss(lambda x_t, t: x_t, x0, x1, torch.tensor([0.75])).item()  # (0.75 - 1)²
    0.0625
    """
    # Task: the point between the images, the network's answer there, the velocity it should have.
    # Trap: the target does not depend on t; the network is asked about x_t.
    _require_pair(x0, x1, t)
    v = model(flow_interpolate(x0, x1, t), t)
    require_like("the network's answer", v, "x0", x0)
    return F.mse_loss(v, flow_velocity(x0, x1))


def class_flow_loss(model: ClassModel, x0: Image, x1: Image, labels: Labels, t: PerSample, keep: PerSample) -> Scalar:
    r"""Train a network to give the velocity, with the class told for some samples and withheld for others.

    .. math:: \operatorname{mean} |v_θ(x_t, t, c \cdot keep) - (x_1 - x_0)|^2

    Source: CFG Algorithm 1, for velocities; CS180 project 5 part B 2.4 and Algorithm B.3 (dropped with probability 0.1).
    Convention: keep = 1 tells the class. The draws are the caller's part, one for each sample.

    Args:
        model: ``(x_t, labels, t, keep) -> v``, such as a ClassConditionalUNet.
        x0: (B, C, H, W), noise.
        x1: shaped like x0, data.
        labels: (B,), int64 classes.
        t: (B,), float times in [0, 1], one per sample.
        keep: (B,) of 0 and 1 in a float dtype; 0 = no class for this sample.

    Returns:
        0-dim tensor, the mean over all elements.

    Raises:
        ValueError: an argument or the model's answer that does not match x0.

    >>> x0, x1, labels, t = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), torch.tensor([3]), torch.tensor([0.5])
    >>> answers_the_kept_class = lambda x_t, c, t, keep: (c * keep).reshape(-1, 1, 1, 1).expand_as(x_t)
    >>> class_flow_loss(answers_the_kept_class, x0, x1, labels, t, torch.ones(1)).item()  # (3 - 1)²
    4.0
    """
    # Task: as flow_loss, with labels and keep handed on.
    # Trap: the order of the model's arguments; keep goes to the model as it is, per sample.
    _require_pair(x0, x1, t)
    require_labels("labels", labels, x0)
    if not (isinstance(keep, Tensor) and keep.shape == (len(x0),) and keep.is_floating_point()):
        refuse("keep", f"a float tensor of shape ({len(x0)},)", keep)
    v = model(flow_interpolate(x0, x1, t), labels, t, keep)
    require_like("the network's answer", v, "x0", x0)
    return F.mse_loss(v, flow_velocity(x0, x1))


def _over_images(argument: str, t: float | Tensor, x: Tensor) -> Tensor | float:
    """A time that multiplies images: one for all as it is, one per sample as (B, 1, 1, 1) in the image's dtype."""
    if not isinstance(t, Tensor):
        require_number(argument, t, 0.0, 1.0)
        return t
    _require_times(argument, t, x)
    return t.to(x).reshape(-1, 1, 1, 1)


def _require_times(argument: str, t: Tensor, x: Tensor) -> None:
    """Float times, one per sample; on CUDA their range is left alone: to see it is to wait for all the work before."""
    ok = isinstance(t, Tensor) and t.shape == (len(x),) and t.is_floating_point()
    if not (ok and (t.is_cuda or all(-ROUNDING <= time <= 1 + ROUNDING for time in t.tolist()))):
        refuse(argument, f"float times in [0, 1] of shape ({len(x)},), one per sample", t)


def _require_pair(x0: Tensor, x1: Tensor, t: Tensor) -> None:
    require_image("x0", x0)
    require_like("x1", x1, "x0", x0)
    _require_times("t", t, x0)
