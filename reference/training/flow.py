r"""Training the flow model: CS180 project 5 part B since 2025, on digits, class-conditioned.

The network, the data and the numbers of training are those of :func:`diffusion.class_unet`, so that the two can be held
against each other: what differs is what the network is asked for, and how samples are drawn.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from .. import data
from ..data.draws import seeded
from ..data.grids import save_grid
from ..flow import class_flow_loss, guided_velocity, sample_flow
from ..unet import ClassConditionalUNet
from .diffusion import P_UNCOND, SCALE, in_float
from .loop import Options, Training

__all__ = ["flow_unet", "sample_digits_by_flow"]

STEPS = 50


def flow_unet(options: Options) -> tuple[Training, dict]:
    """CS180 part B 2.5: the velocity at x_t, from t and the class, which is dropped for one sample in ten."""
    pictures = data.load(options.data, full=options.full)
    images, labels = pictures.floats().to(options.device), pictures.labels.to(options.device)
    arguments = {"in_channels": 1, "num_classes": len(pictures.classes), "num_hiddens": 64}

    def loss(model: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        x1 = images[indices]
        x0 = torch.randn(x1.shape, generator=generator, device=x1.device)
        t, kept = torch.rand((2, len(x1)), generator=generator, device=x1.device)
        return class_flow_loss(in_float(model), x0, x1, labels[indices], t, (kept >= P_UNCOND).float())

    def show(model: nn.Module, path: Path) -> None:
        """A column for each class."""
        shown = torch.arange(len(pictures.classes), device=options.device).repeat(4)
        save_grid(sample_digits_by_flow(model, shown, seeded(options.device, options.seed, "show")), path, 10)

    return Training(ClassConditionalUNet(**arguments), len(images), loss, show, options), arguments


@torch.no_grad()
def sample_digits_by_flow(
    model: nn.Module, labels: Tensor, generator: torch.Generator, scale: float = SCALE, steps: int = STEPS
) -> Tensor:
    """One digit for each label, by Euler steps along the guided velocity."""

    def v_model(x_t: Tensor, t: Tensor) -> Tensor:
        return guided_velocity(in_float(model), x_t, labels, t, scale)

    x0 = torch.randn((len(labels), 1, 28, 28), generator=generator, device=generator.device)
    return sample_flow(v_model, x0, steps)
