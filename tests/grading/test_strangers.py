"""Mutants of other people's solutions: what is edited, what is handed in together, and how an explanation is judged."""

import ast
from types import SimpleNamespace

import pytest

from grading.audit import measures
from grading.audit.completeness import written_in
from grading.audit.diagnoses import Statement
from grading.audit.edits import applied, candidates, written
from grading.audit.explained import (
    CARRIED,
    MATCHED,
    READ,
    REPAIRED,
    TOLD,
    UNEXPLAINED,
    Explanation,
    explanation,
)
from grading.audit.reach import Solution, Unit
from grading.audit.rounds import Graded
from grading.audit.sample import code
from grading.audit.strangers import Stranger, drawn, drawn_pairs, edited, hand_in, in_rounds, others, singles
from grading.contract.functions import all_tasks, function
from grading.verdicts import FAILED, PASSED, CheckResult, Failure, Verdict

from .test_correct_solutions import COMPLETE

TASKS = list(all_tasks())
SOURCE = '''"""Formulas."""

φ = lambda a, t: a[t].sqrt()


def _pair(t, t_prev, alphas_cumprod):
    return φ(alphas_cumprod, t), φ(alphas_cumprod, t_prev)


def posterior_variance(t, t_prev, alphas_cumprod, scale=1.0):
    """1 + 1."""
    a, b = _pair(t, t_prev, alphas_cumprod)
    return (
        1 - b  # of the step before
    ) / (1 - a) * scale


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    if t_prev < 0:
        return x0
    return x0 + posterior_variance(t, t_prev, alphas_cumprod) * noise
'''


@pytest.fixture
def solution(tmp_path):
    folder = tmp_path / "somebody"
    folder.mkdir()
    (folder / "ddpm.py").write_text(SOURCE, encoding="utf-8")
    return Solution(folder)


def all_edits(solution, name):
    found = candidates(solution, Unit("ddpm.py", name))
    return [edit for own in found.values() for one in own if (edit := written(solution, one)) is not None]


def the_edit(solution, name, before, after):
    return next(one for one in all_edits(solution, name) if (one.before, one.after) == (before, after))


# --- what a function reaches ----------------------------------------------------------------------------------------


def test_names_are_followed_up_to_other_graded_functions(solution):
    own = {task: [unit.name for unit in units] for task, units in solution.own.items()}
    assert own["ddpm.posterior_variance"] == ["posterior_variance", "_pair", "φ"]
    assert own["ddpm.posterior_step"] == ["posterior_step"]
    assert solution.users(Unit("ddpm.py", "φ")) == {"ddpm.posterior_variance", "ddpm.posterior_step"}


@pytest.mark.parametrize("solution", others(), ids=lambda one: one.name)
def test_every_layout_is_understood(solution):
    own = {task for task in TASKS if written_in(solution.folder, function(task))}
    assert len(own) >= COMPLETE and solution.graded.keys() == own
    assert all(solution.own.values())


# --- edits ----------------------------------------------------------------------------------------------------------


def test_an_edit_keeps_the_rest_of_the_file(solution):
    edit = the_edit(solution, "_pair", "t_prev", "t")
    text, lines = applied(SOURCE, [edit])
    assert text == SOURCE.replace("φ(alphas_cumprod, t_prev)", "φ(alphas_cumprod, t)")
    assert lines[edit] == (7, 7)


def test_edits_are_what_they_say_and_change_the_code(solution):
    for name in ("φ", "_pair", "posterior_variance", "posterior_step"):
        edits = all_edits(solution, name)
        assert len(edits) > 3, name
        for edit in edits:
            assert ast.dump(ast.parse(applied(SOURCE, [edit])[0])) != ast.dump(ast.parse(SOURCE)), edit


def test_lines_are_counted_where_edits_take_some_away(solution):
    first = the_edit(
        solution, "posterior_variance", "(\n        1 - b  # of the step before\n    ) / (1 - a)", "(1 - b) * (1 - a)"
    )
    second = the_edit(solution, "posterior_step", "t_prev < 0", "t_prev <= 0")
    text, lines = applied(SOURCE, [second, first])
    shown = text.splitlines()
    assert "(1 - b) * (1 - a)" in shown[lines[first][0] - 1] + shown[lines[first][0]]
    assert "t_prev <= 0" in shown[lines[second][0] - 1]


def test_defaults_and_docstrings_stay(solution):
    edits = all_edits(solution, "posterior_variance")
    assert not any("scale=" in edit.before or "1 + 1" in edit.before for edit in edits)


def test_a_name_is_exchanged_for_one_that_has_a_value_there(solution):
    scope = {(one.before, one.after) for one in all_edits(solution, "posterior_variance") if one.operator == "scope"}
    assert ("a", "b") in scope and ("t", "t_prev") in scope
    assert ("t", "a") not in scope  # which comes later


# --- drawing and handing in -----------------------------------------------------------------------------------------


def test_what_is_drawn_depends_on_the_seed_alone():
    first = drawn(TASKS[6:9], 12, seed=3)
    assert first == drawn(TASKS[6:9], 12, seed=3) and first != drawn(TASKS[6:9], 12, seed=4)
    assert len(set(first)) == len(first) == 12
    assert {one.task for one in first} == set(TASKS[6:9])


