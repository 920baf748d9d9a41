"""What a failed function computes is read back from its answers: right or not at all.

Every reading is held against inputs that the reader never saw. The mistakes here are none of the catalogue's: two at
once, or ones that nobody has named.
"""

import copy
import re

import pytest
import torch
import torch.nn.functional as F

from grading.checking.points import Draw, cases
from grading.contract.reference import reference_function
from grading.diagnosis import readback
from grading.diagnosis.mistakes import catalogue
from grading.diagnosis.readback import SUMS, evidence
from grading.diagnosis.readback.differences import product_differences
from grading.diagnosis.readback.exponents import Points, weight
from grading.diagnosis.readback.expressions import of, product
from grading.diagnosis.readback.formula import text
from grading.diagnosis.readback.known.schedule import levels, schedule
from grading.diagnosis.readback.sums import read_sum
from grading.report import explain
from grading.sandbox.crossing.calls import perform
from grading.verdicts import FAILED, Failure
from reference.illusions import lowpass

UNSEEN = 4711  # seed of inputs that only the tests draw


def asking(function):
    """The student's function as the reader sees it."""

    def ask(**arguments):
        fresh = {name: evidence.fresh(value) for name, value in arguments.items()}
        try:
            return perform(function, [], fresh, None)["result"]
        except Exception as error:
            raise Failure("raised", error=type(error).__name__) from error

    return ask


def read(*arguments):
    """What is said of a function, if it can be read back."""
    found = readback.reading(*arguments)
    return found.findings() if found is not None else []


def answers_of(task, function, seed=7):
    return [evidence.answer(asking(function), arguments) for _, arguments in cases(task, seed)]


def staff_told(task, function):
    findings = read(task, asking(function), answers_of(task, function), lambda: False)
    return " | ".join(finding.staff for finding in findings)


# From numbers to exponents


def quantities_at(count):
    draw = Draw(3)
    points = [
        levels({"t": draw.integer(8, 38), "t_prev": draw.integer(1, 5), "alphas_cumprod": schedule(draw)}, "clean")
        for _ in range(count)
    ]
    return {name: torch.stack([p[name] for p in points]) for name in points[0]}


def test_exponents_of_three_mistakes_at_once_come_out_to_a_millionth():
    points = Points(quantities_at(60))
    made = product(-2.0, {"ᾱ_{t−1}": 1.5, "1−ᾱ_t": -0.5, "β_table(t)": 2, "1−ᾱ_0": 1})
    values = made.value(points.all)
    wanted = torch.tensor([float(dict(made.powers).get(name, 0)) for name in points.names], dtype=torch.float64)
    assert float((points.exponents(values) - wanted).abs().max()) < 1e-6
    assert points.identify(values) == made


@pytest.mark.parametrize("size", [1e-7, 1e-4, 1e-2])
def test_noise_on_a_weight_leaves_nothing_to_read(size):
    points = Points(quantities_at(60), core=("ᾱ_t", "1−ᾱ_t", "β"))
    values = product(1.0, {"ᾱ_t": 0.5, "β": 1}).value(points.all)
    assert weight(values * (1 + size * Draw(1).image(60)), points) is None


def test_a_sum_under_a_root_is_read():
    points = Points(quantities_at(60), core=("ᾱ_prev", "1−ᾱ_prev", "β"))
    inside = [product(1.0, {"1−ᾱ_prev": 1}), product(-1.0, {"1−ᾱ_prev": 1, "β": 2, "1−ᾱ_t": -1})]
    read = weight((inside[0].value(points.all) + inside[1].value(points.all)).sqrt(), points)
    assert read is not None and text(read) == "√(1−ᾱ_prev − (1−ᾱ_prev)·β²/(1−ᾱ_t))"


def test_products_as_people_write_them():
    assert text(of(product(-0.5, {"ᾱ_prev": 0.5, "β": 1, "1−ᾱ_t": -1}))) == "−½·√ᾱ_prev·β/(1−ᾱ_t)"
    assert text(of(product(1.0, {"1−ᾱ_t": 0.5, "ᾱ_t": -0.5}))) == "√((1−ᾱ_t)/ᾱ_t)"
    assert text(of(product(-1.0, {"1−ᾱ_t": 1}))) == "−(1−ᾱ_t)"


