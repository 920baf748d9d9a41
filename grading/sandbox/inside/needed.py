"""What of a module has to be run when it is imported: a script that trains when it is run is imported for its functions.

Imports, functions and classes are. Every other statement waits, a training loop, ``main()``, a model that is made for
them, unless something that is run uses a name that it binds or an object that it changes. What waits is run when
somebody asks the module for a name that it binds. It is told from the text alone, so that it is the same on any machine.
"""

import ast
import builtins
import symtable
import sys
from collections.abc import Iterable, Iterator

_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Raise, ast.Delete)
_COMPREHENSIONS = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OF_EVERY_MODULE = {"__file__", "__name__", "__path__", "__package__", "__spec__", "__doc__", "__builtins__"}
_BY_TEXT = {"globals", "locals", "vars", "eval", "exec"}  # who uses these may use any name


class Waiting:
    """The statements of a module that have not been run yet."""

    def __init__(self, body: list[ast.stmt], source: str) -> None:
        self.statements = body = [one for one in body if not _for_a_script(one)]
        defining = [one for one in body if _defines(one)]
        imports = [one for one in defining if isinstance(one, ast.Import | ast.ImportFrom)]
        self.imported = {name for one in imports for name in binds(one)}
        self.known = {*self.imported, *dir(builtins), *_OF_EVERY_MODULE}
        self.known |= _plain(body, _of_python_itself(imports))
        self.own = {name for one in defining for name in binds(one)} - self.imported
        nodes = (node for one in body for node in ast.walk(one))
        self.declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        self.used = self.own | _used_inside(source, self.own) | {name for one in defining for name in _used_by(one)}
        self._changed: dict[ast.stmt, set[str]] = {}

    def taken(self) -> list[ast.stmt]:
        """What is run when the module is imported; the rest goes on waiting."""
        if self.used & _BY_TEXT:
            return self._take(self.statements)
        at_once = [one for one in self.statements if _defines(one) or self._sets_something_up(one)]
        return self._take(self._needed(self.used, at_once))

    def taken_for(self, name: str) -> list[ast.stmt]:
        """What has to be run now for a name."""
        return self._take(self._needed({name}, []))

    def assigned(self) -> list[str]:
        """Names that a waiting statement surely binds."""
        simple = (one for one in self.statements if isinstance(one, ast.Assign | ast.AnnAssign))
        return [name for one in simple for name in binds(one) if not name.startswith("_")]

    def _take(self, chosen: Iterable[ast.stmt]) -> list[ast.stmt]:
        ids = set(map(id, chosen))
        taken = [one for one in self.statements if id(one) in ids]
        self.statements = [one for one in self.statements if id(one) not in ids]
        return taken

    def _needed(self, used: set[str], chosen: list[ast.stmt]) -> list[ast.stmt]:
        """These statements and whatever binds or changes what is ``used``, with all that those come from."""
        new = found = list(chosen)
        used = set(used)
        while True:
            used = used.union(*(_loaded(one) for one in new if not isinstance(one, _DEFINING)))
            ids = set(map(id, found))
            new = [one for one in self.statements if id(one) not in ids and self._changes(one) & used]
            if not new:
                return found
            found = found + new

    def _changes(self, statement: ast.stmt) -> set[str]:
        """The names that it binds, and those of objects that it calls a method of, or writes into."""
        if statement not in self._changed:
            self._changed[statement] = {*binds(statement), *self._written(statement)} - self.imported
        return self._changed[statement]

    def _written(self, statement: ast.stmt) -> Iterator[str]:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                called = _base(node.func)
                yield called if isinstance(node.func, ast.Attribute) else ""
                if called in self.own:
                    yield from self.declared
                if called in self.own or called in self.imported:  # ``fill(table)``, ``random.shuffle(table)``
                    given = (*node.args, *(one.value for one in node.keywords))
                    yield from (one.id for one in given if isinstance(one, ast.Name))
            elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                yield _base(node)

    def _sets_something_up(self, statement: ast.stmt) -> bool:
        """``torch.manual_seed(0)``, ``sys.path.append(here)``: it says something to what is imported, and no more.

        Also ``if here not in sys.path: …`` and ``for one in ("..", "lib"): …``.
        """
        inner = [one for one in ast.walk(statement) if isinstance(one, ast.stmt)]
        bound = set(binds(statement))
        if isinstance(statement, ast.For) and isinstance(statement.iter, ast.List | ast.Tuple):
            inner, bound = inner[1:], bound - set(binds(statement.target))
        simple = all(isinstance(one, (ast.If, ast.Pass, *_SIMPLE)) for one in inner)
        called = {_base(one.func) for one in ast.walk(statement) if isinstance(one, ast.Call)}
        known = self.known | set(binds(statement)) | (self.own - called)  # ``steps.noised = noised``
        return simple and not bound and _loaded(statement) <= known and not called & self.own


def _of_python_itself(imports: Iterable[ast.Import | ast.ImportFrom]) -> set[str]:
    """The names that come from Python's own modules: ``os``, ``Path``."""
    found: set[str] = set()
    for one in imports:
        names = [one.module] if isinstance(one, ast.ImportFrom) else [alias.name for alias in one.names]
        if all(name and name.split(".")[0] in sys.stdlib_module_names for name in names):
            found |= set(binds(one))
    return found


def _plain(body: Iterable[ast.stmt], own: set[str]) -> set[str]:
    """The names of plain values: ``SEED = 0``, ``here = Path(__file__).parent``, made without any package."""
    known, plain = {*own, *dir(builtins), *_OF_EVERY_MODULE}, set[str]()
    for one in body:
        names = set(binds(one))
        if isinstance(one, ast.Assign) and _loaded(one) <= known | plain:
            plain |= names
        else:
            plain -= names
    return plain


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


def _used_inside(source: str, defined: set[str]) -> set[str]:
    """The module's names that its functions and classes use; a local name is none of them."""
    try:
        tables = [one for one in symtable.symtable(source, "", "exec").get_children() if one.get_name() in defined]
    except SyntaxError:  # of a statement that will say so itself, such as a return outside of a function
        return _BY_TEXT
    found: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
    return found


def _base(node: ast.expr) -> str:
    """``model`` of ``model.layers[0].weight``; nothing of what a call has made."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
