"""What a student is told is true, and said once: on mistakes written for these tests, over functions of all modules."""

import json
import re
import textwrap
from dataclasses import dataclass

import pytest

from grading.__main__ import main
from grading.checking.compare import apart
from grading.checking.titles import TITLES, told_once
from grading.diagnosis import Diagnosis
from grading.diagnosis.counterexample import smallest_failing_call
from grading.diagnosis.told import told_already
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.report import explain
from grading.submissions import opened
from grading.verdicts import FAILED, PASSED, CheckResult, Failure

from .conftest import PLAIN, SEED, SOLUTIONS, told

VALUE = "On freshly drawn inputs the result is the formula's."
pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def verdict_on(grade, hand_in):
    """``verdict_on("ddpm.predict_x0", source)``; the source lies in the module's file, torch is imported."""

    def verdict_on(task: str, source: str):
        module = task.split(".")[0]
        source = "import torch\nimport torch.nn.functional as F\n" + textwrap.dedent(source)
        verdict = grade(hand_in(**{module: source}), [task])[task]
        assert verdict.outcome == FAILED
        return verdict

    return verdict_on


def titles(verdict):
    return [check.title for check in verdict.failures]


# --- a title stands only where its property fails ---------------------------------------------------------------

WRONG_VALUES = {  # a wrong value, and titles of checks that meet it and are about something else
    "inversion.perceptual_loss": (
        """
        def perceptual_loss(pred, target, features_fn):
            with torch.no_grad():
                fixed = features_fn(target)
            return sum(((a - b) ** 2).sum() for a, b in zip(features_fn(pred), fixed))
        """,
        ["No gradient flows into the features of the target", "Gradients are those"],
    ),
    "noising.add_noise": (
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            return a * x0 + (1 - a).sqrt() * noise
        """,
        ["each sample gets what it would get alone", "Gradients flow", "stored one"],
    ),
    "distillation.sds_residual": (
        """
        def sds_residual(eps_pred, noise, t, alphas_cumprod):
            w = alphas_cumprod[t]
            w = w.reshape(-1, 1, 1, 1) if w.ndim else w
            return (w * (eps_pred - noise)).detach()
        """,
        ["It points from", "each sample has its own weight"],
    ),
    "guidance.classifier_free_guidance": (
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return eps_uncond + 2 * scale * (eps_cond - eps_uncond)
        """,
        ["far from the usual ones", "Where both estimates agree"],
    ),
    "ddim.sample_ddim": (
        """
        def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
            x = x_T
            for i, (t, p) in enumerate(zip(timesteps, [*timesteps[1:], -1])):
                a, b = alphas_cumprod[t], alphas_cumprod[p] if p >= 0 else torch.ones_like(alphas_cumprod[0])
                eps = eps_model(x, i)
                x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
                x0 = x0.clamp(-1, 1) if clip_x0 else x0
                sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
                x = b.sqrt() * x0 + (1 - b - sigma**2).sqrt() * eps
                x = x + sigma * noise_fn(x) if p >= 0 else x
            return x
        """,
        ["noise", "clip_x0", "DDPM"],
    ),
    "ddpm.sample_ddpm": (
        """
        def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
            x = x_T
            for t, p in zip(timesteps, [*timesteps[1:], -1]):
                a, b = alphas_cumprod[t], alphas_cumprod[p] if p >= 0 else torch.ones_like(alphas_cumprod[0])
                x0 = (x - (1 - a).sqrt() * eps_model(x, t)) / a.sqrt()
                x0 = x0.clamp(-1, 1) if clip_x0 else x0
                beta = 1 - a / b
                x = (b.sqrt() * beta * x0 + (a / b).sqrt() * (1 - b) * x) / (1 - a)
                x = x + beta.sqrt() * noise_fn(x) if p >= 0 else x
            return x
        """,
        ["Every step has fresh noise", "Without noise_fn the noise", "clip_x0"],
    ),
    "gan_losses.discriminator_loss": (
        """
        def discriminator_loss(real_logits, fake_logits):
            return F.softplus(-real_logits, threshold=60).mean() - F.softplus(fake_logits, threshold=60).mean()
        """,
        ["have a mean each", "The gradient pushes"],
    ),
    "dps.dps_step": (
        """
        def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
            (g,) = torch.autograd.grad((measurement - operator(x0_hat)).square().sum(), x_t)
            return (x_prev - scale * g).detach()
        """,
        ["The correction is the scale", "The result is detached"],
    ),
    "illusions.lowpass": (
        """
        def lowpass(x, kernel_size=33, sigma=2.0):
            place = torch.arange(kernel_size, dtype=x.dtype) - kernel_size // 2
            k = torch.exp(-(place**2) / sigma**2)
            k, p, C = k / k.sum(), kernel_size // 2, x.shape[1]
            x = F.pad(x, (p, p, p, p), mode="reflect")
            x = F.conv2d(x, k.reshape(1, 1, 1, -1).expand(C, 1, 1, -1), groups=C)
            return F.conv2d(x, k.reshape(1, 1, -1, 1).expand(C, 1, -1, 1), groups=C)
        """,
        ["Beyond the border"],
    ),
    "unet.ddpm_loss": (
        """
        def ddpm_loss(model, x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
            return (model(x_t, t.to(x0) / (len(alphas_cumprod) - 1)) - noise).square().mean()
        """,
        ["A model that knows the noise", "Gradients are those"],
    ),
}