def test_differences_are_named_one_by_one():
    read = product(-1.0, {"ᾱ_{t−1}": 1, "β": 1})
    expected = product(1.0, {"ᾱ_prev": 0.5, "β": 1, "1−ᾱ_t": -1})
    assert list(product_differences(read, expected)) == [
        "the sign is the wrong one",
        "ᾱ_{t−1} stands in the place of ᾱ_prev",
        "a square root is missing on ᾱ_{t−1}",
        "the factor 1/(1−ᾱ_t) is missing",
    ]


UNDER_A_BAR = """
def f(x_t, eps, t, alphas_cumprod):
    level = alphas_cumprod[t].reshape(-1, 1, 1, 1) if torch.is_tensor(t) else alphas_cumprod[t]
    return (x_t - (1 - level).sqrt() * eps) / (level.sqrt() + 0.01)
"""
NO_SIGMA = """
def f(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    a, b = alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(alphas_cumprod[0])
    sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
    return b.sqrt() * (x_t - (1 - a).sqrt() * eps) / a.sqrt() + (1 - b).sqrt() * eps + sigma * noise
"""
FIXED = "def f(eps_uncond, eps_cond, scale): return eps_uncond + 7.5 * (eps_cond - eps_uncond)"


@pytest.mark.parametrize(
    ("task", "source", "said", "never"),
    [
        ("ddpm.predict_x0", UNDER_A_BAR, "the term 1/100 does not belong there", "wrong power|multiplied in"),
        ("ddim.ddim_step", NO_SIGMA, r"the term −η²·\S+ is missing", "square root"),
        ("guidance.classifier_free_guidance", FIXED, "the same number whatever s is", "a factor|the sign"),
    ],
    ids=["a sum under a bar", "a term missing under a root", "a number"],
)
def test_no_more_is_said_than_the_one_thing_in_a_weight(task, source, said, never):
    scope = {"torch": torch}
    exec(source, scope)
    told = staff_told(task, scope["f"])
    assert re.search(said, told), told
    assert not re.search(never, told), told


def test_a_spelling_that_only_large_logits_tell_apart_is_no_rival():
    """log(1 + exp(u)) is softplus(u): where the reduction is wrong, it is not wrong as well."""

    def summed(real_logits, fake_logits):
        return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()

    told = staff_told("gan_losses.discriminator_loss", summed)
    assert "the sum over the batch of real_logits" in told
    assert "that fit" not in told and "log" not in told.replace("logits", "")


# Correct solutions


@pytest.mark.parametrize("task", SUMS)
def test_a_right_solution_is_read_as_the_expected_formula(task):
    function = reference_function(task)
    read = next(read_sum(SUMS[task], asking(function)))
    assert read.findings() == []
    for term, expression in SUMS[task].expected.items():
        assert read.weights[0][term].parts, expression
    assert evidence.explains(read.predict, answers_of(task, function, UNSEEN))


@pytest.mark.parametrize(
    "task", ["ddpm.predict_x0", "gan_losses.generator_loss", "inversion.lp_loss", "editing.sdedit"]
)
def test_a_right_solution_has_nothing_wrong(task):
    assert staff_told(task, reference_function(task)) == ""


@pytest.mark.parametrize("task", ["noising.add_noise", "ddpm.posterior_step", "guidance.guided_eps", "dps.dps_step"])
def test_noise_on_the_result_leaves_nothing_to_read(task):
    right = reference_function(task)

    def noisy(*args, **kwargs):
        result = right(*args, **kwargs)
        return result + 1e-3 * torch.sin(1e6 * result)

    assert staff_told(task, noisy) == ""


@pytest.mark.parametrize("task", ["noising.add_noise", "dps.dps_step", "inversion.lp_loss", "editing.sdedit"])
def test_random_numbers_that_nobody_asked_for_are_seen(task):
    right = reference_function(task)

    def noisy(*args, **kwargs):
        result = right(*args, **kwargs)
        return result + 1e-3 * torch.randn(result.shape, dtype=result.dtype)

    assert staff_told(task, noisy).startswith("The same call gives another result each time")


# Mistakes that the catalogue does not have


def _levels(t, t_prev, alphas_cumprod):
    return alphas_cumprod[t], alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(alphas_cumprod[0])


def _images(values):
    return values.reshape(-1, 1, 1, 1) if values.ndim else values


