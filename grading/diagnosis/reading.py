"""Read a student's function back: further questions to its worker, and what they show."""

from typing import Any

from ..sandbox import limits
from ..sandbox.student import NotAsked, Student
from ..verdicts import Failure
from . import readback
from .clock import OutOfTime


def read_back(student: Student, out_of_time: OutOfTime) -> readback.Reading | None:
    """What is wrong with the formula, if further calls and the recorded ones show it."""

    def ask(**arguments: Any) -> Any:
        if out_of_time():
            raise _NoMoreQuestions
        return student.ask(limits.CALL_SECONDS, **arguments)

    def run(settings: dict[str, Any], inputs: list[dict[str, Any]], train: dict[str, Any] | None = None) -> list[Any]:
        if out_of_time() or not student.open:
            raise _NoMoreQuestions
        student.take_time()
        ran = student.run_module(settings, inputs, train=train, seconds=limits.CALL_SECONDS)
        return ran.outputs if train is None else ran.losses

    record = [
        readback.Answer(one.arguments, one.reply.value, one.error, one.reply.moved_random_state)
        if one.reply is not None
        else readback.Answer(one.arguments, error=one.error)
        for one in student.record
    ]
    try:
        if student.task in readback.NETWORKS:
            said = readback.read_network(student.task, run)
            return readback.Description(said) if said else None
        return readback.reading(student.task, ask, record, out_of_time) if record else None
    except (_NoMoreQuestions, NotAsked, Failure):  # it hung, died, or raised where it never had before
        return None


class _NoMoreQuestions(Exception):
    """All questions of reading back have been asked."""
