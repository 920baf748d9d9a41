"""The audit: what it mutates, what it counts, what makes it fail, and that it notices what is planted."""

import ast
import json
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from grading.audit import audit, coincidences, equivalent, figures, measures, publish, report, sample
from grading.audit.diagnoses import MISSING, RIGHT, WRONG, Statement, judge
from grading.audit.equivalent import load
from grading.audit.explained import MATCHED, READ, UNEXPLAINED, Explanation
from grading.audit.mutants import Mutant, mutants, mutations, pairs
from grading.audit.rounds import Graded, in_rounds
from grading.audit.scope import module_source, reached
from grading.audit.size import FULL, QUICK, Size
from grading.audit.tally import MISTAKE, MUTANT, PAIR, SOLUTION, Grading, tally
from grading.commands import audit as command
from grading.contract.functions import all_tasks
from grading.diagnosis.mistakes import catalogue
from grading.paths import ROOT
from grading.verdicts import FAILED, NOT_GRADED, PASSED, CheckResult, Failure, Unusable, Verdict

TASK = "guidance.classifier_free_guidance"


def made(*lines, operator=None):
    """The mutants of a function with these lines, each as the changed statement."""
    source = "def f(x, y, t, t_prev):\n" + "".join(f"    {line}\n" for line in lines)
    return [one.mutated for one in mutations(source, "made", "f") if operator in (None, one.operator)]


# --- mutation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operator, line, expected",
    [
        ("operator", "return x + y", ["return x - y"]),
        ("operator", "return x // y", ["return x / y"]),
        ("operator", "return -x", ["return x"]),
        ("operator", "return x < y", ["return x <= y", "return x >= y"]),
        ("operator", "return x and y", ["return x or y"]),
        ("operator", "x *= y", ["x /= y"]),
        ("constant", "return 4", [f"return {n}" for n in (0, 1, -1, 5, 2, 8)]),
        ("constant", "return 3", [f"return {n}" for n in (0, 1, -1, 4, 6)]),
        ("constant", "return 0.5", [f"return {n}" for n in (0.0, 1.0, -1.0, 1.5, 0.25)]),
        ("constant", "return -1", [f"return {n}" for n in (0, 1, -2)]),
        ("constant", "return f(x, keep=True)", ["return f(x, keep=False)"]),
        ("index", "return x[2]", ["return x[1]"]),
        ("index", "return x[t]", ["return x[t + 1]", "return x[t - 1]"]),
        ("index", "return x[t:]", ["return x[:]", "return x[t + 1:]", "return x[t - 1:]"]),
        ("index", "return x[:-2]", ["return x[:]", "return x[:-3]"]),
        ("call", "return torch.sqrt(x)", ["return x"]),
        ("call", "return x.mean(dim=1).sqrt()", ["return x.mean(dim=1)", "return x.sqrt()"]),
        ("call", "super().__init__(A(x), B())", ["A(x)", "super().__init__(B())", "super().__init__(A(x))"]),
        ("arguments", "return f(x, y, t)", ["return f(y, x, t)", "return f(x, t, y)"]),
        ("arguments", "return max(x, y)", []),
        ("arguments", "return x if t else y", ["return x", "return y"]),
        ("name", "return min(x, y)", ["return max(x, y)"]),
        ("name", "return x.clamp(min=y)", ["return x.clamp(max=y)"]),
        ("name", "return x[t]", ["return x[t_prev]"]),
        ("name", "return abar_t", []),  # there is no abar_prev here
        ("statement", "x.backward()", ["nothing"]),
        ("statement", "x = f(x)", ["nothing"]),
        ("statement", "y = f(x)", []),  # y would only be missing
    ],
)
def test_every_operator_makes_what_it_says(operator, line, expected):
    found = made(line, operator=operator)
    assert [one for one in found if one in expected] == expected
    assert len(found) == len(expected) or operator == "call", found


def test_a_block_is_taken_out_of_its_condition_or_left_out():
    assert made("if t > y:", "    x = y", "return x", operator="statement") == ["x = y", "nothing"]
    assert made("with torch.no_grad():", "    x = y", operator="statement") == ["x = y"]


def test_a_change_changes_nothing_else():
    source = "A = 1\n\n\ndef f(x):\n    y = x + 1\n    return y * 2\n\n\nB = 2\n"
    for one in mutations(source, "made", "f"):
        changed = ast.unparse(ast.parse(source)).replace(one.original, one.mutated)
        assert ast.unparse(ast.parse(one.source)) == changed


