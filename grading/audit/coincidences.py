"""Golden inputs that do not tell two mistakes apart, or a mistake from the right result, where others do."""

import multiprocessing
from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import torch

from ..checking.compare import alike, precision
from ..checking.golden import golden_cases
from ..checking.points import cases
from ..contract.reference import reference_function
from ..diagnosis.mistakes import catalogue
from ..sandbox.crossing.calls import perform
from ..sandbox.crossing.values import fresh

# Of a result's size: far above rounding. What float64 computes in float32 is another result.
SAME = {torch.float64: 1e-9, torch.float32: 1e-5}
RIGHT = "the right result"


def coincidences(tasks: list[str], seed: int, jobs: int) -> list[str]:
    """A warning for every two that coincide on all golden inputs of a function and not on freshly drawn ones."""
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        return [warning for warnings in pool.imap(partial(coinciding, seed=seed), tasks) for warning in warnings]


def coinciding(task: str, seed: int) -> list[str]:
    candidates = {m.name: m.implementation for m in catalogue() if m.task == task}
    golden = [arguments for arguments, _ in golden_cases(task)]
    if not golden:
        return []
    results = {name: [_result(function, one) for one in golden] for name, function in candidates.items()}
    fresh = [arguments for _, arguments in cases(task, seed)]

    def told_apart(first: str, second: str) -> bool:
        """By freshly drawn inputs."""
        return any(
            not alike(_result(candidates[first], one), _result(candidates[second], one), SAME[precision(one)])
            for one in fresh
        )

    def same(results: list[Any], others: list[Any]) -> bool:
        """On the golden inputs."""
        return all(alike(a, b, SAME[precision(one)]) for one, a, b in zip(golden, results, others))

    candidates[RIGHT] = reference_function(task)
    right = [_result(candidates[RIGHT], one) for one in golden]
    hidden = [name for name in results if same(results[name], right)]  # whatever is like one is like them all
    pairs = [(name, RIGHT) for name in hidden]
    pairs += [
        (first, second)
        for first, second in combinations([name for name in results if name not in hidden], 2)
        if same(results[first], results[second])
    ]
    told = f"{task}: on the golden inputs {{}} and {{}} give the same"
    return [told.format(*pair) for pair in pairs if told_apart(*pair)]


def _result(function: Callable, arguments: dict[str, Any]) -> Any:
    """What a function gives, or the type of the error that it raises."""
    try:
        return perform(function, [], {name: fresh(value) for name, value in arguments.items()}, None)["result"]
    except Exception as error:
        return type(error).__name__
