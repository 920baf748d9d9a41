"""One function's worker over its life: started ahead, asked, replaced where it died, given up where it hung."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..contract.functions import Function
from ..verdicts import Failure
from . import limits
from .crossing import places
from .crossing.wire import ProtocolError
from .deadline import NEVER, Deadline
from .fork_server import ForkServer
from .replies import fields, place, raised
from .requests import Request
from .worker import Died, Hung, Worker

_LINE = re.compile(r"[\w./-]{1,200}:\d{1,7}")  # "ddpm.py:12"


class Conversation:
    """Requests and answers. What comes instead of an answer is a :class:`Failure`, the submission's fault."""

    def __init__(
        self,
        fork_server: ForkServer,
        code: Path,
        function: Function,
        lent: Sequence[dict[str, Any]] = (),
        forbidden: Sequence[str] = (),
        deadline: Deadline = NEVER,
    ) -> None:
        self.fork_server, self.code, self.function, self.lent = fork_server, code, function, list(lent)
        self.forbidden, self.deadline = forbidden, deadline
        self.worker: Worker | None = None
        self.stopped: Failure | None = None  # set once no further call makes sense
        self.asked = 0  # requests that reached a worker
        self.ready = False  # the worker has imported the submission
        self.hung_in = ""  # the file whose import has hung
        self.defined_at = ""
        self.closed: list[str] | None = None
        self.attempts: list[tuple[str, str]] = []  # to use what is forbidden: what, and "ddpm.py:12"
        self.printed = ""  # by the first call that printed anything
        self.edits: list[dict[str, Any]] = []  # every request is answered under them, also by a new worker
        self.traced = False
        self.ran: set[str] = set()  # lines of the submission, "ddpm.py:12", as the worker says, while ``traced``
        self.steps = 0  # how many lines that were, each as often as it was run

    @property
    def imported(self) -> str:
        """The file that is imported for this function."""
        return places.file_of(self.code, self.function.module, self.function.name)

    @property
    def open(self) -> bool:
        """There is a worker that has answered, and it can be asked again."""
        return self.worker is not None and not self.worker.ended and self.ready

    def start(self) -> Worker:
        """Have the worker forked ahead of its first call; it imports the submission meanwhile."""
        if self.worker is None:
            self.worker = Worker(self.fork_server, self.code, self.function, self.forbidden, self.deadline)
            self.ready = False
        return self.worker

    def close(self) -> None:
        if self.worker is not None:
            self.worker.end()

    def afresh(self) -> "Conversation":
        """A second conversation, with a worker that has answered nothing yet."""
        return Conversation(self.fork_server, self.code, self.function, self.lent, self.forbidden, self.deadline)

    def edited(self, edits: list[dict[str, Any]], traced: bool) -> "Conversation":
        """A second conversation, under edits; with the same worker as long as that one can be asked."""
        twin = self.afresh()
        twin.edits, twin.traced, twin.asked, twin.defined_at = edits, traced, self.asked, self.defined_at
        if self.open:
            twin.worker, twin.ready = self.worker, True
        return twin

    def exchange(self, request: Request, seconds: float | None = None) -> dict:
        """Send one request to the worker; its answer, or the failure that came instead."""
        called = request.called
        self.deadline.check()
        worker = self.start()
        try:
            self._make_ready(worker)
            self.asked += 1
            message = request.message | {"edits": self.edits, "traced": self.traced}
            answer = worker.call(message, request.callbacks, limits.CALL_SECONDS if seconds is None else seconds)
        except Hung as hung:
            self.hung_in = "" if self.ready else worker.importing or self.imported
            where = f"importing {self.hung_in}" if self.hung_in else "your code"
            self.stopped = Failure(
                f"{where} did not come to an end within the time limit",
                called="" if self.hung_in else called,
                where=[place(frame) for frame in hung.args if frame],
                kind="hung",
                importing=bool(self.hung_in),
            )
            raise self.stopped from None
        except Died as died:
            self.worker = None
            raise Failure(f"your code ended the process that ran it ({_cause(died)})", called, kind="died") from None
        except ProtocolError as error:
            self.worker = None
            raise Failure(f"what came back cannot be read: {error}", called=called, kind="died") from None
        self._note_attempts(answer)
        printed = answer.get("printed")
        if not self.printed and isinstance(printed, str) and printed.strip():
            self.printed = printed[: limits.PRINTED]
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

    def _make_ready(self, worker: Worker) -> None:
        if not self.ready:
            try:
                answer = worker.loaded()
            finally:
                self.closed = worker.closed
            self._note_attempts(answer)
            if "missing" in answer:
                self.stopped = Failure(f"not implemented: {answer['missing']}", kind="not implemented")
            elif "raised" in answer:
                with self.readable(""):
                    error = fields(answer, {"raised": dict})["raised"]
                self.stopped = raised(error, "", who=f"importing {worker.importing or self.imported}")
                self.stopped.importing = True
            if self.stopped is not None:
                raise self.stopped
            with self.readable(""):
                self.defined_at = fields(answer, {"found": str})["found"]
            self.ready = True
            if self.lent:  # the submission's modules that define them are imported now
                worker.call({"lend": self.lent}, [], limits.IMPORT_SECONDS)

    def _note_attempts(self, answer: dict[str, Any]) -> None:
        attempts = answer.get("attempts")
        for one in attempts if isinstance(attempts, list) else []:
            if isinstance(one, list) and len(one) == 2 and one[0] in self.forbidden and _LINE.fullmatch(str(one[1])):
                self.attempts += [tuple(one)] * (tuple(one) not in self.attempts)


def _cause(died: Died) -> str:
    (status,) = died.args
    if status is None:
        return "it closed the grader's channel"
    return f"signal {-status}" if status < 0 else f"exit code {status}"
