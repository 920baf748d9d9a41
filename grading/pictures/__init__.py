"""End to end: a submission's functions make the courses' pictures, and every picture is measured.

| room                 | what is there                                                                     |
| -------------------- | --------------------------------------------------------------------------------- |
| ``functions.py``     | the submission's functions as callables, each in its own confined process         |
| ``stage.py``         | the trained networks, the pictures and prompts that all demonstrations share      |
| ``demonstration.py`` | what a demonstration is: its pictures, its measures, and when they pass           |
| ``sampling.py`` …    | the demonstrations, one file for a family of techniques                           |
| ``run.py``           | runs them, compares measures with ``fixtures/smoke.json``, writes the report      |
"""
