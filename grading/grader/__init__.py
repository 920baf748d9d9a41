"""Grade one submission, or share many gradings out: what commands, the audit and class runs stand on.

| file       | holds                                                                             |
| ---------- | --------------------------------------------------------------------------------- |
| ``run``    | what is graded in one run: submission, tasks, seed, diagnosis; frozen             |
| ``grade``  | a run's verdicts: checks under pytest here, the student's code in workers         |
| ``plugin`` | the pytest plugin: hands each check its student, gathers verdicts                 |
| ``carried``| what fails because of another function: whom to lend what, and what came of it    |
| ``warm``   | what a first grading loads, before others are forked                               |
| ``crew``   | work shared out to forked processes, each with a fork server of its own           |
"""

from .grade import grade
from .run import Run

__all__ = ["Run", "grade"]
