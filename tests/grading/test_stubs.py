"""The stubs: signatures, docstrings and TODOs stay whole, and nothing of a solution does."""

import ast
import importlib.util
import inspect
import sys
import textwrap

import pytest
import torch

from grading.__main__ import main
from grading.contract import stubs
from grading.contract.functions import MODULES, all_tasks
from grading.contract.reference import reference_module
from grading.verdicts import Unusable


def own(module):
    """The public functions and classes that a reference module defines, by name."""
    members = vars(reference_module(module)).items()
    kinds = {n: f for n, f in members if inspect.isfunction(f) or inspect.isclass(f)}
    return {n: f for n, f in kinds.items() if f.__module__ == f"reference.{module}" and not n.startswith("_")}


def is_task(definition):
    return "# Task:" in inspect.getsource(definition)


# What students write: every graded function and class, the blocks of the networks, the modules that a person grades.
HOLLOW = [f"{module}.{name}" for module in MODULES for name, definition in own(module).items() if is_task(definition)]
CLASSES = [
    task for task in HOLLOW if inspect.isclass(getattr(reference_module(task.split(".")[0]), task.split(".")[1]))
]

BLOCKS = ("Conv", "DownConv", "UpConv", "Flatten", "Unflatten", "ConvBlock", "DownBlock", "UpBlock", "FCBlock")


def solution(task):
    module, name = task.split(".")
    return getattr(reference_module(module), name)


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


def body_lines(definition):
    """The lines of a solution: no docstring, no comment, no signature; spaces do not count."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(definition)))
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            statements = node.body[1:] if ast.get_docstring(node) else node.body
            lines += [line for statement in statements for line in ast.unparse(statement).splitlines()]
    return ["".join(line.split()) for line in lines]


def methods(definition):
    """The methods that students write: those that others call, and the one that builds the object."""
    functions = {n: f for n, f in vars(definition).items() if inspect.isfunction(f)}
    return {n: f for n, f in functions.items() if n == "__init__" or not n.startswith("_")}


def code_of(text):
    """A module's code without docstrings and comments; those hold formulas."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return "".join(ast.unparse(tree).split())


def given(module):
    """The definitions of a module that students get whole."""
    return {name: definition for name, definition in own(module).items() if not is_task(definition)}


def test_every_graded_function_is_hollow_and_so_is_the_rest_that_students_write():
    assert set(all_tasks()) <= set(HOLLOW)
    assert set(HOLLOW) - set(all_tasks()) == {f"unet.{name}" for name in BLOCKS}


@pytest.mark.parametrize("module", MODULES)
def test_what_is_given_is_what_the_module_says(module):
    assert given(module).keys() == set(getattr(reference_module(module), "GIVEN", ()))


@pytest.mark.parametrize("task", HOLLOW)
def test_no_stub_contains_a_line_of_a_solution(task, fresh):
    module = task.split(".")[0]
    text = fresh[f"{module}.py"]
    for definition in given(module).values():
        whole = inspect.getsource(definition)
        assert whole in text
        text = text.replace(whole, "")
    text = "".join(text.split())
    long_lines = [line for line in body_lines(solution(task)) if len(line) > 12]
    assert long_lines
    assert not [line for line in long_lines if line in text]


@pytest.mark.parametrize("module", MODULES)
def test_no_private_helper_of_a_solution_is_in_a_stub(module, fresh):
    tree = ast.parse(fresh[f"{module}.py"])
    defined = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert not [name for name in defined if name.startswith("_") and name != "__init__"]
    assert "_arguments" not in code_of(fresh[f"{module}.py"])


def hollow(task, package):
    module, name = task.split(".")
    return getattr(package(module), name)


@pytest.mark.parametrize("task", HOLLOW)
def test_a_stub_keeps_its_signature_and_raises(task, package):
    stub = hollow(task, package)
    assert str(inspect.signature(stub)) == str(inspect.signature(solution(task)))
    with pytest.raises(NotImplementedError):
        stub(*[None] * len(inspect.signature(stub).parameters))


@pytest.mark.parametrize("task", CLASSES)
def test_the_methods_of_a_class_keep_their_signatures_and_raise(task, package):
    stub = hollow(task, package)
    assert [base.__name__ for base in stub.__mro__] == [base.__name__ for base in solution(task).__mro__]
    assert methods(stub).keys() == methods(solution(task)).keys()
    assert "__init__" in methods(stub)
    assert "forward" in methods(stub) or task not in all_tasks()
    for name, method in methods(stub).items():
        assert str(inspect.signature(method)) == str(inspect.signature(methods(solution(task))[name]))
        with pytest.raises(NotImplementedError):
            method(*[None] * len(inspect.signature(method).parameters))


