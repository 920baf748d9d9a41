"""Runs in threads: what is made by now, how long it still takes, stopping, and trouble in its own place."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

from reference.networks import Missing

from ..pictures.functions import CannotGoOn, Functions
from ..pictures.lent import Lending, with_lent
from ..report.quoted import quoted
from ..sandbox.deadline import Deadline, TimeIsUp
from ..verdicts import GraderFault, Unusable
from .made import Made, Tell
from .whose import REFERENCE, Submitted

__all__ = ["Make", "Side", "Work"]

BETWEEN = 0.1  # seconds between two looks at what is being made: a browser shows no more
LONGEST = 600  # characters of what is said

Make = Callable[[Functions, Tell, Made | None], Made]  # a recipe with its settings; the last is what it goes on from


@dataclass(frozen=True)
class Until(Deadline):
    """It has passed once somebody says so."""

    said: threading.Event = field(default_factory=threading.Event)

    def passed(self) -> bool:
        return self.said.is_set()


@dataclass
class Side:
    """One side's run: what is made by now, or what kept it from that."""

    name: str
    made: Made | None = None
    done: float = 0.0
    trouble: str = ""
    note: str = ""  # what is worth knowing and no trouble
    ended: bool = False
    stopped: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until it is done, if all goes on as until now."""
        return (time.monotonic() - self.began) * (1 - self.done) / self.done if self.done else inf


class Work:
    """All sides of one run, each in a thread; begun by making it."""

    def __init__(
        self,
        submitted: Submitted,
        sides: list[str],
        make: Make,
        begun: Mapping[str, Made | None] = MappingProxyType({}),
    ) -> None:
        """``begun`` is what was made before of each side, where it goes on."""
        self.sides = [Side(name, made=begun.get(name)) for name in sides]
        self._submitted, self._make, self._until, self._news = submitted, make, Until(), threading.Event()
        for side in self.sides:
            threading.Thread(target=self._run, args=[side], daemon=True).start()

    @property
    def ended(self) -> bool:
        return all(side.ended for side in self.sides)

    def stop(self) -> None:
        """At the next call of ours, or within a quarter of a second where only the submission is running."""
        self._until.said.set()

    def watch(self) -> Iterator["Work"]:
        """Itself, whenever there is something new to see, and once more when all has ended."""
        while not self.ended:
            self._news.wait(1.0)  # the time that is left changes all the same
            self._news.clear()
            if not self.ended:
                yield self
                time.sleep(BETWEEN)
        yield self

    def _run(self, side: Side) -> None:
        def tell(done: float, made: Made) -> None:
            side.done, side.made = done, made
            self._news.set()
            self._until.check()

        try:
            with self._submitted.functions(side.name, self._until) as functions:
                side.made = self._make(functions, tell, side.made)
                side.done = 1.0
                side.note = _how(functions)
        except TimeIsUp:
            side.stopped = True
        except (CannotGoOn, Unusable, Missing) as unusable:
            side.trouble = _short(str(unusable))
        except GraderFault as fault:
            side.trouble = _short(f"this is not the submission's fault: {fault}")
        except Exception as error:  # a tensor of another shape, most likely
            cause = (
                "this is a fault of the studio's" if side.name == REFERENCE else "it cannot go on with what came back"
            )
            side.trouble = _short(f"{cause}: {type(error).__name__}: {error}")
        finally:
            side.ended = True
            self._news.set()


def _how(functions: Functions) -> str:
    if not isinstance(functions, Lending):
        return ""
    return with_lent(functions.lent) if functions.own else "nothing of what was handed in took part: all was lent"


def _short(text: str) -> str:
    said = quoted(text)
    return said[:LONGEST] + "…" * (len(said) > LONGEST)
