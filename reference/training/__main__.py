"""``python -m reference.training NAME``: train one of the models.

Flags are the handouts' (EECS 498 HW5 part A writes them with underscores).
"""

import argparse
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch

from ..data import SETS
from ..networks import export
from .curves import draw_curves
from .gan import r1_weight
from .loop import LOG, Options, run
from .pictures import CALLED
from .recipes import RECIPES


def boolean(text: str) -> bool:
    """The handout writes True and False after its flags."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected True or False, got {text!r}")
    return text.lower() == "true"


def parser() -> argparse.ArgumentParser:
    """The command line: a name, and what of its recipe shall differ."""
    names = "\n".join(f"  {name:18} {recipe.about}" for name, recipe in RECIPES.items())
    command = argparse.ArgumentParser(
        prog="python -m reference.training",
        description=f"Train one of the project's models:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("name", choices=RECIPES, metavar="NAME")
    command.add_argument("--outdir", type=Path, help="log.txt, checkpoint.pt, pictures, model.safetensors [runs/NAME]")
    sets = ", ".join([*SETS, *CALLED])
    command.add_argument("--data", help=f"what to train on: {sets}; GANs also on a folder of pictures")
    command.add_argument("--resolution", type=int, choices=[32, 64, 128], help="GANs: height and width")
    command.add_argument("--full", action="store_true", help="all digits or garments, from files that do not ship")
    command.add_argument("--steps", type=int)
    command.add_argument("--batch_size", type=int)
    command.add_argument("--learning_rate", type=float)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    command.add_argument("--precision", choices=["float32", "bfloat16"], help="of matrix products")
    command.add_argument("--pictures_every", type=int, help="steps between two sample grids")
    command.add_argument("--checkpoint_path", type=Path, help="go on from here [OUTDIR/checkpoint.pt, if there]")
    command.add_argument("--use_r1_regularization", type=boolean, metavar="True|False", help="GANs")
    command.add_argument("--use_diffaug", type=boolean, metavar="True|False", help="GANs")
    command.add_argument("--gamma", type=float, help="GANs: R1's weight [by resolution and batch]")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    return command


def main(arguments: list[str]) -> None:
    """Train, and write the averaged weights as a model that `reference.networks.load` reads."""
    command = parser()
    flags = command.parse_args(arguments)
    recipe = RECIPES[flags.name]
    if flags.resolution and not recipe.resolution:
        command.error(f"--resolution: {flags.name} has pictures of one size; only GANs can choose")
    chosen: dict[str, Any] = {}
    for field in fields(Options):
        given = getattr(flags, field.name, None)
        if given is None and hasattr(recipe, field.name):
            given = getattr(recipe, field.name)
        if given is not None:
            chosen[field.name] = given
    if recipe.resolution:
        chosen.setdefault("gamma", r1_weight(chosen["resolution"], chosen["batch_size"]))
    options = Options(**({"outdir": Path("runs") / flags.name} | chosen))
    torch.manual_seed(options.seed)  # the initial weights
    try:
        trainer, network_arguments = recipe.build(options)
    except (FileNotFoundError, ValueError) as problem:  # of what to train on
        command.error(str(problem))
    seconds = run(trainer, options, flags.checkpoint_path, quiet=flags.quiet)
    training = {
        "name": flags.name,
        "options": {name: value for name, value in asdict(options).items() if name != "outdir"},
        "seconds": round(seconds),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    model = options.outdir / "model.safetensors"
    export(trainer.networks["average"], recipe.network, network_arguments, model, training)
    draw_curves(options.outdir / LOG, options.outdir / "losses.png")
    print(f"{model} after {options.steps} steps, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main(sys.argv[1:])
