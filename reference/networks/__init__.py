"""The trained networks that ship, and how a file of weights becomes one of them again."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from .._fixtures import FIXTURES
from .storage import decoded, encoded

__all__ = ["MODELS", "NETWORKS", "Missing", "export", "load", "training_of"]

MODELS = FIXTURES / "models"
#: Class → module. Modules are imported when a network is asked for: diffusers alone takes seconds.
NETWORKS = {
    "Classifier": "reference.networks.classifier",
    "DCGenerator": "reference.networks.dcgan",
    "Encoder": "reference.networks.encoder",
    "PromptUNet": "reference.networks.prompt_unet",
    "StyleGenerator": "reference.networks.stylegan",
    "UnconditionalUNet": "reference.unet",
    "TimeConditionalUNet": "reference.unet",
    "ClassConditionalUNet": "reference.unet",
}


class Missing(ValueError):
    """A model that does not ship, or was removed."""


def export(network: nn.Module, kind: str, arguments: dict[str, Any], path: Path, training: dict[str, Any]) -> None:
    """Write a network as `storage` has it, with the class and the arguments it is built from.

    Args:
        network: what to write.
        kind: its class, one of `NETWORKS`.
        arguments: of the class, in JSON's types.
        path: a ``.safetensors`` file.
        training: how it came to be: recipe, options, seconds.
    """
    about = {"network": kind, "arguments": json.dumps(arguments), "training": json.dumps(training)}
    save_file(encoded(network.state_dict()), path, about)


def training_of(path: Path) -> dict[str, Any]:
    """How the model of a file came to be, as `export` was told."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["training"])


def load(name: str | Path, device: str | torch.device = "cpu") -> Any:
    """One of the shipped models, or one from a file, in float32, for evaluation.

    Args:
        name: "class", "emoji", …: a file of fixtures/models without its suffix; or a path to a ``.safetensors`` file.
        device: where to put it.

    Raises:
        Missing: no such model is there.
        ValueError: the file is none of ours.

    >>> load("digit-classifier").training
    False
    """
    path = name if isinstance(name, Path) else MODELS / f"{name}.safetensors"
    if not path.is_file():
        there = ", ".join(sorted(path.stem for path in MODELS.glob("*.safetensors")))
        hint = f"nox -s train -- {name} trains it" if path.parent == MODELS else "train it first"
        raise Missing(f"name: there is no model {str(name)!r}; {hint}; there are {there}")
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
        if about.get("network") not in NETWORKS:
            raise ValueError(f"name: {path} does not say which of {', '.join(NETWORKS)} it holds")
        names = file.keys()  # it is no dictionary, and does not iterate
        state = {name: file.get_tensor(name) for name in names}
    network = getattr(import_module(NETWORKS[about["network"]]), about["network"])(**json.loads(about["arguments"]))
    network.load_state_dict(decoded(state))  # copies into float32
    return network.to(device).eval().requires_grad_(False)
