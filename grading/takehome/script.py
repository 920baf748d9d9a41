"""A script that makes one failing call again: the text of it, beside which its tensors lie."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from ..checking import compare
from ..sandbox.crossing import probes
from ..submissions import Submission
from ..verdicts import FAILED, Verdict, WrittenCall
from .excerpt import excerpt

_HERE = Path(__file__).parent
_SHARED = "_made_again.py"
_SHOWING = (
    "_around",
    "_kind",
    "_not_finite",
    "_sample",
    "_same",
    "_samples",
)  # of ``compare``: as a report shows results
_IMPORTS = {"import importlib", "import sys", "import types", "from pathlib import Path", "import torch"}


@dataclass(frozen=True)
class Script:
    task: str
    text: str
    tensors: bytes  # nothing where all of them stand in the text

    @property
    def name(self) -> str:
        return name_of(self.task)

    def write(self, folder: Path) -> Path:
        """Its path; the tensors lie beside it, and what all scripts share."""
        path = folder / f"{self.name}.py"
        (folder / _SHARED).write_text(_shared(), encoding="utf-8")
        path.write_text(self.text, encoding="utf-8")
        if self.tensors:
            path.with_suffix(".safetensors").write_bytes(self.tensors)
        return path


def name_of(task: str) -> str:
    return task.replace(".", "_")


def script(submission: Submission, verdict: Verdict) -> Script | str:
    """The script of a function that failed, or why there is none. The verdict is one that can be shown: ``quoted``."""
    why = why_not(submission, verdict)
    if why or verdict.call is None:
        return why
    return Script(verdict.task, _text(submission, verdict, verdict.call), _needed(verdict.call))


def why_not(submission: Submission, verdict: Verdict) -> str:
    """Why this function has no script; nothing where it has one."""
    if verdict.outcome != FAILED:
        return f"it is {verdict.outcome}"
    if submission.kit is not None:
        return "a course's own kit is called through adapters of the grader, which stay here"
    if verdict.carried:
        return f"it fails because of {' and '.join(verdict.carried)}: begin there"
    file = submission.file_of(verdict.task)
    if ".ipynb" in file:
        return f"it stands in a notebook: save {file} as a .py file, and grade that"
    if "." in file.removesuffix(".py"):
        return f"{file} cannot be imported under this name: a dot is in it"
    if verdict.call is None:
        return "its calls were not kept"
    return verdict.call.why_not


def _text(submission: Submission, verdict: Verdict, call: WrittenCall) -> str:
    imports, functions = excerpt(probes, call.probes)
    imports |= {"import torch"}
    tensors = ""
    if _needed(call):
        imports |= {"from pathlib import Path", "from safetensors.torch import load_file"}
        tensors = f'tensors = load_file(Path(__file__).with_name("{name_of(verdict.task)}.safetensors"))\n'
    lines = [*(f"given[{name!r}] = {value}" for name, value in call.given), *call.before]
    dtype = f"torch.{call.dtype}" if call.dtype else None
    return _template("script.txt").substitute(
        task=verdict.task,
        file=f"{name_of(verdict.task)}.py",
        imports=_in_order(imports),
        tensors=tensors,
        folder=_default(submission.origin),
        places=ascii(_places(submission, verdict.task)),
        report=_listed(_report(verdict)),
        probes=f"\n\n{functions}\n" if functions else "",
        given=textwrap.indent("\n".join(lines), "    "),
        returned=call.returned,
        right=f", expected={call.expected}, allowed={call.allowed!r}, dtype={dtype}" if call.expected else "",
    )


def _shared() -> str:
    imports, helpers = excerpt(compare, _SHOWING)
    return _template("shared.txt").substitute(
        imports=_in_order(imports | _IMPORTS | {"from torch import Tensor"}), helpers=helpers
    )


def _in_order(imports: set[str]) -> str:
    return "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line)))


def _template(name: str) -> Template:
    return Template((_HERE / name).read_text(encoding="utf-8"))


def _needed(call: WrittenCall) -> bytes:
    used = " ".join([call.expected, *(value for _, value in call.given)])
    return call.tensors if "tensors[" in used else b""


def _places(submission: Submission, task: str) -> tuple[tuple[str, str], ...]:
    """Files and the function's name in each, the first one first: as the grader looks for it."""
    place, (module, function) = submission.places.get(task), task.split(".")
    if place is not None:
        return ((place.file, place.name),)
    return ("adapters.py", name_of(task)), (f"{module}.py", function), (f"{module}/__init__.py", function)


def _default(origin: Path) -> str:
    """The folder that is looked in where none is named: there is one where a folder or a .py file was graded."""
    folder = origin.resolve() if origin.is_dir() else origin.resolve().parent
    return ascii(str(folder)) if origin.is_dir() or origin.suffix == ".py" else "None"


def _report(verdict: Verdict) -> list[str]:
    """The first failure of the report, which this call has shown."""
    check = verdict.failures[0]
    assert check.failure is not None
    rows = [f"  {label:<9} {text}" for label, text in check.failure.lines()]
    return [check.title, check.failure.summary, *rows]


def _listed(lines: Iterable[str]) -> str:
    """Lines of a report as a tuple: whatever a submission has put into them stays text."""
    return "(\n" + "".join(f"    {line!a},\n" for line in lines) + ")"
