"""Read back what a failed function computes, from nothing but its answers, and say what is wrong with it.

    probes → numbers → formula → verified on every answer → findings in words

A reading is a formula. It counts only if it reproduces every answer that the checks recorded, and those to inputs drawn
afresh, each to within rounding; otherwise nothing is said. It never changes a verdict. The algebra stands here, what is
known of each function before it is read stands in ``known/``.

| file               | holds                                                                      |
| ------------------ | -------------------------------------------------------------------------- |
| ``read``           | which reader is asked; which readings fit all that was seen                |
| ``evidence``       | answers, and when a formula gives one                                      |
| ``readings``       | what a reader finds                                                        |
| ``expressions``    | products and sums of powers of named quantities                            |
| ``exponents``      | a weight as such a product, from numbers                                   |
| ``coefficients``   | weights of terms, by regression                                            |
| ``variants``       | a function as choices, of which one or two are wrong                       |
| ``defaults``       | what is taken for an argument that is left out                             |
| ``sums``           | a function that is a sum of known terms                                    |
| ``ignored``        | what is taken, and never used                                              |
| ``relations``      | what relation a result has to the expected one                             |
| ``formula``        | formulas as people read them                                               |
| ``differences``    | what tells one formula from another, in words                              |
| ``indices``        | formulas that are the same but for the index at which ᾱ is read            |
| ``chains/``        | samplers, step by step                                                     |
| ``boxes``          | where the boxes of a cutout lie                                            |
| ``chance``         | what is beyond chance                                                      |
"""

from .evidence import Answer
from .known import NETWORKS, STATISTICS, SUMS, read_network
from .read import reading
from .readings import Besides, Description, Reading, things

__all__ = [
    "NETWORKS",
    "STATISTICS",
    "SUMS",
    "Answer",
    "Besides",
    "Description",
    "Reading",
    "read_network",
    "reading",
    "things",
]
