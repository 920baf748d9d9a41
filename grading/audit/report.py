"""The audit as a table, as JSON and as Markdown."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from .audit import Audit
from .tally import Diagnoses, Function

HEADERS = {  # column: what it holds
    "function": "the graded function",
    "mistakes": "of the catalogue that lose the point / all",
    "diagnosed": "mistakes with a right diagnosis: by reading back alone + by the catalogue alone + by both",
    "none": "mistakes without a diagnosis",
    "wrong": "diagnoses that do not give the code's own results, pairs included",
    "nearest": "the smallest error of a mistake, as a multiple of the tolerance",
    "correct": "solutions that keep the point / all",
    "furthest": "the largest error of a correct solution, as a multiple of the tolerance",
    "mutants": "killed / all that compute something else",
    "equivalent": "mutants declared to compute the same, or compiled to the same code",
    "pairs": "of mutants in one function that lose the point / all",
}


def cells(one: Function) -> list[str]:
    said = one.diagnoses
    return [
        one.task,
        f"{one.mistakes - len(one.survivors)} / {one.mistakes}",
        f"{said.reading} + {said.matching} + {said.both}",
        str(said.missing),
        str(len(said.wrong) + len(one.pair_diagnoses.wrong)),
        "–" if one.nearest is None else f"{one.nearest:.2g}",
        f"{one.correct - len(one.alarms)} / {one.correct}",
        f"{one.furthest:.2g}",
        f"{one.killed} / {one.killed + len(one.surviving)}",
        str(one.declared + one.same_code),
        f"{one.pairs - len(one.surviving_pairs)} / {one.pairs}",
    ]


def total(functions: Iterable[Function]) -> Function:
    """All functions as one."""
    whole = Function("all")
    for one in functions:
        for name, value in vars(one).items():
            before = getattr(whole, name)
            if isinstance(value, Diagnoses):
                for kind, count in vars(value).items():
                    setattr(before, kind, getattr(before, kind) + count)
            elif name not in ("task", "nearest", "furthest"):
                setattr(whole, name, before + value)
    known = [one for one in functions if one.nearest is not None]
    whole.nearest = min((one.nearest for one in known if one.nearest is not None), default=None)
    whole.furthest = max((one.furthest for one in functions), default=0.0)
    return whole


def summary(found: Audit) -> list[str]:
    whole = total(list(found.functions.values()))
    said, doubles = whole.diagnoses, whole.pair_diagnoses
    diagnosed = said.right + said.missing + len(said.wrong)
    other = whole.killed + len(whole.surviving)
    return [
        f"{whole.mistakes - len(whole.survivors)} of {whole.mistakes} catalogued mistakes killed",
        f"{said.right} of {diagnosed} diagnosed right ({said.reading} by reading back alone, {said.matching} by the "
        f"catalogue alone, {said.both} by both), {len(said.wrong)} wrong, {said.missing} without a diagnosis",
        f"{len(found.solutions)} complete correct solutions ({', '.join(found.solutions)}): {len(whole.alarms)} of "
        f"{whole.correct} points lost",
        f"{whole.killed} of {other} mutants killed ({_percent(whole.killed, other)}; {whole.on_import} at their import); "
        f"{whole.declared} more are declared equivalent, {whole.same_code} are the same code",
        f"{whole.pairs - len(whole.surviving_pairs)} of {whole.pairs} pairs of mutants killed, {doubles.right} of them "
        f"diagnosed right, {len(doubles.wrong)} wrong",
        f"seed {found.seed}, {found.seconds:.0f} s",
    ]


def table(found: Audit) -> Table:
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in HEADERS:
        shown.add_column(name, justify="left" if name == "function" else "right", header_style="dim", no_wrap=True)
    for one in found.functions.values():
        shown.add_row(*cells(one), style="red" if one.problems() else "")
    return shown


def markdown(found: Audit) -> str:
    rows = [list(HEADERS), ["---"] * len(HEADERS), *map(cells, found.functions.values())]
    rows.append(cells(total(list(found.functions.values()))))
    parts = [
        "# Audit of the grader",
        _list(summary(found)),
        "\n".join(f"| {' | '.join(row)} |" for row in rows),
        _list(f"{name}: {meaning}" for name, meaning in HEADERS.items()),
        "## What makes the audit fail",
        _list(found.problems) or "Nothing.",
        "## Golden inputs that tell too little",
        _list(found.warnings) or "None.",
    ]
    return "\n\n".join(parts) + "\n"


def document(found: Audit) -> dict[str, Any]:
    return {
        "seed": found.seed,
        "seconds": round(found.seconds, 1),
        "solutions": found.solutions,
        "summary": summary(found),
        "problems": found.problems,
        "warnings": found.warnings,
        "functions": [asdict(one) | {"killed": one.killed} for one in found.functions.values()],
    }


def write(found: Audit, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(found), indent=1, ensure_ascii=False) + "\n"
    (folder / "audit.json").write_text(text, encoding="utf-8")
    (folder / "audit.md").write_text(markdown(found), encoding="utf-8")


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
