"""Tolerances are derived: rounding passes everywhere, also at low t, and a relative error of 1e-6 in float64 does not."""

import math
import operator
from dataclasses import fields
from functools import partial

import pytest
import torch

from grading.checking.checks.expect import assert_gradients
from grading.checking.compare import alike, assert_close, assert_right, exact, precision, right, tolerance
from grading.checking.points import cases
from grading.checking.remembered import remembered
from grading.contract.functions import all_tasks
from grading.contract.reference import reference_function
from grading.sandbox.crossing import wire
from grading.sandbox.crossing.calls import perform
from grading.sandbox.crossing.values import Leaf, Probe, Seeded
from grading.sandbox.replies import Reply
from grading.verdicts import Failure

from .conftest import SEED, WITH_POINTS

TENSOR_TASKS = [task for task in WITH_POINTS if task != "noising.strided_timesteps"]


def reply(value):
    evidence = {"changed": [], "attached": False, "grad_left": [], "kept_graph": [], "grads": None, "printed": ""}
    evidence |= {"seeded": [], "still": [], "asked": 0}
    known = {field.name: evidence.get(field.name) for field in fields(Reply)}
    return Reply(**known | {"value": value, "called": "f()"})


class Local:
    """A student in this process: what its function gives for the arguments of a check."""

    def __init__(self, task, change=lambda result: result):
        self.task, self.change = task, change

    def __call__(self, *, by_name=False, **arguments):
        return reply(self.change(perform(reference_function(self.task), [], arguments, None)["result"]))


def points(task):
    return list(cases(task, SEED))


def test_the_functions_without_points_are_known():
    assert [task for task in all_tasks() if points(task)] == WITH_POINTS


def in_float32(value):
    if isinstance(value, Leaf):
        return Leaf(in_float32(value.tensor))
    return value.float() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


@pytest.mark.parametrize("task", WITH_POINTS)
def test_the_reference_is_right_at_every_point(task):
    for _, arguments in points(task):
        assert_right(Local(task), **arguments)


@pytest.mark.parametrize("task", WITH_POINTS)
def test_the_reference_in_float32_is_right_at_every_point(task):
    """Low t included, where 1 - abar has lost most of its digits."""
    for _, arguments in points(task):
        arguments = {name: in_float32(value) for name, value in arguments.items()}
        assert_right(Local(task), **arguments)


@pytest.mark.parametrize("task", TENSOR_TASKS)
def test_a_relative_error_of_a_millionth_is_caught_in_float64(task):
    caught = 0
    for _, arguments in points(task):
        fixed = [v for v in arguments.values() if isinstance(getattr(v, "tensor", v), torch.Tensor)]
        if precision(arguments) != torch.float64 or not fixed:
            continue
        expected = exact(task, arguments)
        if float(expected.abs().max()) < 1e-6:  # a variance of 0: any multiple of it is right
            continue
        with pytest.raises(Failure, match="is wrong(,| in)"):
            assert_right(Local(task, lambda result: result * (1 + 1e-6)), **arguments)
        caught += 1
    assert caught >= 2 or task.startswith(("noising.", "illusions.gaussian"))


@pytest.mark.parametrize("task", TENSOR_TASKS)
def test_a_relative_error_of_a_thousandth_is_caught_everywhere(task):
    """Of a hundredth in float32, where an ᾱ of 4e-5 that is kept as 1 − ᾱ has lost three of its seven digits."""
    for _, arguments in points(task):
        error = 0.001 if precision(arguments) == torch.float64 else 0.01
        expected = exact(task, arguments)
        if float(expected.abs().max()) < 1e-6:
            continue
        with pytest.raises(Failure, match="is wrong(,| in)"):
            assert_right(Local(task, partial(operator.mul, 1 + error)), **arguments)


@pytest.mark.parametrize("task", TENSOR_TASKS)
def test_tolerances_are_the_same_every_time_and_never_negative(task):
    for _, arguments in points(task):
        expected = exact(task, arguments)
        first, second = (tolerance(expected, lambda near: exact(task, near), arguments) for _ in range(2))
        assert first == second
        assert first >= 0


@pytest.mark.parametrize("task", TENSOR_TASKS)
def test_a_tolerance_leaves_the_arguments_alone(task):
    """Also of what works in place, such as a known mistake: golden arguments are those of the next submission, too."""

    def spoiling(nearby):
        answer = exact(task, nearby)
        for value in nearby.values():
            if isinstance(value, list):
                value.clear()
            elif isinstance(value, torch.Tensor | Leaf):
                getattr(value, "tensor", value).zero_()
        return answer

    for _, arguments in points(task):
        expected, before = exact(task, arguments), wire.encode(arguments)
        tolerance(expected, spoiling, arguments)
        assert wire.encode(arguments) == before


def test_tolerances_grow_with_the_conditioning():
    """predict_x0 divides by √abar: at high t the same rounding of the inputs moves the result more."""

    def at(t):
        schedule = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
        x_t, eps = torch.ones(2, 1, 2, 3, 3, dtype=torch.float64)
        arguments = {"x_t": x_t, "eps": eps, "t": t, "alphas_cumprod": schedule}
        task = "ddpm.predict_x0"
        return tolerance(exact(task, arguments), lambda near: exact(task, near), arguments)

    assert at(500) < at(800) < at(990)
    assert at(500) < 1e-11


