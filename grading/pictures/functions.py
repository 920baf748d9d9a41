"""A submission's functions as plain callables; the code behind each runs in a confined process of its own."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from ..sandbox import limits
from ..sandbox.crossing.calls import perform
from ..sandbox.crossing.values import Leaf
from ..sandbox.deadline import NEVER, Deadline
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import Student
from ..verdicts import Failure

__all__ = ["Functions", "Trusted", "CannotGoOn"]


class CannotGoOn(Exception):
    """A function raised, hung, or gave back what no pipeline can go on with."""

    def __init__(self, task: str, reason: str, missing: bool = False) -> None:
        super().__init__(f"{task}: {reason}")
        self.task, self.missing = task, missing


class _Loss(torch.autograd.Function):
    """A submission's scalar: its gradients are asked for together with its value."""

    @staticmethod
    def forward(ctx: Any, functions: "Functions", task: str, of: tuple[str, ...], arguments: dict, *at: Tensor) -> Any:
        sent = arguments | {name: Leaf(value.detach()) for name, value in zip(of, at)}
        reply = functions._reply(task, sent | {"cotangent": torch.ones(())})
        value, grads = functions._tensor(task, reply.value), reply.grads or {}
        if value.ndim or any(grads.get(name) is None for name in of):
            raise CannotGoOn(task, f"expected a scalar that is differentiable in {' and '.join(of)}")
        ctx.save_for_backward(*(functions._tensor(task, grads[name]) for name in of))
        return value

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:
        return None, None, None, None, *(cotangent * gradient for gradient in ctx.saved_tensors)


class Functions:
    """``functions("ddim.sample_ddim", eps_model=…, …)`` is the submission's value.

    Networks are given as plain functions; where gradients have to flow through one it is wrapped in
    :class:`grading.sandbox.gradients.Differentiable`.
    """

    def __init__(
        self,
        fork_server: ForkServer,
        submission: Path,
        call_seconds: float = limits.PICTURE_SECONDS,
        deadline: Deadline = NEVER,
    ) -> None:
        self.fork_server, self.submission = fork_server, submission
        self.call_seconds, self.deadline = call_seconds, deadline
        self.students: dict[str, Student] = {}
        self.own, self.lent = set[str](), set[str]()  # whose functions have answered since somebody cleared these

    def __call__(self, task: str, **arguments: Any) -> Tensor:
        """One tensor."""
        return self._tensor(task, self._reply(task, arguments).value)

    def several(self, task: str, **arguments: Any) -> list[Tensor]:
        """A tuple of tensors."""
        value = self._reply(task, arguments).value
        if not isinstance(value, tuple | list):
            raise CannotGoOn(task, "expected several tensors as its result")
        return [self._tensor(task, one) for one in value]

    def loss(self, task: str, *of: str, **arguments: Any) -> Tensor:
        """A scalar that the submission computed, differentiable here in the arguments ``of``."""
        return _Loss.apply(self, task, of, arguments, *(arguments[name] for name in of))

    def timesteps(self, num_train_steps: int, num_inference_steps: int) -> list[int]:
        """The submission's strided timesteps."""
        task = "noising.strided_timesteps"
        arguments = {"num_train_steps": num_train_steps, "num_inference_steps": num_inference_steps}
        value = self._reply(task, arguments).value
        if not (isinstance(value, list) and value and all(type(t) is int and 0 <= t < num_train_steps for t in value)):
            raise CannotGoOn(task, f"expected a list of timesteps from 0 to {num_train_steps - 1}")
        return value

    def close(self) -> None:
        for student in self.students.values():
            student.close()

    def _student(self, task: str, call_seconds: float) -> Student:
        return Student(self.fork_server, self.submission, task, call_seconds, deadline=self.deadline)

    def _reply(self, task: str, arguments: dict[str, Any]) -> Any:
        if task not in self.students:
            self.students[task] = self._student(task, self.call_seconds)
        student = self.students[task]
        try:
            reply = student(**arguments)
            self.own.add(task)
            return reply
        except Failure as failure:
            raise CannotGoOn(task, failure.summary, failure.kind == "not implemented") from None
        finally:
            student.record.clear()  # nothing here is diagnosed, and a sampler's pictures add up

    @staticmethod
    def _tensor(task: str, value: Any) -> Tensor:
        if not isinstance(value, Tensor):
            raise CannotGoOn(task, f"expected a tensor as its result, got {type(value).__name__}")
        if not value.isfinite().all():
            raise CannotGoOn(task, "its result has values that are not finite")
        return value.float()


class Trusted(Functions):
    """Functions of our own, called here: for measuring what is to be expected."""

    def __init__(self, functions: Callable[[str], Callable]) -> None:
        self.functions, self.students = functions, {}

    def _reply(self, task: str, arguments: dict[str, Any]) -> Any:
        cotangent = arguments.pop("cotangent", None)
        answer = perform(self.functions(task), [], arguments, cotangent)
        return SimpleNamespace(value=answer["result"], grads=answer.get("grads"))
