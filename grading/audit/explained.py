"""Whether a stranger's mistake is explained, how, and whether what is said is true. The edit is known, so no reader judges.

A repair is true by its own proof (all checks pass after it), and mostly it names the edited line. What is read back or
matched has to give the code's own results on inputs that no check has drawn. Whatever a mistake is carried forward from
has to reach the edit.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from ..verdicts import Verdict
from .diagnoses import Statement
from .edits import Edit
from .strangers import Stranger

REPAIRED, READ, MATCHED, CARRIED = "repaired", "read", "matched", "carried forward"
TOLD, UNEXPLAINED = "told by a check alone", "unexplained"
HOW = (REPAIRED, READ, MATCHED, CARRIED, TOLD, UNEXPLAINED)


@dataclass(frozen=True)
class Explanation:
    how: str  # the first of HOW that holds
    wrong: str = ""  # what of it is not true
    named: int = 0  # edited statements that are named
    tested: bool = True  # there were inputs to hold it against
    elsewhere: bool = False  # the repair is another one than the edit turned round


def explanation(
    verdict: Verdict, statement: Statement, stranger: Stranger, lines: dict[Edit, tuple[int, int]]
) -> Explanation:
    """What a failed function is told. ``lines`` says where the edited statements stand."""
    places = verdict.repair.places if verdict.repair is not None else []
    carried = verdict.carried
    named = sum(any(_on(place, edit, lines[edit]) for place in places) for edit in stranger.edits)
    true = {
        REPAIRED: True,
        READ: not statement.misread,
        MATCHED: not statement.refuted,
        CARRIED: all(_holds(stranger, task) for task in carried),
    }
    said = [
        how for how, there in zip(true, (bool(places), statement.read, bool(statement.named), bool(carried))) if there
    ]
    if not said:
        return Explanation(UNEXPLAINED if verdict.unexplained else TOLD)
    wrong = ", ".join(how for how in said if not true[how])
    whole = len(stranger.edits) if said[0] != REPAIRED and not wrong else named  # all results are given
    tested = statement.tested or said[0] in (REPAIRED, CARRIED)
    return Explanation(said[0], wrong, whole, tested, bool(places) and not named)


def _on(place: str, edit: Edit, lines: tuple[int, int]) -> bool:
    """Whether "ddpm.py:21" is a line of the edited statement."""
    file, _, line = place.rpartition(":")
    same = PurePosixPath(edit.unit.file).name == PurePosixPath(file).name
    return same and line.isdecimal() and lines[0] <= int(line) <= lines[1]


def _holds(stranger: Stranger, task: str) -> bool:
    return all(edit.unit in stranger.solution.reached.get(task, ()) for edit in stranger.edits)
