"""A formula is statements, a statement sides with relations between them: the top of a recursive descent over the signs."""

from . import tree
from .sides import Sides
from .tree import Node, NotUnderstood, Statement

RELATIONS = {"=", "≈", "≤", "≥", "<", ">", "∼", "∈", "←", "∝"}


def parse(latex: str) -> list[Statement]:
    """The statements of a formula in their order.

    Raises:
        NotUnderstood: with the place from which on there is no reading.
    """
    try:
        return _Formula(latex).formula()
    except RecursionError:
        raise NotUnderstood("this is nested too deeply", 0, len(latex)) from None


class _Formula(Sides):
    def formula(self) -> list[Statement]:
        statements: list[Statement] = []
        bare: list[Node | None] = []  # items of a list that stands without brackets
        otherwise = False
        while not self._done():
            if self._is("\\quad", ",", ".", "…", ";") or self._is_text():
                sign = self._take()
                otherwise |= sign.text.split()[:1] == ["or"]
                if sign.text == "…":
                    bare.append(None)
                elif bare and sign.text != ",":
                    statements.append(self._bare(bare))
                    bare = []
                continue
            chain = self._chain()
            if chain.relations or not (bare or self._is_list_ahead()):
                statements.append(Statement(chain, otherwise))
            else:
                bare.append(chain.sides[0])
            otherwise = False
        if bare:
            statements.append(self._bare(bare))
        if not statements:
            raise NotUnderstood("expected a formula", 0)
        return statements

    def _bare(self, items: list[Node | None]) -> Statement:
        nodes = [one for one in items if one is not None]
        if not nodes:
            raise NotUnderstood("… between nothing", self._here())
        listed = tree.Listed(nodes[0].start, nodes[-1].end, tuple(items))
        return Statement(tree.Chain(listed.start, listed.end, (listed,), ()))

    def _is_list_ahead(self) -> bool:
        return self._is(",") and self.at + 1 < len(self.signs) and self.signs[self.at + 1].text == "…"

    def _chain(self) -> tree.Chain:
        sides, relations = [self._side()], []
        while not self._done() and (self._is(*RELATIONS) or (self._is(":") and self._next_is("="))):
            self._accept(":")
            relations.append(self._take().text)
            sides.append(self._side())
        return tree.Chain(sides[0].start, sides[-1].end, tuple(sides), tuple(relations))

    def _side(self) -> Node:
        first = self._sum()
        if self._is("…") and not self._previous_is(","):
            self._take()
            last = self._sum()
            return tree.Span(first.start, last.end, first, last)
        return first
