"""Grade one submission, or share many gradings out: what commands, the audit and class runs stand on.

| file       | holds                                                                             |
| ---------- | --------------------------------------------------------------------------------- |
| ``run``    | what is graded in one run: submission, tasks, seed, diagnosis; frozen             |
| ``grade``  | a run's verdicts: checks here, the student's code in workers                      |
| ``examiner`` | asks one function's checks after the other's, and says each one's verdict       |
| ``out_of_reach`` | what of a kit's hand-in fails by what is not run here                         |
| ``collected`` | the checks as pytest collects them, once in a process                          |
| ``carried``| what fails because of another function: whom to lend what, and what came of it    |
| ``warm``   | what a first grading loads, before others are forked                               |
| ``crew``   | work shared out to forked processes, each with a fork server of its own           |
"""

from .grade import grade
from .run import Run

__all__ = ["Run", "grade"]
