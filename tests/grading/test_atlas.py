"""Who makes the same mistake, in whatever style; what is told of it to staff; and who shares what hardly anybody does."""

import ast
from functools import partial

import pytest

from grading.audit import atlas as audit
from grading.contract.functions import all_tasks
from grading.diagnosis.mistakes import CATALOGUE, mistake
from grading.report import staff
from grading.report.atlas import by_tokens, draft, groups, pairs
from grading.report.atlas.groups import same_values
from grading.submissions import opened

TASK = "ddpm.predict_x0"
VARIANCE_AS_STD = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        abar = alphas_cumprod[t].reshape(-1, 1, 1, 1) if alphas_cumprod[t].ndim else alphas_cumprod[t]
        return (x_t - (1 - abar) * eps) / abar.sqrt()
"""
IN_ANOTHER_STYLE = """
    import torch

    class Schedule:
        def __init__(self, table):
            self.table = table.to(torch.float64)
        def at(self, t, like):
            return self.table[t].reshape((-1, *[1] * (like.dim() - 1)) if torch.as_tensor(t).dim() else ())

    def predict_x0(x_t, eps, t, alphas_cumprod):
        signal = Schedule(alphas_cumprod).at(t, x_t)
        noise = eps.double().mul(signal.neg().add(1))
        return torch.div(x_t - noise, signal ** 0.5).to(x_t.dtype)
"""
KNOWN_TO_NOBODY = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        abar = alphas_cumprod[t].reshape(-1, 1, 1, 1) if alphas_cumprod[t].ndim else alphas_cumprod[t]
        password = "correct horse battery"
        return (x_t - (1 - abar).sqrt() * eps.abs().sin()) / abar.sqrt()
"""

ONE_TIMESTEP_ONLY = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        abar = alphas_cumprod[t].item()
        return (x_t - (1 - abar) ** 0.5 * eps) / abar ** 0.5
"""
ONE_TIMESTEP_ONLY_IN_ANOTHER_STYLE = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        signal = alphas_cumprod[t].sqrt().item()
        return x_t / signal - eps * ((1 - signal * signal) ** 0.5 / signal)
"""
WRITTEN = {
    "a": VARIANCE_AS_STD,
    "b": IN_ANOTHER_STYLE,
    "c": KNOWN_TO_NOBODY,
    "d": ONE_TIMESTEP_ONLY,
    "e": ONE_TIMESTEP_ONLY_IN_ANOTHER_STYLE,
}


def record(**changed):
    """Of a function of which nothing is known but what fails."""
    like = {"mistakes": {}, "reading": [], "values": [], "told": [], "repair": [], "error": "", "place": "ddpm.py:2"}
    shown = {"fails": ["the result is the formula's"], "call": [["failed", "the result is wrong"]]}
    return like | shown | {"code": "def predict_x0(x_t, eps, t, alphas_cumprod):\n    return x_t"} | changed


def values(*numbers, form="[2]"):
    return [[form, [number, -number]] for number in numbers]


def grouped(**records):
    return {frozenset(one.members) for one in groups({key: {TASK: own} for key, own in records.items()})}


@pytest.fixture(scope="module")
def recorded(fork_server, tmp_path_factory):
    """What staff are told of these students."""
    from grading.grader import Run, grade

    found = {}
    for name, source in WRITTEN.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "ddpm.py").write_text("\n".join(line[4:] for line in source.splitlines()), encoding="utf-8")
        with opened(folder) as submission:
            verdicts = {one.task: one for one in grade(fork_server, Run(submission, (TASK,), 7 + len(found)))}
            found[name] = staff.document(verdicts, submission.folder)["functions"]
    return found


# --- of real code -----------------------------------------------------------------------------------------------


def test_the_same_formula_in_two_styles_and_from_two_seeds_is_one_mistake(recorded):
    first, second = groups({key: recorded[key] for key in "abc"})
    assert first.members == ("a", "b") and first.said == "root missing on 1 - abar" and first.is_catalogued
    assert second.members == ("c",) and not second.is_catalogued
    assert same_values(recorded["a"][TASK]["values"], recorded["b"][TASK]["values"])
    assert not same_values(recorded["a"][TASK]["values"], recorded["c"][TASK]["values"])


