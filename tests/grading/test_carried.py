"""Errors carried forward: what fails because of another function says so, and nobody gains a point by what is lent."""

import ast
import json
import textwrap
from fractions import Fraction

import pytest
import torch

from grading.__main__ import main
from grading.contract.courses import NAMES, load
from grading.contract.functions import all_tasks
from grading.contract.uses import used_by
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.grader.carried import to_lend
from grading.report import rows, totals
from grading.report.because import because
from grading.sandbox import limits
from grading.sandbox.lending import CannotLend, Loan
from grading.sandbox.student import Student
from grading.submissions import opened
from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED, Failure
from reference.ddpm import predict_x0

from .conftest import PLAIN, SEED, SOLUTIONS, outcomes, told

BREAK = "\n{name} = (lambda right: lambda *a, **k: 1.1 * right(*a, **k))({name})\n"
STUB = "\ndef {name}(*arguments, **named):\n    raise NotImplementedError\n"


@pytest.fixture
def changed(hand_in):
    """``changed("ddpm.predict_x0", …, then=BREAK)``: the plain solution with other functions of these names."""

    def changed(*tasks, then=BREAK, on_top_of=PLAIN):
        folder = hand_in(on_top_of=on_top_of)
        for task in tasks:
            module, name = task.split(".")
            with (folder / f"{module}.py").open("a", encoding="utf-8") as file:
                file.write(then.format(name=name))
        return folder

    return changed


@pytest.fixture
def quick(fork_server):
    """``quick(folder, tasks)``: the verdicts without a diagnosis."""

    def quick(folder, tasks, jobs=1):
        with opened(folder) as submission:
            run = Run(submission, tuple(tasks), SEED, diagnose=None)
            return {verdict.task: verdict for verdict in grade_run(fork_server, run, jobs=jobs)}

    return quick


def carried(verdicts):
    return {task: verdict.carried for task, verdict in verdicts.items() if verdict.carried}


# --- what is said -----------------------------------------------------------------------------------------------

WEIGHT_WRONG = """
    def sds_weight(t, alphas_cumprod):
        return 1 - alphas_cumprod[t] ** 2


    def sds_residual(eps_pred, noise, t, alphas_cumprod):
        w = sds_weight(t, alphas_cumprod).reshape(-1, 1, 1, 1)
        return (w * (eps_pred - noise)).detach()
"""
ZERO_FOR_CLEAN = """
    import torch


    def predict_x0(x_t, eps, t, alphas_cumprod):
        a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
        return (x_t - (1 - a).sqrt() * eps) / a.sqrt()


    def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        a = alphas_cumprod[t]
        b = alphas_cumprod[t_prev] if t_prev > 0 else torch.ones_like(a)
        alpha = a / b
        mean = (b.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - b) * x_t) / (1 - a)
        return mean + ((1 - b) / (1 - a) * (1 - alpha)).sqrt() * noise


    def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        x = x_T
        for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
            x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
            if clip_x0:
                x0 = x0.clamp(-1, 1)
            x = posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod)
        return x
"""


def test_a_right_residual_of_a_wrong_weight(hand_in, grade):
    verdicts = grade(hand_in(distillation=WEIGHT_WRONG), ["distillation.sds_weight", "distillation.sds_residual"])
    assert set(outcomes(verdicts).values()) == {FAILED}
    assert carried(verdicts) == {"distillation.sds_residual": ["distillation.sds_weight"]}
    assert told(verdicts["distillation.sds_residual"]) == "right by itself: it fails because of your sds_weight"
    assert "right by itself" not in told(verdicts["distillation.sds_weight"])


def test_a_right_chain_of_a_wrong_step(hand_in, grade):
    tasks = ["ddpm.predict_x0", "ddpm.posterior_step", "ddpm.sample_ddpm"]
    verdicts = grade(hand_in(ddpm=ZERO_FOR_CLEAN), tasks)
    assert outcomes(verdicts) == dict(zip(tasks, (PASSED, FAILED, FAILED)))
    assert told(verdicts["ddpm.sample_ddpm"]) == "right by itself: it fails because of your posterior_step"


