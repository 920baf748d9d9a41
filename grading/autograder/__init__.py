"""The grader as Gradescope runs it: one zip with its own sources, pins, set-up and a start that always leaves a result.

| file                | holds                                                                              |
| ------------------- | ---------------------------------------------------------------------------------- |
| ``pack``            | what goes into the zip                                                             |
| ``setup.sh``        | runs once, when Gradescope makes the image: Python, CPU torch and the pins          |
| ``run_autograder.py`` | runs for each submission, under Python's own library alone                        |

The student's code needs no user of its own: its worker has no way to the grader's files, the network or other processes
where the kernel has Landlock (``grading/sandbox/inside/confinement.py``). What holds stands in the last lines of what is
printed, which Gradescope shows to the staff.
"""
