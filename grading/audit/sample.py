"""Explanations for a reader to judge: the code beside the edit and exactly what a student would read of it."""

import ast
from collections.abc import Sequence
from pathlib import Path

from ..report import explain
from ..sandbox.fork_server import ForkServer
from ..verdicts import FAILED, Verdict
from .audit import STRANGER, of_strangers
from .explained import UNEXPLAINED, explanation
from .reach import definitions
from .rounds import Graded, Round, grade_all
from .strangers import Stranger, drawn, edited, statements

MARK = "  # <<<<"
OFTEN = 3  # so many edits are graded for each explanation: some are harmless, some unexplained


def write(fork_server: ForkServer, tasks: Sequence[str], seed: int, count: int, jobs: int, folder: Path) -> Path:
    """The first explained ones of many edits drawn at random, as one Markdown file."""
    everything = drawn(tasks, OFTEN * count, seed)
    entries: dict[Stranger, str] = {}

    def take(one: Round, results: dict[str, Graded]) -> None:
        members = list(dict.fromkeys(one.entries.values()))
        for stranger in members:
            graded = results[stranger.task]
            if graded.verdict.outcome == FAILED:
                made = explanation(graded.verdict, graded.statement, stranger, statements(members))
                if made.how != UNEXPLAINED:
                    entries[stranger] = entry(stranger, members, graded.verdict, made.how)

    grade_all(fork_server, list(of_strangers(STRANGER, everything, seed)), jobs, take)
    found = [entries[one] for one in everything if one in entries][:count]
    path = folder / "sample.md"
    head = f"# {len(found)} explanations, drawn at random from edits of other solutions (seed {seed})\n\n"
    head += "For each: right, incomplete or misleading?\n\n"
    numbered = (f"## {number}. {text}" for number, text in enumerate(found, start=1))
    path.write_text(head + "\n\n".join(numbered) + "\n", encoding="utf-8")
    return path


def entry(one: Stranger, members: Sequence[Stranger], verdict: Verdict, how: str) -> str:
    edits = "\n".join(f"- {edit}" for edit in one.edits)
    read = [
        f"{verdict.task}  {verdict.outcome}  {verdict.defined_at}",
        *(f"  {x}" for x in explain(verdict, "mistake")),
    ]
    return "\n\n".join(
        [
            f"{one.task} of `{one.solution.name}` ({how})",
            edits,
            f"```python\n{code(one, members)}\n```",
            "```text\n" + "\n".join(read) + "\n```",
        ]
    )


def code(one: Stranger, members: Sequence[Stranger]) -> str:
    """The edited definitions as they are handed in, with each edited statement marked."""
    parts = []
    for edit in one.edits:
        text, lines = edited(members)[edit.unit.file]
        shown = text.splitlines()
        first, last = lines[edit]
        node = dict(definitions(ast.parse(text)))[edit.unit.name]
        start, end = node.lineno, node.end_lineno or node.lineno
        shown[first - 1] += MARK
        numbered = [f"{i:4}  {line}" for i, line in enumerate(shown, start=1)]
        parts.append("\n".join(numbered[min(start, first) - 1 : max(end, last)]))
    return "\n…\n".join(dict.fromkeys(parts))
