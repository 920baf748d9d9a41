"""A whole chain as it was read: replayed on any call, it must give what the student's function gave."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ....verdicts import Finding
from ..evidence import ANYTHING, Arguments
from . import forms
from .draws import Draws, Source
from .kinds import Kind
from .steps import Step
from .visits import Place, Told, Visits, place

Image = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Clip:
    """What is cut off where: the estimate of the clean image, or the image after the step."""

    student: str = ""
    staff: str = ""
    estimate: Callable[[Tensor, bool], Tensor] = lambda x0, asked: x0.clamp(-1, 1) if asked else x0
    image: Callable[[Tensor, bool, bool], Tensor] = lambda x, asked, last: x
    direction: bool = False  # eps is derived anew from the clipped estimate


CLIPS = (
    Clip(),
    Clip("clip_x0 has no effect.", "never clipped", lambda x0, asked: x0),
    Clip(
        "The estimate of the clean image is cut off to [-1, 1] although nobody asked for it.",
        "always clipped",
        lambda x0, asked: x0.clamp(-1, 1),
    ),
    Clip(
        "clip_x0 is turned round: the estimate is cut off unless it is asked for.",
        "clipped where it is not asked for",
        lambda x0, asked: x0 if asked else x0.clamp(-1, 1),
    ),
    Clip(
        "The range for clipping is that of images in [0, 1]. Here they lie in [-1, 1].",
        "clipped to [0, 1]",
        lambda x0, asked: x0.clamp(0, 1) if asked else x0,
    ),
    Clip(
        "clip_x0 cuts the estimate off at -1 only.",
        "clipped at -1 only",
        lambda x0, asked: x0.clamp(min=-1) if asked else x0,
    ),
    Clip(
        "clip_x0 cuts the estimate off at 1 only.",
        "clipped at 1 only",
        lambda x0, asked: x0.clamp(max=1) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is cut off to [-2, 2]. Images lie in [-1, 1].",
        "clipped to [-2, 2]",
        lambda x0, asked: x0.clamp(-2, 2) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is cut off to [-½, ½]. Images lie in [-1, 1].",
        "clipped to [-½, ½]",
        lambda x0, asked: x0.clamp(-0.5, 0.5) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is squashed by tanh. It is to be cut off.",
        "tanh for clamp",
        lambda x0, asked: x0.tanh() if asked else x0,
    ),
    Clip(
        "clip_x0 cuts off the noisy image instead of the estimate of the clean one.",
        "x_t clipped after every step",
        lambda x0, asked: x0,
        lambda x, asked, last: x.clamp(-1, 1) if asked else x,
    ),
    Clip(
        "clip_x0 acts on the result only. Every estimate along the way is to be clipped.",
        "only the result clipped",
        lambda x0, asked: x0,
        lambda x, asked, last: x.clamp(-1, 1) if asked and last else x,
    ),
    Clip(
        "The image is cut off to [-1, 1] after every step although nobody asked for it. Noisy images exceed that range.",
        "x_t always clipped",
        image=lambda x, asked, last: x.clamp(-1, 1),
    ),
    Clip(
        "The result is cut off to [-1, 1] although nobody asked for it.",
        "result always clipped",
        image=lambda x, asked, last: x.clamp(-1, 1) if last else x,
    ),
    Clip(
        "With clip_x0 the direction term changes as well. Only the estimate of the clean image is clipped here.",
        "eps derived anew from the clipped x0",
        direction=True,
    ),
)


@dataclass(frozen=True)
class Start:
    """The image that the chain begins with."""

    make: Callable[[Arguments, Draws], Tensor]
    said: tuple[Finding, ...] = ()


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

        x = self.stepped(given(self.kind, arguments, at, x_t, network, self.clip), at, draws)
        if self.blend is not None and not self.blend.skipped(at):
            x = self.blend.step(self.kind, self.blended(arguments, at, x, x_t, draws))
        return self.clip.image(x, bool(arguments.get("clip_x0")), at.last)

    def stepped(self, offered: Arguments, at: Place, draws: Draws) -> Tensor:
        return self.step(self.kind, offered | {"noise": self.noise.tensor(at, offered, draws)})

    def blended(self, arguments: Arguments, at: Place, x: Tensor, x_t: Tensor, draws: Draws) -> Arguments:
        assert self.blend is not None
        offered = {name: arguments[name] for name in ("x_orig", "edit_mask", "alphas_cumprod", self.kind.start)}
        offered |= {"x_prev": x, "x_t": x_t, "t_prev": self.blend.level(at)}
        return offered | {"noise": self.blend_noise.tensor(at, offered, draws)}

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
    x0 = clip.estimate(unclipped, asked)
    if clip.direction and asked:
        level = forms.level(abar, at.t)
        eps = (x_t - level.sqrt() * x0) / (1 - level).sqrt()
    x0 = unclipped if x0 is unclipped else x0
    offered = {"x_t": x_t, "eps": eps, "x0": x0, "unclipped": unclipped, "t": at.t, "t_prev": at.t_prev}
    offered |= {"alphas_cumprod": abar, "clip": lambda x: clip.estimate(x, asked), "estimate": estimate}
    offered |= {"network": network}
    names = ("eta", "scale", "measurement", "operator", kind.start, "noise" if kind.noised else "")
    return offered | {
        f"{name}_of_the_start" if name == "noise" else name: arguments[name] for name in names if name in arguments
    }


def _drawing(seed: int) -> Image:
    generator = torch.Generator().manual_seed(seed)
    return lambda x: torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.dtype)
