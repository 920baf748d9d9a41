"""The catalogue in other clothes: each way on small examples, and that what is computed stays the same."""

import ast
import inspect

import pytest
import torch

from grading.audit import submissions
from grading.audit.diagnoses import Statement
from grading.audit.measures import as_the_original
from grading.audit.restyle import WAYS, applies, restyled, rewritten
from grading.audit.restyle.drawn import drawn
from grading.audit.restyle.same import computes_the_same, implementation
from grading.audit.rounds import Graded
from grading.contract.functions import all_tasks
from grading.diagnosis.mistakes import catalogue
from grading.verdicts import FAILED, PASSED, CheckResult, Failure, Finding, Verdict

CATALOGUE = {(mistake.task, mistake.name): mistake for mistake in catalogue()}


def body(way, *lines, signature="a, b, c", entry=False):
    """The rewritten body of a function of these lines, without the helpers."""
    decorator = '@entry("why")\n' if entry else ""
    source = f"import torch\n\n\n{decorator}def f({signature}):\n" + "".join(f"    {line}\n" for line in lines)
    made = rewritten(source, way)
    node = next(one for one in ast.parse(made.source).body if getattr(one, "name", "") in ("f", "_f"))
    return [ast.unparse(one) for one in node.body]


@pytest.mark.parametrize(
    "way, line, expected",
    [
        ("order", "return a + b", "return b + a"),
        ("order", "return a - b + c", "return a + c - b"),
        ("order", "return a / b", "return a * (1 / b)"),
        ("order", "return a * b - c", "return b * a - c"),
        ("order", "return [a] + [b]", "return [a] + [b]"),
        ("fused", "return a + b * c", "return _plus(a, b, c)"),
        ("fused", "return a - b * c", "return _plus(a, b, c, -1)"),
        ("fused", "return a + c * (b - a)", "return _between(a, b, c)"),
        ("fused", "return a.sqrt()", "return a ** 0.5"),
        ("in place", "return a - b", "return _into(a, b, 'sub_')"),
        ("in place", "return a[b] * c", "return _into(c, a[b], 'mul_')"),
        ("in place", "return 'a' + 'b'", "return 'a' + 'b'"),
    ],
)
def test_a_way_rewrites_terms(way, line, expected):
    assert body(way, line) == [expected]


def test_noise_that_is_weighted_with_nothing_is_not_drawn():
    lines = ["for t, t_prev in c:", "    a = a + noise_fn(a)", "return a"]
    (loop, _) = body("draws", *lines, signature="a, c, noise_fn")
    assert loop.endswith("a = a + (noise_fn(a) if t_prev >= 0 else torch.zeros_like(a))")
    assert body("draws", "return step(x_T, noise_fn)", signature="x_T, noise_fn", entry=True)[0] == "noise_fn(x_T)"
    assert body("draws", "return step(x_T, noise_fn)", signature="x_T, noise_fn") == ["return step(x_T, noise_fn)"]


def test_structure_is_changed_and_names_are():
    (attempt, loop, *_) = body("structure", "for x, y in a:", "    b = b + x * y", "return b")
    assert attempt.endswith("= iter(a)") and loop.startswith("while True:")
    assert body("structure", "return a if b else c") == ["if b:\n    return a", "return c"]
    assert body("structure", "d = a + b", "return d * c") == ["return (a + b) * c"]
    assert body("structure", "d = a + b", "return d * d") == ["v0 = a + b", "return v0 * v0"]


def test_an_entry_becomes_an_instance_that_is_called():
    (method,) = body("class", "return a", entry=True)
    assert method == "def __call__(self, a, b, c):\n    return a"
    assert body("class", "return a") == ["return a"]


def test_an_entry_is_no_longer_registered():
    before = len(catalogue())
    assert all("@predict_x0" not in restyled("ddpm", way).source for way in WAYS)
    implementation("ddpm.predict_x0", "predict_x0_without_roots", "order")
    assert len(catalogue()) == before


