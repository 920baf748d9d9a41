"""Read back what a failed function computes, from nothing but its answers, and say what is wrong with it.

    probes → numbers → formula → verified on every answer → findings in words

A reading is a formula. It counts only if it reproduces every answer that the checks recorded, and those to inputs drawn
afresh, each to within rounding; otherwise nothing is said. It never changes a verdict. What kind of formula is looked
for depends on the function:

| function                          | reading                                                       | module              |
| --------------------------------- | ------------------------------------------------------------- | ------------------- |
| made of the noise schedule        | weights as products of powers of ᾱ_t, ᾱ_prev, β, η            | ``schedule``        |
| made of estimates or gradients    | weights of named terms in scale, norms and sizes              | ``combinations``    |
| losses                            | a reduction of one among several terms, its power and factor  | ``losses``          |
| of logits                         | a function of one logit, recovered by itself                  | ``logits``          |
| blur                              | kernel, normalisation and padding, recovered from impulses    | ``kernels``         |
| all with one exact answer         | relation to the expected result                               | ``relations``       |
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ..cases import Draw, cases
from . import combinations, kernels, logits, relations, schedule, sums
from .evidence import Answer, Arguments, Ask, answers, explains, fresh
from .formula import Finding
from .relations import varied

SUMS = schedule.FORMULAS | combinations.FORMULAS
FRESH_SEEDS = (101, 102)
WITHOUT_SIZES = ("dps", "latents", "unet", "guidance", "illusions")  # whose images cannot be cut to other sizes


class Reading(Protocol):
    def predict(self, arguments: Arguments): ...

    def findings(self) -> list[Finding]: ...


def read(task: str, ask: Ask, record: list[Answer], out_of_time: Callable[[], bool]) -> list[Finding]:
    """What is wrong with a function, if it can be read back."""
    found = reading(task, ask, record, out_of_time)
    return found.findings() if found is not None else []


def reading(task: str, ask: Ask, record: list[Answer], out_of_time: Callable[[], bool]) -> Reading | None:
    """The formula that gives every answer; none where the answers are right."""
    if any(one.value is None and not one.error for one in record):
        return None  # it hung or died, or returned nothing: no formula does
    drawn = answers(ask, _fresh_calls(task))
    seen = [*drawn, *record]
    if explains(relations.as_expected(task).predict, seen, out_of_time):
        return None
    for candidate in _readings(task, ask, drawn, out_of_time):
        if out_of_time():
            return None
        if explains(candidate.predict, seen, out_of_time):
            return candidate
    return None


def _readings(task: str, ask: Ask, drawn: list[Answer], out_of_time: Callable[[], bool]) -> Iterator[Reading]:
    if task in SUMS:
        yield from sums.read_sum(SUMS[task], ask)
    if task in logits.SIDES:
        yield from logits.logit_losses(task, ask, out_of_time)
    if task == "illusions.gaussian_kernel1d":
        yield from kernels.kernels(ask)
    if task == "illusions.lowpass":
        yield from kernels.blurs()
    yield from relations.relations(task, drawn, out_of_time)


def _fresh_calls(task: str) -> Iterable[Arguments]:
    """Points that no check has drawn, and parts of them in other sizes."""
    for seed in FRESH_SEEDS:
        draw = Draw([seed, 0])
        for _, arguments in cases(task, seed):
            yield arguments
            if task.split(".")[0] not in WITHOUT_SIZES:
                yield varied(arguments, *(draw.integer(1, 4) for _ in range(4)))


__all__ = ["SUMS", "Answer", "Finding", "fresh", "read", "reading"]
