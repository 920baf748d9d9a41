"""What a graded function still lacks. Each thing that is forgotten when one is added is a line here, with its place."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from ..checking import golden
from ..checking.points import cases
from ..contract import stubs
from ..contract.functions import FUNCTIONS, MODULES, Function
from ..contract.reference import reference_function, reference_module
from ..diagnosis.mistakes import catalogue
from ..formulas.exceptions import NOT_EVALUATED
from ..formulas.symbols import symbols_of
from ..paths import CHECKS, ROOT

MISTAKES = 5  # at least so many
SECTIONS = ("Source:", "Convention:", ">>> ")  # of a docstring, beside its first sentence
TESTS = ROOT / "tests" / "reference"
SOLUTIONS = ROOT / "tests" / "solutions"


def missing() -> list[str]:
    """A line for everything that is missing, "ddpm.posterior_step: no goldens: run …"."""
    mistakes = Counter(mistake.task for mistake in catalogue())
    goldens = golden.tasks()
    found = [f"{task}: {what}" for task, what in _without_a_record()]
    for function in FUNCTIONS:
        try:
            reference = reference_function(function.task)
        except (ImportError, AttributeError):
            found.append(f"{function.task}: reference/{function.module}.py does not define it")
            continue
        problems = [*_of_the_reference(function, reference), *_of_checks(function)]
        if function.exact and function.task not in goldens:
            problems.append("no goldens in fixtures/: run `nox -s fixtures`")
        if mistakes[function.task] < MISTAKES:
            place = f"grading/diagnosis/mistakes/{function.module}.py"
            problems.append(f"{mistakes[function.task]} catalogued mistakes in {place}, expected {MISTAKES} at least")
        problems += [*_of_the_stub(function), *_of_solutions(function), *_of_tests(function)]
        found += [f"{function.task}: {problem}" for problem in problems]
    return found


def _without_a_record() -> Iterator[tuple[str, str]]:
    known = {function.task for function in FUNCTIONS}
    for module in MODULES:
        for name in reference_module(module).__all__:
            if f"{module}.{name}" not in known:
                yield (
                    f"{module}.{name}",
                    "in the reference's __all__, without a record in grading/contract/functions.py",
                )


def _of_the_reference(function: Function, reference: Callable) -> Iterator[str]:
    place = f"reference/{function.module}.py"
    if function.name not in reference_module(function.module).__all__:
        yield f"not in __all__ of {place}"
    signature = _signature(reference)
    if signature != function.signature:
        yield f"{place} has ({signature}), the contract ({function.signature})"
    text = inspect.getdoc(reference) or ""
    if function.task not in NOT_EVALUATED and symbols_of(function.task) is None:
        yield f"its formula is not evaluated: grading/formulas/symbols/{function.module}.py has no {function.name}"
    absent = [section.strip() for section in SECTIONS if section not in text]
    if absent:
        yield f"its docstring in {place} lacks {', '.join(absent)}"


def _signature(reference: Callable) -> str:
    """As a record writes it: without annotations, functions by their names."""
    parts = []
    for name, parameter in inspect.signature(reference).parameters.items():
        default = parameter.default
        shown = default.__name__ if callable(default) else repr(default)
        parts.append(name if default is inspect.Parameter.empty else f"{name}={shown}")
    return ", ".join(parts)


def _of_checks(function: Function) -> Iterator[str]:
    if function.exact and next(iter(cases(function.task, 0)), None) is None:
        yield f"no test points: grading/checking/points/{function.module}.py has no {function.name}"
    if function.task not in _checked(function.module):
        yield f'no property of its own: grading/checking/checks/test_{function.module}.py has no @grades("{function.task}")'


def _checked(module: str) -> set[str]:
    """The tasks that a file of checks names in its ``@grades(…)``."""
    path = CHECKS / f"test_{module}.py"
    if not path.is_file():
        return set()
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    named = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "grades")
    return {
        argument.value
        for call in named
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def _of_solutions(function: Function) -> Iterator[str]:
    """At least one correct solution by another hand; they are in a checkout only."""
    if SOLUTIONS.is_dir() and not written_in(SOLUTIONS, function):
        yield f"no correct solution in tests/solutions/ has it, such as plain/{function.module}.py"


def _of_the_stub(function: Function) -> Iterator[str]:
    """Without "# Task:" the whole solution would be in the stub."""
    definitions = {
        node.name: node for node in ast.parse(_stubs()[f"{function.module}.py"]).body if hasattr(node, "name")
    }
    stub = definitions.get(function.name)
    if stub is None:
        yield "it has no stub: run `nox -s stubs -- --refresh`"
    elif "raise NotImplementedError" not in map(ast.unparse, ast.walk(stub)):
        yield f"its stub holds the solution: reference/{function.module}.py has no `# Task:` first in its body"


@cache
def _stubs() -> dict[str, str]:
    return stubs.build()


def _of_tests(function: Function) -> Iterator[str]:
    """The reference's own test, against an oracle that is not the reference; in a checkout, too."""
    path = TESTS / f"test_{function.module}.py"
    if TESTS.is_dir() and not (path.is_file() and re.search(rf"\b{function.name}\b", path.read_text(encoding="utf-8"))):
        yield f"the reference is not tested: tests/reference/{path.name} does not name it"
    refusals = TESTS / "test_arguments.py"
    tables = refusals.read_text(encoding="utf-8") if refusals.is_file() else ""
    if f'"{function.module}"' in tables and f'"{function.name}"' not in tables:
        yield f"what it refuses is not tested: tests/reference/{refusals.name} does not name it"


def written_in(folder: Path, function: Function) -> bool:
    """Whether a solution has the function: those that are older than it need not."""
    name = rf"(?:{function.module}_)?{function.name}"
    written = re.compile(rf"\b(?:def|class) {name}\b|^\s*{name} =", re.MULTILINE)
    return any(written.search(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py"))
