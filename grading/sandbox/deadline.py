"""How long one submission may take in all, by the wall clock: whatever it does, its grading ends."""

import math
import time
from dataclasses import dataclass


class TimeIsUp(BaseException):
    """The deadline has passed. As of a cancelled task, nobody who handles errors is to handle this."""


@dataclass(frozen=True)
class Deadline:
    seconds: float = math.inf
    until: float = math.inf  # of the monotonic clock, which all processes of the grader share

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(seconds, time.monotonic() + seconds)

    def passed(self) -> bool:
        return time.monotonic() > self.until

    def check(self) -> None:
        if self.passed():
            raise TimeIsUp


NEVER = Deadline()
