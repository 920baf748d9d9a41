"""Files of the grader that know no answer, as a handout holds them: in ``hw/lent/``, each where it lies here."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from .homework import postponed, without_unions

GRADING = Path(__file__).resolve().parent.parent


def files(names: Iterable[str]) -> dict[str, str]:
    """The files of these names, with all that they import: text by name."""
    wanted, found = list(names), dict[str, str]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = (GRADING / name).read_text(encoding="utf-8")
            wanted += _imported(name, found[name])
    packages = {str(folder / "__init__.py") for name in found for folder in PurePosixPath(name).parents}
    lent = {name: without_unions(postponed(text)) for name, text in found.items()}
    return dict.fromkeys(sorted(packages), "") | lent


def _imported(name: str, text: str) -> Iterator[str]:
    """The files behind its relative imports, wherever in the file they stand."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            place = (GRADING / name).parents[node.level - 1].joinpath(*(node.module or "").split("."))
            modules = [place, *(place / alias.name for alias in node.names)]
            candidates = [file for one in modules for file in (one.with_name(f"{one.name}.py"), one / "__init__.py")]
            yield from (file.relative_to(GRADING).as_posix() for file in candidates if file.is_file())
