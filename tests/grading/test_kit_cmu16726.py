"""CMU 16-726's kit, as it is handed in: unfilled, filled in rightly in three styles, and wrongly in each of its TODOs."""

import ast
import re
import shutil
from pathlib import Path

import pytest
import torch

from grading.contract import courses
from grading.contract.uses import used_by
from grading.paths import ROOT
from grading.report import rows
from grading.submissions import kits, opened
from grading.submissions.kits.cmu16726 import KIT, fill_blanks
from grading.verdicts import BY_HAND, FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import told
from .fillings import first_of_each

FILLINGS = ROOT / "tests" / "kits" / "cmu16726"
MAIN, IMG2IMG = "gan/main.py", "stable_diffusion/img2img.py"
RIGHT = ("plain", "terse", "helpers")
COURSE = courses.load(KIT.course).of_kit(KIT.todos)


@pytest.fixture
def filled(tmp_path):
    """``filled("plain", (file, old, new), …)``: a copy of a filling, with these pieces of its text exchanged."""

    def make(name: str, *changes: tuple[str, str, str], without: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "handed_in"
        shutil.copytree(FILLINGS / name, folder)
        for file, old, new in changes:
            text = (folder / file).read_text()
            assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
            (folder / file).write_text(text.replace(old, new))
        for file in without:
            (folder / file).unlink()
        return folder

    return make


def test_nothing_filled_in(grade, filled):
    verdicts = grade(filled("given"), list(KIT.todos))
    assert {verdict.outcome for verdict in verdicts.values()} == {NOT_IMPLEMENTED}
    assert sum(row.score or 0 for row in rows(COURSE, verdicts)) == 0
    assert re.search(r"main\.py:\d+, sample_noise has no vector", verdicts["latents.sample_w"].reason)


@pytest.mark.parametrize("name", RIGHT)
def test_filled_in_rightly(grade, filled, name):
    verdicts = grade(filled(name), list(KIT.todos))
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}


# What of main.py stands in which file, where a student takes it apart; each begins with main.py's imports.
PARTS = {
    "losses": ("Normalization", "PerceptualLoss", "Criterion"),
    "latents": ("build_model", "Wrapper", "sample_noise"),
    "utils/search": ("save_images", "save_gifs", "optimize_para"),
}


def taken_apart(folder: Path) -> Path:
    """The kit's main.py in four files."""
    main = folder / MAIN
    lines = main.read_text().splitlines(keepends=True)
    tree = ast.parse("".join(lines))
    spans = {node.name: slice(node.lineno - 1, node.end_lineno) for node in tree.body if hasattr(node, "name")}
    head = "".join(lines[:14])
    (folder / "gan" / "utils").mkdir()
    for file, names in PARTS.items():
        text = "\n\n".join("".join(lines[spans[name]]) for name in names)
        (folder / "gan" / f"{file}.py").write_text(f"{head}\n\n{text}")
    for names in PARTS.values():
        for name in names:
            lines[spans[name]] = [""] * len(lines[spans[name]])
    imports = (f"from {file.replace('/', '.')} import {', '.join(names)}\n" for file, names in PARTS.items())
    main.write_text(head + "".join(imports) + "".join(lines[14:]))
    return folder


def test_taken_apart_into_files(grade, filled):
    folder = taken_apart(filled("plain"))
    verdicts = grade(folder, list(KIT.todos))
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}
    assert verdicts["inversion.lp_loss"].defined_at.startswith("gan/losses.py:")


def test_taken_apart_and_wrong(grade, filled, unhurried):
    folder = taken_apart(filled("plain"))
    losses = folder / "gan" / "losses.py"
    losses.write_text(losses.read_text().replace("F.l1_loss(pred, target)", "F.mse_loss(pred, target)"))
    verdict = grade(folder, ["inversion.lp_loss"])["inversion.lp_loss"]
    assert verdict.outcome == FAILED and re.search("power|squar|exponent", told(verdict))
    without = re.sub(r"(?<=else:\n)( +)loss = .*\n.*self\.perc\(pred, target\)", r"\1pass", losses.read_text())
    losses.write_text(without)
    verdict = grade(folder, ["inversion.lp_loss"])["inversion.lp_loss"]
    assert verdict.outcome == NOT_IMPLEMENTED and re.search(r"losses\.py:\d+, Criterion has no loss", verdict.reason)


