"""What is printed: a line for each function, and below it what is wrong."""

from __future__ import annotations

from collections import Counter

from .verdict import Verdict, judge

_SHOWN = 3  # failures of one function
_WORDS = ("passed", "failed", "not implemented")


def run(tasks: list[str]) -> None:
    verdicts = []
    for task in tasks:
        verdicts.append(judge(task))
        print(told(verdicts[-1]), flush=True)
    counts = Counter(verdict.word for verdict in verdicts)
    print(f"\n{len(verdicts)} functions: " + ", ".join(f"{counts[word]} {word}" for word in _WORDS))


def told(verdict: Verdict) -> str:
    head = "  ".join(filter(None, [verdict.task, verdict.word, verdict.note]))
    return "\n".join([head, *explained(verdict)])


def explained(verdict: Verdict) -> list[str]:
    lines = []
    for failure in verdict.failures[:_SHOWN]:
        lines += [f"  ✗ {failure.says}", f"    {failure.summary}"]
        named = {"called": failure.called, "expected": failure.expected, "got": failure.got, "where": failure.where}
        lines += [f"      {name:<9} {text}" for name, text in named.items() if text]
    more = len(verdict.failures) - _SHOWN
    return lines + ([f"  … and {more} more checks fail"] if more > 0 else [])