def test_pairs_are_two_edits_apart_in_one_definition():
    for pair in drawn_pairs(TASKS, 6, seed=3):
        first, second = pair.edits
        assert first.unit == second.unit and first.end <= second.start
        assert [one.edits for one in singles(pair)] == [(first,), (second,)]


def test_no_function_of_a_round_reaches_two_edits():
    everything = drawn(TASKS, 40, seed=3)
    rounds = list(in_rounds(everything))
    assert sorted(one.name for members in rounds for one in members) == sorted(one.name for one in everything)
    assert len(rounds) < len(everything)
    for members in rounds:
        for one in members:
            assert not any(set(one.graded) & other.affected for other in members if other is not one)


def test_a_solution_is_handed_in_with_its_edits(solution, tmp_path):
    one = Stranger(solution, "ddpm.posterior_variance", (the_edit(solution, "_pair", "t_prev", "t"),))
    folder = hand_in([one], tmp_path / "handed_in")
    assert (folder / "ddpm.py").read_text(encoding="utf-8") == edited([one])["ddpm.py"][0] != SOURCE
    assert "   7      return φ(alphas_cumprod, t), φ(alphas_cumprod, t)  # <<<<" in code(one, [one])


# --- judging --------------------------------------------------------------------------------------------------------


def failed(kind="wrong", unexplained="nothing explains it", **more):
    verdict = Verdict("ddpm.posterior_step", FAILED, [CheckResult("a check", Failure("wrong", kind=kind))])
    verdict.unexplained = unexplained
    for name, value in more.items():
        setattr(verdict, name, value)
    return verdict


def repair(*places):
    return SimpleNamespace(places=list(places), edits=["t → t_prev"])


@pytest.mark.parametrize(
    "verdict, statement, expected",
    [
        (failed(), Statement(), Explanation(UNEXPLAINED)),
        (failed("raised", ""), Statement(), Explanation(TOLD)),
        (failed("changed", ""), Statement(), Explanation(TOLD)),
        (failed("value"), Statement(), Explanation(UNEXPLAINED)),
        (failed(), Statement(read=True, tested=True), Explanation(READ, named=1)),
        (failed(), Statement(read=True, misread=True, tested=True), Explanation(READ, wrong=READ)),
        (failed(), Statement(["a"], tested=True), Explanation(MATCHED, named=1)),
        (failed(), Statement(["a", "b"], refuted=["b"], tested=True), Explanation(MATCHED, wrong=MATCHED)),
        (failed(), Statement(["a"]), Explanation(MATCHED, named=1, tested=False)),
        (failed(repair=repair("ddpm.py:7")), Statement(), Explanation(REPAIRED, named=1)),
        (failed(repair=repair("ddpm.py:8")), Statement(), Explanation(REPAIRED, elsewhere=True)),
        (failed(repair=repair("ddim.py:7")), Statement(), Explanation(REPAIRED, elsewhere=True)),
        (failed(repair=None), Statement(), Explanation(UNEXPLAINED)),
        (failed(carried=["ddpm.posterior_variance"]), Statement(), Explanation(CARRIED, named=1)),
        (failed(carried=["ddpm.sample_ddpm"]), Statement(), Explanation(CARRIED, wrong=CARRIED)),
    ],
)
def test_an_explanation_is_judged_by_the_edit_and_by_the_results(verdict, statement, expected, solution):
    edit = the_edit(solution, "_pair", "t_prev", "t")
    one = Stranger(solution, "ddpm.posterior_step", (edit,))
    assert explanation(verdict, statement, one, {edit: (7, 7)}) == expected


def test_of_two_edits_both_have_to_be_named(solution):
    edits = (
        the_edit(solution, "_pair", "t_prev", "t"),
        the_edit(solution, "posterior_step", "t_prev < 0", "t_prev <= 0"),
    )
    one = Stranger(solution, "ddpm.posterior_step", edits)
    lines = {edits[0]: (7, 7), edits[1]: (19, 19)}

    def named(*places):
        return explanation(failed(repair=repair(*places)), Statement(), one, lines).named

    assert (named("ddpm.py:7", "ddpm.py:19"), named("ddpm.py:19"), named("ddpm.py:3")) == (2, 1, 0)


def test_edits_are_counted_and_what_is_said_wrongly_is_a_problem(solution):
    first, second, third = all_edits(solution, "_pair")[:3]
    found = measures.Strangers()

    def add(edit, verdict, statement=None):
        one = Stranger(solution, "ddpm.posterior_step", (edit,))
        found.add("ddpm.posterior_step", one, [one], Graded(verdict, None, statement or Statement()))

    add(first, Verdict("ddpm.posterior_step", PASSED))
    add(second, failed(), Statement(read=True, tested=True))
    assert (found.edits, found.harmless, found.problems()) == (2, 1, [])
    add(third, failed(), Statement(["a"], refuted=["a"], tested=True))
    wrong, few = found.problems()
    assert wrong.startswith("explained wrongly (matched): ") and str(third) in wrong
    assert few.startswith("1 of 2 edits")
