"""Put a kit's adapters beside the student's files. Handouts hold this file, too."""

import json
import shutil
from pathlib import Path

from ...paths import KIT_PACKAGE
from .kit import Found

ADAPTERS = Path(__file__).parent / "adapters"


def install(found: Found, folder: Path) -> None:
    """Put the kit's adapters into a copy of the submission, with what they call the student's files."""
    for name, text in found.survey.written.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = folder / KIT_PACKAGE
    shutil.rmtree(package, ignore_errors=True)  # the name is ours
    package.mkdir()
    for name in adapters(found.kit.name):
        shutil.copyfile(ADAPTERS / name, package / ("__init__.py" if name == f"{found.kit.name}.py" else name))
    (package / "files.json").write_text(json.dumps(dict(found.survey.files)))


def adapters(kit: str) -> list[str]:
    """The files of a kit's adapters: KIT.py, which is the package, whatever begins with that name, and what all share."""
    files = sorted(path.name for path in ADAPTERS.glob("*.py"))
    return [name for name in files if name in ("common.py", f"{kit}.py") or name.startswith(f"{kit}_")]
