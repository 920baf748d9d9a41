"""The trust boundary, our side. Student code runs in processes of its own; what comes back from them is a claim.

    Student → Conversation → Worker ══ channel ══ inside/serve → the student's function
                                ↑ forked by ══════ inside/fork_server

| file              | holds                                                                                       |
| ----------------- | ------------------------------------------------------------------------------------------- |
| ``fork_server``   | the handle on the preloaded process that forks workers                                      |
| ``worker``        | the handle on one worker: talk to it within a time limit, end it                            |
| ``conversation``  | one function's worker over its life: started ahead, asked, replaced where it died           |
| ``student``       | one graded function as checks see it: a callable that keeps a record                        |
| ``requests``      | a call as data: what of its arguments crosses, what stays and is answered over the wire      |
| ``replies``       | an answer, validated: a value that is a claim, and evidence about the call                  |
| ``describe``      | values and calls in one short piece of text                                                 |
| ``gradients``     | a function that stays on our side although gradients have to flow through it                |
| ``lending``       | right functions that answer from our side, in the place of the submission's own             |
| ``limits``        | every bound on time, size and number                                                        |
| ``deadline``      | how long one submission may take in all                                                     |
| ``crossing/``     | what may cross, and how: used on both sides                                                 |
| ``inside/``       | what runs beside student code                                                               |
"""
