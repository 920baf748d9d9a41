"""A student's text as a syntax tree. Nothing of it is run."""

import ast
import warnings


def parsed(text: str | bytes) -> ast.Module | None:
    """None where it is no Python; a worker says so, with the line."""
    try:
        with warnings.catch_warnings():  # about the student's text: they are for its own process
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