def split(folder, files):
    """main.py as a file of another name, which a new main.py imports, and other files beside them."""
    (folder / MAIN).rename(folder / "gan" / "core.py")
    for name, text in files.items():
        path = folder / "gan" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return KIT.survey(folder)


@pytest.mark.parametrize(
    "files",
    [
        {"main": "from core import *"},
        {"main": "import core"},
        {"main": "from pack import Criterion", "pack/again": "from core import *", "pack/__init__": "from .again import *"},
        {"main": "from pack import again", "pack/again": "from core import Criterion"},
        {"main": "try:\n    from core import *\nexcept ImportError:\n    from gan.core import *"},
    ],
    ids=lambda files: files["main"],
)  # fmt: skip
def test_what_main_is_made_of_is_found_as_python_finds_it(filled, files):
    survey = split(filled("plain"), files)
    assert survey is not None and survey.files["main"] == MAIN
    assert not [task for task in survey.missing if KIT.todos[task].file == MAIN]


def test_what_is_imported_for_something_else_is_not_judged(filled):
    """A second Criterion, the kit's own and empty, and a second draw(); and a file that is no Python."""
    folder = filled(
        "plain", (MAIN, "import argparse", "import argparse\nfrom starter import helper\nimport plots, old")
    )
    shutil.copy(FILLINGS / "given" / MAIN, folder / "gan" / "starter.py")
    (folder / "gan" / "plots.py").write_text("def draw(image):\n    show(image)\n")
    (folder / "gan" / "old.py").write_text("print 'old'\n")
    survey = KIT.survey(folder)
    assert not survey.missing and not survey.by_hand


def test_links_and_long_names_cost_nothing(filled):
    folder = filled("plain", (MAIN, "import argparse", f"import argparse, core, p.core, q.core, {'a' * 300}"))
    (folder / "gan" / "core.py").write_text("import p.core\nimport q.core\nx = (\n" + " " * 40_000 + "!")
    for link in ("p", "q"):
        (folder / "gan" / link).symlink_to(".")
    survey = KIT.survey(folder)
    assert not survey.missing and set(survey.written) == set()