def test_refusals_annotations_and_docstrings_are_not_mutated():
    lines = ['"""Not 1 + 1."""', "require_int('x', x, 1, 9)", "if x < 2:", "    refuse('x', 'more', x)", "return x"]
    source = "def f(x: Between[0, 1]) -> Between[0, 1]:\n" + "".join(f"    {line}\n" for line in lines)
    assert list(mutations(source, "made", "f")) == []


def test_defaults_decorators_and_inner_functions_are_mutated():
    source = "@torch.no_grad()\ndef f(x=2):\n    def g():\n        return x * x\n    return g()\n"
    found = {(one.scope, one.mutated) for one in mutations(source, "made", "f")}
    assert {("f", "@torch.no_grad() def f(x=4):"), ("f", "def f(x=2):"), ("f.g", "return x / x")} <= found


def test_what_compiles_to_the_same_is_known():
    same = {one.mutated: one.same_code for one in mutations("def f():\n    return 2 * 1\n", "made", "f")}
    assert same["return 2 / 1"] is False and same["return 4 * 1"] is False
    assert same["return 1 * 1"] is False and same["return 2 * 2"] is False
    assert {one.mutated: one.same_code for one in mutations("def f():\n    return 0 * 4\n", "made", "f")}[
        "return 0 * 2"
    ]


def test_mutants_come_in_the_same_order_and_none_twice():
    first, second = (list(mutants(["ddpm.posterior_step", "illusions.lowpass"])) for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first) > 100


def test_helpers_and_the_schedule_are_mutated_for_those_who_use_them():
    assert set(reached()["inversion", "_masked"]) >= {"inversion.lp_loss", "inversion.scribble_loss"}
    assert set(reached()["_schedule", "abar_at"]) >= {"noising.add_noise", "distillation.sds_weight"}
    mutated = {task for users in reached().values() for task in users}
    assert set(all_tasks()) - mutated == {"unet.UnconditionalUNet"}  # whose inside is free
    assert not any("require" in name or "refuse" in name for _, name in reached())


def test_pairs_change_two_statements():
    singles = [one for one in mutants(["ddpm.posterior_step"]) if one.module == "ddpm"]
    drawn = pairs(singles, 4, seed=3)
    assert drawn == pairs(singles, 4, seed=3) and len(drawn) == 4
    for one in drawn:
        before, after = (ast.unparse(ast.parse(text)) for text in (module_source("ddpm"), one.source))
        changed = set(after.splitlines()) - set(before.splitlines())
        assert len(changed) >= 2 or "nothing" in one.mutated, one.name


# --- declarations ---------------------------------------------------------------------------------------------------


def test_declarations_are_found_by_how_they_read_and_stale_ones_are_told():
    text = """
    [[mutant]]
    function = "guidance.classifier_free_guidance"
    original = "return eps_uncond + scale * (eps_cond - eps_uncond)"
    mutated = ["return eps_uncond - scale * (eps_cond - eps_uncond)", "return eps_uncond"]
    reason = "made up"

    [[mutant]]
    function = "ddpm.predict_x0"
    original = "pass"
    mutated = ["nothing"]
    reason = "of a function that is not looked at"
    """
    declarations, found = load(text), list(mutants([TASK]))
    assert [one.operator for one in found if declarations.reason(one)] == ["operator"]
    (stale,) = declarations.stale(found)
    assert stale.endswith("| return eps_uncond") and TASK in stale


def test_no_declaration_of_the_project_is_stale_and_each_has_a_reason():
    declarations = load()
    assert declarations.stale(mutants(list(all_tasks()))) == []
    assert all(reason.strip() for reason in declarations.reasons.values())


# --- judging and counting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement, mistake, outcome",
    [
        (Statement(), "a", MISSING),
        (Statement(["a", "b"], tested=True), "a", RIGHT),
        (Statement(["b"], tested=True), "a", RIGHT),  # it gives the same on other inputs
        (Statement(["b"], tested=False), "a", WRONG),
        (Statement(["b"], tested=False), None, RIGHT),
        (Statement(["b"], refuted=["b"], tested=True), None, WRONG),
        (Statement(["a", "b"], refuted=["b"], tested=True), "a", WRONG),
        (Statement(["a"], refuted=["a"], tested=True), "a", RIGHT),  # its own results are random
        (Statement(read=True, tested=True), "a", RIGHT),
        (Statement(read=True, misread=True, tested=True), "a", WRONG),
    ],
)
def test_a_diagnosis_is_judged_by_what_it_gives(statement, mistake, outcome):
    assert judge(statement, mistake) == outcome


