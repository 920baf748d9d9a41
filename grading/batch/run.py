"""A whole class: what stands already is kept, what is the same to the byte is graded once, the rest in processes."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from ..grader.crew import one_each
from ..grader.warm import warm_up
from ..sandbox.fork_server import ForkServer
from .hand_in import HandIn
from .one import grade_one
from .store import NOT_GRADED, UNUSABLE, Store
from .wanted import Wanted

_WORTH_WARMING = 2  # hand-ins for each process
_OVERDUE = 120.0  # seconds for opening and for a last call; whoever takes longer is ended


def grade_class(
    fork_server: ForkServer,
    folder: Path,
    hand_ins: Sequence[HandIn],
    wanted: Wanted,
    store: Store,
    jobs: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Grade all hand-ins whose result is not in the store; ``on_progress`` is told how many of how many."""
    same: dict[str, list[HandIn]] = defaultdict(list)  # by digest
    for one in hand_ins:
        if one.problem:
            store.put_reason(one, "", UNUSABLE, one.problem)
        else:
            same[wanted.digest(one, folder)].append(one)
    todo: list[tuple[str, list[HandIn]]] = []
    for digest, own in same.items():
        done = next((one for one in own if store.is_done(one.key, digest, wanted.deadline)), None)
        if done is None:
            todo.append((digest, own))
        else:
            _keep_for_all(store, done.key, own)
    count = 0
    on_progress(count, len(todo))

    def work(own_server: ForkServer, piece: int) -> str:
        digest, own = todo[piece]
        return grade_one(own_server, own[0], folder, digest, wanted, store)

    def take(piece: int, came: str | None, why: str) -> None:
        nonlocal count
        digest, own = todo[piece]
        if came is None:
            store.put_reason(own[0], digest, NOT_GRADED, why)
        _keep_for_all(store, own[0].key, own)
        count += 1
        on_progress(count, len(todo))

    if len(todo) > _WORTH_WARMING * jobs:
        warm_up(fork_server, wanted.widest.functions)
    one_each(fork_server, len(todo), jobs, work, take, 2 * wanted.deadline + _OVERDUE)


def _keep_for_all(store: Store, key: str, own: Sequence[HandIn]) -> None:
    for one in own:
        store.copy(key, one)
