"""Read a sampler: first what is seen at once, then the steps, and last what takes images that clipping reaches."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ....verdicts import Finding
from ..coefficients import regress
from ..evidence import Answer, Arguments, Ask
from ..formula import number
from . import forms
from .blends import blended_start, blends
from .chain import Chain, Start
from .clips import CLIPS, Clip
from .draws import FRESH, Draws, Source
from .kinds import KINDS, SMALL, Kind, calls, calls_with_defaults, clipping_calls, traces
from .moments import Moment, moments, of_a_step, sources
from .steps import Step, alike, at_a_level, right, steps
from .trace import Trace
from .visits import TOLD, Told, Visits, visits

OutOfTime = Callable[[], bool]


def read_chain(task: str, ask: Ask, out_of_time: OutOfTime) -> Iterator[Chain]:
    """Chains that take every step as the student's does; to be held against all answers."""
    kind = KINDS[task]
    made = list(calls(kind))
    followed = traces(kind, ask, iter(made), SMALL)
    if 2 * len(followed) < len(made):
        return
    large = traces(kind, ask, clipping_calls(kind), 1.0)
    spare = traces(kind, ask, calls_with_defaults(kind), SMALL)
    starts = list(_starts(kind, followed))
    structures = [
        (walk, told, found)
        for walk in visits(kind)
        for told in TOLD
        if (found := moments(kind, followed, walk, told)) is not None
    ]
    if all(_sees_start(trace) for trace in followed) and any(len(trace.asked) > 1 for trace in followed):
        yield from _hidden(kind, followed, starts, structures)
        return
    some = False
    for only_right in (True, False):
        for walk, told, found in structures[: None if only_right else 2]:
            for chain in _taken(kind, walk, told, found, only_right, out_of_time):
                for start in starts:
                    for clipped in _clips(replace(chain, start=start), large):
                        some = True
                        yield _with_defaults(clipped, spare)
        if some:
            return


def _taken(
    kind: Kind, walk: Visits, told: Told, found: list[Moment], only_right: bool, out_of_time: OutOfTime
) -> Iterator[Chain]:
    """Every way in which these steps may have been taken."""
    for side in (1, 0) if kind.blended else (None,):
        for noise in sources(found, side, of_a_step):
            some = False
            for step in steps(kind, _Answers(found, noise, side), out_of_time, only_right):
                chain = Chain(kind, walk, told, Start(_as_handed(kind)), step, noise)
                for one in blends(chain, found, 1 - (side or 0), only_right) if kind.blended else [chain]:
                    some = True
                    yield one
            if some or (not only_right and noise.kind == "unused"):
                break  # what is said of the step itself leaves nothing to be said of its noise


class _Answers:
    """The steps as calls of a function, made as they are asked for: most readings fail at the first."""

    def __init__(self, found: list[Moment], noise: Source, side: int | None) -> None:
        self.made = (one.answer(noise, side) for one in found)
        self.kept: list[Answer] = []

    def __iter__(self) -> Iterator[Answer]:
        yield from self.kept
        for one in self.made:
            self.kept.append(one)
            yield one


def _clips(chain: Chain, large: list[Trace]) -> Iterator[Chain]:
    """The chain with what it cuts off where."""
    found = moments(chain.kind, large, chain.visits, chain.told) or []
    for clip in (*CLIPS, *_other_ends(chain, found)):
        if all(one.gives(replace(chain, clip=clip)) for one in found):
            yield replace(chain, clip=clip)
            return


def _other_ends(chain: Chain, found: list[Moment]) -> Iterator[Clip]:
    """Cut off at other ends, which the estimates behind the steps show."""
    asked = [one for one in found if one.trace.arguments.get("clip_x0")]
    if not asked or chain.blend is not None:
        return
    seen = []
    for one in asked:
        share = forms.weights(chain.kind, one.offered)["x0"]
        plain = chain.stepped(one.offered | {"x0": one.offered["unclipped"]}, one.at, one.draws)
        seen.append(one.offered["unclipped"] + (one.after - plain) / share)
    low, high = (float(end) for end in torch.stack(seen).aminmax())
    said = f"With clip_x0 the estimate is cut off to [{number(low)}, {number(high)}]. Images lie in [-1, 1]."
    yield Clip(said, f"clipped to [{low:.4g}, {high:.4g}]", lambda x0, asked, at: x0.clamp(low, high) if asked else x0)


