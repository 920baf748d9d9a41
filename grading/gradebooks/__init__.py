"""Back into the learning system: grades and feedback of a class that was graded, in the files that its importer takes.

| file         | holds                                                                                    |
| ------------ | ---------------------------------------------------------------------------------------- |
| ``graded``   | what the store of a class says of each student, and which row of a list is theirs        |
| ``sheet``    | a CSV file of which single cells are changed, and not a byte beside them                 |
| ``canvas``   | Canvas's export with one column filled; the zip that its "Upload feedback" takes         |
| ``moodle``   | Moodle's grading worksheet; the zip that its "Upload multiple feedback files" takes      |
| ``feedback`` | the page for each hand-in, and zips of them                                              |

A grade is written only where all of it is known: who has a function that was not graded keeps what stands there, and is
named. So is whoever cannot be told for certain from the others.
"""
