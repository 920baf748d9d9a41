"""Whether the checks say all that is wrong: then nothing about unknown mistakes follows."""

from ..verdicts import Failure

_SAY_ALL = {
    "raised",
    "form",
    "precision",
    "names",
    "nothing",
    "cut off",
    "detached",
    "changed",
    "grad left",
    "seeded",
    "anew",
    "default",
    "told",
}


def told_already(failures: list[Failure]) -> bool:
    kinds = {failure.kind for failure in failures}
    placed = any(failure.kind == "not finite" and failure.where for failure in failures)
    return kinds <= _SAY_ALL or "told" in kinds or placed
