"""A small Sphinx extension: formulas as MathML, which needs no script; what a keyboard and a screen reader need."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from ..report.mathml import mathml

_TAG = re.compile(r"\\tag\{([^}]*)\}")
# Furo's sides have no names, by which a screen reader could tell them apart; a head with nothing in it is no head.
_SAID = {
    '<aside class="sidebar-drawer"': '<aside aria-label="Site" class="sidebar-drawer"',
    '<aside class="toc-drawer': '<aside aria-label="Page" class="toc-drawer',
    '<th class="head"></th>': "<td></td>",
    '<th class="head"><p></p></th>': "<td></td>",
}
# What may be wider than a screen, and scrolls by itself.
_WIDE = re.compile(r'<(pre|div class="table-wrapper[^"]*")>')


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("html-page-context", _reached_by_keyboard, priority=900)  # after the theme
    app.connect("build-finished", _made_readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    latex = node.astext()
    number = _TAG.search(latex)
    told = f'<span class="number">({number[1]})</span>' if number else ""
    translator.body.append(f'<div class="formula" tabindex="0">{mathml(_TAG.sub("", latex))}{told}</div>')
    raise nodes.SkipNode


def _reached_by_keyboard(app: Sphinx, page: str, template: str, context: dict[str, Any], document: Any) -> None:
    context["body"] = _WIDE.sub(r'<\1 tabindex="0">', context.get("body", ""))


def _made_readable(app: Sphinx, failed: Exception | None) -> None:
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for before, after in _SAID.items():
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
