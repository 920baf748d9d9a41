"""The handout: one zip that students work in, without the answers.

| file or folder | holds                                                                              |
| -------------- | ---------------------------------------------------------------------------------- |
| ``pack``       | what goes into the zip                                                             |
| ``homework``   | the stubs, cut down to what a course asks for                                      |
| ``public``     | inputs from a public seed, with results, gradients and tolerances                  |
| ``readme``     | the README, made from the course file                                              |
| ``hw/``        | goes into the zip as it is: checks, ``--watch``, a notebook's ``check``, ``submit`` |

What is in ``hw/`` needs torch from 2.1, numpy, safetensors and pytest, Python from 3.9, and no particular system. Beside
it the zip holds those files of ours that know no answer: a call and what came of it (``sandbox/crossing/``), what looks
like a credential (``blackout.py``), which files were saved, which functions that touches, and which is written next.
"""
