"""CS180's kit: as it is given, filled in rightly in three styles, and filled in wrongly."""

import ast
import json
from pathlib import Path

import pytest

from grading.contract import courses
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.paths import ROOT
from grading.report import explain, rows
from grading.submissions import opened
from grading.submissions.kits.cs180.cells import Unreached, one_step
from grading.submissions.kits.cs180.sources import Source
from grading.submissions.kits.cs180.survey import survey
from grading.submissions.kits.cs180.tasks import TODOS
from grading.verdicts import BY_HAND, FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import SEED
from .fillings import first_of_each

KITS = ROOT / "tests" / "kits" / "cs180"
EXPORT, MODULES, NOTEBOOK, UNFILLED = (KITS / name for name in ("export", "modules", "notebook", "unfilled"))


def as_notebook(source: Path, folder: Path) -> Path:
    """The cells of a file, which begin at "# %%", as a notebook."""
    folder.mkdir(parents=True)
    cells = source.read_text(encoding="utf-8").split("# %%\n")[1:]
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(True)} for cell in cells]
    text = {"cell_type": "markdown", "metadata": {}, "source": ["# Project 5\n", "iterative_denoise()"]}
    notebook = {"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "proj5.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def graded(fork_server):
    """``graded(folder, tasks)``: the submission's course, and the verdicts by task."""

    def graded(folder, tasks=None, diagnose=True):
        with opened(folder) as submission:
            course = courses.load(submission.kit.course).of_kit(submission.kit.kit.todos)
            chosen = [task for task in course.functions if tasks is None or task in tasks]
            run = (
                Run(submission, tuple(chosen), SEED)
                if diagnose
                else Run(submission, tuple(chosen), SEED, diagnose=None)
            )
            verdicts = {verdict.task: verdict for verdict in grade_run(fork_server, run)}
        return course, verdicts

    return graded


def test_as_given(graded):
    """Nothing is written: every task is not implemented, without a point, and says where."""
    course, verdicts = graded(UNFILLED)
    assert {verdict.outcome for verdict in verdicts.values()} == {NOT_IMPLEMENTED}
    assert not any(row.score for row in rows(course, verdicts) if row.verdict is not None)
    assert "part_a.py:54" in verdicts["ddpm.posterior_step"].reason
    assert "`pred_prev_image` not filled in" in verdicts["ddpm.posterior_step"].reason


BY_HAND_IN = {  # what a person looks at: straight-line code whose numbers stand in the cell
    "export": {"editing.sdedit", "unet.denoiser_loss"},
    "modules": {"editing.sdedit"},
    "notebook": {"editing.sdedit"},
}
COURSES = {
    "export": "CS180 Project 5 (flow matching)",
    "modules": "CS180 Project 5",
    "notebook": "CS180 Project 5 (flow matching)",
}


@pytest.mark.parametrize("style", ["export", "modules", "notebook"])
def test_filled_in_rightly(graded, style, tmp_path):
    """An export, modules with a class, a notebook with helpers: full marks for all that is graded."""
    folder = as_notebook(NOTEBOOK / "proj5.py", tmp_path / "hand in") if style == "notebook" else KITS / style
    course, verdicts = graded(folder)
    assert course.title == COURSES[style]
    failed = {
        task: explain(verdict, "mistake")
        for task, verdict in verdicts.items()
        if verdict.outcome not in (PASSED, BY_HAND)
    }
    assert failed == {}
    assert {task for task, verdict in verdicts.items() if verdict.outcome == BY_HAND} == BY_HAND_IN[style]
    assert all("look at it: " in verdict.reason for verdict in verdicts.values() if verdict.outcome == BY_HAND)


# (style, file, task, what is written, what is written instead, words of the explanation)
WRONG = [
    # 1.1
    ("export", "part_a.py", "noising.add_noise", "torch.sqrt(alpha_bar) * im +", "alpha_bar * im +", "Your weight of x0 is ᾱ_t: a square root is missing"),
    ("export", "part_a.py", "noising.add_noise", "torch.sqrt(1 - alpha_bar) * eps\n    return", "(1 - alpha_bar) * eps\n    return", "Your weight of noise is 1−ᾱ_t: a square root is missing"),
    ("export", "part_a.py", "noising.add_noise", "eps = torch.randn_like(im)", "eps = torch.rand_like(im)", "part_a.py line 24: the wrong function is called"),
    ("modules", "src/diffusion.py", "noising.add_noise", "abar**0.5 * image\n        return noisy", "image\n        return noisy", "Your weight of x0 is 1: the factor √ᾱ_t is missing"),
    # 1.3
    ("export", "part_a.py", "ddpm.predict_x0", "noise_est) / torch.sqrt(alpha_bar)\n        media", "noise_est) * torch.sqrt(alpha_bar)\n        media", "The image is scaled down once more instead of back up"),
    ("export", "part_a.py", "ddpm.predict_x0", "torch.sqrt(1 - alpha_bar) * noise_est)", "(1 - alpha_bar) * noise_est)", "The noise is subtracted with its variance as the weight"),
    ("export", "part_a.py", "ddpm.predict_x0", "(im_noisy.cpu() - torch", "(im_noisy.cpu() + torch", "The noise is added a second time"),
    ("modules", "src/diffusion.py", "ddpm.predict_x0", "        clean_est = clean_est / torch.sqrt(abar)\n", "", "the image is left dimmed: one factor has not been undone"),
    # 1.4
    ("modules", "src/diffusion.py", "ddpm.posterior_step", "clean *= abar_prev.sqrt() * beta", "clean *= abar_prev * beta", "x0's coefficient is too small"),
    ("modules", "src/diffusion.py", "ddpm.posterior_step", "image *= alpha.sqrt() * (1 - abar_prev)", "image *= alpha * (1 - abar_prev)", "x_t's coefficient is too small: a root is missing in it"),
    ("modules", "src/diffusion.py", "ddpm.posterior_step", "                image = self.add_variance(predicted_variance, t, image)\n", "", "Your weight of noise is 0: it is missing"),
    ("modules", "src/diffusion.py", "ddpm.posterior_step", "                clean *= abar_prev.sqrt() * beta", "                clean = clean.clamp(-1, 1) * (abar_prev.sqrt() * beta)", "x0 is cut off at -1 and 1"),
    ("modules", "src/diffusion.py", "ddpm.posterior_step", "self.add_variance(predicted_variance, t, image)", "self.add_variance(predicted_variance, prev_t, image)", "asked for at t_prev, where this step ends"),
    # 1.6
    ("export", "part_a.py", "guidance.guided_eps", "cfg_noise = uncond_noise_est + scale", "cfg_noise = noise_est + scale", "At scale 0 the conditional estimate should not be reached"),
    ("export", "part_a.py", "guidance.guided_eps", "uncond_noise_est + scale * (noise_est - uncond_noise_est)\n\n            x0 = (image - torch.sqrt(1 - alpha_cumprod) * cfg", "noise_est + scale * (uncond_noise_est - noise_est)\n\n            x0 = (image - torch.sqrt(1 - alpha_cumprod) * cfg", "guidance pushes away from the prompt"),
    ("export", "part_a.py", "guidance.guided_eps", "cfg_noise = uncond_noise_est + scale * (noise_est - uncond_noise_est)", "cfg_noise = uncond_noise_est + scale * noise_est", "The scale multiplies the whole conditional estimate"),
    # 1.7.2
    ("export", "part_a.py", "editing.repaint_blend", "forward(original_image, prev_t)", "forward(original_image, t)", "The known part is one level too noisy"),
    ("export", "part_a.py", "editing.repaint_blend", "mask * pred_prev_image + (1 - mask) *", "(1 - mask) * pred_prev_image + mask *", "The wrong side of the mask is kept"),
    ("export", "part_a.py", "editing.repaint_blend", "forward(original_image, prev_t)", "original_image", "The known part is pasted in without noise"),
    # 1.8
    ("export", "part_a.py", "illusions.anagram_eps", "eps = (eps_1 + eps_2) / 2", "eps = eps_1 + eps_2", "The estimates are added up"),
    ("export", "part_a.py", "illusions.anagram_eps", "torch.flip(uncond_2 + scale * (noise_2 - uncond_2), [2])", "uncond_2 + scale * (noise_2 - uncond_2)", "It has to be brought upright before the two are joined"),
    ("export", "part_a.py", "illusions.anagram_eps", "torch.flip(image, [2])", "torch.flip(image, [2, 3])", "rotated by 180° for cond_flipped"),
    ("modules", "src/diffusion.py", "illusions.anagram_eps", ".mean(0)", ".sum(0)", "The estimates are added up"),
    ("export", "part_a.py", "illusions.anagram_eps", "torch.flip(uncond_2 + scale * (noise_2 - uncond_2), [2])", "uncond_1 + scale * (torch.flip(noise_2, [2]) - uncond_1)", "unconditional estimate guides both views"),
    # 1.9
    ("export", "part_a.py", "illusions.hybrid_eps", "high_pass = eps_2 - TF", "high_pass = TF", "Both parts are blurred"),
    ("export", "part_a.py", "illusions.hybrid_eps", "low_pass + high_pass", "(low_pass + high_pass) / 2", "The sum is halved as for an anagram"),
    ("export", "part_a.py", "illusions.hybrid_eps", "eps_2 - TF.gaussian_blur(eps_2, kernel_size=33, sigma=2)", "eps_2 - TF.gaussian_blur(eps_1, kernel_size=33, sigma=2)", "with the same prompt"),
    ("export", "part_a.py", "illusions.hybrid_eps", "low_pass = TF.gaussian_blur(eps_1, kernel_size=33, sigma=2)", "low_pass = TF.gaussian_blur(eps_1, kernel_size=33)", "On freshly drawn inputs the result is the formula's"),
    # B 1.1
    ("modules", "src/unet.py", "unet.UnconditionalUNet", "nn.Conv2d(d, in_channels, 3, 1, 1))", "nn.Conv2d(d, in_channels, 3, 1, 1), nn.Sigmoid())", "A few steps of training fit one batch"),
    ("modules", "src/unet.py", "unet.UnconditionalUNet", "first = self.start(x)", "first = self.start(x - x.mean(0, keepdim=True))", "a sample's output does not depend on the other samples"),
    # B 1.2
    ("modules", "src/train.py", "unet.denoiser_loss", "criterion(model(noisy), images)", "criterion(model(noisy), noisy)", "held against the noisy image"),
    ("modules", "src/train.py", "unet.denoiser_loss", "images + noise_level *", "images + noise_level**0.5 *", "Sigma is taken as a variance"),
    ("modules", "src/train.py", "unet.denoiser_loss", "criterion(model(noisy), images)", "criterion(model(noisy), noisy - images)", "Here the network's answer is taken from the noisy image"),
    # B 2.1
    ("export", "part_b.py", "unet.TimeConditionalUNet", "t = t.view(-1, 1).float()", "t = t.view(-1, 1).long().float()", "t of sample 0 has no influence"),
    ("export", "part_b.py", "unet.TimeConditionalUNet", "t = t.view(-1, 1).float()", "t = t.view(-1, 1).float().mean(0, keepdim=True).expand(len(x), 1)", "t of sample 0 changes other samples"),
    ("export", "part_b.py", "unet.TimeConditionalUNet", "lambda z: z * t1, lambda z: z * t2)", "lambda z: z, lambda z: z)", "t of sample 0 has no influence"),
    # B 2.4
    ("export", "part_b.py", "unet.ClassConditionalUNet", "c = c * mask.view(-1, 1)", "c = c * (1 - mask.view(-1, 1))", "c of sample 0 has no influence"),
    ("export", "part_b.py", "unet.ClassConditionalUNet", "c = c * mask.view(-1, 1)", "c = c * mask.mean()", "keep is one decision per sample"),
    ("export", "part_b.py", "unet.ClassConditionalUNet", "lambda z: c1 * z + t1, lambda z: c2 * z + t2", "lambda z: z + t1, lambda z: z + t2", "c of sample 0 has no influence"),
    # B 2.2, 2024
    ("modules", "src/ddpm.py", "noising.linear_betas", "torch.linspace(beta1, beta2, num_ts)", "torch.linspace(beta1**0.5, beta2**0.5, num_ts) ** 2", "linear in the roots of the betas"),
    ("modules", "src/ddpm.py", "noising.linear_betas", "torch.linspace(beta1, beta2, num_ts)", "torch.linspace(beta1, beta2, num_ts + 1)[:-1]", "never reaches beta_end"),
    ("modules", "src/ddpm.py", "noising.cumulative_alphas", "alphas.cumprod(0)", "alphas.cumsum(0)", "the wrong function is called"),
    ("modules", "src/ddpm.py", "noising.cumulative_alphas", "alphas.cumprod(0)", "1 - betas.cumsum(0)", "Losses of signal do not add up, they multiply"),
    ("modules", "src/ddpm.py", "noising.cumulative_alphas", "alphas.cumprod(0)", "alphas.cumprod(0).sqrt()", "Here the root of ᾱ comes back"),
    ("modules", "src/ddpm.py", "unet.ddpm_loss", "t.unsqueeze(1) / num_ts)) ** 2).mean()", "t.unsqueeze(1).float())) ** 2).mean()", "The network is told the timestep as it is"),
    ("modules", "src/ddpm.py", "unet.ddpm_loss", "((eps - unet(x_t,", "((x_0 - unet(x_t,", "The network is asked for the clean image"),
    ("modules", "src/ddpm.py", "unet.ddpm_loss", "((eps - unet(x_t,", "((torch.randn(x_0.shape) - unet(x_t,", "A model that knows the noise has no loss"),
    ("modules", "src/ddpm.py", "unet.ddpm_loss", "** 2).mean()", "** 2).sum()", "Here the sum stands in the place of the mean"),
    # B 2.5, 2024
    ("modules", "src/ddpm.py", "unet.class_ddpm_loss", "unet(x_t, t / num_ts, one_hot), eps)", "unet(x_t, t / num_ts, one_hot), x_0)", "held against x0"),
    ("modules", "src/ddpm.py", "unet.class_ddpm_loss", "one_hot * (1 - torch.bernoulli", "one_hot * (torch.bernoulli", "Here keep is inverted"),
    ("modules", "src/ddpm.py", "unet.class_ddpm_loss", "[t][:, :, None, None]\n    eps = torch.randn_like(x_0)\n    x_t = abar.sqrt()", "[t][:, :, None, None]\n    eps = torch.randn_like(x_0)\n    x_t = abar", "Here the network is shown ᾱ_t·x0: the root is missing"),
    # B 2.2, flow
    ("export", "part_b.py", "flow.flow_loss", "x_t = (1 - t) * x_0 + t * x_1", "x_t = t * x_0 + (1 - t) * x_1", "there time runs the other way"),
    ("export", "part_b.py", "flow.flow_loss", "unet(x_t, t), x_1 - x_0", "unet(x_t, t), x_0 - x_1", "the target has the wrong sign"),
    ("export", "part_b.py", "flow.flow_loss", "unet(x_t, t), x_1 - x_0)", "unet(x_t, t), x_1 - torch.randn_like(x_1))", "A model that knows the velocity has no loss"),
    ("export", "part_b.py", "flow.flow_loss", "unet(x_t, t), x_1 - x_0)", "unet(x_t, 1 - t), x_1 - x_0)", "The network is told the time the other way round"),
    # B 2.3
    ("export", "part_b.py", "flow.sample_flow", "x = x + unet(x, t) / num_ts", "x = x + unet(x, t)", "How much of the way is one step?"),
    ("export", "part_b.py", "flow.sample_flow", "i / num_ts, device=device)\n        x = x + unet", "(i + 1) / num_ts, device=device)\n        x = x + unet", "The network is asked about the time at the end of each step"),
    ("export", "part_b.py", "flow.sample_flow", "for i in range(num_ts):\n        t = torch.full((x.shape[0],)", "for i in range(1, num_ts):\n        t = torch.full((x.shape[0],)", "part_b.py line 121: a constant is wrong"),
    # B 2.5, flow
    ("export", "part_b.py", "flow.class_flow_loss", "unet(x_t, c, t, mask), x_1 - x_0", "unet(x_t, c, t, mask), x_1", "It gives a velocity"),
    ("export", "part_b.py", "flow.class_flow_loss", "unet(x_t, c, t, mask), x_1", "unet(x_t, c, t), x_1", "keep is ignored"),
    ("export", "part_b.py", "flow.class_flow_loss", "device=x_1.device) > p_uncond", "device=x_1.device) < p_uncond", "keep is inverted"),
    # B 2.6
    ("export", "part_b.py", "flow.guided_velocity", "(unconditional + guidance_scale * (conditional - unconditional))", "(conditional + guidance_scale * (conditional - unconditional))", "Scale 0 gives the velocity with the class"),
    ("export", "part_b.py", "flow.guided_velocity", "torch.zeros(len(c), device=c.device))", "torch.ones(len(c), device=c.device))", "The scale is not used"),
    ("export", "part_b.py", "flow.guided_velocity", "(conditional - unconditional)) / num_ts", "(conditional - unconditional))", "multiplied by 10"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("style", "file", "task", "right", "wrong", "words"),
    first_of_each(WRONG, task=2),
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_filled_in_wrongly(graded, hand_in, style, file, task, right, wrong, words):
    """That task alone loses its points, and the explanation names the mistake."""
    folder = hand_in(on_top_of=KITS / style)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(right) >= 1, "the patch fits"
    path.write_text(_patched(text, right, wrong), encoding="utf-8")
    course, verdicts = graded(folder, [task, *NEIGHBOURS.get(task, ())])
    lost = {row.item.function for row in rows(course, verdicts) if row.verdict is not None and row.score == 0}
    assert lost == {task}
    told = " ".join(explain(verdicts[task], "mistake"))
    assert words in told
    assert f"in your kit: {TODOS[task].file}, {TODOS[task].name}" in told


NEIGHBOURS = {  # written with the same lines, or made of it: they keep their points
    "noising.add_noise": ["editing.repaint_blend"],
    "ddpm.posterior_step": ["guidance.guided_eps"],
    "noising.linear_betas": ["unet.ddpm_loss"],
    "noising.cumulative_alphas": ["unet.ddpm_loss"],
    "flow.flow_loss": ["flow.class_flow_loss"],
}


def _patched(text: str, right: str, wrong: str) -> str:
    """The first place only, so that one function is another one."""
    return text.replace(right, wrong, 1)


IN_THE_LOOP = """
from src.unet import TimeConditionedUNet, ClassConditionedUNet

unet = TimeConditionedUNet(1, 10, 64)
for images, labels in loader:
    t = torch.randint(1, 301, (len(images), 1))
    eps = torch.randn_like(images)
    loss = ((eps - unet(noised(images, eps, t), t / 300)) ** 2).mean()
    loss.backward()
unet = ClassConditionedUNet(1, 10, 64)
"""


def test_what_is_trained_in_a_loop_is_looked_at(hand_in):
    """Nothing of the handout's names is there, and yet it is handed in."""
    folder = hand_in(on_top_of=KITS / "modules")
    (folder / "src" / "ddpm.py").unlink()
    assert "unet.ddpm_loss" in survey(folder).missing
    (folder / "src" / "train.py").write_text("import torch\n" + IN_THE_LOOP, encoding="utf-8")
    found = survey(folder)
    assert found.by_hand["unet.ddpm_loss"] == "src/train.py:5, the loss that it is trained with (2.2)"
    assert found.by_hand["unet.class_ddpm_loss"].startswith("src/train.py:11, ")


AGAIN = """
i_start = 10
t = strided_timesteps[i_start]
im_noisy = forward(test_im, t)
noise_est = stage_1.unet(im_noisy.half().cuda(), t, encoder_hidden_states=prompt_embeds, return_dict=False)[0][:, :3]
clean_one_step = (im_noisy - torch.sqrt(1 - alphas_cumprod[t]) * noise_est) / torch.sqrt(alphas_cumprod[t])
"""


@pytest.mark.parametrize("first", [True, False])
def test_one_step_is_written_twice(graded, hand_in, first):
    """The first place is graded; where it is the only one, the entry of the list that it begins at does not matter."""
    folder = hand_in(on_top_of=EXPORT)
    path = folder / "part_a.py"
    text = path.read_text(encoding="utf-8")
    begins, ends = text.index("with torch.no_grad():\n    for t in [250"), text.index("strided_timesteps = ")
    path.write_text((text if first else text[:begins] + text[ends:]) + AGAIN, encoding="utf-8")
    _, verdicts = graded(folder, ["ddpm.predict_x0"], diagnose=False)
    assert verdicts["ddpm.predict_x0"].outcome == PASSED
    wrong = path.read_text(encoding="utf-8").replace("torch.sqrt(alphas_cumprod[t])\n", "alphas_cumprod[t]\n")
    path.write_text(wrong, encoding="utf-8")
    _, verdicts = graded(folder, ["ddpm.predict_x0"], diagnose=False)
    assert (verdicts["ddpm.predict_x0"].outcome == PASSED) == first


def test_labels_in_the_shape_of_images(graded, hand_in):
    """One-hot vectors as (N, 1, 1, 10), beside t as (N, 1, 1, 1)."""
    folder = hand_in(on_top_of=KITS / "modules")
    path = folder / "src" / "unet.py"
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition('"""t: (N, 1), c: (N, 10), zeros where there is no class"""')
    assert found
    shaped = "assert t.shape[1:] == (1, 1, 1) and c.shape[1:] == (1, 1, 10)\n        t, c = t.flatten(1), c.flatten(1)"
    path.write_text(before + shaped + after, encoding="utf-8")
    _, verdicts = graded(folder, ["unet.ClassConditionalUNet"], diagnose=False)
    assert verdicts["unet.ClassConditionalUNet"].outcome == PASSED


# What is as good as the handout's way, one line or two exchanged in the export: a right hand-in keeps its points, and
# the loops beside it, which are read together, keep theirs.
DDPM_STEP = """            pred_prev_image = (
                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0
                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image
            )
            image = add_variance(predicted_variance, t, pred_prev_image)
"""
DDIM_STEP = "            image = alpha_cumprod_prev.sqrt() * x0 + (1 - alpha_cumprod_prev).sqrt() * eps\n"
AS_GOOD = {
    "one image": ("ddpm.predict_x0", [
        ("im_noisy = forward(test_im, t).half().to(device)\n        noise_est", "im_noisy = forward(test_im[0], t).half().to(device)\n        noise_est"),
        ("            im_noisy,\n            t,", "            im_noisy.unsqueeze(0),\n            t,"),
        ("noise_est = noise_est[:, :3].cpu()", "noise_est = noise_est[0, :3].cpu()"),
    ]),
    "first of the answers": ("ddpm.predict_x0", [("* noise_est) / torch.sqrt(alpha_bar)\n        media", "* noise_est[0]) / torch.sqrt(alpha_bar)\n        media")]),
    "a helper that is shown": ("ddpm.predict_x0", [
        ("\ndef iterative_denoise(", "\ndef clean_from(x, eps, a):\n    return a.rsqrt() * x - (1 / a - 1).sqrt() * eps\n\n\ndef iterative_denoise("),
        ("original_im = (im_noisy.cpu() - torch.sqrt(1 - alpha_bar) * noise_est) / torch.sqrt(alpha_bar)\n        media.show_image(original_im[0]", "media.show_image(clean_from(im_noisy.cpu(), noise_est, alpha_bar)[0]"),
    ]),
    # Of ᾱ near 1 this keeps fewer digits of 1 / ᾱ - 1, the same in all of its steps.
    "x0 in another form": ("editing.repaint_blend", [("noise) / torch.sqrt(alpha_cumprod)\n            pred_prev_image = (\n                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0\n                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image\n            )\n            pred_prev_image = add", "noise) / torch.sqrt(alpha_cumprod)\n            x0 = alpha_cumprod.rsqrt() * image - (1 / alpha_cumprod - 1).sqrt() * noise\n            pred_prev_image = (\n                torch.sqrt(alpha_cumprod_prev) * beta / (1 - alpha_cumprod) * x0\n                + torch.sqrt(alpha) * (1 - alpha_cumprod_prev) / (1 - alpha_cumprod) * image\n            )\n            pred_prev_image = add")]),
    "a helper that asks the network": ("ddpm.predict_x0", [
        ("with torch.no_grad():\n    for t in [250, 500, 750]:\n        im_noisy = forward(test_im, t).half().to(device)\n        noise_est = stage_1.unet(", "def estimate_clean(im_noisy, t):\n    with torch.no_grad():\n        noise_est = stage_1.unet("),
        ("        media.show_image(original_im[0].permute(1, 2, 0) / 2 + 0.5)\n\nstrided", "        return original_im\n\nstrided"),
    ]),
    "one original": ("editing.repaint_blend", [("forward(original_image, prev_t)", "forward(original_image.squeeze(0), prev_t).unsqueeze(0)")]),
    "DDIM's step": ("illusions.anagram_eps", [("x0 = (image - torch.sqrt(1 - alpha_cumprod) * eps) / torch.sqrt(alpha_cumprod)\n" + DDPM_STEP, "x0 = (image - torch.sqrt(1 - alpha_cumprod) * eps) / torch.sqrt(alpha_cumprod)\n" + DDIM_STEP)]),
    "another Gaussian": ("illusions.hybrid_eps", [("kernel_size=33, sigma=2)\n            high", "kernel_size=33, sigma=3)\n            high"), ("eps_2 - TF.gaussian_blur(eps_2, kernel_size=33, sigma=2)", "eps_2 - TF.gaussian_blur(eps_2, kernel_size=33, sigma=3)")]),
}  # fmt: skip


def exchanged(hand_in, changes):
    folder = hand_in(on_top_of=EXPORT)
    path = folder / "part_a.py"
    text = path.read_text(encoding="utf-8")
    for right, other in changes:
        assert right in text, right
        text = _patched(text, right, other)
    path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("what", AS_GOOD)
def test_as_good_as_the_handouts_way(graded, hand_in, what):
    task, changes = AS_GOOD[what]
    beside = ["guidance.guided_eps"] if task != "ddpm.predict_x0" else []
    _, verdicts = graded(exchanged(hand_in, changes), [task, *beside])
    assert {one.task: explain(one, "mistake") for one in verdicts.values() if one.outcome != PASSED} == {}


@pytest.mark.parametrize("what", ["DDIM's step", "another Gaussian"])
def test_what_is_wrong_in_it_costs_its_points(graded, hand_in, what):
    task, changes = AS_GOOD[what]
    wrong = {
        "DDIM's step": ("eps = (eps_1 + eps_2) / 2", "eps = eps_1 + eps_2"),
        "another Gaussian": ("low_pass + high_pass", "low_pass"),
    }
    _, verdicts = graded(exchanged(hand_in, [*changes, wrong[what]]), [task], diagnose=False)
    assert verdicts[task].outcome == FAILED


def test_a_loop_that_cannot_be_run_costs_itself_alone(graded, hand_in):
    """All are read together."""
    broken = ("image = mask * pred_prev_image", "image = torch.stack([mask, mask]) * pred_prev_image")
    _, verdicts = graded(exchanged(hand_in, [broken]), ["guidance.guided_eps", "editing.repaint_blend"], diagnose=False)
    assert verdicts["guidance.guided_eps"].outcome == PASSED
    assert verdicts["editing.repaint_blend"].outcome == FAILED


def test_where_an_image_is_edited(hand_in):
    """Beside the place where it is noised, not where samples are drawn with guidance."""
    folder = hand_in(on_top_of=EXPORT)
    path = folder / "part_a.py"
    text = path.read_text(encoding="utf-8")
    drawn = "drawn = iterative_denoise_cfg(torch.randn(1, 3, 64, 64), 0, prompt_embeds, None, strided_timesteps)\n"
    text = text.replace("for i_start in [1, 3, 5", drawn + "for i_start in [1, 3, 5")
    path.write_text(text, encoding="utf-8")
    line = next(i for i, one in enumerate(text.splitlines(), 1) if "edit = iterative_denoise_cfg" in one)
    assert survey(folder).by_hand["editing.sdedit"].startswith(f"part_a.py:{line}, ")


# Ways to hand it in that strangers have.


def with_text(hand_in, change):
    folder = hand_in(on_top_of=EXPORT)
    path = folder / "part_a.py"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def test_a_notebook_that_runs_another_one(graded, tmp_path):
    """What the first one defines is there, and stands where it stood."""
    text = (EXPORT / "part_a.py").read_text(encoding="utf-8")
    first, second = text[: text.index("def inpaint(")], text[text.index("def inpaint(") :]
    for name, cells in (("1 sampling", [first]), ("2 editing", ["%run './1 sampling.ipynb'", second])):
        code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
        notebook = {"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    _, verdicts = graded(tmp_path, ["editing.repaint_blend", "noising.add_noise"], diagnose=False)
    assert {verdict.outcome for verdict in verdicts.values()} == {PASSED}
    assert verdicts["editing.repaint_blend"].defined_at.startswith("2 editing.ipynb/cell 2:")
    with opened(tmp_path) as submission:
        assert not any("more than once" in note for note in submission.notes)


ALL_IN_ONE = """
import torch
from diffusers import DiffusionPipeline

class Sampler:
    def __init__(self):
        self.pipe = DiffusionPipeline.from_pretrained("DeepFloyd/IF-I-L-v1.0")
        self.acp = self.pipe.scheduler.alphas_cumprod
        self.ts = list(range(990, -1, -30))

    def forward(self, im, t):
        return self.acp[t].sqrt() * im + (1 - self.acp[t]).sqrt() * torch.randn_like(im)

    def ask(self, x, t, emb):
        return self.pipe.unet(x, t, encoder_hidden_states=emb, return_dict=False)[0].split(x.shape[1], dim=1)

    def guided(self, x, t, emb, null, scale):
        (with_prompt, var), (without, _) = self.ask(x, t, emb), self.ask(x, t, null)
        return without + scale * (with_prompt - without), var

    def step(self, x, eps, var, t, t_prev):
        a, b = self.acp[t], self.acp[t_prev]
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        mean = (b.sqrt() * (1 - a / b) * x0 + (a / b).sqrt() * (1 - b) * x) / (1 - a)
        return mean + torch.exp(self.pipe.scheduler._get_variance(t, predicted_variance=var) / 2) * torch.randn_like(x)

    def iterative_denoise_cfg(self, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, scale=7):
        for t, t_prev in zip(self.ts[i_start:], self.ts[i_start + 1 :]):
            eps, var = self.guided(im_noisy, t, prompt_embeds, uncond_prompt_embeds, scale)
            im_noisy = self.step(im_noisy, eps, var, t, t_prev)
        return im_noisy
"""


def test_a_class_whose_methods_ask_the_network_through_others(graded, hand_in):
    """It is made without its constructor, which would load a network; what that sets is there."""
    folder = hand_in(part_a=ALL_IN_ONE)
    _, verdicts = graded(folder, ["guidance.guided_eps", "noising.add_noise"], diagnose=False)
    assert {verdict.outcome for verdict in verdicts.values()} == {PASSED}


NETWORKS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, in_channels, num_hiddens, of_class):
        super().__init__()
        self.layer, self.of_class = nn.Conv2d(in_channels, num_hiddens, 1), of_class

    def forward(self, x, t=None, c=None, mask=None):
        return self.layer(x)

class TimeConditionalUNet(Net):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__(in_channels, num_hiddens, False)

class ClassConditionalUNet(TimeConditionalUNet):
    # TODO
    pass
"""


def test_networks_that_inherit_their_forward(hand_in):
    """The order of its arguments is the inherited one's; what adds nothing of its own is not written."""
    found = survey(hand_in(part_b=NETWORKS))
    assert list(json.loads(found.files["time_unet"])["forward"].values()) == ["x", "t", "c", "mask"]
    assert "unet.ClassConditionalUNet" in found.missing


def test_of_two_functions_for_one_task_the_one_that_is_understood(hand_in):
    """Part B has an add_noise(x, sigma), in the same notebook as part A's forward(im, t)."""
    folder = with_text(
        hand_in, lambda text: text + "\ndef add_noise(x, sigma):\n    return x + sigma * torch.randn_like(x)\n"
    )
    found = survey(folder)
    assert json.loads(found.files["forward"])["name"] == "forward" and "noising.add_noise" not in found.by_hand


BARE = """
for seed in range(3):
    for t, t_prev in zip(strided_timesteps, strided_timesteps[1:]):
        eps = (cfg_eps(image, t, up) + torch.flip(cfg_eps(torch.flip(image, [2]), t, down), [2])) / 2
        image = step(image, eps, t, t_prev)

def cfg_eps(image, t, prompt):
    return stage_1.unet(image, t, encoder_hidden_states=prompt, return_dict=False)[0]
"""


def test_a_loop_that_is_no_function_is_looked_at(hand_in):
    folder = with_text(hand_in, lambda text: text.replace("make_flip_illusion", "mixture") + BARE)
    line = next(i for i, one in enumerate((folder / "part_a.py").read_text().splitlines(), 1) if "for seed in" in one)
    assert survey(folder).by_hand["illusions.anagram_eps"] == f"part_a.py:{line}, a loop that is no function"


def with_a_table(hand_in, line):
    """β is looked up in a table of the notebook's."""

    def change(text):
        defined = text.replace("def iterative_denoise(", f"{line}\n\ndef iterative_denoise(", 1)
        return defined.replace("beta = 1 - alpha", "beta = betas_table[t]", 1)

    return with_text(hand_in, change)


@pytest.mark.parametrize(
    ("line", "outcome", "reason"),
    [
        ('betas_table = torch.load("betas.pt")', BY_HAND, "what sets `betas_table` is not run here"),
        ("betas_table = stage_1.scheduler.betas", BY_HAND, "`betas_table` cannot be computed"),
        ('table_of_betas = torch.load("betas.pt")', NOT_IMPLEMENTED, "`betas_table` not filled in"),
    ],
    ids=["loaded", "the network's", "nothing sets it"],
)
def test_what_is_not_run_here_is_looked_at(graded, hand_in, line, outcome, reason):
    """The student has had it: that line has run in the notebook."""
    _, verdicts = graded(with_a_table(hand_in, line), ["ddpm.posterior_step"])
    assert verdicts["ddpm.posterior_step"].outcome == outcome
    assert verdicts["ddpm.posterior_step"].reason.endswith(reason)


def test_notebooks_that_run_one_another_over_and_over_end(tmp_path):
    """Each is put in once."""
    for name in "abc":
        cells = [f"%run {other}.ipynb" for other in "abc"] * 9 + [f"def {name}(): pass"]
        code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
        notebook = {"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "part_a.py").write_text((EXPORT / "part_a.py").read_text(encoding="utf-8"), encoding="utf-8")
    with opened(tmp_path) as submission:
        made = [one for one in submission.folder.glob("?.py") if "def a(): pass" in one.read_text(encoding="utf-8")]
        assert len(made) == 3 and all(one.read_text(encoding="utf-8").count("def a(): pass") == 1 for one in made)


def test_a_prompt_as_a_default(graded, hand_in):
    """It is looked up when the function is defined, in a table that is not here."""
    one_step = """
def one_step_denoise(im_noisy, t, prompt_embeds=prompt_embeds_dict["a high quality photo"]):
    noise_est = stage_1.unet(im_noisy, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0][:, :3]
    return (im_noisy - torch.sqrt(1 - alphas_cumprod[t]) * noise_est) / torch.sqrt(alphas_cumprod[t])
"""
    _, verdicts = graded(with_text(hand_in, lambda text: text + one_step), ["ddpm.predict_x0"], diagnose=False)
    assert verdicts["ddpm.predict_x0"].outcome == PASSED


NOISED = "torch.sqrt(alphas_cumprod[t]) * im + torch.sqrt(1 - alphas_cumprod[t]) * torch.randn_like(im)"


@pytest.mark.parametrize(
    ("noised", "outcome"), [(NOISED, PASSED), (NOISED.replace("torch.sqrt(1 - alphas_cumprod[t])", "1"), FAILED)]
)
def test_a_lambda_is_a_function(graded, hand_in, noised, outcome):
    def change(text):
        before, _, rest = text.partition("def forward(im, t):")
        return f"{before}forward = lambda im, t: (\n    {noised}\n){rest.partition('return im_noisy')[2]}"

    _, verdicts = graded(with_text(hand_in, change), ["noising.add_noise"], diagnose=False)
    assert verdicts["noising.add_noise"].outcome == outcome


@pytest.mark.parametrize("names", [("p_low", "p_high"), ("far", "near"), ("e1", "e2")])
def test_two_prompts_by_other_names(graded, hand_in, names):
    def change(text):
        before, head, hybrids = text.partition("def make_hybrids(")
        for number, name in enumerate(names, 1):
            hybrids = hybrids.replace(f"prompt_embeds_{number}", name)
        return before + head + hybrids

    _, verdicts = graded(with_text(hand_in, change), ["illusions.hybrid_eps"], diagnose=False)
    assert verdicts["illusions.hybrid_eps"].outcome == PASSED


def test_what_is_called_low_is_no_prompt_beside_prompts(graded, hand_in):
    def change(text):
        before, head, hybrids = text.partition("def make_hybrids(")
        return before + head + hybrids.replace("scale=7):", "scale=7, gain_low=1.0, gain_high=1.0):", 1)

    _, verdicts = graded(with_text(hand_in, change), ["illusions.hybrid_eps"], diagnose=False)
    assert verdicts["illusions.hybrid_eps"].outcome == PASSED


@pytest.mark.parametrize(
    "more",
    [
        "iterative_denoise = torch.no_grad()(iterative_denoise)",
        "show_one_step = lambda im: show(im)",
        "noise_image = lambda x, noise_level: x + noise_level * torch.randn_like(x)",
        "im_single_step = compare(forward, test_im)",
    ],
)
def test_what_is_named_like_it_takes_no_ones_place(graded, hand_in, more):
    folder = with_text(hand_in, lambda text: f"{text}\n\ndef compare(f, im):\n    return f(im, 7)\n\n{more}\n")
    _, verdicts = graded(folder, ["noising.add_noise", "ddpm.predict_x0"], diagnose=False)
    assert {verdict.outcome for verdict in verdicts.values()} == {PASSED}


def test_long_sums_and_many_calls_cost_nobody_the_kit(hand_in):
    inside = "".join(f"    x{i} = {i}\n" for i in range(300))
    more = f"\n\ndef f():\n{inside}\n" + "flip = f()\n" * 3000 + "flip_page = show(" + "+".join(["'a'"] * 600) + ")\n"
    found = survey(with_text(hand_in, lambda text: text.replace("make_flip_illusion", "mixture") + more))
    assert found is not None and "illusions.anagram_eps" in found.missing


BESIDE = """
bars = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 300), 0)


def predict_x0(x_t, eps, t):
    return (x_t - (1 - bars[t]).sqrt() * eps) / bars[t].sqrt()
"""


def test_a_helper_takes_nobodys_place(graded, hand_in):
    """Neither part B's that of part A's cell, nor one that is right that of a function which is not."""
    part_b = (EXPORT / "part_b.py").read_text(encoding="utf-8") + BESIDE
    _, verdicts = graded(hand_in({"part_b.py": part_b}, on_top_of=EXPORT), ["ddpm.predict_x0"], diagnose=False)
    assert verdicts["ddpm.predict_x0"].outcome == PASSED
    wrong = "def one_step_denoise(im_noisy, t):\n    noise_est = stage_1.unet(im_noisy, t, encoder_hidden_states=prompt_embeds)[0]\n    return im_noisy - noise_est[:, :3]\n\n\n"
    helper = "def predict_x0(x, eps, t):\n    return (x - (1 - alphas_cumprod[t]).sqrt() * eps) / alphas_cumprod[t].sqrt()\n\n\ndef iterative_denoise("
    folder = exchanged(hand_in, [("def iterative_denoise(", wrong + helper)])
    _, verdicts = graded(folder, ["ddpm.predict_x0"], diagnose=False)
    assert verdicts["ddpm.predict_x0"].outcome == FAILED


def test_a_one_step_denoiser_that_is_trained_is_no_estimate(graded, hand_in):
    """Part B has one, too."""
    trained = "\n\ndef train_one_step(unet, data, epochs):\n    for x, _ in data:\n        unet(x).sum().backward()\n"
    _, verdicts = graded(with_text(hand_in, lambda text: text + trained), ["ddpm.predict_x0"], diagnose=False)
    assert verdicts["ddpm.predict_x0"].outcome == PASSED


@pytest.mark.parametrize("made", ["using(guided)", "partial(guided, scale=7)", "factory(7)", "guided(test_im, 7)"])
def test_what_a_factory_makes_is_looked_at(hand_in, made):
    """What a function gives back is no function."""
    factory = "\n\ndef factory(scale):\n    return lambda *given: guided(*given, scale=scale)\n"
    made = f"{factory}\niterative_denoise_cfg = {made}\n"
    change = lambda text: text.replace("def iterative_denoise_cfg(", "def guided(") + made
    folder = with_text(hand_in, change)
    line = len((folder / "part_a.py").read_text().splitlines())
    found, is_function = survey(folder), "test_im" not in made
    said = f"part_a.py:{line}, what is made there" if is_function else None
    assert found.by_hand.get("guidance.guided_eps") == said
    assert ("editing.sdedit" in found.missing) is not is_function


def test_an_estimate_that_is_handed_on_is_looked_at():
    """Where it is computed with is not looked for."""
    asked = "def asked(x, t):\n    out = stage_1.unet(x, t)[0]\n    "
    for end, written in (("return [out[:, :3], out[:, 3:]]", True), ("pass", False)):
        source = Source("proj5.py", asked + end, ast.parse(asked + end))
        assert one_step([source], set()) == Unreached("proj5.py:2", written)


def test_a_network_that_hands_on_what_it_takes(graded, hand_in):
    folder = hand_in(on_top_of=EXPORT)
    path = folder / "part_b.py"
    text = path.read_text(encoding="utf-8")
    takes_t = "def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:\n        t = t.view(-1, 1).float()"
    assert takes_t in text
    path.write_text(text.replace(takes_t, "def forward(self, x, *given):\n        t = given[0].view(-1, 1).float()"))
    _, verdicts = graded(folder, ["unet.TimeConditionalUNet"], diagnose=False)
    assert verdicts["unet.TimeConditionalUNet"].outcome == PASSED
