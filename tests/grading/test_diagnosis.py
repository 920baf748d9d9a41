"""What a diagnosis may claim: it explains every draw, it names all that fit, and where nothing does it says so."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F

from grading.contract.functions import function
from grading.contract.reference import reference_function
from grading.diagnosis import readback, replays
from grading.diagnosis.counterexample import smallest_failing_call
from grading.diagnosis.matching import explanations, recognised
from grading.diagnosis.mistakes import catalogue
from grading.diagnosis.readback import evidence, read, relations
from grading.diagnosis.readback.exponents import Points
from grading.diagnosis.readback.known import losses
from grading.diagnosis.readback.readings import Rivals
from grading.report import explain
from grading.sandbox.crossing.calls import perform
from grading.sandbox.crossing.values import Probe, Seeded
from grading.sandbox.replies import Observation, Reply
from grading.verdicts import FAILED, Finding

from .test_readback import answers_of, asking, staff_told


def observe(function, arguments, cotangent=None):
    """One recorded call, as the grader has it of a student."""
    fresh = {name: evidence.fresh(value) for name, value in arguments.items()}
    made = perform(function, [], fresh, cotangent)
    facts = {key: made[key] for key in (*replays.FACTS, "seeded", "still", "asked")}
    reply = Reply(value=made["result"], called="", grads=made.get("grads"), printed="", **facts)
    return Observation(arguments, cotangent, reply)


def named(task, function, calls):
    record = [observe(function, arguments) for arguments in calls]
    return {mistake.name for mistake in recognised(task, record)}


def implementation(name):
    (mistake,) = (one for one in catalogue() if one.name == name)
    return mistake.implementation


# Two that fit are both named


def test_two_mistakes_that_no_call_tells_apart_are_both_named():
    """With a black image the image's weight is of no account; at t = 0 two ways to be off by one are the same."""
    schedule = torch.linspace(0.99, 0.1, 10, dtype=torch.float64)
    x0, noise = torch.rand(2, 1, 2, 2, 3, dtype=torch.float64)
    call = {"x0": x0, "noise": noise, "t": 4, "alphas_cumprod": schedule}
    variance, without_roots = "add_noise_variance_as_std", "add_noise_without_roots"
    made = implementation(variance)
    assert named("noising.add_noise", made, [call | {"x0": 0 * x0}]) == {variance, without_roots}
    assert named("noising.add_noise", made, [call | {"x0": 0 * x0}, call]) == {variance}
    first, one_based = "add_noise_zero_is_clean", "add_noise_one_based"
    assert named("noising.add_noise", implementation(first), [call | {"t": 0}]) == {first, one_based}
    assert named("noising.add_noise", implementation(one_based), [call | {"t": 0}, call]) == {one_based}


def logits_alone(real_logits, fake_logits):
    """Of what is linear in the logits nobody can tell whether it was averaged before or afterwards."""
    return -real_logits.mean() + F.softplus(fake_logits).mean()


def test_what_is_the_same_in_other_words_is_read_once():
    told = staff_told("gan_losses.discriminator_loss", logits_alone)
    assert "the mean over the batch of real_logits of −u" in told and "that fit all results" not in told


def test_a_reading_is_not_joined_by_the_same_and_more():
    """What needs an additional mistake to fit is no rival."""

    def wrong_sign(x_t, eps, t, alphas_cumprod):
        level = alphas_cumprod[t].reshape(-1, 1, 1, 1) if torch.is_tensor(t) else alphas_cumprod[t]
        return (x_t + (1 - level).sqrt() * eps) / level.sqrt()

    task = "ddpm.predict_x0"
    found = readback.reading(task, asking(wrong_sign), answers_of(task, wrong_sign), lambda: False)
    assert not isinstance(found, Rivals) and len(found.findings()) == 1


def test_readings_that_no_answer_tells_apart_are_both_told():
    """Of as many things wrong each. What does not give every answer is not among them."""
    asked = answers_of("ddpm.predict_x0", lambda x_t, eps, t, alphas_cumprod: 2 * x_t)
    twice, added, thrice = (
        StubReading(name, predict)
        for name, predict in (("2u", lambda x: 2 * x), ("u + u", lambda x: x + x), ("3u", lambda x: 3 * x))
    )
    assert read._fitting(iter([twice, thrice, added]), asked, lambda: False) == [twice, added]
    told = [finding.staff for finding in Rivals((twice, added)).findings()]
    assert told == ["(1 of 2 that fit all results) 2u", "(2 of 2 that fit all results) u + u"]


class StubReading(NamedTuple):
    name: str
    of_x_t: Callable[[torch.Tensor], torch.Tensor]

    def predict(self, arguments):
        return self.of_x_t(arguments["x_t"])

    def findings(self):
        return [Finding(self.name, self.name)]


