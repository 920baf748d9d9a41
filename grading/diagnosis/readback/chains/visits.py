"""Which timesteps a chain visits, and what the network is told there: ways to do it, the right one first."""

from collections.abc import Callable
from dataclasses import dataclass

from ..evidence import Arguments
from .kinds import Kind

Pairs = list[tuple[int, int]]  # (t, t_prev) of every step


@dataclass(frozen=True)
class Visits:
    student: str
    staff: str
    pairs: Callable[[Arguments], Pairs]


@dataclass(frozen=True)
class Place:
    """Where in a chain a step is."""

    k: int  # of S steps
    S: int
    t: int
    t_prev: int
    T: int
    first: int  # timestep of the list

    @property
    def last(self) -> bool:
        return self.k == self.S - 1


@dataclass(frozen=True)
class Told:
    student: str
    staff: str
    number: Callable[[Place], float]


def steps(listed: list[int]) -> Pairs:
    return list(zip(listed, [*listed[1:], -1]))


def visits(kind: Kind) -> list[Visits]:
    def along(change: Callable[[list[int], Arguments], Pairs]) -> Callable[[Arguments], Pairs]:
        return lambda arguments: change(kind.listed(arguments), arguments)

    found = [Visits(student, staff, along(change)) for student, staff, change in _WALKS]
    return found + ([Visits(*one) for one in _STARTS] if kind.noised else [])


Stride = Callable[[list[int], Arguments], int]
_SAME = "The distance between timesteps is taken to be "
_STRIDES: tuple[tuple[str, str, Stride], ...] = (
    (
        f"{_SAME}the same everywhere. Each entry leads to the next one.",
        "t - T // S",
        lambda L, a: len(a["alphas_cumprod"]) // len(L),
    ),
    (
        f"{_SAME}that of the first two. Each entry leads to the next one.",
        "t - (timesteps[0] - timesteps[1])",
        lambda L, a: L[0] - L[1] if len(L) > 1 else L[0] + 1,
    ),
    (
        f"{_SAME}that of the last two. Each entry leads to the next one.",
        "t - (timesteps[-2] - timesteps[-1])",
        lambda L, a: L[-2] - L[-1] if len(L) > 1 else L[0] + 1,
    ),
)


def _in_strides(stride: Stride, least: int, ends: bool) -> Callable[[list[int], Arguments], Pairs]:
    """Every step as far as the others, but not below ``least``; where it ``ends`` so, the last to the clean image."""

    def walk(listed: list[int], arguments: Arguments) -> Pairs:
        pairs = [(t, max(t - stride(listed, arguments), least)) for t in listed]
        return [*pairs[:-1], (listed[-1], -1)] if ends else pairs

    return walk


_WALKS: tuple[tuple[str, str, Callable[[list[int], Arguments], Pairs]], ...] = (
    ("", "", lambda L, a: steps(L)),
    (
        "The chain stops at the last timestep of the list. That one has a step too, to the clean image.",
        "last step missing",
        lambda L, a: steps(L)[:-1],
    ),
    ("The first timestep of the list is skipped.", "first timestep skipped", lambda L, a: steps(L[1:])),
    (
        "The first timestep of the list is skipped, and the chain stops at the last one.",
        "first and last step missing",
        lambda L, a: steps(L[1:])[:-1],
    ),
    (
        "Every step goes down by one level only, while the network is asked at timesteps that are further apart.",
        "t - 1 for t_prev",
        lambda L, a: [(t, t - 1) for t in L],
    ),
    *(
        (said, f"t_prev = {staff}, {least} at least" + ", -1 in the last step" * ends, _in_strides(stride, least, ends))
        for said, staff, stride in _STRIDES
        for least, ends in ((-1, False), (-1, True), (0, True), (0, False))
    ),
    (
        "Every step goes to the entry after the next one, the last two to the clean image.",
        "timesteps[i + 2] for timesteps[i + 1]",
        lambda L, a: list(zip(L, [*L[2:], -1, -1])),
    ),
    (
        "Every step goes straight to the clean image.",
        "t_prev = -1 in every step",
        lambda L, a: [(t, -1) for t in L],
    ),
    (
        "Every step leaves the image where it was: t_prev is t, or the result of the step is not used.",
        "t_prev = t",
        lambda L, a: [(t, t) for t in L],
    ),
    (
        "The last step leads to timestep 0, where a little noise is left, instead of to the clean image.",
        "t_prev = 0 in the last step",
        lambda L, a: [*steps(L)[:-1], (L[-1], 0)],
    ),
    (
        "The last step but one leads to the clean image already. It is to lead to the last timestep of the list.",
        "t_prev = -1 in the last two steps",
        lambda L, a: [*steps(L)[:-2], *((t, -1) for t in L[-2:])],
    ),
    (
        "The last step leads to timestep 1 instead of to the clean image.",
        "t_prev = 1 in the last step",
        lambda L, a: [*steps(L)[:-1], (L[-1], 1)],
    ),
    (
        "The last step ends at the timestep where it begins instead of at the clean image.",
        "t_prev = t in the last step",
        lambda L, a: [*steps(L)[:-1], (L[-1], L[-1])],
    ),
    (
        "The last step leads back to the first timestep of the list instead of to the clean image.",
        "t_prev = timesteps[0] in the last step",
        lambda L, a: [*steps(L)[:-1], (L[-1], L[0])],
    ),
    (
        "The last step leads to timesteps[0] of the whole list instead of to the clean image.",
        "t_prev = timesteps[0] of the whole list in the last step",
        lambda L, a: [*steps(L)[:-1], (L[-1], a["timesteps"][0])],
    ),
    (
        "The result is the first estimate of the clean image; the chain has to refine it.",
        "one step from the first timestep",
        lambda L, a: steps(L[:1]),
    ),
    ("Only the last timestep of the list is visited.", "last timestep only", lambda L, a: steps(L[-1:])),
    (
        "The given list of timesteps is not used: the chain visits every timestep below its first one.",
        "timesteps[0] … 0 instead of the list",
        lambda L, a: steps(list(range(L[0], -1, -1))),
    ),
    (
        "The given list of timesteps is not used: the chain visits every training step.",
        "T - 1 … 0 instead of the list",
        lambda L, a: steps(list(range(len(a["alphas_cumprod"]) - 1, -1, -1))),
    ),
    (
        "The steps are taken from the clean end upwards. Sampling starts at the noisy end.",
        "the steps in reversed order",
        lambda L, a: steps(L)[::-1],
    ),
    (
        "The list is walked from its end to its beginning. Sampling starts at the noisy end.",
        "the list reversed",
        lambda L, a: steps(L[::-1]),
    ),
    (
        "The last timestep but one leads straight to the clean image: the last one of the list is never visited.",
        "last timestep skipped",
        lambda L, a: steps(L[:-1]),
    ),
    (
        "Only every other timestep of the list is visited.",
        "timesteps[::2]",
        lambda L, a: steps(L[::2]),
    ),
)

