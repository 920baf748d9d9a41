"""EECS 498's kit: as it was given, filled in rightly in three styles and layouts, and each TODO wrongly in three ways."""

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from grading.contract import courses
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.paths import ROOT
from grading.report import explain
from grading.submissions import opened
from grading.submissions.kits import eecs498
from grading.submissions.kits.blanks import find
from grading.verdicts import BY_HAND, FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import SEED
from .fillings import first_of_each

KITS = ROOT / "tests" / "kits" / "eecs498"
TASKS = tuple(eecs498.KIT.todos)
DDPM, DDIM = "Diffusion/scheduler/DDPM_scheduler.py", "Diffusion/scheduler/DDIM_scheduler.py"
SDS, MAIN = "Diffusion/utils/sds_vsd_utils.py", "Diffusion/execute_SDS_VSD.py"
LOSS, CUTOUT = "GAN/training/loss.py", "GAN/DiffAugment_pytorch.py"


@pytest.fixture
def verdicts(fork_server):
    """``verdicts(folder, tasks)`` by task; with ``explained=False`` a function is left at its first failed check."""

    def verdicts(folder: Path, tasks=TASKS, explained=True):
        with opened(folder) as submission:
            assert submission.kit is not None and submission.kit.kit is eecs498.KIT
            run = Run(submission, tuple(tasks), SEED)
            run = run if explained else replace(run, diagnose=None, carry=False)
            return {one.task: one for one in grade_run(fork_server, run)}

    return verdicts


def beside(tmp_path):
    """The kit as it was given, with what was filled in beside it."""
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    shutil.copytree(KITS / "beside", tmp_path / "hw5", dirs_exist_ok=True)
    return tmp_path / "hw5"


def test_unfilled(verdicts):
    """What is as it was given is not implemented, and the report says where."""
    for task, verdict in verdicts(KITS / "unfilled").items():
        assert verdict.outcome == NOT_IMPLEMENTED, (task, verdict)
        assert "is not filled in" in verdict.reason


@pytest.mark.parametrize("style", ["whole", "flat", "beside"])
def test_filled_in_rightly(verdicts, tmp_path, style):
    folder = beside(tmp_path) if style == "beside" else KITS / style
    assert {task: explain(one, "mistake") for task, one in verdicts(folder).items() if one.outcome != PASSED} == {}


