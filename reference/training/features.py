"""Classifiers for measuring: of digits, and of emoji by name.

The digits' classifier tells the ten classes apart. The emoji are one picture each, so theirs learns to name the
picture from turned, tinted and noisy views of it; its features are what Fréchet and perceptual distances are made of.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import data
from ..data.grids import save_grid
from ..networks.classifier import Classifier
from .loop import Options, Training
from .views import random_views

__all__ = ["EMOJI_VIEWS", "digit_classifier", "emoji_classifier"]

DIGIT_VIEWS = {"degrees": 15.0, "zoom": 0.15, "shift": 0.1}
EMOJI_VIEWS = DIGIT_VIEWS | {"colour": 0.15, "noise": 0.3}


def digit_classifier(options: Options) -> tuple[Training, dict]:
    """Ten digits in [0, 1]."""
    pictures = data.load(options.data, full=options.full)
    arguments = {"in_channels": 1, "num_classes": len(pictures.classes), "num_hiddens": 24}
    return _training(arguments, pictures.floats(), pictures.labels, DIGIT_VIEWS, options), arguments


def emoji_classifier(options: Options) -> tuple[Training, dict]:
    """Every training emoji is a class of its own; in [-1, 1]."""
    pictures = data.load(options.data, size=32, full=options.full)
    arguments = {"in_channels": 3, "num_classes": len(pictures), "num_hiddens": 24}
    return _training(arguments, pictures.floats(-1, 1), torch.arange(len(pictures)), EMOJI_VIEWS, options), arguments


def _training(arguments: dict, images: Tensor, labels: Tensor, views: dict, options: Options) -> Training:
    images, labels = images.to(options.device), labels.to(options.device)

    def loss(model: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        x = random_views(images[indices], generator, **views)
        return F.cross_entropy(model(x).float(), labels[indices], label_smoothing=0.05)

    def show(model: nn.Module, path: Path) -> None:
        """What the classifier has to cope with."""
        generator = torch.Generator(options.device).manual_seed(options.seed)
        save_grid(random_views(images[:: max(1, len(images) // 64)][:64], generator, **views), path, 8)

    return Training(Classifier(**arguments), len(images), loss, show, options)
