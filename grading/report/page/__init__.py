"""A submission's page: one HTML file with everything in it, to be read on a phone, on paper, aloud, without a network.

No script is in it, and its content policy lets nothing in: what folds is a ``details`` element, formulas are MathML,
pictures are ``data:`` URIs. All texts are escaped by the template, and have passed ``quoted`` before.

| file               | holds                                                              |
| ------------------ | ------------------------------------------------------------------ |
| ``page.html``      | the template, in the frame of ``sheet.html``; ``page.css``         |
| ``article.html``   | one function of it                                                 |
| ``fragment.html``  | that alone, for a page of somebody else's                          |
| ``code``           | the student's own lines, coloured, the mistaken ones marked        |
| ``formulas``       | the formula that is asked for and the one that the code computes   |
| ``picture``        | what the mistake does to a picture                                 |
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Template

from ...contract.courses import Course
from ...seeds import Seed
from .. import Row, blocks, number, quoted, totals
from ..confined import confined
from ..sheet import environment
from ..visible import NOT_ALL, NOTHING, for_students
from . import formulas
from .code import Code, code
from .picture import Picture

__all__ = ["Code", "Picture", "code", "fragment", "page"]


def page(
    course: Course,
    table: list[Row],
    seed: Seed,
    hints: str,
    *,
    name: str,
    replay: str,
    notes: Sequence[str] = (),
    codes: Mapping[str, list[Code]] | None = None,
    pictures: Mapping[str, Picture] | None = None,
) -> str:
    """The whole document.

    Of the table only what students are shown is on it. ``name`` says whose it is, ``replay`` is the command that grades
    the same again. ``codes`` and ``pictures`` are by graded function; a picture is shown where everything is told.
    """
    everything, table = table, for_students(course, table)
    reached, automatic, by_hand = totals(course, table)
    verdicts = [row.verdict for row in table if row.verdict is not None]
    return _template().render(
        course=course.title,
        name=quoted(name),
        left_out="" if len(table) == len(everything) else NOT_ALL if table else NOTHING,
        parts=[(part, list(members)) for part, members in groupby(table, key=lambda row: row.item.part)],
        blocks=list(blocks(table, hints)),
        told=[row.item.function for row, _ in blocks(table, hints)],
        reached=number(reached),
        automatic=number(automatic),
        by_hand=number(by_hand) if by_hand else "",
        counts=Counter(verdict.outcome for verdict in verdicts),
        faults=sum(verdict.at_fault for verdict in verdicts),
        late=sum(verdict.out_of_time for verdict in verdicts),
        sandbox=confined(verdicts),
        notes=quoted(list(notes)),
        again=quoted(seed.again),
        replay=quoted(replay),
        hints=hints,
        codes=codes or {},
        pictures=(pictures or {}) if hints == "mistake" else {},
        alone=False,
    )


def fragment(table: list[Row], codes: Mapping[str, list[Code]], ends: str) -> str:
    """Each function with all that is known of it and its formula, to be put into a page of somebody else's.

    It brings its own colours, of which nothing else on that page takes notice. ``ends`` is its last line.
    """
    told = [(row, row.told("mistake")) for row in table if row.verdict is not None]
    return _template("fragment.html").render(
        told=told, hints="mistake", codes=codes, pictures={}, alone=True, ends=quoted(ends)
    )


@cache
def _template(name: str = "page.html") -> Template:
    made = environment(Path(__file__).resolve().parent)
    made.globals["formulas"] = formulas
    made.filters["points"] = _points
    return made.get_template(name)


def _points(row: Row) -> str:
    return f"{'–' if row.score is None else number(row.score)} / {number(row.item.points)}"
