"""How much a diagnosis may try: counted, never timed, so that the words are the same on every machine.

Far beyond what any diagnosis takes there is an emergency limit, for code that is very slow. Where it is hit, that is
said, and nothing else: half a search finds other things on another day.
"""

import itertools
import time
from collections.abc import Callable

from ..sandbox import limits
from ..sandbox.deadline import NEVER, Deadline

OutOfTime = Callable[[], bool]


class Bounds:
    """What one diagnosis may try, and whether it had to be broken off."""

    def __init__(self, deadline: Deadline = NEVER) -> None:
        self._deadline = deadline
        self._until = time.monotonic() + limits.DIAGNOSIS_SECONDS * limits.patience()
        self.broken_off = False

    def emergency(self) -> bool:
        """Whether it has to be; after the submission's own deadline there is no diagnosis at all."""
        self._deadline.check()
        self.broken_off = self.broken_off or time.monotonic() > self._until
        return self.broken_off

    def tries(self, most: int) -> OutOfTime:
        """True from the time that it has been asked so often."""
        asked = itertools.count(1)
        return lambda: next(asked) > most or self.emergency()
