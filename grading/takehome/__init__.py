"""A failing call to take home: one short script for each function that failed, run in the student's own process.

| file         | holds                                                                     |
| ------------ | ------------------------------------------------------------------------- |
| ``written``  | a recorded call as Python: its arguments, its right result                |
| ``excerpt``  | definitions of ours with what they need, as text                          |
| ``script``   | the script, of ``script.txt``, and why there is none                      |
| ``debug``    | a script run at once in this terminal                                     |

Nothing of the reference is in a script: the numbers that one call should give, where a report tells of mistakes at all.
"""