def test_of_exponents_that_coincide_none_is_invented():
    """On a schedule whose ᾱ_prev is always ᾱ_t², the one quantity is written with the other, not with both."""
    level = torch.linspace(0.1, 0.9, 30, dtype=torch.float64)
    points = Points({"ᾱ_t": level, "ᾱ_prev": level**2})
    assert points.names == ["ᾱ_t"]
    found = points.identify(level**2)
    assert found is not None and dict(found.powers) == {"ᾱ_t": 2}


# What random numbers can prove


def test_a_mistake_that_only_draws_is_not_named():
    """Its replies lie where any random function's do: nothing is reproduced exactly."""
    task = "noising.add_noise"
    x0, noise = torch.rand(2, 2, 1, 3, 3, dtype=torch.float64)
    calls = [
        {"x0": x0, "noise": noise, "t": t, "alphas_cumprod": torch.linspace(0.9, 0.1, 10).double()} for t in (2, 5)
    ]
    assert named(task, implementation("add_noise_draws_its_own"), calls) == set()


@pytest.mark.usefixtures("unhurried")
def test_a_loss_with_noise_of_its_own_is_said_to_draw(grade, hand_in):
    source = """
        import torch

        def denoiser_loss(model, x0, noise, sigma):
            return (model(x0 + sigma * torch.randn_like(x0)) - x0).square().mean()
    """
    verdict = grade(hand_in(unet=source), ["unet.denoiser_loss"])["unet.denoiser_loss"]
    assert verdict.mistakes == []
    assert "The same call gives another result each time" in verdict.reading[0].student


def test_that_random_numbers_were_drawn_does_not_prove_what_for():
    """With a network that knows the noise the loss is 0, whatever was drawn."""
    task, x0 = "unet.class_ddpm_loss", torch.rand(3, 1, 4, 4, dtype=torch.float64)
    t, labels, keep = torch.tensor([1, 5, 7]), torch.tensor([4, 0, 9]), torch.ones(3, dtype=torch.float64)
    schedule = torch.linspace(0.99, 0.1, 10, dtype=torch.float64)
    call = {"x0": x0, "noise": x0.sin(), "t": t, "labels": labels, "keep": keep, "alphas_cumprod": schedule}
    calls = [call | {"model": lambda x_t, c, t, keep=None: x0.sin()}, call | {"model": Probe("ClassModel")}]
    for drawn in ("class_ddpm_loss_keep_drawn", "class_ddpm_loss_fresh_noise"):
        assert named(task, implementation(drawn), calls) == set()


def test_a_mistake_whose_results_are_all_right_has_to_give_all_of_them():
    """Such as a network that is asked too often."""
    task, made = "guidance.guided_eps", implementation("guided_eps_three_evaluations")
    calls = [one.arguments for one in answers_of(task, made)]
    assert "guided_eps_three_evaluations" in named(task, made, calls)


def test_calls_without_a_generator_do_not_keep_a_mistake_from_being_named():
    task, x = "augment.rand_cutout", torch.ones(40, 2, 8, 12)
    calls = [{"x": x, "generator": Seeded(3)}, {"x": x}, {"x": x}]
    assert named(task, implementation("rand_cutout_in_place"), calls) == {"rand_cutout_in_place"}


def test_a_right_solution_is_no_mistake():
    task, x = "augment.rand_cutout", torch.ones(40, 2, 8, 12)
    calls = [{"x": x, "generator": Seeded(3)}, {"x": x}]
    assert named(task, reference_function(task), calls) == set()


def test_results_that_are_not_finite_are_compared_too():
    task = "gan_losses.generator_loss"
    logits = [torch.tensor([[-200.0], [1.0]]), torch.tensor([[0.5], [2.0]])]
    seen = named(task, implementation("generator_loss_log_of_sigmoid"), [{"fake_logits": one} for one in logits])
    assert "generator_loss_log_of_sigmoid" in seen


def test_a_dtype_is_a_part_of_the_result():
    """Values alone are the right ones."""
    schedule = torch.linspace(0.99, 0.1, 10)
    x0, noise = torch.rand(2, 1, 2, 2, 3)
    call = {"x0": x0, "noise": noise, "t": 4, "alphas_cumprod": schedule}
    assert "add_noise_promotes" in named("noising.add_noise", implementation("add_noise_promotes"), [call])


def test_one_observation_too_many_costs_the_mistake():
    task, made = "ddpm.predict_x0", implementation("predict_x0_clipped")
    calls = [one.arguments for one in answers_of(task, made)]
    record = [observe(made, arguments) for arguments in calls]
    assert made in {mistake.implementation for mistake in explanations(task, record)}
    record[3].reply.value = record[3].reply.value + 1e-3
    assert explanations(task, record) == []


