"""What the reference gives for the same arguments is found once by a process: a whole class is asked at the same points.

Nothing of it comes from a submission, and what arguments are the same is told by all that they hold.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ..sandbox.crossing import wire

_MOST = 8192  # results of each function; a grading of all functions asks at about seven hundred points
P = ParamSpec("P")
R = TypeVar("R")


def remembered(compute: Callable[P, R]) -> Callable[P, R]:
    """A function of plain data, whose result is read and never changed."""
    known: OrderedDict[bytes, R] = OrderedDict()

    @wraps(compute)
    def once(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            key = hashlib.sha256(wire.encode([*arguments, named])).digest()
        except TypeError:  # a function among them, of which nobody can tell whether it is the same
            return compute(*arguments, **named)
        if key not in known:
            known[key] = compute(*arguments, **named)
            if len(known) > _MOST:
                known.popitem(last=False)
        return known[key]

    return once
