"""Timings as ratios: every comparison is made in one run, in turn, so that other work on the machine hits all alike.

| room                     | what is there                                                                   |
| ------------------------ | ------------------------------------------------------------------------------- |
| ``test_*.py``            | the measured runs: pytest-benchmark tests, a group each                         |
| ``conftest.py``          | what they share: the fixture ``bench``                                          |
| ``scenes.py``            | the trained networks as plain functions                                         |
| ``contest.py``           | contenders that are run in turn, and what is noted of each                      |
| ``code.py``              | whose functions are measured: the reference's, or a submission's in its workers |
| ``command.py``           | runs the tests with ``--benchmark-json``, then has the report written           |
| ``measured.py``          | pytest-benchmark's JSON as groups of contenders                                 |
| ``answers.py``           | the handouts' timing questions, each with a sentence made from what was measured |
| ``claims.py``            | what the project has to show, judged                                            |
| ``plots.py, report.py``  | from the JSON to pictures, HTML and Markdown; ``machine.py``: measured on what   |
"""