_DEFAULTS = (0.0, 1.0, -1.0, 0.5, 0.25, 1.5, -0.5, 2.0, 0.1)


def _with_defaults(chain: Chain, spare: list[Trace]) -> Chain:
    """The chain with the defaults that explain the calls without eta, and without a scale."""
    for trace in spare:
        left_out = "eta" if "eta" not in trace.arguments else "scale"
        ways = (replace(chain, defaults=_exchanged(chain, left_out, value)) for value in _DEFAULTS)
        chain = next((one for one in (chain, *ways) if replays(one, trace)), chain)
    return chain


def _exchanged(chain: Chain, name: str, value: float) -> tuple[tuple[str, float], ...]:
    return tuple((one, value if one == name else old) for one, old in chain.defaults)


# --- where the network does not see the current image


def _sees_start(trace: Trace) -> bool:
    shown = [one.shown for one in trace.asked]
    return all(bool((one == shown[0]).all()) for one in shown[1:])


def _hidden(kind: Kind, followed: list[Trace], starts: list[Start], structures: list) -> Iterator[Chain]:
    """The network is always shown the first image: right steps, replayed."""
    for walk, told, _ in structures:
        for rule in (FRESH, (2, 0, 0), (1, 1, 0)):
            for start in starts:
                chain = Chain(kind, walk, told, start, right(kind), Source(rule=rule), sees_start=True)
                for one in blends(chain, [], 0, True) if kind.blended else [chain]:
                    if all(replays(one, trace) for trace in followed):
                        yield one
                        return


def replays(chain: Chain, trace: Trace) -> bool:
    """Whether the chain as a whole gives a trace's result, from the answers and draws that it had."""
    numbers = {one.told: one.number for one in trace.asked}
    draws = iter(trace.draws)
    sources = {
        "eps_model": lambda x, t: trace.table.function(numbers[t])(x),
        "noise_fn": lambda x: next(draws, torch.zeros_like(x)),
    }
    try:
        made = chain.predict(trace.arguments | sources)
    except (RuntimeError, IndexError, KeyError, ValueError):
        return False
    return alike(made, trace.result)


# --- the image that the chain begins with


def _as_handed(kind: Kind) -> Callable[[Arguments, Draws], Tensor]:
    return lambda arguments, draws: arguments[kind.start]


def _starts(kind: Kind, followed: list[Trace]) -> Iterator[Start]:
    if kind.noised:
        yield from _noised(followed)
        return
    if all(alike(trace.states[0], trace.arguments[kind.start]) for trace in followed):
        yield Start(_as_handed(kind))
    elif kind.blended:
        yield from blended_start(followed)


