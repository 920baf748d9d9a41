"""The untrusted side: everything here runs in the process that holds the student's code.

It imports torch, numpy and what may cross the boundary, never the reference, the fixtures or the checks: what is not in
this process cannot be stolen from it.

| file            | holds                                                                                     |
| --------------- | ----------------------------------------------------------------------------------------- |
| ``fork_server`` | the preloaded process that forks workers                                                  |
| ``rehearsal``   | a homework of our own, run once so that workers run nothing for the first time            |
| ``serve``       | one worker: copies the submission, confines itself, answers calls                         |
| ``confinement`` | what a worker may touch, enforced by the kernel before the first line of student code     |
| ``seccomp``     | system calls that no homework needs, refused by the kernel                                |
| ``world/``      | what student code finds around it: stand-ins, the CPU for a GPU, what is forbidden        |
| ``loader``      | imports a submission and finds one graded function in it                                  |
| ``parsing``     | a file as statements, parsed once for all workers of a submission                         |
| ``statements``  | a file's import, one statement after the other: one that fails costs what needs it        |
| ``needed``      | which statements of a module are run: all that something which is defined uses            |
| ``definitions`` | which statements of a notebook, or of what is like one: those that define something       |
| ``cells``       | a notebook as a module                                                                    |
| ``gradients``   | gradients through a function of the other side                                            |
| ``first_nan``   | the operation and the line that make a result's first nan                                 |
| ``handing_on``  | the function behind an adapter that only hands on                                         |
| ``endless``     | ends a call that takes too long, and says which loop it was in                            |
| ``lending``     | stand-ins for functions of the submission, which the other side answers                   |
"""
