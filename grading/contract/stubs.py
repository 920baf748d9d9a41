"""Make ``student_stubs/`` from ``reference/``: signatures, docstrings and TODOs stay, solutions go.

In a reference module every definition with a ``# Task:`` comment is the student's to write; its ``# Task:`` and
``# Trap:`` comments become the TODO. Other public definitions are given and stay whole; private ones belong to the
solution and go, with the private modules that they come from.
"""

import ast
import hashlib
import itertools
import re
import shutil
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from ..paths import ROOT, STUBS
from ..verdicts import GraderFault, Unusable
from .courses import Course
from .functions import MODULES

REFERENCE = ROOT / "reference"
GENERATED = Path(__file__).with_name("generated_stubs.txt")  # digests of every version that was ever generated
_WHOLE = ("shapes",)  # modules without a solution in them

_INIT = '''"""Your homework: every function that raises NotImplementedError is yours to write.

Each docstring gives the formula, the shapes and the convention; each TODO says what to do and where the traps are.
Grade yourself as often as you like: ``nox -s grade -- PATH`` for a folder with these files, or
``nox -s grade -- PATH --only ddpm.posterior_step`` for a single function.

This folder is generated from the course's reference. Work in a copy of it.
"""
'''
WITH_TRAPS = " and where the traps are"


def build(traps: bool = True) -> dict[str, str]:
    """Every stub file by its name; a course may leave out where the traps are."""
    files = {"__init__.py": _INIT}
    for module in _WHOLE:
        files[f"{module}.py"] = _source(module)
    for module in MODULES:
        files[f"{module}.py"] = stub(_source(module))
    return files if traps else {name: without_traps(text) for name, text in files.items()}


def of_course(course: Course) -> dict[str, str]:
    """The files that a course asks for, with those that they import."""
    files = build(course.traps)
    wanted, asked = {"__init__.py"}, [f"{task.split('.')[0]}.py" for task in course.functions]
    while asked:
        name = asked.pop()
        if name not in wanted:
            wanted.add(name)
            asked += [f"{other}.py" for other in re.findall(r"^from \.(\w+) import", files[name], re.MULTILINE)]
    return {name: text for name, text in files.items() if name in wanted}


def without_traps(stub: str) -> str:
    """A stub whose TODOs do not say where people go wrong: a trap's comment ends where another one, or code, begins."""
    kept, within = [], False
    for line in stub.splitlines(keepends=True):
        comment = line.strip()
        within = comment.startswith("# Trap:") or (
            within and comment.startswith("#") and not comment.startswith("# TODO")
        )
        kept += [] if within else [line]
    return "".join(kept).replace(WITH_TRAPS, "")


def _source(module: str) -> str:
    try:
        return (REFERENCE / f"{module}.py").read_text(encoding="utf-8")
    except OSError as error:
        raise GraderFault(f"reference/{module}.py cannot be read: {error.strerror}") from error


def stub(source: str) -> str:
    """One module without its solutions."""
    lines = source.splitlines()
    tree = ast.parse(source)
    kept: list[str] = []
    gap: list[str] = []  # blank lines and comments before the next definition that stays
    end = 0
    for node in tree.body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        gap = max(gap, lines[end:start], key=len)
        text = lines[start : node.end_lineno]
        end = node.end_lineno or end
        name = getattr(node, "name", "")
        if _is_private(node, name):
            continue
        if name and "# Task:" in "\n".join(text):
            text = _hollow_class(node, lines) if isinstance(node, ast.ClassDef) else _hollow(node, lines)
        kept += gap + text
        gap = []
    return "\n".join(kept).rstrip() + "\n"


def _is_private(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.ImportFrom):
        return bool(node.level) and (node.module or "").startswith("_")
    if isinstance(node, ast.Assign):
        target = getattr(node.targets[0], "id", "")
        return target.startswith("_") and not target.startswith("__")
    return name.startswith("_")


def _hollow(node: ast.stmt, lines: list[str]) -> list[str]:
    """A function's signature, its docstring without the errors, its TODO, and nothing else."""
    assert isinstance(node, ast.FunctionDef)
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
    head = lines[first : _head_end(node, lines)]
    indent = " " * (node.col_offset + 4)
    todo = _todo(lines[_head_end(node, lines) : node.end_lineno])
    return _without_raises(head) + (todo or [f"{indent}# TODO"]) + [f"{indent}raise NotImplementedError"]


