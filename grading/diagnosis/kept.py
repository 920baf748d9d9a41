"""Something is kept from call to call: a call that went wrong goes right as the first one of another process."""

import contextlib
from collections.abc import Sequence

from ..sandbox.crossing.values import all_fresh
from ..sandbox.replies import Observation
from ..sandbox.student import Student
from ..verdicts import Failure, Finding
from .clock import OutOfTime
from .repair.calls import Call, with_one_result

ASKED = 3  # calls, from the first that failed to the last
BY_ITSELF = 5  # times that each has to be right
KEPT = Finding(
    "Some of the calls that failed give the right result where no other call was made before. Something is kept from call "
    "to call and used again: in a cache, a global variable, an attribute, or a default argument that is changed.",
    "right in a fresh process: something is kept from call to call",
)


def kept_from_earlier_calls(student: Student, out_of_time: OutOfTime) -> list[Finding]:
    """Each failed call by itself, and again after those that it came after: what comes and goes by chance is not kept."""
    asked = [number for number, one in enumerate(student.record) if _may_be_asked_again(one)]
    made = ((number, with_one_result(student.task, student.record[number].arguments)) for number in asked)
    failed = [
        (number, call) for number, call in made if call is not None and not call.right(student.record[number].reply)
    ]
    spread = [failed[i * (len(failed) - 1) // (ASKED - 1)] for i in range(ASKED)] if len(failed) > ASKED else failed
    kept = any(
        _right_after(student, [], call, out_of_time, BY_ITSELF)
        and not _right_after(student, student.record[:number], call, out_of_time)
        for number, call in spread
    )
    return [KEPT] if kept and not out_of_time() else []


def _may_be_asked_again(one: Observation) -> bool:
    """What went by names, drew, or ended for want of time or memory, need not come to the same where it is asked again."""
    drew = one.reply is not None and one.reply.moved_random_state
    return not (one.by_name or drew) and (one.reply is not None or bool(one.error))


def _right_after(
    student: Student, earlier: Sequence[Observation], call: Call, out_of_time: OutOfTime, times: int = 1
) -> bool:
    """In a process that has answered nothing but the earlier calls.

    The first of them twice: whoever draws from a state that all processes begin with draws other numbers.
    """
    alone = student.afresh()
    try:
        for one in [*earlier[:1], *earlier]:
            if out_of_time():
                return False
            with contextlib.suppress(Failure):
                alone(**all_fresh(one.arguments), recorded=False)
        return all(not out_of_time() and call.right(call.ask(alone)) for _ in range(times))
    finally:
        alone.close()
