"""KAIST CS492(D)'s kit, as it is given out, filled in rightly in three styles, and wrongly."""

from pathlib import Path

import pytest

from grading.contract import courses
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.report import explain
from grading.submissions import opened
from grading.submissions.kits.kaist492d import KIT
from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED

from .fillings import first_of_each

SEED = 11
KITS = Path(__file__).parents[1] / "kits" / "kaist492d"
TASKS = ["noising.add_noise", "ddpm.posterior_step", "unet.ddpm_loss", "ddim.ddim_step"]
SCHEDULER, MODULE = "image_diffusion_todo/scheduler.py", "2d_plot_diffusion_todo/ddpm.py"
ROOT = "x_t = alpha_bar.sqrt() * x_0"
MEAN = "mean = (x_t - (1 - alpha_t) / (1 - alpha_bar).sqrt() * eps_theta) / alpha_t.sqrt()"
LAST = "noise = torch.randn_like(x_t) if t > 0 else torch.zeros_like(x_t)"
LOSS = "loss = F.mse_loss(self.network(self.q_sample(x0, t, noise), t), noise)"
X0 = "x0 = (xt - (1 - alpha_prod_t).sqrt() * eps) / alpha_prod_t.sqrt()"
WRONG = [  # task, file, what stands there, what is written instead, words of the explanation
    (
        "noising.add_noise",
        SCHEDULER,
        ROOT,
        "x_t = alpha_bar * x_0",
        "Your weight of x0 is ᾱ_t: a square root is missing",
    ),
    (
        "noising.add_noise",
        SCHEDULER,
        "(1 - alpha_bar).sqrt() * eps\n",
        "(1 - alpha_bar) * eps\n",
        "the noise is weighted with its variance",
    ),
    (
        "noising.add_noise",
        SCHEDULER,
        "self._get_teeth(self.alphas_cumprod, t)",
        "self._get_teeth(self.alphas, t)",
        "those of a single step",
    ),
    (
        "ddpm.posterior_step",
        SCHEDULER,
        MEAN,
        MEAN.replace("(1 - alpha_bar).sqrt()", "(1 - alpha_bar)"),
        "scheduler.py line 31: a call is missing",
    ),
    (
        "ddpm.posterior_step",
        SCHEDULER,
        MEAN,
        MEAN.replace("/ alpha_t.sqrt()", "* alpha_t.sqrt()"),
        "scheduler.py line 31: an operator is wrong",
    ),
    (
        "ddpm.posterior_step",
        SCHEDULER,
        "mean + self.sigmas[t] * noise",
        "mean + self.sigmas[t] ** 2 * noise",
        "The noise is scaled with the posterior's variance",
    ),
    (
        "ddpm.posterior_step",
        SCHEDULER,
        LAST,
        LAST.replace("t > 0", "t > 1"),
        "scheduler.py line 32: the condition decides wrongly",
    ),
    ("unet.ddpm_loss", MODULE, LOSS, LOSS.replace("), noise)", "), x0)"), "held against x0"),
    ("unet.ddpm_loss", MODULE, LOSS, LOSS.replace("self.q_sample(x0, t, noise)", "x0"), "shown the clean image"),
    ("unet.ddpm_loss", MODULE, LOSS, LOSS.replace("mse_loss", "l1_loss"), "Absolute differences"),
    (
        "ddim.ddim_step",
        MODULE,
        X0,
        X0.replace("/ alpha_prod_t.sqrt()", "/ alpha_prod_t"),
        "ddpm.py line 50: a call is missing",
    ),
    (
        "unet.ddpm_loss",
        MODULE,
        LOSS,
        LOSS.replace("t, noise)", "t)"),  # q_sample draws another one
        "A model that knows the noise has no loss",
    ),
    (
        "ddim.ddim_step",
        MODULE,
        "direction + sigma * torch",
        "direction + sigma**2 * torch",
        "The noise is scaled with its variance",
    ),
    (
        "ddim.ddim_step",
        MODULE,
        "(1 - alpha_prod_t_prev - sigma**2)",
        "(1 - alpha_prod_t_prev)",
        "The direction term ignores that noise comes on top",
    ),
]