def graded(outcome, margin=None, importing=False, **said):
    failure = Failure("the result is wrong", importing=importing) if outcome == FAILED else None
    return Graded(Verdict(TASK, outcome, [CheckResult("a check", failure)], reason="why"), margin, Statement(**said))


def test_gradings_are_counted():
    gradings = [
        Grading(MISTAKE, TASK, "far", graded(FAILED, margin=1e6, named=["far"], tested=True)),
        Grading(MISTAKE, TASK, "near", graded(FAILED, margin=30.0, read=True)),
        Grading(MISTAKE, TASK, "shapes", graded(FAILED, margin=0.5)),
        Grading(MISTAKE, TASK, "misnamed", graded(FAILED, named=["far"], refuted=["far"])),
        Grading(MISTAKE, TASK, "alive", graded(PASSED, margin=0.5)),
        Grading(SOLUTION, TASK, "reference", graded(PASSED, margin=0.01)),
        Grading(SOLUTION, TASK, "plain", graded(FAILED, margin=2.0)),
        Grading(MUTANT, TASK, "dead", graded(FAILED)),
        Grading(MUTANT, TASK, "unimportable", graded(FAILED, importing=True)),
        Grading(MUTANT, TASK, "survivor", graded(PASSED)),
        Grading(MUTANT, TASK, "declared", graded(PASSED), equivalent=True),
        Grading(MUTANT, TASK, "wrongly declared", graded(FAILED), equivalent=True),
        Grading(PAIR, TASK, "two", graded(FAILED, named=["far"], refuted=["far"])),
        Grading(MUTANT, TASK, "stuck", graded(NOT_GRADED)),
    ]
    one = tally([TASK], gradings)[TASK]
    assert (one.mistakes, one.survivors, one.nearest) == (5, ["alive"], 30.0)
    assert (one.diagnoses.matching, one.diagnoses.reading, one.diagnoses.missing) == (1, 1, 1)
    assert len(one.diagnoses.wrong) == len(one.pair_diagnoses.wrong) == 1
    assert one.correct == 2 and one.furthest == 2.0 and one.alarms[0].startswith("plain: ")
    assert (one.mutants, one.on_import, one.declared) == (6, 1, 2)
    assert one.surviving == ["survivor", "stuck"] and one.refuted[0].startswith("wrongly declared: ")
    assert one.faults == ["stuck: why"]
    assert len(one.problems()) == 8


def test_rounds_hold_one_of_each_function():
    assert list(in_rounds(["a1", "a2", "b1"], lambda name: name[0])) == [{"a": "a1", "b": "b1"}, {"a": "a2"}]


# --- reports and exit codes -----------------------------------------------------------------------------------------

OWN = Size(
    0, 0, 0, 1000, gradings=0, mutants=None, pairs=3, mistakes=True, coincidences=True
)  # the catalogue and the reference
ARGUMENTS = {"seed": 1, "only": "guidance", "jobs": 1, "all": False, "write": False, "quick": False}
ARGUMENTS |= dict.fromkeys(("gradings", "strangers", "couples", "restyled", "sample"))


@pytest.fixture
def no_fork_server(monkeypatch):
    monkeypatch.setattr(command, "ForkServer", nullcontext)


def found(*gradings, **more):
    return audit.Audit(7, tally([TASK], gradings), ["reference"], **more)


def test_reports_hold_the_figures_and_the_problems(tmp_path):
    survivor = Grading(MISTAKE, TASK, "alive", graded(PASSED))
    report.write(found(survivor, warnings=["a and b give the same"]), tmp_path)
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert written["seed"] == 7 and written["functions"][0]["survivors"] == ["alive"]
    text = (tmp_path / "audit.md").read_text(encoding="utf-8")
    assert f"a mistake survives: {TASK} alive" in text and "a and b give the same" in text
    assert f"| {TASK} | 0 / 1 |" in text and "| all | 0 / 1 |" in text


