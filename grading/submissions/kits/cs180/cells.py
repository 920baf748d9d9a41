"""Straight-line code: the formula of a cell, found by what it calls, with the statements that lead to it.

What a cell loads, shows and trains is left out: from the statement that computes the result, only those before it that
its names come from are kept. Names that come from nowhere are what the cell is given.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .roles import meaning
from .sources import Source
from .unfilled import GIVEN

_GIVEN_TO_ONE_STEP = ((r"^t$|^ts$|step|level|^time", "t"), (r"nois|^x|im|img|latent", "image"))
_GIVEN_TO_DENOISER = (
    (r"sigma|noise_?lev|std|^noise_scale", "sigma"),
    (r"model|unet|^net|denois", "unet"),
    (r"^x|im|img|clean|data|batch", "x"),
)
_ALPHAS = "alphas_cumprod"
_TIMESTEPS = r"time_?steps|strided"


@dataclass(frozen=True)
class Formula:
    """What of a cell is run."""

    source: Source
    line: int  # of the statement that computes the result
    lines: tuple[int, ...]  # of all statements that are run
    result: str  # the name that it gets
    given: dict[str, str]  # free names, by meaning; "each t" where it is one of several

    @property
    def place(self) -> str:
        return self.source.place(self.line)


@dataclass(frozen=True)
class Unreached:
    """There is such a cell, and its formula cannot be run; or it is not written."""

    place: str
    written: bool


def one_step(found: list[Source], roles: set[str]) -> Formula | Unreached | None:
    """The estimate of the clean image from the network's noise, outside of the loops: the first that is written."""
    called: Unreached | None = None
    handed_on: Unreached | None = None  # what asks for somebody else, whom nothing here finds
    for source in found:
        formulas: list[Formula] = []
        for run, targets in _suites(source.tree.body, roles):
            first = next((i for i, one in enumerate(run) if _network_call(one) is not None), None)
            if first is None:
                continue
            call = _network_call(run[first])
            assert call is not None
            last, worked_with = _clean_estimate(run, first)
            place = source.place(run[first].lineno)
            if (
                last is None
                and not worked_with
                and isinstance(run[-1], ast.Return)
                and _stored(run[first]) & _loaded(run[-1])
            ):
                handed_on = Unreached(place, True)
                continue
            if last is None:
                called = called if called is not None and called.written else Unreached(place, worked_with)
                continue
            fixed = {_base(call.args[0]): "image"} if call.args and _base(call.args[0]) else {}
            formula = _formula(source, run, last, targets, fixed, _GIVEN_TO_ONE_STEP)
            if formula is not None:
                formulas.append(formula)
            else:
                called = Unreached(source.place(run[last].lineno), True)
        if formulas:
            return min(formulas, key=lambda one: one.line)
    return called or handed_on


def denoiser_loss(found: list[Source], roles: set[str]) -> Formula | Unreached | None:
    """The loss of a network that is called with nothing but an image."""
    trained: Unreached | None = None
    for source in found:
        for run, targets in _suites(source.tree.body, roles):
            for last, one in enumerate(run):
                if not (isinstance(one, ast.Assign) and "loss" in ast.unparse(one.targets[0]) and _calls(one.value)):
                    continue
                formula = _formula(source, run, last, targets, {}, _GIVEN_TO_DENOISER)
                there = set(formula.given.values()) if formula is not None else set()
                if formula is not None and {"sigma", "unet", "x"} <= there and _asked_alone(source, formula):
                    return formula
                trained = trained or Unreached(source.place(one.lineno), True)
    return trained


def _suites(
    body: list[ast.stmt], roles: set[str], before: tuple = (), targets: frozenset = frozenset()
) -> Iterator[tuple]:
    """Every run of statements, with those before it, and the names that a loop or a function gives a value."""
    run = list(_flat(body))
    yield [*before, *run], targets
    for i, one in enumerate(run):
        if isinstance(one, ast.For):
            yield from _suites(one.body, roles, (*before, *run[:i]), targets | _stored(one.target))
        elif isinstance(one, ast.FunctionDef) and one.name not in roles:
            names = frozenset(argument.arg for argument in one.args.args)
            yield from _suites(one.body, roles, (*before, *run[:i]), targets | names)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for one in body:
        if isinstance(one, ast.With | ast.If):
            yield from _flat(one.body)
        else:
            yield one


def _stored(node: ast.AST) -> frozenset[str]:
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def _loaded(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}


