"""What was closed to the student's code while it ran, and what was not, in one line."""

from collections.abc import Iterable

from ..sandbox.crossing.layers import LAYERS
from ..verdicts import Verdict

NOTHING = "no sandbox here: this code could read your files; grade strangers on Linux"


def confined(verdicts: Iterable[Verdict]) -> str:
    """Nothing where no student code ran."""
    lists = [verdict.closed for verdict in verdicts if verdict.closed is not None]
    if not lists:
        return ""
    closed = min(lists, key=len)
    if not closed:
        return NOTHING
    holds = {layer: [one for one in all_of_it if one in closed] for layer, all_of_it in LAYERS.items()}
    said = [f"{layer} ({', '.join(own)})" for layer, own in holds.items() if own]
    left = [one for all_of_it in LAYERS.values() for one in all_of_it if one not in closed]
    return f"sandbox: {', '.join(said)}" + (f"; not closed here: {', '.join(left)}" if left else "")
