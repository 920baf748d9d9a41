"""How courses and papers write the same formulas: their symbols, and their equations under their own numbers.

One TOML file each, ``[symbols]`` (their LaTeX = LaTeX in this project's symbols) and ``[[equation]]``. A course's file has the
course's name. An equation agrees with the function of its task, ``convention`` says how it is to be read; or it
``differs``, and ``mended`` is how it would agree. ``defines``: it says what one of the source's own symbols is. ``like``: another source, whose symbols it writes, too.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ... import toml
from ...contract.functions import all_tasks, did_you_mean
from ...verdicts import Unusable
from ..latex import NotUnderstood
from ..scope import Notation, notation

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
KEYS = {
    "the file": {"title": str, "paper": bool, "like": str, "symbols": dict, "equation": list},
    "an equation": {
        "number": str, "task": str, "latex": str, "convention": str, "differs": str, "mended": str, "defines": bool,
        "symbols": dict,
    },
}  # fmt: skip
REQUIRED = {"the file": (), "an equation": ("number", "task", "latex")}


@dataclass(frozen=True)
class Equation:
    source: str  # "eecs498-hw5"
    number: str  # the source's own
    task: str
    latex: str
    convention: str = ""  # how it is to be read
    differs: str = ""  # how it does not agree
    mended: str = ""  # as it would
    defines: bool = False
    symbols: dict[str, str] = field(default_factory=dict)  # of this equation alone

    @property
    def agrees(self) -> bool:
        return not self.differs


@dataclass(frozen=True)
class Source:
    name: str
    title: str
    paper: bool
    symbols: dict[str, str]
    equations: tuple[Equation, ...]

    def notation(self, equation: Equation | None = None) -> Notation:
        """Its symbols; of one equation, with what it alone means by them."""
        return notation(self.symbols | (equation.symbols if equation else {}))

    def notation_for(self, task: str) -> Notation:
        """Its symbols as it uses them in the equations for one function."""
        own: dict[str, str] = {}
        for equation in self.equations:
            if equation.task == task:
                own |= equation.symbols
        return notation(self.symbols | own)


@cache
def load(name: str) -> Source:
    """A source by its name, or a file of one's own by its path.

    Raises:
        Unusable: there is no such source, or its file has a mistake: the key is named.
    """
    own = Path(name)
    if name not in NAMES and own.suffix != ".toml":
        raise Unusable(
            f"--symbols {name}: nobody's symbols have this name{did_you_mean(name, list(NAMES))}; there are"
            f" {', '.join(NAMES)}, or give the path of a file that ends in .toml"
        )
    path = FOLDER / f"{name}.toml" if name in NAMES else own
    document = toml.read(path)
    _expect_form(path, "the file", document)
    equations = []
    for one in document.get("equation", []):
        _expect_form(path, "an equation", one)
        if one.get("task") not in all_tasks():
            known = did_you_mean(str(one.get("task")), list(all_tasks()))
            raise Unusable(f"{path}: task: {one.get('task')!r} is no graded function{known}")
        equations.append(Equation(path.stem, **one))
    like = document.get("like")
    if like is not None and like not in NAMES:
        raise Unusable(f"{path}: like = {like!r}: expected one of {', '.join(NAMES)}")
    alike = load(like).symbols if like is not None else {}
    symbols = alike | document.get("symbols", {})
    source = Source(
        path.stem, document.get("title", path.stem), document.get("paper", False), symbols, tuple(equations)
    )
    try:
        source.notation()
        for one in equations:
            notation(one.symbols)
    except NotUnderstood as error:
        raise Unusable(f"{path}: symbols: {error}") from error
    return source


def equations_of(task: str) -> list[Equation]:
    """Every source's equations for one graded function, the courses' first."""
    sources = sorted((load(name) for name in NAMES), key=lambda one: (one.paper, one.name))
    return [equation for source in sources for equation in source.equations if equation.task == task]


def _expect_form(path: Path, what: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise Unusable(f"{path}: {what}: expected a table, got {table!r}")
    for key in REQUIRED[what]:
        if key not in table:
            raise Unusable(f"{path}: {what} has no {key}")
    for key, value in table.items():
        if key not in KEYS[what]:
            raise Unusable(f"{path}: unknown key {key} in {what}; it may have {', '.join(KEYS[what])}")
        if not isinstance(value, KEYS[what][key]):
            raise Unusable(f"{path}: {key} = {value!r}: expected {KEYS[what][key].__name__}")
    for symbol, latex in table.get("symbols", {}).items():
        if not isinstance(latex, str):
            raise Unusable(f"{path}: symbols: {symbol} = {latex!r}: expected LaTeX, a text")
