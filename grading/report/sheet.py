"""What the student's page and the class's page share: the frame, the look, how a name breaks."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_HERE = Path(__file__).resolve().parent
_DOCUMENT = re.compile(r"(?<!\w)(?::root|body)(?= \{)")


def environment(folder: Path) -> Environment:
    """Of a folder with a ``page.html`` that extends ``sheet.html``, and its ``page.css``. All texts are escaped."""
    made = Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.globals["style"] = Markup("".join(map(_text, (_HERE / "sheet.css", folder / "page.css"))))
    made.filters["breakable"] = _breakable
    made.filters["scoped"] = _scoped
    return made


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _breakable(name: str) -> Markup:
    """A function's name, which may go on in the next line behind a dot or an underscore."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))


def _scoped(style: Markup) -> Markup:
    """The look within a rule of a part of a page: what is said of the document is said of that part."""
    return Markup(_DOCUMENT.sub("&", str(style)))
