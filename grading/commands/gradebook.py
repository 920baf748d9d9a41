"""What goes back to the learning system, made of what a class run has kept: grades, feedback, each result in another form."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..report import forms
from ..verdicts import Unusable
from . import DONE, _arguments

HELP = "fill in a gradebook, or pack the feedback, of a class that was graded"
SYSTEMS = ("canvas", "moodle")
FORMS = (*SYSTEMS, *(f"{system}-feedback" for system in SYSTEMS), *forms.NAMES)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graded", type=Path, metavar="GRADED", help="the folder that `class --out` has written")
    parser.add_argument(
        "form",
        choices=FORMS,
        metavar="FORM",
        help=f"{', '.join(SYSTEMS)}: a gradebook; {', '.join(FORMS[2:4])}: a zip to upload; "
        f"{', '.join(forms.NAMES)}: a folder with a file for each hand-in",
    )
    parser.add_argument("sheet", nargs="?", type=Path, metavar="FILE", help="the system's own export or worksheet")
    parser.add_argument("--column", default="", metavar="TITLE", help="of Canvas's assignments, by title or number")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="what is written")


def run(arguments: argparse.Namespace) -> int:
    """0 when it is written; whoever could not be given a grade or a file is named."""
    from ..gradebooks import canvas, feedback, graded, moodle

    fill: dict[str, Callable[..., tuple[bytes, list[str]]]] = {"canvas": canvas.filled, "moodle": moodle.filled}
    called: dict[str, Callable[[dict[str, Any]], str]] = {
        "canvas-feedback": canvas.feedback_name,
        "moodle-feedback": moodle.feedback_name,
    }
    if (arguments.sheet is not None) != (arguments.form in fill) or (arguments.column and arguments.form != "canvas"):
        raise Unusable(f"{arguments.form}: expected {_EXPECTED.get(arguments.form, 'neither a FILE nor --column')}")
    own = graded.read(arguments.graded)
    if arguments.form in forms.NAMES:
        notes = _each(own, arguments.form, _arguments.folder("--out", arguments.out))
    else:
        content, notes = (
            fill[arguments.form](own, arguments.sheet, arguments.column)
            if arguments.form in fill
            else feedback.zipped(own, called[arguments.form])
        )
        _arguments.write_out(arguments.out, content)
    for note in [*notes, *_kept_from_students(own, arguments.form)]:
        print(note)
    print(f"{arguments.out} is written")
    return DONE


_EXPECTED = {"canvas": "FILE, Canvas's export", "moodle": "FILE, Moodle's worksheet, and no --column"}


def _kept_from_students(own: Any, form: str) -> Iterator[str]:
    """What the course does not show, and whether this form holds it nevertheless."""
    from ..batch.summary import kept_from_students

    kept = kept_from_students(own.document)
    if kept and form in SYSTEMS:
        yield f"counted, and by the course not shown to students: {kept}; post the grades when they may know them"
    elif kept and form not in forms.HOLD_ALL:
        yield f"left out, points included, as the course does not show it to students: {kept}"


def _each(own: Any, form: str, folder: Path) -> list[str]:
    """A file for each hand-in that was graded; who has none, and why."""
    from ..batch.store import GRADED

    notes = []
    for entry in own.entries:
        if entry["state"] == GRADED:
            text = forms.rendered(form, own.results(entry))
            _arguments.write_out(folder / f"{entry['key']}.{forms.ENDINGS[form]}", text.encode("utf-8"))
        else:
            notes.append(f"{entry['name']} ({entry['key']}): {entry['state']}: {entry['reason']}")
    return notes
