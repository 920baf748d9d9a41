"""What the checks say themselves: where that is all that is wrong, nothing about unknown mistakes follows."""

from ..verdicts import Failure

_RESULTS_ARE_RIGHT = {"changed", "seeded", "anew", "detached", "grad left", "names"}
_SAY_ALL = _RESULTS_ARE_RIGHT | {"raised", "form", "precision", "nothing", "cut off", "default", "says all"}
_EXPLAIN = {"told", "explained"}  # that, and whatever else fails comes of it


def told_already(failures: list[Failure]) -> bool:
    kinds = {failure.kind for failure in failures}
    nan_found = any(failure.kind == "not finite" and failure.where for failure in failures)
    return bool(kinds) and (kinds <= _SAY_ALL or bool(kinds & _EXPLAIN) or nan_found)


def only_the_form(failures: list[Failure]) -> bool:
    """Another dtype, shape or type than asked for, as the checks say: two edits that happen to mend it say less."""
    return bool(failures) and all(failure.kind == "form" for failure in failures)


def nothing_ran(failures: list[Failure]) -> bool:
    """It could not be imported, or what it needs is not here: nothing is known of its formula."""
    return bool(failures) and all(failure.importing or failure.kind == "not here" for failure in failures)


def results_are_right(failures: list[Failure]) -> bool:
    """What is wrong is something else: there is no formula to be read back."""
    kinds = {failure.kind for failure in failures}
    return bool(kinds) and kinds <= _RESULTS_ARE_RIGHT
