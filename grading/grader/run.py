"""What is graded in one run: a frozen value that everything which takes part in the run is handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..diagnosis import Check, Diagnosis, diagnose
from ..sandbox.deadline import NEVER, Deadline
from ..sandbox.student import Student
from ..submissions import Submission
from ..verdicts import Verdict


@dataclass(frozen=True)
class Run:
    """What is graded, and from which seed its inputs are drawn."""

    submission: Submission
    tasks: tuple[str, ...]
    seed: int
    diagnose: Callable[[Student, Sequence[Check]], Diagnosis] | None = (
        diagnose  # without it a function is left at its first failed check
    )
    fixtures: Path | None = None  # where the golden inputs and outputs are; None: those that ship
    carry: bool = True  # what fails because of another function is asked again with a right one in its place
    forbidden: tuple[str, ...] = ()  # what the course does not want to be used
    deadline: Deadline = NEVER  # what is not graded by then is not graded
    take_home: bool = False  # of each function that fails a call is written out
    lent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by task: the functions that are right ones
    known: Mapping[str, Verdict] = field(default_factory=dict)  # on the submission's other functions, from before
    at_once: bool = False  # a verdict is told as soon as it stands, and again once its mistake has been looked for
