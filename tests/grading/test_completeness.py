"""``contract --check`` names everything that a new function still lacks, and the command that grades says so too."""

import inspect
import subprocess
import sys

import pytest

from grading.__main__ import main
from grading.audit import completeness
from grading.checking import golden
from grading.contract import stubs
from grading.contract.functions import FUNCTIONS, Function, function
from grading.contract.reference import reference_function, reference_module
from grading.diagnosis.mistakes import catalogue
from grading.paths import ROOT

TASK = "ddpm.predict_x0"
(RECORD,) = (function for function in FUNCTIONS if function.task == TASK)


def test_nothing_is_missing():
    assert completeness.missing() == []


def records(monkeypatch, *functions):
    """The contract as these records would have it."""
    monkeypatch.setattr(completeness, "FUNCTIONS", functions)


@pytest.fixture
def only(monkeypatch):
    """The contract is one function, and the reference defines no more: what is missing is said of it alone."""
    records(monkeypatch, RECORD)
    monkeypatch.setattr(completeness, "MODULES", ("ddpm",))
    monkeypatch.setattr(reference_module("ddpm"), "__all__", ["predict_x0"])


@pytest.mark.usefixtures("only")
def test_a_function_that_has_everything_lacks_nothing():
    assert completeness.missing() == []


@pytest.mark.usefixtures("only")
def test_a_function_without_a_record(monkeypatch):
    monkeypatch.setattr(reference_module("ddpm"), "__all__", ["predict_x0", "posterior_mean"])
    (line,) = completeness.missing()
    assert line.startswith("ddpm.posterior_mean: ") and "without a record in grading/contract/functions.py" in line


@pytest.mark.usefixtures("only")
def test_a_record_without_a_function(monkeypatch):
    records(monkeypatch, RECORD, Function("ddpm.posterior_mean", "x0, x_t"))
    assert completeness.missing() == ["ddpm.posterior_mean: reference/ddpm.py does not define it"]


def posterior_mean(x_t, x0, t, steps=10):
    """The mean of q(x_{t-1} | x_t, x0)."""


@pytest.mark.usefixtures("only")
def test_a_function_that_has_only_been_written_lacks_everything_else(monkeypatch):
    monkeypatch.setattr(reference_module("ddpm"), "posterior_mean", posterior_mean, raising=False)
    records(monkeypatch, RECORD, Function("ddpm.posterior_mean", "x_t, x0, t, steps=5"))
    told = completeness.missing()
    assert all(line.startswith("ddpm.posterior_mean: ") for line in told)
    for words in (
        "not in __all__ of reference/ddpm.py",
        "reference/ddpm.py has (x_t, x0, t, steps=10), the contract (x_t, x0, t, steps=5)",
        "its docstring in reference/ddpm.py lacks Source:, Convention:, >>>",
        "its formula is not evaluated: grading/formulas/symbols/ddpm.py has no posterior_mean",
        "no test points: grading/checking/points/ddpm.py has no posterior_mean",
        "grading/checking/checks/test_ddpm.py has no @grades",
        "no goldens in fixtures/",
        "0 catalogued mistakes in grading/diagnosis/mistakes/ddpm.py, expected 5 at least",
        "no correct solution in tests/solutions/ has it",
        "the reference is not tested: tests/reference/test_ddpm.py does not name it",
        "what it refuses is not tested: tests/reference/test_arguments.py does not name it",
        "it has no stub",
    ):
        assert len([line for line in told if words in line]) == 1, words
    assert len(told) == 12


@pytest.mark.usefixtures("only")
def test_a_stub_that_holds_the_solution(monkeypatch):
    """Without `# Task:` in the reference nothing of a function is taken out."""
    built = stubs.build()
    built["ddpm.py"] = (ROOT / "reference" / "ddpm.py").read_text(encoding="utf-8")
    completeness._stubs.cache_clear()
    monkeypatch.setattr(stubs, "build", lambda: built)
    (line,) = completeness.missing()
    completeness._stubs.cache_clear()
    assert line.startswith(f"{TASK}: its stub holds the solution")


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize("section", ["Source:", "Convention:", ">>> "])
def test_a_docstring_without_one_of_its_sections(section, monkeypatch):
    function = reference_module("ddpm").predict_x0
    monkeypatch.setattr(function, "__doc__", function.__doc__.replace(section, ""))
    (line,) = completeness.missing()
    assert line.endswith(f"lacks {section.strip()}")


