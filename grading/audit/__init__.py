"""How good the grader is, measured on what it has not seen, on what it knows, and on right code.

    submissions → rounds → verdicts → measures, tally → figures → table, JSON, Markdown, README

| file             | holds                                                                         |
| ---------------- | ----------------------------------------------------------------------------- |
| ``mutants``      | which functions of the reference are mutated, and the mutants of each         |
| ``equivalent``   | mutants that compute the same, declared with a reason in ``equivalent.toml``  |
| ``defaults``     | every default, changed                                                        |
| ``reach``        | what each graded function of another solution reaches                         |
| ``edits``        | the same mutations in other people's files, which keep their lines            |
| ``strangers``    | which edits of the other solutions are graded, alone and in pairs             |
| ``restyle/``     | the catalogue rewritten by tool, so that it computes the same                 |
| ``submissions``  | folders to grade: mistakes, restyled ones, mutants                            |
| ``rounds``       | many gradings in one, on several processes; what each comparison came out at  |
| ``diagnoses``    | whether what a diagnosis says is true                                         |
| ``explained``    | whether an edit is explained, how, and whether truly                          |
| ``coincidences`` | golden inputs that do not tell two mistakes apart                             |
| ``size``         | how much of each: all, or the quick form                                      |
| ``audit``        | the whole of it, and its outcome                                              |
| ``tally``        | counts, function by function; ``totals``: of all functions                    |
| ``measures``     | counts of all that is not told function by function                           |
| ``figures``      | every figure with what it was measured on                                     |
| ``report``       | the table, ``audit.json``, ``audit.md``; ``publish``: the README's table      |
| ``sample``       | explanations for a reader to judge                                            |
| ``atlas``        | whether a class's atlas puts together what is the same                        |
"""