_STARTS: tuple[tuple[str, str, Callable[[Arguments], Pairs]], ...] = (
    (
        "The whole chain is run from the top. The image enters it at timesteps[start].",
        "the chain over the whole list",
        lambda a: steps(a["timesteps"]),
    ),
    (
        "The chain begins one entry too early: it is to begin at the level that the image is noised to.",
        "timesteps[start - 1:]",
        lambda a: steps(a["timesteps"][a["start"] - 1 :]),
    ),
    (
        "The chain begins one entry too early: it is to begin at the level that the image is noised to.",
        "timesteps[max(start - 1, 0):]",
        lambda a: steps(a["timesteps"][max(a["start"] - 1, 0) :]),
    ),
    (
        "The chain runs over the entries before start. Those after it are what is left.",
        "timesteps[:start]",
        lambda a: steps(a["timesteps"][: a["start"]]),
    ),
    (
        "The chain begins as many entries from the clean end as start says. start counts from the noisy end.",
        "timesteps[-start:]",
        lambda a: steps(a["timesteps"][-a["start"] :]),
    ),
    (
        "A larger start gives more noise here: it is counted from the clean end. The list falls from its first entry.",
        "timesteps[len(timesteps) - 1 - start:]",
        lambda a: steps(a["timesteps"][len(a["timesteps"]) - 1 - a["start"] :]),
    ),
)

TOLD: tuple[Told, ...] = (
    Told("", "", lambda p: p.t),
    Told(
        "The network is told the loop's index instead of the timestep.",
        "index for timestep",
        lambda p: p.k,
    ),
    Told(
        "The network is told the number of the steps that are left instead of the timestep.",
        "S - 1 - index for timestep",
        lambda p: p.S - 1 - p.k,
    ),
    Told(
        "The network is told the number of the steps that are left instead of the timestep.",
        "S - index for timestep",
        lambda p: p.S - p.k,
    ),
    Told(
        "The network is told the timestep where the step ends. The image that it is shown is still at the beginning.",
        "t_prev for t",
        lambda p: p.t_prev,
    ),
    Told(
        "The network is told the timestep where the step ends. The image that it is shown is still at the beginning.",
        "t_prev for t, 0 in the last step",
        lambda p: max(p.t_prev, 0),
    ),
    Told(
        "The network is told the timestep below the one that its image has.",
        "t - 1 for t",
        lambda p: p.t - 1,
    ),
    Told(
        "The network is told the timestep below the one that its image has.",
        "t - 1 for t, 0 at 0",
        lambda p: max(p.t - 1, 0),
    ),
    Told(
        "The network is told the timestep above the one that its image has.",
        "t + 1 for t",
        lambda p: p.t + 1,
    ),
    Told(
        "The network is told the timestep as a fraction of all timesteps. It takes the timestep itself.",
        "t / T for t",
        lambda p: p.t / p.T,
    ),
    Told(
        "The network is told the timestep as a fraction of all timesteps. It takes the timestep itself.",
        "t / (T - 1) for t",
        lambda p: p.t / (p.T - 1),
    ),
    Told(
        "The network is told the timestep counted from the other end.",
        "T - 1 - t for t",
        lambda p: p.T - 1 - p.t,
    ),
    Told("The network is always told timestep 0.", "0 for t", lambda p: 0),
    Told("The network is always told the last training step.", "T - 1 for t", lambda p: p.T - 1),
    Told(
        "The network is always told the first timestep of the list.",
        "timesteps[0] for t",
        lambda p: p.first,
    ),
    Told("The network is told half the timestep.", "t // 2 for t", lambda p: p.t // 2),
    Told("The network is told twice the timestep.", "2 t for t", lambda p: 2 * p.t),
)


def place(pairs: Pairs, k: int, kind: Kind, arguments: Arguments) -> Place:
    return Place(k, len(pairs), *pairs[k], len(arguments["alphas_cumprod"]), kind.listed(arguments)[0])
