r"""The losses of a GAN: generator, discriminator, and the R1 gradient penalty.

| math        | code            | shape            | range   | meaning                                           | equation          |
| ----------- | --------------- | ---------------- | ------- | ------------------------------------------------- | ----------------- |
| D(x)        | ``real_logits`` | (R,) or (R, 1)   | ℝ       | the discriminator's raw output on real images     | EECS part A Eq. 2 |
| D(G(z))     | ``fake_logits`` | (F,) or (F, 1)   | ℝ       | the same on generated images                      | EECS part A Eq. 1 |
| x           | ``real_images`` | (B, C, H, W)     | [-1, 1] | real images, requiring grad                       | R1 Eq. 9          |
| ∇D(x)       | ``gradients``   | (B, C, H, W)     | ℝ       | how each image's logit answers to its own pixels  | R1 Eq. 9          |
| γ           | ``gamma``       | float            | ≥ 0     | weight of the penalty                             | R1 Eq. 9          |
| softplus(u) | ``F.softplus``  |                  | > 0     | log(1 + e^u)                                      |                   |

A logit is a real number; sigmoid(logit) is the probability "real". The losses take logits, never probabilities:
softplus(-u) is -log sigmoid(u), and stays finite where a rounded sigmoid is already 0.

Papers: GAN is Goodfellow et al. 2014 (arXiv 1406.2661), R1 Mescheder et al. 2018 (arXiv 1801.04406), StyleGAN2 Karras
et al. 2019 (arXiv 1912.04958).
"""

import torch
import torch.nn.functional as F

from ._arguments import refuse, require_image, require_logits, require_number
from .shapes import FakeLogits, Image, Logits, RealLogits, Scalar

__all__ = ["generator_loss", "discriminator_loss", "r1_penalty"]

# F.softplus(u) answers u itself above a threshold. At its default, 20, that is 2e-9 off; at 40 it is exact in float64,
# and e^40 is still far from overflowing in float32.
EXACT_ABOVE = 40.0


def generator_loss(fake_logits: Logits) -> Scalar:
    r"""How far the generator is from being taken for real: the non-saturating loss.

    .. math:: \mathcal L_G = \mathbb E_z\left[\log\left(1 + e^{-D(G(z))}\right)\right] = \mathbb E_z[-\log σ(D(G(z)))]

    Source: GAN Sec. 3 (maximise log D(G(z))); StyleGAN2's ``Gmain``; EECS 498 HW5 part A Eq. 1, task 1.
    Convention: non-saturating. The minimax form, which minimises -softplus(D(G(z))), has nearly no gradient where the
    discriminator is sure that a picture is fake.

    Args:
        fake_logits: (B,) or (B, 1), any real numbers.

    Returns:
        0-dim tensor, the mean over the batch.

    Raises:
        ValueError: fake_logits has another shape, is empty or is not a float tensor.

    >>> round(generator_loss(torch.tensor([0.0, 0.0])).item(), 4)  # log 2
    0.6931
    >>> generator_loss(torch.tensor([-100.0, 100.0])).item()  # (100 + 0) / 2
    50.0
    """
    # Task: one softplus, averaged.
    # Trap: the generator wants large logits, so the loss has to fall as they grow; no sigmoid comes first.
    require_logits("fake_logits", fake_logits)
    return F.softplus(-fake_logits, threshold=EXACT_ABOVE).mean()


def discriminator_loss(real_logits: RealLogits, fake_logits: FakeLogits) -> Scalar:
    r"""How badly the discriminator tells real from fake.

    .. math::
        \mathcal L_D = \mathbb E_x\left[\log\left(1 + e^{-D(x)}\right)\right]
                     + \mathbb E_z\left[\log\left(1 + e^{D(G(z))}\right)\right]

    Source: GAN Eq. 1 (as a loss); StyleGAN2's ``Dmain``; EECS 498 HW5 part A Eq. 2, task 1.
    Convention: the sum of the two means. Some kits halve it, or average over the joined batch, which is the same only
    for as many fakes as reals and then half as much.

    Args:
        real_logits: (R,) or (R, 1), any real numbers.
        fake_logits: (F,) or (F, 1), any real numbers; F may differ from R.

    Returns:
        0-dim tensor.

    Raises:
        ValueError: logits of another shape, empty, or not float tensors.

    >>> round(discriminator_loss(torch.zeros(2), torch.zeros(3)).item(), 4)  # 2 log 2
    1.3863
    >>> discriminator_loss(torch.tensor([100.0]), torch.tensor([100.0])).item()  # 0 + 100
    100.0
    """
    # Task: one softplus for the real logits, one for the fake ones, each averaged by itself.
    # Trap: the two signs differ: large logits are good on real images and bad on fakes.
    require_logits("real_logits", real_logits)
    require_logits("fake_logits", fake_logits)
    loss_real = F.softplus(-real_logits, threshold=EXACT_ABOVE).mean()
    loss_fake = F.softplus(fake_logits, threshold=EXACT_ABOVE).mean()
    return loss_real + loss_fake


def r1_penalty(real_images: Image, real_logits: Logits, gamma: float) -> Scalar:
    r"""R1: the squared gradient of the discriminator at real images.

    .. math:: R_1 = \frac{γ}{2}\, \mathbb E_x\left[\lVert ∇_x D(x) \rVert_2^2\right]

    Source: R1 Eq. 9; StyleGAN2's ``Dreg``; EECS 498 HW5 part A Eq. 3, task 3.
    Convention: γ / 2 (paper, StyleGAN2); GAN_stability's code has γ alone. The square is summed over C, H and W and
    averaged over the batch only. Lazy regularisation multiplies by its interval (16 in StyleGAN2) outside. Each image
    meets its own logit: a discriminator that mixes the samples of a batch (batch normalisation) adds cross terms.

    Args:
        real_images: (B, C, H, W), requiring grad before the discriminator sees them.
        real_logits: (B,) or (B, 1), the discriminator's answer to real_images, still attached to them.
        gamma: γ, ≥ 0.

    Returns:
        0-dim tensor, differentiable in the discriminator's parameters. Leaves no ``.grad`` behind, neither in the
        images nor in the parameters.

    Raises:
        ValueError: shapes that do not match, a negative gamma, or logits that were not computed from real_images.

    >>> real_images = torch.ones(2, 1, 1, 2, requires_grad=True)
    >>> weights = torch.tensor([3.0, 4.0])
    >>> real_logits = (real_images * weights).sum(dim=(1, 2, 3))
    >>> r1_penalty(real_images, real_logits, 10.0).item()  # 10 / 2 * (3² + 4²)
    125.0
    """
    # Task: the gradient of the logits in the images, squared, summed within and averaged over images, times the weight.
    # Trap: this penalty is minimised in turn, so its gradient has to be a node of the graph as well; and averaging
    # the logits before differentiating makes the square too small by B².
    require_image("real_images", real_images)
    require_logits("real_logits", real_logits, len(real_images))
    require_number("gamma", gamma, 0.0)
    if not real_images.requires_grad:
        refuse("real_images", "images that require grad, set before the discriminator sees them", real_images)
    if not real_logits.requires_grad:
        refuse("real_logits", "logits attached to real_images", real_logits)
    # Each logit depends on its own image, so that the gradient of their sum holds every image's gradient.
    (gradients,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True, allow_unused=True)
    if gradients is None:
        refuse("real_logits", "logits computed from real_images", real_logits)
    return gamma / 2 * gradients.square().sum(dim=(1, 2, 3)).mean()
