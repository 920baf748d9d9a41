"""What the terminal shows while a folder is watched: which files were saved, verdicts as they come, how many there are."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from ..contract.courses import Course
from ..verdicts import BY_HAND, FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED, Verdict
from . import blocks, number, rows, totals
from .quoted import quoted
from .terminal import STYLE, block, following_up

_WORDS = (PASSED, FAILED, NOT_IMPLEMENTED, NOT_GRADED, BY_HAND)
WAITING = "waiting for a file to be saved; Ctrl-C ends it"


class Shown:
    """One round: the verdicts of its functions, beside those of before."""

    def __init__(self, console: Console, course: Course, hints: str, before: Mapping[str, Verdict]) -> None:
        self.console, self.course, self.hints = console, course, hints
        self.before, self.round = before, dict[str, Verdict]()

    def begins(self, changed: Sequence[str], todo: int) -> None:
        if changed:
            touched = f"{todo} of {len(self.course.functions)} functions may be touched"
            self.console.print(f"\n[bold]{escape(quoted(', '.join(changed)))}[/bold]: {touched}")

    def take(self, verdict: Verdict) -> None:
        """A line when it stands; what is wrong once that is known, and again where there is more to say."""
        first = verdict.task not in self.round
        self.round[verdict.task] = verdict
        if first:
            self._line(verdict)
        if (verdict.outcome == FAILED and not verdict.searching) or verdict.unwritten:
            failed = {task: one for task, one in self.round.items() if one.outcome == FAILED or one is verdict}
            for row, told in blocks(rows(self.course, failed), self.hints):
                if row.item.function == verdict.task:
                    block(self.console, row, told)

    def _line(self, verdict: Verdict) -> None:
        outcome, known = verdict.outcome, self.before.get(verdict.task)
        was = known.outcome if known is not None else outcome
        if was != outcome or outcome != NOT_IMPLEMENTED:  # else it is nothing new
            changed = f"  (was {was})" * (was != outcome)
            self.console.print(f"{verdict.task}  [{STYLE[outcome]}]{outcome}[/]{changed}")

    def ends(self, verdicts: Mapping[str, Verdict]) -> None:
        table = rows(self.course, dict(verdicts))
        counts = Counter(row.verdict.outcome for row in table if row.verdict is not None)
        told = ", ".join(f"{counts[word]} {word}" for word in _WORDS if counts[word])
        reached, automatic, _ = totals(self.course, table)
        points = f"{number(reached)} of {number(automatic)} points"
        self.console.print(f"\n{len(self.course.functions)} functions: {told}; {points}")
        following = following_up(table)
        if following:
            self.console.print(escape(following))