def test_what_fails_in_three_functions_is_said_of_the_first(changed, quick):
    """ddim_step of the other style calls predict_x0, and its sampler ddim_step."""
    folder = changed("ddpm.predict_x0")
    with (folder / "ddim.py").open("a", encoding="utf-8") as file:
        file.write(
            textwrap.dedent("""
            def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
                x = x_T
                for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
                    eps, noise = eps_model(x, t), noise_fn(x)
                    if clip_x0:
                        x0 = predict_x0(x, eps, t, alphas_cumprod).clamp(-1, 1)
                        x = alphas_cumprod[t].sqrt() * x0 + (1 - alphas_cumprod[t]).sqrt() * eps
                    x = ddim_step(x, eps, noise, t, t_prev, alphas_cumprod, eta)
                return x
            """)
        )
    verdicts = quick(folder, ["ddpm.predict_x0", "ddim.ddim_step", "ddim.sample_ddim"])
    assert carried(verdicts) == {"ddim.ddim_step": ["ddpm.predict_x0"], "ddim.sample_ddim": ["ddpm.predict_x0"]}


@pytest.mark.parametrize(
    ("broken", "because_of_it"),
    [
        ("ddpm.predict_x0", "dps.sample_dps"),  # gradients flow through it, and through the network before it
        ("ddim.ddim_step", "dps.sample_dps"),
        ("dps.dps_gradient", "dps.dps_step"),  # it takes a gradient through a graph of the caller's
        ("dps.dps_step", "dps.sample_dps"),
        ("illusions.gaussian_kernel1d", "illusions.lowpass"),
        ("illusions.lowpass", "illusions.hybrid_eps"),
        ("inversion.perceptual_loss", "inversion.inversion_loss"),  # it is handed features_fn on
        ("inversion.delta_penalty", "inversion.inversion_loss"),
        ("guidance.classifier_free_guidance", "guidance.guided_eps"),
        ("ddpm.sample_ddpm", "editing.sdedit"),  # it is handed the network and the noise source on
        ("noising.add_noise", "editing.repaint_blend"),
        ("noising.add_noise", "unet.ddpm_loss"),
        ("augment.rand_cutout", "augment.diff_augment"),  # it draws from the caller's generator
        ("latents.mean_w", "latents.sample_w"),
    ],
)
def test_one_wrong_function_is_charged_once(broken, because_of_it, hand_in, quick):
    module, name = broken.split(".")
    source = (PLAIN / f"{module}.py").read_text(encoding="utf-8")
    start = source.index(f"def {name}(")  # the break stands before anything of the module makes a table of it
    decorated = source[:start] + "@lambda right: lambda *a, **k: 1.1 * right(*a, **k)\n" + source[start:]
    verdicts = quick(hand_in(on_top_of=PLAIN, **{module: decorated}), [broken, because_of_it])
    assert carried(verdicts) == {because_of_it: [broken]}


def test_behind_adapters(changed, quick):
    folder = changed(on_top_of=SOLUTIONS / "terse")
    with (folder / "adapters.py").open("a", encoding="utf-8") as file:
        file.write(BREAK.format(name="ddpm_predict_x0"))
    tasks = ["ddpm.predict_x0", "ddpm.sample_ddpm", "ddim.ddim_step"]
    assert carried(quick(folder, tasks)) == dict.fromkeys(tasks[1:], tasks[:1])


def test_several_at_once_are_all_named(changed, quick):
    folder = changed("ddpm.predict_x0", "ddpm.posterior_step")
    verdicts = quick(folder, ["ddpm.predict_x0", "ddpm.posterior_step", "ddpm.sample_ddpm"])
    said = "right by itself: it fails because of your predict_x0 and posterior_step"
    assert because(verdicts["ddpm.sample_ddpm"]) == said


def test_with_several_graders_the_same_is_said(changed, quick):
    folder = changed("ddpm.predict_x0", "ddim.ddim_sigma")
    tasks = ["ddpm.predict_x0", "ddpm.sample_ddpm", "ddim.ddim_sigma", "ddim.ddim_step"]
    one, two = (quick(folder, tasks, jobs) for jobs in (1, 2))
    assert carried(one) == carried(two) != {}