def _calls(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call) for one in ast.walk(node))


def assignment(node: ast.stmt) -> tuple[frozenset[str], ast.expr] | None:
    """The names that a statement gives a value, and the value."""
    if isinstance(node, ast.Assign):
        return frozenset().union(*map(_stored, node.targets)), node.value
    if isinstance(node, ast.AugAssign | ast.AnnAssign) and node.value is not None:
        return _stored(node.target), node.value
    return None


def _network_call(node: ast.stmt) -> ast.Call | None:
    made = assignment(node)
    calls = (one for one in ast.walk(made[1]) if isinstance(one, ast.Call)) if made is not None else ()
    return next((one for one in calls if re.search(r"(^|\.)unet$", ast.unparse(one.func)) and one.args), None)


def _base(node: ast.expr) -> str:
    """``im_noisy`` of ``im_noisy.half().cuda()`` or ``im_noisy[0]``."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _clean_estimate(run: list[ast.stmt], first: int) -> tuple[int | None, bool]:
    """The last statement that is made of the noise and of ᾱ; and whether anything is computed with the noise at all."""
    noise, alphas, last, worked_with = set[str](), {_ALPHAS}, None, False
    for i, one in enumerate(run):
        made = assignment(one)
        if i > first and noise & _loaded(one) and any(map(_works, ast.walk(one))):
            worked_with = True
        if made is None:
            continue
        names = _loaded(made[1]) | (set(made[0]) if isinstance(one, ast.AugAssign) else set())
        if i == first or (i > first and noise & names):
            noise |= made[0]
            if i > first and alphas & names and not _network_call(one):
                last = i
        elif alphas & names or ".alphas_cumprod" in ast.unparse(made[1]):
            alphas |= made[0]
    return last, worked_with


def _works(node: ast.AST) -> bool:
    """An operator, or the call of a function that is handed something along with other things."""
    return isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and len(node.args) > 1)


def _formula(
    source: Source, run: list[ast.stmt], last: int, targets: frozenset[str], fixed: dict[str, str], meanings: tuple
) -> Formula | None:
    """The statements that a result comes from; None where a name comes from nowhere that is known."""
    defined = {name for one in source.tree.body if not isinstance(one, ast.Assign) for name in _defined(one)}
    known = defined | GIVEN | set(fixed) | set(dir(builtins))
    always = {name: found for name in _names(run) if (found := meaning(name, meanings)) in ("sigma", "unet")}
    always |= dict.fromkeys(_timesteps(run), "t")
    made = assignment(run[last])
    assert made is not None
    chosen, needed = [run[last]], (_loaded(made[1]) | (set(made[0]) if isinstance(run[last], ast.AugAssign) else set()))
    for one in reversed(run[:last]):
        before = assignment(one)
        if before is None or not before[0] & (needed - known - set(always)):
            continue
        if not isinstance(one, ast.AugAssign):
            needed -= before[0]
        needed |= _loaded(before[1])
        chosen.insert(0, one)
    free = (needed & set(always)) | (needed - known)
    given = dict(fixed) | {
        name: always.get(name) or meaning(name, meanings) or ("index" if name in targets else "") for name in free
    }
    if not all(given.values()):
        return None
    subscripts = (one for node in chosen for one in ast.walk(node) if isinstance(one, ast.Subscript))
    several = {one.value.id for one in subscripts if isinstance(one.value, ast.Name)}
    given = {name: f"each {means}" if name in several else means for name, means in given.items()}
    result = sorted(made[0])[0]
    return Formula(source, run[last].lineno, tuple(one.lineno for one in chosen), result, given)


def _timesteps(run: list[ast.stmt]) -> Iterator[str]:
    """Names that are an entry of the list of timesteps, wherever in it the cell begins."""
    for one in run:
        made = assignment(one)
        if made is not None and isinstance(made[1], ast.Subscript) and re.search(_TIMESTEPS, _base(made[1])):
            yield from made[0]


def _names(run: list[ast.stmt]) -> set[str]:
    return set().union(*(_loaded(one) for one in run)) if run else set()


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return []


def _asked_alone(source: Source, formula: Formula) -> bool:
    network = next(name for name, means in formula.given.items() if means == "unet")
    nodes = (one for one in ast.walk(source.tree) if isinstance(one, ast.stmt) and one.lineno in formula.lines)
    calls = [
        one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Call) and _base(one.func) == network
    ]
    return bool(calls) and all(len(one.args) == 1 and not one.keywords for one in calls)
