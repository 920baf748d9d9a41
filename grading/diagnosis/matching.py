"""Which entries of the catalogue give every reply that came back, and at least one that only they give.

Asked twice: as exactly as the calls allow, and where no entry does, as if all arithmetic were float32's. Then an entry
has to be nearer to the replies than the right formula by a clear factor.
"""

from functools import partial

from ..contract.functions import function
from ..contract.reference import reference_function
from ..sandbox import limits
from ..sandbox.replies import Observation
from ..verdicts import Finding
from .clock import OutOfTime
from .mistakes import Mistake, catalogue
from .replays import EXACTLY, FACTS, NOT, REPLAYS, Replays

CLEARLY = 16  # times nearer: the right formula to an entry, one entry to another, where float32 blurs both
_NO_HURRY: OutOfTime = lambda: False
IN_FLOAT32 = Finding(
    "Your results are right to about 7 digits, as float32 gives them; with float64 arguments they are to be right to "
    "about 15. Look for a cast to float32, a number that is kept in float32, or a small constant.",
    "right to float32's accuracy only",
)


def recognised(task: str, record: list[Observation], out_of_time: OutOfTime = _NO_HURRY) -> list[Mistake]:
    """The catalogued mistakes that explain the record, all of them where there are several."""
    replays = Replays(task, record[: limits.DIAGNOSED_CALLS])
    for single in (False, True) if function(task).exact else (False,):
        found = proven(
            explanations(task, record, out_of_time, single, replays), task, record, out_of_time, single, replays
        )
        if found or out_of_time():
            return found
    return []


def explanations(
    task: str,
    record: list[Observation],
    out_of_time: OutOfTime = _NO_HURRY,
    single: bool = False,
    replays: Replays | None = None,
) -> list[Mistake]:
    """The catalogued mistakes that no observation refutes, all of them where there are several."""
    replays = replays or Replays(task, record[: limits.DIAGNOSED_CALLS])
    numbers = range(len(replays.observed))
    if not numbers or any(one.reply is None and not one.error for one in replays.observed):
        return []

    def explains(mistake: Mistake) -> bool:
        gives = partial(replays.gives, mistake.implementation, single=single)
        return all(not out_of_time() and gives(number) is not NOT for number in numbers)

    found = [mistake for mistake in catalogue() if mistake.task == task and explains(mistake)]
    return [] if out_of_time() else found  # one of several that fit is not to be named alone


def proven(
    mistakes: list[Mistake],
    task: str,
    record: list[Observation],
    out_of_time: OutOfTime = _NO_HURRY,
    single: bool = False,
    replays: Replays | None = None,
) -> list[Mistake]:
    """Those that give exactly at least one reply which the reference does not give.

    Of a mistake that draws random numbers of its own it is only known where its replies lie. Where all replies are
    right (a network is called too often, say), a mistake has to give all of them exactly, and nothing may be drawn.
    """
    replays = replays or Replays(task, record[: limits.DIAGNOSED_CALLS])
    numbers = range(len(replays.observed))
    reference = reference_function(task)
    # That the global random state was moved is true of all that draws, and proves none of them.
    facts = [fact for fact in FACTS if fact != "moved_random_state"]

    def right(number: int) -> bool:
        return replays.gives(reference, number, facts, single) is EXACTLY

    def exactly(mistake: Mistake, number: int) -> bool:
        """Not by chance: where random numbers are drawn, each time."""
        reply = replays.observed[number].reply
        for _ in range(REPLAYS if reply is not None and reply.moved_random_state else 1):
            if out_of_time() or replays.gives(mistake.implementation, number, single=single) is not EXACTLY:
                return False
            if reply is not None and reply.moved_random_state:
                replays.again(mistake.implementation, number)
        return True

    def clearly(mistake: Mistake, number: int) -> bool:
        """Where the right result is as near, something else tells them apart: a graph, say."""
        own, other = (replays.distance(one, number, single) for one in (mistake.implementation, reference))
        return not single or other <= 1 or CLEARLY * own <= other

    def is_proven(mistake: Mistake) -> bool:
        if any(exactly(mistake, number) and not right(number) and clearly(mistake, number) for number in numbers):
            return True
        if single or replays.drawn or not all(map(right, numbers)):
            return False
        return all(exactly(mistake, number) for number in numbers)

    found = [mistake for mistake in mistakes if is_proven(mistake)]
    return [] if out_of_time() else _nearest(found, replays) if single else found


def _nearest(mistakes: list[Mistake], replays: Replays) -> list[Mistake]:
    """Of several that fit to float32's accuracy, those that no other fits much better than."""
    numbers = range(len(replays.observed))
    apart = [max(replays.distance(one.implementation, number, True) for number in numbers) for one in mistakes]
    return [one for one, far in zip(mistakes, apart) if far <= CLEARLY * min(apart)]


def only_in_float32(task: str, record: list[Observation]) -> bool:
    """Whether all replies are right to float32's accuracy, and some no better."""
    if not function(task).exact:
        return False
    replays = Replays(task, record[: limits.DIAGNOSED_CALLS])
    reference, numbers = reference_function(task), range(len(replays.observed))
    facts = [fact for fact in FACTS if fact != "moved_random_state"]
    if not all(replays.gives(reference, number, facts, single=True) is EXACTLY for number in numbers):
        return False
    return any(replays.distance(reference, number) > 1 for number in numbers)
