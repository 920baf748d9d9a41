"""The results of one submission, as they come: what every form of a report is made from."""

import time
from dataclasses import dataclass, field
from typing import Any

from ..contract.courses import Course
from ..seeds import Seed
from ..verdicts import NOT_GRADED, Verdict
from . import Row, gradescope, rows


@dataclass
class Results:
    course: Course
    seed: Seed
    hints: str
    notes: tuple[str, ...]
    start: float = field(default_factory=time.monotonic)
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def take(self, verdict: Verdict) -> None:
        self.verdicts[verdict.task] = verdict

    @property
    def table(self) -> list[Row]:
        return rows(self.course, self.verdicts)

    @property
    def not_graded(self) -> list[str]:
        """The functions in which the grader was at fault: those whose time was up are nobody's fault here."""
        return [one.task for one in self.verdicts.values() if one.outcome == NOT_GRADED and not one.out_of_time]

    @property
    def out_of_time(self) -> bool:
        return any(one.out_of_time for one in self.verdicts.values())

    def document(self) -> dict[str, Any]:
        """Gradescope's results.json."""
        seconds = time.monotonic() - self.start
        return gradescope.document(self.course, self.table, self.seed, seconds, self.hints, self.notes)
