"""What stands in braces: arguments of commands, indices, exponents."""

from . import tree
from .cursor import Cursor
from .signs import Sign
from .tree import Node


class Braces(Cursor):
    def _argument(self) -> Node:
        """Of a command: what is in braces, or one sign."""
        if self._is("{"):
            return self._braced()
        if not self._done() and self.signs[self.at].kind == "number":
            return self._digit()
        if self._is("-"):
            start = self._take().start
            inner = self._argument()
            return tree.Sum(start, self._end(), ((-1, inner),))
        return self._primary()

    def _braced(self) -> Node:
        opening = self._take()
        self.open.append("{")
        inner = self._sum()
        self._expect("}", opening)
        self.open.pop()
        return inner

    def _digit(self) -> Node:
        """\\frac12 is a half."""
        sign = self.signs[self.at]
        first = Sign("number", sign.text[0], sign.start, sign.start + 1)
        if len(sign.text) > 1:
            self.signs[self.at : self.at + 1] = [first, Sign("number", sign.text[1:], sign.start + 1, sign.end)]
        self._take()
        return tree.Number(first.start, first.end, float(first.text))

    def _indices(self) -> tuple[Node, ...]:
        if not self._is("{"):
            return (self._argument(),)
        opening = self._take()
        self.open.append("{")
        indices = [self._sum()]
        while self._accept(","):
            indices.append(self._sum())
        self._expect("}", opening)
        self.open.pop()
        return tuple(indices)

    def _skip_group(self) -> None:
        """One sign, or a group, whatever is in it."""
        depth = 0
        while not self._done():
            sign = self._take()
            depth += (sign.text == "{") - (sign.text == "}")
            if depth == 0:
                return

    def _script(self) -> Node | str:
        """What stands above: an exponent, or a mark such as ′, *, + or a word."""
        braced = self._accept("{")
        for mark in ("'", "*", "+", "⊤"):
            if self._is(mark) and (not braced or self._next_is("}")):
                self._take()
                if braced:
                    self._expect("}")
                return mark
        if not self._done() and self.signs[self.at].kind == "word" and (not braced or self._next_is("}")):
            word = self._take().text
            if braced:
                self._expect("}")
            return word
        self.at -= braced
        return self._argument()
