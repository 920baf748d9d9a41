"""The terminal's report: one table by course part, then a block for each function that did not pass.

What is not written yet has no block: the table says it, and of a course's own kit a line says where its gap is.
"""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..contract.courses import Course
from ..contract.order import next_up
from ..contract.uses import used_by
from ..seeds import Seed
from ..verdicts import BY_HAND, FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED
from . import Row, Told, blocks, gaps, number, quoted, totals
from .confined import NOTHING, confined

STYLE = {PASSED: "green", FAILED: "red", NOT_IMPLEMENTED: "yellow", NOT_GRADED: "magenta", BY_HAND: "cyan"}
UNFINISHED = (FAILED, NOT_IMPLEMENTED)


def show(console: Console, course: Course, table: list[Row], seed: Seed, hints: str, notes: Sequence[str] = ()) -> None:
    for part, members in groupby(table, key=lambda row: row.item.part):
        console.print(_table(part, list(members)))
    for row, told in blocks(table, hints):
        block(console, row, told)
    _gaps(console, table)
    reached, automatic, by_hand = totals(course, table)
    console.print()
    console.print(f"[bold]{number(reached)} of {number(automatic)} points[/bold]  {escape(course.title)}", end="")
    console.print(f", {number(by_hand)} more are graded by hand" if by_hand else "")
    verdicts = [row.verdict for row in table if row.verdict is not None]
    late = sum(verdict.out_of_time for verdict in verdicts)
    not_graded = sum(verdict.at_fault for verdict in verdicts)
    if not_graded:
        console.print(f"[magenta]{not_graded} not graded: the grader is at fault, no points are lost by it[/magenta]")
    if late:
        console.print(f"[magenta]{late} not graded: out of time; --deadline SECONDS gives a submission more[/magenta]")
    sandbox = confined(verdicts)
    if sandbox:
        style = "magenta" if sandbox == NOTHING else "dim"
        console.print(f"[{style}]{escape(sandbox)}[/{style}]")
    following = following_up(table)
    if following:
        console.print(escape(following))
    for note in quoted(list(notes)):
        console.print(f"[magenta]{escape(note)}[/magenta]")
    console.print(f"[dim]{escape(quoted(seed.again))}[/dim]")


def _table(part: str, members: list[Row]) -> Table:
    table = Table(title=Text(part, style="bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header, width in (("", 7), ("function", 34), ("verdict", 15)):
        table.add_column(header, min_width=width, header_style="dim")
    table.add_column("points", justify="right", min_width=12, header_style="dim")
    for row in members:
        points = number(row.item.points)
        if not row.item.function:
            table.add_row(row.item.number, Text(row.item.title, style="dim"), "[dim]by hand[/dim]", f"– / {points}")
            continue
        outcome = row.verdict.outcome if row.verdict is not None else "–"
        score = "–" if row.score is None else number(row.score)
        verdict = Text(outcome, style=STYLE.get(outcome, ""))
        table.add_row(row.item.number, row.item.function, verdict, f"{score} / {points}")
    return table


def block(console: Console, row: Row, told: Told) -> None:
    """What is said of one function."""
    verdict = row.verdict
    assert verdict is not None
    where = f"  [dim]{escape(verdict.defined_at)}[/dim]" if verdict.defined_at else ""
    console.print()
    console.print(f"[{STYLE[verdict.outcome]} bold]{verdict.task}  {verdict.outcome}[/]{where}")
    for line in told.lines():
        indent = 2 + len(line) - len(line.lstrip())
        console.print(Padding(Text(line.strip()), (0, 0, 0, indent)))


def following_up(table: list[Row]) -> str:
    """Which function is next, while some are neither right nor a person's to look at."""
    unfinished = [row.verdict.task for row in table if row.verdict is not None and row.verdict.outcome in UNFINISHED]
    return next_up(unfinished, {task: used_by(task) for task in unfinished})


def _gaps(console: Console, table: list[Row]) -> None:
    """Where a kit's gaps are, and what of it was not handed in: a line for each place, however many functions it costs."""
    places = gaps(table)
    if places:
        console.print(f"\n[{STYLE[NOT_IMPLEMENTED]} bold]{NOT_IMPLEMENTED}[/]")
    for reason, tasks in places.items():
        console.print(Padding(Text(f"{', '.join(tasks)}: {reason}"), (0, 0, 0, 2)))
