"""Inpainting: what a chain puts back after a step, at which level, with which noise, and when not at all."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from ....contract.reference import reference_function
from ....verdicts import Finding
from ..evidence import Answer, Arguments
from . import forms
from .chain import Blend, Chain, Start
from .draws import STAND_INS, Draws, Source
from .moments import Moment, sources
from .steps import Step, alike, at_a_level
from .trace import Trace
from .visits import Place

TASK = "editing.repaint_blend"
_PARTS = ("x_prev", "x_orig", "edit_mask", "noise", "t_prev", "alphas_cumprod")

_SKIPPED: tuple[tuple[str, str, Callable[[Place], bool]], ...] = (
    ("", "", lambda at: False),
    (
        "After the last step the known part is not put back, so it differs from the original.",
        "no blend after the last step",
        lambda at: at.last,
    ),
    (
        "The known part is put back only at the very end, so the new content never sees it.",
        "blend after the last step only",
        lambda at: not at.last,
    ),
    (
        "After the first step the known part is not put back.",
        "no blend after the first step",
        lambda at: at.k == 0,
    ),
    ("The known part is never put back.", "no blend at all", lambda at: True),
)
_LEVELS: tuple[tuple[str, str, Callable[[Place], int]], ...] = (
    ("", "", lambda at: at.t_prev),
    (
        "The known part is put back at the level where the step began. Where has the step led?",
        "blend at t",
        lambda at: at.t,
    ),
    (
        "Only the last known part is wrong: it is put back at the last timestep's level instead of clean.",
        "last blend at t",
        lambda at: at.t if at.last else at.t_prev,
    ),
    (
        "The last known part is put back at the level of index 0, where a little noise is left, instead of clean.",
        "last blend at timestep 0",
        lambda at: max(at.t_prev, 0),
    ),
    (
        "The last known part is put back at the level of index -1 of the schedule, its noisiest entry.",
        "last blend at alphas_cumprod[-1]",
        lambda at: at.t_prev if at.t_prev >= 0 else at.T - 1,
    ),
    (
        "At timestep 0 the known part is pasted in clean. Index 0 is already one step of noise.",
        "blend at 0 taken for clean",
        lambda at: at.t_prev if at.t_prev > 0 else -1,
    ),
    (
        "The known part is one level too noisy. Which level has the step reached?",
        "blend at t_prev + 1",
        lambda at: at.t_prev + 1,
    ),
    (
        "The known part is one level too clean.",
        "blend at t_prev - 1",
        lambda at: max(at.t_prev - 1, -1),
    ),
    ("The known part is put back at level t - 1.", "blend at t - 1", lambda at: at.t - 1),
    (
        "The known part is put back clean at every step, next to content that is still noisy.",
        "blend at -1",
        lambda at: -1,
    ),
)


def right_blend() -> Step:
    blend = reference_function(TASK)
    return Step(lambda given: blend(**{name: given[name] for name in _PARTS}))


def blends(chain: Chain, found: list[Moment], side: int, only_right: bool) -> Iterator[Chain]:
    """The chain with every way to put the known part back that gives these images; it is on that side of the mask."""
    if not found:
        yield replace(chain, blend=Blend(right_blend()))
        return
    before = {id(one): chain.stepped(one.offered, one.at, one.draws) for one in found}
    for student, staff, skipped in _SKIPPED:
        bare = [one for one in found if skipped(one.at)]
        put = [one for one in found if not skipped(one.at)]
        if not all(alike(before[id(one)], one.after) for one in bare):
            continue
        said = (Finding(student, staff),) if staff else ()
        some = False
        noises = sources(put, side, _known_part(before)) if put else iter([Source("unused")])
        for noise in (one for one in noises if one.kind not in STAND_INS):
            for one in _levelled(chain, put, before, noise, skipped, said, only_right):
                some = True
                yield one
        if some:
            return
    replaced = replace(chain, blend=_INTO_THE_ESTIMATE, blend_noise=Source("unused"))
    if not only_right and all(one.gives(replaced) for one in found):
        yield replaced


def _with_the_estimate_replaced(given: Arguments) -> Tensor:
    """The step's result, as if its estimate had been the original's pixels where these are known."""
    abar, before = (forms.level(given["alphas_cumprod"], given[name]) for name in ("t", "t_prev"))
    share = before.sqrt() * (1 - abar / before) / (1 - abar)
    return given["x_prev"] + share * (1 - given["edit_mask"]) * (given["x_orig"] - given["x0"])


_INTO_THE_ESTIMATE = Blend(
    Step(_with_the_estimate_replaced),
    said=(
        Finding(
            "The known part is put into the estimate of the clean image before each step. It belongs into the result of "
            "the step, noised to the level that the step has reached.",
            "known part put into x0 before the step",
        ),
    ),
)


def _levelled(
    chain: Chain,
    put: list[Moment],
    before: dict[int, Tensor],
    noise: Source,
    skipped: Callable[[Place], bool],
    said: tuple[Finding, ...],
    only_right: bool,
) -> Iterator[Chain]:
    for student, staff, level in _LEVELS:
        blend = Blend(right_blend(), level, skipped, (*said, *([Finding(student, staff)] if staff else [])))
        made = replace(chain, blend=blend, blend_noise=noise)
        if all(one.gives(made) for one in put):
            yield made
            return
    if only_right:
        return
    bare = replace(chain, blend=Blend(right_blend()), blend_noise=noise)
    seen = []
    for one in put:
        arguments = bare.blended(one.trace.arguments, one.at, before[id(one)], one.offered["x_t"], one.draws)
        seen.append(Answer({name: arguments[name] for name in _PARTS}, one.after))
    for step in at_a_level(TASK, "in every blend", seen):
        named = replace(step, said=tuple(_in_every_blend(finding) for finding in step.said))
        yield replace(chain, blend=Blend(named, skipped=skipped, said=said), blend_noise=noise)


def _in_every_blend(one: Finding) -> Finding:
    return replace(one, student=f"In every blend: {one.student}", staff=f"in every blend: {one.staff}")


def _known_part(before: dict[int, Tensor]) -> Callable[[Moment], dict[str, Tensor]]:
    return lambda one: {"x_orig": one.trace.arguments["x_orig"], "x_prev": before[id(one)]}


def blended_start(followed: list[Trace]) -> Iterator[Start]:
    """x_T blended with the original at the first level."""
    blend = reference_function(TASK)

    def make(arguments: Arguments, draws: Draws) -> Tensor:
        rest = {name: arguments[name] for name in ("x_orig", "edit_mask", "alphas_cumprod")}
        return blend(x_prev=arguments["x_T"], noise=draws[0], t_prev=arguments["timesteps"][0], **rest)

    def gives(trace: Trace) -> bool:
        return bool(trace.draws) and alike(
            make(trace.arguments, Draws(_none, trace.result, list(trace.draws))), trace.states[0]
        )

    if all(gives(trace) for trace in followed):
        said = "Besides the blends after the steps there is one before the first. x_T is used as it comes."
        yield Start(make, (Finding(said, "x_T is blended at the start"),))


def _none(x: Tensor) -> Tensor:
    raise IndexError("a draw that was not made")
