"""Networks are your own: what is checked is what holds of any such network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..compare import EXACT, expect_tensor
from ..student import Reply, Student
from . import holds

NETWORKS = ("unet.UnconditionalUNet", "unet.TimeConditionalUNet", "unet.ClassConditionalUNet")
SIDE = 28
WIDTH = 32
FITTED = 0.4  # of the first loss
NEAR = 0.35  # of a pixel's change lies around it; without a skip at full size it is a tenth
NOTHING = 1e-12  # relative, in float64: rounding


def given(student: Student, batch: int = 3, channels: int = 1, seed: int = 1) -> dict[str, Tensor]:
    """Images, and what else the network is told."""
    x = torch.randn(batch, channels, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    t = torch.tensor([0.1, 0.3, 0.8], dtype=torch.float64)[:batch]
    told = {"x": x, "c": torch.tensor([3, 0, 7])[:batch], "t": t}
    names = {"UnconditionalUNet": "x", "TimeConditionalUNet": "xt", "ClassConditionalUNet": "xct"}[student.name]
    return {name: told[name] for name in names}


def run(student: Student, *inputs: dict, by_name: bool = False, **settings: int) -> tuple[list[Tensor], Reply]:
    """The outputs of one and the same network, each shaped like its x."""
    reply = student.network({"in_channels": 1, "num_hiddens": WIDTH, **settings}, *inputs, by_name=by_name)
    if reply.changed:
        raise reply.fail(f"{' and '.join(reply.changed)} changed in place")
    outputs = []
    for asked, y in zip(inputs, reply.value):
        outputs.append(expect_tensor(Reply(value=y, called=reply.called), asked["x"].shape, "the output"))
        if not bool(y.isfinite().all()):
            raise reply.fail("the output is not finite")
    return outputs, reply


def apart(first: Tensor, second: Tensor) -> float:
    """How far two outputs are apart, relative to their size."""
    return float((first - second).abs().max() / second.abs().max())


@holds(*NETWORKS)
def shapes(student: Student) -> None:
    """Images of the same shape come out: one sample or several, any number of channels."""
    run(student, given(student), given(student, 1))
    run(student, given(student, 2, 3), in_channels=3)


@holds(*NETWORKS)
def defaults(student: Student) -> None:
    """Arguments can be given by name; a setting that is left out counts as its default, and a larger one counts."""
    asked = given(student, 1)
    (one,), _ = run(student, asked)
    (other,), reply = run(student, asked, by_name=True)
    if apart(one, other) > EXACT:
        raise reply.fail("by name and by position the output is not the same")
    default = {"UnconditionalUNet": 128, "TimeConditionalUNet": 64, "ClassConditionalUNet": 64}[student.name]
    counts = [student.network(settings, asked).parameters for settings in ({}, {"num_hiddens": default})]
    narrow = student.network({"num_hiddens": WIDTH}, asked)
    if counts[0] != counts[1] or not narrow.parameters < counts[0]:
        got = f"{counts[0]:,} parameters, not {counts[1]:,}; {narrow.parameters:,} for {WIDTH}"
        raise narrow.fail("num_hiddens is not what it should be", f"{default} where it is left out", got)
    if run(student, asked, in_channels=1)[1].parameters != narrow.parameters:
        raise narrow.fail("in_channels that is left out is not 1")


@holds(*NETWORKS)
def samples_are_independent(student: Student) -> None:
    """In eval mode a sample's output does not depend on the other samples."""
    asked = given(student)
    (together, alone), reply = run(student, asked, {name: value[1:2] for name, value in asked.items()})
    if apart(alone, together[1:2]) > EXACT:
        raise reply.fail("a sample's output depends on the other samples")