@pytest.mark.parametrize(
    "result, code",
    [
        (found(Grading(MISTAKE, TASK, "dead", graded(FAILED, named=["dead"], tested=True))), 0),
        (found(Grading(MISTAKE, TASK, "unnamed", graded(FAILED))), 1),
        (found(warnings=["only a warning"]), 0),
        (found(Grading(MISTAKE, TASK, "alive", graded(PASSED))), 1),
        (found(Grading(MUTANT, TASK, "alive", graded(PASSED))), 1),
        (found(Grading(SOLUTION, TASK, "plain", graded(FAILED))), 1),
        (found(Grading(PAIR, TASK, "two", graded(FAILED, read=True, misread=True))), 1),
        (found(stale=["a declaration"]), 1),
    ],
)
@pytest.mark.usefixtures("no_fork_server")
def test_the_exit_code_says_whether_anything_is_wrong(result, code, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(audit, "audit", lambda *arguments: result)
    assert command.run(SimpleNamespace(**ARGUMENTS | {"out": tmp_path})) == code
    assert "seed 7" in capsys.readouterr().out


@pytest.mark.parametrize("name, value", [("only", "ddmp"), ("seed", -1), ("jobs", 0), ("gradings", -1), ("sample", -1)])
@pytest.mark.usefixtures("no_fork_server")
def test_arguments_that_cannot_be_used(name, value, tmp_path):
    with pytest.raises(Unusable, match=f"--{name} {value}"):
        command.run(SimpleNamespace(**ARGUMENTS | {"out": tmp_path, name: value}))


@pytest.mark.usefixtures("no_fork_server")
@pytest.mark.parametrize("part", [{"only": "guidance"}, {"only": "", "quick": True}])
def test_a_part_of_an_audit_is_not_published(part, tmp_path):
    with pytest.raises(Unusable, match="--write"):
        command.run(SimpleNamespace(**ARGUMENTS | part | {"out": tmp_path, "write": True}))


@pytest.mark.parametrize(
    "given, expected",
    [({}, FULL), ({"quick": True}, QUICK), ({"quick": True, "strangers": 0}, replace(QUICK, strangers=0))],
)
@pytest.mark.usefixtures("no_fork_server")
def test_the_size_is_what_was_asked_for(given, expected, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(audit, "audit", lambda *arguments: asked.append(arguments[-1]) or found())
    command.run(SimpleNamespace(**ARGUMENTS | given | {"out": tmp_path}))
    assert asked == [expected]


def test_a_part_of_the_functions_takes_a_part_of_the_strangers():
    assert FULL.of(0.5).strangers == FULL.strangers / 2 and FULL.of(0.001).restyled == 2
    assert FULL.of(0.5).gradings == FULL.gradings  # each is shorter
    assert QUICK.of(1.0) == QUICK


def test_the_readmes_numbers_are_replaced_and_nothing_else():
    readme = f"before\n{publish.BEGIN}| old |\n{publish.END}after\n"
    killed = found(Grading(MISTAKE, TASK, "dead", graded(FAILED)), seconds=125.0)
    fresh = publish.with_numbers(readme, killed)
    assert fresh.startswith(f"before\n{publish.BEGIN}") and fresh.endswith(f"{publish.END}after\n")
    assert "| points lost, as they should be | the catalogue's own entries: it recognises itself | 1 of 1 |" in fresh
    assert "2 min 5 s" in fresh and "| old |" not in fresh
    with pytest.raises(ValueError, match="README"):
        publish.with_numbers("no table", killed)


def test_what_strangers_are_told_comes_first_and_says_on_what_it_was_measured():
    whole = found(Grading(MISTAKE, TASK, "dead", graded(FAILED)), Grading(SOLUTION, TASK, "plain", graded(PASSED)))
    whole.strangers.edited = {
        "a": Explanation(READ),
        "b": Explanation(UNEXPLAINED),
        "c": Explanation(MATCHED, "matched"),
    }
    whole.defaults.all, whole.defaults.unnamed = 3, ["eta=0.05"]
    first, how, *others = figures.figures(whole)
    assert first.measured_on.startswith("3 random edits of the other solutions")
    assert first.came == "1 of 3 (33 %); 1 wrongly"
    assert how.came == "read 1, matched 1, unexplained 1"
    assert [one.came for one in others if one.what == "defaults noticed; named"] == ["3; 2"]
    assert all(one.measured_on for one in [first, how, *others])


@pytest.mark.parametrize(
    "verdict, problem",
    [
        (graded(PASSED).verdict, "not noticed"),
        (graded(FAILED).verdict, "not named"),
        (Verdict(TASK, FAILED, [CheckResult("a check", Failure("another default", kind="default"))]), ""),
        (Verdict(TASK, FAILED, [CheckResult("the scale", Failure("wrong"))], mistakes=["scale is 2"]), ""),
    ],
)
def test_another_default_has_to_be_noticed_and_named(verdict, problem):
    defaults = measures.Defaults()
    defaults.add(
        Mutant("guidance", "planted", "scale", "scale=1", "scale=2", (TASK,), ""), Graded(verdict, None, Statement())
    )
    assert len(defaults.problems()) == bool(problem) and all(problem in one for one in defaults.problems())


def test_a_failing_function_costs_what_it_takes_longer_than_a_passing_one():
    cost = measures.Cost()
    for outcome, seconds in ((PASSED, 1.0), (PASSED, 3.0), (PASSED, 1.0), (FAILED, 1.5), (FAILED, 0.5), (FAILED, None)):
        cost.add(TASK, replace(graded(outcome), seconds=seconds))
    cost.add("ddpm.predict_x0", replace(graded(FAILED), seconds=9.0))  # of which nothing passes
    assert cost.added() == [0.0, 0.5]


def test_the_command_line_knows_the_audit(cli):
    run = cli("audit", "--only", "ddmp")
    assert run.returncode == 2 and "did you mean ddpm" in run.stderr


# --- the real thing, with something planted ------------------------------------------------------------------------


def test_golden_inputs_that_tell_too_little_are_warned_of(monkeypatch):
    _, arguments = next(coincidences.cases(TASK, 5))
    weak = arguments | {"scale": 1.0}  # the conditional estimate, whichever way it is computed
    monkeypatch.setattr(coincidences, "golden_cases", lambda task: [(weak, None)])
    warnings = coincidences.coinciding(TASK, 5)
    assert any(coincidences.RIGHT in warning for warning in warnings)
    monkeypatch.setattr(coincidences, "golden_cases", lambda task: [(arguments, None)])
    assert len(coincidences.coinciding(TASK, 5)) < len(warnings)


def test_an_audit_notices_a_survivor_and_a_false_alarm(monkeypatch, tmp_path, fork_server):
    lines = "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_uncond + scale * {}\n"
    (tmp_path / "guidance.py").write_text(lines.format("(eps_cond + eps_uncond)"), encoding="utf-8")
    planted = Mutant("guidance", "planted", "none", "a", "a ", (TASK,), module_source("guidance"))
    real = list(mutants([TASK]))
    monkeypatch.setattr(audit, "solutions", lambda: [ROOT / "reference", tmp_path])
    monkeypatch.setattr(audit, "mutants", lambda tasks: [*real, planted])
    monkeypatch.setattr(audit, "CATALOGUE", [mistake for mistake in catalogue() if mistake.task == TASK][:3])
    found = audit.audit(fork_server, [TASK], 3, equivalent.load(), jobs=2, size=replace(OWN, gradings=2))
    one = found.functions[TASK]
    assert one.mistakes == 3 and not one.survivors and one.diagnoses.right == 3
    assert one.nearest > 1000 and 0 < one.correct == 2
    assert one.surviving == [planted.name] and one.killed == len(real)
    assert len(one.alarms) == 1 and one.alarms[0].startswith(tmp_path.name)
    assert len(found.problems) == 2


def test_a_helpers_mutant_is_shown_to_everyone_who_uses_it(monkeypatch, fork_server):
    users = ("illusions.gaussian_kernel1d", "illusions.anagram_eps")
    source = module_source("illusions").replace("dims=[2]", "dims=[3]")
    monkeypatch.setattr(
        audit, "mutants", lambda tasks: [Mutant("illusions", "_upside_down", "", "2", "3", users, source)]
    )
    monkeypatch.setattr(audit, "solutions", list)
    monkeypatch.setattr(audit, "CATALOGUE", [])
    found = audit.audit(fork_server, list(users), 3, equivalent.load(""), jobs=1, size=OWN)
    assert found.functions[users[0]].killed == 1 and not found.problems


def test_strangers_pairs_and_restyled_mistakes_are_measured(fork_server):
    size = Size(100, 60, 100, 1000, gradings=1, mutants=0, pairs=0, mistakes=False, coincidences=False)
    tasks = ["ddpm.predict_x0", TASK]
    found = audit.audit(fork_server, tasks, 3, equivalent.load(), jobs=2, size=size)
    strangers, restyling, part = found.strangers, found.restyling, size.of(len(tasks) / len(all_tasks()))
    assert strangers.edits == part.strangers == strangers.harmless + len(strangers.edited)
    assert strangers.edited and not strangers.faults
    assert found.couples.all and all(" ‖ " in name for name in found.couples.all)
    assert len(restyling.graded) == part.restyled and restyling.originals.keys() == {
        key[:2] for key in restyling.graded
    }
    assert any(restyling.alike().values())
    assert found.cost.failing and found.functions[TASK].mutants == 0


def test_a_sample_shows_the_code_and_what_a_student_reads(fork_server, tmp_path):
    path = sample.write(fork_server, [TASK], 3, 2, jobs=1, folder=tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.count("\n## ") == 2 and text.count(sample.MARK) == 2
    assert text.count(f"{TASK}  failed") == 2 and "✗ " in text
