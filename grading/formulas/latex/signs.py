"""LaTeX cut into signs, each with its place; ways to write the same become one.

``\\alpha`` is α, ``ᾱ`` is \\bar α, ``²`` is ^2, ``‖`` is \\lVert. Fonts, sizes and blanks mean nothing and go, but for
the letters that a font makes another symbol: 𝔼, ℒ, 𝒩, ℝ. Three letters or more in a row are one word, as the page sets them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from .tree import NotUnderstood

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ", "nu": "ν", "xi": "ξ", "chi": "χ", "Gamma": "Γ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ",
    "psi": "ψ", "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "emptyset": "∅", "varnothing": "∅", "infty": "∞",
    "partial": "∂", "prime": "'", "ell": "l",
}  # fmt: skip
SAME = {
    "cdot": "*", "times": "*", "odot": "*", "ast": "*", "cdots": "…", "dots": "…", "ldots": "…", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "sim": "∼", "approx": "≈", "in": "∈", "leftarrow": "←", "gets": "←", "to": "→",
    "rightarrow": "→", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "triangleq": "=", "coloneqq": "=",
    "equiv": "=", "propto": "∝", "lfloor": "⌊", "rfloor": "⌋", "|": "‖", "Vert": "‖", "lVert": "‖", "rVert": "‖",
    "circ": "∘", "top": "⊤", "sum": "∑", "prod": "∏", "nabla": "∇", "dfrac": "\\frac", "tfrac": "\\frac", "{": "(", "}": ")",
    "lbrace": "(", "rbrace": ")", "land": "\\and", "colon": ":", "star": "*",
}  # fmt: skip
NOTHING = {
    ",", ";", ":", "!", " ", "[", "]", "\n", "left", "right", "bigl", "bigr", "Bigl", "Bigr", "big", "Big", "biggl", "biggr", "bigg",
    "textstyle", "displaystyle", "limits", "mathbf", "bm", "boldsymbol", "mathit", "mathsf", "middle", "nonumber",
}  # fmt: skip
FONTS = {"mathbb E": "𝔼", "mathbb R": "ℝ", "mathcal L": "ℒ", "mathcal N": "𝒩", "mathcal A": "A"}
ACCENTS = {
    "bar": "\u0304",
    "overline": "\u0304",
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "dot": "\u0307",
}
WORDS = {"text", "operatorname", "textrm", "textbf", "textit", "mathrm"}
FUNCTIONS = {"exp", "log", "ln", "sin", "cos", "tanh", "min", "max"}
UNICODE = {
    "−": "-",
    "·": "*",
    "⊙": "*",
    "×": "*",
    "‖": "‖",
    "²": "^2",
    "∥": "‖",
    "⋅": "*",
    "≔": "=",
    "~": "∼",
    "…": "…",
}


@dataclass(frozen=True)
class Sign:
    kind: str  # number | letter | word | text | command | accent | mark
    text: str
    start: int
    end: int


def signs(latex: str) -> list[Sign]:
    """The signs of a formula in their order.

    Raises:
        NotUnderstood: a command that is not known here.
    """
    return list(_signs(latex))


def _signs(latex: str) -> Iterator[Sign]:
    place, in_cases = 0, r"\begin{cases}" in latex  # elsewhere & only aligns
    while place < len(latex):
        here = latex[place]
        if here.isspace() or here in "~$" or (here == "&" and not in_cases):
            place += 1
        elif latex.startswith("||", place):
            yield Sign("mark", "‖", place, place := place + 2)
        elif here == "\\":
            sign, place = _command(latex, place)
            if sign is not None:
                yield from sign
        elif here.isdigit() and here.isascii():
            number = re.match(r"\d+(\.\d+)?", latex[place:])
            assert number
            yield Sign("number", number[0], place, place := place + number.end())
        elif word := re.match(r"[A-Za-z]{3,}", latex[place:]):
            yield Sign("word", word[0], place, place := place + word.end())
        else:
            end = place + 1
            while end < len(latex) and unicodedata.combining(latex[end]):
                end += 1
            yield from _character(latex[place:end], place, end)
            place = end


def _character(character: str, place: int, end: int) -> Iterator[Sign]:
    """One character with its accents, which stand before it then, as in LaTeX."""
    if character in UNICODE:
        for one in UNICODE[character]:
            yield Sign("number" if one.isdigit() else "mark", one, place, end)
        return
    base, *accents = list(unicodedata.normalize("NFD", character))
    for accent in accents:
        yield Sign("accent", accent, place, end)
    yield Sign("letter" if base.isalpha() or base == "∅" else "mark", base, place, end)


def _command(latex: str, place: int) -> tuple[list[Sign] | None, int]:
    name = re.match(r"\\([A-Za-z]+|.)", latex[place:], re.DOTALL)
    if name is None:
        raise NotUnderstood("a backslash at the end", place, place + 1)
    command, end = name[1], place + name.end()

    def one(kind: str, text: str, upto: int = end) -> tuple[list[Sign], int]:
        return [Sign(kind, text, place, upto)], upto

    for written, letter in FONTS.items():
        font, of = written.split()
        if command == font and (found := re.match(rf"\s*(\{{\s*{of}\s*\}}|{of})", latex[end:])):
            return one("letter", letter, end + found.end())
    if command in WORDS:
        return _word(latex, place, end, command)
    if command in ("tag", "label") or (command in ("begin", "end") and not latex.startswith("{cases}", end)):
        group = re.match(r"\s*\{[^{}]*\}", latex[end:])  # (1), and the environment around an equation
        return None, end + (group.end() if group else 0)
    if command in ("qquad", "quad"):
        return one("mark", "\\quad")
    if command in NOTHING or command in ("mathbb", "mathcal"):
        return None, end
    if command in GREEK:
        return one("letter" if GREEK[command] != "'" else "mark", GREEK[command])
    if command in ACCENTS:
        return one("accent", ACCENTS[command])
    if command in SAME:
        return one("mark", SAME[command])
    if command in FUNCTIONS:
        return one("word", command)
    if command in ("frac", "sqrt", "begin", "end", "\\", "underbrace", "arg"):
        return one("mark", f"\\{command}")
    raise NotUnderstood(f"\\{command} is not known here", place, end)


def _word(latex: str, place: int, end: int, command: str) -> tuple[list[Sign], int]:
    braces = re.match(r"\s*\{([^{}]*)\}|\s*(\S)", latex[end:])
    if braces is None:
        raise NotUnderstood(f"\\{command} needs {{…}} after it", place, end)
    inner = braces[1] if braces[1] is not None else braces[2]
    upto = end + braces.end()
    if command == "mathrm" and len(inner.strip()) == 1:
        return [Sign("letter", inner.strip(), place, upto)], upto
    kind = "text" if command.startswith("text") and not re.fullmatch(r"[A-Za-z]+", inner) else "word"
    if command == "textbf" and len(inner.strip()) == 1:
        return [Sign("letter", inner.strip(), place, upto)], upto
    return [Sign(kind, inner.strip(), place, upto)], upto
