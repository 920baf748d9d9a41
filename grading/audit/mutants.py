"""Automatic mutants of the reference: one small change each, in a function that a grade depends on.

What is mutated is every graded function and what it calls within its own module, and the look-ups of the schedule that
all modules share. What is not: docstrings, annotations, ``__all__``, the inside of the networks, which the contract
leaves to the student (``scope.FREE``), and the refusal of arguments outside the contract (``scope.is_refusal``): no
check hands such arguments in, so that no grade can depend on how they are refused.
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..diagnosis.repair.operators import replacements
from ..diagnosis.repair.places import drop_docstrings, line, places
from .scope import definition, is_refusal, is_refusing, module_source, reached


@dataclass(frozen=True)
class Mutant:
    """One change. Mutants are told apart by how they read, not by lines: they stay the same when code moves."""

    module: str  # of the reference, "ddpm"
    scope: str  # the function, "posterior_step" or "UnconditionalUNet._run"
    operator: str
    original: str  # the statement, without the block that it governs
    mutated: str
    tasks: tuple[str, ...] = field(compare=False)  # the graded functions that may notice
    source: str = field(compare=False, repr=False)  # of the whole module
    same_code: bool = field(default=False, compare=False)  # it compiles to what the original compiles to

    @property
    def name(self) -> str:
        return f"{self.module}.{self.scope}: {self.original} → {self.mutated}"


def mutants(tasks: list[str]) -> Iterator[Mutant]:
    """Every mutant that one of these graded functions may notice."""
    for (module, name), users in reached().items():
        concerned = tuple(task for task in users if task in tasks)
        if concerned:
            yield from mutations(module_source(module), module, name, concerned)


def mutations(source: str, module: str, name: str, tasks: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """The mutants of one function, class or constant of a module, in the order of its source, none twice."""
    tree = ast.parse(source)
    node = definition(tree, name)
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    lines = source.splitlines(keepends=True)
    before, after = "".join(lines[: first - 1]), "".join(lines[node.end_lineno :])
    known = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} | {"min", "max"}
    known |= {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    drop_docstrings(node)
    holder = ast.Module([node], [])
    plain = ast.unparse(holder)
    seen, code = {plain}, compiled(plain)
    for place in places(holder, 0, name, is_left_out):
        original = line(place.statement)
        for operator, replacement in replacements(place.piece):
            if isinstance(replacement, ast.Name) and operator == "name" and replacement.id not in known:
                continue  # there is no such variable here
            with place.holds(replacement) as changed:
                text = ast.unparse(holder)
                mutated = "; ".join(line(one) for one in changed)
            if text not in seen:
                seen.add(text)
                same, whole = compiled(text) == code, f"{before}{text}\n{after}"
                yield Mutant(module, place.scope, operator, original, mutated, tasks, whole, same)


def pairs(singles: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Two mutants at different statements of one definition, made together: ``count`` or fewer, drawn at random."""
    generator = random.Random(seed)
    found: list[Mutant] = []
    for _ in range(8 * count):
        if len(singles) < 2 or len(found) == count:
            break
        first, second = generator.sample(singles, 2)
        if (first.module, first.scope) == (second.module, second.scope) and first.original != second.original:
            found += _together(first, second)
    return found


def _together(first: Mutant, second: Mutant) -> list[Mutant]:
    """One mutant with both changes; none where the first leaves no room for the second."""
    for both in mutations(first.source, second.module, second.scope.split(".")[0], second.tasks):
        if (both.scope, both.original, both.mutated) == (second.scope, second.original, second.mutated):
            original, mutated = f"{first.original} ‖ {second.original}", f"{first.mutated} ‖ {second.mutated}"
            return [replace(both, original=original, mutated=mutated, operator="pair")]
    return []


def compiled(source: str) -> tuple:
    """What a source compiles to: 1 + 1 and 2 are the same code."""
    return _bare(compile(source, "", "exec"))


def _bare(code) -> tuple:
    """A code object without names of files and lines."""
    constants = tuple(_bare(c) if hasattr(c, "co_code") else (type(c), repr(c)) for c in code.co_consts)
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def is_left_out(node: ast.AST) -> bool:
    return is_refusal(node) or is_refusing(node)
