"""Recognition does not hang on style: the same mistake in another dtype, another order or at another speed."""

import pytest
import torch

from grading.checking.points import cases
from grading.contract.functions import function
from grading.contract.reference import reference_function
from grading.diagnosis import replays
from grading.diagnosis.matching import IN_FLOAT32, only_in_float32, recognised
from grading.diagnosis.mistakes import catalogue
from grading.diagnosis.readback import evidence
from grading.diagnosis.readback.known import FAMILIES
from grading.diagnosis.readback.relations import as_expected
from grading.diagnosis.readback.variants import Variant, variants
from grading.report import explain
from grading.sandbox import limits
from grading.sandbox.replies import Observation
from grading.verdicts import FAILED

from .test_diagnosis import observe
from .test_readback import answers_of

# --- entries of the catalogue, restyled ------------------------------------------------------------------------------


def _cast(value, dtype):
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def computed_in(dtype):
    """The same function with its arithmetic in this dtype; the result in the dtype of its first image, if it has one."""

    def style(implementation):
        def restyled(**arguments):
            images = [v for v in arguments.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
            result = implementation(**{name: _cast(value, dtype) for name, value in arguments.items()})
            return _cast(result, images[0].dtype if images else dtype)

        return restyled

    return style


def scaled_and_back(implementation):
    """Other roundings: the images times 3, as if by another order of operations, and back."""

    def restyled(**arguments):
        result = implementation(**arguments)
        return result / 3 * 3 if isinstance(result, torch.Tensor) and result.is_floating_point() else result

    return restyled


RESTYLED = [
    "add_noise_same_noise_for_batch",
    "posterior_step_same_noise_for_batch",
    "posterior_variance_alpha_for_beta",
    "ddim_sigma_of_variance",
    "cfg_interpolates_only",
    "anagram_eps_prompts_swapped",
    "gaussian_kernel1d_not_normalised",
    "gaussian_kernel1d_off_centre",
    "hybrid_eps_flips",
    "surrogate_loss_half_missing",
    "sds_residual_not_weighted",
    "perceptual_loss_first_layer_only",
    "gram_matrix_per_pixel",
    "linear_betas_without_last_end",
    "cosine_betas_difference_for_ratio",
    "cumulative_alphas_continuous_time",
]
STYLES = {"float32": computed_in(torch.float32), "float64": computed_in(torch.float64), "rounded": scaled_and_back}


def record_of(task, implementation):
    return [_observed(implementation, evidence.plain(arguments)) for _, arguments in cases(task, 5)]


def _observed(implementation, arguments):
    try:
        return observe(implementation, arguments)
    except Exception as error:
        return Observation(arguments, None, None, type(error).__name__)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", RESTYLED)
def test_a_mistake_is_recognised_in_another_style(name, style):
    (mistake,) = (one for one in catalogue() if one.name == name)
    record = record_of(mistake.task, STYLES[style](mistake.implementation))
    assert name in {one.name for one in recognised(mistake.task, record)}


@pytest.mark.parametrize("task", ["noising.add_noise", "ddpm.posterior_step", "illusions.lowpass", "inversion.lp_loss"])
def test_right_but_for_float32_is_no_mistake_of_the_catalogue(task):
    record = record_of(task, computed_in(torch.float32)(reference_function(task)))
    assert recognised(task, record) == []
    assert only_in_float32(task, record)


@pytest.mark.parametrize("task", ["noising.add_noise", "ddpm.posterior_step", "illusions.lowpass"])
def test_a_wrong_formula_is_not_taken_for_one_in_float32(task):
    for mistake in (one for one in catalogue() if one.task == task):
        if "float32" not in mistake.name:
            assert not only_in_float32(task, record_of(task, mistake.implementation)), mistake.name


def test_an_exception_of_another_type_refutes_nothing_and_proves_nothing():
    class Refusing(ValueError):
        pass

    assert replays._same_refusal(IndexError(), "IndexError") == replays.EXACTLY
    assert replays._same_refusal(RuntimeError(), "ValueError") == replays.ROUGHLY
    assert replays._same_refusal(RuntimeError(), "TypeError") == replays.NOT
    assert replays._same_refusal({"result": None}, "TypeError") == replays.NOT
    assert replays._same_refusal(Refusing(), "ValueError") == replays.NOT


# --- families of variants --------------------------------------------------------------------------------------------

SINGLES = [(task, name, said) for task, one in FAMILIES.items() for name, c in one.choices.items() for said in c.wrong]


@pytest.mark.parametrize("task", FAMILIES)
def test_a_family_with_every_choice_right_is_the_reference(task):
    right = Variant(FAMILIES[task], {})
    for seed in (3, 4):
        for label, arguments in cases(task, seed):
            expected = as_expected(task).predict(arguments)
            assert evidence.reproduces(right.predict, evidence.Answer(arguments, expected)), label


@pytest.mark.parametrize("task, name, said", SINGLES[::7])
def test_a_variant_is_read_as_itself(task, name, said):
    made = Variant(FAMILIES[task], {name: said})
    seen = [*answers_of(task, lambda **a: made.predict({k: evidence.doubled(v) for k, v in a.items()}))]
    if evidence.explains(as_expected(task).predict, seen):
        pytest.fail("no answer tells it from the right one")
    (read,) = variants(FAMILIES[task], seen, lambda: False)
    assert evidence.explains(read.predict, seen)
    assert len(read.said) == 1


# --- as students hand it in ------------------------------------------------------------------------------------------

KERNEL = """
    import torch

    def gaussian_kernel1d(kernel_size=33, sigma=2.0):
        i = torch.arange(kernel_size, dtype=torch.float64) - (kernel_size - 1) / 2
        return {}
"""
COSINE = """
    import math
    import torch

    def cosine_betas(num_train_steps=1000, offset={offset}, max_beta={most}):
        T = num_train_steps
        f = [math.cos((i / {points} + offset) / (1 + offset) * math.pi / 2) ** 2 for i in range(T + 1)]
        return torch.tensor([min(1 - b / a, max_beta) for a, b in zip(f, f[1:])], dtype=torch.{dtype})
"""
LAYERS = """
    import torch

    def perceptual_loss(pred, target, features_fn):
        with torch.no_grad():
            wanted = features_fn(target)
        made = features_fn(pred)
        loss = (made[0] - wanted[0]).pow(2).mean()
        for i, _ in enumerate(made[1:], 1):
            loss = loss + (made[{mine}] - wanted[{theirs}]).pow(2).mean()
        return loss{over}
"""
STEPS = """
    def strided_timesteps(num_train_steps, num_inference_steps):
        T, S = num_train_steps, num_inference_steps
        return {}
"""
HANDED_IN = {
    "kernel, not divided, float32": (
        "illusions.gaussian_kernel1d",
        KERNEL.format("torch.exp(-(i**2) / (2 * sigma**2)).float()"),
        "not divided by its sum",
    ),
    "kernel, not divided, float64": (
        "illusions.gaussian_kernel1d",
        KERNEL.format("torch.exp(-(i / sigma).square() / 2)"),
        "not divided by its sum",
    ),
    "kernel in two dimensions": (
        "illusions.gaussian_kernel1d",
        KERNEL.format("torch.outer(*[torch.softmax(-(i**2) / (2 * sigma**2), 0)] * 2)"),
        "two dimensions",
    ),
    "kernel with sigma as variance, not divided": (
        "illusions.gaussian_kernel1d",
        KERNEL.format("torch.exp(-(i**2) / (2 * sigma))"),
        "σ is not squared",
    ),
    "cosine, one too many, float32": (
        "noising.cosine_betas",
        COSINE.format(offset=0.008, most=0.999, points="(T + 1)", dtype="float32"),
        "i / (T + 1)",
    ),
    "cosine, one too few, float64": (
        "noising.cosine_betas",
        COSINE.format(offset=0.008, most=0.999, points="max(T - 1, 1)", dtype="float64"),
        "i / (T − 1)",
    ),
    "cosine, another default": (
        "noising.cosine_betas",
        COSINE.format(offset=0.08, most=0.999, points="T", dtype="float64"),
        "Without offset it is 0.08",
    ),
    "cosine, another bound": (
        "noising.cosine_betas",
        COSINE.format(offset=0.008, most=0.5, points="T", dtype="float32"),
        "Without max_beta it is 0.5",
    ),
    "the first layer copied": (
        "inversion.perceptual_loss",
        LAYERS.format(mine=0, theirs=0, over=""),
        "every layer counts the first one",
    ),
    "the last layer copied": (
        "inversion.perceptual_loss",
        LAYERS.format(mine="i", theirs="i", over="/ len(made)"),
        "layers are averaged",
    ),
    "timesteps spread to T - 1": (
        "noising.strided_timesteps",
        STEPS.format("[round(i * (T - 1) / max(S - 1, 1)) for i in range(S)][::-1]"),
        "spread evenly from 0 to T − 1",
    ),
    "timesteps without 0": (
        "noising.strided_timesteps",
        STEPS.format("[(i + 1) * (T // S) for i in range(S)][::-1]"),
        "0 is missing",
    ),
}


@pytest.mark.parametrize("case", HANDED_IN)
def test_what_is_wrong_is_said(grade, hand_in, unhurried, case):
    task, source, words = HANDED_IN[case]
    verdict = grade(hand_in(**{function(task).module: source}), [task])[task]
    assert verdict.outcome == FAILED
    assert any(words in line for line in explain(verdict, "mistake")), explain(verdict, "mistake")


def test_right_but_for_float32_is_said_so(grade, hand_in, unhurried):
    source = """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t].float().reshape(-1, 1, 1, 1)
            return (a.sqrt() * x0.float() + (1 - a).sqrt() * noise.float()).to(x0.dtype)
    """
    verdict = grade(hand_in(noising=source), ["noising.add_noise"])["noising.add_noise"]
    assert verdict.outcome == FAILED
    assert verdict.reading == [IN_FLOAT32]
    assert not verdict.mistakes


def test_the_words_are_the_same_for_a_slow_function(grade, hand_in, unhurried):
    """Every call burns so much time that no bound in seconds would let the reader ask all that it asks."""
    source = """
        import time
        import torch

        def gaussian_kernel1d(kernel_size=33, sigma=2.0):
            start = time.process_time()
            while time.process_time() < start + {}:
                pass
            i = torch.arange(kernel_size) - (kernel_size - 1) / 2
            g = torch.exp(-(i**2) / sigma**2)
            return g / g.max()
    """
    task = "illusions.gaussian_kernel1d"
    quick, slow = (grade(hand_in(illusions=source.format(burnt)), [task])[task] for burnt in (0.0, 0.05))
    assert (slow.mistakes, slow.reading, slow.unexplained) == (quick.mistakes, quick.reading, quick.unexplained)
    assert any("the factor 2 is missing" in line for line in explain(slow, "mistake"))


def test_a_search_that_is_broken_off_says_so_and_nothing_else(grade, hand_in, monkeypatch):
    monkeypatch.setattr(limits, "DIAGNOSIS_SECONDS", 0.0)
    task, source, _ = HANDED_IN["kernel, not divided, float64"]
    verdict = grade(hand_in(illusions=source), [task])[task]
    assert (verdict.mistakes, verdict.reading) == ([], [])
    assert "broken off" in verdict.unexplained
    assert verdict.unexplained in explain(verdict, "mistake")
