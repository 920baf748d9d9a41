"""The Python in a submission: modules, exports and notebooks, as text that keeps the lines where they are."""

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 20_000_000  # a notebook with its pictures
_CELL = "# --- "  # and the name of the cell; its adapters know this mark, too
_RUN = re.compile(r"#\s*%run\s+(?:-\w+\s+)*[\"']?(.+?\.(?:ipynb|py))\b")  # a comment, once the cell was opened


@dataclass(frozen=True)
class Source:
    """One file of the student's, parsed."""

    file: str  # where it lies in the submission, or will lie
    text: str
    tree: ast.Module
    origin: str = ""  # the notebook that it was made from
    broken: tuple[tuple[int, str, str], ...] = ()  # what does not parse, made comments: line, how it begins, why

    def place(self, line: int) -> str:
        """A line as the student finds it: "proj5.py:12", or in its cell."""
        lines = self.text.splitlines()[: line - 1]
        above = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].startswith(_CELL)), None)
        return f"{self.file}:{line}" if above is None else f"{lines[above].removeprefix(_CELL)}:{line - above - 1}"


def sources(folder: Path) -> tuple[list[Source], list[str]]:
    """Every file with Python in it, and what could not be read, with its line."""
    found, notes, room, folder = list[Source](), list[str](), _Room(), folder.resolve()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        is_notebook = path.suffix == ".ipynb" and path.is_dir()
        if not (is_notebook or (path.suffix == ".py" and path.is_file())):
            continue
        if not is_notebook and path.stat().st_size > MOST_BYTES:
            notes.append(f"{inside}: larger than {MOST_BYTES // 1_000_000} MB, not read")
            continue
        text = _cells(path, folder, room) if is_notebook else path.read_text(encoding="utf-8", errors="replace")
        name, origin = (_beside(path).relative_to(folder), str(inside)) if is_notebook else (inside, "")
        text, broken = mended(text.replace("\0", " "))
        source = Source(str(name), text, ast.parse(text), origin, tuple(broken))
        found.append(source)
        notes += [
            f"{source.place(line)}: {why}: `{begins}` and what belongs to it cannot be run"
            for line, begins, why in broken
        ]
    return found, notes


def _beside(path: Path) -> Path:
    """The name of the module that a notebook becomes."""
    module = path.with_name("".join(c if c.isalnum() else "_" for c in path.stem) + ".py")
    return path.with_name(f"{module.stem}_notebook.py") if module.exists() else module


def _cells(notebook: Path, folder: Path, room: "_Room", ran: set[Path] | None = None) -> str:
    """The cells of a notebook one after another, each under a line that names it; before one that runs another file
    (``%run ./1_sampling.ipynb``) what stands in that, once.
    """
    ran = set() if ran is None else ran
    ran.add(notebook)
    lines: list[str] = []
    for cell in sorted(notebook.glob("cell *"), key=lambda cell: int(cell.name.split()[1])):
        text = cell.read_text(encoding="utf-8", errors="replace").splitlines()
        for name in (name for line in text for name in _RUN.findall(line)):
            other = (notebook.parent / name).resolve()
            if other not in ran and other.is_relative_to(folder) and room.take(other):
                ran.add(other)
                lines += _ran(other, folder, room, ran).splitlines()
        lines += [f"{_CELL}{notebook.relative_to(folder)}/{cell.name}", *text]
    return "\n".join(lines) + "\n"


def _ran(other: Path, folder: Path, room: "_Room", ran: set[Path]) -> str:
    if other.is_dir():
        return _cells(other, folder, room, ran)
    return f"{_CELL}{other.relative_to(folder)}\n" + other.read_text(encoding="utf-8", errors="replace")


@dataclass
class _Room:
    """What of other files may be put into notebooks, all together: many that run one another would make up gigabytes."""

    bytes: int = MOST_BYTES

    def take(self, other: Path) -> bool:
        """Whether it is there, and there is room for it."""
        files = [*other.glob("cell *")] if other.is_dir() else [other] if other.is_file() else []
        self.bytes -= sum(one.stat().st_size for one in files)
        return bool(files) and self.bytes >= 0


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