@pytest.mark.parametrize("task", WRONG_VALUES)
def test_a_wrong_value_stands_under_no_title_about_something_else(task, verdict_on):
    source, others = WRONG_VALUES[task]
    verdict = verdict_on(task, source)
    assert VALUE in titles(verdict)
    assert not [title for title in titles(verdict) if any(words in title for words in others)]


def test_the_property_that_does_fail_keeps_its_title(verdict_on):
    attached = """
        def perceptual_loss(pred, target, features_fn):
            return sum(((a - b) ** 2).mean() for a, b in zip(features_fn(pred), features_fn(target)))
    """
    verdict = verdict_on("inversion.perceptual_loss", attached)
    assert titles(verdict) == ["No gradient flows into the features of the target."]


def test_a_network_asked_at_other_times_is_told_with_both(verdict_on):
    source, _ = WRONG_VALUES["ddim.sample_ddim"]
    verdict = verdict_on("ddim.sample_ddim", source)
    assert TITLES["told"] in titles(verdict)
    assert re.search(r"asked about other timesteps: expected t = \[\d+.*\], got t = \[0", told(verdict))
    source, _ = WRONG_VALUES["unet.ddpm_loss"]
    assert re.search(r"another t: expected \[0\.\d+, .*\], got \[0\.\d+, ", told(verdict_on("unet.ddpm_loss", source)))


def test_only_the_graph_that_is_kept_is_named(verdict_on):
    source = """
        def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
            w = 1 - alphas_cumprod[t]
            w = w.reshape(-1, 1, 1, 1) if w.ndim else w
            return w * (eps_pretrained - eps_lora.detach())
    """
    verdict = verdict_on("distillation.vsd_residual", source)
    assert "hangs on the graph of eps_pretrained" in told(verdict)
    assert "eps_lora is" not in told(verdict) and not verdict.mistakes


def failing(title, kind, **more):
    return CheckResult(title, failure=Failure("summary", kind=kind, **more))


def test_of_failures_at_least_one_is_left():
    for kind in (*TITLES, "gradient", "cut off", "grad left", "anew", "names", "default", "wrong", "hung"):
        assert told_once([CheckResult("passed"), failing("a", kind), failing("b", kind)])[-1].failure is not None


def test_what_follows_from_another_failure_is_not_told():
    value, gradient = failing("the value", "value"), failing("the gradient", "gradient")
    assert told_once([gradient, value]) == [value]
    assert told_once([gradient]) == [gradient]
    default = failing("defaults", "default", subject="sigma")
    assert told_once([failing("a", "value", subject="kernel_size sigma"), default]) == [default]
    assert len(told_once([failing("a", "value", subject="kernel_size"), default])) == 2


# --- formulas ---------------------------------------------------------------------------------------------------

