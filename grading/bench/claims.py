"""What the project says of its own speed, judged by what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

from .measured import Measured, NotMeasured, duration

__all__ = ["CALL", "LOOPS", "NOT_MEASURED", "NOT_SHOWN", "PIPELINES", "SHOWN", "Claim", "claims"]

LOOPS = "sampling loops against bare network calls"
PIPELINES = ("DDIM pipelines", "DDPM pipelines")

CALL = 0.02  # seconds of a network call, from which on
LOOP_SHARE = 0.02  # is the most that a loop may add

SHOWN, NOT_SHOWN, NOT_MEASURED = "shown", "not shown", "not measured"


@dataclass(frozen=True)
class Claim:
    """What the project says of itself, and whether this run shows it."""

    verdict: str
    sentence: str


def loops_are_thin(m: Measured) -> tuple[bool, str]:
    group = m[LOOPS]
    names = list(group.contenders)
    split = next(index for index, name in enumerate(names) if name.endswith("with gradient"))
    base = {name: names[0] if index < split else names[split] for index, name in enumerate(names)}
    loops = [name for name in names if base[name] != name]
    call = group.fact("call_seconds")
    parts = ", ".join(
        f"{name} {group.figure(name, 'outside'):.2%} (against bare calls in turn {group.ratio(name, base[name]) - 1:+.1%})"
        for name in loops
    )
    return (
        max(group.figure(name, "outside") for name in loops) <= LOOP_SHARE and call >= CALL,
        f"Sampling loops add at most {LOOP_SHARE:.0%} to the network calls that they make, where a call takes "
        f"{duration(CALL)} or more. Measured with {duration(call)} a call: {parts}.",
    )


def pipelines_are_no_slower(m: Measured) -> tuple[bool, str]:
    groups = {list(m[name].contenders)[1]: m[name] for name in PIPELINES}  # by our sampler
    parts = ", ".join(
        f"{ours} {group.ratio(ours):.3f} (median of rounds {group.median_ratio(ours):.3f})"
        for ours, group in groups.items()
    )
    return (
        all(group.ratio(ours) <= 1 for ours, group in groups.items()),
        "DDIM and DDPM with the same network and steps are no slower than diffusers' pipelines. Of their time: "
        f"{parts}.",
    )


CLAIMS = [loops_are_thin, pipelines_are_no_slower]


def claims(m: Measured) -> list[Claim]:
    return [_judged(claim, m) for claim in CLAIMS]


def _judged(claim: Callable[[Measured], tuple[bool, str]], m: Measured) -> Claim:
    try:
        shown, sentence = claim(m)
    except NotMeasured as missing:
        return Claim(NOT_MEASURED, f"this run did not measure {missing}.")
    return Claim(SHOWN if shown else NOT_SHOWN, sentence)
