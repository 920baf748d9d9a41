"""What goes right as the first call of another process shows that something is kept, if it went wrong for no other reason."""

from dataclasses import replace

import pytest
import torch

from grading.contract.reference import reference_function
from grading.diagnosis.kept import KEPT, kept_from_earlier_calls
from grading.sandbox.replies import Observation, Reply

TASK = "noising.add_noise"
X0, NOISE = torch.randn(2, 2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
CALL = {"x0": X0, "noise": NOISE, "t": 1, "alphas_cumprod": torch.tensor([0.9, 0.5], dtype=torch.float64)}


def right(t):
    return reference_function(TASK)(**CALL | {"t": t})


def reply(value):
    return Reply(value, "", [], False, [], [], False, 0, [], [], [], None, "")


class Recorded:
    """A student whose calls came to these observations; a worker answers what ``worker`` makes of the calls before."""

    task = TASK

    def __init__(self, observations, worker):
        self.record, self.worker, self.opened, self.closed = observations, worker, 0, 0

    def afresh(self):
        self.opened += 1
        self.before = []
        return self

    def close(self):
        self.closed += 1

    def __call__(self, *, recorded, **arguments):
        self.before.append(arguments["t"])
        return reply(self.worker(self.before))


def seen(value=None, t=1, drew=False, **more):
    arguments = CALL | {"t": t}
    if value is None:
        return Observation(arguments, None, None, **more)
    return Observation(arguments, None, replace(reply(value), moved_random_state=drew))


def wrong_after_another(before):
    """The table of the first call is used for all."""
    return right(before[-1]) + (before[0] != before[-1])


def wrong_the_second_time(before):
    return right(before[-1]) + (len(before) == 2)


FIRST = seen(right(0), t=0)


@pytest.mark.parametrize(
    "observation, worker, found",
    [
        (seen(right(1) + 1), wrong_after_another, [KEPT]),
        (seen(error="RuntimeError"), wrong_after_another, [KEPT]),  # such as a kept table of another size
        (seen(right(1) + 1), lambda before: right(before[-1]), []),
        (seen(right(1) + 1), wrong_the_second_time, []),
        (seen(right(1) + 1), lambda before: right(before[-1]) + 1, []),
        (seen(right(1)), wrong_after_another, []),
        (seen(right(1) + 1, drew=True), wrong_after_another, []),
        (seen(), wrong_after_another, []),
        (seen(error="TypeError", by_name=True), wrong_after_another, []),
    ],
    ids=["wrong", "raised", "once", "now and then", "always", "right", "drew", "hung or died", "another name"],
)
def test_a_call_that_goes_right_by_itself(observation, worker, found):
    student = Recorded([FIRST, observation], worker)
    assert kept_from_earlier_calls(student, lambda: False) == found
    assert student.closed == student.opened


@pytest.mark.parametrize("asked", range(9))
def test_whenever_the_time_is_up_nothing_is_said(asked):
    left = iter([False] * asked)
    student = Recorded([FIRST, seen(right(1) + 1)], wrong_after_another)
    assert kept_from_earlier_calls(student, lambda: next(left, True)) == []
    assert student.closed == student.opened
