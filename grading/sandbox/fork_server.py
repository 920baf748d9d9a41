"""The trusted side's handle on the preloaded process that forks workers.

Nothing here imports torch, so that the process is on its way before this one begins to load it.
"""

import copy
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..contract.functions import Function
from ..paths import INSTALLED, ROOT
from ..verdicts import GraderFault

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "TZ")
# A worker lives for a second: memory that it has had once it keeps, and in large pages, so that forking copies less.
_ALLOCATOR = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824"
_BOOT = """
import gc, json, signal, socket, sys
gc.disable()  # until all is loaded
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started this
root, path, descriptor = json.loads(sys.argv[1])
sys.path[:] = [root, *path]
from grading.sandbox.inside import fork_server
sys.path[:] = path  # without the grader's folder, unless the libraries lie there too
fork_server.run(socket.socket(fileno=descriptor))
"""


def _is_library(folder: Path) -> bool:
    """Not the checkout, nor where the grader was started: ``python -m`` puts that folder on the import path."""
    return (INSTALLED and folder == ROOT) or folder not in (ROOT, Path.cwd())


class ForkServer:
    """The preloaded process; a context manager. Starting it returns at once, it loads while the caller goes on."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="grading-"))
        ours, theirs = socket.socketpair()
        path = [p for p in sys.path if p and _is_library(Path(p).resolve())]
        boot = json.dumps([str(ROOT), path, theirs.fileno()])
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, boot],
            pass_fds=[theirs.fileno()],
            env=environment | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GLIBC_TUNABLES": _ALLOCATOR},
            stdin=subprocess.DEVNULL,
            cwd=self.scratch,
        )
        theirs.close()
        self._speak_through(ours)
        self.owner = True

    def _speak_through(self, control: socket.socket) -> None:
        self.control, self.answers = control, control.makefile("r")

    def clone(self) -> "ForkServer":
        """A second process of this kind, forked from the first, for a grader that runs beside this one."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._ask({"clone": True}, [theirs.fileno()])
        twin = copy.copy(self)
        twin._speak_through(ours)
        twin.owner = False
        return twin

    def __enter__(self) -> "ForkServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.close()
        self.control.close()
        if self.owner:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def spawn(self, code: Path, function: Function, forbidden: Sequence[str] = ()) -> tuple[int, socket.socket, Path]:
        """Fork a worker for one function: its process, the channel to it, and its scratch folder."""
        ours, theirs = socket.socketpair()
        scratch = Path(tempfile.mkdtemp(dir=self.scratch))
        place: dict[str, Any] = {
            "code": str(code),
            "scratch": str(scratch),
            "module": function.module,
            "function": function.name,
        }
        place |= {"forbidden": list(forbidden)}
        with theirs:
            pid = self._ask({"spawn": place, "optimises": function.optimises}, [theirs.fileno()])["pid"]
        return pid, ours, scratch

    def tidy(self) -> None:
        """Remove what is left of workers that nobody ended."""
        for left in self.scratch.iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def reap(self, pid: int) -> int | None:
        return self._ask({"reap": pid})["status"]

    def _ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], descriptors or [])
            answer = self.answers.readline()
        except OSError as error:
            raise GraderFault(f"the process that starts workers cannot be reached: {error}") from error
        if not answer:
            raise GraderFault(f"the process that starts workers ended with code {self.process.poll()}")
        return json.loads(answer)
