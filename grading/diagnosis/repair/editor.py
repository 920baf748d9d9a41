"""The student's function under one edit after the other."""

from collections.abc import Iterator
from typing import Any

from ...sandbox import limits
from ...sandbox.student import Student
from .candidates import Edit, Edits, candidates, made, together
from .corrections import FAR
from .filters import First
from .sources import Definition, definitions


class GivenUp(Exception):
    """Edited code has taken too many workers with it."""


class Editor:
    """All in one worker while that one lives."""

    def __init__(self, student: Student) -> None:
        self.latest = student
        self.workers = 0
        slow = student.function.network or student.function.optimises
        seconds = limits.REPAIR_SLOW_CALL_SECONDS if slow else limits.REPAIR_CALL_SECONDS
        self.seconds = seconds * limits.patience()  # only what hangs is to meet it
        # To write a function anew takes longer than to call it.
        self._asked_next: dict[Edits, list[dict[str, Any]]] = {}
        self._met: dict[tuple[str, tuple[str, ...], int], Definition] = {}

    def under(self, edits: Edits, traced: bool = False) -> Student:
        if not self.latest.open:
            self.workers += 1
            if self.workers > limits.REPAIR_WORKERS:
                raise GivenUp
        if traced:
            message = together(edits, on_lines=True)
        else:
            message = edits[0].message if len(edits) == 1 else self._asked_next.get(edits) or together(edits)
        self.latest = self.latest.edited(message, self.seconds, traced)
        return self.latest

    def lines(self, first: First, edits: Edits = ()) -> int:
        """How many lines are run by what is asked first, under these edits."""
        student = self.under(edits, traced=True)
        first.ask(student)
        return student.steps

    def edits(self, first: First, after: Edits = (), furthest: int = FAR) -> tuple[int, Iterator[Edit]]:
        """Single edits of what is run where the failure shows, each text once; how many are tried at most, and they.

        ``after`` others, which are made already: edits of the code with those in it. ``furthest``: the last tier.
        """
        for one in after:
            one.settle()
        student = self.under(after, traced=True)
        raised_at = first.raised_at(student)
        found = [self._known(one) for one in definitions(student.code, student.ran, student.defined_at)]
        with made(after):
            edits = candidates(found, student.ran, raised_at, student.function, furthest)
        most = first.most(student.steps)
        return most, self._each_text_once(edits, after, most)

    def close(self) -> None:
        """A worker of its own; the student's first one is asked on, and takes the edits back by itself."""
        if self.workers:
            self.latest.close()

    def _known(self, one: Definition) -> Definition:
        """The same object every time: edits that are made together are made in one tree."""
        return self._met.setdefault((one.file, one.path, one.line), one)

    def _each_text_once(self, edits: list[Edit], after: Edits, most: int) -> Iterator[Edit]:
        texts = set[str]()
        for edit in edits:
            if len(texts) == most:
                return
            both = (*after, edit)
            message = together(both) if after else edit.message
            text = str(message)
            if text not in texts:
                texts.add(text)
                self._asked_next = {both: message}
                yield edit
