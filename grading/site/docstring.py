"""A graded function's docstring taken apart. CONTRIBUTING.md says what stands in one."""

import re
from dataclasses import dataclass
from textwrap import dedent

_SECTIONS = ("Args", "Returns", "Raises")


@dataclass(frozen=True)
class Docstring:
    summary: str
    text: str  # between the summary and the sections: the formula among it
    sources: list[str]
    convention: str
    arguments: list[tuple[str, str]]  # names, what they are
    returns: str
    raises: list[tuple[str, str]]
    example: str


def parsed(docstring: str) -> Docstring:
    """Of a cleaned one, as ``ast.get_docstring`` gives it."""
    summary, _, rest = docstring.partition("\n\n")
    blocks = re.split(r"\n{2,}", rest)
    heads = {block.split(":", 1)[0]: block for block in blocks if block.split(":\n", 1)[0] in _SECTIONS}
    origin = next((block for block in blocks if block.startswith("Source: ")), "")
    source, _, convention = origin.removeprefix("Source: ").partition("\nConvention: ")
    example = [block for block in blocks if block.startswith(">>> ")]
    others = [block for block in blocks if block not in (*heads.values(), origin, *example)]
    returned = dedent(heads.get("Returns", "").partition("\n")[2])
    return Docstring(
        " ".join(summary.split()),
        "\n\n".join(others),
        _parts(" ".join(source.split())),
        " ".join(convention.split()),
        _entries(heads.get("Args", "")),
        " ".join(returned.split()),
        _entries(heads.get("Raises", "")),
        "\n\n".join(example),
    )


def _entries(section: str) -> list[tuple[str, str]]:
    """``name: text``, which goes on in lines that are indented further."""
    found: list[tuple[str, str]] = []
    for line in dedent(section.partition("\n")[2]).splitlines():
        if line.startswith(" ") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            name, _, text = line.partition(": ")
            found.append((name, text.strip()))
    return found


def _parts(source: str) -> list[str]:
    """What semicolons divide, outside of brackets."""
    parts, depth = [""], 0
    for character in source.removesuffix("."):
        depth += (character == "(") - (character == ")")
        if character == ";" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