ROOT_MISSING = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        a = alphas_cumprod[t]
        return (x_t - (1 - a) * eps) / a.sqrt()
"""
STEP_OF_DDIM = """
    import torch
    from ddpm import predict_x0

    def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
        a = alphas_cumprod[t]
        b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
        sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
        x0 = predict_x0(x_t, eps, t, alphas_cumprod)
        return b.sqrt() * x0 + (1 - b - sigma**2).sqrt() * eps + {factor} * sigma * noise
"""


# --- where there is more to it -------------------------------------------------------------------------------------


def test_a_function_that_is_wrong_as_well_is_diagnosed_with_a_right_one_in_place(hand_in, grade, unhurried):
    """A root is missing in predict_x0, and ddim_step doubles its noise: it reads of that alone."""
    ddpm, ddim = ROOT_MISSING, STEP_OF_DDIM.format(factor=2)
    verdicts = grade(hand_in(ddpm=ddpm, ddim=ddim), ["ddpm.predict_x0", "ddim.ddim_step"])
    step = verdicts["ddim.ddim_step"]
    assert step.beside == ["ddpm.predict_x0"] and not step.carried
    lines = told(step).splitlines()
    assert lines[0] == "beside your predict_x0: with a right one instead ddim_step is still wrong"
    (finding,) = step.reading
    assert finding.student.startswith("Your weight of noise")


def test_nothing_is_said_where_the_wrong_one_is_not_called(hand_in, quick):
    own = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        return x_t
    """
    ddim = """
    def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
        return x_t
    """
    verdict = quick(hand_in(ddpm=own, ddim=ddim), ["ddpm.predict_x0", "ddim.ddim_step"])["ddim.ddim_step"]
    assert (verdict.outcome, verdict.carried, verdict.beside, because(verdict)) == (FAILED, [], [], "")


def test_nothing_is_said_where_a_right_one_cannot_answer(hand_in, quick):
    """The two speak another language with each other than the contract's."""
    ddpm = """
    def predict_x0(x_t, eps, t, alphas_cumprod, scale=None):
        return x_t if scale is None else 1.1 * (x_t - (1 - scale**2) ** 0.5 * eps) / scale
    """
    ddim = """
    import torch
    from ddpm import predict_x0

    def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
        b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.tensor(1.0)
        x0 = predict_x0(x_t, eps, t, alphas_cumprod, scale=alphas_cumprod[t].sqrt())
        return b.sqrt() * x0 + (1 - b).sqrt() * eps
    """
    verdict = quick(hand_in(ddpm=ddpm, ddim=ddim), ["ddpm.predict_x0", "ddim.ddim_step"])["ddim.ddim_step"]
    assert (verdict.outcome, because(verdict)) == (FAILED, "")
    assert verdict.failures and "CannotLend" not in told(verdict)


def test_what_calls_a_stub_says_which(changed, grade):
    tasks = ["ddpm.posterior_variance", "ddpm.posterior_step"]
    verdicts = grade(changed(tasks[0], then=STUB), tasks)
    assert set(outcomes(verdicts).values()) == {NOT_IMPLEMENTED}
    said = "posterior_step calls posterior_variance, which is not written yet; right by itself as soon as it is"
    assert told(verdicts[tasks[1]]) == said
    assert "calls" not in told(verdicts[tasks[0]])


def test_a_chain_that_ends_in_a_stub(changed, quick):
    tasks = ["ddpm.posterior_variance", "ddpm.posterior_step", "ddpm.sample_ddpm"]
    verdicts = quick(changed(tasks[0], then=STUB), tasks)
    assert carried(verdicts) == dict.fromkeys(tasks[1:], tasks[:1])
    assert all(verdict.unwritten == tasks[:1] for verdict in verdicts.values() if verdict.carried)


def test_what_is_not_there_at_all_is_not_asked_again(hand_in, quick):
    tasks = ["ddpm.posterior_variance", "ddpm.posterior_step"]
    verdicts = quick(hand_in(ddpm="x = 1"), tasks)
    assert [because(verdict) for verdict in verdicts.values()] == ["", ""]
    assert to_lend(verdicts) == {}