# Of the plain filling: for which task, in which file, what is written instead of what, and what has to be said of it.
# fmt: off
WRONG = [
    ("inversion.lp_loss", MAIN, 'loss = self.l1_wgt * F.l1_loss(pred, target)\n', 'loss = self.l1_wgt * F.mse_loss(pred, target)\n', 'power|squar|exponent'),
    ("inversion.lp_loss", MAIN, 'loss = self.l1_wgt * F.l1_loss(pred, target)\n', 'loss = self.l1_wgt * torch.linalg.matrix_norm(target - pred, ord=1).mean()\n', 'matrix|column'),
    ("inversion.lp_loss", MAIN, 'loss = self.l1_wgt * F.l1_loss(pred, target)\n', "loss = self.l1_wgt * F.l1_loss(pred, target, reduction='sum')\n", 'added up, not averaged'),
    ("inversion.perceptual_loss", MAIN, 'loss += F.mse_loss(pred, target.detach())\n', 'loss = F.mse_loss(pred, target.detach())\n', 'layer'),
    ("inversion.perceptual_loss", MAIN, 'loss += F.mse_loss(pred, target.detach())\n', 'loss += F.l1_loss(pred, target.detach())\n', 'abs|squar|power'),
    ("inversion.perceptual_loss", MAIN, 'loss += F.mse_loss(pred, target.detach())\n', "loss += F.mse_loss(pred, target.detach(), reduction='sum')\n", 'sum|mean'),
    ("inversion.perceptual_loss", MAIN, 'layer = nn.ReLU(inplace=False)', 'continue', 'the ReLU before it is left out'),
    ("inversion.delta_penalty", MAIN, '(delta**2).sum()', '((param + delta)**2).sum()', 'delta'),
    ("inversion.delta_penalty", MAIN, '(delta**2).sum()', 'delta.abs().sum()', 'abs|squar|power'),
    ("inversion.delta_penalty", MAIN, '(delta**2).sum()', '(delta**4).sum()', 'power|exponent|squar'),
    ("inversion.inversion_loss", MAIN, 'loss += self.perc_wgt * self.perc(pred, target)\n', 'loss += self.perc(pred, target)\n', 'perc'),
    ("inversion.inversion_loss", MAIN, 'loss += self.perc_wgt * self.perc(pred, target)\n', 'loss += self.l1_wgt * self.perc(pred, target)\n', 'perc|l1'),
    ("inversion.inversion_loss", MAIN, 'loss += self.perc_wgt * self.perc(pred, target)\n', 'loss -= self.perc_wgt * self.perc(pred, target)\n', 'an operator is wrong'),
    ("inversion.invert", MAIN, '        optimizer.zero_grad()\n', '', 'zero_grad|search'),
    ("inversion.invert", MAIN, 'image = wrapper(param + delta)', 'image = wrapper(delta)', 'delta|latent|search'),
    ("inversion.invert", MAIN, 'image = wrapper(param + delta)', 'image = wrapper(param + delta).clamp(0, 1)', 'clamp|search'),
    ("latents.mean_w", MAIN, '            vector = model.mapping(z, None).mean(dim=0, keepdim=True)[:, :1]', '            vector = model.mapping(z.mean(dim=0, keepdim=True), None)[:, :1]', 'mean'),
    ("latents.mean_w", MAIN, '            vector = model.mapping(z, None).mean(dim=0, keepdim=True)[:, :1]', '            vector = model.mapping(torch.zeros(1, dim), None)[:, :1]', 'mean|samples|zero'),
    ("latents.mean_w", MAIN, '            vector = model.mapping(z, None).mean(dim=0, keepdim=True)[:, :1]', '            vector = model.mapping(z[:1000], None).mean(dim=0, keepdim=True)[:, :1]', '10,000|samples'),
    ("latents.sample_w", MAIN, '            vector = model.mapping(z, None)[:, :1, :]', '            vector = model.mapping(z, None)[:, 0, :]', 'shape|N, 1'),
    ("latents.sample_w", MAIN, '            vector = model.mapping(z, None)[:, :1, :]', '            vector = model.mapping(z, None)', 'shape|N, 1|layer'),
    ("latents.sample_w", MAIN, '            vector = model.mapping(z, None)[:, :1, :]', '            vector = model.mapping(z, None).mean(dim=0, keepdim=True)[:, :1].repeat(N, 1, 1)', 'mapped|mean|own'),
    ("latents.sample_w_plus", MAIN, '            vector = model.mapping(z, None)\n', '            vector = model.mapping(z, None)[:, 0]\n', 'shape|layer'),
    ("latents.sample_w_plus", MAIN, '            vector = model.mapping(z, None)\n', '            vector = z.unsqueeze(1).repeat(1, model.num_ws, 1)\n', 'map|z'),
    ("latents.sample_w_plus", MAIN, '            vector = model.mapping(z, None)\n', '            vector = model.mapping(torch.rand(N, dim), None)\n', 'normal|uniform'),
    ("inversion.scribble_loss", MAIN, 'F.l1_loss(pred * mask, target * mask)', 'F.l1_loss(pred * (1 - mask), target * (1 - mask))', 'mask|invert'),
    ("inversion.scribble_loss", MAIN, 'F.l1_loss(pred * mask, target * mask)', 'F.l1_loss(pred * mask, target)', 'mask|sketch'),
    ("inversion.scribble_loss", MAIN, 'F.l1_loss(pred * mask, target * mask)', 'F.mse_loss(pred * mask, target * mask)', 'squar|power|abs'),
    ("inversion.scribble_loss", MAIN, 'F.l1_loss(pred * mask, target * mask)', 'torch.linalg.matrix_norm((pred - target) * mask, ord=1).mean()', 'matrix norm .* largest column'),
    ("inversion.scribble_loss", MAIN, 'F.l1_loss(pred * mask, target * mask)', '(F.l1_loss(pred, target) * (mask == 0)).mean()', 'averaged before the mask comes'),
    ("latents.interpolate", MAIN, '(1 - alpha) * src + alpha * dst', 'alpha * src + (1 - alpha) * dst', 'revers|last|first|exchang|swap'),
    ("latents.interpolate", MAIN, '(1 - alpha) * src + alpha * dst', 'src + alpha * dst', '.'),
    ("latents.interpolate", MAIN, '(1 - alpha) * src + alpha * dst', '(1 - alpha**2) * src + alpha**2 * dst', 'step|linear|equal'),
    ("noising.add_noise", IMG2IMG, 'alpha_cumprods[opt.num_timesteps]', 'alpha_cumprods[-1]', 'last|T − 1|−1|end'),
    ("noising.add_noise", IMG2IMG, 'alpha_cumprods[opt.num_timesteps]', 'alpha_cumprods[opt.num_timesteps - 1]', 't − 1|one|before'),
    ("noising.add_noise", IMG2IMG, 'torch.sqrt(abar_N) * init_latent + torch.sqrt(1 - abar_N) * noise', 'abar_N * init_latent + (1 - abar_N) * noise', 'root|sqrt|√'),
    ("editing.sdedit", IMG2IMG, 'np.flip(timesteps)', 'np.flip(timesteps)[:-1]', 'step|timestep'),
    ("editing.sdedit", IMG2IMG, 'np.flip(timesteps)', 'np.flip(timesteps)[1:]', 'step|timestep'),
    ("editing.sdedit", IMG2IMG, 'np.flip(timesteps)', 'np.flip(timesteps)[::2]', 'step|timestep'),
    ("guidance.guided_eps", IMG2IMG, 'torch.cat([uncond, cond])', 'torch.cat([cond, uncond])', 'swap|exchang|order|cond'),
    ("guidance.guided_eps", IMG2IMG, 'torch.cat([latent] * 2)', 'torch.cat([latent, init_latent])', '.'),
    ("guidance.guided_eps", IMG2IMG, 'e_t_uncond, e_t_cond = model', 'e_t_cond, e_t_uncond = model', 'swap|exchang|order|cond'),
    ("guidance.classifier_free_guidance", IMG2IMG, 'e_t_uncond + opt.strength * (e_t_cond - e_t_uncond)', 'e_t_cond + opt.strength * (e_t_cond - e_t_uncond)', 'uncond|c \\+'),
    ("guidance.classifier_free_guidance", IMG2IMG, 'e_t_uncond + opt.strength * (e_t_cond - e_t_uncond)', 'e_t_uncond + opt.strength * e_t_cond', 'uncond'),
    ("guidance.classifier_free_guidance", IMG2IMG, 'e_t_uncond + opt.strength * (e_t_cond - e_t_uncond)', 'e_t_uncond + opt.strength * (e_t_uncond - e_t_cond)', 'sign|swap|exchang'),
    ("ddpm.posterior_variance", IMG2IMG, 'torch.sqrt((1 - abar_prev) / (1 - abar) * (1 - alpha))', '(1 - abar_prev) / (1 - abar) * (1 - alpha)', 'square|power|root'),
    ("ddpm.posterior_variance", IMG2IMG, 'torch.sqrt((1 - abar_prev) / (1 - abar) * (1 - alpha))', 'torch.sqrt(1 - alpha)', 'β'),
    ("ddpm.posterior_variance", IMG2IMG, 'torch.sqrt((1 - abar_prev) / (1 - abar) * (1 - alpha))', 'torch.sqrt((1 - abar_prev) / (1 - abar) * alpha)', 'α|β'),
    ("ddpm.posterior_step", IMG2IMG, '(1 - alpha) / torch.sqrt(1 - abar) * e_t', '(1 - alpha) / (1 - abar) * e_t', '.'),
    ("ddpm.posterior_step", IMG2IMG, '* e_t) / torch.sqrt(alpha)', '* e_t) / alpha', '.'),
    ("ddpm.posterior_step", IMG2IMG, '* e_t) / torch.sqrt(alpha)', '* e_t) / torch.sqrt(abar)', '.'),
]
# fmt: on


