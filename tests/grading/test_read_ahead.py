"""Files that are parsed once for all workers of a submission: no worker sees that they are."""

import textwrap

import pytest

from grading.sandbox.inside import parsing
from grading.verdicts import PASSED

from .conftest import PLAIN, told

TASKS = [
    "noising.linear_betas",
    "noising.cumulative_alphas",
    "noising.add_noise",
]  # the second and third read what is ready


@pytest.fixture
def read(tmp_path):
    """``read(source)``: the text of one file, read ahead, as a worker takes it."""
    yield lambda source: _read(tmp_path, textwrap.dedent(source).encode())
    parsing._ahead.clear()


def _read(folder, source):
    (folder / "ddpm.py").write_bytes(source)
    parsing.read_ahead(folder)
    return lambda: parsing.text(source, "elsewhere/ddpm.py")


def test_each_module_has_what_waits_for_itself(read):
    """What one has run of it is still to be run by the next, say where a file is imported under two names."""
    text = read(
        """
        def slow():
            return 3

        later = slow()
        """
    )
    first, second = text(), text()
    assert len(first.waiting.taken_for("later")) == 1
    assert not first.waiting.statements
    assert len(second.waiting.statements) == 1


def test_what_is_no_python_says_so_where_it_is_imported(read):
    text = read("def broken(:")
    with pytest.raises(SyntaxError) as raised:
        text()
    assert raised.value.filename == "elsewhere/ddpm.py"


@pytest.mark.parametrize(
    "deep", ["x = " + "-" * 60_000 + "1", "a" + ".b" * 60_000, "a" + "()" * 60_000, "x = " + "(" * 9_000]
)
def test_a_text_too_deep_for_the_parser_harms_nothing(deep, hand_in, grade):
    source = (PLAIN / "noising.py").read_text(encoding="utf-8")
    verdicts = grade(hand_in({"deep.py": deep}, noising=source), TASKS)
    assert [verdict.outcome for verdict in verdicts.values()] == [PASSED] * len(TASKS)


def test_a_module_that_is_imported_anew(hand_in, grade):
    """In the same worker, and under another name."""
    source = (PLAIN / "noising.py").read_text(encoding="utf-8") + textwrap.dedent(
        """

        import importlib, sys

        if not hasattr(sys, "_again"):
            sys._again = True
            importlib.reload(sys.modules[__name__])
        """
    )
    verdicts = grade(hand_in(noising=source), TASKS)
    assert [verdict.outcome for verdict in verdicts.values()] == [PASSED] * len(TASKS), list(
        map(told, verdicts.values())
    )
