"""The docstrings: each has its sections, and each example runs and is right."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import reference

MODULES = ["noising", "ddpm", "ddim", "guidance", "editing", "illusions", "dps", "distillation"]
FUNCTIONS = [
    (module, node.name)
    for module in MODULES
    for node in ast.parse(inspect.getsource(importlib.import_module(f"reference.{module}"))).body
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]


EVERY = [  # those that are run from the command line end the process when imported
    found.name.removeprefix("reference.")
    for found in pkgutil.walk_packages(reference.__path__, "reference.")
    if not found.name.endswith("__main__")
]


def load(module, name):
    return getattr(importlib.import_module(f"reference.{module}"), name)


def examples(module):
    return [
        test for test in doctest.DocTestFinder().find(importlib.import_module(f"reference.{module}")) if test.examples
    ]


@pytest.mark.parametrize("test", [test for module in EVERY for test in examples(module)], ids=lambda test: test.name)
def test_the_example_runs(test):
    report = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.FAIL_FAST)
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_a_wrong_example_is_noticed():
    (wrong,) = doctest.DocTestFinder().find(type("Wrong", (), {"__doc__": ">>> 1 + 1\n3\n"}), "wrong", globs={})
    with pytest.raises(AssertionError, match="Expected:"):
        test_the_example_runs(wrong)


@pytest.mark.parametrize("module", MODULES)
def test_all_lists_every_public_function(module):
    names = importlib.import_module(f"reference.{module}").__all__
    assert set(names) == {name for owner, name in FUNCTIONS if owner == module}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_opens_with_its_symbols_and_papers(module):
    doc = importlib.import_module(f"reference.{module}").__doc__
    assert re.search(r"^\| math +\| code +\| shape", doc, re.MULTILINE)
    assert re.search(r"^Papers?: .*arXiv \d{4}\.\d{5}", doc, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("module, name", FUNCTIONS)
def test_a_docstring_has_its_sections_in_order(module, name):
    doc = inspect.getdoc(load(module, name))
    sections = [".. math::", "Source: ", "Convention: ", "Args:\n", "Returns:\n", "Raises:\n", ">>> "]
    places = [doc.find(section) for section in sections]
    assert -1 not in places, f"lacks {[s for s, place in zip(sections, places, strict=True) if place == -1]}"
    assert places == sorted(places)
    summary = doc.partition("\n\n")[0]
    assert summary.endswith("."), "one sentence first"
    args = doc[places[3] : places[4]]
    for parameter in inspect.signature(load(module, name)).parameters:
        assert re.search(rf"^    (\w+, )*{parameter}(, \w+)*: ", args, re.MULTILINE), f"Args lacks {parameter}"


@pytest.mark.parametrize("module, name", FUNCTIONS)
def test_task_and_trap_stand_right_after_the_docstring(module, name):
    """The stub generator takes them from there."""
    lines, _ = inspect.getsourcelines(inspect.unwrap(load(module, name)))
    tree = ast.parse(inspect.cleandoc("\n" + "".join(lines)))
    after_docstring = lines[tree.body[0].body[0].end_lineno :]
    comments = []
    for line in after_docstring:
        if not line.strip().startswith("#"):
            break
        comments.append(line.strip())
    assert comments, "no comment there"
    assert comments[0].startswith("# Task: ")
    assert any(comment.startswith("# Trap: ") for comment in comments)
