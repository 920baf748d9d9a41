"""LaTeX as MathML, which browsers lay out by themselves."""

import re

from latex2mathml.converter import convert
from markupsafe import Markup

_COMMANDS = re.compile(r"(\\(?:text|begin|end|operatorname|class)\{[^}]*\}|\\[A-Za-z]+)")
_WORD = re.compile(r"[A-Za-z]{3,}")
_OTHERWISE = {
    r"\mathbb E": "𝔼",
    r"\mathcal L": "ℒ",
    r"\mathcal N": "𝒩",
    r"\top": "ᵀ",
    r"\arg": r"\operatorname{arg}",
}  # as it comes out right


def mathml(latex: str, display: str = "block") -> Markup:
    """Of LaTeX that is the grader's own; nothing of a submission is in it. ``display``: "block" or "inline"."""
    for command, other in _OTHERWISE.items():
        latex = latex.replace(command, other)
    pieces = _COMMANDS.split(latex)  # a word is no product of letters
    pieces[::2] = [_WORD.sub(lambda word: rf"\text{{{word[0]}}}", one) for one in pieces[::2]]
    return Markup(convert("".join(pieces), display=display))
