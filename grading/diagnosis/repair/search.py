"""Edits under which every check passes: single ones first, then pairs that the single ones' results foretell."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ...sandbox import limits
from ...sandbox.student import Student
from .calls import failing
from .candidates import Edit, candidates, together
from .checks import Check, Test
from .corrections import REMOVING
from .filters import FailedCalls, FailedCheck
from .pairs import Tried, foretold
from .sources import definitions

Edits = tuple[Edit, ...]


class _GivenUp(Exception):
    """Edited code has taken too many workers with it."""


class _Editor:
    """The student's function under one edit after the other, all in one worker while that one lives."""

    def __init__(self, student: Student) -> None:
        self.student = self.latest = student
        self.workers = 0

    def under(self, edits: Edits, traced: bool = False) -> Student:
        if not self.latest.open:
            self.workers += 1
            if self.workers > limits.REPAIR_WORKERS:
                raise _GivenUp
        message = edits[0].message if len(edits) == 1 else together(edits)
        self.latest = self.latest.edited(message, limits.REPAIR_CALL_SECONDS, traced)
        return self.latest

    def close(self) -> None:
        """A worker of its own; the student's first one is asked on, and takes the edits back by itself."""
        if self.workers:
            self.latest.close()


def repairing(student: Student, checks: Sequence[Check]) -> list[Edits]:
    """The edits that leave nothing wrong, the likeliest first; none where nothing of this kind was found."""
    editor = _Editor(student)
    try:
        calls = failing(editor.under(()), student.record, limits.REPAIR_CALLS)
        first = FailedCalls(calls) if calls else _cheapest(editor, checks)
        edits = list(_edits(editor, first))
        found = _singles(editor, checks, first, edits)
        return found or (_pairs(editor, checks, first, edits) if isinstance(first, FailedCalls) else [])
    except _GivenUp:
        return []
    finally:
        editor.close()


def _cheapest(editor: _Editor, checks: Sequence[Check]) -> FailedCheck:
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


def _edits(editor: _Editor, first: FailedCalls | FailedCheck) -> Iterator[Edit]:
    """Single edits of what is run where the failure shows, each text once, as many as are tried."""
    student = editor.under((), traced=True)
    raised_at = first.raised_at(student)
    found = definitions(student.code, student.ran, student.defined_at)
    texts = set[str]()
    for edit in candidates(found, student.ran, raised_at, student.function):
        if len(texts) == first.most:
            return
        text = str(edit.message)
        if text not in texts:
            texts.add(text)
            yield edit


def _singles(
    editor: _Editor, checks: Sequence[Check], first: FailedCalls | FailedCheck, edits: list[Edit]
) -> list[Edits]:
    """Where a likelier correction repairs, the less likely ones are not asked; nor is anything removed needlessly."""
    for _, tier in groupby(edits, key=lambda edit: edit.correction.tier):
        found = _proven(editor, checks, (one for one in ((edit,) for edit in tier) if first.passes(editor.under(one))))
        kept = [one for one in found if one[0].correction.said not in REMOVING]
        if found:
            return kept or found
    return []


def _pairs(editor: _Editor, checks: Sequence[Check], first: FailedCalls, edits: list[Edit]) -> list[Edits]:
    before = first.results(editor.under(()))
    if before is None:
        return []
    alone = ((edit, first.results(editor.under((edit,)))) for edit in edits)
    tried = [Tried(edit, value) for edit, value in alone if value is not None]
    pairs = foretold(before, first.right(), tried, limits.REPAIR_PAIRS)
    return _proven(editor, checks, (pair for pair in pairs if first.passes(editor.under(pair))))


def _proven(editor: _Editor, checks: Sequence[Check], edits: Iterable[Edits]) -> list[Edits]:
    """Those under which all checks pass."""
    # The failed ones come first; at the end those that look at what the others have recorded.
    ordered = sorted(checks, key=lambda check: (check.afterwards, not check.failed))

    def proven(one: Edits) -> bool:
        student = editor.under(one)
        return all(check.passes(student) for check in ordered)

    return [one for one in list(edits)[: limits.REPAIR_PROOFS] if proven(one)]