@pytest.mark.parametrize("task", HOLLOW)
def test_a_stub_tells_what_to_do(task, package):
    stub = hollow(task, package)
    source = inspect.getsource(stub)
    assert "# TODO: " in source
    assert "# Task:" not in source
    assert source.rstrip().endswith("raise NotImplementedError")
    assert inspect.getdoc(stub)
    docstrings = [inspect.getdoc(stub), *(inspect.getdoc(m) for m in vars(stub).values() if inspect.isfunction(m))]
    is_block = task.split(".")[1] in BLOCKS  # they say what they give in one line
    assert is_block or any("Returns:" in text for text in docstrings if text)
    assert "Raises:" not in source


@pytest.mark.parametrize("task", HOLLOW)
def test_every_task_and_trap_of_a_solution_becomes_part_of_its_stub(task, package):
    expected = [line.strip() for line in inspect.getsource(solution(task)).splitlines()]
    expected = [line.replace("# Task:", "# TODO:") for line in expected if line.startswith(("# Task:", "# Trap:"))]
    stub = [line.strip() for line in inspect.getsource(hollow(task, package)).splitlines()]
    assert [line for line in stub if line.startswith(("# TODO", "# Trap:"))] == expected


@pytest.mark.parametrize("module", MODULES)
def test_given_helpers_stay_whole(module, package):
    for name, function in given(module).items():
        assert inspect.getsource(getattr(package(module), name)) == inspect.getsource(function)


@pytest.mark.parametrize("name", ["rand_brightness", "rand_saturation", "rand_contrast", "rand_translation"])
def test_given_transforms_work_in_the_stubs(name, package):
    x = torch.rand(4, 3, 16, 24, dtype=torch.float64)
    results = [
        getattr(module, name)(x, generator=torch.Generator().manual_seed(1))
        for module in (package("augment"), reference_module("augment"))
    ]
    assert torch.equal(*results)
    assert not torch.equal(results[0], x)
    assert getattr(package("augment"), name)(x).shape == x.shape


def test_given_uniform_numbers_work_in_the_stubs_and_the_graded_transforms_do_not(package):
    augment, x = package("augment"), torch.rand(2, 3, 8, 8)
    numbers = augment.uniform((5, 2), x, torch.Generator().manual_seed(1))
    assert torch.equal(numbers, reference_module("augment").uniform((5, 2), x, torch.Generator().manual_seed(1)))
    for policy in ("color,translation,cutout", "color", ""):
        with pytest.raises(NotImplementedError):
            augment.diff_augment(x, policy)
    with pytest.raises(NotImplementedError):
        augment.rand_cutout(x)


@pytest.mark.parametrize("module", MODULES)
def test_every_stub_compiles_and_says_the_same_all(module, fresh, package):
    compile(fresh[f"{module}.py"], module, "exec")
    assert package(module).__all__ == reference_module(module).__all__


def test_there_is_a_stub_for_every_module(fresh):
    assert {f"{module}.py" for module in MODULES} <= fresh.keys()


# --- what differs from what the reference gives ------------------------------------------------------------------


@pytest.fixture
def folder(fresh, tmp_path):
    """A folder to work in, as the command makes it."""
    folder = tmp_path / "my_homework"
    stubs.write(fresh, folder)
    return folder


@pytest.fixture
def written_in(folder):
    """The same, with a student's work in ddpm.py."""
    (folder / "ddpm.py").write_text(WORK, encoding="utf-8")
    return folder


WORK = "def predict_x0(x_t, eps, t, alphas_cumprod):\n    return my_work\n"


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_stored_stubs_are_what_the_reference_gives(fresh):
    assert stubs.differing(fresh) == {}


def test_changed_missing_and_left_over_files_are_told(fresh, folder, monkeypatch):
    monkeypatch.setattr(stubs, "STUBS", folder)
    assert stubs.differing(fresh) == {}
    (folder / "ddpm.py").write_text(fresh["ddpm.py"] + "\n", encoding="utf-8")
    (folder / "ddim.py").unlink()
    (folder / "old.py").write_text("", encoding="utf-8")
    told = stubs.differing(fresh)
    assert list(told) == ["ddim.py", "ddpm.py", "old.py"]
    assert told["ddim.py"] == "is missing" and told["old.py"] == "does not belong there"
    assert "someone has written in it" in told["ddpm.py"]


