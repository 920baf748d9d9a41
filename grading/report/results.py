"""The results of one submission, as they come: what every form of a report is made from."""

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..contract.courses import Course
from ..seeds import Seed
from ..submissions import Submission
from ..verdicts import Verdict
from . import Row, gradescope, rows

if TYPE_CHECKING:
    from .page import Picture


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
        """The functions in which the grader was at fault."""
        return [one.task for one in self.verdicts.values() if one.at_fault]

    @property
    def out_of_time(self) -> bool:
        return any(one.out_of_time for one in self.verdicts.values())

    def document(self) -> dict[str, Any]:
        """Gradescope's results.json."""
        seconds = time.monotonic() - self.start
        return gradescope.document(self.course, self.table, self.seed, seconds, self.hints, self.notes)

    def page(
        self, submission: Submission, again: str, pictures: "Mapping[str, Picture] | None" = None, name: str = ""
    ) -> str:
        """The student's page, made while the submission is open. ``again`` is the command that grades the same."""
        from .page import code, page

        return page(
            self.course,
            self.table,
            self.seed,
            self.hints,
            name=name or submission.origin.resolve().name,
            replay=again,
            notes=self.notes,
            codes={task: code(submission.folder, one, self.hints) for task, one in self.verdicts.items()},
            pictures=pictures,
        )


def replay(submission: Submission, course: str | None, kit: str, only: str, seed: Seed) -> str:
    """The command that grades the same again, where the hand-in lies in the folder that it is typed in."""
    given = [("--course", course), ("--kit", kit), ("--only", only)]
    options = [word for option, value in given if value for word in (option, value)]
    path = submission.origin.resolve().name
    return shlex.join(["python", "-m", "grading", "grade", path, *options, *seed.options])