STEP = """
    def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
        if t_prev {clean}:
            return x0.clone()
        a, b = alphas_cumprod[t], alphas_cumprod[t_prev]
        beta = 1 - a / b
        mean = {mean}
        return mean + ((1 - b) / (1 - a) * beta).sqrt() * noise
"""
MEAN = "b.sqrt() * beta / (1 - a) * x0 + (a / b).sqrt() * (1 - b) / (1 - a) * x_t"
READ = {
    "a factor is named": (
        "ddpm.posterior_step",
        STEP.format(clean="< 0", mean=MEAN.replace("b.sqrt() * beta / (1 - a) * x0", "b.sqrt() * x0")),
        "the factor β/(1−ᾱ_t) is missing.",
    ),
    "two exchanged indices are one thing": (
        "ddpm.posterior_step",
        STEP.format(clean="< 0", mean=MEAN.replace("(1 - b) / (1 - a) * x_t", "(1 - a) / (1 - b) * x_t")),
        "1−ᾱ_prev and 1−ᾱ_t are exchanged.",
    ),
    "an index is paired with what it stands for": (
        "ddpm.posterior_step",
        STEP.format(clean="< 0", mean=MEAN.replace("b.sqrt() * beta", "alphas_cumprod[t - 1].sqrt() * beta")),
        "ᾱ_{t−1} stands in the place of ᾱ_prev.",
    ),
    "a condition that decides wrongly": (
        "ddpm.posterior_step",
        STEP.format(clean="<= 0", mean=MEAN),
        "Your t_prev = 0 is treated as the clean image, t_prev = -1.",
    ),
    "a square where there is none": (
        "distillation.sds_weight",
        "def sds_weight(t, alphas_cumprod):\n    return 1 - alphas_cumprod[t] ** 2",
        "Your result is 1−ᾱ_t²: ᾱ_t is squared.",
    ),
    "the sign of the whole": (
        "guidance.classifier_free_guidance",
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return (scale - 1) * eps_uncond + scale * eps_cond
        """,
        "Your weight of eps_uncond is s − 1: the sign of the whole is the wrong one.",
    ),
    "a missing term is named": (
        "guidance.classifier_free_guidance",
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return scale * (eps_cond - eps_uncond)
        """,
        "the term 1 is missing.",
    ),
    "whose place it takes": (
        "editing.repaint_blend",
        """
        def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
            a = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(alphas_cumprod[0])
            return edit_mask * x_prev + (1 - edit_mask) * (a.sqrt() * x_prev + (1 - a).sqrt() * noise)
        """,
        "has x_prev where the mask is 0 in place of x_orig where the mask is 0.",
    ),
}


@pytest.mark.parametrize("what", READ)
def test_a_formula_is_told_with_one_true_sentence(what, verdict_on):
    task, source, sentence = READ[what]
    verdict = verdict_on(task, source)
    assert len(verdict.reading) == 1
    assert verdict.reading[0].student.endswith(sentence)


