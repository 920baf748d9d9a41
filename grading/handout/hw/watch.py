"""Again whenever a file is saved: only what that changes, each time in a new process that was ready for it."""

from __future__ import annotations

import contextlib
import time

from .course import HOMEWORK, IN_A_KIT
from .lent.submissions.changes import touched
from .lent.submissions.saved import Saved
from .report import summed
from .round import Round
from .sources import looked_at

_ENDED = "failed  it ended the process that it was checked in"


def watch(tasks: list[str]) -> None:
    """Check everything once, then what is saved, until it is interrupted."""
    watching = _Watching(tasks)
    try:
        watching.go_on()
    except KeyboardInterrupt:
        print()
    finally:
        watching.ahead.end()


class _Watching:
    def __init__(self, tasks: list[str]) -> None:
        self.tasks = tasks
        self.words: dict[str, str] = {}  # of each function, as it was checked last
        self.saved = Saved(looked_at)
        self.ahead = Round()

    def go_on(self) -> None:
        sources, left = _sources(), self.tasks
        while True:
            changed: list[str] = []
            while left and not changed:
                left, changed = self._checked(left)
            if not changed:
                print(
                    "\n" + "\n".join([*summed(self.words), "waiting for a file to be saved; Ctrl-C ends it"]),
                    flush=True,
                )
            while not changed:
                time.sleep(self.saved.pause)
                changed = self.saved.changed()
            before, sources = sources, _sources()
            todo = self.tasks if IN_A_KIT else touched(self.tasks, before, sources)
            print(f"\n{', '.join(changed)}: {len(todo)} of {len(self.tasks)} functions may be touched", flush=True)
            left = todo + [task for task in left if task not in todo]

    def _checked(self, todo: list[str]) -> tuple[list[str], list[str]]:
        """Check them; those that are left, and the files of which a save has broken it off."""
        at_work, left = self.ahead, list(todo)
        at_work.begin(todo)
        changed: list[str] = []
        try:
            for verdict in at_work.verdicts(self.saved.pause):
                if verdict is not None:
                    left.remove(verdict["task"])
                    self._tell(**verdict)
                    if self.ahead is at_work:  # it loads while the rest of this round goes on
                        self.ahead = Round()
                changed = self.saved.changed()
                if changed:
                    return left, changed
        finally:
            at_work.end()
            if self.ahead is at_work:
                self.ahead = Round()
        if left:
            task = left.pop(0)
            self._tell(task, "failed", "", f"{task}  {_ENDED}")
        return left, changed

    def _tell(self, task: str, word: str, note: str, told: str) -> None:
        was = self.words.get(task, "")
        self.words[task] = word
        head, *rest = told.split("\n")
        head += f"  (was {was})" if was not in ("", word) else ""
        if note or word != "not implemented" or was not in ("", word):  # else it is nothing new
            print("\n".join([head, *rest]), flush=True)


def _sources() -> dict[str, str]:
    """The text of each file; what is gone again is seen at the next look."""
    texts = {}
    for path in looked_at():
        with contextlib.suppress(OSError):
            texts[path] = (HOMEWORK / path).read_text(encoding="utf-8", errors="replace")
    return texts