PREV = "alpha_prod_t_prev = self.alphas_cumprod[prev_t] if prev_t >= 0 else self.one"
ESTIMATE = "(sample - torch.sqrt(beta_prod_t) * model_output) / torch.sqrt(alpha_prod_t)"
CORRECTED = "prev_sample = prev_sample - DPS_scale * norm_grad"
DIRECTION = "torch.sqrt(1 - alpha_prod_t_prev - sigma_t**2) * model_output"
SOFTPLUS = "torch.nn.functional.softplus"
HEIGHTS = "torch.randint(int(0.25 * H), int(0.5 * H) + 1, (B, 1, 1), device=x.device)"
OUTSIDE = "(~box).unsqueeze(1).to(x.dtype)"
DIFFERENCE = "grad_scale * (noise_pred - noise_pred_phi)"
WRONG = {  # by TODO: the graded function, the file, what is right and what is not
    "DDPM 1": [
        ("ddpm.posterior_step", DDPM, PREV, PREV.replace(">=", ">")),
        ("ddpm.posterior_step", DDPM, PREV, "alpha_prod_t_prev = self.alphas_cumprod[prev_t]"),
        ("ddpm.posterior_step", DDPM, "alpha_prod_t / alpha_prod_t_prev", "alpha_prod_t"),
    ],
    "DDPM 2": [
        ("ddpm.predict_x0", DDPM, ESTIMATE, ESTIMATE.replace("torch.sqrt(beta_prod_t)", "beta_prod_t")),
        ("ddpm.predict_x0", DDPM, ESTIMATE, ESTIMATE.replace("torch.sqrt(alpha_prod_t)", "alpha_prod_t")),
        ("ddpm.predict_x0", DDPM, ESTIMATE, ESTIMATE.replace("sample -", "sample +")),
        ("ddpm.predict_x0", DDPM, ESTIMATE, f"({ESTIMATE}).clamp(-1, 1)"),
    ],
    "DDPM 3": [
        ("ddpm.posterior_step", DDPM, "torch.sqrt(alpha_prod_t_prev) *", "alpha_prod_t_prev *"),
        ("ddpm.posterior_step", DDPM, "x0_weight * pred_original_sample", "xt_weight * pred_original_sample"),
        ("ddpm.posterior_step", DDPM, "torch.sqrt(current_alpha_t) *", "torch.sqrt(alpha_prod_t) *"),
    ],
    "DDIM 1": [
        ("ddim.ddim_step", DDIM, "beta_prod_t = 1 - alpha_prod_t", "beta_prod_t = 1 - alpha_prod_t_prev"),
        ("ddim.ddim_step", DDIM, "torch.sqrt(beta_prod_t) * model_output", "beta_prod_t * model_output"),
        ("ddim.ddim_step", DDIM, "/ torch.sqrt(alpha_prod_t)", "* torch.sqrt(alpha_prod_t)"),
    ],
    "DDIM 2": [
        ("ddim.ddim_step", DDIM, DIRECTION, DIRECTION.replace(" - sigma_t**2", "")),
        ("ddim.ddim_step", DDIM, DIRECTION, DIRECTION.replace("alpha_prod_t_prev", "alpha_prod_t")),
        ("ddim.ddim_step", DDIM, "torch.sqrt(alpha_prod_t_prev) * pred", "alpha_prod_t_prev * pred"),
    ],
    "DDIM 3": [
        ("dps.dps_step", DDIM, CORRECTED, CORRECTED.replace("- DPS", "+ DPS")),
        ("dps.dps_step", DDIM, "torch.norm(measurement - Ax0, p=2)", "torch.norm(measurement - Ax0, p=2) ** 2"),
        ("dps.dps_step", DDIM, "= operator.forward(pred_original_sample, mask)", "= operator.forward(sample, mask)"),
        ("dps.dps_step", DDIM, CORRECTED, CORRECTED.replace("DPS_scale * ", "")),
        ("dps.dps_step", DDIM, CORRECTED, CORRECTED.replace("= prev_sample", "= sample")),
    ],
    "SDS 1": [
        ("distillation.sds_residual", SDS, DIFFERENCE, "grad_scale * (noise_pred_phi - noise_pred)"),
        ("distillation.sds_residual", SDS, DIFFERENCE, "noise_pred - noise_pred_phi"),
        ("distillation.sds_residual", SDS, DIFFERENCE, "grad_scale * noise_pred"),
    ],
    "SDS 2": [
        ("distillation.sds_weight", SDS, "sqrt_1m_alphas_cumprod[t] ** 2", "1.0 - alphas_cumprod[t] ** 2"),
        ("distillation.sds_weight", SDS, "sqrt_1m_alphas_cumprod[t] ** 2", "sqrt_1m_alphas_cumprod[t]"),
        ("distillation.sds_weight", SDS, "sqrt_1m_alphas_cumprod[t] ** 2", "alphas_cumprod[t]"),
    ],
    "SDS 3": [
        ("distillation.vsd_residual", SDS, DIFFERENCE, "grad_scale * (noise_pred_phi - noise_pred)"),
        ("distillation.vsd_residual", SDS, DIFFERENCE, "grad_scale * (noise_pred - noise)"),
        ("distillation.vsd_residual", SDS, DIFFERENCE, "noise_pred - noise_pred_phi"),
    ],
    "main 1": [
        ("distillation.sds_residual", MAIN, "grad_ * loss_weights[t]", "grad_"),
        ("distillation.sds_residual", MAIN, "grad_ * loss_weights[t]", "grad_ * loss_weights[t] ** 0.5"),
        ("distillation.sds_residual", MAIN, "grad_ * loss_weights[t]", "grad_ / loss_weights[t]"),
    ],
    "loss 1": [
        ("gan_losses.generator_loss", LOSS, "softplus(-gen_logits)", "softplus(gen_logits)"),
        ("gan_losses.generator_loss", LOSS, f"{SOFTPLUS}(-gen_logits)", f"-{SOFTPLUS}(gen_logits)"),
        ("gan_losses.generator_loss", LOSS, f"{SOFTPLUS}(-gen_logits)", "-torch.log(torch.sigmoid(gen_logits))"),
    ],
    "loss 2": [
        ("gan_losses.discriminator_loss", LOSS, "softplus(gen_logits)", "softplus(-gen_logits)"),
        ("gan_losses.discriminator_loss", LOSS, f"{SOFTPLUS}(gen_logits)", "torch.log(1 + torch.exp(gen_logits))"),
        ("gan_losses.discriminator_loss", LOSS, f"{SOFTPLUS}(gen_logits)", "torch.sigmoid(gen_logits)"),
    ],
    "loss 3": [
        ("gan_losses.discriminator_loss", LOSS, "loss = real_img", "loss = gen_img"),
        ("gan_losses.discriminator_loss", LOSS, "loss = real_img", "loss = real_img - gen_img"),
        ("gan_losses.discriminator_loss", LOSS, "loss = real_img", "loss = torch.cat([real_img, gen_img])"),
    ],
    "loss 4": [
        ("gan_losses.discriminator_loss", LOSS, "softplus(-real_logits)", "softplus(real_logits)"),
        ("gan_losses.discriminator_loss", LOSS, "softplus(-real_logits)", "softplus(1 - real_logits)"),
        ("gan_losses.discriminator_loss", LOSS, "softplus(-real_logits)", "softplus(-real_logits).sum()"),
    ],
    "loss 5": [
        ("gan_losses.r1_penalty", LOSS, "self.r1_gamma / 2", "self.r1_gamma"),
        ("gan_losses.r1_penalty", LOSS, "sum(dim=[1, 2, 3])", "mean(dim=[1, 2, 3])"),
        ("gan_losses.r1_penalty", LOSS, "sum(dim=[1, 2, 3])", "sum(dim=[1, 2, 3]).sqrt()"),
        ("gan_losses.r1_penalty", LOSS, "sum(dim=[1, 2, 3])", "sum()"),
    ],
    "cutout": [
        ("augment.rand_cutout", CUTOUT, HEIGHTS, "torch.full((B, 1, 1), int(ratio * H))"),
        ("augment.rand_cutout", CUTOUT, HEIGHTS, HEIGHTS.replace(" + 1", "")),
        ("augment.rand_cutout", CUTOUT, "B, _, H, W = x.shape", "B, _, W, H = x.shape"),
        ("augment.rand_cutout", CUTOUT, "* (H - cut_h + 1)", "* H"),
        ("augment.rand_cutout", CUTOUT, f"return x * {OUTSIDE}", f"return x.mul_({OUTSIDE})"),
    ],
}
WORDS = {  # of the first of each
    "DDPM 1": (
        "the condition decides wrongly at one value",
        "scheduler/DDPM_scheduler.py, TODO #1 and #3",
        "t_prev is prev_t",
    ),
    "DDPM 2": ("a square root is missing on 1−ᾱ_t", "TODO #1 and #2 (formula 1)", "1−ᾱ_t is beta_prod_t"),
    "DDPM 3": ("a square root is missing on ᾱ_prev", "ᾱ_prev is alpha_prod_t_prev"),
    "DDIM 1": ("1−ᾱ_prev and 1−ᾱ_t are exchanged", "scheduler/DDIM_scheduler.py, TODO #1 and #2 (formula 9)"),
    "DDIM 2": ("ignores that noise comes on top", "TODO #1 and #2 (formula 9)"),
    "DDIM 3": ("The gradient is added", "TODO #3 (formula 11)", "scale is DPS_scale"),
    "SDS 1": ("the wrong way round", "TODO #1 of each (formula 16)", "noise is noise_pred_phi"),
    "SDS 2": ("ᾱ_t is squared", "utils/sds_vsd_utils.py, TODO #2 (formulas 14, 15)"),
    "SDS 3": ("the wrong way round", "utils/sds_vsd_utils.py, TODO #3 (formula 17)", "eps_lora is noise_pred_phi"),
    "main 1": ("not weighted", "execute_SDS_VSD.py, TODO #1 of each"),
    "loss 1": ("The sign is turned", "training/loss.py, TODO #1", "fake_logits is gen_logits"),
    "loss 2": (
        "Both terms want large logits",
        "training/loss.py, TODO #2, #3 and #4 (formula 2 of part A)",
    ),
    "loss 3": ("fake_logits stands where real_logits belongs", "TODO #2, #3 and #4 (formula 2 of part A)"),
    "loss 4": ("Both terms want small logits", "TODO #2, #3 and #4 (formula 2 of part A)"),
    "loss 5": ("twice as large as asked for", "TODO #5 (formula 3 of part A)", "gamma is self.r1_gamma"),
    "cutout": ("The height of your box is always 0.5 H", "DiffAugment_pytorch.py, rand_cutout"),
}


