"""Checks against the results in ``public/``: inputs, what comes of them, and by how much it may be off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from .compare import expect_close, expect_same
from .course import PUBLIC, Unusable
from .lent.sandbox.crossing import wire
from .student import Reply, Student


def checks(task: str) -> Iterator[tuple[str, Callable[[Student], None]]]:
    """Each point of a function, with what it shows in words."""
    points = _document()["points"][task]
    for point in points:
        yield point["says"], partial(_check, point)
    for point in points[:1]:
        yield "Arguments can be given by their names.", partial(_check, point, by_name=True)


def _check(point: dict[str, Any], student: Student, by_name: bool = False) -> None:
    tensors = _tensors(student.module)
    names = ("arguments", "expected", "cotangent", "gradients")
    arguments, expected, cotangent, gradients = (wire.unpack(point.get(name), tensors) for name in names)
    reply = student(**arguments, by_name=by_name, cotangent=cotangent)
    if not isinstance(expected, Tensor):
        expect_same(reply, expected)
        return
    expect_close(reply, expected, point["allowed"])
    wanted = point.get("dtype")
    if wanted and expected.ndim and isinstance(reply.value, Tensor) and reply.value.dtype != getattr(torch, wanted):
        raise reply.fail("the result has the wrong dtype", wanted, str(reply.value.dtype).replace("torch.", ""))
    if point.get("detached") and reply.attached:
        raise reply.fail("the result hangs on an autograd graph", "a detached tensor", "a tensor that requires grad")
    if gradients and student.own.holds(student.task, "differentiable"):
        asked = {
            name: one for name, one in gradients.items() if student.own.holds(student.task, f"gradient_into_{name}")
        }
        _expect_gradients(reply, asked, point["gradients_allowed"])


def _expect_gradients(reply: Reply, gradients: dict[str, Any], allowed: float) -> None:
    if reply.grads is None:
        raise reply.fail("the result is not differentiable", "a result on the graph of the arguments", "no graph")
    for name, expected in gradients.items():
        got = reply.grads.get(name)
        if expected is None:
            if got is not None and bool(got.any()):
                raise reply.fail(f"a gradient flows into {name}", "none")
            continue
        found = torch.zeros_like(expected) if got is None else got
        expect_close(reply, expected, allowed, f"the gradient with respect to {name}", found)


def load() -> None:
    """Read all of it ahead."""
    for file in PUBLIC.glob("*.safetensors"):
        _tensors(file.stem)
    _document()


@cache
def _document() -> dict[str, Any]:
    return json.loads(_read("points.json"))


@cache
def _tensors(module: str) -> dict[str, Tensor]:
    return safetensors.torch.load(_read(f"{module}.safetensors"))


def _read(name: str) -> bytes:
    try:
        return (PUBLIC / name).read_bytes()
    except OSError as error:
        raise Unusable(f"hw/public/{name} cannot be read: {error.strerror}; unpack the handout again") from error
