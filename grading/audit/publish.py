"""What an audit has measured, written where people read it: the table beside this file, and the README's numbers."""

from pathlib import Path

from ..paths import ROOT
from . import report
from .audit import Audit
from .figures import figures

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
    lines = ["| what | measured on | came out at |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {one.what} | {one.measured_on} | {one.came} |" for one in figures(found))]) + "\n"
