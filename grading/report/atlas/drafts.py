"""An entry for the catalogue, begun: what a mistake that none of its entries explains would look like there."""

import textwrap

from ...contract.functions import function
from .groups import Group

_LONGEST = 100  # characters of a comment


def draft(group: Group) -> str:
    """As it would stand in grading/diagnosis/mistakes/; its body and its words are a person's to write."""
    graded = function(group.task)
    own = [line[:_LONGEST] for line in textwrap.dedent(group.record["code"]).splitlines() if line.strip()]
    written = [f"# {line}" for line in own] or ["# its code could not be read"]
    mended = [f"# mended by {line[:_LONGEST]}" for line in group.record["repair"][:1]]
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