def test_a_version_that_is_not_remembered_is_told(fresh, folder, monkeypatch, tmp_path):
    """Or a student's untouched file would be taken for work later."""
    monkeypatch.setattr(stubs, "STUBS", folder)
    monkeypatch.setattr(stubs, "GENERATED", tmp_path / "generated.txt")
    stubs.GENERATED.write_text("", encoding="utf-8")
    assert all("generated.txt" in why for why in stubs.differing(fresh).values())
    stubs.remember(fresh)
    assert stubs.differing(fresh) == {}
    stubs.remember(fresh)
    lines = stubs.GENERATED.read_text(encoding="utf-8").split()
    without = stubs.build(traps=False)
    assert len(lines) == len(set(lines)) == len({*fresh.values(), *without.values()})


def test_writing_again_changes_nothing(fresh, folder):
    assert stubs.write(fresh, folder) == ([], [])
    assert texts(folder) == fresh


def test_what_is_missing_and_an_older_version_are_made_anew(fresh, folder, monkeypatch, tmp_path):
    older = fresh["ddpm.py"] + "# as it was\n"
    monkeypatch.setattr(stubs, "GENERATED", tmp_path / "generated.txt")
    stubs.GENERATED.write_text("", encoding="utf-8")
    stubs.remember({"ddpm.py": older})
    (folder / "ddpm.py").write_text(older, encoding="utf-8")
    (folder / "ddim.py").unlink()
    written, kept = stubs.write(fresh, folder)
    assert sorted(path.name for path in written) == ["ddim.py", "ddpm.py"] and kept == []
    assert texts(folder) == fresh


def test_nobodys_work_is_overwritten(fresh, written_in):
    (written_in / "ddim.py").unlink()
    before = texts(written_in)
    with pytest.raises(Unusable, match=r"ddpm\.py.*nothing was changed.*--replace"):
        stubs.write(fresh, written_in)
    assert texts(written_in) == before


def test_what_is_replaced_is_kept_beside_it_every_time(fresh, written_in):
    for number in (1, 2):
        (written_in / "ddpm.py").write_text(f"{WORK}# {number}\n", encoding="utf-8")
        written, kept = stubs.write(fresh, written_in, replace=True)
        assert [path.name for path in written] == ["ddpm.py"]
        assert [path.name for path in kept] == [f"ddpm.py.before-{number}"]
        assert kept[0].read_text(encoding="utf-8") == f"{WORK}# {number}\n"
    assert texts(written_in).items() >= fresh.items()


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_makes_a_folder_to_work_in(fresh, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["stubs"]) == 0
    assert texts(tmp_path / "my_homework") == fresh
    assert f"my_homework: {len(fresh)} files written" in capsys.readouterr().out
    assert main(["stubs"]) == 0
    assert "my_homework: 0 files written" in capsys.readouterr().out


def test_the_command_refuses_to_overwrite_and_replaces_where_it_is_told_to(written_in, capsys):
    assert main(["stubs", str(written_in)]) == 2
    error = capsys.readouterr().err
    assert "ddpm.py" in error and "--replace" in error and error.count("\n") == 1
    assert (written_in / "ddpm.py").read_text(encoding="utf-8") == WORK
    assert main(["stubs", str(written_in), "--replace"]) == 0
    assert str(written_in / "ddpm.py.before-1") in capsys.readouterr().out


