"""Which of the edits that mend what is asked first leave nothing wrong: all checks are asked once more."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ...sandbox import limits
from .candidates import Edits
from .checks import Check
from .corrections import REMOVING
from .editor import Editor

ENOUGH = 2  # lines that a student reads
OF_ONE_LINE = 2  # edits that are proven: another line may hold the mistake as well


def proven(editor: Editor, checks: Sequence[Check], edits: Iterable[Edits]) -> list[Edits]:
    """Those under which all checks pass, until enough is known to name a line, or two that are as good."""
    ordered = in_order(checks)
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
        right = [edits for edits in found if puts_right(edits)]
        lines = {(edits[0].definition.file, edits[0].line) for edits in right}
        both = any(len(edits) > 1 for edits in right)  # are needed, and all is named
        if both or len(lines) == ENOUGH or (found and editor.latest.spent - before > limits.REPAIR_PROVING):
            break
        if asked.total() == limits.REPAIR_PROOFS:  # before another edit is looked for
            break
    return found


def in_order(checks: Sequence[Check]) -> list[Check]:
    """The failed ones come first; at the end those that look at what the others have recorded."""
    return sorted(checks, key=lambda check: (check.afterwards, not check.failed))


def puts_right(edits: Edits) -> bool:
    """Not by leaving out what is wrong."""
    return all(edit.correction.said not in REMOVING for edit in edits)
