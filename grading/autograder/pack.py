"""What goes into Gradescope's zip: sources, pins and goldens; no conda, no browser, no network's weights."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from ..contract import courses
from ..paths import FIXTURES, ROOT
from ..zipped import zipped

_HERE = Path(__file__).resolve().parent
_LEFT_OUT = ("audit", "bench", "cluster")  # rooms that measure the grader itself
_ENDINGS = (".py", ".toml", ".ini", ".txt", ".sh", ".css", ".html")
_SETUP, _RUN = "setup.sh", "run_autograder"  # at the top, as Gradescope asks
_PINS = "# run\n"  # the part of requirements.txt that grading needs


def packed(
    course: str, fixtures: Path | None, secret: bytes | None, minutes: float, processors: int, hints: str | None
) -> bytes:
    """The zip: ``setup.sh`` and ``run_autograder`` lie at its top, as Gradescope asks."""
    arguments = ["--course", course if course in courses.NAMES else Path(course).name]
    arguments += ["--hints", hints] if hints else []
    arguments += ["--secret", "secret"] if secret is not None else []
    settings = {"minutes": minutes, "processors": processors, "arguments": arguments}
    files = dict(_sources()) | {
        _SETUP: (_HERE / "setup.sh").read_bytes(),
        _RUN: (_HERE / "run_autograder.py").read_bytes(),
        "autograder.json": (json.dumps(settings, indent=1) + "\n").encode(),
        "requirements.txt": pins().encode(),
    }
    goldens = fixtures or FIXTURES
    for path in [goldens / "manifest.json", *sorted((goldens / "golden").glob("*.safetensors"))]:
        files[f"fixtures/{path.relative_to(goldens)}"] = path.read_bytes()
    if course not in courses.NAMES:
        files[Path(course).name] = Path(course).read_bytes()
    if secret is not None:
        files["secret"] = secret
    return zipped(files, run=(_SETUP, _RUN))


def _sources() -> Iterator[tuple[str, bytes]]:
    """Both packages; of the reference its formulas alone."""
    for path in sorted((ROOT / "grading").rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix in _ENDINGS and parts[1] not in _LEFT_OUT and "__pycache__" not in parts:
            yield "/".join(parts), path.read_bytes()
    for path in sorted((ROOT / "reference").glob("*.py")):
        yield f"reference/{path.name}", path.read_bytes()


def pins() -> str:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").partition(_PINS)[2].splitlines()
    return "\n".join([*itertools.takewhile(lambda line: not line.startswith("#"), lines), ""])
