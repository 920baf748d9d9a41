"""A whole class: what stands already is kept, what is the same to the byte is graded once, the rest in processes."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..grader.crew import one_each
from ..grader.warm import warm_up
from ..report.results import Results
from ..sandbox.fork_server import ForkServer
from ..seeds import told
from ..submissions import Submission
from ..verdicts import HINTS, Verdict
from .hand_in import HandIn
from .one import grade_one
from .store import NOT_GRADED, UNUSABLE, Store
from .wanted import Wanted

Piece = tuple[str, HandIn]  # the digest, and one of the hand-ins that have it
# Told, of the piece with this number, what came of it, or what went wrong.
Take = Callable[[int, str | None, str], None]
GradeAll = Callable[[Sequence[Piece], Path, Wanted, Store, Take], None]

_WORTH_WARMING = 2  # hand-ins for each process
_OVERDUE = 120.0  # seconds for opening and for a last call; whoever takes longer is ended


def grade_class(
    grade_all: GradeAll,
    folder: Path,
    hand_ins: Sequence[HandIn],
    wanted: Wanted,
    store: Store,
    on_progress: Callable[[int, int], None],
) -> None:
    """Grade all hand-ins whose result is not in the store; ``on_progress`` is told how many of how many."""
    same: dict[str, list[HandIn]] = defaultdict(list)  # by digest
    for one in hand_ins:
        if one.problem:
            store.put_reason(one, "", UNUSABLE, one.problem)
        else:
            same[wanted.digest(one, folder)].append(one)
    todo: list[Piece] = []
    for digest, own in same.items():
        done = next((one for one in own if store.is_done(one.key, digest, wanted.deadline)), None)
        if done is None:
            todo.append((digest, own[0]))
        else:
            _keep_for_all(store, done.key, own)
    count = 0
    on_progress(count, len(todo))

    def take(piece: int, came: str | None, why: str) -> None:
        nonlocal count
        digest, hand_in = todo[piece]
        if came is None:
            store.put_reason(hand_in, digest, NOT_GRADED, why)
        _keep_for_all(store, hand_in.key, same[digest])
        count += 1
        on_progress(count, len(todo))

    grade_all(todo, folder, wanted, store, take)


def here(
    fork_server: ForkServer, jobs: int, pieces: Sequence[Piece], folder: Path, wanted: Wanted, store: Store, take: Take
) -> None:
    """Grade all pieces on this machine, ``jobs`` at a time, each in a process of its own."""

    def work(own_server: ForkServer, piece: int) -> str:
        digest, hand_in = pieces[piece]
        return grade_one(own_server, hand_in, folder, digest, wanted, store)

    if len(pieces) > _WORTH_WARMING * jobs:
        warm_up(fork_server, wanted.widest.functions, wanted.seed, then=partial(_as_page, wanted))
    one_each(fork_server, len(pieces), jobs, work, take, 2 * wanted.deadline + _OVERDUE)


def _as_page(wanted: Wanted, submission: Submission, verdicts: list[Verdict]) -> None:
    """What makes the first page loads its templates and colours, too."""
    by_task = {one.task: one for one in verdicts}
    Results(wanted.widest, told(wanted.seed), HINTS[-1], (), verdicts=by_task).page(submission, again="")


def _keep_for_all(store: Store, key: str, own: Sequence[HandIn]) -> None:
    for one in own:
        store.copy(key, one)
