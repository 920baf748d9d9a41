"""The audit as a table, as JSON and as Markdown."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from . import figures
from .audit import Audit
from .explained import UNEXPLAINED
from .tally import Function
from .totals import total

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


def summary(found: Audit) -> list[str]:
    """The figures as lines, and what only a table by function says besides."""
    whole = total(list(found.functions.values()))
    said, doubles = whole.diagnoses, whole.pair_diagnoses
    spent = ", ".join(f"{kind} {seconds:.0f}" for kind, seconds in sorted(found.spent.items(), key=lambda one: -one[1]))
    return [
        *(f"{one.what}: {one.came} ({one.measured_on})" for one in figures.figures(found)),
        f"the catalogue's diagnoses: {said.reading} by reading back alone, {said.matching} by the catalogue alone, "
        f"{said.both} by both",
        f"the reference's mutants: {whole.on_import} killed at their import, {whole.same_code} are the same code; of the "
        f"pairs {doubles.right} are diagnosed right, {len(doubles.wrong)} wrong",
        f"solutions: {', '.join(found.solutions)}",
        f"seconds of graders: {spent or 'none'}",
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
        "What strangers are told comes first. What the catalogue says of its own entries is only itself, recognised.",
        _list(summary(found)),
        "Function by function: the catalogue, right solutions, mutants of the reference.",
        "\n".join(f"| {' | '.join(row)} |" for row in rows),
        _list(f"{name}: {meaning}" for name, meaning in HEADERS.items()),
        "## What makes the audit fail",
        _list(found.problems) or "Nothing.",
        "## Edits of other solutions that are not explained",
        _list(unexplained(found)) or "None.",
        "## Restyled mistakes that are not explained as the original",
        _list(", ".join(key) for key, alike in found.restyling.alike().items() if not alike) or "None.",
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
        "strangers": {name: asdict(one) for name, one in found.strangers.all.items()},
        "couples": {name: asdict(one) for name, one in found.couples.all.items()},
        "restyled": {", ".join(key): alike for key, alike in found.restyling.alike().items()},
        "functions": [asdict(one) | {"killed": one.killed} for one in found.functions.values()],
    }


def unexplained(found: Audit) -> list[str]:
    return [name for name, one in found.strangers.all.items() if one.how == UNEXPLAINED]


def write(found: Audit, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(found), indent=1, ensure_ascii=False) + "\n"
    (folder / "audit.json").write_text(text, encoding="utf-8")
    (folder / "audit.md").write_text(markdown(found), encoding="utf-8")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