def test_the_values_alone_are_enough(recorded):
    bare = {key: {TASK: own[TASK] | {"mistakes": {}, "reading": []}} for key, own in recorded.items()}
    assert [one.members for one in groups(bare)] == [("a", "b"), ("d", "e"), ("c",)]


def test_what_raises_at_some_points_is_known_by_which(recorded):
    one, other = (recorded[key][TASK]["values"] for key in "de")
    assert {form for form, _ in one} >= {"RuntimeError"} and [form for form, _ in one] == [form for form, _ in other]
    assert any(numbers for _, numbers in one)


def test_the_example_is_the_code_with_its_secrets_blacked_out(recorded):
    code = recorded["c"][TASK]["code"]
    assert code.startswith("def predict_x0(") and "eps.abs().sin()" in code
    assert "correct horse" not in code


def test_a_function_that_is_right_by_itself_has_no_mistake_of_its_own(grade, hand_in):
    folder = hand_in(on_top_of=audit.strangers.OTHERS / "plain")
    source = (folder / "ddpm.py").read_text(encoding="utf-8")
    wrong = source.replace("def predict_x0(", "def predict_x0(*a):\n    return 2 * _x0(*a)\n\n\ndef _x0(")
    (folder / "ddpm.py").write_text(wrong, encoding="utf-8")
    verdicts = grade(folder, [TASK, "ddpm.sample_ddpm"])
    assert {one.outcome for one in verdicts.values()} == {"failed"}
    assert list(staff.document(verdicts, folder)["functions"]) == [TASK]


# --- what is the same --------------------------------------------------------------------------------------------


def test_who_gives_the_same_values_makes_the_same_mistake_whatever_is_told():
    named, bare, other = (record(values=values(one, 2.0)) for one in (1.0, 1.0 + 1e-9, 1.1))
    assert grouped(a=named | {"mistakes": {"m": "m"}}, b=bare, c=other) == {frozenset("ab"), frozenset("c")}


def test_a_point_that_one_was_not_asked_tells_nothing():
    assert same_values(values(1.0, 2.0), [["", []], *values(2.0)])
    assert not same_values(values(1.0, 2.0), [["", []], *values(3.0)])
    assert not same_values(values(1.0), [["", []]])
    assert not same_values([["TypeError", []]], [["TypeError", []]]), "that both raise proves nothing"


def test_of_several_entries_all_have_to_be_the_same():
    one, both = {"m": "m"}, {"m": "m", "n": "n"}
    assert grouped(a=record(mistakes=one), b=record(mistakes=both), c=record(mistakes=one)) == {
        frozenset("ac"),
        frozenset("b"),
    }


def test_measured_numbers_differ_from_call_to_call_and_those_of_a_formula_do_not():
    seen = ["the mean is 0.213", "the mean is 0.209"]
    assert grouped(a=record(reading=seen[:1]), b=record(reading=seen[1:])) == {frozenset("ab")}
    formulas = [record(reading=[f"your weight is {n}·β"], values=values(n)) for n in (0.5, 0.25)]
    assert grouped(a=formulas[0], b=formulas[1]) == {frozenset("a"), frozenset("b")}


def test_where_nothing_is_known_of_the_formula_what_fails_and_what_mends_it_decide():
    def mended(place):
        return record(repair=[f"{place}: return a → return b"])

    assert grouped(a=mended("unet.py:12"), b=mended("lib/net.py:80"), c=record()) == {frozenset("ab"), frozenset("c")}
    raised = [record(error="TypeError", call=[["failed", f"your code raised TypeError: {why}"]]) for why in "xyx"]
    assert grouped(a=raised[0], b=raised[1], c=raised[2]) == {frozenset("ac"), frozenset("b")}


def test_one_mistake_in_two_functions_is_two():
    assert len(groups({"a": {TASK: record()}, "b": {"ddim.ddim_step": record()}})) == 2


# --- drafts ------------------------------------------------------------------------------------------------------


def test_a_draft_is_an_entry_once_its_words_are_there(recorded):
    text = draft(groups({"c": recorded["c"]})[0])
    assert "eps.abs().sin()" in text and "TODO" in text
    before = len(CATALOGUE)
    exec(compile(text, "draft", "exec"), {"mistake": mistake, "partial": partial})
    made = CATALOGUE.pop()
    assert len(CATALOGUE) == before and made.task == TASK and made.name == "predict_x0_TODO"


