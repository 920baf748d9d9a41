"""A recursive descent over the signs: a formula is statements, a statement sides with relations, a side a sum of products."""

from dataclasses import replace

from . import tree
from .signs import Sign, signs
from .tree import Node, NotUnderstood, Statement

RELATIONS = {"=", "≈", "≤", "≥", "<", ">", "∼", "∈", "←", "∝"}
GLUE = {"or", "with", "where", "from", "for", "and", "if", "else", "otherwise"}
CLOSING = {"(": ")", "[": "]", "{": "}"}
PREFIXED = {"exp", "log", "ln", "sin", "cos", "tanh", "mean", "tr"}  # functions that need no brackets
SEPARATORS = {",", ";", "→"}


def parse(latex: str) -> list[Statement]:
    """The statements of a formula in their order.

    Raises:
        NotUnderstood: with the place from which on there is no reading.
    """
    return _Parser(latex).formula()


class _Parser:
    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.signs = signs(latex)
        self.at = 0
        self.open: list[str] = []  # what has been opened, from outside: "(", "call", "|", …

    # --- statements ---------------------------------------------------------------------------------------------

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

    # --- sums and products --------------------------------------------------------------------------------------

    def _sum(self) -> Node:
        start = self._here()
        sign = self._sign_before()
        first = self._term()
        if sign > 0 and not self._is("+", "-"):
            return first
        terms = [(sign, first)]
        while self._is("+", "-"):
            sign = -1 if self._take().text == "-" else 1
            terms.append((sign * self._sign_before(), self._term()))
        return tree.Sum(start, self._end(), tuple(terms))

    def _sign_before(self) -> int:
        sign = 1
        while self._is("+", "-"):
            sign *= -1 if self._take().text == "-" else 1
        return sign

    def _term(self) -> Node:
        """Factors side by side bind closer than a stroke: a / 2 b is a / (2 b); 1/2 a is half of a."""
        left = self._juxtaposed()
        while self._is("/", "*", "∘"):
            operator = self._take().text
            if operator == "∘":
                left = self._composed(left)
            elif operator == "/":
                number = isinstance(left, tree.Number) and not self._done() and self.signs[self.at].kind == "number"
                right = self._factor() if number else self._juxtaposed()
                left = tree.Quotient(left.start, right.end, left, right)
                if number and self._starts_a_factor():
                    rest = self._juxtaposed()
                    left = tree.Product(left.start, rest.end, (left, rest))
            else:
                right = self._juxtaposed()
                left = tree.Product(left.start, right.end, (left, right))
        return left

    def _composed(self, first: Node) -> Node:
        functions: list[Node | None] = [first]
        while True:
            functions.append(None if self._accept("…") else self._factor())
            if not self._accept("∘"):
                return tree.Composed(first.start, self._end(), tuple(functions))

    def _juxtaposed(self) -> Node:
        factors = [self._factor()]
        while self._starts_a_factor():
            factors.append(self._factor())
        return factors[0] if len(factors) == 1 else tree.Product(factors[0].start, factors[-1].end, tuple(factors))

    def _starts_a_factor(self) -> bool:
        if self._done() or self._is_text():
            return False
        sign = self.signs[self.at]
        if sign.text in ("|", "‖"):  # at this place it closes what is open, or says what is given
            return self.open[-1:] not in ([sign.text], ["call"])
        opening = ("(", "[", "{", "⌊", "∑", "∏", "∇", "𝔼", "\\frac", "\\sqrt", "\\begin", "\\underbrace", "\\arg")
        return sign.kind in ("number", "letter", "word", "accent") or sign.text in opening

    # --- factors ------------------------------------------------------------------------------------------------

    def _factor(self) -> Node:
        start = self._here()
        node = self._primary()
        exponent: Node | None = None
        while not self._done():
            if self._is("_"):
                self._take()
                indices = self._indices()
                if isinstance(node, tree.Name):
                    node = tree.Name(start, self._end(), node.base, node.below + indices, node.mark)
                elif isinstance(node, tree.Size):
                    node = tree.Size(start, self._end(), node.of, indices[0], node.is_norm)
                else:
                    node = tree.Indexed(start, self._end(), node, indices)
            elif self._is("'") and isinstance(node, tree.Name):
                self._take()
                node = tree.Name(start, self._end(), node.base, node.below, node.mark + "'")
            elif self._is("^"):
                node, exponent = self._raised(node, start, exponent)
            elif self._is("(") and isinstance(node, tree.Name) and exponent is None:
                node = tree.Applied(start, self.signs[self.at].end, node, self._arguments())
                node = tree.Applied(start, self._end(), node.to, node.arguments)
            else:
                break
        return node if exponent is None else tree.Power(start, self._end(), node, exponent)

    def _raised(self, node: Node, start: int, exponent: Node | None) -> tuple[Node, Node | None]:
        place = self._take()
        raised = self._script()
        if raised == "⊤":
            return tree.Transposed(start, self._end(), node), exponent
        if isinstance(raised, str) and isinstance(node, tree.Name):
            return tree.Name(start, self._end(), node.base, node.below, node.mark + raised), exponent
        if isinstance(raised, str) or exponent is not None:
            raise NotUnderstood("a power of this cannot be read", place.start, self._end())
        return node, raised

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

    def _primary(self) -> Node:
        if self._done():
            raise NotUnderstood("the formula ends where something should follow", len(self.latex))
        sign = self.signs[self.at]
        if sign.kind == "number":
            self._take()
            return tree.Number(sign.start, sign.end, float(sign.text))
        if sign.kind == "accent":
            return self._accented()
        if sign.kind == "letter":
            return self._expectation() if sign.text == "𝔼" else self._letter()
        if sign.kind == "word" and not self._is_text():
            return self._prefixed() if sign.text in PREFIXED else self._letter()
        read = {
            "\\frac": self._fraction, "\\sqrt": self._root, "∑": self._over, "∏": self._over, "∇": self._gradient,
            "|": self._size, "‖": self._size, "⌊": self._floor, "\\begin": self._cases, "\\underbrace": self._underbrace,
            "\\arg": self._arg_min, "(": self._bracketed, "[": self._bracketed, "{": self._bracketed,
        }.get(sign.text)  # fmt: skip
        if read is None:
            raise NotUnderstood(f"expected a symbol, a number or a bracket, got {sign.text!r}", sign.start, sign.end)
        return read()

    def _letter(self) -> tree.Name:
        sign = self._take()
        return tree.Name(sign.start, sign.end, sign.text)

    def _accented(self) -> Node:
        accent = self._take()
        inner = self._argument()
        if not isinstance(inner, tree.Name):
            raise NotUnderstood("an accent stands over one symbol", accent.start, self._end())
        return tree.Name(accent.start, self._end(), inner.base + accent.text, inner.below, inner.mark)

    def _prefixed(self) -> Node:
        """log x, cos² (x), mean |x|²: without brackets up to the next + or −."""
        name = self._letter()
        exponent = None
        if self._is("^"):
            self._take()
            exponent = self._argument()
        argument = self._bracketed() if self._is("(", "[") and name.base != "mean" else self._juxtaposed()
        call: Node = tree.Applied(name.start, argument.end, name, (argument,))
        return call if exponent is None else tree.Power(name.start, argument.end, call, exponent)

    def _fraction(self) -> Node:
        start = self._take().start
        above, below = self._argument(), self._argument()
        if (of := _differential(above)) and (by := _differential(below)):
            return tree.Name(start, self._end(), f"d{of}/d{by}")
        return tree.Quotient(start, self._end(), above, below)

    def _root(self) -> Node:
        start = self._take().start
        return tree.Root(start, self._end(), inner) if (inner := self._argument()) else inner

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

    def _bracketed(self) -> Node:
        opening = self._take()
        self.open.append(opening.text)
        items: list[Node | None] = [self._item()]
        while self._accept(","):
            items.append(self._item())
        self._expect(CLOSING[opening.text], opening)
        self.open.pop()
        if len(items) == 1 and items[0] is not None:
            return replace(items[0], start=opening.start, end=self._end())
        return tree.Listed(opening.start, self._end(), tuple(items), opening.text)

    def _item(self) -> Node | None:
        return None if self._accept("…") else self._sum()

    def _arguments(self) -> tuple[Node, ...]:
        opening = self._take()
        self.open.append("call")
        arguments = [self._sum()]
        while self._is(*SEPARATORS, "|"):
            self._take()
            if not self._accept("…"):
                arguments.append(self._sum())
        self._expect(")", opening)
        self.open.pop()
        return tuple(arguments)

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
            return tree.Expectation(start, self._end(), over, of) if (of := self._juxtaposed()) else of
        opening = self._take()
        self.open.append("call")
        of = self._sum()
        if self._accept("|"):  # what is given
            self._chain()
        self._expect(CLOSING[opening.text], opening)
        self.open.pop()
        return tree.Expectation(start, self._end(), over, of)

    def _gradient(self) -> Node:
        start = self._take().start
        by = None
        if self._accept("_"):
            (index,) = self._indices()
            by = index if isinstance(index, tree.Name) else None
        of = self._factor()
        return tree.Gradient(start, of.end, by, of)

    def _arg_min(self) -> Node:
        start = self._take().start
        if self._done() or self._take().text != "min":
            raise NotUnderstood("expected \\arg\\min", start, self._end())
        self._expect("_")
        (by,) = self._indices()
        if not isinstance(by, tree.Name):
            raise NotUnderstood("expected one symbol below", by.start, by.end)
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

    # --- what stands in braces ----------------------------------------------------------------------------------

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

    # --- signs --------------------------------------------------------------------------------------------------

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
        return between and (not words or sign.text.split()[:1] == [*words][:1] or sign.text in words)

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


def _differential(node: Node) -> str:
    """What of a d or ∂ stands in a fraction's half; nothing where it is no differential."""
    if isinstance(node, tree.Product) and isinstance(node.factors[0], tree.Name) and node.factors[0].base in ("d", "∂"):
        of = node.factors[1]
        return tree.spelled(of.to if isinstance(of, tree.Applied) else of)
    return ""