def test_a_way_that_changes_nothing_does_not_apply():
    assert not applies("ddpm", "predict_x0_without_roots", "draws")
    assert applies("ddpm", "predict_x0_without_roots", "order")
    assert applies("ddpm", "sample_ddpm_changes_start", "draws")


SHOWN = [
    ("ddpm.posterior_step", "posterior_step_variance_as_std"),
    ("noising.linear_betas", None),
    ("ddpm.sample_ddpm", None),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("task, name", SHOWN, ids=lambda one: one or "first")
def test_the_same_is_computed(task, name, way):
    known = CATALOGUE[task, name] if name else next(one for one in catalogue() if one.task == task)
    if applies(task.split(".")[0], known.name, way):
        other = implementation(task, known.name, way)
        assert computes_the_same(task, known.implementation, other, seed=5)


def test_what_computes_something_else_is_noticed():
    variance, right = (
        CATALOGUE["ddpm.posterior_step", f"posterior_step_{n}"] for n in ("variance_as_std", "fixed_large")
    )
    assert not computes_the_same("ddpm.posterior_step", variance.implementation, right.implementation, seed=5)
    changed = CATALOGUE["ddpm.posterior_step", "posterior_step_changes_x_t"].implementation
    copies = lambda x_t, **others: changed(x_t=x_t.clone(), **others)
    assert not computes_the_same("ddpm.posterior_step", changed, copies, seed=5)


def test_what_never_answers_shows_nothing():
    def broken(**arguments):
        raise ValueError

    assert not computes_the_same("ddpm.posterior_step", broken, broken, seed=5)


def test_another_precision_is_inside_only():
    name = "predict_x0_without_roots"
    other = implementation("ddpm.predict_x0", name, "precision")
    x = torch.randn(2, 1, 3, 3)
    assert other(x, x, 1, torch.tensor([0.9, 0.5])).dtype == torch.float32
    assert list(inspect.signature(other).parameters) == ["x_t", "eps", "t", "alphas_cumprod"]


def test_what_is_drawn_depends_on_the_seed_alone(tmp_path):
    known = [mistake for mistake in catalogue() if mistake.task == "ddpm.predict_x0"]
    first = drawn(known, 8, seed=3, jobs=1)
    assert first == drawn(known, 8, seed=3, jobs=1) and len(first.entries) == 8
    assert first.not_applicable >= len(known)  # nothing there draws noise
    assert len({entry.way for entry in first.entries}) > 4
    folder = submissions.of_restyled({"ddpm.predict_x0": first.entries[0]}, tmp_path / "restyled")
    assert first.entries[0].mistake.name in (folder / "ddpm.py").read_text(encoding="utf-8")


# --- judging --------------------------------------------------------------------------------------------------------


def graded(*named, reading=(), outcome=FAILED, unexplained="", **more):
    verdict = Verdict(all_tasks()[0], outcome, [CheckResult("a check", Failure("wrong"))])
    verdict.reading, verdict.unexplained = [Finding(text, text) for text in reading], unexplained
    return Graded(verdict, None, Statement(list(named), read=bool(reading), **more))


@pytest.mark.parametrize(
    "original, other, alike",
    [
        (graded("a"), graded("a"), True),
        (graded("a"), graded("a", "b"), True),
        (graded("b"), graded("b"), True),  # what the original was taken for
        (graded("a"), graded("b"), False),
        (graded("a"), graded(unexplained="nothing"), False),
        (graded("a"), graded("a", outcome=PASSED), False),
        (graded(reading=["0.25 H wide"]), graded(reading=["0.26 H wide"]), True),
        (graded(reading=["too wide"]), graded(reading=["too high"]), False),
        (graded(reading=["too wide"]), graded(reading=["too wide"], misread=True), False),
        (graded(), graded(), True),  # a check says it all
        (graded(), graded(unexplained="nothing"), False),
    ],
)
def test_a_restyled_mistake_is_explained_as_the_original_is(original, other, alike):
    assert as_the_original("a", original, other) is alike
