"""What every graded function is held against, whatever it computes."""

from itertools import islice
from typing import Any

import pytest
import torch
from scipy.stats import kstest

from ...contract.functions import FUNCTIONS, all_tasks
from ...sandbox.crossing.values import Leaf, Probe
from ...sandbox.gradients import Differentiable
from ...sandbox.student import OutOfPatience
from ...verdicts import Failure
from ..compare import alike, assert_right, exact, exact_gradients
from ..defaults import has_defaults_to_compare, left_out, required
from ..golden import golden_cases
from ..points import CHAIN, Draw, cases
from .expect import IDENTITY, assert_gradients, assert_image, assert_no_grad_left

NAMED = 1e-6  # relative: the same computation twice
LEVEL = 1e-9  # of a false alarm

each_function = pytest.mark.parametrize("task", all_tasks())
each_with_defaults = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if has_defaults_to_compare(f)])
each_with_noise = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if "noise_fn" in f.defaults])
each_random = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if f.random])


@each_function
def test_fresh_inputs(task, student, seed):
    """On freshly drawn inputs the result is the formula's."""
    failures: list[tuple[str, Failure]] = []
    points = 0
    for label, arguments in cases(task, seed):
        try:
            assert_right(student, **arguments)
        except Failure as failure:
            failures.append((label, failure))
            student.hurry()
            if student.stopped is not None:
                raise
        except OutOfPatience:
            if not failures:
                raise
            break
        points += 1
    if failures:
        label, first = failures[0]
        first.summary += f"; test point: {label}"
        if len(failures) < points:
            first.summary += f" ({len(failures)} of {points} test points fail: {'; '.join(n for n, _ in failures)})"
        raise first


@each_function
def test_golden(task, student):
    """On the golden inputs the result is the stored one."""
    for arguments, check in golden_cases(task):
        check(student(**arguments))


@each_function
def test_argument_names(task, student, seed):
    """Arguments can be given by the contract's names."""
    for _, arguments in islice(cases(task, seed), 1):
        by_name, by_position = student(by_name=True, **arguments), student(**arguments)
        if not alike(by_name.value, by_position.value, NAMED):
            raise by_name.fail("the result is another one than for the same arguments by position", "the same result")


@each_with_defaults
def test_defaults(task, student, seed):
    """An argument that is left out counts as its default."""
    for name, default, others in left_out(student.function, seed):
        # Of random functions not recorded: the images are many, so that a default shows, and a replay takes its time.
        without, given = (
            student(**others, **more, recorded=not student.function.random) for more in ({}, {name: default})
        )
        if not alike(_finite(without.value), _finite(given.value), NAMED):
            raise without.fail(
                f"without {name} the result is another one than for {name}={default!r}", "the same", kind="default"
            )


def _finite(value: Any) -> Any:
    return value.nan_to_num() if isinstance(value, torch.Tensor) else value


@each_with_noise
def test_default_noise(task, student, seed):
    """Without noise_fn the noise is standard normal."""
    one = torch.ones(1, 1, 40, 50, dtype=torch.float64)
    everything = {
        "eps_model": Differentiable(lambda x_t, t: torch.zeros_like(x_t)),
        "x_T": 0 * one,
        "image": 0 * one,
        "noise": 0 * one,
        "x_orig": 0 * one,
        "edit_mask": one,
        "timesteps": [90, 30],
        "alphas_cumprod": Draw([seed, 6]).schedule(CHAIN),
        "start": 0,
        "eta": 1.0,
        "measurement": one,
        "operator": Probe("keep_everything"),
        "scale": 0.0,
    }
    arguments = {name: everything[name] for name in student.function.parameters if name in everything}
    # No pixel meets another, and the one draw that counts has the same weight everywhere.
    weight = float(exact(task, arguments | {"noise_fn": torch.ones_like}).mean())
    reply = student(**arguments)
    p = kstest((assert_image(reply, one.shape).double() / weight).flatten().numpy(), "norm").pvalue
    if p < LEVEL:
        expected = "torch.randn_like"
        raise reply.fail("without noise_fn the noise is not standard normal", expected, f"p = {p:.1g}", kind="default")


@each_random
def test_without_a_generator(task, student, seed):
    """Without a generator every call draws anew."""
    few = {"num_samples": 50} if "num_samples" in student.function.defaults else {}
    arguments = required(student.function, seed) | few
    # Not recorded: what draws from the global state can only be replayed roughly, and often.
    without, given = (student(**arguments, **none, recorded=False) for none in ({}, {"generator": None}))
    if alike(without.value, given.value, 0.0):
        raise without.fail("two calls without a generator give the same", "other numbers each time", kind="default")
    if without.moved_random_state != given.moved_random_state:
        raise without.fail(
            "without a generator the numbers come from elsewhere than for generator=None", kind="default"
        )


@each_function
def test_gradients(task, student, seed):
    """Gradients are those of the formula, with respect to the arguments and to the networks behind them."""
    draw = Draw([seed, 2])
    for label, arguments in cases(task, seed):
        differentiable = any(isinstance(value, Leaf | Probe) for value in arguments.values())
        if not student.function.loss or not differentiable or "float32" in label:
            continue
        cotangent = draw.image(*exact(task, arguments).shape)
        expected = exact_gradients(task, arguments, cotangent)
        assert expected is not None  # the reference is differentiable
        reply = student(**arguments, cotangent=cotangent)
        largest = max(float(gradient.abs().max()) for gradient in expected.values() if gradient is not None)
        # Where the reference has no gradient at all, such as into a target's features, zeros will do as well.
        assert_gradients(reply, IDENTITY * max(1.0, largest), **expected)


@pytest.mark.afterwards
@each_function
def test_arguments_are_kept(task, student):
    """No argument is changed in place, and no .grad is left behind."""
    for reply in [observation.reply for observation in student.record if observation.reply is not None]:
        if reply.changed:
            names = " and ".join(reply.changed)
            raise reply.fail(f"{names} changed in place", "arguments as they were", kind="changed")
        assert_no_grad_left(reply)


@pytest.mark.afterwards
@each_function
def test_random_state_is_not_seeded(task, student):
    """The global random state is never seeded; to draw from it is fine."""
    replies = [one.reply for one in student.record if one.reply is not None and one.reply.seeded]
    if len(replies) > 1:  # once may have been an import
        names = " and ".join(replies[-1].seeded)
        raise replies[-1].fail(
            f"the global random state of {names} is seeded", "no seed but the caller's", kind="seeded"
        )
