"""How much is measured: all of it, or a part that shows that nothing has become worse."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Size:
    strangers: int  # edits of the other solutions
    couples: int  # two edits of one function
    restyled: int  # catalogued mistakes in other clothes
    defaults: int  # of the reference, each changed alone; at most all there are
    gradings: int  # of complete solutions, each with a seed of its own
    mutants: int | None  # of the reference, for each function; None: all
    pairs: int  # of these, for each function
    mistakes: bool  # the whole catalogue; otherwise what is restyled, as it was
    coincidences: bool  # golden inputs that tell too little

    def of(self, share: float) -> "Size":
        """For so large a part of all functions."""
        drawn = ("strangers", "couples", "restyled", "defaults")
        return replace(self, **{name: math.ceil(share * getattr(self, name)) for name in drawn})


FULL = Size(1000, 100, 2000, 1000, 1000, None, 3, True, True)
QUICK = Size(60, 10, 30, 20, 9, 2, 0, False, False)
