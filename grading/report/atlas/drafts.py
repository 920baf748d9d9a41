"""An entry for the catalogue, begun: what a mistake that none of its entries explains would look like there."""

import textwrap

from ...contract.functions import function
from .groups import Group

_LONGEST = 100  # characters of a comment


def draft(group: Group) -> str:
    """As it would stand in grading/diagnosis/mistakes/; its body and its words are a person's to write."""
    graded = function(group.task)
    written = _comments(textwrap.dedent(group.record["code"])) or ["# its code could not be read"]
    mended = [line for one in group.record["repair"][:1] for line in _comments(f"mended by {one}")]
    body = ["raise NotImplementedError  # TODO: the mistake, in this file's own words; one of those who make it wrote:"]
    return "\n".join(
        [
            f'{graded.name} = partial(mistake, "{group.task}")  # if it is not there',
            "",
            "",
            f"@{graded.name}({' '.join(group.said.split())!r})",
            f"def {graded.name}_TODO({graded.signature}):",
            '    """TODO: what is wrong, why, and where to look; never the solution\'s line."""',
            *(f"    {line}" for line in [*body, *mended, *written]),
        ]
    )


def _comments(text: str) -> list[str]:
    """A student's text, none of which may be code here."""
    return [f"# {line[:_LONGEST]}" for line in text.splitlines() if line.strip()]