def filled_in(tmp_path, task, file, right, filled):
    """The kit with one right line exchanged."""
    shutil.copytree(KITS / "whole", tmp_path / "hw5")
    path = tmp_path / "hw5" / file
    before, todo, after = path.read_text().rpartition("# TODO #3" if "vsd" in task else "import torch")
    assert right in after
    path.write_text(before + todo + after.replace(right, filled, 1))
    return tmp_path / "hw5"


@pytest.mark.parametrize("task, file, right, filled", first_of_each(row for rows in WRONG.values() for row in rows))
def test_filled_in_wrongly(verdicts, tmp_path, task, file, right, filled):
    (verdict,) = verdicts(filled_in(tmp_path, task, file, right, filled), [task], explained=False).values()
    assert verdict.outcome == FAILED


FUNCTIONS_AGAIN = ("DDPM 3", "DDIM 1", "main 1", "loss 3", "loss 4")  # an explanation takes seconds


@pytest.mark.parametrize(
    "todo", [pytest.param(todo, marks=[pytest.mark.slow] * (todo in FUNCTIONS_AGAIN)) for todo in WORDS]
)
def test_explained(verdicts, tmp_path, todo):
    """The mistake is named and found in the kit; whatever else its file holds keeps its points."""
    task, file, right, filled = WRONG[todo][0]
    in_file = [one for name, held in eecs498.FILES.items() if file.endswith(held.name) for one in held.blanks]
    found = verdicts(filled_in(tmp_path, task, file, right, filled), in_file)
    said = " ".join(explain(found[task], "mistake"))
    assert found[task].outcome == FAILED
    for words in WORDS[todo]:
        assert words in said, said
    assert {one for one in in_file if found[one].outcome != PASSED} == {task}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "0.313 H on average, 2 … 3 of 8 pixels"), (3, "Boxes hang over the edge (bottom)"), (4, "`x` is overwritten")],
)
def test_cutouts_boxes_are_measured(verdicts, tmp_path, number, words):
    """Although the kit has no range to be asked for."""
    task, *change = WRONG["cutout"][number]
    (verdict,) = verdicts(filled_in(tmp_path, task, *change), [task]).values()
    said = " ".join(explain(verdict, "mistake"))
    assert words in said and "no known mistake" not in said


