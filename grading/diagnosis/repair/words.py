"""What a repair says: to students the place and what is wrong there, to staff the change itself."""

from collections.abc import Sequence
from itertools import groupby

from ...verdicts import Repair
from .candidates import Edit

Edits = tuple[Edit, ...]
_END = "nothing else is wrong."


def repair(found: Sequence[Edits]) -> Repair | None:
    """In words, from the edits that leave nothing wrong, the likeliest first."""
    if not found:
        return None
    staff = [" and ".join(map(_change, edits)) for edits in found]
    edits = len(found[0])
    return Repair(_one_of([edit for (edit,) in found]) if edits == 1 else _together(found[0]), edits, staff)


def _one_of(edits: list[Edit]) -> str:
    """One edit is enough; where others on another line would be as well, the next of them is named, too."""
    first = edits[0]
    other = next((edit for edit in edits if _place(edit) != _place(first)), None)
    if other is None:
        return f"{_place(first)}: {first.correction.said}; {_END}"
    if other.correction.said == first.correction.said:
        return f"{_place(first)} or {_place(other)}: {first.correction.said}; {_END}"
    said = " or ".join(f"{_place(edit)} ({edit.correction.said})" for edit in (first, other))
    return f"One thing is wrong, at {said}; {_END}"


def _together(edits: Edits) -> str:
    """Two edits that are both needed."""
    ordered = sorted(edits, key=lambda edit: (edit.definition.file, edit.line))
    parts = [
        f"{place}: {', and '.join(dict.fromkeys(edit.correction.said for edit in here))}"
        for place, here in groupby(ordered, key=_place)
    ]
    return f"{'; '.join(parts)}; {_END}"


def _place(edit: Edit) -> str:
    return f"{edit.definition.file} line {edit.line}"


def _change(edit: Edit) -> str:
    before, after = edit.change()
    return f"{edit.definition.file}:{edit.line}: {before} → {after}"
