"""In which order functions are best written: what is next, and what waits for it.

Handouts hold this file, too.
"""

from collections.abc import Collection, Mapping, Sequence

_NAMED = 3  # of those that wait


def next_up(unfinished: Sequence[str], made_of: Mapping[str, Collection[str]]) -> str:
    """ "next: ddim.ddim_sigma (ddim_step and sample_ddim wait for it)"; nothing where nothing is unfinished.

    It is the first, in the course's order, that is made of nothing unfinished. ``made_of`` has all that a function is
    made of, directly or through another.
    """
    left = set(unfinished)
    first = next((task for task in unfinished if not left.intersection(made_of.get(task, ()))), "")
    if not first:
        return ""
    waiting = [task.split(".")[1] for task in unfinished if first in made_of.get(task, ())]
    return f"next: {first}" + (f" ({_listed(waiting)} for it)" if waiting else "")


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    shown = [*names[:_NAMED], f"{more} more"] if more > 0 else names
    *others, last = shown
    return f"{', '.join(others)} and {last} wait" if others else f"{last} waits"
