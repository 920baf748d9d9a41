"""Something is kept from call to call: a call that went wrong goes right as the first one of another process."""

from ..sandbox.student import Student
from ..verdicts import Finding
from .repair.calls import Call, with_one_result

ASKED = 3  # calls, from the last that failed to the first
KEPT = Finding(
    "Some of the calls that failed give the right result where no other call was made before. Something is kept from call "
    "to call and used again: in a cache, a global variable, an attribute, or a default argument that is changed.",
    "right in a fresh process: something is kept from call to call",
)


def kept_from_earlier_calls(student: Student) -> list[Finding]:
    """Each failed call by itself, twice: what was never written is not right both times."""
    made = ((one, with_one_result(student.task, one.arguments)) for one in reversed(student.record))
    failed = [call for one, call in made if call is not None and not call.right(one.reply)]
    spread = [failed[i * (len(failed) - 1) // (ASKED - 1)] for i in range(ASKED)] if len(failed) > ASKED else failed
    return [KEPT] if any(_right_by_itself(student, call) for call in spread) else []


def _right_by_itself(student: Student, call: Call) -> bool:
    alone = student.afresh()
    try:
        return all(call.right(call.ask(alone)) for _ in range(2))
    finally:
        alone.close()
