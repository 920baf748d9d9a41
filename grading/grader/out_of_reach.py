"""What fails because something of the hand-in has not been run here: a person looks at it.

Of a course's notebook, or script, what it defines is run and nothing that it does: no download, no training, none of what
stands below ``if __name__ == "__main__"``. Whoever wrote it had all of that. And a kit's adapters may not come to where the
student's code does what is asked for.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..sandbox.inside.needed import binds
from ..submissions.kits.parsing import parsed
from ..verdicts import Failure

_ADAPTERS = "OutOfReach"  # what a kit's adapters raise where they do not come to what is asked for
_UNBOUND = re.compile(r"NameError: name '(\w+)' is not defined|'\w+' object has no attribute '(\w+)'")


def out_of_reach(failures: Sequence[Failure], folder: Path) -> str:
    """What could not be had, in words and with the line, where that is all that has gone wrong; or nothing."""
    said = [_said(failure, folder) for failure in failures]
    return said[0] if said and all(said) else ""


def _said(failure: Failure, folder: Path) -> str:
    if failure.kind == "not here":
        return failure.summary.partition("; test point: ")[0]
    if failure.kind == "raised" and failure.error == _ADAPTERS:
        return failure.summary.partition(f"{_ADAPTERS}: ")[2].partition("; test point: ")[0]
    unbound = _UNBOUND.search(failure.summary) if failure.kind == "raised" and failure.where else None
    if unbound is None or not any(name in _bound(folder, failure.where[-1]) for name in unbound.groups()):
        return ""
    return f"{failure.where[-1]}: what sets `{unbound[1] or unbound[2]}` is not run here"


def _bound(folder: Path, place: str) -> set[str]:
    """What the file, or the notebook, of this place sets at its top, or as its objects' attributes."""
    file = (folder / place.partition(":")[0]).resolve()  # as the worker says
    if not (file.is_file() and file.is_relative_to(folder.resolve())):
        return set()
    files = sorted(file.parent.glob("cell *")) if file.parent.suffix == ".ipynb" else [file]
    trees = (parsed(one.read_text(encoding="utf-8", errors="replace")) for one in files)
    return {name for tree in trees if tree is not None for name in _names(tree)}


def _names(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        yield from binds(statement)
    stored = (one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store))
    yield from (one.attr for one in stored if isinstance(one.value, ast.Name) and one.value.id == "self")
