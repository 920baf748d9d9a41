"""Edits under which every check passes: single ones first, then two together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ...sandbox import limits
from ...sandbox.student import Student
from .calls import failing
from .candidates import Edit, Edits
from .checks import Check, Test
from .doubles import doubles
from .editor import Editor, GivenUp
from .filters import FailedCalls, FailedCheck, First
from .onward import Step
from .proving import proven, puts_right


def repairing(student: Student, checks: Sequence[Check], pairs: bool, thoroughly: bool) -> list[Edits]:
    """The edits that leave nothing wrong, the likeliest first; none where nothing of this kind was found.

    ``pairs``: whether two edits together are tried, where no single one is enough; ``thoroughly``: not only those that
    numbers foretell.
    """
    editor = Editor(student)
    try:
        calls = failing(editor.under(()), student.record, limits.REPAIR_CALLS)
        first = FailedCalls(calls) if calls else _cheapest(editor, checks)
        tried: list[Step] = []
        found = _singles(editor, checks, first, tried)
        return found or (doubles(editor, checks, first, tried, thoroughly) if pairs else [])
    except GivenUp:
        return []
    finally:
        editor.close()


def _cheapest(editor: Editor, checks: Sequence[Check]) -> FailedCheck:
    """The failed check that needs the fewest calls to fail again."""
    counted: list[tuple[int, int, Test]] = []
    for check in checks:
        if check.failed and not check.afterwards:
            student = editor.under(())
            before = student.spent
            test = check.smallest(student)
            counted.append((student.spent - before, len(counted), test))
    if not counted:  # what failed looks at the record of the others
        first, last = checks[0], next(check for check in checks if check.failed)
        counted = [(1, 0, lambda student: (first(student), last(student)))]
    calls, _, test = min(counted)
    return FailedCheck(test, calls)


def _singles(editor: Editor, checks: Sequence[Check], first: First, tried: list[Step]) -> list[Edits]:
    """Where a likelier correction repairs, the less likely ones are not asked; nor is anything removed needlessly."""
    _, edits = editor.edits(first)
    for _, tier in groupby(edits, key=lambda edit: edit.correction.tier):
        found = proven(editor, checks, _passing(editor, first, tier, tried))
        kept = [one for one in found if puts_right(one)]
        if found:
            return kept or found
    return []


def _passing(editor: Editor, first: First, edits: Iterable[Edit], tried: list[Step]) -> Iterator[Edits]:
    """Those that mend what is asked first; of all is kept how far it comes."""
    for edit in edits:
        answer = first.ask(editor.under((edit,)))
        tried.append(Step(edit, answer))
        if answer.right:
            yield (edit,)