def test_a_level_of_the_clean_image_that_is_not_1(verdicts, tmp_path):
    """Read by itself the formula has two wrong weights; the cause is one."""
    first = PREV.replace(">=", ">").replace("self.one", "self.alphas_cumprod[0]")
    (verdict,) = verdicts(filled_in(tmp_path, *WRONG["DDPM 1"][0][:3], first), ["ddpm.posterior_step"]).values()
    said = " ".join(explain(verdict, "mistake"))
    assert "The step to the clean image changes nothing: there abar_prev is 1" in said
    assert "it is missing" not in said


def test_cutouts_boxes_are_measured_where_x_is_overwritten_too(verdicts, tmp_path):
    """A leaf cannot be written to: that error is no reason to say nothing of the boxes."""
    task, file, *change = WRONG["cutout"][4]
    folder = filled_in(tmp_path, task, file, *change)
    text = (folder / file).read_text()
    text = text.replace(HEIGHTS, "torch.full((B, 1, 1), int(ratio * H))").replace("* (W - cut_w + 1)", "* W")
    (folder / file).write_text(text)
    (verdict,) = verdicts(folder, [task]).values()
    said = " ".join(explain(verdict, "mistake"))
    assert "x changed in place" in said and "no known mistake" not in said
    assert "The height of your box is always 0.5 H" in said and "Boxes hang over the edge (right)" in said


