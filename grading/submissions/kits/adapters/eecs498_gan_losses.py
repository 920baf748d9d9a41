"""StyleGAN2Loss.accumulate_gradients, phase by phase: the losses are read where the kit reports them."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from .common import stands_for
from .eecs498_given import reported, student_class

Discriminator = Callable[[Tensor], Tensor]


def _student() -> Any:
    return student_class("gan_losses", "StyleGAN2Loss")


def _loss(
    name: str, phase: str, discriminator: Discriminator, real: Tensor, fake: Tensor, gamma: float = 0.0
) -> Tensor:
    """What one phase of the kit's training reports, and descends the mean of. Nothing is trained here."""
    student = _student()(
        device=real.device,
        G_mapping=lambda z, c, **given: z,
        G_synthesis=lambda ws, **given: fake,
        D=lambda image, c, **given: discriminator(image),
        style_mixing_prob=0,
        r1_gamma=gamma,
        pl_weight=0,
    )
    nothing = torch.zeros(len(real), 0)
    reported.clear()
    with mock.patch.object(Tensor, "backward"):
        student.accumulate_gradients(
            phase=phase, real_img=real, real_c=nothing, gen_z=nothing, gen_c=nothing, sync=True, gain=1
        )
    return reported[name].mean()


def _images(logits: Tensor, value: float) -> Tensor:
    """Some for as many logits."""
    return torch.full((len(logits), 3, 2, 2), value, dtype=logits.dtype)


@stands_for(lambda: _student().accumulate_gradients)
def gan_losses_generator_loss(fake_logits: Tensor) -> Tensor:
    fake = _images(fake_logits, -1.0)
    return _loss("Loss/G/loss", "Gmain", lambda image: fake_logits, fake, fake)


@stands_for(lambda: _student().accumulate_gradients)
def gan_losses_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator knows the images: which of them the student shows it is the student's to say."""
    real, fake = _images(real_logits, 1.0), _images(fake_logits, -1.0)

    def discriminator(image: Tensor) -> Tensor:
        for known, logits in ((real, real_logits), (fake, fake_logits)):
            if torch.equal(image.detach(), known):
                return logits
        raise ValueError("the discriminator is shown images that are neither real_img nor gen_img")

    return _loss("Loss/D/loss", "Dmain", discriminator, real, fake)


@stands_for(lambda: _student().accumulate_gradients)
def gan_losses_r1_penalty(real_images: Tensor, real_logits: Tensor, gamma: float) -> Tensor:
    """The kit differentiates logits of its own copy of the images: here those of the plane that touches the discriminator."""
    (slope,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True)

    def plane(image: Tensor) -> Tensor:
        along = (slope * (image - image.detach())).flatten(1).sum(1)
        return real_logits + along.reshape(real_logits.shape)

    try:
        return _loss("Loss/D/reg", "Dreg", plane, real_images, real_images, gamma)
    except UnboundLocalError:  # the fakes, which this phase has not made: what is shown is discriminator_loss's matter
        return _loss("Loss/D/reg", "Dboth", plane, real_images, real_images, gamma)
