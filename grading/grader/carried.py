"""Errors carried forward: what fails because of another function of the submission is asked again with a right one."""

from collections.abc import Mapping
from dataclasses import replace

from ..contract.uses import used_by
from ..verdicts import FAILED, NOT_IMPLEMENTED, PASSED, Verdict


def to_lend(verdicts: Mapping[str, Verdict]) -> dict[str, tuple[str, ...]]:
    """For each function that may fail because of others: those others, to be lent right ones of."""
    lent = {}
    for task, verdict in verdicts.items():
        others = [verdicts[one] for one in used_by(task) if one in verdicts]
        wanted = [one for one in others if one.outcome in (FAILED, NOT_IMPLEMENTED)]
        # Written, and stopped at the very line at which another one is not: that is the other one's stub.
        written = verdict.outcome == NOT_IMPLEMENTED and bool(verdict.defined_at)
        stopped = written and any(verdict.reason == one.reason for one in wanted)
        if wanted and (stopped or (verdict.outcome == FAILED and not _not_imported(verdict))):
            lent[task] = tuple(one.task for one in wanted)
    return lent


def _not_imported(verdict: Verdict) -> bool:
    return any(check.failure is not None and check.failure.importing for check in verdict.checks)


def carried_forward(first: Mapping[str, Verdict], with_lent: Mapping[str, Verdict]) -> list[Verdict]:
    """The verdicts that have more to say, now that these functions were asked with right ones in others' places."""
    told: dict[str, Verdict] = {}
    for task in (task for task in first if task in with_lent):
        verdict, again = first[task], with_lent[task]
        if again.outcome not in (PASSED, FAILED) or not again.borrowed:
            continue
        if again.outcome == PASSED:
            told[task] = replace(verdict, mistakes=[], reading=[], unexplained="", carried=again.borrowed)
        else:  # its points are for what was handed in
            told[task] = replace(again, outcome=verdict.outcome, reason=verdict.reason, beside=again.borrowed)
            told[task].terms = verdict.terms
    for verdict in told.values():
        verdict.carried = _roots(verdict.carried, told)
        verdict.unwritten = [
            one for one in (*verdict.carried, *verdict.beside) if first[one].outcome == NOT_IMPLEMENTED
        ]
    return list(told.values())


def _roots(carried: list[str], told: Mapping[str, Verdict]) -> list[str]:
    """What is wrong itself: a function that is right by itself hands the blame on."""
    found: list[str] = []
    for one in carried:
        found += _roots(told[one].carried, told) if one in told and told[one].carried else [one]
    return list(dict.fromkeys(found))
