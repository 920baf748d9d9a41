"""Where your functions are written when you fill in the course's kit: in its own files, beside ``hw/``.

They are read where they lie and run from a copy, as in grading: one statement after the other, on the CPU, with stand-ins
for packages that are not installed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import sys
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

from .compare import Failure
from .course import HOMEWORK
from .files import ByHand, Files, NotWritten, raised


class Kit(Files):
    def __init__(self, name: str) -> None:
        self._name = name
        self._folder = Path(tempfile.mkdtemp(prefix="hw-"), "submission")
        weakref.finalize(self, shutil.rmtree, self._folder.parent, ignore_errors=True)

    def function(self, module: str, name: str) -> Any:
        task, survey = f"{module}.{name}", self._survey
        if survey is None:
            raise NotWritten(f"none of the kit's files lies beside hw/, in {HOMEWORK}")
        if task in survey.missing:
            raise NotWritten(survey.missing[task])
        if task in survey.by_hand:
            raise ByHand(f"a person looks at it: {survey.by_hand[task]}")
        try:
            return self._modules.find(module, name)
        except (Exception, SystemExit) as error:
            raise raised(error, self, "import of the kit's files", "The file can be imported.") from None

    @cached_property
    def _kit(self) -> Any:
        return importlib.import_module(f"{__package__}.lent.submissions.kits.{self._name}").KIT

    @cached_property
    def _survey(self) -> Any:
        """What of the kit lies there, in a copy that its adapters are put into; None where nothing does."""
        from .lent.submissions.kits.install import install
        from .lent.submissions.kits.kit import Found

        _copy(self._folder)
        survey = None
        with contextlib.suppress(Exception):  # yours may hold anything; what it stumbles over is no file of the kit
            survey = self._kit.survey(self._folder)
        if survey is not None:
            install(Found(self._kit, survey), self._folder)
        return survey

    @cached_property
    def _modules(self) -> Any:
        from .lent.sandbox.inside.loader import Own
        from .lent.sandbox.inside.world.cuda import stay_on_cpu

        stay_on_cpu()
        os.environ.setdefault("TQDM_DISABLE", "1")  # hundreds of bars
        sys.path.insert(0, str(self._folder.parent))
        return Own(self._folder)

    def place(self, frame: FrameType, line: int) -> str:
        from .lent.paths import KIT_PACKAGE

        path = Path(frame.f_code.co_filename)
        if self._folder not in path.parents or path.parent.name == KIT_PACKAGE:
            return ""
        text = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        quoted = text[line - 1].strip() if line <= len(text) else ""
        return f"{path.relative_to(self._folder).as_posix()}:{line}: {quoted}"

    def unwritten(self, error: NotImplementedError, frame: FrameType, line: int, asked: str) -> str | None:
        return str(error) if self._folder in Path(frame.f_code.co_filename).parents else None

    def asks(self, task: str, arguments: dict[str, Any]) -> bool:
        return self._kit.profile.asks(task, arguments)

    def holds(self, task: str, says: str) -> bool:
        return self._kit.profile.checks(task, f"test_{says}")


def _copy(folder: Path) -> None:
    """Your sources; a notebook as one file for each of its cells."""
    from .lent.submissions.cell_text import python
    from .sources import looked_at

    folder.mkdir(parents=True)
    for name in looked_at():
        source, target = HOMEWORK / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".ipynb":
            shutil.copyfile(source, target)
            continue
        target.mkdir()
        for number, text in _cells(source):
            (target / f"cell {number}").write_text("\n".join([*python(text)[0], ""]), encoding="utf-8")


def _cells(notebook: Path) -> list[tuple[int, str]]:
    """The code cells of what Jupyter and Colab save, by their number, text cells counted in."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [(i, "".join(one["source"])) for i, one in enumerate(cells, 1) if one["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError) as error:
        expected = "one that Jupyter or Colab saves in format 4"
        raise Failure(f"{notebook.name} is no notebook that can be read: {error!r}", expected) from None
