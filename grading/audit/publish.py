"""What an audit has measured, written where people read it: the table beside this file, and the README's numbers."""

from pathlib import Path

from ..paths import ROOT
from . import report
from .audit import Audit

MEASURED = Path(__file__).with_name("measured.md")
README = ROOT / "README.md"
BEGIN, END = "<!-- measured by `nox -s audit -- --write` -->\n", "<!-- end -->\n"


def write(found: Audit) -> list[Path]:
    """The files that were written."""
    MEASURED.write_text(report.markdown(found), encoding="utf-8")
    README.write_text(with_numbers(README.read_text(encoding="utf-8"), found), encoding="utf-8")
    return [MEASURED, README]


def with_numbers(readme: str, found: Audit) -> str:
    """The README with its table of measures made anew."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"README.md: expected a table between {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + numbers(found) + END + after


def numbers(found: Audit) -> str:
    whole = report.total(list(found.functions.values()))
    said = whole.diagnoses
    other = whole.killed + len(whole.surviving)
    rows = [
        ("catalogued mistakes that lose their point", f"{whole.mistakes - len(whole.survivors)} of {whole.mistakes}"),
        ("of these diagnosed right; wrong; without a diagnosis", f"{said.right}; {len(said.wrong)}; {said.missing}"),
        (
            f"points that {len(found.solutions)} complete correct solutions lose (the reference and other styles)",
            f"{len(whole.alarms)} of {whole.correct}",
        ),
        (
            "automatic mutants of the reference that lose their point",
            f"{whole.killed} of {other}; {whole.declared} more are declared, with reasons, to be no mistakes",
        ),
        (
            "pairs of mutants in one function that lose their point",
            f"{whole.pairs - len(whole.surviving_pairs)} of {whole.pairs}",
        ),
        ("the whole audit, two processor cores", f"{found.seconds // 60:.0f} min {found.seconds % 60:.0f} s"),
    ]
    lines = ["| measured on the project's own catalogue and mutants | |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {what} | {came} |" for what, came in rows)]) + "\n"
