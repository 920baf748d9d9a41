"""A download of pretrained weights: its source, its licence, and where it lies on this machine.

Hub weights lie in Hugging Face's cache (``HF_HOME``), files by URL in torch's (``TORCH_HOME``). Each has a setting, an
environment variable that names another hub repository, or a folder or file of one's own.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

__all__ = ["Missing", "Weight", "locate"]


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


class Missing(Exception):
    """A weight that is not on this machine; the message says which command brings it here."""

    def __init__(self, weight: Weight) -> None:
        super().__init__(
            f"{weight.name} ({weight.chosen}) is not on this machine: nox -s weights -- {weight.name}"
            f" fetches it, about {weight.gigabytes:g} GB"
            + f"; or {weight.setting} names a folder or file that has it"
            * bool(weight.setting)
        )


def locate(weight: Weight) -> Path:
    """The folder or file of a weight; nothing is fetched.

    Raises:
        Missing: it is not there, or not all of it.
    """
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
