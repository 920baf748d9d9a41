"""What of a module has to be run when it is imported: a script that trains when it is run is imported for its functions.

Everything is, but for what may go on for hours: loops, calls of the module's own functions and classes, and what uses what
comes of these. Such a statement waits, unless it may matter: it binds what a function uses or what is there already, or
it mentions a variable that a function uses, itself or through what it calls, and so may change it. What waits is run when
somebody asks the module for a name that it binds. It is told from the text alone, so that it is the same on any machine.
What a function of the module's own says to a package, such as ``torch.manual_seed``, is no reason to call it.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator
from functools import cached_property

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFINING = (*_DEFINITIONS, ast.Import, ast.ImportFrom)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BY_TEXT = {"globals", "locals", "vars", "eval", "exec"}  # who uses these may use any name


class Waiting:
    """The statements of a module that have not been run yet."""

    def __init__(self, body: list[ast.stmt], source: str) -> None:
        self.statements = self.body = [one for one in body if not _for_a_script(one)]
        self.defining = [one for one in self.body if _defines(one)]
        self.source = source

    def taken(self) -> list[ast.stmt]:
        """What is run when the module is imported; the rest goes on waiting."""
        waiting: list[ast.stmt] = []
        made = set[str]()  # by what waits
        for one in self.statements:
            if not _defines(one) and (self._may_take_long(one) or _loaded(one) & made):
                waiting.append(one)
                made |= set(binds(one))
        if not waiting or self.used & _BY_TEXT:
            return self._take(self.statements)
        needed = self._needed(self.used | self.there, waiting)
        ids = {id(one) for one in waiting} - {id(one) for one in needed}
        return self._take([one for one in self.statements if id(one) not in ids])

    # What is looked for once there is something that may wait: of most modules there is not.

    @cached_property
    def defined(self) -> set[str]:
        return {one.name for top in self.defining for one in ast.walk(top) if isinstance(one, _DEFINITIONS)}

    @cached_property
    def there(self) -> set[str]:
        return {name for one in self.defining for name in binds(one)}

    @cached_property
    def inside(self) -> dict[str, set[str]]:
        return _used_inside(self.source, self.defined)

    @cached_property
    def variables(self) -> set[str]:
        declared = (node.names for one in self.body for node in ast.walk(one) if isinstance(node, ast.Global))
        return {name for one in self.body if not _defines(one) for name in binds(one)}.union(*declared)

    @cached_property
    def used(self) -> set[str]:
        return set().union(*self.inside.values(), *(_used_by(one) for one in self.defining))

    @cached_property
    def unchanging(self) -> set[str]:
        return _unchanging(self.body)

    def taken_for(self, name: str) -> list[ast.stmt]:
        """What has to be run now for a name."""
        return self._take(self._needed({name}, self.statements))

    def assigned(self) -> list[str]:
        """Names that a waiting statement surely binds."""
        simple = (
            one for one in self.statements if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None
        )
        return [name for one in simple for name in binds(one) if not name.startswith("_")]

    def _take(self, chosen: Iterable[ast.stmt]) -> list[ast.stmt]:
        ids = set(map(id, chosen))
        taken = [one for one in self.statements if id(one) in ids]
        self.statements = [one for one in self.statements if id(one) not in ids]
        return taken

    def _may_take_long(self, statement: ast.stmt) -> bool:
        """It has a loop, but for one over what stands there, or calls what is defined here."""
        nodes = list(ast.walk(statement))
        loops = [one for one in nodes if isinstance(one, _LOOPS) and not _over_what_stands_there(one)]
        called = {_base(one.func) for one in nodes if isinstance(one, ast.Call)}
        return bool(loops) or (bool(called) and bool(called & self.defined))

    def _needed(self, used: set[str], waiting: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Of these statements those that bind or may change what is ``used``, with all that they come from."""
        found: list[ast.stmt] = []
        left, used = list(waiting), set(used)
        while True:
            changing = (used & self.variables) - self.unchanging
            new = [one for one in left if set(binds(one)) & used or self._mentioned(one) & changing]
            if not new:
                return found
            found += new
            left = [one for one in left if one not in new]
            used = used.union(*map(self._mentioned, new))

    def _mentioned(self, statement: ast.stmt) -> set[str]:
        """What it looks up, itself or in what is defined here and mentioned."""
        found = set[str]()
        new = _loaded(statement)
        while new:
            found |= new
            new = set().union(*(self.inside.get(name, ()) for name in new)) - found
        return found


def binds(statement: ast.AST) -> Iterator[str]:
    """The module's names that a statement binds; what its functions bind is their own."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            whole = isinstance(statement, ast.Import) and not alias.asname
            yield alias.name.split(".")[0] if whole else alias.asname or alias.name
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        yield statement.id
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, _COMPREHENSIONS):
            yield from binds(child)


def _defines(statement: ast.stmt) -> bool:
    """An import, a function, a class; or one of these as the case may be."""
    if isinstance(statement, ast.If | ast.Try):
        return any(isinstance(one, _DEFINING) for one in ast.walk(statement))
    return isinstance(statement, _DEFINING)


def _for_a_script(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__":``, which an import does not run anyway; what it uses is not needed by that."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return ast.unparse(statement.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _loaded(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}


def _used_by(statement: ast.stmt) -> Iterator[str]:
    """What is looked up when something is defined: decorators, defaults, bases, annotations, conditions."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(statement, ast.If | ast.Try):
            yield from _used_by(child) if isinstance(child, _DEFINING) else _loaded(child)
        elif not isinstance(child, ast.stmt):
            yield from _loaded(child)


def _used_inside(source: str, defined: set[str]) -> dict[str, set[str]]:
    """The module's names that each of its functions and classes uses, or sets; a local name is none of them."""
    try:
        tables = symtable.symtable(source, "", "exec").get_children()
    except SyntaxError:  # of a statement that will say so itself, such as a return outside of a function
        return {"": _BY_TEXT}
    found: dict[str, set[str]] = {}
    for top in tables:
        own = found.setdefault(top.get_name(), set()) if top.get_name() in defined else set()
        inner = [top]
        while inner:
            table = inner.pop()
            inner += table.get_children()
            own |= {one.get_name() for one in table.get_symbols() if one.is_global()}
    return found


def _base(node: ast.expr) -> str:
    """``model`` of ``model.layers[0].weight``; nothing of what a call has made."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _over_what_stands_there(loop: ast.stmt) -> bool:
    return isinstance(loop, ast.For) and isinstance(loop.iter, ast.List | ast.Tuple)


def _unchanging(body: Iterable[ast.stmt]) -> set[str]:
    """Variables that are numbers, texts or devices: nobody changes them who does not bind them."""
    found: set[str] = set()
    for one in body:
        names = set(binds(one))
        found = found | names if isinstance(one, ast.Assign) and _is_plain(one.value, found) else found - names
    return found


def _is_plain(value: ast.expr, known: set[str]) -> bool:
    if isinstance(value, ast.Call):  # torch.device(…), torch.cuda.is_available()
        return isinstance(value.func, ast.Attribute) and value.func.attr in ("device", "is_available")
    if isinstance(value, ast.Name):
        return value.id in known
    if isinstance(value, ast.Constant | ast.BinOp | ast.UnaryOp | ast.IfExp | ast.Tuple | ast.Compare | ast.BoolOp):
        return all(_is_plain(one, known) for one in ast.iter_child_nodes(value) if isinstance(one, ast.expr))
    return False
