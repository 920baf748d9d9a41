"""All functions of an audit as one."""

from collections.abc import Iterable

from .tally import Diagnoses, Function


def total(functions: Iterable[Function]) -> Function:
    """The sum of every count; of the margins the worst."""
    whole = Function("all")
    for one in functions:
        for name, value in vars(one).items():
            before = getattr(whole, name)
            if isinstance(value, Diagnoses):
                for kind, count in vars(value).items():
                    setattr(before, kind, getattr(before, kind) + count)
            elif name not in ("task", "nearest", "furthest"):
                setattr(whole, name, before + value)
    known = [one for one in functions if one.nearest is not None]
    whole.nearest = min((one.nearest for one in known if one.nearest is not None), default=None)
    whole.furthest = max((one.furthest for one in functions), default=0.0)
    return whole