def test_an_own_stub_is_its_own(changed, quick):
    tasks = ["ddpm.posterior_variance", "ddpm.posterior_step"]
    verdicts = quick(changed(*tasks, then=STUB), tasks)
    assert set(outcomes(verdicts).values()) == {NOT_IMPLEMENTED}
    assert [because(verdict) for verdict in verdicts.values()] == ["", ""]


# --- points --------------------------------------------------------------------------------------------------------


def test_the_three_courses_forgive_and_the_rest_charges():
    assert {name for name in NAMES if load(name).forgives} == set(NAMES) - {"all"}
    assert not any(load(name).counts_terms for name in NAMES)


def test_forgiven_is_forgiven_everywhere_alike(hand_in, tmp_path, preloaded, capsys):
    file = tmp_path / "results.json"
    folder, only = hand_in(distillation=WEIGHT_WRONG), "distillation.sds_weight,distillation.sds_residual"
    reached = {}
    for course in ("all", "eecs498-hw5"):
        main(["grade", str(folder), "--course", course, "--only", only, "--json", str(file), "--seed", "11"])
        document = json.loads(file.read_text(encoding="utf-8"))
        weight, residual = document["tests"]
        assert [test["status"] for test in document["tests"]] == ["failed", "failed"]
        assert residual["extra_data"]["carried"] == ["distillation.sds_weight"]
        assert residual["extra_data"]["diagnosis"] == residual["extra_data"]["reading"] == []
        assert "right by itself: it fails because of your sds_weight" in residual["output"]
        assert weight["score"] == 0 and weight["extra_data"]["carried"] == []
        assert residual["score"] == (0 if course == "all" else residual["max_score"])
        assert document["extra_data"]["points"]["reached"] == residual["score"]
        reached[course] = capsys.readouterr().out
    assert "0 of 2 points" in reached["all"] and "not lost" not in reached["all"]
    assert (
        "1.07 of 2.14 points" in reached["eecs498-hw5"] and "its points are not lost by that" in reached["eecs498-hw5"]
    )


@pytest.mark.parametrize("task", all_tasks())
def test_nothing_is_lent_that_is_made_of_the_function_itself(task):
    assert task not in used_by(task)
    assert all(task not in used_by(one) for one in used_by(task))
    assert set(used_by(task)) <= set(all_tasks())


def test_whoever_is_forgiven_leaves_somebody_who_is_charged(changed, quick):
    tasks = ["ddpm.predict_x0", "ddim.ddim_sigma", "ddim.ddim_step", "ddim.sample_ddim", "dps.sample_dps"]
    verdicts = quick(changed("ddpm.predict_x0", "ddim.ddim_sigma"), tasks)
    blamed = {one for verdict in verdicts.values() for one in verdict.carried}
    assert blamed and all(verdicts[one].outcome == FAILED and not verdicts[one].carried for one in blamed)


def test_what_the_course_does_not_grade_is_not_lent(changed, quick):
    """Nobody would be charged for it."""
    verdicts = quick(changed("ddpm.posterior_variance"), ["ddpm.posterior_step"])
    assert verdicts["ddpm.posterior_step"].outcome == FAILED and not carried(verdicts)


# --- partial credit ------------------------------------------------------------------------------------------------

STEP = """
    import torch


    def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        a = alphas_cumprod[t]
        b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
        alpha = a / b
        mean = (b.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - b) * x_t) / (1 - a)
        return mean + {noise}
"""
VARIANCE = "(1 - b) / (1 - a) * (1 - alpha) * noise"
COURSE = """
    title = "Fall"
    partial = "terms"

    [[part]]
    title = "Steps"
    points = 10

    [[part.task]]
    number = "1"
    title = "A step"
    points = 10
    functions = ["{task}"]
"""


@pytest.fixture
def graded_by_terms(tmp_path, grade, unhurried):
    """``graded_by_terms(folder, task)``: the row of a function in a course that counts terms."""

    def graded_by_terms(folder, task):
        file = tmp_path / "fall.toml"
        file.write_text(textwrap.dedent(COURSE.format(task=task)), encoding="utf-8")
        (row,) = rows(load(str(file)), grade(folder, [task]))
        return row

    return graded_by_terms


