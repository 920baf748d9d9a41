"""Name the mistake: read the formula back, and see which entry of the catalogue gives every reply that came back.

A diagnosis is made only when it explains all calls, those that are right by chance included. A catalogued mistake has
to give their results, gradients, arguments changed in place, graphs and ``.grad`` left behind; a formula that was read
back has to give their results; under a repair every check has to pass. Where nothing does, the smallest failing call is
shown instead. Points are never changed.

| file               | holds                                                                    |
| ------------------ | ------------------------------------------------------------------------ |
| ``diagnose``       | the whole of it, for one failed function                                 |
| ``clock``          | how much it may try                                                      |
| ``told``           | whether the checks say all that is wrong                                 |
| ``matching``       | the catalogue against what came back                                     |
| ``replays``        | when a known implementation gives a reply                                |
| ``reading``        | further questions to the student's worker, for reading back              |
| ``terms``          | which terms of a formula are right, for partial credit                   |
| ``kept``           | what is kept from one call to the next                                   |
| ``typeset``        | the formula that was read back, to be typeset                            |
| ``likeness``       | by what the same formula is known again in other code                    |
| ``counterexample`` | the smallest failing call                                                |
| ``whereabouts``    | where results are wrong, and where right                                 |
| ``mistakes/``      | the catalogue                                                            |
| ``repair/``        | small changes of the student's own code, under which every check passes  |
| ``readback/``      | the algebra of formulas; ``known/``: what is known of each function      |
"""

from .diagnose import Diagnosis, diagnose
from .repair import Check, content_of, parsed
from .terms import right_terms
from .typeset import formulas

__all__ = ["Check", "Diagnosis", "content_of", "diagnose", "formulas", "parsed", "right_terms"]
