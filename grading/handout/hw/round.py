"""A process that has loaded all that checks need and none of your files, and waits: ``python -m hw.round``.

``watch`` has one started ahead of each save. It is told which functions to check, checks them, and is over, so that no old
code is left; this way it works on systems without fork, too.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

from .course import HOMEWORK, IN_A_KIT, ROOT, Unusable


class Round:
    """The other side of it: started at once, and told later what to check."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "hw.round"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, encoding="utf-8", stdin=pipe, stdout=pipe)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._asked, self._answers = self._process.stdin, self._process.stdout
        self._lines: queue.Queue[str] = queue.Queue()

    def begin(self, tasks: list[str]) -> None:
        try:
            print(json.dumps(tasks), file=self._asked, flush=True)
        except OSError as error:
            raise Unusable(
                "the process that checks has ended before it was asked: what stands above says why"
            ) from error
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._answers:
            self._lines.put(line)
        self._lines.put("")

    def verdicts(self, pause: float) -> Iterator[dict[str, str] | None]:
        """Each as it comes; None whenever there has been none for so long. It is over with the last one."""
        while True:
            try:
                line = self._lines.get(timeout=pause)
            except queue.Empty:
                yield None
                continue
            if not line:
                return
            yield json.loads(line)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._asked.close()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who watches
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed meanwhile is no answer
    from . import points, properties  # with torch
    from .report import told
    from .verdict import judge

    points.load()
    properties.of("")
    asked = sys.stdin.readline()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _forget_compiled()
    for task in json.loads(asked or "[]"):
        verdict = judge(task)
        said = {"task": task, "word": verdict.word, "note": verdict.note, "told": told(verdict)}
        print(json.dumps(said), file=answers, flush=True)


def _forget_compiled() -> None:
    """Compiled files are known by second and size: of two saves within a second the first might be checked twice."""
    sys.dont_write_bytecode = True
    for folder in [] if IN_A_KIT else list(HOMEWORK.rglob("__pycache__")):  # a kit's sources are copied each time
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
