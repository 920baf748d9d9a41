"""Every formula of the reference: the LaTeX of each ``.. math::`` and what it stands over."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..contract.docstrings import formulas_in
from ..contract.reference import reference_module


@dataclass(frozen=True)
class Formula:
    """The ``number``-th one, from 1, of a function, a class or a whole module (``name`` is empty)."""

    module: str  # "ddpm", "networks.quality"
    name: str
    number: int
    latex: str

    @property
    def over(self) -> str:
        """What it stands over: "ddpm.posterior_step"."""
        return f"{self.module}.{self.name}".rstrip(".")

    @property
    def key(self) -> str:
        return self.over if self.number == 1 else f"{self.over} ({self.number})"


@cache
def every() -> tuple[Formula, ...]:
    """Of the whole reference, networks and trainers as well."""
    folder = Path(str(reference_module("ddpm").__file__)).parent
    return tuple(one for path in sorted(folder.rglob("*.py")) for one in _of(path, folder))


def _of(path: Path, folder: Path) -> Iterator[Formula]:
    module = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            for number, latex in enumerate(formulas_in(ast.get_docstring(node) or ""), 1):
                yield Formula(module, "" if isinstance(node, ast.Module) else node.name, number, latex)
