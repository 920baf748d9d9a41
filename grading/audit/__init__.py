"""How good the grader is, measured: every known mistake, every correct solution, and automatic mutants of the reference.

    submissions → rounds → verdicts → classification → table, JSON, Markdown

| file             | holds                                                                         |
| ---------------- | ----------------------------------------------------------------------------- |
| ``mutants``      | which functions of the reference are mutated, and the mutants of each         |
| ``equivalent``   | mutants that compute the same, declared with a reason in ``equivalent.toml``  |
| ``submissions``  | folders to grade: mistakes, mutants, complete solutions                       |
| ``rounds``       | many gradings in one, on several processes; what each comparison came out at  |
| ``diagnoses``    | whether what a diagnosis says is true                                         |
| ``coincidences`` | golden inputs that do not tell two mistakes apart                             |
| ``audit``        | the whole of it, and its outcome                                              |
| ``report``       | the table, ``audit.json``, ``audit.md``                                       |
"""
