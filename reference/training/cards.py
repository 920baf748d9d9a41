"""Model cards: ``python -m reference.training.cards [NAME …]`` measures the shipped models and writes

- ``fixtures/models/NAME.md`` and ``NAME.png``: what the model is, where it comes from, how good it is, what it makes;
  of some a figure besides, ``NAME-figure.png``;
- ``fixtures/models/quality.json``: all measured numbers, by model;
- ``fixtures/models/README.md``: one line for each model.
"""

import json
import sys
from typing import Any

from .. import data, networks
from ..data.grids import save_grid
from .measures import FIGURES, MEASURES
from .recipes import RECIPES

__all__ = ["card", "contents", "main"]

BUSY = "Minutes are on one thread while other work shared the machine's two cores: undisturbed they are fewer."
QUALITY = networks.MODELS / "quality.json"


def card(name: str, training: dict[str, Any], parameters: int, size: int, numbers: dict[str, Any]) -> str:
    """The Markdown of one card."""
    options = training["options"]
    pictures = data.load(options["data"])
    unsaid = ["device", "pictures_every"]
    unsaid += ["gamma"] * (not options["use_r1_regularization"]) + ["resolution"] * (not RECIPES[name].resolution)
    flags = " ".join(
        f"--{flag}" if flag == "full" else f"--{flag} {value}"
        for flag, value in options.items()
        if value is not False and flag not in unsaid
    )
    precision = "half precision" if size > 2 * parameters else "half precision, large arrays in eight bits"
    figure = f"\n\n![{FIGURES[name][0]}]({name}-figure.png)\n\nAbove: {FIGURES[name][0]}." if name in FIGURES else ""
    quality = "\n".join(f"| {label} | {_shown(value)} |" for label, value in numbers.items())
    return f"""# {name}: {RECIPES[name].about}

![what it makes]({name}.png){figure}

| | |
| --- | --- |
| network | `{RECIPES[name].network}`, {parameters:,} parameters, {size / 1e6:.1f} MB in {precision} |
| data | {len(pictures):,} pictures, `{options["data"]}`: {pictures.source}; {pictures.licence} |
| training | {options["steps"]:,} steps, {training["seconds"] / 60:.0f} minutes on {options["device"]}, \
{training["threads"]} thread(s), torch {training["torch"]} |
| command | `nox -s train -- {name} {flags}` |

| measured | |
| --- | --- |
{quality}
"""


def contents() -> str:
    """The models that ship, a line each."""
    shipped = [(name, networks.MODELS / f"{name}.safetensors") for name in RECIPES]
    lines = [
        f"| [{name}]({name}.md) | {RECIPES[name].about} | {path.stat().st_size / 1e6:.1f} "
        f"| {networks.training_of(path)['seconds'] / 60:.0f} |"
        for name, path in shipped
        if path.is_file()
    ]
    return "\n".join(
        ["# The models that ship", "", "| model | | MB | minutes |", "| --- | --- | --- | --- |", *lines, "", BUSY, ""]
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:.4g}" for name, number in value.items())
    return f"{value:.4g}"


def main(names: list[str]) -> None:
    """Measure the named models, or all that ship."""
    numbers = json.loads(QUALITY.read_text()) if QUALITY.is_file() else {}
    for name in names or RECIPES:
        path = networks.MODELS / f"{name}.safetensors"
        model = networks.load(name)
        numbers[name], pictures, columns = MEASURES[name](model)
        save_grid(pictures, path.with_suffix(".png"), columns)
        if name in FIGURES:
            FIGURES[name][1](model).savefig(path.with_name(f"{name}-figure.png"), dpi=100)
        parameters = sum(parameter.numel() for parameter in model.parameters())
        text = card(name, networks.training_of(path), parameters, path.stat().st_size, numbers[name])
        path.with_suffix(".md").write_text(text)
        QUALITY.write_text(json.dumps({name: numbers[name] for name in RECIPES if name in numbers}, indent=2) + "\n")
        print(text)
    (networks.MODELS / "README.md").write_text(contents())


if __name__ == "__main__":
    main(sys.argv[1:])
