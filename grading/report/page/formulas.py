"""Formulas as MathML, which browsers lay out by themselves: the one that is asked for, and what the code computes."""

import re
from collections.abc import Sequence
from functools import cache
from inspect import cleandoc

from markupsafe import Markup

from ...contract.docstrings import formulas_in, symbol_rows, symbols_by_name
from ...contract.reference import reference_function, reference_module
from ...verdicts import Formula, Term
from ..mathml import mathml


@cache
def asked(task: str) -> Markup:
    """The formula in the function's docstring, which is in the stub as well; nothing where it has none."""
    latex = _asked(task)
    return mathml(latex) if latex else Markup()


def computed(task: str, formula: Formula) -> Markup:
    """What was read back, on one line, with what differs in a class of its own."""
    return _on_a_line(formula.of or task, formula.terms)


def asked_within(formula: Formula) -> Markup:
    """What a part of a function is asked to be, in the terms in which it was read back."""
    return _on_a_line(formula.of, formula.asked)


def _on_a_line(task: str, terms: Sequence[Term]) -> Markup:
    total = " + ".join(_term(task, term) for term in terms).replace("+ -", "- ")
    left = re.match(r"([^=←]*?)(=|\\leftarrow)", _asked(task))
    return mathml(f"{left[1].strip()} {left[2]} {total}" if left else total)


def _asked(task: str) -> str:
    found = formulas_in(cleandoc(reference_function(task).__doc__ or ""))
    return found[0] if found else ""


_MASK = "m"


def _term(task: str, term: Term) -> str:
    sign, weight = ("-", term.weight[1:]) if term.weight.startswith("-") else ("", term.weight)
    if term.of:
        weight = ("" if weight == "1" else rf"{weight}\;") + _named(task, term.of)
    return sign + (weight if term.right else rf"\class{{differs}}{{{weight}}}")


def _named(task: str, name: str) -> str:
    """An argument as formulas call it, on one side of a mask perhaps; anything else in words."""
    symbols = _symbols(task.split(".")[0])
    argument, where, side = name.partition(" where the mask is ")
    masked = {"1": rf"{_MASK}\,", "0": rf"(1 - {_MASK})\,"}[side] if where else ""
    return masked + symbols[argument] if argument in symbols else rf"\text{{{name}}}"


@cache
def _symbols(module: str) -> dict[str, str]:
    return symbols_by_name(symbol_rows(cleandoc(reference_module(module).__doc__ or "")))
