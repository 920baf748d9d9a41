"""Change the student's code by one small edit, or by two, until every check passes: that is the mistake, with proof.

The audit makes wrong code of right code by small edits; here the same edits are turned round. Files are only parsed on
this side. An edited function is compiled and run in the worker, where the student's own code is run as well, and what
comes of it explains a verdict that stands already: no point ever comes from edited code.

| file            | holds                                                                                    |
| --------------- | ---------------------------------------------------------------------------------------- |
| ``operators``   | small changes of a syntax tree, which the audit's mutants are made by as well             |
| ``places``      | where in a definition they are made                                                       |
| ``sources``     | the definitions in a submission's files that a failing call runs                          |
| ``corrections`` | what is tried at one place, and what is wrong there if it helps                           |
| ``candidates``  | all of it, in order, and as messages to a worker                                          |
| ``calls``       | recorded calls and their right results                                                    |
| ``checks``      | the function's checks, asked once more                                                    |
| ``filters``     | which of both is asked first, and how far an edited function comes with it                |
| ``editor``      | the student's function under one edit after the other                                     |
| ``proving``     | which edits leave nothing wrong                                                           |
| ``pairs``       | two edits, foretold from what each does alone                                             |
| ``onward``      | first edits that a second one is looked for from                                          |
| ``doubles``     | two edits, in all these ways                                                              |
| ``search``      | the whole of it                                                                           |
| ``words``       | what is said of it                                                                        |
"""

from collections.abc import Sequence

from ...sandbox.student import Student
from ...verdicts import Repair
from .checks import Check
from .search import repairing
from .sources import content_of, parsed
from .words import repair

__all__ = ["Check", "content_of", "parsed", "repaired"]


def repaired(
    student: Student, checks: Sequence[Check], pairs: bool = True, thoroughly: bool = True, beside: bool = False
) -> Repair | None:
    """The smallest change of the student's code under which all checks pass, in words: one edit, or with ``pairs`` two.

    Not ``thoroughly``: only two that are easily found. ``beside``: something else says what is wrong.
    """
    return repair(repairing(student, checks, pairs, thoroughly), student.task, beside)
