"""Two runs over the same hand-ins: who has other points, in which function, and what is said of it now."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..batch.store import GRADED, RESULTS
from ..verdicts import Unusable
from . import graded

_SETTINGS = ("course", "only", "seed", "secret", "hints")  # that decide a result
_SINGLE = "the submission"  # two results of one may have two names


@dataclass(frozen=True)
class One:
    """What came of one hand-in."""

    state: str  # "graded", or why not
    points: float | None
    tests: dict[str, dict[str, Any]]  # by function


@dataclass(frozen=True)
class Run:
    settings: dict[str, Any]
    hand_ins: dict[str, One]  # by key


def read(path: Path) -> Run:
    """A class that was graded, or a single results.json."""
    if path.is_dir():
        own = graded.read(path)
        return Run(_settings(own.document), {one["key"]: _of_entry(own, one) for one in own.entries})
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Run(_settings(document["extra_data"]), {_SINGLE: _of_results(document)})
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}; expected what `class --out` has written") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path}: expected a {RESULTS} of this grader, or what `class --out` has written") from error


def _settings(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in _SETTINGS}


def _of_entry(own: graded.Class, entry: dict[str, Any]) -> One:
    if entry["state"] != GRADED:
        return One(f"{entry['state']}: {entry['reason']}", None, {})
    return _of_results(own.results(entry))


def _of_results(document: dict[str, Any]) -> One:
    return One(GRADED, document["extra_data"]["points"]["reached"], {test["name"]: test for test in document["tests"]})


def changes(before: Run, after: Run) -> Iterator[str]:
    """A line for each who changed, and one for each function where; nothing where nobody did."""
    old, new = before.hand_ins, after.hand_ins
    for key in sorted(old.keys() | new.keys()):
        if key not in new or key not in old:
            yield f"{key}: only in the {'first' if key in old else 'second'}"
            continue
        where = list(_where(old[key], new[key]))
        if where or old[key].state != new[key].state or old[key].points != new[key].points:
            yield f"{key}: {_sum(old[key])} → {_sum(new[key])}"
            yield from (f"  {line}" for line in where)


def settings(before: Run, after: Run) -> Iterator[str]:
    """What the runs were told otherwise."""
    for name in _SETTINGS:
        if before.settings[name] != after.settings[name]:
            yield f"{name}: {before.settings[name]} → {after.settings[name]}"


def _sum(one: One) -> str:
    return f"{one.points:g} points" if one.points is not None else one.state


def _where(old: One, new: One) -> Iterator[str]:
    """Functions with another verdict or other points, and why: what is said of what did not pass, first of the new one."""
    for task in [*old.tests, *(one for one in new.tests if one not in old.tests)]:
        before, after = _one(old.tests.get(task)), _one(new.tests.get(task))
        if before != after:
            told = (run.tests[task]["output"].partition("\n")[0] for run in (new, old) if task in run.tests)
            yield f"{task}: {before} → {after}" + "".join(
                f": {line}" for line in [next(filter(None, told), "")] if line
            )


def _one(test: dict[str, Any] | None) -> str:
    if test is None:
        return "not there"
    score = f"{test['score']:g}" if "score" in test else "–"
    return f"{test['extra_data']['verdict']}, {score} of {test['max_score']:g}"
