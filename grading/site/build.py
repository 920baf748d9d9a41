"""Put the sources of the site together, and run Sphinx on them."""

import shutil
import tempfile
from pathlib import Path

from ..paths import ROOT
from . import guides, pages, texts

DOCS = ROOT / "docs"
_NO_SOURCES = shutil.ignore_patterns("requirements.txt", "pictures.json", "__pycache__")


def sources(folder: Path, staff: bool) -> None:
    """Everything that Sphinx reads: what is written for the site, and what is made for it."""
    shutil.copytree(DOCS, folder, ignore=_NO_SOURCES, dirs_exist_ok=True)
    for name in () if staff else guides.FOR_STAFF:
        (folder / "guides" / f"{name}.md").unlink()
    made = pages.pages(staff) | texts.texts(staff) | {"guides/index.md": guides.index(staff)}
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def build(out: Path, staff: bool) -> int:
    """Sphinx's exit code: a warning counts as an error, once all of them are told."""
    from sphinx.cmd.build import build_main

    with tempfile.TemporaryDirectory() as scratch:
        folder, trees = Path(scratch) / "sources", Path(scratch) / "doctrees"
        sources(folder, staff)
        return build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", str(trees), str(folder), str(out)])
