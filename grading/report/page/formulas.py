"""Formulas as MathML, which browsers lay out by themselves: the one that is asked for, and what the code computes."""

import re
from functools import cache
from inspect import cleandoc

from markupsafe import Markup

from ...contract.reference import reference_function, reference_module
from ...formulas.docstrings import formulas_in
from ...verdicts import Formula, Term
from ..mathml import mathml


@cache
def asked(task: str) -> Markup:
    """The formula in the function's docstring, which is in the stub as well; nothing where it has none."""
    latex = _asked(task)
    return mathml(latex) if latex else Markup()


def computed(task: str, formula: Formula) -> Markup:
    """What was read back, on one line, with what differs in a class of its own."""
    terms = " + ".join(_term(task, term) for term in formula.terms).replace("+ -", "- ")
    left = re.match(r"[^=←]*?(?==|\\leftarrow)", _asked(task))
    return mathml(f"{left[0].strip()} = {terms}" if left else terms)


def _asked(task: str) -> str:
    found = formulas_in(cleandoc(reference_function(task).__doc__ or ""))
    return found[0] if found else ""


def _term(task: str, term: Term) -> str:
    sign, weight = ("-", term.weight[1:]) if term.weight.startswith("-") else ("", term.weight)
    if term.of:
        weight = ("" if weight == "1" else rf"{weight}\;") + _named(task, term.of)
    return sign + (weight if term.right else rf"\class{{differs}}{{{weight}}}")


def _named(task: str, name: str) -> str:
    """An argument as formulas call it, anything else in words."""
    symbol = _symbols(task.split(".")[0]).get(name)
    if symbol is None:
        return rf"\text{{{name}}}"
    return re.sub(r"_(\w+)", r"_{\1}", symbol)


@cache
def _symbols(module: str) -> dict[str, str]:
    """By argument: the first two columns of the table that a module of the reference begins with."""
    rows = re.findall(r"^\| (.*?) +\| (``.*?) +\|", reference_module(module).__doc__ or "", re.MULTILINE)
    symbols: dict[str, str] = {}
    for written, names in rows:
        letters = re.split(r",\s*(?![^(]*\))", written)
        arguments = re.findall(r"\w+", names)
        for place, name in enumerate(arguments):
            symbols.setdefault(name, letters[place] if len(letters) == len(arguments) else letters[0])
    return symbols