def test_every_todo_is_filled_in_wrongly():
    assert WORDS.keys() == WRONG.keys()
    assert {row[0] for rows in WRONG.values() for row in rows} == set(TASKS)
    assert all(len(rows) >= 3 for rows in WRONG.values())


# --- layouts --------------------------------------------------------------------------------------------------------


def left(tmp_path, *absent):
    """The flattened hand-in without these files."""
    shutil.copytree(KITS / "flat", tmp_path / "hw5", ignore=shutil.ignore_patterns(*absent))
    return tmp_path / "hw5"


def test_not_handed_in(tmp_path):
    found = eecs498.survey(left(tmp_path, "DDIM_scheduler.py", "loss.py"))
    assert found.missing.keys() == {
        "ddim.ddim_step",
        "dps.dps_step",
        "gan_losses.generator_loss",
        "gan_losses.discriminator_loss",
        "gan_losses.r1_penalty",
    }
    assert found.missing["dps.dps_step"] == "DDIM_scheduler.py is not handed in"
    assert found.notes == ("not handed in: DDIM_scheduler.py, loss.py",)


def test_weighted_where_nothing_is_handed_in(verdicts, tmp_path):
    """Half of a function is there: a person looks at it, and it costs nothing."""
    (verdict,) = verdicts(left(tmp_path, "execute_SDS_VSD.py"), ["distillation.sds_residual"]).values()
    assert verdict.outcome == BY_HAND
    assert verdict.reason.startswith("look at it: Diffusion/sds_vsd_utils.py:")
    assert "execute_SDS_VSD.py, where the gradient is weighted, is not handed in" in verdict.reason


def test_weighted_out_of_reach(tmp_path):
    """main() written anew: its lines are not found, and the report says where it is."""
    folder = left(tmp_path)
    path = folder / "Diffusion" / "execute_SDS_VSD.py"
    path.write_text(path.read_text().replace("target = ", "aim = ").replace("latents_sd, target", "latents_sd, aim"))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "= sds_vsd_grad_diffuser(" in text)
    found = eecs498.survey(folder)
    assert found.by_hand.keys() == {"distillation.sds_residual"}
    assert found.by_hand["distillation.sds_residual"].startswith(f"Diffusion/execute_SDS_VSD.py:{line}, after which")


def test_two_copies(tmp_path):
    """What is filled in goes before what is as it was given; the kit's own layout before another one."""
    found = eecs498.survey(beside(tmp_path))
    assert found.files["ddpm"] == "Submission/Diffusion/DDPM_scheduler.py"
    said = "Submission/GAN/loss.py was graded, and not GAN/training/loss.py, which differs from it"
    assert said in found.notes
    for at in ("Diffusion", "GAN"):
        shutil.copytree(KITS / "whole" / at, tmp_path / "hw5" / at, dirs_exist_ok=True)
    assert eecs498.survey(tmp_path / "hw5").files["ddpm"] == DDPM