@pytest.mark.parametrize(
    "text", ['"""\nimport os', "\\", "'; raise SystemExit #", "\u2028raise SystemExit", "\r\x0craise"]
)
def test_nothing_that_a_student_writes_is_code_of_a_draft(text):
    own = record(code=f"{text}\n{text}", repair=[f"a.py:1: {text} → {text}"], reading=[text], fails=[text])
    body = ast.parse(draft(groups({"a": {TASK: own}})[0])).body
    assert [type(one) for one in body] == [ast.Assign, ast.FunctionDef]
    assert [type(one) for one in body[1].body] == [ast.Expr, ast.Raise]


# --- rare ones ---------------------------------------------------------------------------------------------------


def shared(records, handed_in=100, alike=None):
    found = groups(records)
    return [(one.keys, len(one.shared)) for one in pairs(found, records, handed_in, alike)]


def test_a_mistake_that_two_share_and_no_entry_explains_is_rare():
    assert shared({key: {TASK: record(values=values(1.0))} for key in "ab"}) == [(("a", "b"), 1)]
    assert shared({key: {TASK: record(values=values(1.0))} for key in "abcde"}) == []
    assert shared({key: {TASK: record(values=values(1.0))} for key in "abc"}, handed_in=10) == []


def test_one_catalogued_mistake_is_not_and_two_are():
    known = record(mistakes={"m": "m"})
    assert shared({key: {TASK: known} for key in "ab"}) == []
    assert shared({key: {TASK: known, "ddim.ddim_step": known} for key in "ab"}) == [(("a", "b"), 2)]


def test_of_those_who_share_as_much_the_most_alike_come_first():
    records = {key: {TASK: record(values=values(ord(key) // 2), code=key)} for key in "bcde"}
    ranked = pairs(groups(records), records, 100, lambda some, other: float(some == "d"))
    assert [(one.keys, one.alike) for one in ranked] == [(("d", "e"), 1.0), (("b", "c"), 0.0)]
    assert all(one.usual is not None for one in ranked)


def test_of_code_that_could_not_be_read_nobody_says_how_alike_it_is():
    records = {key: {TASK: record(values=values(1.0), code="")} for key in "ab"}
    (one,) = pairs(groups(records), records, 100, lambda some, other: 0.0)
    assert one.alike is None


def test_other_names_are_the_same_tokens():
    alike = by_tokens()
    assert alike is not None
    code = "def f(x_t, eps, abar):\n    return (x_t - (1 - abar) * eps) / abar.sqrt()\n"
    renamed = code.replace("abar", "signal").replace("eps", "noise").replace("x_t", "image")
    other = "def f(x_t, eps, abar):\n    for i in range(3):\n        x_t = x_t + eps[i] @ abar\n    return x_t.mean()\n"
    assert alike(code, renamed) > 0.9 > 0.6 > alike(code, other)
    assert alike("", code) == 0.0


# --- measured ----------------------------------------------------------------------------------------------------


def test_purity_and_completeness_are_counted():
    def made(truth, **known):
        return audit.Made(audit.REWRITTEN, TASK, "", truth, record(**known))

    one, other = {"mistakes": {"m": ""}}, {"mistakes": {"n": ""}}
    class_ = [made("m", **one), made("m", **one), made("n", **one), made("n", **other), made(None, **one)]
    found = audit.compared(audit.REWRITTEN, class_)
    assert (found.unknown, found.made, found.groups, found.known, found.pure, found.complete) == (1, 4, 2, 2, 3, 3)
    assert (found.together, found.same, found.both) == (3, 2, 1)


@pytest.mark.slow
def test_a_class_of_random_mutants_in_eight_styles(fork_server, unhurried, capsys):
    found = audit.measured(fork_server, list(all_tasks()), 7, 60, 2)
    with capsys.disabled():
        print("", *(line for one in found for line in one.lines()), sep="\n")
    for one in found:
        assert one.made > 20 and one.same > 0
        assert one.pure >= 0.97 * one.made and one.complete >= 0.95 * one.made
