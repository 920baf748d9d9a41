"""Where a result is wrong and where it is right: one rule that holds of every recorded call, or nothing."""

import pytest
import torch

from grading.contract.reference import reference_function
from grading.diagnosis.whereabouts import whereabouts
from grading.sandbox.replies import Observation, Reply

NOISED = "noising.add_noise"
TABLE = torch.linspace(0.99, 0.01, 100, dtype=torch.float64)


def reply(value):
    return Reply(value, "", [], False, [], [], False, 0, [], [], [], None, "")


def noised(shape=(3, 4, 5, 6), t=40, seed=0, dtype=torch.float64):
    x0, noise = torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return {"x0": x0, "noise": noise, "t": t, "alphas_cumprod": TABLE.to(dtype)}


def observed(spoilt, *calls, task=NOISED):
    """The right result of each call, spoilt; no reply where that raises."""
    record = []
    for arguments in calls:
        right = reference_function(task)(**arguments)
        try:
            record.append(Observation(arguments, None, reply(spoilt(right.clone(), arguments))))
        except LookupError:
            record.append(Observation(arguments, None, None, error="LookupError"))
    return whereabouts(task, record)


SHAPES = [(3, 4, 5, 6), (1, 1, 4, 4), (2, 5, 6, 4), (4, 3, 5, 5)]


def from_channel(first):
    return lambda result, _: torch.cat([result[:, :first], result[:, first:] + 1], 1)


def from_sample(first):
    return lambda result, _: torch.cat([result[:first], result[first:] + 1])


@pytest.mark.parametrize(
    "spoilt, said",
    [
        (from_channel(1), "only channels from the second on are wrong"),
        (from_channel(3), "only channels from the fourth on are wrong"),
        (from_sample(1), "only samples of a batch from the second on are wrong"),
        (from_sample(3), "only samples of a batch from the fourth on are wrong"),
        (
            lambda result, _: torch.where(result > 0, 2 * result, result),
            "only values that should be positive are wrong",
        ),
        (
            lambda result, _: torch.where(result < 0, 2 * result, result),
            "only values that should be negative are wrong",
        ),
        (lambda result, _: result, ""),
        (lambda result, _: result + 1, ""),
        (lambda result, _: torch.cat([result[:, :2], result[:, 2:3] + 1, result[:, 3:]], 1), ""),
    ],
)
def test_a_region(spoilt, said):
    assert observed(spoilt, *(noised(shape, seed=i) for i, shape in enumerate(SHAPES))) == said


def test_of_one_call_that_goes_another_way_there_is_no_region():
    calls = [noised(shape, seed=i) for i, shape in enumerate(SHAPES)]
    ends = lambda result, arguments: result + 1 if arguments is calls[-1] else from_channel(1)(result, arguments)
    assert observed(ends, *calls) == ""


def test_where_all_that_is_wrong_should_be_positive_anyway_its_sign_is_no_rule():
    """Everything there is wrong: that it should be positive is no more than what images are like."""
    bright = [noised(shape, seed=i) for i, shape in enumerate(SHAPES)]
    for arguments in bright:
        arguments |= {"x0": arguments["x0"].abs() + 9, "noise": arguments["noise"].abs()}
    assert observed(lambda result, _: result + 1, *bright) == ""


def test_what_wrong_calls_have_in_common():
    calls = [noised(t=t, seed=t) for t in (10, 20, 30)] + [
        noised((3, 4, 5, 6), torch.tensor([1, 5, 9])) for _ in range(3)
    ]
    each = lambda result, arguments: result + 1 if isinstance(arguments["t"], torch.Tensor) else result
    assert observed(each, *calls) == (
        "the result is wrong wherever t has one entry for each sample, and right in every other call"
    )
    low = calls[:3] + [noised(dtype=torch.float32, seed=i) for i in range(3)]
    single = lambda result, _: result + 1 if result.dtype == torch.float32 else result
    assert "wrong wherever x0 is in float32" in observed(single, *low)


def test_an_odd_width():
    """An inverse transform that is not told the width takes it for an even one."""
    shapes = [(2, 3, 5, 7), (1, 1, 4, 5), (3, 2, 6, 3), (2, 3, 5, 6), (1, 1, 5, 4), (3, 2, 6, 8)]
    odd = lambda result, _: result + 1 if result.shape[3] % 2 else result
    said = observed(odd, *(noised(shape, seed=i) for i, shape in enumerate(shapes)))
    assert said == "the result is wrong wherever x0 has an odd width, and right in every other call"


def test_of_two_calls_nothing_is_common():
    calls = [noised(t=0, seed=1), noised(t=0, seed=2)] + [noised(t=t, seed=t) for t in (10, 20, 30)]
    at_the_start = lambda result, arguments: result + 1 if arguments["t"] == 0 else result
    assert observed(at_the_start, *calls) == ""
    assert "wherever t is 0" in observed(at_the_start, *calls, noised(t=0, seed=3))


def test_nothing_is_called_right_where_others_raise():
    calls = [noised(t=0, seed=i) for i in range(3)] + [noised(t=t, seed=t) for t in (10, 20, 30, 40)]

    def spoilt(result, arguments):
        if arguments["t"] == 40:
            raise LookupError
        return result + 1 if arguments["t"] == 0 else result

    assert observed(spoilt, *calls) == ""