_LEVELS: tuple[tuple[str, str, Callable[[list[int], int, int], int]], ...] = (
    ("", "", lambda listed, start, T: listed[start]),
    (
        "The image is noised to timesteps[start − 1], one entry too far. The chain begins at timesteps[start].",
        "noised to timesteps[start - 1]",
        lambda listed, start, T: listed[start - 1],
    ),
    (
        "The image is noised to timesteps[start − 1], one entry too far. The chain begins at timesteps[start].",
        "noised to timesteps[max(start - 1, 0)]",
        lambda listed, start, T: listed[max(start - 1, 0)],
    ),
    (
        "The image is noised to the level where the first step ends instead of where it begins.",
        "noised to timesteps[start + 1]",
        lambda listed, start, T: [*listed, -1][start + 1],
    ),
    (
        "The image is noised to the level where the first step ends instead of where it begins.",
        "noised to timesteps[start + 1], which is not there after the last one",
        lambda listed, start, T: listed[start + 1],
    ),
    (
        "The image is noised to the level where the first step ends instead of where it begins.",
        "noised to timesteps[min(start + 1, last)]",
        lambda listed, start, T: listed[min(start + 1, len(listed) - 1)],
    ),
    (
        "start is used as a timestep when the image is noised. It is a position in the list.",
        "noised to start",
        lambda listed, start, T: start,
    ),
    (
        "The image is noised to the first timestep of the list. It is to be noised to timesteps[start].",
        "noised to timesteps[0]",
        lambda listed, start, T: listed[0],
    ),
    (
        "The image is noised to the second timestep of the list. It is to be noised to timesteps[start].",
        "noised to timesteps[1]",
        lambda listed, start, T: listed[1],
    ),
    (
        "The image is noised to the last timestep of the list. It is to be noised to timesteps[start].",
        "noised to timesteps[-1]",
        lambda listed, start, T: listed[-1],
    ),
    (
        "The image is noised to the last training step. It is to be noised to timesteps[start].",
        "noised to T - 1",
        lambda listed, start, T: T - 1,
    ),
    (
        "For the noising start is counted from the clean end of the list. It counts from the noisy end.",
        "noised to timesteps[len(timesteps) - 1 - start]",
        lambda listed, start, T: listed[len(listed) - 1 - start],
    ),
    (
        "For the noising start is counted from the clean end of the list. It counts from the noisy end.",
        "noised to timesteps[-start]",
        lambda listed, start, T: listed[-start],
    ),
    (
        "The image is noised to one timestep below timesteps[start].",
        "noised to timesteps[start] - 1",
        lambda listed, start, T: listed[start] - 1,
    ),
    (
        "The image is noised to one timestep above timesteps[start].",
        "noised to timesteps[start] + 1",
        lambda listed, start, T: listed[start] + 1,
    ),
)


_NOISING, _AT_THE_START = "noising.add_noise", "at the start"


def _noised(followed: list[Trace]) -> Iterator[Start]:
    """SDEdit: to which level the image is noised, and with what."""
    drawn = _draws_its_own(followed)
    said = (Finding("The noise for the start is drawn inside. It is an argument.", "the start is drawn"),) * drawn

    def answers(level: Callable[[list[int], int, int], int]) -> list[Answer]:
        return [
            Answer(
                _noising(trace.arguments, Draws(_as_drawn, trace.result, list(trace.draws)), level, drawn),
                trace.states[0],
            )
            for trace in followed
        ]

    def start(step: Step, level: Callable[[list[int], int, int], int], *found: Finding) -> Start:
        def make(arguments: Arguments, draws: Draws) -> Tensor:
            return step.compute(_noising(arguments, draws, level, drawn))

        return Start(make, (*said, *found), step.part)

    some = False
    for student, staff, level in _LEVELS:
        try:
            step = next(at_a_level(_NOISING, _AT_THE_START, answers(level), only_right=True), None)
        except IndexError:  # that entry is not there in a call which came back with an image
            continue
        if step is not None:
            some = True
            yield start(step, level, *([Finding(student, staff)] if staff else []))
    if not some:
        level = _LEVELS[0][2]
        for step in at_a_level(_NOISING, _AT_THE_START, answers(level)):
            yield start(step, level, *(_at_the_start(one) for one in step.said))


def _noising(arguments: Arguments, draws: Draws, level: Callable[[list[int], int, int], int], drawn: bool) -> Arguments:
    abar = arguments["alphas_cumprod"]
    noise = draws[0] if drawn else arguments["noise"]
    t = level(arguments["timesteps"], arguments["start"], len(abar))
    return {"x0": arguments["image"], "noise": noise, "t": t, "alphas_cumprod": abar}


def _draws_its_own(followed: list[Trace]) -> bool:
    """Whether the first draw, and not the argument, is the noise of the start."""
    for trace in followed:
        if not trace.asked[0].drawn:
            return False
        row = regress(trace.states[0], {"image": trace.arguments["image"], "draw": trace.draws[0]})
        if row is None:
            return False
    return True


def _as_drawn(x: Tensor) -> Tensor:
    raise IndexError("a draw that was not made")


def _at_the_start(one: Finding) -> Finding:
    student = one.student.replace("Your weight of x0", "At the start your weight of the image")
    student = student.replace("Your weight", "At the start your weight")
    return replace(
        one,
        student=student if student != one.student else f"At the start: {one.student}",
        staff=f"at the start: {one.staff}",
    )