def test_a_copy_word_for_word(tmp_path):
    folder = left(tmp_path)
    shutil.copytree(folder / "GAN", folder / "again")
    notes = eecs498.survey(folder).notes
    assert notes == ("handed in twice, word for word: again/loss.py, again/DiffAugment_pytorch.py",)


def method(text, path):
    """A method's lines, as they stand in its class."""
    node = find(ast.parse(text), path)
    return "".join(text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno])


@pytest.mark.parametrize("base", ["DDIMScheduler", "Given", "given.DDIMScheduler"])
def test_a_class_of_the_students_own(verdicts, tmp_path, base):
    """The kit's file is as it was given, and another one has a class that derives from the kit's."""
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    filled = (KITS / "whole" / DDIM).read_text()
    mine = f"""{filled.partition("class ")[0].replace("@dataclass", "")}
import scheduler.DDIM_scheduler as given
from scheduler.DDIM_scheduler import DDIMScheduler, DDIMSchedulerOutput
from scheduler.DDIM_scheduler import DDIMScheduler as Given

class Mine({base}):
{method(filled, "DDIMScheduler.step")}"""
    (tmp_path / "hw5" / "Diffusion" / "mine.py").write_text(mine)
    found = verdicts(tmp_path / "hw5", ["ddim.ddim_step", "dps.dps_step", "ddpm.predict_x0"], explained=False)
    assert [one.outcome for one in found.values()] == [PASSED, PASSED, NOT_IMPLEMENTED]
    assert found["ddim.ddim_step"].defined_at.startswith("Diffusion/mine.py:")


def test_a_class_that_derives_from_diffusers_is_not_this_kits(tmp_path):
    mine = "from diffusers import DDIMScheduler\n\nclass Mine(DDIMScheduler):\n    def step(self):\n        prev_sample = 1\n"
    (tmp_path / "ddim.py").write_text(mine)
    assert eecs498.survey(tmp_path) is None
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    assert eecs498.survey(tmp_path).files["ddim"] == f"hw5/{DDIM}"


def test_a_class_of_the_students_own_in_the_kits_file(verdicts, tmp_path):
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    filled = (KITS / "whole" / DDIM).read_text()
    path = tmp_path / "hw5" / DDIM
    path.write_text(f"{path.read_text()}\n\nclass Mine(DDIMScheduler):\n{method(filled, 'DDIMScheduler.step')}")
    (found,) = verdicts(tmp_path / "hw5", ["ddim.ddim_step"], explained=False).values()
    assert found.outcome == PASSED
    assert not any(
        "word for word" in note or "was graded, and not" in note for note in eecs498.survey(tmp_path / "hw5").notes
    )


def test_a_class_that_only_looks_on(tmp_path):
    """It fills in nothing: the kit's own file is graded."""
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    mine = """from scheduler.DDIM_scheduler import DDIMScheduler

class Loud(DDIMScheduler):
    def step(self, *given, **named):
        print(given)
        return super().step(*given, **named)
"""
    (tmp_path / "hw5" / "Diffusion" / "loud.py").write_text(mine)
    found = eecs498.survey(tmp_path / "hw5")
    assert found.files["ddim"] == DDIM and "is not filled in" in found.missing["ddim.ddim_step"]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("scheduler/mine.py", "from .DDIM_scheduler import DDIMScheduler, DDIMSchedulerOutput"),
        ("part2/own/mine.py", "from scheduler.DDIM_scheduler import DDIMScheduler, DDIMSchedulerOutput"),
    ],
)
def test_wherever_a_class_of_the_students_own_lies(verdicts, tmp_path, place, line):
    shutil.copytree(KITS / "unfilled", tmp_path / "hw5")
    filled = (KITS / "whole" / DDIM).read_text()
    head = filled.partition("class ")[0].replace("@dataclass", "")
    path = tmp_path / "hw5" / "Diffusion" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}\n{line}\n\nclass Mine(DDIMScheduler):\n{method(filled, 'DDIMScheduler.step')}")
    (found,) = verdicts(tmp_path / "hw5", ["ddim.ddim_step"], explained=False).values()
    assert found.outcome == PASSED


