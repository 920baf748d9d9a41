"""Fractions, roots, norms, sums over indices, expectations, gradients, cases: what a command or a sign begins."""

from . import tree
from .braces import Braces
from .tree import Node, NotUnderstood

CLOSING = {"(": ")", "[": "]", "{": "}"}


class Constructs(Braces):
    def _term(self) -> Node:
        raise NotImplementedError

    def _factor(self) -> Node:
        raise NotImplementedError

    def _juxtaposed(self) -> Node:
        raise NotImplementedError

    def _chain(self) -> tree.Chain:
        raise NotImplementedError

    def _fraction(self) -> Node:
        start = self._take().start
        above, below = self._argument(), self._argument()
        if (of := _differential(above)) and (by := _differential(below)):
            return tree.Name(start, self._end(), f"d{of}/d{by}")
        return tree.Quotient(start, self._end(), above, below)

    def _root(self) -> Node:
        start = self._take().start
        inner = self._argument()
        return tree.Root(start, self._end(), inner)

    def _underbrace(self) -> Node:
        self._take()
        inner = self._argument()
        if self._accept("_"):
            self._skip_group()
        return inner

    def _size(self) -> Node:
        opening = self._take()
        self.open.append(opening.text)
        inner = self._sum()
        self._expect(opening.text, opening)
        self.open.pop()
        return tree.Size(opening.start, self._end(), inner, None, opening.text == "‖")

    def _floor(self) -> Node:
        opening = self._take()
        self.open.append("⌊")
        inner = self._sum()
        self._expect("⌋", opening)
        self.open.pop()
        return tree.Floor(opening.start, self._end(), inner)

    def _over(self) -> Node:
        sign = self._take()
        indices: tuple[tree.Name, ...] = ()
        low = high = None
        while self._is("_", "^"):
            if self._take().text == "^":
                high = self._argument()
                continue
            braced = self._accept("{")
            names = [self._name()]
            while self._accept(","):
                names.append(self._name())
            low = self._sum() if self._accept("=") else None
            if braced:
                self._expect("}")
            indices = tuple(names)
        of = self._term()
        kind = "sum" if sign.text == "∑" else "product"
        return tree.Over(sign.start, of.end, kind, indices, low, high, of)

    def _name(self) -> tree.Name:
        node = self._factor()
        if not isinstance(node, tree.Name):
            raise NotUnderstood("expected one symbol", node.start, node.end)
        return node

    def _expectation(self) -> Node:
        start = self._take().start
        over: tuple[str, ...] = ()
        if self._accept("_"):
            first = self.at
            self._skip_group()
            over = tuple(sign.text for sign in self.signs[first : self.at] if sign.kind in ("letter", "word"))
        if not self._is("[", "("):
            of = self._juxtaposed()
            return tree.Expectation(start, self._end(), over, of)
        opening = self._take()
        self.open.append("call")
        of = self._sum()
        if self._accept("|"):  # what is given
            self._chain()
        self._expect(CLOSING[opening.text], opening)
        self.open.pop()
        return tree.Expectation(start, self._end(), over, of)

    def _one_name(self) -> tree.Name:
        """By what there is a gradient, or over what a minimum."""
        first, *others = self._indices()
        if others or not isinstance(first, tree.Name):
            raise NotUnderstood("expected one symbol below", first.start, self._end())
        return first

    def _gradient(self) -> Node:
        start = self._take().start
        by = None
        if self._accept("_"):
            by = self._one_name()
        of = self._factor()
        return tree.Gradient(start, of.end, by, of)

    def _arg_min(self) -> Node:
        start = self._take().start
        if self._done() or self._take().text != "min":
            raise NotUnderstood("expected \\arg\\min", start, self._end())
        self._expect("_")
        by = self._one_name()
        of = self._term()
        return tree.ArgMin(start, of.end, by, of)

    def _cases(self) -> Node:
        opening = self._take()
        self._environment()
        rows = []
        while not self._is("\\end"):
            value, condition = self._sum(), None
            self._accept("&")
            if self._is_text("else", "otherwise"):
                self._take()
            else:
                if self._is_text("if", "for"):
                    self._take()
                conditions: list[Node] = [self._chain()]
                while self._is_text("and"):
                    self._take()
                    conditions.append(self._chain())
                condition = tree.Both(conditions[0].start, conditions[-1].end, tuple(conditions))
            rows.append((value, condition))
            self._accept("\\\\")
            if self._done():
                raise NotUnderstood("\\begin{cases} without \\end{cases}", opening.start, opening.end)
        self._take()
        self._environment()
        return tree.Cases(opening.start, self._end(), tuple(rows))

    def _environment(self) -> None:
        self._expect("{")
        self._expect("cases")
        self._expect("}")


def _differential(node: Node) -> str:
    """What of a d or ∂ stands in a fraction's half; nothing where it is no differential."""
    if isinstance(node, tree.Product) and isinstance(node.factors[0], tree.Name) and node.factors[0].base in ("d", "∂"):
        of = node.factors[1]
        return tree.spelled(of.to if isinstance(of, tree.Applied) else of)
    return ""