@holds(*NETWORKS)
def fine_detail(student: Student) -> None:
    """A single pixel's change shows around that pixel: that is what the skip connection at full size is for."""
    many = 16
    asked = {name: value.expand(many, *value.shape[1:]).clone() for name, value in given(student, 1).items()}
    asked["x"] = torch.randn(many, 1, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    changed, dipole = (dict(asked, x=asked["x"].clone()) for _ in range(2))
    for one in (changed, dipole):
        one["x"][:, 0, 13, 14] += 1
    dipole["x"][:, 0, 13, 15] -= 1
    (before, after, other), reply = run(student, asked, changed, dipole)
    energy = (after - before).mean(0).square().sum(0)
    if not float(energy.sum()) > 0 or float(energy[9:18, 10:19].sum() / energy.sum()) < NEAR:
        raise reply.fail("fine detail is lost on the way: is a skip connection missing?")
    if float((other - before).mean(0).square().sum()) < 0.01 * float(energy.sum()):
        raise reply.fail("neighbouring pixels are not told apart: what is kept of the image is coarse")


@holds(*NETWORKS)
def training(student: Student) -> None:
    """A few steps of training fit one batch: gradients reach the parameters."""
    asked = {name: value.float() if value.is_floating_point() else value for name, value in given(student, 2).items()}
    train = {"arguments": asked, "target": 3 * asked["x"], "steps": 40, "enough": FITTED}
    reply = student.network({"in_channels": 1, "num_hiddens": WIDTH}, asked, train=train)
    if len(reply.losses) != 2 or not reply.losses[1] < FITTED * reply.losses[0]:
        raise reply.fail("training hardly lowers the loss on one batch", "a falling loss", f"{reply.losses}")


def _reaches(student: Student, name: str, values: Tensor, other: Any) -> None:
    asked = {**given(student), name: values}
    rows = torch.where(torch.eye(3, dtype=torch.bool), torch.tensor(other, dtype=values.dtype), values)
    (before, *after), reply = run(student, asked, *({**asked, name: row} for row in rows))
    for sample, output in enumerate(after):
        moved = (output - before).flatten(1).abs().amax(1) / before.abs().max()
        if float(moved[sample]) <= NOTHING:
            raise reply.fail(f"{name} of sample {sample} has no influence on its output")
        if float(moved.sum() - moved[sample]) > NOTHING:
            raise reply.fail(f"{name} of sample {sample} changes other samples")


@holds(*NETWORKS[1:])
def time_reaches_every_sample(student: Student) -> None:
    """Each sample's output depends on its own t, also on small differences."""
    for other in (0.95, 0.101):
        _reaches(student, "t", torch.tensor([0.1, 0.5, 0.8], dtype=torch.float64), other)


@holds(NETWORKS[2])
def class_reaches_every_sample(student: Student) -> None:
    """Each sample's output depends on its own label; all ten differ from each other and from no class at all."""
    _reaches(student, "c", torch.tensor([3, 0, 7]), 5)
    ten = {name: value.expand(10, *value.shape[1:]) for name, value in given(student, 1).items()}
    ten["c"] = torch.arange(10)
    none = {**given(student, 1), "keep": torch.zeros(1, dtype=torch.float64)}
    (kept, dropped), reply = run(student, ten, none)
    outputs = [*kept, dropped[0]]
    for i, one in enumerate(outputs):
        for other in outputs[:i]:
            if apart(one, other) <= NOTHING:
                raise reply.fail("two labels, or a label and no class, give the same output", "eleven different ones")
    for count in (3, 13):
        run(student, {**given(student, 2), "c": torch.tensor([0, count - 1])}, num_classes=count)


@holds(NETWORKS[2])
def keep_is_a_decision_per_sample(student: Student) -> None:
    """With keep = 0 the label does not matter, all else does; without keep every class is kept."""
    asked = given(student)
    keeps = [torch.tensor(values, dtype=torch.float64) for values in ((1, 1, 1), (0, 0, 0), (1, 0, 1))]
    kept, dropped, mixed = ({**asked, "keep": keep} for keep in keeps)
    others = [
        {**dropped, "c": torch.tensor([1, 8, 2])},
        {**dropped, "x": asked["x"].flip(3)},
        {**dropped, "t": asked["t"] + 0.05},
    ]
    (k, d, m, default, label, image, time), reply = run(student, kept, dropped, mixed, asked, *others)
    same = {
        "without keep and with keep = 1": (default, k),
        "of a kept sample beside a dropped one": (m[[0, 2]], k[[0, 2]]),
        "of a dropped sample beside kept ones": (m[1:2], d[1:2]),
        "of two dropped labels": (label, d),
    }
    for how, (one, other) in same.items():
        if apart(one, other) > EXACT:
            raise reply.fail(f"the outputs {how} differ", "the same output")
    for name, output in (("x", image), ("t", time)):
        if float((output - d).flatten(1).abs().amax(1).min() / d.abs().max()) <= NOTHING:
            raise reply.fail(f"{name} has no influence where the class is dropped", "another output")