@pytest.mark.usefixtures("only")
def test_too_few_mistakes(monkeypatch):
    four = [mistake for mistake in catalogue() if mistake.task == TASK][:4]
    monkeypatch.setattr(completeness, "catalogue", lambda: four)
    (line,) = completeness.missing()
    assert line.startswith(f"{TASK}: 4 catalogued mistakes")


@pytest.mark.usefixtures("only")
def test_no_goldens(monkeypatch):
    monkeypatch.setattr(golden, "tasks", set)
    (line,) = completeness.missing()
    assert line == f"{TASK}: no goldens in fixtures/: run `nox -s fixtures`"


@pytest.mark.usefixtures("only")
def test_no_points_and_no_property(monkeypatch, tmp_path):
    monkeypatch.setattr(completeness, "cases", lambda task, seed: iter(()))
    monkeypatch.setattr(completeness, "CHECKS", tmp_path)
    assert [line.split(":")[1] for line in completeness.missing()] == [" no test points", " no property of its own"]


@pytest.mark.usefixtures("only")
def test_no_solution_by_another_hand(monkeypatch, tmp_path):
    (tmp_path / "ddpm.py").write_text("def predict_x0_differently(): ...\n", encoding="utf-8")
    monkeypatch.setattr(completeness, "SOLUTIONS", tmp_path)
    (line,) = completeness.missing()
    assert "no correct solution" in line
    for written in ("def predict_x0(x_t): ...", "def ddpm_predict_x0(x_t): ...", "ddpm_predict_x0 = other"):
        (tmp_path / "ddpm.py").write_text(f"{written}\n", encoding="utf-8")
        assert completeness.missing() == []


@pytest.mark.usefixtures("only")
def test_no_test_of_the_reference(monkeypatch, tmp_path):
    monkeypatch.setattr(completeness, "TESTS", tmp_path)
    for text in (None, "def test_predict_x0_differently(): ..."):
        if text is not None:
            (tmp_path / "test_ddpm.py").write_text(text, encoding="utf-8")
        (line,) = completeness.missing()
        assert line == f"{TASK}: the reference is not tested: tests/reference/test_ddpm.py does not name it"


def test_the_command_lists_the_functions_and_ends_with_1_where_something_is_missing(monkeypatch, capsys):
    assert main(["contract"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(FUNCTIONS) and "ddpm.predict_x0(x_t, eps, t, alphas_cumprod)" in lines
    monkeypatch.setattr(completeness, "missing", lambda: ["ddpm.posterior_mean: no goldens"])
    assert main(["contract", "--check"]) == 1
    assert capsys.readouterr() == ("", "ddpm.posterior_mean: no goldens\n")
    monkeypatch.setattr(completeness, "missing", list)
    assert main(["contract", "--check"]) == 0


# --- no empty pass ----------------------------------------------------------------------------------------------

ADDED = """
import sys
from pathlib import Path
from grading.contract import functions
functions.FUNCTIONS += (functions.Function("ddpm.posterior_mean", "x_t, x0, t"),)
import reference.ddpm
reference.ddpm.posterior_mean = lambda x_t, x0, t: x0
from grading.checking import golden
golden._manifest(golden.FIXTURES)["points"]["ddpm.posterior_mean"] = []  # as `nox -s fixtures` leaves it
from grading.grader import Run, grade
from grading.sandbox.fork_server import ForkServer
from grading.submissions import opened
with ForkServer() as fork_server:
    for folder in sys.argv[1:]:
        with opened(Path(folder)) as submission:
            (verdict,) = grade(fork_server, Run(submission, ("ddpm.posterior_mean",), 1))
        print(verdict.outcome, verdict.reason, sep=": ")
"""


def test_a_function_that_nothing_checks_is_never_passed(tmp_path):
    """Added to the contract and the reference, and nowhere else. Whoever hands in what: nobody has a point by it."""
    handed_in = {
        "right": "def posterior_mean(x_t, x0, t):\n    return x0\n",
        "text": "def posterior_mean(x_t, x0, t):\n    return 'passed'\n",
        "stub": "def posterior_mean(x_t, x0, t):\n    raise NotImplementedError\n",
        "lacking": "",
    }
    for name, source in handed_in.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "ddpm.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-c", ADDED, *(str(tmp_path / name) for name in handed_in)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.stdout.splitlines() == ["not graded: no check called the function"] * 4, run.stdout + run.stderr


@pytest.mark.parametrize("task", [one.task for one in FUNCTIONS if one.network])
def test_what_a_network_is_run_on_is_what_the_references_takes(task):
    _, *inputs = inspect.signature(reference_function(task).forward).parameters
    assert inputs == function(task).forward.split()
