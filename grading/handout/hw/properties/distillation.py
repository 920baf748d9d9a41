"""Residuals are used as gradients: nothing is differentiated through them."""

from __future__ import annotations

import torch

from ..compare import expect_tensor
from ..lent.sandbox.crossing.values import Leaf
from ..student import Student
from . import holds

SHAPE = (2, 3, 4, 5)


@holds("distillation.sds_residual", "distillation.vsd_residual")
def residual_is_detached(student: Student) -> None:
    """The result is detached, also where the predictions hang on a network's graph."""
    first, second = torch.randn(2, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    schedule = torch.linspace(0.99, 0.01, 50, dtype=torch.float64)
    names = student.parameters[:2]
    reply = student(**{names[0]: Leaf(first), names[1]: Leaf(second)}, t=20, alphas_cumprod=schedule)
    expect_tensor(reply, SHAPE)
    if reply.attached:
        raise reply.fail("the result hangs on an autograd graph", "a detached tensor", "a tensor that requires grad")


@holds("distillation.surrogate_loss")
def residual_is_a_constant(student: Student) -> None:
    """Gradients flow into x, and none into the residual."""
    x, residual = torch.randn(2, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    reply = student(x=Leaf(x), residual=Leaf(residual), cotangent=torch.tensor(1.0, dtype=torch.float64))
    into = (reply.grads or {}).get("residual")
    if into is not None and bool(into.any()):
        raise reply.fail("a gradient flows into residual", "none")
