"""Under which title a failure is told: a check's own only where the property fails that it is about, and once.

A check of some property also meets results that are wrong in general, calls that raise, results that are missing. What
it meets then says nothing about the property, and other checks meet it too.
"""

from collections.abc import Iterable

from ..verdicts import CheckResult

TITLES = {  # by kind of failure
    "importing": "The submission can be imported.",
    "value": "The result is the formula's.",
    "raised": "Every call that the contract allows ends with a result.",
    "not here": "What the function needs can be had where it is graded.",
    "nothing": "The result is returned.",
    "form": "The result has the kind, shape and dtype that the contract says.",
    "not finite": "The result is finite.",
    "precision": "The result has the precision of the arguments.",
    "boxes": "Each sample has one box of zeros through all its channels; the rest stays as it was.",
    "told": "The network is asked about the timesteps of the chain, one after another.",
    "died": "The process that runs the function goes on.",
    "changed": "No argument is changed in place.",
    "unsteady": "The same call gives the same result.",
    "detached": "The result is detached.",
}
_ONCE = {*TITLES, "gradient", "cut off", "grad left"}
_FOLLOWS = {  # what one kind of failure brings with it
    "gradient": {"value", "form", "not finite"},
    "cut off": {"nothing", "form"},
    "precision": {"form"},
    "anew": {"seeded"},
    "wrong": {"nothing"},
}


def title(own: str, kind: str, plain: bool) -> str:
    """``plain``: a check of plain results, under whose own title all that goes wrong may stand."""
    return own if plain else TITLES.get(kind, own)


def told_once(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks without the failures that others say already; at least one failure is left where there was one."""
    checks = list(checks)
    kinds = {check.failure.kind for check in checks if check.failure is not None}
    defaults = {check.failure.subject for check in checks if check.failure and check.failure.kind == "default"}
    kept, told = [], set[str]()
    for check in checks:
        if check.failure is not None:
            kind = check.failure.kind
            refused = kind == "raised" and "changed" in kinds and _in_place(check.failure.summary)
            follows = kind == "value" and defaults & set(check.failure.subject.split())
            again = (kind in _ONCE and kind in told) or check.title in told
            if refused or follows or again or kinds & _FOLLOWS.get(kind, set()):
                continue
            told |= {kind, check.title}
        kept.append(check)
    return kept


def _in_place(raised: str) -> bool:
    """Autograd itself refuses some of what is changed in place."""
    return "in-place" in raised or "inplace" in raised