@pytest.mark.parametrize(("task", "file", "old", "new", "says"), first_of_each(WRONG))
def test_filled_in_wrongly(grade, filled, unhurried, task, file, old, new, says):
    """It alone loses its points, among those that are made of it, and the mistake is named."""
    made_of_it = [one for one in KIT.todos if task in used_by(one)]
    verdicts = grade(filled("plain", (file, old, new)), [task, *made_of_it])
    lost = [row.item.function for row in rows(COURSE, verdicts) if row.verdict is not None and row.score == 0]
    assert lost == [task], {one: told(verdicts[one]) for one in lost}
    text = " ".join(told(verdicts[task]).split())
    assert re.search(says, text, re.IGNORECASE), text
    assert f"in your kit: {file}" in text


def test_every_todo_is_filled_in_wrongly():
    """In three ways, or more."""
    assert all([one[0] for one in WRONG].count(task) >= 3 for task in KIT.todos)


def test_what_is_made_of_two_wrong_ones_is_right_by_itself(grade, filled):
    """Of a step that looks one level too far down, too; and the network is asked once for each step."""
    folder = filled(
        "plain",
        (IMG2IMG, "alpha_cumprods[opt.num_timesteps]", "alpha_cumprods[-1]"),
        (IMG2IMG, "* e_t) / torch.sqrt(alpha)", "* e_t) / torch.sqrt(alphas[timestep - 1])"),
    )
    verdicts = grade(folder, ["noising.add_noise", "ddpm.posterior_step", "editing.sdedit"])
    assert {one.outcome for one in verdicts.values()} == {FAILED}
    assert verdicts["editing.sdedit"].carried == ["noising.add_noise", "ddpm.posterior_step"]


