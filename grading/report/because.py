"""What a verdict has to do with other functions of the submission, in one sentence."""

from collections.abc import Set

from ..verdicts import NOT_IMPLEMENTED, Verdict


def because(verdict: Verdict, unnamed: Set[str] = frozenset()) -> str:
    """Nothing where a function stands for itself. Which others are ``unnamed`` is not told, nor how many."""
    if unnamed & {*verdict.carried, *verdict.beside, *verdict.unwritten}:
        return _in_general(verdict)
    own = _names([verdict.task])
    if verdict.outcome == NOT_IMPLEMENTED and verdict.unwritten:
        are, it_is = ("is", "it is") if len(verdict.unwritten) == 1 else ("are", "they are")
        calls = f"{own} calls {_names(verdict.unwritten)}, which {are} not written yet"
        if verdict.beside:
            return f"{calls}; as soon as {it_is}, {own} will still be wrong"
        others = [one for one in verdict.carried if one not in verdict.unwritten]
        right = f"right by itself as soon as {it_is}"
        return f"{calls}; {right}" + (f" and your {_names(others)} is right" if others else "")
    if verdict.carried:
        return f"right by itself: it fails because of your {_others(verdict.carried, verdict.unwritten)}"
    if verdict.beside:
        put = "a right one" if len(verdict.beside) == 1 else "right ones"
        return f"beside your {_others(verdict.beside, verdict.unwritten)}: with {put} instead {own} is still wrong"
    return ""


def _in_general(verdict: Verdict) -> str:
    if verdict.outcome == NOT_IMPLEMENTED and verdict.unwritten:
        return "it calls another function of yours, which is not written yet"
    return "right by itself: it fails because of another function of yours" if verdict.carried else ""


def _others(tasks: list[str], unwritten: list[str]) -> str:
    return _names(tasks) + (f" ({_names(unwritten)}: not written yet)" if unwritten else "")


def _names(tasks: list[str]) -> str:
    """ "predict_x0, ddim_sigma and ddim_step" """
    *most, last = [task.split(".")[1] for task in tasks]
    return f"{', '.join(most)} and {last}" if most else last