def test_one_cause_of_all_stands_without_the_formula_taken_apart(verdict_on):
    """Both weights without their roots are two things, and one known mistake."""
    verdict = verdict_on(
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            return a * x0 + (1 - a) * noise
        """,
    )
    assert len(verdict.mistakes) == 1 and "variances" in verdict.mistakes[0]
    assert verdict.reading == [] and "what your code does" not in told(verdict)


def test_one_thing_and_one_cause_are_both_told(verdict_on):
    verdict = verdict_on("distillation.sds_weight", "def sds_weight(t, alphas_cumprod):\n    return alphas_cumprod[t]")
    assert verdict.mistakes and len(verdict.reading) == 1


def test_the_same_words_stand_once(grade, hand_in):
    """The reading and the catalogue may both say it."""
    clean = "def ddpm_loss(model, x0, noise, t, alphas_cumprod):\n    return ((model(x0, t / len(alphas_cumprod)) - noise) ** 2).mean()"
    text = told(grade(hand_in(unet=clean), ["unet.ddpm_loss"])["unet.ddpm_loss"])
    assert text.lower().count("the network is shown the clean image") == 1


# --- where a check says it all ----------------------------------------------------------------------------------

SAID = {  # source, all that is said
    "in place": (
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            x0 *= a.sqrt()
            return x0 + (1 - a).sqrt() * noise
        """,
        ["No argument is changed in place."],
    ),
    "renamed": (
        "ddpm.posterior_variance",
        """
        def posterior_variance(t, prev_t, alphas_cumprod):
            a, b = alphas_cumprod[t], alphas_cumprod[prev_t] if prev_t >= 0 else torch.ones_like(alphas_cumprod[0])
            return (1 - b) / (1 - a) * (1 - a / b)
        """,
        ["Arguments can be given by the contract's names."],
    ),
    "only an int": (
        "ddpm.predict_x0",
        """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            a = alphas_cumprod[t].item()
            return (x_t - (1 - a) ** 0.5 * eps) / a**0.5
        """,
        [VALUE],
    ),
    "seeded": (
        "latents.sample_z",
        """
        def sample_z(batch_size, z_dim, from_mean=False, generator=None):
            torch.manual_seed(0)
            return torch.zeros(batch_size, z_dim) if from_mean else torch.randn(batch_size, z_dim, generator=generator)
        """,
        ["The global random state is never seeded; to draw from it is fine."],
    ),
    "a default": (
        "illusions.gaussian_kernel1d",
        """
        def gaussian_kernel1d(kernel_size=33, sigma=1.5):
            place = torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2
            k = torch.exp(-(place**2) / (2 * sigma**2))
            return k / k.sum()
        """,
        ["An argument that is left out counts as its default."],
    ),
    "detached": (
        "noising.add_noise",
        """
        @torch.no_grad()
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            return a.sqrt() * x0 + (1 - a).sqrt() * noise
        """,
        ["Gradients flow into image and noise, each with its weight."],
    ),
    "no return": (
        "ddpm.predict_x0",
        """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            x0 = (x_t - (1 - a).sqrt() * eps) / a.sqrt()
        """,
        [VALUE],
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_where_a_check_says_it_all_nothing_follows(what, verdict_on):
    task, source, expected = SAID[what]
    verdict = verdict_on(task, source)
    assert titles(verdict) == expected, told(verdict)
    assert verdict.unexplained == "" and verdict.reading == []


def test_the_sentences_themselves(verdict_on):
    said = {what: told(verdict_on(*SAID[what][:2])) for what in ("no return", "only an int", "a default", "renamed")}
    assert said["no return"].count("is the return missing?") == 1
    assert "it fails wherever t is a tensor with one timestep per sample" in said["only an int"]
    assert "without sigma the result is another one than for sigma=2.0" in said["a default"]
    assert "unexpected keyword argument 't_prev'" in said["renamed"]


def test_checks_that_found_nothing_say_nothing():
    assert not told_already([])
    assert not told_already([Failure("wrong", kind="value")])


NAN = {
    "ddim.ddim_step": """
        def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
            a, b = alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(alphas_cumprod[0])
            sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
            x0 = (x_t - (1 - a).sqrt() * eps) / a.sqrt()
            return b.sqrt() * x0 + (1 - b - sigma).sqrt() * eps + sigma * noise
    """,
    "noising.add_noise": """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1) if a.ndim else a
            return a.sqrt() * x0 + (a - 1) ** 0.5 * noise
    """,
}


@pytest.mark.parametrize(("task", "said"), [*zip(NAN, ("the square root", "a fractional power"))])
def test_a_nan_is_told_with_what_is_negative_and_the_line(task, said, verdict_on):
    text = told(verdict_on(task, NAN[task]))
    assert re.search(rf"the result is not finite: the first nan is {said} of a negative number, -0\.\d+", text)
    assert text.count("not finite") == 1
    assert re.search(r"at +\w+\.py:\d+ in \w+: return", text)
    assert "no known mistake" not in text


def test_what_cannot_be_imported_is_told_in_full_once(hand_in, cli):
    folder = hand_in(ddpm="def predict_x0(x_t, eps, t, alphas_cumprod):\n    return (x_t\n")
    out = cli("grade", folder, "--only", "ddpm", "--seed", 3).stdout
    assert out.count("SyntaxError") == 1
    assert out.count("see ddpm.predict_x0 above") == 3


# --- what a reader took for something else ----------------------------------------------------------------------


@dataclass(frozen=True)
class Edited:
    """A complete solution with a mistake in one place: what has to be said of it, and what never."""

    task: str
    solution: str
    file: str
    right: str
    wrong: str
    says: str
    never: str


EDITED = {
    "of a kernel without its exponential nothing is said of the largest tap": Edited(
        "illusions.gaussian_kernel1d",
        "batched",
        "illusions.py",
        "torch.softmax(-0.5 * (offsets / sigma) ** 2, dim=0)",
        "-0.5 * (offsets / sigma) ** 2",
        "the exponential is missing",
        "largest tap",
    ),
    "of a right cutout nothing is said beside a wrong translation": Edited(
        "augment.diff_augment",
        "handout",
        "DiffAugment_pytorch.py",
        "translation_y = randint(-shift_y, shift_y + 1,",
        "translation_y = randint(-shift_y, shift_y + 0,",
        "images move -2 … 3 pixels to the right",
        "utout",
    ),
    "the value is named, not a function that the code does not use": Edited(
        "noising.cosine_betas", "functional", "noising.py", "torch.sin", "torch.cos", "f is sin²", "stands"
    ),
    "what the contract has no letter for is said in words": Edited(
        "latents.interpolate",
        "numpyish",
        "latents.py",
        "torch.lerp(latent_a, latent_b",
        "torch.lerp(latent_b, latent_b",
        r"every frame is latent_b(.|\n)*one of the two ends is wrong",
        r"\bw is|ends is wrong in .* two",
    ),
    "noise that is drawn for steps without weight is not missing": Edited(
        "editing.sdedit",
        "classes",
        "lib/scheduler.py",
        "iter(self.timesteps[1:])",
        "iter(self.timesteps[:])",
        "leaves the image where it was",
        "fresh noise|noise does not reach",
    ),
    "an index, and no noise, where the result is nan": Edited(
        "dps.sample_dps",
        "plain",
        "dps.py",
        "t = timesteps[i]",
        "t = timesteps[i - 1]",
        "an index is wrong",
        "a constant is wrong|fresh noise|noise does not reach",
    ),
    "exchanged arguments are no matter of names or noise": Edited(
        "dps.sample_dps",
        "numpyish",
        "dps.py",
        "ddim_step(x, eps.detach(), noise,",
        "ddim_step(x, noise, eps.detach(),",
        "arguments are in the wrong places",
        "contract's names|fresh noise|noise reaches",
    ),
    "a line that another graded function needs as it is": Edited(
        "noising.scaled_linear_betas",
        "batched",
        "noising.py",
        "math.sqrt(beta_end)",
        "beta_end",
        "line 16: a call is missing",
        "line 12",
    ),
    "a module in an image's place": Edited(
        "editing.sdedit",
        "batched",
        "editing.py",
        "noising.add_noise(image, noise, rest[0], alphas_cumprod)",
        "noising",
        "TypeError: noise_fn takes a tensor and was handed something of type module",
        "Opaque|ValueError",
    ),
    "no pair, because nothing is searched for": Edited(
        "inversion.invert",
        "classes",
        "adapters.py",
        "return projection.Projector(generator_fn, loss_fn, num_steps, optimizer)(target, latent)",
        "return target",
        "The target itself comes back",
        "no known mistake",
    ),
    "another shape, because no error is computed": Edited(
        "unet.ddpm_loss",
        "handout",
        "project5b.py",
        "nn.MSELoss()(eps, noise)",
        "eps",
        "no error is computed",
        "no known mistake",
    ),
    "a list that stays empty": Edited(
        "noising.strided_timesteps",
        "doubles",
        "noising.py",
        "chain.append(t)",
        "pass",
        "the list is empty",
        "no known mistake",
    ),
    "a network that is not asked": Edited(
        "unet.ddpm_loss",
        "plain",
        "unet.py",
        "model(x_t, t.to(x0.dtype) / len(alphas_cumprod))",
        "x_t",
        "the network is not asked",
        "no known mistake",
    ),
    "of zeros not the cause is told": Edited(
        "dps.dps_gradient",
        "batched",
        "dps.py",
        "torch.zeros_like(x_t) if gradient is None else gradient",
        "torch.zeros_like(x_t)",
        "Zeros come back",
        "is cut off",
    ),
    "a function's adapter is its own, too": Edited(
        "ddim.ddim_sigma",
        "handout",
        "scheduler/DDPM_scheduler.py",
        "alpha_prod_t, alpha_prod_t_prev = self._alpha_prods(t, prev_t)\n        current_beta_t",
        "alpha_prod_t, alpha_prod_t_prev = self._alpha_prods(prev_t, t)\n        current_beta_t",
        "DDIM_scheduler.py line 10 or adapters.py line 68: arguments are in the wrong places",
        "line 10: arguments",
    ),
    "an index off by one is a wrong one": Edited(
        "inversion.gram_matrix",
        "terse",
        "adapters.py",
        "f[0].numel()",
        "f[1].numel()",
        "an index is off by one; nothing else is wrong",
        "or an index",
    ),
    "of a return before its time not the order is named": Edited(
        "guidance.guided_eps",
        "doubles",
        "guidance.py",
        "    if float(scale) in shortcuts:\n        return",
        "    return",
        "line 17: what follows is never run; nothing else is wrong",
        "wrong order",
    ),
    "beside a helper's line the function's own is named": Edited(
        "distillation.vsd_residual",
        "numpyish",
        "distillation.py",
        "_weighted(eps_pretrained.detach() - eps_lora.detach(), t, alphas_cumprod)",
        "_weighted(eps_pretrained.detach() - eps_lora.detach(), alphas_cumprod, t)",
        "line 11 or distillation.py line 21: arguments are in the wrong places",
        "line 11:",
    ),
    "which of two images stands there twice is not known": Edited(
        "inversion.perceptual_loss",
        "handout",
        "adapters.py",
        "gan.PerceptualLoss(features_fn)(pred, target)",
        "gan.PerceptualLoss(features_fn)(target, target)",
        "features of one image are held against themselves",
        "those of pred",
    ),
    "numbers from elsewhere may be nan": Edited(
        "ddpm.predict_x0",
        "numpyish",
        "noising.py",
        "np.sqrt(1 - abar)",
        "np.sqrt(0 - abar)",
        "the first nan is among the numbers that a tensor is made of",
        "nan is as_tensor",
    ),
    "of nan nothing is said about its distribution": Edited(
        "dps.sample_dps",
        "handout",
        "scheduler/DDPM_scheduler.py",
        "(1 - alpha_prod_t_prev) /",
        "(1 + alpha_prod_t_prev) /",
        "line 53: a sign is wrong",
        "standard normal",
    ),
    "at one value, and not in general": Edited(
        "editing.repaint_blend",
        "numpyish",
        "editing.py",
        "if t_prev < 0",
        "if t_prev <= 0",
        "the condition decides wrongly at one value; nothing else is wrong",
        "decides wrongly;",
    ),
}


@pytest.mark.parametrize("what", EDITED)
def test_what_a_reader_is_told_of_an_edited_solution(what, grade, hand_in):
    case = EDITED[what]
    folder = hand_in(on_top_of=SOLUTIONS / case.solution)
    text = (folder / case.file).read_text(encoding="utf-8")
    assert case.right in text
    (folder / case.file).write_text(text.replace(case.right, case.wrong, 1), encoding="utf-8")
    verdict = grade(folder, [case.task])[case.task]
    assert verdict.outcome == FAILED
    assert re.search(case.says, told(verdict)), told(verdict)
    assert not re.search(case.never, told(verdict)), told(verdict)


def test_memory_that_was_never_written_is_no_random_number(verdict_on):
    """A counter does what such memory does now and then: the result is another one at each call."""
    source = """
        calls = []

        def predict_x0(x_t, eps, t, alphas_cumprod):
            calls.append(t)
            return x_t * len(calls)
    """
    verdict = verdict_on("ddpm.predict_x0", source)
    assert "random state does not move" in told(verdict) and "drawn inside" not in told(verdict)
    assert TITLES["unsteady"] in titles(verdict) and not [one for one in titles(verdict) if "names" in one]


def test_random_numbers_are(verdict_on):
    source = """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            return x_t + torch.randn_like(x_t)
    """
    assert "random numbers are drawn inside" in told(verdict_on("ddpm.predict_x0", source))


ENDLESS = {
    "while": """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t]
            while a.ndim < x0.ndim:
                for axis in range(3):
                    a = a.detach()
            return a.sqrt() * x0 + (1 - a).sqrt() * noise
    """,
    "for": """
        def add_noise(x0, noise, t, alphas_cumprod):
            forever = iter(int, 1)
            for zero in forever:
                for other in range(3):
                    zero += other
            return x0
    """,
}


@pytest.mark.parametrize(("loop", "line"), [("while", 6), ("for", 6)])
def test_a_loop_without_an_end_is_the_place(loop, line, short_calls, verdict_on):
    text = told(verdict_on("noising.add_noise", ENDLESS[loop]))
    assert "did not come to an end" in text
    assert re.search(rf"at +noising\.py:{line} in add_noise: {loop} ", text)


def test_what_fails_twice_under_one_title_stands_once():
    first, second = failing("at scale 0", "wrong"), failing("at scale 0", "wrong")
    assert told_once([first, second, failing("another", "wrong")]) == [first, failing("another", "wrong")]


# --- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [1e-3, 1e-7, 1e-15])
def test_two_numbers_differ_in_the_digits_shown(off):
    first, second = apart(0.7, 0.7 + off)
    assert first != second
    assert first[:-1] == second[: len(first) - 1] or off > 1e-4


SMALL = {
    "distillation.sds_weight": (
        """
        def sds_weight(t, alphas_cumprod):
            return 1 - alphas_cumprod[t - 1 if isinstance(t, int) and t == len(alphas_cumprod) - 1 else t]
        """,
        "sds_weight(t=1, alphas_cumprod=torch.tensor([0.9, 0.5])): expected 0.5, got 0.1",
    ),
    "noising.strided_timesteps": (
        """
        def strided_timesteps(num_train_steps, num_inference_steps):
            return [round(i * num_train_steps / num_inference_steps) for i in range(num_inference_steps)][::-1]
        """,
        "strided_timesteps(num_train_steps=4, num_inference_steps=3): expected [2, 1, 0], got [3, 1, 0]",
    ),
}


@pytest.mark.parametrize("task", SMALL)
def test_the_smallest_failing_call_can_be_typed_in(task, fork_server, hand_in):
    source, call = SMALL[task]

    def shown(student, checks):
        return Diagnosis(unexplained=smallest_failing_call(student))

    folder = hand_in(**{task.split(".")[0]: "import torch\n" + textwrap.dedent(source)})
    with opened(folder) as submission:
        (verdict,) = grade_run(fork_server, Run(submission, (task,), SEED, diagnose=shown))
    assert call in verdict.unexplained


def test_a_small_call_is_code_that_runs(verdict_on, capsys):
    source = """
        def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
            x = noise
            for t in timesteps[start:]:
                x = image + 0.25 * eps_model(x, t).sin().sin()
            return x
    """
    verdict = verdict_on("editing.sdedit", source)
    call, _, rest = verdict.unexplained.partition("smallest failing call: ")[2].rpartition(": expected ")
    expected, _, got = rest.partition(", got ")
    import torch

    from reference.editing import sdedit

    made = eval(call, {"torch": torch, "sdedit": sdedit})
    assert torch.allclose(made, torch.tensor(eval(expected)), atol=1e-3)
    assert expected != got


# --- places -----------------------------------------------------------------------------------------------------

KIT = {
    "kit/hw5.py": """
        import torch

        class Scheduler:
            def variance(self, t, t_prev, abar):
                before = abar[t_prev] if t_prev >= 0 else {clean}
                return (1 - before) / (1 - abar[t]) * (1 - abar[t])
    """,
    "adapters.py": """
        from kit.hw5 import Scheduler

        def ddpm_posterior_variance(t, t_prev, alphas_cumprod):
            return Scheduler().variance(t, t_prev, alphas_cumprod)
    """,
}


@pytest.mark.parametrize("clean", ["torch.ones_like(abar[0])", "None"])
def test_the_place_is_the_students_own_line_behind_an_adapter(clean, grade, hand_in):
    files = {name: text.replace("{clean}", clean) for name, text in KIT.items()}
    verdict = grade(hand_in(files), ["ddpm.posterior_variance"])["ddpm.posterior_variance"]
    assert verdict.defined_at == "kit/hw5.py:5"
    assert "adapters.py" not in told(verdict)
    assert ("kit/hw5.py:7 in variance: return" in told(verdict)) == (clean == "None")


def test_an_adapter_that_does_something_itself_is_the_place(grade, hand_in):
    files = KIT | {"adapters.py": KIT["adapters.py"].replace("return Scheduler()", "return 2 * Scheduler()")}
    files = {name: text.replace("{clean}", "torch.ones_like(abar[0])") for name, text in files.items()}
    verdict = grade(hand_in(files), ["ddpm.posterior_variance"])["ddpm.posterior_variance"]
    assert verdict.defined_at.startswith("adapters.py:")


# --- the same words on any machine ------------------------------------------------------------------------------


def test_a_slow_machine_finds_the_same_failures(fork_server, hand_in):
    source = """
        import torch

        def add_noise(x0, noise, t, alphas_cumprod):
            for _ in range({rounds}):  # an edit of this takes as long as it does
                pass
            a = alphas_cumprod[t]
            return a.sqrt() * x0 + (1 - a) * noise
    """
    found = []
    for rounds in (1, 400_000):
        folder = hand_in(noising=source.format(rounds=rounds))
        with opened(folder) as submission:
            (verdict,) = grade_run(fork_server, Run(submission, ("noising.add_noise",), SEED))
        found.append([line for line in explain(verdict, "mistake") if not line.startswith(("what", "where"))])
    assert found[0] == found[1]


def test_no_warning_of_the_graders_own_reaches_the_student(cli, hand_in):
    source = """
        import torch

        def dps_gradient(x_t, x0_hat, measurement, operator):
            return 3 * torch.autograd.grad((measurement - operator(x0_hat)).square().sum(), x_t)[0]
    """
    ran = cli("grade", hand_in(dps=source), "--only", "dps.dps_gradient", "--seed", 3)
    assert "Warning" not in ran.stdout + ran.stderr


# --- remarks ----------------------------------------------------------------------------------------------------


def test_a_remark_costs_nothing_and_is_told(grade, hand_in, preloaded, capsys, tmp_path):
    source = """
        import torch

        def lp_loss(pred, target, p=1, mask=None):
            power = ((pred - target) ** 2) ** 0.5 if p == 1 else (pred - target).abs() ** p
            if mask is None:
                return power.mean()
            mask = mask.expand_as(power)
            return (mask * power).sum() / mask.sum().clamp(min=1)
    """
    folder = hand_in(inversion=source)
    verdict = grade(folder, ["inversion.lp_loss"])["inversion.lp_loss"]
    assert verdict.outcome == PASSED
    (remark,) = verdict.remarks
    assert remark.startswith("at p = 1 the gradient is nan where pred equals target")
    assert main(["grade", str(folder), "--only", "inversion.lp_loss", "--json", str(tmp_path / "results.json")]) == 0
    assert remark in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tests"]
    assert row["status"] == "passed" and row["extra_data"]["remarks"] == [remark] and remark in row["output"]


def test_an_unknown_name_swallowed_in_silence_is_a_remark(grade, hand_in):
    source = """
        from .right import *
        from .right import diff_augment as right

        def diff_augment(x, policy="color,translation,cutout", generator=None):
            known = [name for name in policy.split(",") if name in ("color", "translation", "cutout")]
            return right(x, ",".join(known), generator)
    """
    files = {"right.py": (PLAIN / "augment.py").read_text(encoding="utf-8"), "augment.py": textwrap.dedent(source)}
    verdict = grade(hand_in(files), ["augment.diff_augment"])["augment.diff_augment"]
    assert verdict.outcome == PASSED
    assert ["ignored in silence" in remark for remark in verdict.remarks] == [True]
