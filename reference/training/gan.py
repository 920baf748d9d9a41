r"""Adversarial training, for any generator and discriminator: EECS 498 HW5 part A's three settings.

| math  | code            | shape        | range   | meaning                                             | equation          |
| ----- | --------------- | ------------ | ------- | --------------------------------------------------- | ----------------- |
| x     | ``real``        | (B, 3, H, W) | [-1, 1] | real images, every other one mirrored by chance     | EECS part A Eq. 2 |
| G(z)  | ``fake``        | (B, 3, H, W) | about ±1 | generated images, new ones for each of the two losses | EECS part A Eq. 1 |
| T     | ``diff_augment`` |             |         | augmentation, on fakes in L_G, on both in L_D       | DiffAug Eq. 3–4   |
| D(T(x)) | ``judge``     | (B, 1)       | ℝ       | logits                                              | EECS part A Eq. 2 |
| γ     | ``options.gamma`` | float        | ≥ 0     | weight of R1                                        | R1 Eq. 9          |
| k     | ``interval``    | int          | ≥ 1     | R1 every k-th step, times k: "lazy regularisation"  | StyleGAN2 App. B  |

The losses are ``reference.gan_losses``'s and the augmentation is ``reference.augment``'s: what students write. The
flags are the handout's: ``use_r1_regularization`` adds R1 with the weight ``gamma``, ``use_diffaug`` the augmentation.

Papers: StyleGAN2 is Karras et al. 2020 (arXiv 1912.04958), R1 Mescheder et al. 2018 (arXiv 1801.04406), DiffAug Zhao et
al. 2020 (arXiv 2006.10738), ADA Karras et al. 2020 (arXiv 2006.06676; γ by resolution), DCGAN Radford et al. 2015 (arXiv
1511.06434).
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..augment import diff_augment
from ..data.draws import seeded
from ..data.grids import save_grid
from ..gan_losses import discriminator_loss, generator_loss, r1_penalty
from ..networks.dcgan import DCDiscriminator, DCGenerator
from ..networks.stylegan import StyleDiscriminator, StyleGenerator
from .loop import Options, autocast, batch_indices, placed, update_average
from .pictures import real_pictures

__all__ = ["GanTraining", "dcgan_training", "mirrored", "mixed_codes", "r1_weight", "stylegan_training"]

POLICY = "color,translation,cutout"
MIXING = 0.5  # how often two codes share an image
SHOWN = 64  # fakes in a picture

#: ``sample(generator, batch_size, random)`` gives fakes; all random numbers come from ``random``.
Sampler = Callable[[nn.Module, int, torch.Generator], Tensor]


class GanTraining:
    r"""The training of a generator against a discriminator.

    A step trains the generator once, then the discriminator once; with R1, every ``interval``-th step the discriminator
    once more on the penalty alone, ``interval`` times as large.

    Args:
        generator, discriminator: image networks; the discriminator answers (B, 1) logits.
        images: (N, C, H, W) in [-1, 1], the real ones.
        sample: how the generator is asked for fakes.
        show: the same for pictures: no mixing, no random noise.
        options: the handout's flags among them.
        interval: k, steps from one penalty to the next.
        betas: of Adam.
        decay: of the averaged generator.

    >>> from pathlib import Path
    >>> options = Options(Path("runs"), "faces", steps=1, batch_size=4, learning_rate=1e-3, use_r1_regularization=True)
    >>> training = GanTraining(DCGenerator(width=4), DCDiscriminator(width=4), torch.zeros(9, 3, 32, 32), options)
    >>> sorted(training.step(0)), sorted(training.step(1))
    (['discriminator', 'fake', 'generator', 'r1', 'real'], ['discriminator', 'fake', 'generator', 'real'])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        images: Tensor,
        options: Options,
        sample: Sampler | None = None,
        show: Sampler | None = None,
        interval: int = 16,
        betas: tuple[float, float] = (0.0, 0.99),
        decay: float = 0.998,
    ) -> None:
        self.options, self.interval, self.decay = options, interval, decay
        self.sample = sample or _plain
        self.show = show or self.sample
        self.images = images.to(options.device)
        self.generator, self.discriminator = (placed(one, options.device) for one in (generator, discriminator))
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.average,
        }
        # With R1 the discriminator makes interval + 1 steps in place of interval: each is so much shorter, and
        # remembers so much longer, that together they count as before (StyleGAN2 App. B).
        part = interval / (interval + 1) if options.use_r1_regularization else 1.0
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "generator_optimizer": torch.optim.Adam(self.generator.parameters(), options.learning_rate, betas),
            "discriminator_optimizer": torch.optim.Adam(
                self.discriminator.parameters(), options.learning_rate * part, tuple(beta**part for beta in betas)
            ),
        }

    def step(self, k: int) -> dict[str, Tensor]:
        """Train both networks once; "r1" is among the losses only where it was computed."""
        options = self.options
        random = seeded(options.device, options.seed, "step", k)
        indices = batch_indices(len(self.images), options.batch_size, k, options.seed).to(options.device)
        real = mirrored(self.images[indices], random)
        losses = self._train_generator(random) | self._train_discriminator(real, random)
        if options.use_r1_regularization and k % self.interval == 0:
            losses |= self._regularise(real, random)
        update_average(self.average, self.generator, self.decay, k)
        return losses

    def judge(self, images: Tensor, random: torch.Generator) -> Tensor:
        """The discriminator's logits for what it is shown: with DiffAugment, that is never the images themselves.

        Here and nowhere else it looks at images, so that all three places are augmented alike: fakes for the generator,
        fakes and real ones for the discriminator.
        """
        if self.options.use_diffaug:
            images = diff_augment(images, POLICY, random)
        with autocast(self.options):
            logits = self.discriminator(images.contiguous(memory_format=torch.channels_last))
        return logits.float()

    def pictures(self, path: Path) -> None:
        """Save fakes of always the same z, by the averaged weights, as ``fakes000500.png`` for ``step000500.png``."""
        random = seeded(self.options.device, self.options.seed, "pictures")
        with torch.no_grad():
            fakes = self.show(self.average.eval(), SHOWN, random)
        save_grid(fakes, path.with_name(path.name.replace("step", "fakes", 1)), columns=8)

    def _fakes(self, random: torch.Generator) -> Tensor:
        with autocast(self.options):
            return self.sample(self.generator, self.options.batch_size, random).float()

    def _train_generator(self, random: torch.Generator) -> dict[str, Tensor]:
        self.discriminator.requires_grad_(False)  # gradients run through it, but need not be computed for it
        loss = generator_loss(self.judge(self._fakes(random), random))
        self.discriminator.requires_grad_(True)
        self._descend("generator_optimizer", loss)
        return {"generator": loss.detach()}

    def _train_discriminator(self, real: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self._fakes(random)
        fake_logits, real_logits = self.judge(fake, random), self.judge(real, random)
        loss = discriminator_loss(real_logits, fake_logits)
        self._descend("discriminator_optimizer", loss)
        return {
            "discriminator": loss.detach(),
            "real": real_logits.detach().mean(),
            "fake": fake_logits.detach().mean(),
        }

    def _regularise(self, real: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        real = real.detach().requires_grad_(True)
        penalty = r1_penalty(real, self.judge(real, random), self.options.gamma)
        self._descend("discriminator_optimizer", penalty * self.interval)
        return {"r1": penalty.detach()}

    def _descend(self, name: str, loss: Tensor) -> None:
        self.optimizers[name].zero_grad()
        loss.backward()
        self.optimizers[name].step()


def mirrored(images: Tensor, random: torch.Generator) -> Tensor:
    """Each image with probability 1/2 the other way round, which doubles a set of faces.

    >>> image = torch.tensor([[[[1.0, 2.0]]]])
    >>> {tuple(mirrored(image, seeded("cpu", k)).flatten().tolist()) for k in range(9)} == {(1.0, 2.0), (2.0, 1.0)}
    True
    """
    flip = torch.rand(len(images), 1, 1, 1, generator=random, device=random.device) < 0.5
    return torch.where(flip, images.flip(3), images)


def r1_weight(resolution: int, batch_size: int) -> float:
    """γ where none is asked for: ADA's rule c R² / B, by which it grows as the pictures and falls as the batch.

    ADA's c = 0.0002 is for thousands of pictures. With c = 1/64, for some dozens, γ is 1 for 32 pixels and batches of 16.

    >>> [r1_weight(resolution, 16) for resolution in (32, 64, 128)]
    [1.0, 4.0, 16.0]
    """
    return resolution**2 / (64 * batch_size)


def stylegan_training(options: Options) -> tuple[GanTraining, dict]:
    """A small StyleGAN2 on a set of pictures."""
    size: dict[str, Any] = {"resolution": options.resolution}
    generator, discriminator = StyleGenerator(**size), StyleDiscriminator(**size)
    return GanTraining(generator, discriminator, _images(options), options, sample=_mixed, show=_plain), size


def dcgan_training(options: Options) -> tuple[GanTraining, dict]:
    """A small DCGAN on a set of pictures."""
    size: dict[str, Any] = {"resolution": options.resolution}
    generator, discriminator = DCGenerator(**size), DCDiscriminator(**size)
    return GanTraining(generator, discriminator, _images(options), options, betas=(0.5, 0.99)), size


def _images(options: Options) -> Tensor:
    return real_pictures(options.data, options.resolution, options.full)


def _plain(generator: Any, batch_size: int, random: torch.Generator) -> Tensor:
    """Fakes of normal z."""
    return generator(torch.randn(batch_size, generator.z_dim, generator=random, device=random.device))


def _mixed(generator: Any, batch_size: int, random: torch.Generator) -> Tensor:
    """StyleGAN's fakes in training: some of two codes, all with new noise."""
    return generator.synthesis(mixed_codes(generator, batch_size, random), noise="random", generator=random)


def mixed_codes(generator: StyleGenerator, batch_size: int, random: torch.Generator, part: float = MIXING) -> Tensor:
    """w+ of normal z, a part of them with a second code from some layer on (style mixing).

    >>> ws = mixed_codes(StyleGenerator(), 3, seeded("cpu", 0), part=1.0)
    >>> ws.shape, torch.equal(ws[0, 0], ws[0, -1])
    (torch.Size([3, 8, 64]), False)
    """
    z = torch.randn(2 * batch_size, generator.z_dim, generator=random, device=random.device)
    first, second = generator.mapping(z)[:, None].expand(-1, generator.num_ws, -1).chunk(2)
    layers = torch.arange(generator.num_ws, device=random.device)
    u = torch.rand(2, batch_size, 1, generator=random, device=random.device)
    start = 1 + (u[0] * (generator.num_ws - 1)).long()
    return torch.where(((u[1] < part) & (layers >= start))[:, :, None], second, first)
