"""Checks for your homework: ``python -m hw check``, ``python -m hw check --watch`` and ``python -m hw submit``.

| file or folder | holds                                                                    |
| -------------- | ------------------------------------------------------------------------ |
| ``verdict``    | one function: all its checks, and what they come to                      |
| ``points``     | checks against the results in ``public/``                                |
| ``properties`` | what holds of a right function whose result is random, a network, a search |
| ``student``    | your function, and what a call of it came to                             |
| ``compare``    | two results that may differ by so much                                   |
| ``watch``      | again whenever a file is saved; what of it is new                        |
| ``round``      | a process that is ready to check, started ahead of each save             |
| ``saved``, ``changes``, ``order`` | which files were saved, which functions that touches, which is next |
| ``submit``     | the zip to hand in                                                       |
| ``crossing/``  | a call and what came of it; the networks that your functions are given   |
"""
