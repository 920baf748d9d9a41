"""Properties: checks that are tried on several examples, which hypothesis draws from the run's seed.

Those of the same strategies are the same, and are drawn once by a process: a whole class is asked them.
"""

import contextlib
import copy
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import seed as from_seed
from hypothesis.strategies import SearchStrategy

from ...sandbox.student import NotAsked, Student

_MOST = 1024  # strategies and seeds whose examples are kept; all checks have a hundred kinds
_profile = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)

Drawn = dict[str, Any]
Strategies = tuple[tuple[str, SearchStrategy], ...]
_note: Callable[[Callable[[Student], object]], object] = lambda failed: None


@contextlib.contextmanager
def noting_failures(note: Callable[[Callable[[Student], object]], object]) -> Iterator[None]:
    """Have ``note`` told of every example at which a property fails, as a test of its own."""
    global _note
    before, _note = _note, note
    try:
        yield
    finally:
        _note = before


def holds_for(**strategies: SearchStrategy) -> Callable[[Callable], Callable]:
    """A property: it is tried on several examples, the simplest first, and ends at the first that fails."""
    drawn_from = tuple(strategies.items())

    def property(test: Callable) -> Callable:
        def asked(*arguments: Any, seed: int, student: Student, **handed: Any) -> None:
            def ask(drawn: Drawn) -> bool:
                """Whether this kit is asked it."""
                try:
                    test(*arguments, student=student, **handed, **copy.deepcopy(drawn))
                except NotAsked:
                    return False
                except Exception:
                    _note(lambda other: test(*arguments, student=other, **handed, **copy.deepcopy(drawn)))
                    raise
                return True

            for number, drawn in enumerate(_examples(drawn_from, seed)):
                if not ask(drawn):
                    return _ask_of_others(drawn_from, seed, ask, number)
            return None

        # Pytest hands over what a check's parameters are called, besides what is drawn.
        own = inspect.signature(test)
        kept = [one for one in own.parameters.values() if one.name not in strategies]
        run_seed = inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY)
        functools.update_wrapper(asked, test)
        asked.__signature__ = own.replace(parameters=[*kept, run_seed])  # type: ignore[attr-defined]
        return asked

    return property


def _draw(strategies: Strategies, seed: int, take: Callable[..., None]) -> None:
    from_seed(seed)(_profile(given(**dict(strategies))(take)))()


@functools.lru_cache(_MOST)
def _examples(strategies: Strategies, seed: int) -> list[Drawn]:
    found: list[Drawn] = []

    def keep(**drawn: Any) -> None:
        found.append(drawn)

    _draw(strategies, seed, keep)
    return found


def _ask_of_others(strategies: Strategies, seed: int, ask: Callable[[Drawn], bool], known: int) -> None:
    """Draw once more, another example for each that is not asked; so many as are ``known`` have been asked."""
    numbers, failures = itertools.count(), list[Exception]()

    def again(**drawn: Any) -> None:
        if next(numbers) < known or failures:
            return
        try:
            passed_by = not ask(drawn)
        except Exception as failure:
            failures.append(failure)
        else:
            if passed_by:
                reject()

    _draw(strategies, seed, again)
    if failures:
        raise failures[0]