def test_the_command_refreshes_the_checkouts_own(fresh, written_in, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("grading.commands.stubs.STUBS", written_in)
    monkeypatch.setattr(stubs, "STUBS", written_in)
    monkeypatch.setattr(stubs, "GENERATED", tmp_path / "generated.txt")
    stubs.GENERATED.write_text("", encoding="utf-8")
    assert main(["stubs", "--check"]) == 1
    assert "student_stubs/ddpm.py" in capsys.readouterr().err
    assert main(["stubs", "--refresh"]) == 2
    assert main(["stubs", "--refresh", "--replace"]) == 0
    assert main(["stubs", "--check"]) == 0


def test_a_folder_that_cannot_be_written_into(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["stubs", str(tmp_path / "file" / "homework")]) == 2
    assert "cannot be written into" in capsys.readouterr().err


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


class Block(list):
    """Two parts."""

    # Task: two parts.
    # Trap: the second one.
    def __init__(self, size) -> None:
        super().__init__([secret_of_the_solution, size])


class Whole:
    """Given to students."""

    def method(self):
        return "whole"


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
    assert 'class Whole:\n    """Given to students."""\n\n    def method(self):\n        return "whole"\n' in small


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
    with pytest.raises(NotImplementedError):
        namespace["Block"](3)
    assert namespace["Whole"]().method() == "whole"


def test_a_task_above_a_class_s_methods_is_told_once(small):
    head = 'class Block(list):\n    """Two parts."""\n\n    # TODO: two parts.\n    # Trap: the second one.\n\n'
    assert f"{head}    def __init__(self, size) -> None:\n        raise NotImplementedError\n" in small


def test_every_task_becomes_a_todo(small):
    """Also in a method without a docstring."""
    assert "# Task" not in small
    assert small.count("# TODO") == 4
    assert "    def forward(self, x):\n        # TODO: go.\n        raise NotImplementedError\n" in small


def test_a_function_without_docstring_still_becomes_a_stub():
    small = stubs.stub('__all__ = ["f"]\n\n\ndef f(a, b=1):\n    # Task: add.\n    return a + b\n')
    assert "def f(a, b=1):\n    # TODO: add.\n    raise NotImplementedError\n" in small


def test_a_task_that_stands_further_down_still_makes_a_stub():
    small = stubs.stub('def f(a, b=1):\n    """Do."""\n    c = a\n    # Task: add.\n    return c + b\n')
    assert small == 'def f(a, b=1):\n    """Do."""\n    # TODO\n    raise NotImplementedError\n'


def test_a_function_without_a_task_is_given():
    source = '__all__ = ["f"]\n\n\ndef f(a, b=1):\n    """Do."""\n    # add\n    return a + b\n'
    assert stubs.stub(source) == source


def test_a_signature_over_several_lines_stays():
    source = 'def f(\n    a,\n    b=(1, 2),\n):\n    """Do."""\n    # Task: go.\n    return a\n'
    assert stubs.stub(source) == source.replace("Task", "TODO").replace("return a", "raise NotImplementedError")


def test_a_module_without_graded_functions_stays_whole():
    source = '"""Shapes."""\n\nimport math\n\nTAU = math.tau\n'
    assert stubs.stub(source) == source


# --- without the traps --------------------------------------------------------------------------------------------


def test_without_traps_nothing_else_goes(fresh):
    bare = stubs.build(traps=False)
    assert bare.keys() == fresh.keys()
    assert "Trap:" in "".join(fresh.values())
    for name, text in bare.items():
        assert "Trap" not in text
        assert text.count("# TODO") == fresh[name].count("# TODO")
        kept, before = text.splitlines(), fresh[name].splitlines()
        gone = [line.strip() for line in before if line not in kept]
        assert all(line.startswith("#") for line in gone) or name == "__init__.py"
    assert "where the traps are" in fresh["__init__.py"] and "traps" not in bare["__init__.py"]


def test_a_trap_of_several_lines_goes_whole():
    stub = "    # TODO: add.\n    # Trap: one,\n    # not two.\n    # TODO: and go.\n    # on\n    raise NotImplementedError\n"
    left = "    # TODO: add.\n    # TODO: and go.\n    # on\n    raise NotImplementedError\n"
    assert stubs.without_traps(stub) == left


COURSE = """
title = "Fewer steps"
traps = false

[[part]]
title = "Sampling"
points = 10

[[part.task]]
number = "1"
title = "DDIM"
points = 10
functions = ["ddim.sample_ddim"]
"""


def test_the_command_makes_what_a_course_asks_for(tmp_path, capsys):
    course, target = tmp_path / "fewer.toml", tmp_path / "homework"
    course.write_text(COURSE)
    assert main(["stubs", str(target), "--course", str(course)]) == 0
    assert {path.name for path in target.iterdir()} == {"__init__.py", "ddim.py", "ddpm.py", "shapes.py"}
    assert "Trap" not in (target / "ddim.py").read_text(encoding="utf-8")
    assert main(["stubs", str(target)]) == 0  # they are nobody's work: all is made anew, with the traps
    assert "Trap" in (target / "ddim.py").read_text(encoding="utf-8")
    assert main(["stubs", "--check", "--course", "all"]) == 2
    assert "expected no --course, got all" in capsys.readouterr().err


def test_a_handout_has_the_traps_only_where_the_course_says_so(tmp_path):
    from grading.contract import courses
    from grading.handout import homework, readme

    course = tmp_path / "fewer.toml"
    for traps in (False, True):
        course.write_text(COURSE.replace("traps = false", f"traps = {str(traps).lower()}"))
        courses.load.cache_clear()
        loaded = courses.load(str(course))
        told = "".join(homework.files(loaded).values()) + readme.written(loaded, [])
        assert ("Trap:" in told) is traps and ("where the traps are" in told) is traps
