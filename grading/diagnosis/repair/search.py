"""Edits under which every check passes: single ones first, then pairs that the single ones' results foretell."""

from collections import Counter
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
        self.latest = student
        self.workers = 0
        slow = student.function.network or student.function.optimises
        seconds = limits.REPAIR_SLOW_CALL_SECONDS if slow else limits.REPAIR_CALL_SECONDS
        self.seconds = seconds * limits.patience()  # only what hangs is to meet it

    def under(self, edits: Edits, traced: bool = False) -> Student:
        if not self.latest.open:
            self.workers += 1
            if self.workers > limits.REPAIR_WORKERS:
                raise _GivenUp
        message = edits[0].message if len(edits) == 1 else together(edits)
        self.latest = self.latest.edited(message, self.seconds, traced)
        return self.latest

    def close(self) -> None:
        """A worker of its own; the student's first one is asked on, and takes the edits back by itself."""
        if self.workers:
            self.latest.close()


def repairing(student: Student, checks: Sequence[Check], pairs: bool) -> list[Edits]:
    """The edits that leave nothing wrong, the likeliest first; none where nothing of this kind was found.

    ``pairs``: whether two edits together are tried, where no single one is enough.
    """
    editor = _Editor(student)
    try:
        calls = failing(editor.under(()), student.record, limits.REPAIR_CALLS)
        first = FailedCalls(calls) if calls else _cheapest(editor, checks)
        tried: list[Tried] = []
        found = _singles(editor, checks, first, tried)
        return found or (_pairs(editor, checks, first, tried) if pairs and isinstance(first, FailedCalls) else [])
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
    most = first.most(student.steps)
    texts = set[str]()
    for edit in candidates(found, student.ran, raised_at, student.function):
        if len(texts) == most:
            return
        text = str(edit.message)
        if text not in texts:
            texts.add(text)
            yield edit


def _singles(
    editor: _Editor, checks: Sequence[Check], first: FailedCalls | FailedCheck, tried: list[Tried]
) -> list[Edits]:
    """Where a likelier correction repairs, the less likely ones are not asked; nor is anything removed needlessly."""
    for _, tier in groupby(_edits(editor, first), key=lambda edit: edit.correction.tier):
        found = _proven(editor, checks, _passing(editor, first, tier, tried))
        kept = [one for one in found if _puts_right(one)]
        if found:
            return kept or found
    return []


def _passing(
    editor: _Editor, first: FailedCalls | FailedCheck, edits: Iterable[Edit], tried: list[Tried]
) -> Iterator[Edits]:
    """Those that mend what is asked first; of the others is kept what they give."""
    for edit in edits:
        answer = first.ask(editor.under((edit,)))
        if answer.right:
            yield (edit,)
        elif answer.value is not None:
            tried.append(Tried(edit, answer.value))


def _pairs(editor: _Editor, checks: Sequence[Check], first: FailedCalls, tried: list[Tried]) -> list[Edits]:
    before = first.results(editor.under(()))
    if before is None:
        return []
    alone = ((one.edit, first.results(editor.under((one.edit,)), one.value)) for one in tried[: first.most_paired()])
    known = [Tried(edit, value) for edit, value in alone if value is not None]
    pairs = foretold(before, first.right(), known, limits.REPAIR_PAIRS)
    return _proven(editor, checks, (pair for pair in pairs if first.ask(editor.under(pair)).right))


def _proven(editor: _Editor, checks: Sequence[Check], edits: Iterable[Edits]) -> list[Edits]:
    """Those under which all checks pass, until enough is known to name a line, or two that are as good."""
    # The failed ones come first; at the end those that look at what the others have recorded.
    ordered = sorted(checks, key=lambda check: (check.afterwards, not check.failed))
    found: list[Edits] = []
    before = editor.latest.spent
    asked: Counter[tuple[str, int]] = Counter()
    for one in edits:
        place = one[0].definition.file, one[0].line
        if asked[place] == OF_ONE_LINE:
            continue
        asked[place] += 1
        student = editor.under(one)
        if all(check.passes(student) for check in ordered):
            found.append(one)
        lines = {(edit.definition.file, edit.line) for edits in found if _puts_right(edits) for edit in edits[:1]}
        if len(lines) == ENOUGH or (found and editor.latest.spent - before > limits.REPAIR_PROVING):
            break
        if asked.total() == limits.REPAIR_PROOFS:  # before another edit is looked for
            break
    return found


ENOUGH = 2  # lines that a student reads
OF_ONE_LINE = 2  # edits that are proven: another line may hold the mistake as well


def _puts_right(edits: Edits) -> bool:
    """Not by leaving out what is wrong."""
    return edits[0].correction.said not in REMOVING
