"""What is graded: a record per function, the courses that ask for them, and the students' stubs.

| file             | holds                                                                                   |
| ---------------- | --------------------------------------------------------------------------------------- |
| ``functions``    | the graded functions, one record each, in teaching order                                |
| ``uses``         | which graded functions the formula of another is made of                                |
| ``reference``    | the reference's own function for a record                                               |
| ``courses/``     | course files, one for each handout, and what may stand in one                           |
| ``stubs``        | ``student_stubs/``, made from the reference                                             |

Nothing here imports torch before a reference function is asked for.
"""
