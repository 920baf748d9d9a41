"""The Python in a submission: modules, exports and notebooks, as text that keeps the lines where they are."""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 20_000_000  # a notebook with its pictures
_NOT_THEIRS = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")


@dataclass(frozen=True)
class Source:
    """One file of the student's, parsed."""

    file: str  # where it lies in the submission, or will lie
    text: str
    tree: ast.Module
    origin: str = ""  # the notebook that it was made from
    broken: tuple[tuple[int, str, str], ...] = ()  # what does not parse, made comments: line, how it begins, why


def sources(folder: Path) -> tuple[list[Source], list[str]]:
    """Every file with Python in it, and what could not be read, with its line."""
    found, notes = list[Source](), list[str]()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix not in (".py", ".ipynb") or not path.is_file() or set(inside.parts) & set(_NOT_THEIRS):
            continue
        if path.stat().st_size > MOST_BYTES:
            notes.append(f"{inside}: larger than {MOST_BYTES // 1_000_000} MB, not read")
            continue
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            origin, name = "", inside
            if path.suffix == ".ipynb":
                text, origin, name = notebook(text), str(inside), _beside(path).relative_to(folder)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            notes.append(f"{inside}: no notebook that can be read")
            continue
        text, broken = mended(text)
        found.append(Source(str(name), text, ast.parse(text), origin, tuple(broken)))
        notes += [
            f"{name}:{line}: {why}: `{begins}` and what belongs to it cannot be run" for line, begins, why in broken
        ]
    return found, notes


def _beside(path: Path) -> Path:
    """The name of the module that a notebook becomes."""
    module = path.with_name("".join(c if c.isalnum() else "_" for c in path.stem) + ".py")
    return path.with_name(f"{module.stem}_notebook.py") if module.exists() else module


def notebook(text: str) -> str:
    """The code cells one after another. What only a notebook understands, and a cell that does not parse, is no code."""
    cells = [cell for cell in json.loads(text)["cells"] if cell.get("cell_type") == "code"]
    lines: list[str] = []
    for number, cell in enumerate(cells, 1):
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        lines += [f"# --- code cell {number}", *_code(source)]
    return "\n".join(lines) + "\n"


def _code(cell: str) -> Iterator[str]:
    """A cell's lines, with magics and shell commands as comments."""
    lines = cell.splitlines()
    magic = bool(lines) and lines[0].startswith("%%")
    for line in lines:
        yield _hidden(line) if magic or line.lstrip()[:1] in ("%", "!", "?") or line.rstrip()[-1:] == "?" else line


def mended(text: str) -> tuple[str, list[tuple[int, str, str]]]:
    """A text of which every block that does not parse is a comment; line, beginning and reason of each.

    A block begins at the left margin: the course's own skeleton has functions without a body.
    """
    broken = list[tuple[int, str, str]]()
    if _error(text) is None:
        return text, broken
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"[^\s#)\]}]", line) and not re.match(_CONTINUED, line)]
    starts.append(len(lines))
    i = 0
    while i < len(starts) - 1:
        ends = range(i + 1, min(i + _LONGEST, len(starts)))  # a string over several lines may reach the margin
        end = next((j for j in ends if _error("\n".join(lines[starts[i] : starts[j]])) is None), None)
        if end is None:
            error = _error("\n".join(lines[starts[i] : starts[i + 1]]))
            assert error is not None
            broken.append((starts[i] + 1, lines[starts[i]].strip(), error.msg))
            for j in range(starts[i], starts[i + 1]):
                lines[j] = f"# {lines[j]}"
        i = end or i + 1
    return "\n".join(lines) + "\n", broken


_CONTINUED = r"(else|elif|except|finally)\b"
_LONGEST = 12  # blocks


def _error(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error))
    return None


def _hidden(line: str) -> str:
    indent = len(line) - len(line.lstrip())
    return f"{' ' * indent}pass  # {line.lstrip()}" if indent else f"# {line}"
