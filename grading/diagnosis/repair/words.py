"""What a repair says: to students the place and what is wrong there, to staff the change itself."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from ...contract.functions import all_tasks
from ...verdicts import Repair
from .candidates import Edit, Edits, changes
from .corrections import AT_ONE_VALUE, CONDITION, CONSTANT, INDEX, NAMES, OFF_BY_ONE, WRONG_INDEX

_END = "nothing else is wrong."
_BESIDE = "put right there, it passes every check."
_KINDS = 2  # that are named, where several edits of one line are enough each
_MORE_EXACT = {
    CONDITION: AT_ONE_VALUE,
    WRONG_INDEX: INDEX,
    CONSTANT: OFF_BY_ONE,
}  # where both are true, the second is said


def repair(found: Sequence[Edits], task: str, beside: bool) -> Repair | None:
    """In words, from the edits that leave nothing wrong, the likeliest first.

    ``beside`` something that says what is wrong, a less likely edit is a place where that can be mended, the mistake may
    lie elsewhere; and two of them are no more than a way around it.
    """
    around = beside and bool(found) and any(edit.correction.tier > NAMES for edit in found[0])
    if not found or (around and len(found[0]) > 1):
        return None
    end = _BESIDE if around else _END
    staff = [" and ".join(_changes(edits)) for edits in found]
    if len(found[0]) > 1:
        return Repair(f"{_together(found[0])}; {end}", len(found[0]), [_at(edit) for edit in found[0]], staff)
    # In another graded function it would be a line that is needed there as it is.
    single = sorted((edit for (edit,) in found), key=lambda edit: _in_another(edit, task))
    first = single[0]
    own = (edit for edit in single if edit.definition is first.definition or not _in_another(edit, task))
    other = next((edit for edit in own if _place(edit) != _place(first)), None)
    return Repair(
        f"{_one_of(single, other)}; {end}", 1, [_at(edit) for edit in (first, other) if edit is not None], staff
    )


def _in_another(edit: Edit, task: str) -> bool:
    """Whether it lies in a graded function, or in its adapter, that is not the one which failed."""
    names = {one: (one.split(".")[1], one.replace(".", "_")) for one in all_tasks()}
    return any(edit.definition.path[-1] in own for one, own in names.items() if one != task)


def _one_of(single: list[Edit], other: Edit | None) -> str:
    """One edit is enough; where one on another line would be as well, that one is named, too."""
    first = single[0]
    if other is None:
        kinds = dict.fromkeys(edit.correction.said for edit in single)
        apart = [said for said in kinds if _MORE_EXACT.get(said) not in kinds]
        return f"{_place(first)}: {', or '.join(apart[:_KINDS])}"
    if other.correction.said == first.correction.said:
        return f"{_place(first)} or {_place(other)}: {first.correction.said}"
    said = " or ".join(f"{_place(edit)} ({edit.correction.said})" for edit in (first, other))
    return f"One thing is wrong, at {said}"


def _together(edits: Edits) -> str:
    """Two edits that are both needed."""
    ordered = sorted(edits, key=lambda edit: (edit.definition.file, edit.line))
    parts = [
        f"{place}: {_both([edit.correction.said for edit in here])}" for place, here in groupby(ordered, key=_place)
    ]
    return "; ".join(parts)


def _both(said: list[str]) -> str:
    return f"{said[0]}, in two places" if len(said) == 2 and said[0] == said[1] else ", and ".join(said)


def _place(edit: Edit) -> str:
    return f"{edit.definition.file} line {edit.line}"


def _at(edit: Edit) -> str:
    return f"{edit.definition.file}:{edit.line}"


def _changes(edits: Edits) -> Iterator[str]:
    for edit, (before, after) in zip(edits, changes(edits)):
        yield f"{_at(edit)}: {before} → {after}"