def test_no_time_no_mistake():
    task, made = "ddpm.predict_x0", implementation("predict_x0_clipped")
    record = [observe(made, one.arguments) for one in answers_of(task, made)]
    assert explanations(task, record, lambda: True) == []


# What it costs


def test_a_relation_is_refused_at_its_second_call(monkeypatch):
    """Single numbers of calls with the same sizes have one ratio; a third evaluation of the reference is not made."""
    task = "inversion.lp_loss"

    def strange(pred, target, p=1, mask=None):
        return (pred.sin() * target.cos()).abs().mean() + 1

    evaluated = []
    exact = relations.exact
    monkeypatch.setattr(relations, "exact", lambda *arguments: evaluated.append(1) or exact(*arguments))
    seen = answers_of(task, strange)
    made = [*relations._changes(task, seen)]
    others = losses.BASES[task]
    assert list(relations.relations(task, seen, others, lambda: False)) == []
    assert len(evaluated) < 4 * len(made)


# In a grading

STRANGE = """
    def predict_x0(x_t, eps, t, alphas_cumprod):
        return (x_t * 12.3).sin() + eps
"""
KEPT_BOX = """
    import torch

    def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
        height, width = x.shape[2] // 4, x.shape[3] // 4
        top = torch.randint(0, x.shape[2] - height + 1, (len(x),), generator=generator)
        left = torch.randint(0, x.shape[3] - width + 1, (len(x),), generator=generator)
        rows, columns = torch.arange(x.shape[2]), torch.arange(x.shape[3])
        inside = ((rows >= top[:, None]) & (rows < top[:, None] + height))[:, None, :, None]
        inside = inside & ((columns >= left[:, None]) & (columns < left[:, None] + width))[:, None, None, :]
        return x * ~inside
"""
NETWORK = """
    import torch
    from torch import nn

    class TimeConditionalUNet(nn.Module):
        def __init__(self, in_channels=1, num_hiddens=64):
            super().__init__()
            self.layer = nn.Conv2d(in_channels, num_hiddens, 3, padding=1)
            self.time, self.out = nn.Linear(1, num_hiddens), nn.Conv2d(num_hiddens, in_channels, 3, padding=1)

        def forward(self, x, t):
            return self.out(torch.tanh(self.layer(x) + self.time(t[:1, None])[:, :, None, None]))
"""


def test_where_nothing_fits_the_report_says_so_and_shows_a_call(grade, hand_in):
    verdict = grade(hand_in(ddpm=STRANGE), ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == FAILED and verdict.reading == [] and verdict.mistakes == []
    told = "\n".join(explain(verdict, "mistake"))
    assert "no known mistake explains these results; smallest failing call: predict_x0(" in told
    for hints in ("none", "property"):
        assert "no known mistake" not in "\n".join(explain(verdict, hints))


@pytest.mark.usefixtures("unhurried")
def test_a_students_own_cutout_is_described_with_numbers(grade, hand_in):
    verdict = grade(hand_in(augment=KEPT_BOX), ["augment.rand_cutout"])["augment.rand_cutout"]
    told = "\n".join(explain(verdict, "mistake"))
    assert "The height of your box is always 0.25 H, 2 of 8 pixels; expected 2 … 4" in told
    assert "read back" not in "\n".join(explain(verdict, "property")) and explain(verdict, "none") == []


@pytest.mark.usefixtures("unhurried")
def test_a_students_own_network_is_described(grade, hand_in):
    verdict = grade(hand_in(unet=NETWORK), ["unet.TimeConditionalUNet"])["unet.TimeConditionalUNet"]
    assert verdict.outcome == FAILED
    assert any("t[0] decides for the whole batch" in finding.staff for finding in verdict.reading)


@pytest.mark.parametrize(
    "kind", [float, lambda number: torch.tensor(number, dtype=torch.float64)], ids=["float", "tensor"]
)
def test_a_right_number_is_no_failing_call(kind):
    """Where a scalar may be a Python float, one that is right is not shown as the call that fails."""
    schedule = torch.linspace(0.99, 0.1, 20, dtype=torch.float64)
    points = [{"t": t, "alphas_cumprod": schedule} for t in (3, 9)]
    right = [float(1 - schedule[one["t"]]) for one in points]
    record = [observe(lambda t, alphas_cumprod, of=of: kind(of), one) for of, one in zip((right[0], 0.25), points)]
    task = "distillation.sds_weight"
    student = SimpleNamespace(task=task, function=function(task), record=record, ask=lambda seconds, **call: kind(0.25))
    assert smallest_failing_call(student).endswith("got 0.25")
    student.record = record[:1]
    assert smallest_failing_call(student) == ""