def test_a_cutout_that_is_written_in_a_notebook(verdicts, tmp_path):
    """Of the notebook what defines it is run, and nothing else."""
    folder = left(tmp_path, "DiffAugment_pytorch.py")
    text = method((KITS / "flat" / "GAN" / "DiffAugment_pytorch.py").read_text(), "rand_cutout")
    cells = ["import numpy as np\nimport torch", "raise SystemExit", text, "rand_cutout(images_of_another_day)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "GAN" / "colab.ipynb")
    found = verdicts(folder, ["augment.rand_cutout"], explained=False)["augment.rand_cutout"]
    assert (found.outcome, found.defined_at) == (PASSED, "GAN/colab.ipynb/cell 3:1")


def test_a_function_that_the_kits_file_has_from_another(verdicts, tmp_path):
    folder = left(tmp_path)
    path = folder / "GAN" / "DiffAugment_pytorch.py"
    text = path.read_text()
    (folder / "GAN" / "boxes.py").write_text("import numpy as np\nimport torch\n\n" + method(text, "rand_cutout"))
    path.write_text(text.replace(method(text, "rand_cutout"), "from boxes import rand_cutout\n"))
    found = verdicts(folder, ["augment.rand_cutout"], explained=False)["augment.rand_cutout"]
    assert (found.outcome, found.defined_at) == (PASSED, "GAN/boxes.py:4")


ANEW = "(sample - beta_prod_t ** 0.5 * model_output) / alpha_prod_t ** 0.5"


@pytest.mark.parametrize(
    ("anew", "outcome"),
    [
        (ANEW, PASSED),
        (ANEW.replace("model_output", "model_output.detach()"), FAILED),
        (ANEW.replace("beta", "gamma").replace("alpha", "beta").replace("gamma", "alpha"), FAILED),
    ],
)
def test_an_estimate_that_is_made_anew(verdicts, tmp_path, anew, outcome):
    """From what the network answered, for which the gradient is wanted as well."""
    folder = left(tmp_path)
    path = folder / "Diffusion" / "DDIM_scheduler.py"
    path.write_text(
        path.read_text().replace("measurement - pred_original_sample * mask", f"measurement - {anew} * mask")
    )
    assert anew in path.read_text()
    (found,) = verdicts(folder, ["dps.dps_step"], explained=False).values()
    assert found.outcome == outcome


def test_a_file_that_does_not_parse(verdicts, tmp_path):
    """It costs what it breaks, with its place."""
    folder = left(tmp_path)
    path = folder / "GAN" / "loss.py"
    path.write_text(path.read_text() + "loss = = 0\n")
    line = len(path.read_text().splitlines())
    found = verdicts(folder, ["gan_losses.generator_loss", "augment.rand_cutout"], explained=False)
    assert found["augment.rand_cutout"].outcome == PASSED
    failed = found["gan_losses.generator_loss"]
    assert failed.outcome == FAILED
    assert f"GAN/loss.py:{line}" in " ".join(explain(failed, "mistake"))


def test_another_kit(tmp_path):
    """What other courses give of the same origin, StyleGAN2's loss and its augmentation, is not this kit."""
    folder = left(tmp_path, "D*M_scheduler.py", "*SDS_VSD*", "sds_vsd*")
    assert eecs498.survey(folder) is not None
    for name, own, other in (
        ("loss.py", "correct_input_to_discriminator_in_discriminator_loss", "images"),
        ("DiffAugment_pytorch.py", "import cv2", "import random"),
    ):
        path = folder / "GAN" / name
        path.write_text(path.read_text().replace(own, other))
    assert eecs498.survey(folder) is None


def test_points():
    """What the kit gives costs nobody a point: a task's points are for what it asks for."""
    course = courses.load(eecs498.KIT.course).of_kit(TASKS)
    assert set(course.functions) == set(TASKS)
    assert sum(course.parts.values()) == 110
