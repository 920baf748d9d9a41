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

# That the global random state was moved is true of all that draws, and proves none of them.
PROVING = [fact for fact in FACTS if fact != "moved_random_state"]
CLEARLY = 16  # times nearer: the right formula to an entry, one entry to another, where float32 blurs both
_NO_HURRY: OutOfTime = lambda: False
IN_FLOAT32 = Finding(
    "Your results are right to about 7 digits, as float32 gives them; with float64 arguments they are to be right to "
    "about 15. Look for a cast to float32, a number that is kept in float32, or a small constant.",
    "right to float32's accuracy only",
)


def recognised(
    task: str, record: list[Observation], out_of_time: OutOfTime = _NO_HURRY, unseen: bool = True
) -> list[Mistake]:
    """The catalogued mistakes that explain the record, all of them where there are several.

    ``unseen``: whether one counts that shows in no reply, as nothing else is known that could be wrong.
    """
    replays = Replays(task, record[: limits.DIAGNOSED_CALLS])
    for single in (False, True) if function(task).exact else (False,):
        found = _Search(task, replays, out_of_time, single).proven(unseen)
        if found or out_of_time():
            return found
    return []


def explanations(task: str, record: list[Observation], out_of_time: OutOfTime = _NO_HURRY) -> list[Mistake]:
    """The catalogued mistakes that no observation refutes, all of them where there are several."""
    return _Search(task, Replays(task, record[: limits.DIAGNOSED_CALLS]), out_of_time).explanations()


class _Search:
    """The entries for one function, as exactly as the calls allow or to float32's accuracy."""

    def __init__(self, task: str, replays: Replays, out_of_time: OutOfTime, single: bool = False) -> None:
        self.task, self.replays, self.out_of_time, self.single = task, replays, out_of_time, single
        self.numbers = range(len(replays.observed))
        self.reference = reference_function(task)

    def explanations(self) -> list[Mistake]:
        observed = self.replays.observed
        if not observed or any(one.reply is None and not one.error for one in observed):
            return []
        found = [mistake for mistake in catalogue() if mistake.task == self.task and self._explains(mistake)]
        return [] if self.out_of_time() else found  # one of several that fit is not to be named alone

    def _explains(self, mistake: Mistake) -> bool:
        gives = partial(self.replays.gives, mistake.implementation, single=self.single)
        return all(not self.out_of_time() and gives(number) is not NOT for number in self.numbers)

    def proven(self, unseen: bool) -> list[Mistake]:
        """Those that give exactly at least one reply which the reference does not give.

        Of a mistake that draws random numbers of its own it is only known where its replies lie. Where all replies are
        right (a network is called too often, say), a mistake has to give all of them exactly, and nothing may be drawn.
        """
        found = [mistake for mistake in self.explanations() if self._is_proven(mistake, unseen)]
        if all(one.reply is None for one in self.replays.observed):  # of many mistakes an error of the same type comes
            found = [mistake for mistake in found if self.replays.raises_the_same(mistake.implementation)]
        return [] if self.out_of_time() else self._nearest(found) if self.single else found

    def _is_proven(self, mistake: Mistake, unseen: bool) -> bool:
        exactly, right = partial(self._exactly, mistake), self._right
        if any(exactly(number) and not right(number) and self._clearly(mistake, number) for number in self.numbers):
            return True
        if self.single or not unseen or self.replays.drawn or not all(map(right, self.numbers)):
            return False
        return all(map(exactly, self.numbers))

    def _right(self, number: int) -> bool:
        return self.replays.gives(self.reference, number, PROVING, self.single) is EXACTLY

    def _exactly(self, mistake: Mistake, number: int) -> bool:
        """Not by chance: where random numbers are drawn, each time."""
        reply = self.replays.observed[number].reply
        drawn = reply is not None and reply.moved_random_state
        for _ in range(REPLAYS if drawn else 1):
            if (
                self.out_of_time()
                or self.replays.gives(mistake.implementation, number, single=self.single) is not EXACTLY
            ):
                return False
            if drawn:
                self.replays.again(mistake.implementation, number)
        return True

    def _clearly(self, mistake: Mistake, number: int) -> bool:
        """Where the right result is as near, something else tells them apart: a graph, say."""
        own, other = (self.replays.distance(f, number, self.single) for f in (mistake.implementation, self.reference))
        return not self.single or other <= 1 or CLEARLY * own <= other

    def _nearest(self, mistakes: list[Mistake]) -> list[Mistake]:
        """Of several that fit to float32's accuracy, those that no other fits much better than."""
        apart = [max(self.replays.distance(one.implementation, n, True) for n in self.numbers) for one in mistakes]
        return [one for one, far in zip(mistakes, apart) if far <= CLEARLY * min(apart)]


def only_in_float32(task: str, record: list[Observation]) -> bool:
    """Whether all replies are right to float32's accuracy, and most no better: a small error in one corner is another."""
    if not function(task).exact:
        return False
    replays = Replays(task, record[: limits.DIAGNOSED_CALLS])
    reference, numbers = reference_function(task), range(len(replays.observed))
    if not all(replays.gives(reference, number, PROVING, single=True) is EXACTLY for number in numbers):
        return False
    return 2 * sum(replays.distance(reference, number) > 1 for number in numbers) > len(numbers)
