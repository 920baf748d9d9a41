"""What every graded function is held against, whatever it computes."""

import pytest

from ..cases import cases
from ..compare import assert_right
from ..failures import Failure
from ..golden import golden_cases
from ..tasks import all_tasks
from .expect import assert_no_grad_left

each_function = pytest.mark.parametrize("task", all_tasks())


@each_function
def test_fresh_inputs(task, student, seed):
    """On freshly drawn inputs the result is the formula's."""
    failures: list[tuple[str, Failure]] = []
    points = 0
    for label, arguments in cases(task, seed):
        points += 1
        try:
            assert_right(student, **arguments)
        except Failure as failure:
            failures.append((label, failure))
            if student.stopped is not None:
                raise
    if failures:
        label, failure = failures[0]
        failure.summary += f"; test point: {label}"
        if len(failures) < points:
            failure.summary += f" ({len(failures)} of {points} test points fail: {'; '.join(n for n, _ in failures)})"
        raise failure


@each_function
def test_golden(task, student):
    """On the golden inputs the result is the stored one."""
    for arguments, check in golden_cases(task):
        check(student(**arguments))


@each_function
def test_argument_names(task, student, seed):
    """Arguments can be given by the contract's names."""
    _, arguments = next(iter(cases(task, seed)))
    assert_right(student, by_name=True, **arguments)


@each_function
def test_arguments_are_kept(task, student):
    """No argument is changed in place, and no .grad is left behind."""
    for reply in [observation.reply for observation in student.record if observation.reply is not None]:
        if reply.changed:
            raise reply.fail(f"{' and '.join(reply.changed)} changed in place", "arguments as they were")
        assert_no_grad_left(reply)
