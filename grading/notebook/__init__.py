"""The grader in a notebook: ``from grading.notebook import check``, then ``check("ddpm.posterior_step")`` or ``%%check``.

The cells that were run are handed in as a notebook is: student code runs in the sandbox, and the grader in a process of its
own, which nothing that the notebook has done to Python or torch reaches.

| file      | holds                                                        |
| --------- | ------------------------------------------------------------ |
| ``cells`` | the notebook's side: what was run so far, and the other process |
| ``grader``| that process: grades what it is handed, one request a line   |
| ``magic`` | what is shown below a cell; ``%%check``. Handouts hold it, too |
"""

from .cells import check

__all__ = ["check"]
