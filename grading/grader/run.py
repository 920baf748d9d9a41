"""What is graded in one run: a frozen value that everything which takes part in the run is handed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..diagnosis import Check, Diagnosis, diagnose
from ..sandbox.student import Student
from ..submissions import Submission


@dataclass(frozen=True)
class Run:
    """What is graded, and from which seed its inputs are drawn."""

    submission: Submission
    tasks: tuple[str, ...]
    seed: int
    diagnose: Callable[[Student, Sequence[Check]], Diagnosis] | None = (
        diagnose  # without it a function is left at its first failed check
    )
