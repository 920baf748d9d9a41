"""The five samplers: what each of them is made of, and the calls whose steps are followed."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from ....checking.points import Draw
from ....sandbox.crossing.values import Probe
from ..evidence import Arguments
from ..known.schedule import schedule
from .trace import Trace, follow

T = 40
# Chains of eight steps, of one or two, of eight at eta = 0, and of two where it is of interest how a chain begins.
LONG, SHORT, STILL, STARTS = 7, 10, 2, 12
SMALL = 0.02  # of images that no clipping reaches


@dataclass(frozen=True)
class Kind:
    task: str
    step: str  # the graded function that is one step of it
    start: str = "x_T"  # the argument that the chain begins with
    blended: bool = False
    corrected: bool = False

    @property
    def noised(self) -> bool:
        """The chain begins with an image that is noised first."""
        return self.start == "image"

    @property
    def clips(self) -> bool:
        return not (self.noised or self.blended or self.corrected)

    @property
    def eta(self) -> bool:
        return self.step == "ddim.ddim_step"

    def listed(self, arguments: Arguments) -> list[int]:
        """The timesteps that are to be visited."""
        return arguments["timesteps"][arguments.get("start", 0) :]


KINDS = {
    kind.task: kind
    for kind in (
        Kind("ddpm.sample_ddpm", "ddpm.posterior_step"),
        Kind("ddim.sample_ddim", "ddim.ddim_step"),
        Kind("editing.sdedit", "ddpm.posterior_step", start="image"),
        Kind("editing.inpaint", "ddpm.posterior_step", blended=True),
        Kind("dps.sample_dps", "ddim.ddim_step", corrected=True),
    )
}


def calls(kind: Kind) -> Iterator[Arguments]:
    """Small images, a schedule of its own for every chain, uneven strides; every other chain ends at timestep 0."""
    draw = Draw([31, len(kind.task)])
    counts = [8] * LONG + [1, 2] * (SHORT // 2) + ([8] * STILL if kind.eta else [2] * STARTS if kind.noised else [])
    for number, count in enumerate(counts):
        last = 0 if number % 2 else draw.integer(3, 5 if count > 2 else 20)
        arguments = _call(kind, draw, _strided(draw, count, last, kind.noised), SMALL)
        still = number >= LONG + SHORT
        yield arguments | ({"eta": 0.0 if still else draw.number(0.2, 0.9)} if kind.eta else {})


def calls_with_defaults(kind: Kind) -> Iterator[Arguments]:
    """Nothing is said of eta, then nothing of the scale."""
    draw = Draw([33, len(kind.task)])
    for left_out in ("eta", "scale") if kind.corrected else ("eta",) if kind.eta else ():
        arguments = _call(kind, draw, _strided(draw, 3, 3, False), SMALL) | {"eta": 0.5}
        yield {name: value for name, value in arguments.items() if name != left_out}


def clipping_calls(kind: Kind) -> Iterator[Arguments]:
    """Images whose estimates are far outside [-1, 1], on request clipped and not."""
    draw = Draw([32, len(kind.task)])
    for asked in (False, True) if kind.clips else (False,):
        arguments = _call(kind, draw, _strided(draw, 4, 3, kind.noised), 1.0)
        yield arguments | ({"clip_x0": asked} if kind.clips else {}) | ({"eta": 0.5} if kind.eta else {})


def traces(kind: Kind, ask, made: Iterator[Arguments], size: float) -> list[Trace]:
    """Those of the calls that came back with an image."""
    found = (
        follow(ask, arguments, arguments[kind.start], number, 1.0 if kind.corrected else size, kind.corrected)
        for number, arguments in enumerate(made)
    )
    return [trace for trace in found if trace is not None]


def _strided(draw: Draw, count: int, last: int, noised: bool) -> tuple[list[int], int]:
    """Timesteps at least 3 apart, and where SDEdit is to start."""
    start = draw.integer(1, 3) if noised else 0
    timesteps = [last]
    for _ in range(count - 1):
        timesteps.append(timesteps[-1] + draw.integer(3, 4))
    timesteps += [timesteps[-1] + 2 * i for i in range(1, start + 1)]
    return timesteps[::-1], start


def _call(kind: Kind, draw: Draw, where: tuple[list[int], int], size: float) -> Arguments:
    timesteps, start = where
    shape = (1, 2, 5, 6) if kind.corrected else (2, 2, 5, 6)
    size = 1.0 if kind.corrected else size

    def image() -> Tensor:
        return size * draw.image(*shape)

    arguments = {kind.start: image(), "timesteps": timesteps, "alphas_cumprod": schedule(draw, T)}
    if kind.noised:
        arguments |= {"noise": image(), "start": start}
    if kind.blended:
        arguments |= {"x_orig": image(), "edit_mask": draw.mask(*shape)}
    if kind.corrected:
        arguments |= {"measurement": image(), "operator": Probe("saturate"), "scale": draw.number(0.3, 2.0)}
    return arguments
