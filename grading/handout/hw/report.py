"""What is printed: a line for each function, and below it what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .course import FUNCTIONS, SETTINGS
from .lent.contract.order import next_up

if TYPE_CHECKING:
    from .verdict import Verdict

SHOWN = 3  # failures of one function
_WORDS = ("passed", "failed", "not implemented", "by hand")


def run(tasks: list[str]) -> None:
    from .verdict import judge  # with torch, which whoever watches does without

    words = {}
    for task in tasks:
        verdict = judge(task)
        words[task] = verdict.word
        print(told(verdict), flush=True)
    print("\n" + "\n".join(summed(words)))


def summed(words: Mapping[str, str]) -> list[str]:
    """How many there are of each, and which is next."""
    counts = Counter(words.values())
    total = f"{len(words)} functions: " + ", ".join(
        f"{counts[word]} {word}" for word in _WORDS if counts[word] or word != "by hand"
    )
    unfinished = [task for task in FUNCTIONS if words.get(task, "passed") != "passed"]
    return [total, *filter(None, [next_up(unfinished, SETTINGS["made_of"])])]


def told(verdict: Verdict) -> str:
    head = "  ".join(filter(None, [verdict.task, verdict.word, verdict.note]))
    return "\n".join([head, *explained(verdict)])


def explained(verdict: Verdict) -> list[str]:
    lines = []
    for failure in verdict.failures[:SHOWN]:
        lines += [f"  ✗ {failure.says}", f"    {failure.summary}"]
        lines += [f"      {name:<9} {text}" for name, text in failure.named().items()]
    more = len(verdict.failures) - SHOWN
    return lines + ([f"  … and {more} more checks fail"] if more > 0 else [])