@pytest.fixture
def graded(fork_server):
    """``graded(folder)``: the verdicts on all that the kit asks for, by task."""

    def graded(folder: Path):
        with opened(folder) as submission:
            assert submission.kit is not None and submission.kit.kit.name == "kaist492d"
            verdicts = grade_run(fork_server, Run(submission, tuple(TASKS), SEED))
        return {verdict.task: verdict for verdict in verdicts}

    return graded


def test_as_it_is_given_out_nothing_is_implemented(graded):
    assert {task: one.outcome for task, one in graded(KITS / "unfilled").items()} == dict.fromkeys(
        TASKS, NOT_IMPLEMENTED
    )


@pytest.mark.parametrize("style", ["plain", "short", "numbers"])
def test_right_fillings_pass(style, graded):
    verdicts = graded(KITS / style)
    assert {task: one.outcome for task, one in verdicts.items()} == dict.fromkeys(TASKS, PASSED)
    assert all(one.defined_at.startswith((SCHEDULER, MODULE)) for one in verdicts.values())


@pytest.mark.parametrize("task, file, there, instead, words", first_of_each(WRONG))
def test_a_wrong_filling_costs_that_task_and_is_named(task, file, there, instead, words, graded, hand_in):
    source = (KITS / "plain" / file).read_text()
    assert source.count(there) == 1
    verdicts = graded(hand_in({file: source.replace(there, instead)}, on_top_of=KITS / "plain"))
    assert {one.task: one.outcome for one in verdicts.values()} == dict.fromkeys(TASKS, PASSED) | {task: FAILED}
    told = "\n".join(explain(verdicts[task], "mistake"))
    assert words in told, told
    assert f"in your kit: {file}" in told


def test_what_is_not_handed_in_is_said(graded, hand_in):
    verdicts = graded(hand_in({SCHEDULER: (KITS / "plain" / SCHEDULER).read_text()}))
    assert verdicts["noising.add_noise"].outcome == PASSED
    assert verdicts["ddim.ddim_step"].outcome == NOT_IMPLEMENTED
    assert verdicts["ddim.ddim_step"].reason == f"not handed in: there is no {MODULE}"


def test_another_edition(graded, hand_in):
    """Its step is told what the network predicts, and the second assignment is not there yet."""
    scheduler, module = ((KITS / "plain" / file).read_text() for file in (SCHEDULER, MODULE))
    told = scheduler.replace("def step(self, x_t, t, eps_theta):", "def step(self, x_t, t, eps_theta, predictor):")
    first = module.replace("def ddim_p_sample", "def another")
    assert told != scheduler and first != module
    verdicts = graded(hand_in({SCHEDULER: told, MODULE: first}))
    assert verdicts["ddpm.posterior_step"].outcome == verdicts["unet.ddpm_loss"].outcome == PASSED
    assert verdicts["ddim.ddim_step"].outcome == NOT_IMPLEMENTED
    assert verdicts["ddim.ddim_step"].reason == f"not handed in: {MODULE} has no DiffusionModule.ddim_p_sample"


def test_of_two_copies_the_report_says_which_is_graded(hand_in):
    copy = {f"old/{SCHEDULER}": (KITS / "unfilled" / SCHEDULER).read_text()}
    with opened(hand_in(copy, on_top_of=KITS / "plain")) as submission:
        assert submission.notes[1] == f"{SCHEDULER} is graded; there are other copies: old/{SCHEDULER}"


def test_its_course_is_graded_by_what_it_asks_for():
    course = courses.load("kaist-cs492d").of_kit(KIT.todos)
    assert sum(item.points for item in course.items) == 40
    assert [item.function for item in course.items if item.function] == [
        "unet.ddpm_loss",
        "noising.add_noise",
        "ddpm.posterior_step",
        "ddim.ddim_step",
    ]
