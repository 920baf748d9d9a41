"""Where a result is wrong and where it is right: said where nothing known explains it, as a place to look.

Of the recorded calls that have one right result, either all wrong values lie in one region and nothing else does, or all
wrong calls have something in common that no right call has. It names no mistake, and counts as no explanation.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..sandbox.replies import Observation
from .readback.evidence import as_tensor, bare
from .repair.calls import Call, with_one_result

FEWEST = 3  # right calls, and wrong ones, below which what they have in common is chance
_ORDINALS = ("second", "third", "fourth", "fifth")
_CHANNELS, _SAMPLES = 1, 0


@dataclass(frozen=True)
class _Seen:
    """One call, and which of its values are wrong; None where it has no such values, or came to no answer."""

    call: Call
    right: bool
    wrong: Tensor | None


def whereabouts(task: str, record: Sequence[Observation]) -> str:
    """In words, "only channels from the fourth on are wrong"; nothing where there is no such rule."""
    told = [one for one in record if one.reply or not one.by_name]  # another name for an argument is told by its check
    seen = [_seen(call, one) for one in told if (call := with_one_result(task, one.arguments))]
    regions = [region for region in (_from_on(seen, _CHANNELS), _from_on(seen, _SAMPLES), _of_sign(seen)) if region]
    return (regions or [_common(seen)])[0]


def _seen(call: Call, observation: Observation) -> _Seen:
    right = call.right(observation.reply)
    value = as_tensor(observation.reply.value) if observation.reply is not None else None
    if not isinstance(call.expected, Tensor) or value is None or value.shape != call.expected.shape:
        return _Seen(call, right, None)
    return _Seen(call, right, ~((value.double() - call.expected).abs() <= call.allowed))


def _images(seen: Sequence[_Seen]) -> list[tuple[Tensor, Tensor]]:
    """Of every call what is expected and what is wrong, where all results are images; else none."""
    found = [(one.call.expected, one.wrong) for one in seen if one.wrong is not None and one.wrong.ndim == 4]
    return found if len(found) == len(seen) else []


def _from_on(seen: Sequence[_Seen], dim: int) -> str:
    """All channels, or samples, from a certain one on are wrong, and no others."""
    each = [wrong.transpose(0, dim).flatten(1).any(1) for _, wrong in _images(seen)]
    first = min((int(wrong.nonzero()[0]) for wrong in each if wrong.any()), default=0)
    if not 1 <= first <= len(_ORDINALS) or any(bool(wrong[:first].any() or not wrong[first:].all()) for wrong in each):
        return ""
    name = "channels" if dim == _CHANNELS else "samples of a batch"
    return f"only {name} from the {_ORDINALS[first - 1]} on are wrong"


def _of_sign(seen: Sequence[_Seen]) -> str:
    """Where right values of the other sign stand beside them: otherwise it says no more than that all are wrong."""
    found = _images(seen)
    if not any(bool(wrong.any()) and not bool(wrong.all()) for _, wrong in found):
        return ""
    for name, of_sign in (("positive", torch.gt), ("negative", torch.lt)):
        if all(torch.equal(of_sign(expected, 0), wrong) for expected, wrong in found):
            return f"only values that should be {name} are wrong"
    return ""


def _common(seen: Sequence[_Seen]) -> str:
    """What all wrong calls have, and no right one."""
    wrong, right = ([one.call.arguments for one in seen if one.right is kind] for kind in (False, True))
    if len(wrong) < FEWEST or len(right) < FEWEST:
        return ""
    shared = set.intersection(*(set(_features(one)) for one in wrong))
    apart = [
        text for text in _features(wrong[0]) if text in shared and not any(text in _features(one) for one in right)
    ]
    return f"the result is wrong wherever {apart[0]}, and right in every other call" if apart else ""


def _features(arguments: dict[str, Any]) -> dict[str, None]:
    """What may be said of a call, the most telling first."""
    found = itertools.chain.from_iterable(_of(name, bare(value)) for name, value in arguments.items())
    return dict.fromkeys(found)


_NUMBERS: dict[str, Callable[[float], bool]] = {
    "is 0": lambda x: x == 0,
    "is 1": lambda x: x == 1,
    "is -1": lambda x: x == -1,
    "is negative": lambda x: x < 0,
    "is not 0": lambda x: x != 0,
    "lies between 0 and 1": lambda x: 0 < x < 1,
    "is above 1": lambda x: x > 1,
    "is not 1": lambda x: x != 1,
}


def _of(name: str, value: Any) -> Iterator[str]:
    yield f"{name} is given"
    if isinstance(value, bool):
        yield f"{name} is {value}"
    elif isinstance(value, int | float):
        yield from (f"{name} {said}" for said, holds in _NUMBERS.items() if holds(value))
    elif isinstance(value, list):
        yield from ([f"{name} has one entry"] if len(value) == 1 else [f"{name} has several entries"])
        yield from ([f"{name} ends with 0"] if value and value[-1] == 0 else [f"{name} does not end with 0"])
    elif isinstance(value, Tensor):
        yield from _of_tensor(name, value)


def _of_tensor(name: str, value: Tensor) -> Iterator[str]:
    if value.is_floating_point():
        yield f"{name} is in {str(value.dtype).removeprefix('torch.')}"
    if value.ndim == 1 and not value.is_floating_point():
        yield f"{name} has one entry for each sample"
        if len(value) > 1:
            yield f"{name} has several entries"
    if value.ndim == 4:
        batch, channels, height, width = value.shape
        sizes = {
            "has several samples": batch > 1,
            "has one sample": batch == 1,
            "has one channel": channels == 1,
            "has several channels": channels > 1,
            "has more than three channels": channels > 3,
            "has an odd width": width % 2 == 1,
            "has an even width": width % 2 == 0,
            "has an odd height": height % 2 == 1,
            "has an even height": height % 2 == 0,
            "is not square": height != width,
            "is square": height == width,
        }
        yield from (f"{name} {said}" for said, holds in sizes.items() if holds)
