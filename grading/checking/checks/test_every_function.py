"""What every graded function is held against, whatever it computes."""

from itertools import islice

import pytest

from ...contract.functions import all_tasks
from ...sandbox.crossing.values import Leaf, Probe
from ...sandbox.student import OutOfPatience
from ...verdicts import Failure
from ..compare import alike, assert_right, exact, exact_gradients
from ..golden import golden_cases
from ..points import Draw, cases
from .expect import IDENTITY, assert_gradients, assert_no_grad_left

NAMED = 1e-6  # relative: the same computation twice

each_function = pytest.mark.parametrize("task", all_tasks())


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
            raise reply.fail(f"{' and '.join(reply.changed)} changed in place", "arguments as they were")
        assert_no_grad_left(reply)
