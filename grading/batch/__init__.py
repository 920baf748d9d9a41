"""A whole class: every hand-in of a download, graded side by side, each result kept as soon as it is there.

| file          | holds                                                                                  |
| ------------- | -------------------------------------------------------------------------------------- |
| ``hand_in``   | one hand-in: who, which files, late, which attempt; its key                              |
| ``hand_ins/`` | what a download is: a file for each system that names are read of                        |
| ``opening``   | the download itself, a folder or an archive of which nothing is believed                 |
| ``wanted``    | how the class is graded, and the digest of all that decides a result                     |
| ``store``     | what is kept of each hand-in, written in one step: the one place where a result is put    |
| ``one``       | one hand-in, graded into the store                                                       |
| ``run``       | all of them: what is there already, what is the same to the byte, the rest in processes  |
| ``index``     | class.json, grades.csv and index.html, made of what the store holds                     |
| ``progress``, ``summary`` | what is said meanwhile, and at the end                                       |
"""