def test_right_terms_have_their_share(hand_in, graded_by_terms):
    row = graded_by_terms(hand_in(ddpm=STEP.format(noise=VARIANCE)), "ddpm.posterior_step")
    assert (row.verdict.outcome, row.score) == (FAILED, Fraction(666, 100))
    assert row.lines("mistake")[0] == "2 of 3 terms are right: the weights of x0 and x_t; 6.66 of 10 points"


@pytest.mark.parametrize(
    ("task", "body"),
    [
        ("ddpm.predict_x0", "return 0 * x_t"),
        ("ddpm.predict_x0", "return x_t"),
        ("ddpm.predict_x0", "x_t.add_(1); return x_t - (1 - alphas_cumprod[t]).sqrt() * eps"),
        ("ddpm.predict_x0", "return (x_t - 2 * (1 - alphas_cumprod[t]).sqrt() * eps) / alphas_cumprod[t]"),
        ("ddpm.predict_x0", "raise ValueError"),
        ("ddpm.predict_x0", "return x_t / alphas_cumprod[t].sqrt() - torch.rand_like(eps)"),
    ],
)
def test_no_share_of_nothing(task, body, hand_in, graded_by_terms):
    source = f"import torch\n\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    {body}\n"
    row = graded_by_terms(hand_in(ddpm=source), task)
    assert (row.verdict.outcome, row.verdict.terms, row.score) == (FAILED, None, 0)


def test_who_is_wrong_besides_has_no_more_than_who_is_not(hand_in, grade, unhurried):
    """Charged for what another function does, ddim_step has points for the terms that it was handed in with."""
    tasks, step = ["ddpm.predict_x0", "ddim.ddim_step"], {}
    for factor in (1, 2):
        ddpm, ddim = ROOT_MISSING, STEP_OF_DDIM.format(factor=factor)
        step[factor] = grade(hand_in(ddpm=ddpm, ddim=ddim), tasks)["ddim.ddim_step"]
    assert step[1].carried and step[1].terms.right == ("x_t", "noise")
    assert step[2].beside and step[2].terms.right == ("x_t",)


def test_a_weight_that_is_a_plain_number_is_no_achievement(hand_in, graded_by_terms):
    """x_prev alone, uncorrected: the weight 1 of x_prev is right."""
    source = "def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):\n    return x_prev.detach().clone()\n"
    assert graded_by_terms(hand_in(dps=source), "dps.dps_step").score == 0


def test_a_course_that_does_not_count_terms_gives_nothing(hand_in, grade, unhurried):
    verdicts = grade(hand_in(ddpm=STEP.format(noise=VARIANCE)), ["ddpm.posterior_step"])
    assert verdicts["ddpm.posterior_step"].terms is not None
    table = rows(load("all"), verdicts)
    assert totals(load("all"), table)[0] == 0
    assert not any("terms are right" in line for row in table if row.verdict for line in row.lines("mistake"))


# --- hostile -------------------------------------------------------------------------------------------------------

ORACLE = """
    import gc
    import torch

    def predict_x0(x_t, eps, t, alphas_cumprod):
        return x_t

    def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        {body}

    def sample_ddpm(*arguments, **named):
        return arguments
"""


@pytest.mark.parametrize(
    "body",
    [
        "return predict_x0(x_t, x0, t, alphas_cumprod)",
        "return sample_ddpm(lambda x, s: x0, x_t, [t], alphas_cumprod, lambda x: noise)",
        "return [f for f in gc.get_objects() if getattr(f, '__name__', '') == 'posterior_step'][-1](x_t)",
    ],
)
def test_who_computes_a_function_is_not_lent_to_it(body, hand_in, quick):
    tasks = ["ddpm.predict_x0", "ddpm.posterior_step", "ddpm.sample_ddpm"]
    verdicts = quick(hand_in(ddpm=ORACLE.format(body=body)), tasks)
    assert outcomes(verdicts)["ddpm.posterior_step"] == FAILED
    assert not verdicts["ddpm.posterior_step"].carried


