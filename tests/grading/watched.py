"""A command that watches a folder, as somebody who types sees it."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

SECONDS = 240  # until a test gives up: a machine may be busy


class Watched:
    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def until(self, start: str) -> str:
        """What is printed up to a line that begins so."""
        told = []
        while not told or not told[-1].startswith(start):
            told.append(self.lines.get(timeout=SECONDS))
            assert told[-1], "".join(told)
        return "".join(told)

    def until_waiting(self) -> str:
        return self.until("waiting for a file to be saved")

    def ended(self) -> int:
        """Its exit code, after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


def saved(path: Path, text: str) -> None:
    """Save a file at once, as editors do."""
    path.with_name("~").write_text(text, encoding="utf-8")
    os.replace(path.with_name("~"), path)


def _hears_ctrl_c() -> None:
    """Also where the tests run in a shell's background, whose processes do not, nor what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def watching(command: list[str], folder: Path, **variables: str) -> Iterator[Watched]:
    environment = (
        os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"} | variables
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "preexec_fn": _hears_ctrl_c}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, encoding="utf-8", **pipes) as process:
        try:
            yield Watched(process)
        finally:
            process.kill()
