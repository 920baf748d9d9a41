"""A student's text as a syntax tree. Nothing of it is run."""

import ast
import warnings

from ...contract.functions import FUNCTIONS

_OF_THE_CONTRACT = {(one.name, one.parameters) for one in FUNCTIONS}


def parsed(text: str | bytes) -> ast.Module | None:
    """None where it is no Python; a worker says so, with the line."""
    try:
        with warnings.catch_warnings():  # about the student's text: they are for its own process
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def of_the_contract(function: ast.FunctionDef) -> bool:
    """Whether it has the name and the arguments of a graded function: no kit has both."""
    return (function.name, tuple(one.arg for one in function.args.args)) in _OF_THE_CONTRACT
