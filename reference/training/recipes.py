"""What can be trained, and how the shipped models were.

A recipe's numbers are the defaults of its command line, so ``python -m reference.training NAME`` without flags trains
the model that ships.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from . import diffusion, encoder, features, flow, gan
from .loop import Options, Trainer

__all__ = ["RECIPES", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """One model: what it is, its trainer, and the numbers it ships with."""

    about: str
    build: Callable[[Options], tuple[Trainer, dict[str, Any]]]  # the trainer, the network's arguments
    network: str  # the class, as reference.networks.NETWORKS names it
    data: str
    steps: int
    batch_size: int
    learning_rate: float
    precision: str = "bfloat16"
    pictures_every: int = 500
    use_r1_regularization: bool = False
    use_diffaug: bool = False
    resolution: int | None = None  # of a generator's pictures; the others' data have one size


RECIPES = {
    "digit-classifier": Recipe(
        "recognises digits, and measures them", features.digit_classifier, "Classifier", "digits", 1500, 64, 2e-3
    ),
    "emoji-classifier": Recipe(
        "names emoji; its features measure pictures", features.emoji_classifier, "Classifier", "emoji", 3000, 64, 2e-3
    ),
    "one-step": Recipe(
        "CS180 part B's one-step denoiser", diffusion.one_step_unet, "UnconditionalUNet", "digits", 1500, 64, 1e-3
    ),
    "time": Recipe(
        "CS180 part B's time-conditioned UNet", diffusion.time_unet, "TimeConditionalUNet", "digits", 2000, 64, 2e-3
    ),
    "class": Recipe(
        "CS180 part B's class-conditioned UNet", diffusion.class_unet, "ClassConditionalUNet", "digits", 2400, 64, 2e-3
    ),
    "flow": Recipe(
        "the same network by flow matching, CS180 part B since 2025",
        flow.flow_unet,
        "ClassConditionalUNet",
        "digits",
        2400,
        64,
        2e-3,
    ),
    "emoji": Recipe(
        "a prompt-conditioned diffusion model", diffusion.prompt_unet, "PromptUNet", "emoji", 4500, 64, 2e-3
    ),
    "stylegan": Recipe(
        "EECS part A's StyleGAN2 in small, on few faces",
        gan.stylegan_training,
        "StyleGenerator",
        "faces",
        10_000,
        16,
        2.5e-3,
        use_r1_regularization=True,
        use_diffaug=True,
        resolution=32,
    ),
    "dcgan": Recipe(
        "CMU's vanilla generator, on few faces",
        gan.dcgan_training,
        "DCGenerator",
        "faces",
        2000,
        32,
        5e-4,
        use_diffaug=True,
        resolution=32,
    ),
    "encoder": Recipe(
        "guesses the StyleGAN's w+ of a picture", encoder.encoder_training, "Encoder", "faces", 800, 16, 1e-3
    ),
}
RECIPES["animals"] = replace(
    RECIPES["stylegan"], about="StyleGAN2 in small, on the heads of a few animals", data="animals", steps=8000
)
RECIPES["animals-encoder"] = replace(RECIPES["encoder"], about="guesses w+ for the animals' StyleGAN", data="animals")