def test_exact_answers_are_in_float64_whatever_the_inputs():
    _, arguments = next((label, a) for label, a in points("ddpm.predict_x0") if "float32" in label)
    assert exact("ddpm.predict_x0", arguments).dtype == torch.float64
    assert arguments["x_t"].dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, torch.float32),
        ({"t": 1, "scale": 0.5}, torch.float32),
        ({"t": torch.tensor([1])}, torch.float32),
        ({"x": torch.ones(1)}, torch.float32),
        ({"x": torch.ones(1).double()}, torch.float64),
        ({"x": Leaf(torch.ones(1).double()), "t": 1}, torch.float64),
        ({"x": torch.ones(1).double(), "y": torch.ones(1)}, torch.float32),
    ],
)
def test_precision_is_that_of_the_coarsest_tensor(arguments, expected):
    assert precision(arguments) == expected


ONES = torch.ones(2, 3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "summary"),
    [
        (None, "no tensor"),
        ([1.0], "no tensor"),
        (1.0, "no tensor"),
        (True, "no tensor"),
        (ONES.float(), "wrong dtype"),
        (ONES.long(), "wrong dtype"),
        (ONES[0], "wrong shape"),
        (ONES[:1], "wrong shape"),
        (ONES[None], "wrong shape"),
        (ONES * float("nan"), "not finite"),
        (ONES / 0, "not finite"),
        (-ONES / 0, "not finite"),
        (ONES + 1e-3, "wrong in all 6 values"),
        (torch.where(torch.arange(6).reshape(2, 3) == 4, 1.5, ONES), "wrong in 1 of 6 values, by up to 0.5"),
    ],
)
def test_what_is_wrong_is_said(got, summary):
    with pytest.raises(Failure, match=summary):
        assert_close(reply(got), ONES, 1e-6, torch.float64)


def test_the_largest_error_is_shown_first():
    got = torch.where(torch.arange(6).reshape(2, 3) == 4, 1.5, ONES)
    with pytest.raises(Failure) as caught:
        assert_close(reply(got), ONES, 1e-6)
    assert caught.value.got.startswith("1.5 at [1, 1]")
    assert caught.value.expected.startswith("1 at [1, 1]")


@pytest.mark.parametrize("got", [0.5, torch.tensor(0.5), torch.tensor(0.5, dtype=torch.float64)])
def test_a_scalar_may_be_a_number_or_a_tensor_of_either_precision(got):
    assert_close(reply(got), torch.tensor(0.5, dtype=torch.float64), 1e-9, torch.float64)


def test_an_empty_result_is_right_where_one_is_expected():
    assert_close(reply(torch.ones(0, 3)), torch.ones(0, 3, dtype=torch.float64), 0.0)


def test_an_infinite_expectation_is_met_by_nothing_finite():
    with pytest.raises(Failure):
        assert_close(reply(ONES), ONES / 0, 1e-6)


@pytest.mark.parametrize(
    "came, same",
    [
        ([math.nan, math.inf, 2.0], True),
        ([math.nan, math.inf, 2.001], False),
        ([math.nan, -math.inf, 2.0], False),
        ([0.0, math.inf, 2.0], False),
        ([math.nan, 2.0, math.inf], False),
    ],
)
def test_what_ends_in_nan_or_inf_agrees_with_what_does_so_in_the_same_places(came, same):
    """As a search's pair of tensors: one that ends in nan is still recognised."""
    latent, made = torch.ones(2), torch.tensor([math.nan, math.inf, 2.0])
    assert alike((latent, made), (latent, torch.tensor(came)), 1e-6) is same


# --- what is remembered ---------------------------------------------------------------------------------------------


def test_only_the_very_same_arguments_are_answered_from_memory():
    asked = []

    @remembered
    def answer(task, arguments):
        asked.append(arguments)
        return len(asked)

    x = torch.arange(1.0, 4.0)
    unlike = [x, x.double(), x.reshape(1, 3), x.long(), x + 1e-7, -x, x.flip(0), Leaf(x), x.tolist(), (1.0, 2.0, 3.0)]
    unlike += [1, 1.0, True, "1", None, math.inf, 0.0, -0.0, Seeded(1), Seeded(1, 3), Probe("a"), Probe("b")]
    found = [answer("ddpm.predict_x0", {"x": value}) for value in unlike]
    found += [answer("ddpm.predict_x0", {"y": x}), answer("ddim.ddim_step", {"x": x})]
    assert found == list(range(1, len(unlike) + 3))
    assert answer("ddpm.predict_x0", {"x": x.clone()}) == 1
    x.add_(1)
    assert answer("ddpm.predict_x0", {"x": x}) == len(asked) == len(unlike) + 3


def test_nothing_is_remembered_of_functions():
    asked = []
    answer = remembered(lambda model: asked.append(model))
    for _ in range(2):
        answer(abs)
    assert len(asked) == 2


@pytest.mark.parametrize("task", TENSOR_TASKS)
def test_what_is_remembered_shares_nothing_with_the_arguments(task):
    for _, arguments in points(task):
        expected, _ = right(task, arguments)
        given = [value.tensor if isinstance(value, Leaf) else value for value in arguments.values()]
        memory = [one.untyped_storage().data_ptr() for one in given if isinstance(one, torch.Tensor) and one.numel()]
        assert expected.untyped_storage().data_ptr() not in memory


def test_a_gradient_that_overflows_is_told_apart_only_where_the_result_does_not():
    nan, one = torch.tensor([math.nan, 1.0]), torch.ones(2)
    for result, said in (
        (one, "although the result is a number"),
        (nan, "the gradient with respect to x is not finite"),
    ):
        came = reply(result)
        came.grads = {"x": nan}
        with pytest.raises(Failure, match=said):
            assert_gradients(came, x=one)
