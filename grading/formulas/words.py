"""What is said of a formula that was held against a function."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .inquiry import OURS, Answer
from .scope import shown
from .sources import load


def said(answer: Answer, task: str) -> Iterator[str]:
    """Line by line, the verdict first."""
    yield f"{task}: {'agrees' if answer.agrees else 'differs'}, read as {writer(answer.writer)} writes"
    for name, meaning in answer.read_as:
        yield f"  {shown(name)} is read as {meaning}"
    if answer.elsewhere:
        yield f"  it would agree, read as {' or '.join(map(writer, answer.elsewhere))} writes"
    if answer.known_as:
        yield f"  it is another convention: {answer.known_as}"
    if answer.agrees or answer.difference is None:
        return
    for term in answer.theirs:
        yield f"  yours, and not in the function: {term.latex}"
    for term in answer.ours:
        yield f"  the function's, and not in yours: {term.latex}"
    for times in (term.times for term in answer.theirs if term.times is not None):
        yield f"  yours is {times:.5g} times that"
    point = answer.difference.point
    numbers = ", ".join(f"{name} = {value:.5g}" for name, value in point.arguments.items() if _is_number(value))
    got, expected = _first_unlike(answer.difference.got, answer.difference.expected)
    yield f"  at the input “{point.label}”{' (' + numbers + ')' if numbers else ''}: yours gives {got}, the function {expected}"


def writer(name: str) -> str:
    return "this project" if name == OURS else load(name).title


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _first_unlike(got: Any, expected: Any) -> tuple[str, str]:
    """The first two numbers that differ."""
    if not isinstance(got, Tensor):
        return ("what is outside of a table" if got is None else str(got)), f"gives {expected}"
    expected = torch.as_tensor(expected)
    try:
        pair = torch.broadcast_tensors(got.detach().double(), expected.detach().double())
    except RuntimeError:
        return f"a result of shape {tuple(got.shape)}", f"one of shape {tuple(expected.shape)}"
    left, right = (one.flatten() for one in pair)
    place = int((~torch.isclose(left, right, rtol=1e-6, atol=0, equal_nan=False)).double().argmax())
    return f"{float(left[place]):.5g}", f"{float(right[place]):.5g}"
