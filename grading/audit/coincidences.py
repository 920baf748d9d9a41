"""Golden inputs that do not tell two mistakes apart, or a mistake from the right result, where others do."""

import multiprocessing
from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

from .. import readback
from ..cases import cases
from ..compare import alike
from ..golden import golden_cases
from ..mistakes import CATALOGUE
from ..tasks import reference_function
from ..worker.calls import perform

SAME = 1e-7  # of a result's size: far above rounding, far below what a mistake changes
RIGHT = "the right result"


def coincidences(tasks: list[str], seed: int, jobs: int) -> list[str]:
    """A warning for every two that coincide on all golden inputs of a function and not on freshly drawn ones."""
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        return [warning for warnings in pool.imap(partial(coinciding, seed=seed), tasks) for warning in warnings]


def coinciding(task: str, seed: int) -> list[str]:
    candidates = {m.name: m.implementation for m in CATALOGUE if m.task == task}
    golden = [arguments for arguments, _ in golden_cases(task)]
    if not golden:
        return []
    results = {name: [_result(function, one) for one in golden] for name, function in candidates.items()}
    fresh = [arguments for _, arguments in cases(task, seed)]

    def told_apart(first: str, second: str) -> bool:
        """By freshly drawn inputs."""
        pairs = ((_result(candidates[first], one), _result(candidates[second], one)) for one in fresh)
        return not all(alike(*pair, SAME) for pair in pairs)

    candidates[RIGHT] = reference_function(task)
    right = [_result(candidates[RIGHT], one) for one in golden]
    hidden = [name for name in results if alike(results[name], right, SAME)]  # whatever is like one is like them all
    pairs = [(name, RIGHT) for name in hidden]
    pairs += [
        (first, second)
        for first, second in combinations([name for name in results if name not in hidden], 2)
        if alike(results[first], results[second], SAME)
    ]
    told = f"{task}: on the golden inputs {{}} and {{}} give the same"
    return [told.format(*pair) for pair in pairs if told_apart(*pair)]


def _result(function: Callable, arguments: dict[str, Any]) -> Any:
    """What a function gives, or the type of the error that it raises."""
    try:
        return perform(function, [], {name: readback.fresh(value) for name, value in arguments.items()}, None)["result"]
    except Exception as error:
        return type(error).__name__
