"""One function's worker over its life: started ahead, asked, replaced where it died, given up where it hung."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..contract.functions import Function
from ..verdicts import Failure
from . import limits
from .crossing.wire import ProtocolError
from .fork_server import ForkServer
from .replies import fields, place, raised
from .requests import Request
from .worker import Died, Hung, Worker


class Conversation:
    """Requests and answers. What comes instead of an answer is a :class:`Failure`, the submission's fault."""

    def __init__(
        self, fork_server: ForkServer, code: Path, function: Function, lent: Sequence[dict[str, Any]] = ()
    ) -> None:
        self.fork_server, self.code, self.function, self.lent = fork_server, code, function, list(lent)
        self.worker: Worker | None = None
        self.stopped: Failure | None = None  # set once no further call makes sense
        self.asked = 0  # requests that reached a worker
        self.ready = False  # the worker has imported the submission
        self.hung_import = False
        self.hurried = False  # the same import has hung for another function
        self.defined_at = ""
        self.confined: bool | None = None
        self.edits: list[dict[str, Any]] = []  # every request is answered under them, also by a new worker
        self.traced = False
        self.ran: set[str] = set()  # lines of the submission, "ddpm.py:12", as the worker says, while ``traced``
        self.steps = 0  # how many lines that were, each as often as it was run

    @property
    def open(self) -> bool:
        """There is a worker that has answered, and it can be asked again."""
        return self.worker is not None and not self.worker.ended and self.ready

    def start(self) -> None:
        """Have the worker forked ahead of its first call; it imports the submission meanwhile."""
        if self.worker is None:
            self.worker = Worker(self.fork_server, self.code, self.function)
            self.ready = False

    def close(self) -> None:
        if self.worker is not None:
            self.worker.end()

    def edited(self, edits: list[dict[str, Any]], traced: bool) -> "Conversation":
        """A second conversation, under edits; with the same worker as long as that one can be asked."""
        twin = Conversation(self.fork_server, self.code, self.function, self.lent)
        twin.edits, twin.traced, twin.asked, twin.defined_at = edits, traced, self.asked, self.defined_at
        if self.open:
            twin.worker, twin.ready = self.worker, True
        return twin

    def exchange(self, request: Request, seconds: float | None = None) -> dict:
        """Send one request to the worker; its answer, or the failure that came instead."""
        called = request.called
        try:
            worker = self._ready_worker()
            self.asked += 1
            message = request.message | {"edits": self.edits, "traced": self.traced}
            answer = worker.call(message, request.callbacks, limits.CALL_SECONDS if seconds is None else seconds)
        except Hung as hung:
            self.hung_import = not self.ready
            where = f"importing {self.function.module}.py" if self.hung_import else "your code"
            self.stopped = Failure(
                f"{where} did not come to an end within the time limit",
                called="" if self.hung_import else called,
                where=[place(frame) for frame in hung.args if frame],
                kind="hung",
                importing=self.hung_import,
            )
            raise self.stopped from None
        except Died as died:
            self.worker = None
            raise Failure(f"your code ended the process that ran it ({_cause(died)})", called, kind="died") from None
        except ProtocolError as error:
            self.worker = None
            raise Failure(f"what came back cannot be read: {error}", called=called, kind="died") from None
        handed_to = answer.get("handed_to")
        if isinstance(handed_to, str) and handed_to:
            self.defined_at = handed_to
        if self.traced:
            with self.readable(called):
                ran = fields(answer, {"lines": list, "steps": int})
                self.ran |= {str(line) for line in ran["lines"]}
                self.steps += max(0, ran["steps"])
        if "raised" in answer:
            with self.readable(called):
                failure = raised(fields(answer, {"raised": dict})["raised"], called)
                failure.printed = fields(answer, {"printed": str})["printed"]
            if failure.kind == "not implemented" and self.asked == 1:
                self.stopped = failure
            raise failure
        return answer

    @contextlib.contextmanager
    def readable(self, called: str) -> Iterator[None]:
        """An answer of another form does not come from a worker of ours any more, but from the student's code."""
        try:
            yield
        except ProtocolError as error:
            self.close()
            self.worker = None
            raise Failure(f"what came back cannot be read: {error}", called=called, kind="died") from None

    def _ready_worker(self) -> Worker:
        self.start()
        assert self.worker is not None
        if not self.ready:
            answer = self.worker.loaded(self.hurried)
            self.confined = self.worker.confined
            if "missing" in answer:
                self.stopped = Failure(f"not implemented: {answer['missing']}", kind="not implemented")
            elif "raised" in answer:
                with self.readable(""):
                    error = fields(answer, {"raised": dict})["raised"]
                self.stopped = raised(error, "", who=f"importing {self.function.module}.py")
                self.stopped.importing = True
            if self.stopped is not None:
                raise self.stopped
            with self.readable(""):
                self.defined_at = fields(answer, {"found": str})["found"]
            self.ready = True
            if self.lent:  # the submission's modules that define them are imported now
                self.worker.call({"lend": self.lent}, [], limits.IMPORT_SECONDS)
        return self.worker


def _cause(died: Died) -> str:
    (status,) = died.args
    if status is None:
        return "it closed the grader's channel"
    return f"signal {-status}" if status < 0 else f"exit code {status}"
