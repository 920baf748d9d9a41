"""Every default of every function, changed in a copy of the reference: the function fails."""

import ast

import pytest

from grading.contract.functions import FUNCTIONS, function
from grading.paths import ROOT
from grading.verdicts import FAILED

from .conftest import told

OTHER = {
    "num_train_steps": "999",
    "beta_start": "0.0009",
    "beta_end": "0.0125",
    "offset": "0.009",
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
    "in_channels": "3",
    "num_hiddens": "96",
    "num_classes": "11",
}
EVERY = [(one.task, name) for one in FUNCTIONS for name in one.defaults]


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


@pytest.mark.slow
@pytest.mark.parametrize(("task", "name"), EVERY, ids=lambda one: one)
def test_another_default_fails(task, name, hand_in, grade):
    changed = {function(task).module: with_another_default(task, name)}
    verdict = grade(hand_in(on_top_of=ROOT / "reference", **changed), [task])[task]
    assert verdict.outcome == FAILED
    kinds = {check.failure.kind for check in verdict.failures}
    # Samples that are counted, and a mask that is there, are seen elsewhere.
    assert "default" in kinds or name in ("num_samples", "mask", "in_channels"), told(verdict)