def test_other_layouts(filled, tmp_path):
    """A flat main.py without part 3; code/ beside another copy; files of these names that are no kit's."""
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(FILLINGS / "plain" / MAIN, flat / "main.py")
    survey = KIT.survey(flat)
    assert survey.files == {"main": "main.py"}
    assert "not handed in" in survey.missing["noising.add_noise"]
    assert not [task for task in survey.missing if KIT.todos[task].file == MAIN]

    (flat / "code").mkdir()
    shutil.copy(FILLINGS / "plain" / MAIN, flat / "code" / "main.py")
    survey = KIT.survey(flat)
    assert survey.files["main"] == "main.py"
    assert "code/main.py: another copy" in survey.notes[0]

    (flat / "main.py").write_text("print('hello')\n")
    assert KIT.survey(flat).files["main"] == "code/main.py"
    shutil.rmtree(flat / "code")
    assert KIT.survey(flat) is None


def test_what_cannot_be_reached_is_a_persons(grade, filled):
    no_penalty = (MAIN, "        loss = loss + 0.001 * (delta**2).sum()\n", "")
    own_frames = (MAIN, "np.linspace(0, 1, 50)", "[k / 49 for k in range(50)]")
    verdicts = grade(filled("plain", no_penalty, own_frames), ["inversion.delta_penalty", "latents.interpolate"])
    assert {one.outcome for one in verdicts.values()} == {BY_HAND}
    assert re.search(r"main\.py:\d+, no penalty on delta", verdicts["inversion.delta_penalty"].reason)


def test_what_is_logged_of_delta_is_no_penalty(grade, filled):
    logged = "        print('delta', delta.norm().item())\n"
    penalty = (MAIN, "        loss = loss + 0.001 * (delta**2).sum()\n", logged)
    cleared = (
        MAIN,
        "        optimizer.zero_grad()\n",
        "        if delta.grad is not None:\n            delta.grad.zero_()\n",
    )
    verdict = grade(filled("plain", penalty, cleared), ["inversion.delta_penalty"])["inversion.delta_penalty"]
    assert verdict.outcome == BY_HAND and "no penalty on delta" in verdict.reason


def test_a_penalty_that_weighs_nothing_is_a_persons(grade, filled):
    penalty = "loss = loss + 0.001 * (delta**2).sum()"
    folder = filled(
        "plain",
        (MAIN, penalty, f"{penalty} * WEIGHT"),
        (MAIN, "def sample_noise(", "WEIGHT = 0.0\n\n\ndef sample_noise("),
    )
    verdict = grade(folder, ["inversion.delta_penalty"])["inversion.delta_penalty"]
    assert verdict.outcome == BY_HAND and "delta adds nothing to the loss" in verdict.reason


@pytest.mark.parametrize(
    "kept",
    [
        "((image[0] + 1) * 127.5).clamp(0, 255).byte().permute(1, 2, 0).cpu()",
        "(image[0] / 2 + 0.5).permute(1, 2, 0).numpy()",
        "vutils.make_grid(image.cpu() / 2 + 0.5)",
        "F.interpolate(image, size=(256, 256), mode='bilinear').cpu()",
    ],
)
def test_a_film_of_pictures_in_any_form(grade, filled, kept):
    """Whole numbers from 0 to 255 have lost what a picture's mean could say."""
    right = filled("plain", (MAIN, "image_list.append(image.cpu())", f"image_list.append({kept})"))
    assert grade(right, ["latents.interpolate"])["latents.interpolate"].outcome == PASSED
    shutil.rmtree(right)
    kept = (MAIN, "image_list.append(image.cpu())", f"image_list.append({kept})")
    other = (MAIN, "(1 - alpha) * src + alpha * dst", "alpha * src + (1 - alpha) * dst")
    assert grade(filled("plain", kept, other), ["latents.interpolate"])["latents.interpolate"].outcome == FAILED


