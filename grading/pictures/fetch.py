"""``python -m grading weights``: bring pretrained weights to this machine ahead of time.

They are those that the worlds name, and the trunks of LPIPS.
"""

import argparse
import errno
import shutil
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import torch

from . import worlds
from .weights import Missing, Weight, locate

__all__ = ["WEIGHTS", "main", "needed"]

LPIPS = (
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


def _of_worlds() -> Iterator[Weight]:
    for module in iter_modules(worlds.__path__, f"{worlds.__name__}."):
        yield from getattr(import_module(module.name), "WEIGHTS", ())


ALL = "all"
WEIGHTS = {weight.name: weight for weight in (*_of_worlds(), *LPIPS)}

_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")  # of files of weights, in order of preference
_TEXTS = ("*.json", "*.txt", "*.model")  # configurations, vocabularies


def main(arguments: argparse.Namespace, say: Callable[[str], None] = print) -> int:
    """0 if all that was asked for is here, 1 if some of it could not be fetched, 2 for an unknown name.

    Nothing is fetched unasked: without a name they are listed.
    """
    unknown = [name for name in arguments.names if name not in (*WEIGHTS, ALL)]
    if unknown:
        say(f"weights: there is no {unknown[0]!r}; there are {', '.join(WEIGHTS)}, and {ALL}")
        return 2
    named = [] if ALL in arguments.names else arguments.names
    chosen = [WEIGHTS[name] for name in named or WEIGHTS]
    if arguments.list or not arguments.names:
        for weight in chosen:
            say(described(weight))
        if not arguments.names and not arguments.list:
            total = sum(weight.gigabytes for weight in chosen)
            say(f"nothing was fetched: name some of them, or {ALL} (about {total:.0f} GB)")
        return 0
    failures = [problem for weight in chosen if (problem := _fetched(weight, say))]
    for problem in failures:
        say(problem)
    return int(bool(failures))


def described(weight: Weight) -> str:
    """Two lines: what it is, what it costs, where it lies."""
    try:
        place = f"here: {locate(weight)}"
    except Missing:
        place = "not here"
    token = "; needs HF_TOKEN, and its licence accepted on its page" if weight.gated else ""
    setting = f" ({weight.setting} names another)" * bool(weight.setting)
    return (
        f"{weight.name:17}{weight.about}\n{'':17}{weight.chosen}{setting}, about "
        f"{weight.gigabytes:g} GB; {weight.licence}{token}; {place}"
    )


def needed(files: list[str], parts: tuple[str, ...]) -> list[str]:
    """Of a repository's files those to fetch: each part's weights once, as safetensors and in half precision if there.

    >>> needed(["unet/config.json", "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors",
    ...         "unet/diffusion_pytorch_model.fp16.safetensors", "vae/config.json", "v2-1.ckpt"], ("unet",))
    ['unet/config.json', 'unet/diffusion_pytorch_model.fp16.safetensors']
    """
    chosen = [file for file in files if "/" not in file and file.endswith(".json")]
    for part in parts:
        inside = [file for file in files if file.rpartition("/")[0] == part]
        chosen += [file for file in inside if any(fnmatch(file, pattern) for pattern in _TEXTS)]
        weights = [file for file in inside if file.rpartition("/")[2].startswith(_STEMS) and "non_ema" not in file]
        kinds = [
            [file for file in weights if file.endswith(".safetensors") and ".fp16" in file],
            [file for file in weights if file.endswith(".safetensors") and ".fp16" not in file],
            [file for file in weights if file.endswith(".bin") and ".fp16" not in file],
        ]
        chosen += next(filter(None, kinds), [])
    return sorted(set(chosen))


def _fetched(weight: Weight, say: Callable[[str], None]) -> str:
    """Nothing when the weight is here now, else one line: its name, what went wrong, what to do."""
    say(described(weight))
    if Path(weight.chosen).exists():
        return ""
    try:
        if weight.by_url:
            _fetch_url(weight)
        else:
            _fetch_repository(weight)
    except Exception as error:
        return f"{weight.name}: {_advice(weight, error)}"
    return ""


def _fetch_repository(weight: Weight) -> None:
    from huggingface_hub import HfApi, constants, snapshot_download

    files = HfApi().list_repo_files(weight.chosen)
    _require_room(weight, Path(constants.HF_HUB_CACHE))
    snapshot_download(weight.chosen, allow_patterns=needed(files, weight.parts))


def _fetch_url(weight: Weight) -> None:
    """A file whose name ends in eight hexadecimal digits carries its own checksum, torchvision's convention."""
    if weight.file.is_file():
        return
    weight.file.parent.mkdir(parents=True, exist_ok=True)
    _require_room(weight, weight.file.parent)
    digest = weight.file.stem.rpartition("-")[2]
    torch.hub.download_url_to_file(weight.chosen, str(weight.file), digest if len(digest) == 8 else None)


def _require_room(weight: Weight, folder: Path) -> None:
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < weight.gigabytes * 1e9:
        raise OSError(errno.ENOSPC, f"{folder} has too little room")


def _advice(weight: Weight, error: Exception) -> str:
    from huggingface_hub import errors

    page = f"https://huggingface.co/{weight.chosen}"
    if isinstance(error, errors.GatedRepoError):
        return f"its licence has to be accepted: log in at {page}, accept, and set HF_TOKEN to a token of that account"
    if isinstance(error, errors.RepositoryNotFoundError | errors.HFValidationError):
        return f"the hub has no {weight.chosen} for you: set {weight.setting} to another repository or a local folder"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            f"the disk is full, about {weight.gigabytes:g} GB are needed: "
            f"make room, or set {'TORCH_HOME' if weight.by_url else 'HF_HOME'} to a larger disk"
        )
    text = " ".join(str(error).split())[:200] or type(error).__name__
    return (
        f"could not be fetched ({text}): fetch where there is a network, such as a login node"
        + f", or set {weight.setting} to a local copy" * bool(weight.setting)
    )
