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

    >>> x0, x1 = torch.zeros(2, 1, 1, 1), torch.ones(2, 1, 1, 1)
    >>> flow_interpolate(x0, x1, torch.tensor([0.25, 1.0])).flatten().tolist()
    [0.25, 1.0]
    """
    # TODO: a weight for each end, the two adding up to 1.
    # Trap: which end is at t = 0; one time per sample needs a shape that multiplies whole images.
    raise NotImplementedError


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

    >>> flow_velocity(torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), 5.0)).item()
    3.0
    """
    # TODO: how fast flow_interpolate moves as t grows.
    # Trap: from where to where.
    raise NotImplementedError


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

    >>> flow_step(torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), 4.0), 0.5, 0.75).item()  # 1 + 0.25 * 4
    2.0
    """
    # TODO: start where x_t is, and go along v for as long as the step takes.
    # Trap: the step is a difference of times, and not a time.
    raise NotImplementedError


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

    >>> sample_flow(lambda x_t, t: t.reshape(-1, 1, 1, 1).expand_as(x_t), torch.zeros(1, 1, 1, 1), 4).item()
    0.375
    >>> (0 + 1 / 4 + 2 / 4 + 3 / 4) / 4  # of the integral of t from 0 to 1: always from the left
    0.375
    """
    # TODO: divide the way into equal steps, ask the network at the beginning of each, and go.
    # Trap: how many times there are, and which of 0 and 1 is among them; the network takes one time per sample.
    raise NotImplementedError


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

    >>> model = lambda x_t, c, t, keep: x_t + (c * keep).reshape(-1, 1, 1, 1)
    >>> guided_velocity(model, torch.ones(1, 1, 1, 1), torch.tensor([3]), torch.zeros(1), 5.0).item()  # 1 + 5 * 3
    16.0
    """
    # TODO: the network's answer with the class and without it, then classifier-free guidance.
    # Trap: keep is one number per sample, and 1 means that the class is told.
    raise NotImplementedError


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

    >>> x0, x1 = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> flow_loss(lambda x_t, t: x_t, x0, x1, torch.tensor([0.75])).item()  # (0.75 - 1)²
    0.0625
    """
    # TODO: the point between the images, the network's answer there, the velocity it should have.
    # Trap: the target does not depend on t; the network is asked about x_t.
    raise NotImplementedError


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

    >>> x0, x1, labels, t = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), torch.tensor([3]), torch.tensor([0.5])
    >>> answers_the_kept_class = lambda x_t, c, t, keep: (c * keep).reshape(-1, 1, 1, 1).expand_as(x_t)
    >>> class_flow_loss(answers_the_kept_class, x0, x1, labels, t, torch.ones(1)).item()  # (3 - 1)²
    4.0
    """
    # TODO: as flow_loss, with labels and keep handed on.
    # Trap: the order of the model's arguments; keep goes to the model as it is, per sample.
    raise NotImplementedError