def test_a_commands_own_seed_costs_nothing(grade, filled):
    """Also where it is set once for each picture."""
    seeded = "        torch.manual_seed(idx)\n"
    draws = "        param = sample_noise(z_dim, device, args.latent, model, from_mean=True)\n        optimize_para(wrapper, param, (rgb"
    films = "        target = image.to(device)\n        param = sample_noise(z_dim, device, args.latent, model, from_mean=True)\n"
    folder = filled("plain", (MAIN, draws, seeded + draws), (MAIN, films, seeded + films))
    verdicts = grade(folder, ["inversion.scribble_loss", "latents.interpolate"])
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}


def test_a_wrong_mean_is_all_that_is_wrong_with_what_starts_from_it(grade, filled):
    once = "            z = torch.randn(10000, dim, device=device)\n            vector = model.mapping(z, None).mean(dim=0, keepdim=True)"
    few = once.replace("10000", "1000")
    w, rows = f"{once}[:, :1]\n", f"{once}\n"
    folder = filled("plain", (MAIN, w, f"{few}[:, :1]\n"), (MAIN, rows, f"{few}\n"))
    verdicts = grade(folder, ["latents.mean_w", "latents.sample_w", "latents.sample_w_plus"])
    assert {one.outcome for one in verdicts.values()} == {FAILED}
    assert verdicts["latents.sample_w"].carried == verdicts["latents.sample_w_plus"].carried == ["latents.mean_w"]


def test_a_start_of_its_own_is_not_put_down_to_the_mean(grade, filled):
    mean = "            z = torch.randn(10000, dim, device=device)\n            vector = model.mapping(z, None).mean(dim=0, keepdim=True)"
    few = (MAIN, f"{mean}[:, :1]\n", f"{mean}[:, :1]\n".replace("10000", "1000"))
    one = (MAIN, f"{mean}\n", "            vector = model.mapping(torch.randn(N, dim, device=device), None)\n")
    verdicts = grade(filled("plain", few, one), ["latents.mean_w", "latents.sample_w_plus"])
    assert {one.outcome for one in verdicts.values()} == {FAILED}
    assert not verdicts["latents.sample_w_plus"].carried


def test_a_penalty_among_terms_is_seen(grade, filled):
    penalty = (
        MAIN,
        "        loss = loss + 0.001 * (delta**2).sum()\n",
        "        terms = [loss]\n        terms.append(0.001 * (delta**2).sum())\n        loss = sum(terms)\n",
    )
    assert grade(filled("plain", penalty), ["inversion.delta_penalty"])["inversion.delta_penalty"].outcome == PASSED


def test_an_inverted_mask_is_named_whatever_the_loss_is_divided_by(grade, filled):
    loss = "F.l1_loss(pred * mask, target * mask)"
    inverted = "((1 - mask) * (pred - target).abs()).sum() / (1 - mask).expand(pred.shape).sum()"
    verdict = grade(filled("plain", (MAIN, loss, inverted)), ["inversion.scribble_loss"])["inversion.scribble_loss"]
    assert verdict.outcome == FAILED and "the mask is inverted" in told(verdict)
    assert not verdict.unexplained


def test_what_the_scripts_last_lines_set_is_there(grade, filled):
    """``args`` is a global there, and students use it in closure()."""
    option = (
        MAIN,
        "    return parser.parse_args()",
        "    parser.add_argument('--reg', type=float, default=0.0)\n    return parser.parse_args()",
    )
    used = "        if args.reg > 0:\n            loss = loss + args.reg * (delta**2).sum()\n"
    penalty = (MAIN, "        loss = loss + 0.001 * (delta**2).sum()\n", used)
    verdicts = grade(filled("plain", option, penalty), ["inversion.delta_penalty", "inversion.invert"])
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}


