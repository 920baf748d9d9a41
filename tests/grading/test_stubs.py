"""The stubs: signatures, docstrings and TODOs stay whole, and nothing of a solution does."""

import ast
import importlib.util
import inspect
import sys
import textwrap

import pytest

from grading import stubs
from grading.tasks import MODULES, all_tasks, reference_function, reference_module


@pytest.fixture(scope="module")
def fresh():
    return stubs.build()


@pytest.fixture(scope="module")
def package(fresh, tmp_path_factory):
    """The stubs, imported as a package; ``package("ddpm")`` is a module of it."""
    folder = tmp_path_factory.mktemp("stubs") / "stubs_under_test"
    stubs.write(fresh, folder)
    spec = importlib.util.spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    sys.modules[folder.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[folder.name])
    yield lambda module: importlib.import_module(f"{folder.name}.{module}")
    for name in [name for name in sys.modules if name.split(".")[0] == folder.name]:
        del sys.modules[name]


def body_lines(function):
    """The lines of a solution: no docstring, no comment, no signature; spaces do not count."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    lines = (line for statement in statements for line in ast.unparse(statement).splitlines())
    return ["".join(line.split()) for line in lines]


def code_of(text):
    """A module's code without docstrings and comments; those hold formulas."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return "".join(ast.unparse(tree).split())


def given(module):
    """The functions of a module that students get whole."""
    members = vars(reference_module(module)).items()
    own = {n: f for n, f in members if inspect.isfunction(f) and f.__module__ == f"reference.{module}"}
    return {n: f for n, f in own.items() if not n.startswith("_") and n not in reference_module(module).__all__}


@pytest.mark.parametrize("task", all_tasks())
def test_no_stub_contains_a_line_of_a_solution(task, fresh):
    text = "".join(fresh[f"{task.split('.')[0]}.py"].split())
    in_helpers = {line for f in given(task.split(".")[0]).values() for line in body_lines(f)}
    long_lines = [line for line in body_lines(reference_function(task)) if len(line) > 12 and line not in in_helpers]
    assert long_lines
    assert not [line for line in long_lines if line in text]


@pytest.mark.parametrize("task", all_tasks())
def test_no_private_helper_of_a_solution_is_in_a_stub(task, fresh):
    module = task.split(".")[0]
    tree = ast.parse(fresh[f"{module}.py"])
    defined = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert not [name for name in defined if name.startswith("_") and name != "__init__"]
    assert "_arguments" not in code_of(fresh[f"{module}.py"])


@pytest.mark.parametrize("task", all_tasks())
def test_a_stub_keeps_its_signature_and_raises(task, package):
    module, name = task.split(".")
    hollow = getattr(package(module), name)
    assert str(inspect.signature(hollow)) == str(inspect.signature(reference_function(task)))
    with pytest.raises(NotImplementedError):
        hollow(*[None] * len(inspect.signature(hollow).parameters))


@pytest.mark.parametrize("task", all_tasks())
def test_a_stub_tells_what_to_do(task, package):
    module, name = task.split(".")
    hollow = getattr(package(module), name)
    source = inspect.getsource(hollow)
    assert "# TODO: " in source
    assert "# Task:" not in source
    assert source.rstrip().endswith("raise NotImplementedError")
    assert inspect.getdoc(hollow)
    assert "Returns:" in inspect.getdoc(hollow)
    assert "Raises:" not in inspect.getdoc(hollow)


@pytest.mark.parametrize("module", MODULES)
def test_given_helpers_stay_whole(module, package):
    for name, function in given(module).items():
        assert inspect.getsource(getattr(package(module), name)) == inspect.getsource(function)


@pytest.mark.parametrize("module", MODULES)
def test_every_stub_compiles_and_says_the_same_all(module, fresh, package):
    compile(fresh[f"{module}.py"], module, "exec")
    assert package(module).__all__ == reference_module(module).__all__


def test_there_is_a_stub_for_every_module(fresh):
    assert {f"{module}.py" for module in MODULES} <= fresh.keys()


# --- staleness --------------------------------------------------------------------------------------------------


def test_the_stored_stubs_are_fresh(fresh):
    assert stubs.stale(fresh) == []


