"""Small assertions that several checks share."""

from typing import Any

import torch
from torch import Tensor

from ...sandbox.describe import describe
from ...sandbox.replies import Reply
from ...sandbox.student import Student
from ...verdicts import Failure
from ..compare import assert_close

FLOAT32 = 64 * torch.finfo(torch.float32).eps  # for what may be float32, such as schedules

# Identities in float64 between values of order 1: small 1 - abar amplify rounding by up to 1e4, to 1e-11; what mistakes
# change is larger than 1e-5.
IDENTITY = 1e-9


def about(reply: Reply, value: Tensor) -> Reply:
    """The same reply, reduced to a part of its value or to something computed from it."""
    return Reply(**{**vars(reply), "value": value})


def assert_image(reply: Reply, shape: tuple[int, ...]) -> Tensor:
    """A float tensor of this shape came back; its value."""
    if not (isinstance(reply.value, Tensor) and reply.value.is_floating_point() and reply.value.shape == shape):
        raise reply.fail(
            "the result has the wrong kind", f"a float tensor of shape {tuple(shape)}", describe(reply.value)
        )
    return reply.value


def assert_scalar(reply: Reply) -> float:
    """A 0-dim tensor or a Python float came back; its value."""
    if isinstance(reply.value, float | int) and not isinstance(reply.value, bool):
        return float(reply.value)
    return assert_image(reply, ()).item()


def assert_gradients(reply: Reply, allowed: float = IDENTITY, **expected: Tensor | None) -> None:
    """The gradients that came back with a reply; where None is expected a gradient of zeros will do as well."""
    if reply.grads is None:
        raise reply.fail("the result is not differentiable", "a result that hangs on the graph of its arguments")
    for name, gradient in expected.items():
        got = reply.grads.get(name)
        if gradient is None:
            if got is not None and bool((got != 0).any()):
                raise reply.fail(f"a gradient flows into {name}", "none")
        else:
            found = torch.zeros_like(gradient) if got is None else got
            assert_close(about(reply, found), gradient, allowed, what=f"the gradient with respect to {name}")


def assert_raises(student: Student, error: str, **arguments: Any) -> None:
    """The call ends with an exception of this type."""
    try:
        reply = student(**arguments)
    except Failure as failure:
        if failure.error != error:
            raise
        return
    raise reply.fail("no error was raised", f"a {error}", describe(reply.value))


def assert_detached(reply: Reply) -> None:
    if reply.attached:
        raise reply.fail("the result hangs on an autograd graph", "a detached tensor", "a tensor that requires grad")


def assert_no_grad_left(reply: Reply) -> None:
    if reply.grad_left:
        raise reply.fail(f"a .grad is left behind in {' and '.join(reply.grad_left)}", "no .grad anywhere")