def test_behind_a_stand_in_there_is_no_formula(fork_server, hand_in):
    """What can be reached from it is what stands on this side of the boundary in any case."""
    ddpm = """
    import gc, torch

    def predict_x0(x_t, eps, t, alphas_cumprod):
        return x_t

    def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        predict_x0(x_T, x_T, timesteps[0], alphas_cumprod)
        homes = {str(one.__module__) for one in gc.get_objects() if type(one).__name__ == "function"}
        raise LookupError(sorted(one for one in homes if one.startswith(("grading", "reference"))))
    """
    with opened(hand_in(ddpm=ddpm)) as submission:
        student = Student(fork_server, submission.folder, "ddpm.sample_ddpm", lent=["ddpm.predict_x0"])
        x, abar = torch.ones(1, 1, 2, 2), torch.tensor([0.9, 0.5])
        with pytest.raises(Failure, match=r"LookupError") as raised:
            student(eps_model=lambda x, t: x, x_T=x, timesteps=[1, 0], alphas_cumprod=abar)
        student.close()
    assert student.borrowed == ["ddpm.predict_x0"]
    homes = ast.literal_eval(raised.value.summary.split("LookupError: ")[1])
    assert homes and all(one.startswith(("grading.sandbox.inside", "grading.sandbox.crossing")) for one in homes)


def test_whoever_spoils_what_is_lent_is_wrong_still(hand_in, quick):
    ddpm = """
    import torch

    def predict_x0(x_t, eps, t, alphas_cumprod):
        return x_t

    def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        x = x_T
        for t in timesteps:
            x = predict_x0(x, eps_model(x, t), t, alphas_cumprod).mul_(1.01)
        return x
    """
    verdict = quick(hand_in(ddpm=ddpm), ["ddpm.predict_x0", "ddpm.sample_ddpm"])["ddpm.sample_ddpm"]
    assert (verdict.outcome, verdict.carried, verdict.beside) == (FAILED, [], ["ddpm.predict_x0"])


def forward(loan, arguments=None, **given):
    return loan.within(arguments or {})("forward", [list(given), *given.values()])


def test_a_lent_function_answers_with_the_formula_and_its_gradient():
    loan = Loan("ddpm.predict_x0")
    x, eps, abar = torch.ones(1, 1, 1, 2), torch.zeros(1, 1, 1, 2), torch.tensor([0.64, 0.25])
    ticket, value, attached, _ = forward(loan, x_t=x, eps=eps, t=torch.tensor(1), alphas_cumprod=abar)
    assert torch.equal(value, predict_x0(x, eps, 1, abar)) and attached == [True]
    (_, gradient, *_), _ = loan.within({})("backward", ticket, [x])[:-1], None
    assert torch.allclose(gradient, x / 0.5)
    assert loan.called and not loan.failed


@pytest.mark.parametrize(
    "given",
    [
        {"mapping": {"handed on": "mapping"}, "z_dim": 4, "num_samples": limits.LENT_NUMBER + 1},
        {"mapping": {"handed on": "nobody"}, "z_dim": 4},
        {"mapping": "torch.load", "z_dim": 4},
        {"mapping": {"handed on": "mapping"}, "z_dim": 4, "random state": torch.zeros(limits.LENT_ELEMENTS + 1)},
        {"mapping": {"handed on": "mapping"}, "z_dim": 4, "random state": torch.zeros(3, dtype=torch.uint8)},
        {"mapping": {"handed on": "mapping"}, "z_dim": [[1] * 5]},
        {"mapping": {"handed on": "mapping"}, "z_dim": 4, "unknown": 1},
    ],
)
def test_what_no_check_would_ask_is_not_answered(given):
    loan, state = Loan("latents.mean_w"), torch.get_rng_state()
    with pytest.raises((CannotLend, TypeError, RuntimeError, ValueError)):
        forward(loan, {"mapping": lambda z: z, "other": 3}, **given)
    assert loan.failed
    assert torch.equal(torch.get_rng_state(), state)