def test_options_that_only_a_command_line_gives(grade, filled):
    """Their defaults are read where they stand; where they are no numbers there, a person looks; a slip is a slip."""
    task = "inversion.lp_loss"

    def verdict(option, used="args.tv_wgt"):
        loss = "self.l1_wgt = args.l1_wgt"
        changes = [
            (MAIN, "def parse_arg():", "def options():"),
            (MAIN, "    args = parse_arg()", "    args = options()"),
            (MAIN, "    return parser.parse_args()", f"    {option}\n    return parser.parse_args()"),
            (MAIN, loss, f"{loss} * {used} if 'tv_wgt' in args else {used}"),
        ]
        folder = filled("plain", *changes)
        verdict = grade(folder, [task], explained=False)[task]
        shutil.rmtree(folder)
        return verdict

    assert verdict("parser.add_argument('--tv-wgt', type=float, default='1.0')").outcome == PASSED
    assert verdict("parser.add_argument('--tv-wgt', default=2.0)").outcome == FAILED
    for unknown in ("default=LARGEST", "required=True"):
        left = verdict(f"parser.add_argument('--tv-wgt', {unknown})")
        assert left.outcome == BY_HAND and "args.tv_wgt is set by what is not run here" in left.reason
    assert verdict("pass", "args.tv_wght").outcome == FAILED


def test_vectors_that_are_returned_at_once(grade, filled):
    folder = filled("plain")
    text = (folder / MAIN).read_text()
    sampling = text[text.index("def sample_noise") : text.index("def optimize_para")]
    (folder / MAIN).write_text(text.replace(sampling, sampling.replace("vector = ", "return ")))
    verdicts = grade(folder, ["latents.mean_w", "latents.sample_w", "latents.sample_w_plus"])
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}


def test_a_normalisation_of_the_students_own(grade, filled):
    own = """class Colours(nn.Module):
    def forward(self, image):
        return ((image + 1) / 2 - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / 0.225


class PerceptualLoss(nn.Module):"""
    norm = "norm = Normalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])"
    folder = filled("plain", (MAIN, "class PerceptualLoss(nn.Module):", own), (MAIN, norm, "norm = Colours()"))
    assert grade(folder, ["inversion.perceptual_loss"])["inversion.perceptual_loss"].outcome == PASSED


def test_one_file_is_unfilled(grade, filled):
    """What parses is graded, whatever else is left as it was given."""
    folder = filled("plain", without=(IMG2IMG,))
    shutil.copy(FILLINGS / "given" / IMG2IMG, folder / IMG2IMG)
    verdicts = grade(folder, ["latents.sample_w", "noising.add_noise"])
    assert [one.outcome for one in verdicts.values()] == [PASSED, NOT_IMPLEMENTED]
    assert "is left as it was given" in verdicts["noising.add_noise"].reason


def test_a_mistake_in_the_syntax_costs_its_own_file(grade, filled):
    verdicts = grade(
        filled("plain", (IMG2IMG, "latent = encoded", "latent = (encoded")), ["latents.sample_w", "noising.add_noise"]
    )
    assert [one.outcome for one in verdicts.values()] == [PASSED, FAILED]
    assert "img2img.py:" in told(verdicts["noising.add_noise"])


@pytest.mark.parametrize("task", [task for task, todo in KIT.todos.items() if todo.file == IMG2IMG])
def test_what_ends_main_before_the_network_is_asked_is_told(grade, filled, task):
    """Whatever of it is asked for; what the walk along it lacks by then is nobody's mistake."""
    ends = (IMG2IMG, "x_in = torch.cat([latent] * 2)", "x_in = torch.cat([latent] * 2).reshape(7, 11, 13)")
    text = told(grade(filled("plain", ends), [task])[task])
    assert "shape '[7, 11, 13]' is invalid" in text and f"{IMG2IMG}:" in text, text


@pytest.mark.parametrize(("t", "t_prev", "asked"), [(2, 0, False), (2, 1, True), (1, -1, True), (2, -1, False)])
def test_no_stride_is_asked_for_of_which_1_minus_beta_keeps_no_digits(t, t_prev, asked):
    """The kit's main() has α from 1 − β."""
    table = torch.tensor([0.9, 1e-2, 5e-5], dtype=torch.float64)
    assert KIT.profile.asks("ddpm.posterior_step", {"alphas_cumprod": table, "t": t, "t_prev": t_prev}) is asked
    assert KIT.profile.asks("editing.sdedit", {"alphas_cumprod": table, "timesteps": [t]}) is (t < 2)


def test_blanks_keep_their_lines():
    text = "def f():\n    a =  # here\n    with g():\n        # todo\n    return a\n"
    assert fill_blanks(text) == "def f():\n    a = ...\n    with g(): pass\n        # todo\n    return a\n"
    assert fill_blanks("x = 1\n") == "x = 1\n"


def test_it_is_found(filled):
    with opened(filled("plain")) as submission:
        assert submission.kit is not None and submission.kit.kit is KIT
    assert KIT in kits.KITS