def test_changed_missing_and_left_over_files_are_stale(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(stubs, "STUBS", tmp_path)
    stubs.write(fresh, tmp_path)
    assert stubs.stale(fresh) == []
    (tmp_path / "ddpm.py").write_text(fresh["ddpm.py"] + "\n", encoding="utf-8")
    (tmp_path / "ddim.py").unlink()
    (tmp_path / "old.py").write_text("", encoding="utf-8")
    assert stubs.stale(fresh) == ["ddim.py", "ddpm.py", "old.py"]
    stubs.write(fresh, tmp_path)
    assert stubs.stale(fresh) == []


# --- the generator on small sources -----------------------------------------------------------------------------

SOURCE = '''
"""A module."""

import math

from ._arguments import refuse
from .shapes import Image

__all__ = ["graded", "Graded"]

_TABLE = [1, 2]
PUBLIC = 3


def _helper(x):
    return _TABLE[x]


def given(x):
    """Given to students."""
    return math.sqrt(x)  # whole


@staticmethod
def graded(x: int, *, y: float = 0.5) -> int:
    """What to do.

    Args:
        x: a number.

    Returns:
        Another.

    Raises:
        ValueError: x is negative,
            or too large.

    >>> graded(1)
    2
    """
    # Task: add.
    # Trap: one, not two.
    if x < 0:
        refuse("x", "≥ 0", x)
    # an inner comment
    return _helper(x) + secret_of_the_solution


class Graded:
    """A class.

    Raises:
        ValueError: always.
    """

    LAYERS = 4

    def __init__(self, size: int = 3) -> None:
        """Make it."""
        # Task: set up.
        self.secret_of_the_solution = size

    def forward(self, x):
        # Task: go.
        return self._inner(x)

    def _inner(self, x):
        return secret_of_the_solution


def another(x): return x
'''


@pytest.fixture(scope="module")
def small():
    return stubs.stub(SOURCE)


def test_the_solution_goes(small):
    for words in ["secret_of_the_solution", "_helper", "_TABLE", "_arguments", "_inner", "an inner comment", "refuse"]:
        assert words not in small


def test_what_is_given_stays(small):
    assert "return math.sqrt(x)  # whole" in small
    assert "PUBLIC = 3" in small
    assert "from .shapes import Image" in small
    assert "def another(x): return x" in small


def test_signature_decorators_docstring_and_todo_stay(small):
    assert "@staticmethod\ndef graded(x: int, *, y: float = 0.5) -> int:" in small
    assert "    # TODO: add.\n    # Trap: one, not two.\n    raise NotImplementedError\n" in small
    assert ">>> graded(1)" in small
    assert "        Another." in small


def test_the_list_of_errors_goes_and_the_example_behind_it_stays(small):
    assert "Raises" not in small
    assert "ValueError" not in small
    assert "or too large" not in small
    assert "        Another.\n\n    >>> graded(1)\n    2\n" in small


def test_classes_are_hollowed(small):
    namespace = {}
    exec(compile(small.replace("from .shapes import Image", ""), "small", "exec"), namespace)
    assert inspect.getdoc(namespace["Graded"]).strip() == "A class."
    with pytest.raises(NotImplementedError):
        namespace["Graded"]()
    with pytest.raises(NotImplementedError):
        namespace["Graded"].forward(None, 1)


def test_a_function_without_docstring_and_task_still_becomes_a_stub():
    small = stubs.stub('__all__ = ["f"]\n\n\ndef f(a, b=1):\n    return a + b\n')
    assert "def f(a, b=1):\n    # TODO\n    raise NotImplementedError\n" in small


def test_a_signature_over_several_lines_stays():
    small = stubs.stub('__all__ = ["f"]\n\n\ndef f(\n    a,\n    b=(1, 2),\n):\n    """Do."""\n    return a\n')
    assert 'def f(\n    a,\n    b=(1, 2),\n):\n    """Do."""\n    # TODO\n    raise NotImplementedError\n' in small


def test_a_module_without_graded_functions_stays_whole():
    source = '"""Shapes."""\n\nimport math\n\nTAU = math.tau\n'
    assert stubs.stub(source) == source
