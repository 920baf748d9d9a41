"""Two edits that leave nothing wrong together: foretold from numbers, one after the other, or both just likely."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ...sandbox import limits
from .candidates import Edits
from .checks import Check
from .corrections import FAR, NAMES
from .editor import Editor
from .filters import MENDED, NUMBERS, Asked, FailedCalls, FailedCheck, First
from .onward import Step, dovetailed, further, raises_another
from .pairs import Tried, foretold, likeliest
from .proving import in_order, proven, puts_right

_STEPS = 12  # first edits that are gone on from, at most: there are tries for hardly more


@dataclass(frozen=True)
class _Attempt:
    """Two edits, whether they mend together what is asked first, and which part of all tries that has taken."""

    edits: Edits
    right: bool
    part: float


_Search = Callable[[], Iterator[_Attempt]]


@dataclass(frozen=True)
class _Known:
    """A single edit, and what comes of every call under it."""

    step: Step
    came: tuple[Asked, ...]

    @property
    def key(self) -> tuple[bytes | str, ...]:
        return tuple(one.key for one in self.came)


def doubles(
    editor: Editor, checks: Sequence[Check], first: First, tried: Sequence[Step], thoroughly: bool
) -> list[Edits]:
    """``tried``: single edits, of which none is enough. Not ``thoroughly``: only those that numbers foretell."""
    before = first.ask(editor.under(()))
    searches: list[_Search] = []
    most = limits.REPAIR_AFTER
    if isinstance(first, FailedCalls) and before.far == NUMBERS:
        all_before = first.ask_all(editor.under(()), before)
        known = _each(editor, first, tried)
        found = _foretold(editor, checks, first, all_before, known)
        if found:
            return found
        searches.append(partial(_likeliest, editor, first, _distinct(known, all_before)))
        most /= 2  # what foretells has taken as many calls
    if not thoroughly:
        return []
    searches += [partial(_after, editor, checks, first, step) for step in _steps(editor, first, before, tried)]
    found = proven(editor, checks, _as_long_as(most, dovetailed(searches)))
    return [one for one in found if puts_right(one)] or found


def _each(editor: Editor, first: FailedCalls, tried: Sequence[Step]) -> list[_Known]:
    """Those that give as many numbers as they should on the first call, with what the others come to."""
    steps = [one for one in tried if one.came.far >= NUMBERS][: first.most_paired()]
    return [_Known(one, first.ask_all(editor.under((one.edit,)), one.came)) for one in steps]


def _distinct(known: Sequence[_Known], before: tuple[Asked, ...] = ()) -> list[_Known]:
    """The likeliest of those that come to the same, without those that change nothing."""
    met = {tuple(one.key for one in before)}
    kept: list[_Known] = []
    for one in known:
        if one.key not in met:
            kept.append(one)
        met.add(one.key)
    return kept


def _foretold(
    editor: Editor, checks: Sequence[Check], first: FailedCalls, before: tuple[Asked, ...], known: Sequence[_Known]
) -> list[Edits]:
    start = _numbers(before)
    if start is None:
        return []
    given = [Tried(one.step.edit, value) for one in known if (value := _numbers(one.came)) is not None]
    pairs = foretold(start, first.right(), given, limits.REPAIR_PAIRS)
    return proven(editor, checks, (pair for pair in pairs if first.ask(editor.under(pair)).right))


def _numbers(came: tuple[Asked, ...]) -> Tensor | None:
    values = [one.value for one in came if one.value is not None]
    return torch.cat(values) if len(values) == len(came) else None


def _likeliest(editor: Editor, first: FailedCalls, known: Sequence[_Known]) -> Iterator[_Attempt]:
    part = 1 / max(1, first.most(editor.lines(first)))
    for i, j in likeliest(len(known)):
        pair = known[i].step.edit, known[j].step.edit
        yield _Attempt(pair, first.ask(editor.under(pair)).right, part)


def _steps(editor: Editor, first: First, before: Asked, tried: Sequence[Step]) -> list[Step]:
    """First edits to go on from."""
    lines = editor.lines(first)
    asked = [
        replace(one, lines=editor.lines(first, (one.edit,)))
        if one.edit.correction.tier <= NAMES and raises_another(one.came, before)
        else one
        for one in tried
    ]
    steps = further(before, lines, asked)
    if isinstance(first, FailedCheck):
        return steps[:_STEPS]
    known = [_Known(one, first.ask_all(editor.under((one.edit,)), one.came)) for one in steps[: 2 * _STEPS]]
    return [one.step for one in _distinct(known)][:_STEPS]


def _after(editor: Editor, checks: Sequence[Check], first: First, step: Step) -> Iterator[_Attempt]:
    """The search for a single edit again, on the code with the first one in it.

    Where that has mended something it is most likely right; else only what is likely is tried after it.
    """
    left = _left(editor, checks, first, step)
    if left is None:
        return
    most, edits = editor.edits(left, (step.edit,), FAR if step.came.far == MENDED else NAMES)
    for edit in edits:
        pair = step.edit, edit
        yield _Attempt(pair, left.ask(editor.under(pair)).right, 1 / most)


def _left(editor: Editor, checks: Sequence[Check], first: First, step: Step) -> First | None:
    """What is to be asked first where this edit is made: what it has not mended."""
    if step.came.far < MENDED:
        return first
    student = editor.under((step.edit,))
    if isinstance(first, FailedCalls) and not step.came.right:
        return FailedCalls([call for call in first.calls if not call.right(call.ask(student))] or first.calls)
    for check in in_order(checks):
        if not check.afterwards and not check.passes(editor.under((step.edit,))):
            student = editor.under((step.edit,))
            before = student.spent
            return FailedCheck(check.smallest(student), student.spent - before)
    return None


def _as_long_as(most: float, attempts: Iterator[_Attempt]) -> Iterator[Edits]:
    """Those that mend, until so large a part has been tried of as much as single edits take at most."""
    part = 0.0
    for one in attempts:
        if one.right:
            yield one.edits
        part += one.part
        if part >= most:
            return