def posterior_step_of_two_mistakes(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """A root missing and an index wrong in one weight."""
    abar_t, abar_prev = _levels(t, t_prev, alphas_cumprod)
    _, abar_before = _levels(t, t - 1, alphas_cumprod)
    beta = 1 - abar_t / abar_prev
    mean = abar_before * beta / (1 - abar_t) * x0 + (abar_t / abar_prev).sqrt() * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean + ((1 - abar_prev) / (1 - abar_t) * beta).sqrt() * noise


def posterior_variance_of_two_mistakes(t, t_prev, alphas_cumprod):
    abar_t, abar_prev = _levels(t, t_prev, alphas_cumprod)
    return 2 * ((1 - abar_prev) / (1 - abar_t)).sqrt() * (1 - abar_t / abar_prev)


def predict_x0_of_two_mistakes(x_t, eps, t, alphas_cumprod):
    abar_t = _images(alphas_cumprod[t])
    return (x_t + (1 - abar_t) * eps) / abar_t.sqrt()


def add_noise_of_two_mistakes(x0, noise, t, alphas_cumprod):
    abar_t = _images(alphas_cumprod[t])
    return abar_t * x0 - (1 - abar_t).sqrt() * noise


def ddim_step_of_two_mistakes(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    abar_t, abar_prev = _levels(t, t_prev, alphas_cumprod)
    sigma = eta * ((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev)).sqrt()
    x0 = (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()
    return abar_prev * x0 + (1 - abar_prev - sigma**2).sqrt() * eps - sigma * noise


def ddim_sigma_of_two_mistakes(t, t_prev, alphas_cumprod, eta):
    abar_t, abar_prev = _levels(t, t_prev, alphas_cumprod)
    return eta**2 * ((1 - abar_prev) / (1 - abar_t)).sqrt() * (1 - abar_t / abar_prev)


def guidance_of_two_mistakes(eps_uncond, eps_cond, scale):
    return -eps_uncond + (2 + scale) * (eps_cond - eps_uncond)


def generator_loss_of_two_mistakes(fake_logits):
    return F.softplus(fake_logits, threshold=40.0).sum() / 2


def discriminator_loss_of_two_mistakes(real_logits, fake_logits):
    return 3 * F.softplus(real_logits, threshold=40.0).mean() + F.softplus(fake_logits, threshold=40.0).sum()


def r1_of_two_mistakes(real_images, real_logits, gamma):
    (gradient,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True)
    return gamma**2 * gradient.square().mean((1, 2, 3)).sum()


def blend_of_two_mistakes(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    _, abar_prev = _levels(0, t_prev, alphas_cumprod)
    known = abar_prev.sqrt() * x_orig + (1 - abar_prev) * noise
    return (1 - edit_mask) * x_prev + edit_mask * known


def anagram_of_two_mistakes(model, x_t, t, cond_upright, cond_flipped):
    return model(x_t, t, cond_flipped) - model(x_t.flip(2), t, cond_upright).flip(3)


def hybrid_of_two_mistakes(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(x_t, t, cond_low), model(x_t, t, cond_high)
    return 2 * lowpass(low, kernel_size, sigma) + lowpass(high, kernel_size, sigma)


def lp_loss_of_two_mistakes(pred, target, p=1, mask=None):
    """The mask inverted, and a sum over what it leaves."""
    left = torch.ones_like(pred) if mask is None else (1 - mask).expand_as(pred)
    return 3 * torch.where(left > 0, (pred - target).abs() ** p, 0.0).sum() / left.sum().clamp(min=1)


def gram_of_two_mistakes(features):
    B, _, H, W = features.shape
    flat = features.flatten(2) - features.flatten(2).mean(2, keepdim=True)
    return flat @ flat.transpose(1, 2) / (B * H * W)


def sds_residual_of_two_mistakes(eps_pred, noise, t, alphas_cumprod):
    return (_images(1 - alphas_cumprod[t]).sqrt() * (noise - eps_pred)).detach()


def vsd_residual_of_two_mistakes(eps_pretrained, eps_lora, t, alphas_cumprod):
    abar_t = _images(alphas_cumprod[t])
    return (abar_t.sqrt() * (1 - abar_t) * (eps_pretrained + eps_lora)).detach()


def dps_step_of_two_mistakes(x_prev, x_t, x0_hat, measurement, operator, scale):
    misfit = (measurement - operator(x0_hat)).square().mean()
    (gradient,) = torch.autograd.grad(misfit, x_t)
    return (x_prev + scale * gradient).detach()


def kernel_of_two_mistakes(kernel_size=33, sigma=2.0):
    place = torch.arange(kernel_size, dtype=torch.float64) - (kernel_size - 1) / 2
    taps = torch.exp(-(place**2) / sigma)
    return taps / taps.max()


def guided_of_two_mistakes(model, x_t, t, cond, null_cond, scale):
    """Zeros for the null condition, and the paper's scale."""
    return (1 + scale) * model(x_t, t, cond) - scale * model(x_t, t, torch.zeros_like(cond))


def sds_weight_of_two_mistakes(t, alphas_cumprod):
    return 3 * (1 - alphas_cumprod[t]).sqrt()


def surrogate_of_two_mistakes(x, residual):
    return (x * residual).sum() / (2 * x[0].numel())


def dps_gradient_of_two_mistakes(x_t, x0_hat, measurement, operator):
    return -torch.autograd.grad((measurement - operator(x0_hat)).square().mean(), x_t)[0]


def lowpass_of_two_mistakes(x, kernel_size=33, sigma=2.0):
    """Zeros beyond the edge, and only the height."""
    pad = kernel_size // 2
    padded = F.pad(x, [0, 0, pad, pad])
    taps = torch.exp(-0.5 * ((torch.arange(kernel_size, dtype=torch.float64) - pad) / sigma) ** 2)
    taps = (taps / taps.sum()).to(x.dtype).reshape(1, 1, -1, 1)
    return F.conv2d(padded.flatten(0, 1)[:, None], taps).reshape(x.shape)


def delta_penalty_of_two_mistakes(delta):
    return 2 * delta.flatten(1).norm(dim=1).sum()


def scribble_of_two_mistakes(image, sketch, mask):
    return (mask * (image - sketch)).square().mean()


def perceptual_of_two_mistakes(pred, target, features_fn):
    pairs = list(zip(features_fn(pred), features_fn(target)))
    return torch.stack([(a - b.detach()).abs().mean() for a, b in pairs]).mean()


def denoiser_loss_of_two_mistakes(model, x0, noise, sigma):
    return (model(x0 + sigma**0.5 * noise) - x0).square().sum()


def ddpm_loss_of_two_mistakes(model, x0, noise, t, alphas_cumprod):
    level = _images(alphas_cumprod[t] ** 2)
    x_t = level.sqrt() * x0 + (1 - level).sqrt() * noise
    return 0.5 * (model(x_t, t.to(x0) / len(alphas_cumprod)) - noise).square().mean()


def scaled_betas_of_two_mistakes(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    """The alphas, and half of the end."""
    return 1 - torch.linspace(beta_start**0.5, (beta_end / 2) ** 0.5, num_train_steps, dtype=torch.float64) ** 2


UNKNOWN = {
    ("ddpm.posterior_step", posterior_step_of_two_mistakes): [
        "your weight of x0 is ᾱ_{t−1}·β/(1−ᾱ_t); expected √ᾱ_prev·β/(1−ᾱ_t)",
        "ᾱ_{t−1} stands in the place of ᾱ_prev",
        "a square root is missing on ᾱ_{t−1}",
    ],
    ("ddpm.posterior_variance", posterior_variance_of_two_mistakes): ["2·√(1−ᾱ_prev)·β/√(1−ᾱ_t)", "a factor 2"],
    ("ddpm.predict_x0", predict_x0_of_two_mistakes): [
        "(1−ᾱ_t)/√ᾱ_t",
        "the sign is the wrong one",
        "a square root is missing on 1−ᾱ_t",
    ],
    ("noising.add_noise", add_noise_of_two_mistakes): ["x0 is ᾱ_t", "noise is −√(1−ᾱ_t)"],
    ("ddim.ddim_step", ddim_step_of_two_mistakes): [
        "x_t is ᾱ_prev/√ᾱ_t",
        "a square root is missing on ᾱ_prev",
        "the sign is the wrong one",
    ],
    ("ddim.ddim_sigma", ddim_sigma_of_two_mistakes): ["η is squared", "a square root is missing on β"],
    ("guidance.classifier_free_guidance", guidance_of_two_mistakes): ["eps_cond is s + 2", "expected s"],
    ("gan_losses.generator_loss", generator_loss_of_two_mistakes): ["the sum", "½ · softplus(u)"],
    ("gan_losses.discriminator_loss", discriminator_loss_of_two_mistakes): [
        "the mean over the batch of real_logits of 3 · softplus(u)",
        "the sum over the batch of fake_logits of softplus(u)",
    ],
    ("gan_losses.r1_penalty", r1_of_two_mistakes): ["multiplied by 2·B·gamma/(C·H·W)"],
    ("editing.repaint_blend", blend_of_two_mistakes): [
        "mask is 1 is 1−ᾱ_prev",
        "stands in the place of x_prev where the mask is 1",
    ],
    ("illusions.anagram_eps", anagram_of_two_mistakes): ["x_t turned upside down for cond_upright, mirrored is −1"],
    ("illusions.hybrid_eps", hybrid_of_two_mistakes): [
        "cond_low, blurred is 2",
        "a factor 2",
        "the sign is the wrong one",
    ],
    ("inversion.lp_loss", lp_loss_of_two_mistakes): ["mask is inverted, multiplied by 3"],
    ("inversion.gram_matrix", gram_of_two_mistakes): ["centred features is 1/(B·H·W)"],
    ("distillation.sds_residual", sds_residual_of_two_mistakes): ["eps_pred is −√(1−ᾱ_t)", "the sign is the wrong one"],
    ("distillation.vsd_residual", vsd_residual_of_two_mistakes): ["√ᾱ_t·(1−ᾱ_t)", "ᾱ_t does not belong there"],
    ("dps.dps_step", dps_step_of_two_mistakes): ["2·ζ·‖r‖/n", "the sign is the wrong one"],
    ("guidance.guided_eps", guided_of_two_mistakes): ["the estimate for zeros is −s", "the estimate for cond is 1 + s"],
    ("distillation.sds_weight", sds_weight_of_two_mistakes): ["3·√(1−ᾱ_t)", "a factor 3", "square root"],
    ("distillation.surrogate_loss", surrogate_of_two_mistakes): ["½/(C·H·W) times the sum of x · residual"],
    ("dps.dps_gradient", dps_gradient_of_two_mistakes): ["−2·‖r‖/n", "the sign is the wrong one"],
    ("illusions.lowpass", lowpass_of_two_mistakes): ["only the height is blurred", "beyond the edges stand zeros"],
    ("inversion.delta_penalty", delta_penalty_of_two_mistakes): ["2 times the sum of the norms"],
    ("inversion.scribble_loss", scribble_of_two_mistakes): ["1/(B·C·H·W) times the sum of the squared differences"],
    ("inversion.perceptual_loss", perceptual_of_two_mistakes): [
        "absolute differences are averaged",
        "the layers are averaged",
    ],
    ("unet.denoiser_loss", denoiser_loss_of_two_mistakes): ["x0 + √σ·noise", "the sum stands in the place of the mean"],
    ("unet.ddpm_loss", ddpm_loss_of_two_mistakes): ["the square of alphas_cumprod", "multiplied by ½"],
    ("noising.scaled_linear_betas", scaled_betas_of_two_mistakes): ["beta_end is halved", "taken from 1"],
    ("illusions.gaussian_kernel1d", kernel_of_two_mistakes): ["exp(−d²/σ)", "not divided by its sum"],
}


@pytest.mark.parametrize("task, function", UNKNOWN, ids=lambda value: getattr(value, "__name__", value))
def test_two_mistakes_at_once_are_read_term_by_term(task, function):
    told = staff_told(task, function)
    for words in UNKNOWN[task, function]:
        assert words in told, told


# Honesty


@pytest.mark.slow
@pytest.mark.parametrize("task", SUMS)
def test_no_reading_of_a_catalogued_mistake_is_wrong(task):
    """Every formula that is printed gives what the mistake gives, on inputs that neither reader nor checks drew."""
    mistakes = [mistake for mistake in catalogue() if mistake.task == task]
    read = 0
    for mistake in mistakes:
        made = mistake.implementation
        found = readback.reading(task, asking(made), answers_of(task, made), lambda: False)
        if found is not None and found.findings():
            read += 1
            assert evidence.explains(found.predict, answers_of(task, made, UNSEEN)), mistake.name
    assert 2 * read > len(mistakes)


def test_an_answer_that_no_formula_gives_costs_the_reading():
    """A formula that holds everywhere but on one recorded call is not printed."""
    task = "noising.add_noise"
    wrong = add_noise_of_two_mistakes
    record = answers_of(task, wrong)
    assert read(task, asking(wrong), record, lambda: False)
    odd = copy.copy(record[0])
    record[0] = evidence.Answer(odd.arguments, odd.value + 0.1)
    assert not read(task, asking(wrong), record, lambda: False)


def test_an_error_that_the_formula_does_not_raise_costs_the_reading():
    task, wrong = "ddpm.predict_x0", predict_x0_of_two_mistakes
    record = answers_of(task, wrong)
    record.append(evidence.Answer(record[0].arguments, error="ZeroDivisionError"))
    assert not read(task, asking(wrong), record, lambda: False)


def test_no_time_no_reading():
    wrong = add_noise_of_two_mistakes
    assert not read("noising.add_noise", asking(wrong), answers_of("noising.add_noise", wrong), lambda: True)


# In a grading

TWO_MISTAKES = """
    import torch

    def predict_x0(x_t, eps, t, alphas_cumprod):
        abar_t = alphas_cumprod[t].reshape(-1, 1, 1, 1)
        return (x_t + (1 - abar_t) * eps) / abar_t.sqrt()
"""


@pytest.mark.usefixtures("unhurried")
def test_staff_read_both_formulas_and_students_their_own(grade, hand_in):
    verdict = grade(hand_in(ddpm=TWO_MISTAKES), ["ddpm.predict_x0"])["ddpm.predict_x0"]
    (finding,) = verdict.reading
    assert "your weight of eps is (1−ᾱ_t)/√ᾱ_t; expected −√((1−ᾱ_t)/ᾱ_t)" in finding.staff
    assert "(1−ᾱ_t)/√ᾱ_t" in finding.student and "square root" in finding.student
    assert "expected" not in finding.student and "√((1−ᾱ_t)/ᾱ_t)" not in finding.student
    assert any(finding.student in line for line in explain(verdict, "mistake"))
    assert not any("what your code does" in line for hints in ("none", "property") for line in explain(verdict, hints))


@pytest.mark.parametrize(
    "probed",
    [
        "while True: pass",
        "raise ValueError('no')",
        "import os; os._exit(3)",
        "return torch.zeros(3)",
        "return 'x'",
        "return None",
        "return x0 * float('nan')",
        "return torch.randn_like(x0)",
    ],
)
def test_a_student_who_refuses_the_readers_probes(probed, grade, hand_in):
    """The reader's schedules have 40 entries. Whatever happens there, verdict and failures are the checks' alone."""
    source = f"""
        import torch

        def add_noise(x0, noise, t, alphas_cumprod):
            if len(alphas_cumprod) == 40:
                {probed}
            return x0.clone()
    """
    verdict = grade(hand_in(noising=source), ["noising.add_noise"])["noising.add_noise"]
    assert verdict.outcome == FAILED and verdict.failures and verdict.reading == []


def test_a_fault_of_the_reader_changes_nothing(grade, hand_in, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError

    folder = hand_in(ddpm=TWO_MISTAKES)
    before = grade(folder, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    monkeypatch.setattr(readback, "reading", broken)
    after = grade(folder, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert after.outcome == before.outcome == FAILED and after.reading == []
    assert [check.title for check in after.failures] == [check.title for check in before.failures]


def test_where_nothing_explains_it_the_smallest_failing_call_is_shown(grade, hand_in):
    source = """
        def posterior_variance(t, t_prev, alphas_cumprod):
            return (alphas_cumprod[t] * 12.3).sin() ** 2
    """
    verdict = grade(hand_in(ddpm=source), ["ddpm.posterior_variance"])["ddpm.posterior_variance"]
    told = "\n".join(explain(verdict, "mistake"))
    assert verdict.reading == [] and verdict.mistakes == []
    assert "no known mistake explains these results" in told
    call = "smallest failing call: posterior_variance(t=1, t_prev=0, alphas_cumprod=torch.tensor([0.9, 0.5])): "
    assert f"{call}expected 0.08889, got 0.01763" in told


def loss_that_looks_into_the_network(model, x0, noise, t, alphas_cumprod):
    """Only a module has parameters: a stand-in that is no module cannot show whether it is asked."""
    a = alphas_cumprod[t].reshape(-1, 1, 1, 1).to(next(model.parameters()).device)
    x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
    return (model(x_t, t / len(alphas_cumprod)) - noise).abs().pow(2.7).mean()


def loss_without_the_network(model, x0, noise, t, alphas_cumprod):
    return (x0 - noise).square().mean()


def test_a_network_that_cannot_be_watched_is_not_said_to_be_never_asked():
    assert "the network is not asked" in staff_told("unet.ddpm_loss", loss_without_the_network)
    assert "not asked" not in staff_told("unet.ddpm_loss", loss_that_looks_into_the_network)
