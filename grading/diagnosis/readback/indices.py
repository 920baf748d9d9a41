"""Formulas that would be the same one, were ᾱ read at another index: the one thing that is wrong with all of it."""

import itertools
import re
from collections.abc import Callable, Iterator

from .expressions import Expression, Power, Product, product

_INDEX = re.compile(r"ᾱ_(\{[^}]*\}|\w+)")
_BETAS = {  # what the betas are made of
    "β": "1−ᾱ_t/ᾱ_prev",
    "β_table(t)": "1−ᾱ_t/ᾱ_{t−1}",
    "β_table({t+1})": "1−ᾱ_{t+1}/ᾱ_t",
    "β_table(prev)": "1−ᾱ_prev/ᾱ_{prev−1}",
    "β_table({prev+1})": "1−ᾱ_{prev+1}/ᾱ_prev",
}
Rename = Callable[[str], str]


def renamed(read: Expression, expected: Expression) -> str:
    """Which index stands for which, where that makes the one formula of the other; nothing where it does not."""
    opened, wanted = _rewritten(read, _open), in_order(_rewritten(expected, _open))
    for rename, said in _renames(opened, _rewritten(expected, _open)):
        if in_order(_rewritten(opened, rename)) == wanted:
            return said
    return ""


def _renames(read: Expression, expected: Expression) -> Iterator[tuple[Rename, str]]:
    """Ways to read ᾱ at another index, with what is said of them."""
    for before, after in itertools.product(_indices(read), _indices(expected)):
        if before == after:
            continue
        names = {name for name in _names(read) if before in _INDEX.findall(name)}
        (kind,) = {name.split("ᾱ")[0] for name in names} if len(names) == 1 and "/" not in min(names) else ("",)
        yield _replacing({before: after}), f"{kind}ᾱ_{before} stands in the place of {kind}ᾱ_{after}"
    for one, other in itertools.combinations(_indices(read), 2):
        swap = _replacing({one: other, other: one})
        for kind, touched in (("1−", _remainder), ("", _level), ("", _no_stride), ("", lambda name: True)):
            yield _only(touched, swap), f"{kind}ᾱ_{one} and {kind}ᾱ_{other} are exchanged"


def _remainder(name: str) -> bool:
    return name.startswith("1−") and "/" not in name


def _level(name: str) -> bool:
    return name.startswith("ᾱ")


def _no_stride(name: str) -> bool:
    return "/" not in name


def _only(touched: Callable[[str], bool], rename: Rename) -> Rename:
    return lambda name: rename(name) if touched(name) else name


def _replacing(indices: dict[str, str]) -> Rename:
    return lambda name: _INDEX.sub(lambda found: f"ᾱ_{indices.get(found[1], found[1])}", name)


def _open(name: str) -> str:
    return _BETAS.get(name, name)


def _rewritten(expression: Expression, rename: Rename) -> Expression:
    def one(p: Product) -> Product:
        made = product(p.constant)
        for name, exponent in p.powers:
            made = made * product(1.0, {rename(name): exponent})
        return made

    return Expression(tuple(Power(tuple(map(one, part.products)), part.exponent) for part in expression.parts))


def in_order(expression: Expression) -> list:
    """The same for the same sum in another order."""
    parts = [(p.exponent, sorted((round(q.constant, 9), q.powers) for q in p.products)) for p in expression.parts]
    return sorted(parts)


def _names(expression: Expression) -> set[str]:
    return {name for part in expression.parts for q in part.products for name, _ in q.powers}


def _indices(expression: Expression) -> list[str]:
    return sorted({index for name in _names(expression) for index in _INDEX.findall(name)})
