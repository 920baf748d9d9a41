"""What is asked of a function: test points, checks, comparison with the reference, goldens.

| file        | holds                                                                                        |
| ----------- | -------------------------------------------------------------------------------------------- |
| ``points/`` | for every graded function the inputs that tell right from wrong                              |
| ``checks/`` | pytest tests with one ``student`` argument; a docstring is the property as a student reads it |
| ``compare`` | a result held against the reference's, with a tolerance that is derived                      |
| ``titles``  | under which title a failure is told, and that it is told once                                |
| ``defaults`` | calls in which one argument is left out                                                      |
| ``golden``  | stored points and results, so that a drift of either shows                                   |
"""
