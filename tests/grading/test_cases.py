"""Small submissions of kinds that the grader once answered wrongly (``tests/cases/``): what it has to say of each."""

import re
from dataclasses import dataclass, field

import pytest

from grading.paths import ROOT
from grading.verdicts import FAILED, PASSED

from .conftest import told

CASES = ROOT / "tests" / "cases"


@dataclass(frozen=True)
class Case:
    tasks: tuple[str, ...]
    says: tuple[str, ...]  # of each function in turn, in what the student reads
    never: tuple[str, ...] = field(default=())  # of none of them


UNKNOWN = "no known mistake"
ANSWERS = {
    "kernel-not-normalised": Case(("illusions.gaussian_kernel1d",), ("divided by its sum|normalis",), (UNKNOWN,)),
    "cosine-one-too-many": Case(("noising.cosine_betas",), (r"T \+ 1|num_train_steps \+ 1",), (UNKNOWN,)),
    "eps-as-fresh-noise": Case(("ddpm.sample_ddpm",), ("network's .*fresh noise|eps.*noise",), (UNKNOWN,)),
    "large-variance-no-last-draw": Case(("ddpm.sample_ddpm",), ("β",), (UNKNOWN,)),
    "zero-taken-for-clean": Case(
        ("ddpm.posterior_step", "ddpm.sample_ddpm"),
        (r"line 2\d|t_prev = 0", "right by itself.*posterior_step"),
        ("A factor is missing", UNKNOWN),
    ),
    "weight-wrong-residual-right": Case(
        ("distillation.sds_weight", "distillation.sds_residual"),
        ("ᾱ_t²|line 7", "right by itself.*sds_weight"),
        ("In the term 1", UNKNOWN),
    ),
    "network-told-the-index": Case(("ddim.sample_ddim",), ("told.*(index|number of the step)",), (UNKNOWN, "clip")),
    "noised-one-too-far": Case(("editing.sdedit",), (r"timesteps\[start − 1\]",), (UNKNOWN,)),
    "guidance-sign-of-the-rest": Case(("guidance.classifier_free_guidance",), ("sign",), (UNKNOWN,)),
    "only-the-loras-graph-cut": Case(
        ("distillation.vsd_residual",), ("eps_pretrained",), (UNKNOWN, "eps_lora keeps", "eps_lora is not detached")
    ),
    "first-layer-copied": Case(("inversion.perceptual_loss",), ("first (one|layer)|line",), (UNKNOWN,)),
    "last-timestep-clamped": Case(("distillation.sds_weight",), ("T − 1|last timestep|line 7",), ()),
    "small-residuals-squared": Case(("dps.dps_gradient",), ("line 8: the condition",), (UNKNOWN,)),
    "right-for-every-legal-t-prev": Case(("editing.repaint_blend",), ("",), ()),
    "box-written-into-x": Case(("augment.rand_cutout",), ("x (is overwritten|changed in place)",), (UNKNOWN,)),
}
RIGHT = {"right-for-every-legal-t-prev"}


def test_every_case_has_an_answer():
    assert {folder.name for folder in CASES.iterdir() if folder.is_dir()} == ANSWERS.keys()


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_said_of_it(grade, name):
    case = ANSWERS[name]
    verdicts = grade(CASES / name, case.tasks, 11)
    for task, says in zip(case.tasks, case.says):
        verdict = verdicts[task]
        assert verdict.outcome == (PASSED if name in RIGHT else FAILED)
        text = " ".join(told(verdict).split())
        assert re.search(says, text), text
        assert not [one for one in case.never if one in text], text


def test_a_right_solution_is_right_at_every_seed(grade):
    for seed in range(12):
        for name in RIGHT:
            (task,) = ANSWERS[name].tasks
            assert grade(CASES / name, [task], seed)[task].outcome == PASSED, seed
