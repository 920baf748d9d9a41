"""Documents of the checkout, for guides to include: the same text, its links led to where the site has their targets."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..paths import ROOT
from .result import example

# Where the site shows a document; what else a link leads to is not on the site, and its text stands alone.
_SHOWN = {
    "grading/contract/courses/README.md": "/guides/course.md",
    "grading/submissions/kits/README.md": "/guides/kit.md",
    "grading/audit/measured.md": "/guides/audit.md",
}
_RELINKED = ("README.md", *_SHOWN)
_AS_THEY_ARE = ("grading/cluster/greatlakes.sbatch", "grading/cluster/greatlakes.toml")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def texts(staff: bool) -> dict[str, str]:
    """By path in the site's sources, ``texts/…``. The students' guides include README.md alone, and link to no others."""
    if not staff:
        return {"texts/README.md": relinked(_text("README.md"), "README.md", {})}
    found = {name: relinked(_text(name), name) for name in _RELINKED}
    found |= {name: _text(name) for name in _AS_THEY_ARE} | {"results.json": example()}
    return {f"texts/{name}": text for name, text in found.items()}


def relinked(text: str, name: str, shown: Mapping[str, str] = _SHOWN) -> str:
    """A document with the links that hold on the site."""

    def link(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if "://" in target:
            return found[0]
        reached = _resolved(target, name)
        return f"[{words}]({shown[reached]})" if reached in shown and not picture else words

    return _LINK.sub(link, text)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _resolved(target: str, name: str) -> str:
    """A link's target from the checkout's folder; its place within the document left out."""
    path = Path(PurePosixPath(name).parent / target.partition("#")[0])
    return (ROOT / path).resolve().relative_to(ROOT).as_posix() if target.partition("#")[0] else ""
