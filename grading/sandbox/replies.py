"""A worker's answer, validated: it comes from a process that runs student code."""

import re
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..paths import KIT_PACKAGE
from ..verdicts import Failure
from .crossing.wire import ProtocolError

_FORM = {  # of an answer to a call; whatever has another form does not come from a worker of ours
    "changed": list,
    "grad_left": list,
    "unfrozen": list,
    "kept_graph": list,
    "seeded": list,
    "still": list,
    "asked": int,
    "attached": bool,
    "moved_random_state": bool,
    "printed": str,
}


_HANDED_ON = re.compile(r"return [\w.()]+\([\w=*, ]*\)")


@dataclass
class Reply:
    """What a call gave back. ``value`` is a claim of untrusted code about numbers; the rest is evidence."""

    value: Any
    called: str
    changed: list[str]  # arguments that were changed in place, or "requires_grad of x_t"
    attached: bool  # the result hangs on an autograd graph
    grad_left: list[str]  # arguments with a .grad that was not there before
    unfrozen: list[str]  # networks whose parameters' requires_grad was changed
    moved_random_state: bool  # the global one
    asked: int  # how often networks that count it were asked
    seeded: list[str]  # the global random states that were seeded: "torch", "numpy", "random"
    still: list[str]  # generators of which no number was taken
    kept_graph: list[str]  # networks that were reached through the graph of an earlier call
    grads: dict[str, Tensor | None] | None  # by leaf argument; None where the result is not differentiable
    printed: str
    call: "Observation | None" = field(default=None, repr=False, compare=False)  # what it is the reply to

    def fail(self, summary: str, expected: str = "", got: str = "", kind: str = "wrong", subject: str = "") -> Failure:
        return Failure(
            summary, self.called, expected, got, printed=self.printed, kind=kind, subject=subject, call=self.call
        )


@dataclass
class Observation:
    """One call and its reply; None where the call came to no reply, with the type of the exception if it raised one."""

    arguments: dict[str, Any]
    cotangent: Tensor | None
    reply: Reply | None
    error: str = ""
    raised: str = ""  # what was said of that exception
    by_name: bool = False  # all arguments were given by name


def read_reply(answer: dict[str, Any], called: str) -> Reply:
    facts = fields(answer, _FORM)
    grads = answer.get("grads")
    if not (
        grads is None or (isinstance(grads, dict) and all(v is None or isinstance(v, Tensor) for v in grads.values()))
    ):
        raise ProtocolError("gradients that are no tensors")
    return Reply(value=answer.get("result"), called=called, grads=grads, **facts)


def fields(answer: dict[str, Any], form: dict[str, type]) -> dict[str, Any]:
    """Those fields of an answer, each of the type that it has to have."""
    for name, kind in form.items():
        if not isinstance(answer.get(name), kind):
            raise ProtocolError(f"an answer without {name}")
        plain = name == "outputs" or kind is not list  # what a network gives out is for a check to judge
        if not plain and not all(isinstance(item, str | float) for item in answer[name]):
            raise ProtocolError(f"an answer with strange {name}")
    return {name: answer[name] for name in form}


def raised(error: dict[str, Any], called: str, who: str = "your code") -> Failure:
    """The failure for an exception that student code raised, from the worker's description, whatever is in it."""
    name, message = str(error.get("type")), str(error.get("message", ""))
    frames = error.get("frames")
    frames = [frame for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []
    # An adapter that only hands on is not where the mistake is.
    own = [
        frame for frame in frames if not str(frame.get("file")).startswith(f"{KIT_PACKAGE}/")
    ]  # a kit's adapters are ours
    where = [place(frame) for i, frame in enumerate(own, 1) if i == len(own) or not _hands_on(frame)]
    if error.get("not_here") is True:
        return Failure(message, called=called, where=where, error=name, kind="not here")
    kind = "not implemented" if error.get("not_implemented") is True else "raised"
    text = f"{name}: {message}" if message else name
    return Failure(f"{who} raised {text}", called=called, where=where, error=name, kind=kind)


def _hands_on(frame: dict[str, Any]) -> bool:
    """Whether a line of adapters.py is a call with the arguments as they came."""
    return str(frame.get("file")).split("/")[-1] == "adapters.py" and bool(
        _HANDED_ON.fullmatch(str(frame.get("code", "")))
    )


def place(frame: dict[str, Any]) -> str:
    """ "ddpm.py:12 in step: x = 1 / 0" """
    function, code = str(frame.get("function", "")), str(frame.get("code", ""))
    place = f"{frame.get('file')}:{frame.get('line')}"
    return place + f" in {function}" * (function not in ("", "<module>")) + f": {code}" * bool(code)
