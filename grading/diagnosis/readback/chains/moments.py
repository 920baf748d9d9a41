"""The steps of a trace one by one, once it is supposed which timesteps were visited and what the network was told."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import torch
from torch import Tensor

from ..coefficients import regress
from ..evidence import Answer, Arguments
from . import forms
from .chain import Chain, given
from .clips import CLIPS
from .draws import STAND_INS, Draws, Source, rules
from .kinds import Kind
from .steps import alike
from .trace import Trace
from .visits import Place, Told, Visits, place


@dataclass(frozen=True)
class Moment:
    """One step: the image before it, what the network answered, the image after it."""

    kind: Kind
    trace: Trace
    at: Place

    @property
    def x_t(self) -> Tensor:
        return self.trace.states[self.at.k]

    @property
    def after(self) -> Tensor:
        return self.trace.states[self.at.k + 1]

    @property
    def network(self) -> Callable[[Tensor], Tensor]:
        return self.trace.table.function(self.trace.asked[self.at.k].number)

    @property
    def moving(self) -> bool:
        return self.trace.arguments.get("eta") != 0

    @cached_property
    def offered(self) -> Arguments:
        offered = given(self.kind, self.trace.arguments, self.at, self.x_t, self.network, CLIPS[0])
        if self.kind.corrected:  # computed once for all that a step is held against
            key = (self.at.k, self.at.t)
            if key not in self.trace.used:
                self.trace.used[key] = forms.Computed(offered)
            offered["misfits"] = self.trace.used[key]
        return offered

    @property
    def drawn(self) -> int:
        """Draws of noise until the next question."""
        asked = self.trace.asked
        return len(self.trace.draws) if self.at.last else asked[self.at.k + 1].drawn

    @property
    def draws(self) -> Draws:
        """Those of the trace; where eta is 0 none need have been made."""
        beyond = _no_more if self.moving else torch.zeros_like
        return Draws(beyond, self.trace.result, list(self.trace.draws))

    def side(self, value: Tensor, side: int | None) -> Tensor:
        """The pixels on one side of the mask, for a chain that is blended."""
        if side is None:
            return value
        return value[self.trace.arguments["edit_mask"] == side].reshape(1, 1, 1, -1)

    def answer(self, noise: Source, side: int | None) -> Answer:
        """The step as a call of a function."""
        offered = self.offered | {"noise": noise.tensor(self.at, self.offered, self.draws)}
        seen = {n: self.side(v, side) if n in _IMAGES else v for n, v in offered.items()}
        return Answer(seen, self.side(self.after, side))

    def gives(self, chain: Chain) -> bool:
        try:
            made = chain.after(
                self.at, self.trace.arguments, self.x_t, self.x_t, lambda x, t: self.network(x), self.draws
            )
        except (RuntimeError, IndexError, ValueError):
            return False
        return alike(made, self.after)


_IMAGES = ("x_t", "eps", "x0", "unclipped", "noise")


def _no_more(x: Tensor) -> Tensor:
    raise IndexError("a draw that was not made")


def moments(kind: Kind, followed: list[Trace], visits: Visits, told: Told) -> list[Moment] | None:
    """All steps of all traces; None where the network was asked for others."""
    found: list[Moment] = []
    for trace in followed:
        pairs = visits.pairs(trace.arguments)
        if len(pairs) != len(trace.asked):
            return None
        for k, asked in enumerate(trace.asked):
            at = place(pairs, k, kind, trace.arguments)
            if not math.isclose(asked.told, told.number(at), rel_tol=1e-6, abs_tol=1e-9):
                return None
            found.append(Moment(kind, trace, at))
    return found


# --- which draw went where

Terms = Callable[[Moment], dict[str, Tensor]]  # that a step may be made of, besides draws


def sources(found: list[Moment], side: int | None, terms: Terms) -> Iterator[Source]:
    """What may stand for the noise of these steps."""
    moving = [one for one in found if one.moving]
    used = [_used(one, side, terms, _draws) for one in moving]
    if all(one is not None for one in used):
        yield from _sources(moving, used, "draw")
        return
    used = [_used(one, side, terms, _first_samples) for one in moving]
    if all(one is not None for one in used):
        yield from _sources(moving, used, "first sample")
    for name in ("x_T", "image", "noise_of_the_start"):
        later = [one for one in moving if one.at.k and name in one.offered]
        handed = partial(_handed, name)
        if later and all(_regressed(one, side, terms, handed) is not None for one in later):
            yield Source("start", start=name, silent="last")
            yield Source("start", start=name, silent="")
        first = [one for one in moving if not one.at.k and name in one.offered]
        if first and all(_regressed(one, side, terms, handed) is not None for one in first):
            later_ones = [one for one in moving if one.at.k]
            drawn = [_used(one, side, terms, _draws) for one in later_ones]
            if all(one is not None for one in drawn):
                for source in _sources(later_ones, drawn, "draw"):
                    yield replace(source, kind="start first", start=name)


def _sources(moving: list[Moment], used: list, kind: str) -> Iterator[Source]:
    if not any(used):
        yield from (Source("unused"), Source("none"))
        yield from (Source(kind, silent=silent) for kind in STAND_INS for silent in ("last", ""))
        return
    if any(len(one) > 1 for one in used):
        return
    by_moment = [(one.at, numbers[0] if numbers else None) for one, numbers in zip(moving, used)]
    for rule in rules((at.k, at.S, number) for at, number in by_moment if number is not None):
        source = Source(kind, rule, _silent(by_moment))
        if all(source.number(one.at) < one.drawn for one in moving if not source.quiet(one.at)):
            yield source


def _silent(used: list[tuple[Place, int | None]]) -> str:
    """Where no draw is used: towards the clean image, as it is to be, and where else."""
    if any(number is not None for at, number in used if at.t_prev < 0):
        return ""
    if all(number is None for at, number in used if at.t_prev == 0):
        return "towards 0" if any(at.t_prev == 0 for at, _ in used) else "last"
    if all(number is None for at, number in used if at.k == 0 and at.t_prev >= 0) and any(
        at.k == 0 and at.t_prev >= 0 for at, _ in used
    ):
        return "first"
    return "last"


def _handed(name: str, one: Moment) -> dict[str, Tensor]:
    return {name: one.offered[name]}


def _draws(one: Moment) -> dict[str, Tensor]:
    made = one.trace.draws[: one.drawn]
    return {f"draw {number}": draw for number, draw in enumerate(made) if draw.shape == one.after.shape}


def _first_samples(one: Moment) -> dict[str, Tensor]:
    made = one.trace.draws[: one.drawn]
    return {f"draw {number}": draw[:1].expand_as(one.after) for number, draw in enumerate(made)}


def _used(one: Moment, side: int | None, terms: Terms, more: Callable[[Moment], dict[str, Tensor]]) -> list[int] | None:
    """Numbers of the draws in the image after a step; None where it is made of something else as well.

    Other timesteps that were supposed to be visited do not change them.
    """
    known = one.trace.used if terms is of_a_step else {}
    key = (one.at.k, one.at.t if one.kind.corrected else None, side, more)
    if key not in known:
        known[key] = _regressed(one, side, terms, more)
    return known[key]


def _regressed(
    one: Moment, side: int | None, terms: Terms, more: Callable[[Moment], dict[str, Tensor]]
) -> list[int] | None:
    made = {name: one.side(term, side) for name, term in (terms(one) | more(one)).items()}
    row = regress(one.side(one.after, side), made)
    if row is None and terms is of_a_step and one.kind.corrected:
        misfits = one.offered["misfits"]
        row = regress(one.after, made | {name: misfits[name] for name in misfits.terms})
    if row is None:
        return None
    return [int(name.split()[1]) for name, weight in row.items() if weight and name.startswith("draw ")]


def of_a_step(one: Moment) -> dict[str, Tensor]:
    """What a step is made of, but for its noise."""
    with torch.no_grad():
        found = {"x_t": one.x_t, "eps": one.network(one.x_t)}
    if one.kind.corrected:
        found[forms.MISFIT] = one.offered["misfits"][forms.MISFIT]
    return found
