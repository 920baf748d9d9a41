"""Read a student's function back: further questions to its worker, and what they show."""

from typing import Any

from ..sandbox import limits
from ..sandbox.crossing.values import Leaf
from ..sandbox.replies import Observation
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
        if not _written_into_a_leaf(one, student.failures)
    ]
    try:
        if student.task in readback.NETWORKS:
            said = readback.read_network(student.task, run)
            return readback.Description(said) if said else None
        found = readback.reading(student.task, ask, record, out_of_time) if record else None
        taken = {} if found is not None else _other_defaults(student)
        given = [one for one in record if all(name in one.arguments for name in taken)]
        if not taken or not given:
            return found
        rest = readback.reading(student.task, ask, given, out_of_time, tuple(taken))
        return readback.Besides(student.task, taken, rest) if rest is not None else None
    except (_NoMoreQuestions, NotAsked, Failure):  # it hung, died, or raised where it never had before
        return None


def _written_into_a_leaf(call: Observation, failures: list[Failure]) -> bool:
    """Autograd forbids what a check has found to be done to other arguments: that tells nothing of the formula."""
    in_place = any(failure.kind == "changed" for failure in failures)
    return in_place and call.error == "RuntimeError" and any(isinstance(one, Leaf) for one in call.arguments.values())


def _other_defaults(student: Student) -> dict[str, Any]:
    """What stands in the signature for arguments whose default a check has found to be another one."""
    wrong = {failure.subject for failure in student.failures if failure.kind == "default" and failure.subject}
    return {name: student.default_of(name) for name in wrong if student.open}


class _NoMoreQuestions(Exception):
    """All questions of reading back have been asked."""
