"""What a first grading loads and makes, so that forked processes have it from the start: a second of each one's time."""

from collections.abc import Callable, Sequence

import torch

from ..paths import ROOT
from ..sandbox.fork_server import ForkServer
from ..submissions import Submission, opened
from ..verdicts import Verdict
from .grade import grade
from .run import Run

Then = Callable[[Submission, list[Verdict]], object]


def warm_up(fork_server: ForkServer, tasks: Sequence[str], seed: int = 0, then: Then | None = None) -> None:
    """Grade the reference in this process, on the inputs that are drawn from this seed; ``then`` is told the verdicts.

    Not where there is a GPU: for each of them a first gradient starts a thread, and threads do not survive a fork.
    """
    if torch.cuda.is_available():
        return
    torch.set_num_threads(1)
    with opened(ROOT / "reference") as submission:
        verdicts = grade(fork_server, Run(submission, tuple(tasks), seed, diagnose=None, carry=False))
        if then is not None:
            then(submission, verdicts)
