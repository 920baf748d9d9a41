"""Every default of every graded function, changed in a copy of the reference: one at a time, mostly by little.

Those that the contract leaves free are listed, with reasons, in ``checking/defaults.py``; they cost nothing.
"""

import ast

from ..checking.defaults import FREE
from ..contract.functions import FUNCTIONS, function
from ..paths import ROOT
from .mutants import Mutant

OTHER = {
    "num_train_steps": "999",
    "beta_start": "0.0009",
    "beta_end": "0.0125",
    "offset": "0.009",
    "epsilon": "0.002",
    "max_beta": "0.998",
    "noise_fn": "torch.rand_like",
    "clip_x0": "True",
    "eta": "0.05",
    "kernel_size": "31",
    "sigma": "2.1",
    "scale": "0.55",
    "ratio_range": "(0.25, 0.45)",
    "policy": '"color,cutout,translation"',
    "generator": "torch.Generator().manual_seed(0)",
    "num_samples": "9_999",
    "from_mean": "True",
    "p": "2",
    "mask": "torch.eye(7, dtype=torch.float64)[None, None, :5]",
    "l1_weight": "9.0",
    "perceptual_weight": "0.02",
    "delta_weight": "0.01",
    "num_steps": "500",
    "optimizer": '"adam"',
    "latent_weight": "0.9",
    "image_weight": "0.9",
    "in_channels": "3",
    "num_hiddens": "96",
    "num_classes": "11",
}
EVERY = [(one.task, name) for one in FUNCTIONS for name in one.defaults if (one.task, name) not in FREE]


def changed_defaults(tasks: list[str]) -> list[Mutant]:
    """As mutants of the reference, whose operator is the name of the argument."""
    return [
        Mutant(
            function(task).module,
            function(task).name,
            name,
            f"{name}={function(task).defaults[name]}",
            f"{name}={OTHER[name]}",
            (task,),
            with_another_default(task, name),
        )
        for task, name in EVERY
        if task in tasks
    ]


def with_another_default(task: str, name: str) -> str:
    """The reference's module, with one default of one function changed."""
    one = function(task)
    source = (ROOT / "reference" / f"{one.module}.py").read_text(encoding="utf-8")
    found = next(node for node in ast.parse(source).body if getattr(node, "name", "") == one.name)
    if isinstance(found, ast.ClassDef):
        found = next(node for node in found.body if getattr(node, "name", "") == "__init__")
    assert isinstance(found, ast.FunctionDef)
    arguments = found.args.args[-len(found.args.defaults) :]
    default = next(value for argument, value in zip(arguments, found.args.defaults) if argument.arg == name)
    lines = source.splitlines()
    line = lines[default.lineno - 1].encode()
    assert default.end_lineno == default.lineno
    lines[default.lineno - 1] = (
        line[: default.col_offset] + OTHER[name].encode() + line[default.end_col_offset :]
    ).decode()
    return "\n".join(lines) + "\n"
