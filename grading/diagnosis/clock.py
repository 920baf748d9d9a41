"""How much time a diagnosis may take: it is an extra, and a class of students waits for it."""

import time
from collections.abc import Callable

from ..sandbox import limits

OutOfTime = Callable[[], bool]


class Clock:
    """What a diagnosis has used up, in processor time on this side and in wall clock."""

    def __init__(self) -> None:
        self._start, self._start_cpu = time.monotonic(), time.process_time()
        self._patience = limits.patience()

    def used(self) -> float:
        return time.process_time() - self._start_cpu

    def late(self) -> bool:
        return time.monotonic() - self._start > limits.WAITING_SECONDS * self._patience

    def past_matching(self) -> bool:
        return self.used() > limits.MATCHING_SECONDS

    def past_reading(self, seconds: float) -> OutOfTime:
        """For reading back, so many seconds from now on."""
        until = min(self.used() + seconds, limits.MATCHING_SECONDS + limits.READING_SECONDS / 2)
        return lambda: self.used() > until or self.late()
