"""Whose functions a picture is made with: the reference's here, a submission's in confined processes of their own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..contract.reference import reference_function
from ..pictures.functions import Functions, Trusted
from ..pictures.lent import Lending
from ..sandbox import limits
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..submissions import opened

__all__ = ["BOTH", "REFERENCE", "WHOSE", "YOURS", "Submitted"]

REFERENCE, YOURS, BOTH = "reference", "yours", "both"
WHOSE = (REFERENCE, YOURS, BOTH)


class Submitted:
    """The submission at a path, if there is one. It is opened anew for each run: what was saved meanwhile counts."""

    def __init__(self, path: Path | None, fork_server: ForkServer | None) -> None:
        self.path, self._fork_server, self._lock = path, fork_server, threading.Lock()

    def sides(self, whose: str) -> list[str]:
        """What stands beside each other."""
        return [REFERENCE] if self.path is None else [YOURS, REFERENCE] if whose == BOTH else [whose]

    @contextmanager
    def functions(self, side: str, deadline: Deadline) -> Iterator[Functions]:
        """The functions of one side, for one run in one thread; what the submission lacks is lent."""
        if side == REFERENCE or self.path is None or self._fork_server is None:
            yield Trusted(reference_function)
            return
        with self._lock:  # there is one wire to the process that forks
            fork_server = self._fork_server.clone()
        with fork_server, opened(self.path) as submission:
            functions = Lending(fork_server, submission.folder, limits.CALL_SECONDS, deadline)
            try:
                yield functions
            finally:
                functions.close()
