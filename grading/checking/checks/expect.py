"""Small assertions that several checks share."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ...sandbox.describe import describe
from ...sandbox.replies import Reply
from ...verdicts import Failure
from ..compare import NOTHING, assert_close

FLOAT32 = 64 * torch.finfo(torch.float32).eps  # for what may be float32, such as schedules

# Identities in float64 between values of order 1: small 1 - abar amplify rounding by up to 1e4, to 1e-11; what mistakes
# change is larger than 1e-5.
IDENTITY = 1e-9


def about(reply: Reply, value: Tensor) -> Reply:
    """The same reply, reduced to a part of its value or to something computed from it."""
    return Reply(**{**vars(reply), "value": value})


def assert_image(reply: Reply, shape: tuple[int, ...]) -> Tensor:
    """A float tensor of this shape came back; its value."""
    if reply.value is None:
        raise reply.fail(NOTHING, f"a float tensor of shape {tuple(shape)}", "None", "nothing")
    if not (isinstance(reply.value, Tensor) and reply.value.is_floating_point() and reply.value.shape == shape):
        raise reply.fail(
            "the result has the wrong kind", f"a float tensor of shape {tuple(shape)}", describe(reply.value), "form"
        )
    return reply.value


def assert_moved_on(reply: Reply) -> None:
    """Numbers were taken from the generator itself, so that the next call gets others."""
    if reply.still:
        said = "the generator is left where it was, so that the next call draws the same numbers again"
        raise reply.fail(said, "numbers from the generator itself, not from a copy of it")


def assert_scalar(reply: Reply) -> float:
    """A 0-dim tensor or a Python float came back; its value."""
    if isinstance(reply.value, float | int) and not isinstance(reply.value, bool):
        return float(reply.value)
    return assert_image(reply, ()).item()


def assert_gradients(reply: Reply, allowed: float = IDENTITY, **expected: Tensor | None) -> None:
    """The gradients that came back with a reply; where None is expected a gradient of zeros will do as well."""
    if reply.grads is None:
        raise cut_off(reply)
    for name, gradient in expected.items():
        got = reply.grads.get(name)
        if gradient is None and got is not None and bool((got != 0).any()):
            raise reply.fail(f"a gradient flows into {name}", "none", "a gradient that is not zero")
    for name, gradient in expected.items():
        if gradient is not None:
            got = reply.grads.get(name)
            if got is None and bool((gradient != 0).any()):
                raise reply.fail(f"no gradient flows into {name}", "a gradient", "none", "gradient")
            found = torch.zeros_like(gradient) if got is None else got
            what = f"the gradient with respect to {name}"
            if _finite(gradient) and _finite(reply.value) and not _finite(found):
                raise _overflown(reply, what)
            assert_close(about(reply, found), gradient, allowed, what=what, kind="gradient")


def _finite(value: Any) -> bool:
    return isinstance(value, Tensor) and bool(value.isfinite().all())


def _overflown(reply: Reply, what: str) -> Failure:
    """Where the results are right, this is all that is wrong."""
    why = "backward counts 0 · inf, such as a branch of torch.where that overflows and is not taken, or a root at 0"
    return reply.fail(f"{what} is nan or infinite although the result is a number: {why}", "numbers", kind="says all")


def cut_off(reply: Reply) -> Failure:
    expected, got = "a result on the graph of the arguments", "a result without a graph"
    return reply.fail("the result is not differentiable", expected, got, "cut off")


def assert_each_for_itself(reply: Reply, expected: Tensor, alone: Callable[[int], Reply]) -> None:
    """Every sample has the result that it has alone; ``alone(i)`` asks for it, where the result is not the expected one."""
    try:
        assert_close(reply, expected, IDENTITY, kind="value")
    except Failure as failure:
        if failure.kind == "value":
            single = [assert_image(alone(i), expected[i : i + 1].shape) for i in range(len(expected))]
            size = max(1.0, float(reply.value.abs().max()))
            assert_close(reply, torch.cat(single).double(), IDENTITY * size, what="the result of the batch")
        raise


@contextlib.contextmanager
def beside(plain: Callable[[], None]) -> Iterator[None]:
    """A property of a special case: where the result is wrong in the ``plain`` case too, that is what is wrong."""
    try:
        yield
    except Failure as failure:
        if failure.kind == "wrong":
            try:
                plain()
            except Failure:
                failure.kind = "value"
        raise


class Told:
    """A network, and the timesteps that it is told."""

    def __init__(self, network: Callable) -> None:
        self.network, self.told = network, list[int]()

    def __call__(self, x_t: Tensor, t: Any) -> Tensor:
        with contextlib.suppress(TypeError, ValueError, RuntimeError):
            self.told.append(int(t))
        return self.network(x_t, t)

    @contextlib.contextmanager
    def about(self, timesteps: list[int]) -> Iterator[None]:
        """Where something is wrong and the network was told other timesteps, that is what is wrong."""
        try:
            yield
        except Failure as failure:
            told = [t for i, t in enumerate(self.told) if i == 0 or t != self.told[i - 1]]  # twice at a step is free
            if failure.kind == "wrong" and told and told != timesteps:
                failure.summary, failure.kind = "the network is asked about other timesteps", "told"
                failure.expected, failure.got = f"t = {timesteps}", f"t = {told}"
            raise


def assert_detached(reply: Reply) -> None:
    if reply.attached:
        raise reply.fail(
            "the result hangs on an autograd graph", "a detached tensor", "a tensor that requires grad", "detached"
        )


def assert_no_grad_left(reply: Reply) -> None:
    if reply.grad_left:
        names = " and ".join(reply.grad_left)
        raise reply.fail(f"a .grad is left behind in {names}", "no .grad anywhere", kind="grad left")
