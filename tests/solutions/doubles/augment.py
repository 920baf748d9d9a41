"""Augmentation by a registry of transforms of one image, each with a dial of its own."""

from dataclasses import dataclass, field

import torch


@dataclass
class Dice:
    """Random numbers as Python numbers, one at a time."""

    generator: torch.Generator | None
    uniform_calls: int = field(default=0)

    def uniform(self):
        device = None if self.generator is None else self.generator.device
        self.uniform_calls += 1
        return torch.rand((), generator=self.generator, dtype=torch.float64, device=device).item()

    def between(self, low, high):
        """A whole number, both ends included."""
        return low + min(int(self.uniform() * (high - low + 1)), high - low)


def brightness(image, dice):
    return image.clone().add_(dice.uniform() - 0.5)


def saturation(image, dice):
    grey = image.mean(0, keepdim=True)
    return image.clone().sub_(grey).mul_(2 * dice.uniform()).add_(grey)


def contrast(image, dice):
    mean = image.mean()
    return image.clone().sub_(mean).mul_(0.5 + dice.uniform()).add_(mean)


def translation(image, dice):
    _, height, width = image.shape
    down = dice.between(-round(height / 8 + 1e-6), round(height / 8 + 1e-6))
    right = dice.between(-round(width / 8 + 1e-6), round(width / 8 + 1e-6))
    moved = torch.zeros_like(image)
    for i in range(height):
        if 0 <= i - down < height:
            row = torch.roll(image[:, i - down, :], right, dims=-1)
            if right > 0:
                row[:, :right] = 0
            elif right < 0:
                row[:, right:] = 0
            moved[:, i, :] = row
    return moved


def cutout(image, dice, ratio_range=(0.25, 0.5)):
    """The first whole side in the range, and the last: a box is never larger or smaller than the range allows."""
    cut = image.clone()
    span = {}
    for axis in (1, 2):
        size = image.shape[axis]
        low, high = (max(1, int(ratio * size + 0.5 - 1e-9)) for ratio in ratio_range)
        length = dice.between(low, high)
        span[axis] = (dice.between(0, size - length), length)
    cut.narrow(1, *span[1]).narrow(2, *span[2]).zero_()
    return cut


REGISTRY = {
    "color": {"brightness": brightness, "saturation": saturation, "contrast": contrast},
    "translation": {"translation": translation},
    "cutout": {"cutout": cutout},
}


def _each(transform, x, generator, *settings):
    dice = Dice(generator)
    return torch.stack([transform(image, dice, *settings) for image in x])


def rand_brightness(x, generator=None):
    return _each(brightness, x, generator)


def rand_saturation(x, generator=None):
    return _each(saturation, x, generator)


def rand_contrast(x, generator=None):
    return _each(contrast, x, generator)


def rand_translation(x, generator=None):
    return _each(translation, x, generator)


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    return _each(cutout, x, generator, ratio_range)


def diff_augment(x, policy="color,translation,cutout", generator=None):
    """One image after the other, each through the whole policy."""
    if policy == "":
        return x
    transforms = []
    for name in policy.split(","):
        try:
            transforms.extend(REGISTRY[name].values())
        except KeyError:
            raise ValueError(f"no transform is called {name!r}; there are {', '.join(REGISTRY)}") from None
    dice, images = Dice(generator), []
    for image in x:
        for transform in transforms:
            image = transform(image, dice)
        images.append(image)
    return torch.stack(images)
