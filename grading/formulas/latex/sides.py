"""A side of a formula: a sum of products of factors, each with its indices and exponents."""

from dataclasses import replace

from . import tree
from .constructs import CLOSING, Constructs
from .tree import Node, NotUnderstood

PREFIXED = {"exp", "log", "ln", "sin", "cos", "tanh", "mean", "tr"}  # functions that need no brackets
SEPARATORS = {",", ";", "→"}


class Sides(Constructs):
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
            return self._expectation() if sign.text == "𝔼" or self._is_plain_expectation() else self._letter()
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

    def _is_plain_expectation(self) -> bool:
        """E[…] and E_x[…], printed with a plain E."""
        if self.signs[self.at].text != "E":
            return False
        here, self.at = self.at, self.at + 1
        if self._accept("_"):
            self._skip_group()
        bracket, self.at = self._is("["), here
        return bracket

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
