"""A place in a row of signs, and what a reader asks of it."""

from .signs import Sign, signs
from .tree import Node, NotUnderstood

GLUE = {"or", "with", "where", "from", "for", "and", "if", "else", "otherwise"}


class Cursor:
    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.signs = signs(latex)
        self.at = 0
        self.open: list[str] = []  # what has been opened, from outside: "(", "call", "|", …

    def _sum(self) -> Node:
        raise NotImplementedError

    def _primary(self) -> Node:
        raise NotImplementedError

    def _done(self) -> bool:
        return self.at >= len(self.signs)

    def _is(self, *texts: str) -> bool:
        return not self._done() and self.signs[self.at].kind in ("mark", "word") and self.signs[self.at].text in texts

    def _next_is(self, text: str) -> bool:
        return self.at + 1 < len(self.signs) and self.signs[self.at + 1].text == text

    def _previous_is(self, text: str) -> bool:
        return self.at > 0 and self.signs[self.at - 1].text == text

    def _is_text(self, *words: str) -> bool:
        """Words between formulas, none of them a symbol; with ``words`` one of these."""
        if self._done():
            return False
        sign = self.signs[self.at]
        between = sign.kind == "text" or (sign.kind == "word" and sign.text in GLUE)
        return between and (not words or sign.text.split()[:1] in [[word] for word in words])

    def _take(self) -> Sign:
        if self._done():
            raise NotUnderstood("the formula ends where something should follow", len(self.latex))
        self.at += 1
        return self.signs[self.at - 1]

    def _accept(self, text: str) -> bool:
        if self._is(text):
            self.at += 1
            return True
        return False

    def _expect(self, text: str, opening: Sign | None = None) -> None:
        if self._accept(text):
            return
        if opening is not None and self._done():
            raise NotUnderstood(f"{opening.text!r} is never closed", opening.start, opening.end)
        place = self._here()
        got = "the end" if self._done() else repr(self.signs[self.at].text)
        raise NotUnderstood(f"expected {text!r}, got {got}", place, place + 1)

    def _here(self) -> int:
        return len(self.latex) if self._done() else self.signs[self.at].start

    def _end(self) -> int:
        return self.signs[self.at - 1].end