def _hollow_class(node: ast.ClassDef, lines: list[str]) -> list[str]:
    """A class whose public methods are hollow; private ones belong to the solution."""
    text = _without_raises(lines[node.lineno - 1 : _head_end(node, lines)])
    todo = _todo(line for line in lines[_head_end(node, lines) : node.end_lineno] if line.strip())
    text += ["", *todo] if todo else []
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and (method.name == "__init__" or not method.name.startswith("_")):
            # A method without a task of its own, such as __init__, is what the class's task speaks of.
            text += [line for line in ["", *_hollow(method, lines)] if not (todo and line.strip() == "# TODO")]
    return text


def _head_end(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> int:
    """The line on which the docstring ends, or the signature where there is none."""
    first = node.body[0]
    if ast.get_docstring(node):
        return first.end_lineno or 0
    end = first.lineno - 1
    while lines[end - 1].strip().startswith("#"):
        end -= 1
    return end


def _todo(lines: Iterable[str]) -> list[str]:
    """The comment lines at the beginning, the task turned into a TODO."""
    return [
        line.replace("# Task:", "# TODO:", 1) for line in takewhile(lambda line: line.strip().startswith("#"), lines)
    ]


def _without_raises(lines: list[str]) -> list[str]:
    """A student's function need not check its arguments: the list of errors is left out."""
    text = "\n".join(lines)
    return re.sub(r"\n[ ]+Raises:\n(?:[ ]{8,}.*\n)+\n?(?=[ ]*(?:>>>|\"\"\"|\S))", "\n", text).splitlines()


def differing(fresh: dict[str, str]) -> dict[str, str]:
    """Files of ``student_stubs/`` that are not what the reference gives, each with what is the matter."""
    stored = {path.name: path.read_text(encoding="utf-8") for path in STUBS.glob("*.py")}
    told = dict.fromkeys(fresh.keys() - stored.keys(), "is missing")
    told |= dict.fromkeys(stored.keys() - fresh.keys(), "does not belong there")
    edited = "is not what the reference gives: someone has written in it, or the reference has changed"
    told |= {name: edited for name in fresh.keys() & stored.keys() if fresh[name] != stored[name]}
    told |= {
        name: f"is not in {GENERATED.name} of the contract"
        for name in fresh.keys() - told.keys()
        if not (_is_generated(fresh[name]) and _is_generated(without_traps(fresh[name])))
    }
    return dict(sorted(told.items()))


def write(files: dict[str, str], folder: Path, replace: bool = False) -> tuple[list[Path], list[Path]]:
    """Bring a folder's files up to date; which were written, and the copies of what was there before.

    A file that differs from every version that was ever generated holds somebody's work. Nothing at all is written then
    (:class:`Unusable`), unless ``replace`` is set: a copy of it is kept beside it.
    """
    old = {
        name: folder / name for name, text in files.items() if (folder / name).exists() and _text(folder / name) != text
    }
    work = {name: path for name, path in old.items() if not _is_generated(_text(path))}
    if work and not replace:
        raise Unusable(
            f"{folder}: {', '.join(work)} would be overwritten, and somebody has written in it; nothing was changed."
            " Name another folder, or add --replace, which keeps a copy"
        )
    kept = [_backup(path) for path in work.values()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / name for name in files if name in old or not (folder / name).exists()]
        for path in written:
            path.write_text(files[path.name], encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{folder}: cannot be written into: {error.strerror}") from error
    return written, kept


def remember(files: dict[str, str]) -> None:
    """Note the versions at hand among those that were ever generated, as courses without traps have them too."""
    versions = [*files.values(), *map(without_traps, files.values())]
    new = [one for one in dict.fromkeys(map(_digest, versions)) if one not in _generated()]
    GENERATED.write_text("".join(f"{digest}\n" for digest in [*_generated(), *new]), encoding="utf-8")


def _backup(path: Path) -> Path:
    numbers = (path.with_name(f"{path.name}.before-{i}") for i in itertools.count(1))
    copy = next(one for one in numbers if not one.exists())
    return Path(shutil.copy2(path, copy))


def _is_generated(text: str) -> bool:
    return _digest(text) in _generated()


def _generated() -> list[str]:
    return GENERATED.read_text(encoding="utf-8").split()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
