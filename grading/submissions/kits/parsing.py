"""A student's text as a syntax tree. Nothing of it is run."""

import ast
import warnings

from ...contract.functions import FUNCTIONS, MODULES

_OF_THE_CONTRACT = {(one.module, one.name, one.parameters) for one in FUNCTIONS}
_NETWORKS = {one.name: one for one in FUNCTIONS if one.network}


def parsed(text: str | bytes) -> ast.Module | None:
    """None where it is no Python; a worker says so, with the line."""
    try:
        with warnings.catch_warnings():  # about the student's text: they are for its own process
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def of_the_contract(function: ast.FunctionDef, module: str = "") -> bool:
    """Whether it has the name and the arguments of a graded function, of this module or of any: no kit has both."""
    arguments = tuple(one.arg for one in function.args.args)
    modules = [module] if module else MODULES
    return any((one, function.name, arguments) in _OF_THE_CONTRACT for one in modules)


def network_of_the_contract(node: ast.ClassDef) -> bool:
    """Whether it is called, built and run as a graded network is, with a default for each setting: a kit's skeleton has none."""
    methods = {one.name: one.args for one in node.body if isinstance(one, ast.FunctionDef)}
    if node.name not in _NETWORKS or not {"__init__", "forward"} <= set(methods):
        return False
    (_, *settings), (_, *inputs) = ([one.arg for one in methods[name].args] or [""] for name in ("__init__", "forward"))
    defaults = methods["__init__"].defaults
    network = _NETWORKS[node.name]
    given = tuple(settings) == network.parameters and len(defaults) == len(settings)
    return given and inputs == network.forward.split()
