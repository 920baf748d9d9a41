"""A whole chain as it was read: replayed on any call, it must give what the student's function gave."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ....verdicts import Finding
from ..evidence import ANYTHING, Arguments
from . import forms
from .clips import CLIPS, Clip, Level
from .draws import Draws, Source
from .kinds import Kind
from .steps import Part, Step
from .visits import Place, Told, Visits, place

Image = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Start:
    """The image that the chain begins with."""

    make: Callable[[Arguments, Draws], Tensor]
    said: tuple[Finding, ...] = ()
    part: Part | None = None


@dataclass(frozen=True)
class Blend:
    """What happens after a step of an inpainting chain: at which level and with what the known part is put back."""

    step: Step
    level: Callable[[Place], int] = lambda at: at.t_prev
    skipped: Callable[[Place], bool] = lambda at: False
    said: tuple[Finding, ...] = ()


_FRESH, _EVERY_OTHER = Source(), Source(rule=(2, 0, 1))


@dataclass(frozen=True)
class Chain:
    kind: Kind
    visits: Visits
    told: Told
    start: Start
    step: Step
    noise: Source = _FRESH
    blend: Blend | None = None
    blend_noise: Source = _EVERY_OTHER
    clip: Clip = CLIPS[0]
    sees_start: bool = False  # the network is shown the first image at every step
    defaults: tuple[tuple[str, float], ...] = (("eta", 0.0), ("scale", 0.5))

    def predict(self, arguments: Arguments) -> Any:
        if "noise_fn" in arguments:
            return self._run(arguments, arguments["noise_fn"])
        first, second = (self._run(arguments, _drawing(seed)) for seed in (1, 2))
        return first if bool(torch.isclose(first, second, 1e-7, 1e-7).all()) else ANYTHING

    def _run(self, arguments: Arguments, noise_fn: Image) -> Tensor:
        arguments = {**dict[str, Any](self.defaults), **arguments} if self.kind.eta else arguments
        draws = Draws(noise_fn, arguments[self.kind.start])
        pairs = self.visits.pairs(arguments)
        first = x = self.start.make(arguments, draws)
        for k in range(len(pairs)):
            at = place(pairs, k, self.kind, arguments)
            x = self.after(at, arguments, x, first if self.sees_start else x, arguments["eps_model"], draws)
        return x.detach()

    def after(
        self, at: Place, arguments: Arguments, x_t: Tensor, shown: Tensor, eps_model: Callable, draws: Draws
    ) -> Tensor:
        """The image after one step."""
        told = self.told.number(at)
        told = int(told) if float(told).is_integer() else told

        def network(x: Tensor) -> Tensor:
            return eps_model(x if not self.sees_start else shown, told)

        offered = given(self.kind, arguments, at, x_t, network, self.clip)
        x = self.stepped(offered, at, draws)
        if self.blend is not None and not self.blend.skipped(at):
            blended = self.blended(arguments, at, x, x_t, draws)
            x = self.blend.step(self.kind, blended | {"x0": offered["x0"], "t": at.t})
        return self.clip.image(x, bool(arguments.get("clip_x0")), level_of(at, arguments))

    def stepped(self, offered: Arguments, at: Place, draws: Draws) -> Tensor:
        return self.step(self.kind, offered | {"noise": self.noise.tensor(at, offered, draws)})

    def blended(self, arguments: Arguments, at: Place, x: Tensor, x_t: Tensor, draws: Draws) -> Arguments:
        assert self.blend is not None
        offered = {name: arguments[name] for name in ("x_orig", "edit_mask", "alphas_cumprod", self.kind.start)}
        offered |= {"x_prev": x, "x_t": x_t, "t_prev": self.blend.level(at)}
        return offered | {"noise": self.blend_noise.tensor(at, offered, draws)}

    @property
    def parts(self) -> list[Part]:
        """The wrong formulas in it that were read."""
        blend = self.blend.step.part if self.blend is not None else None
        return [one for one in (self.start.part, self.step.part, blend) if one is not None]

    def findings(self) -> list[Finding]:
        found = [Finding(one.student, one.staff) for one in (self.visits, self.told) if one.staff]
        if self.sees_start:
            said = "The network is always shown the image that the chain starts with instead of the current one."
            found.append(Finding(said, "the network sees the start"))
        found += self.start.said
        found += self._noise_findings()
        found += self.step.said
        if self.blend is not None:
            found += [*self.blend.said, *self.blend.step.said]
        if self.clip.staff:
            found.append(Finding(self.clip.student, self.clip.staff))
        for (name, value), (_, expected) in zip(self.defaults, Chain.defaults):
            if value != expected:
                said = (
                    f"Called without {name}, your function takes {value:g} for it. The signature says another default."
                )
                found.append(Finding(said, f"{name} = {value:g} as the default, not {expected:g}"))
        return found

    def _noise_findings(self) -> list[Finding]:
        if self.blend is None:
            return self.noise.findings("step")
        draws = self.noise.kind == self.blend_noise.kind == "draw"
        if draws and self.noise.rule == self.blend_noise.rule:
            said = "Step and blend share one draw of noise. They have to be independent."
            shared = [Finding(said, "step and blend share a draw")]
            return [*shared, *self.noise.findings("step")]
        return [*self.noise.findings("step"), *self.blend_noise.findings("blend")]


def given(kind: Kind, arguments: Arguments, at: Place, x_t: Tensor, network: Image, clip: Clip) -> Arguments:
    """All that a step may use."""
    abar = arguments["alphas_cumprod"]
    x_t, asked = x_t.detach(), bool(arguments.get("clip_x0"))
    with torch.no_grad():
        eps = network(x_t)
    estimate = forms.estimate(at.t, abar)
    unclipped = estimate(x_t, eps)
    where = level_of(at, arguments)
    x0 = clip.estimate(unclipped, asked, where)
    if clip.direction and asked:
        level = forms.level(abar, at.t)
        eps = (x_t - level.sqrt() * x0) / (1 - level).sqrt()
    x0 = unclipped if x0 is unclipped else x0
    offered = {"x_t": x_t, "eps": eps, "x0": x0, "unclipped": unclipped, "t": at.t, "t_prev": at.t_prev}
    offered |= {"alphas_cumprod": abar, "clip": lambda x: clip.estimate(x, asked, where), "estimate": estimate}
    offered |= {"network": network}
    names = ("eta", "scale", "measurement", "operator", kind.start, "noise" if kind.noised else "")
    return offered | {
        f"{name}_of_the_start" if name == "noise" else name: arguments[name] for name in names if name in arguments
    }


def level_of(at: Place, arguments: Arguments) -> Level:
    return Level(at.k == 0, at.last, forms.level(arguments["alphas_cumprod"], at.t_prev).sqrt())


def _drawing(seed: int) -> Image:
    generator = torch.Generator().manual_seed(seed)
    return lambda x: torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.dtype)
