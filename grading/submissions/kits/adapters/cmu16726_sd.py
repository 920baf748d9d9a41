"""stable_diffusion/img2img.py: its main() runs on a model whose tables, image, noise and answers are chosen here.

Index 0 of its tables is the clean image, and they go on above N, so that what counts from the other end shows. A batch
is folded into the channels: the kit has one image at a time.
"""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from .cmu16726_given import arguments, holding, nothing, the_file
from .common import stands_for

Answer = Callable[[Tensor, int, Tensor], Tensor]  # one latent, its step, its condition -> eps
Noise = Callable[[int, Tensor], Tensor]  # after so many steps begun, for a latent like this


def _img2img() -> ModuleType:
    return the_file("img2img")


class _Ended(BaseException):
    """Enough of main() has run."""


class _Strength(float):
    """Any guidance strength: the kit's own assertion wants more than 1."""

    def __gt__(self, other: Any) -> bool:
        return True


class _Steps(int):
    """A number of steps of which some part, as students write for what they show, is never 0."""

    def __floordiv__(self, other: int) -> int:
        return max(1, int(self) // other)


@dataclass
class Walk:
    """What main() did: the latents that the network was asked about, by step, and what came of the last one."""

    latents: list[Tensor] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    drawn: dict[int, Tensor] = field(default_factory=dict)  # the last noise after so many steps begun
    guided: dict[str, Any] = field(default_factory=dict)  # main()'s own e_t, e_t_uncond, e_t_cond at the end
    last: Tensor | None = None
    error: BaseException | None = None

    @property
    def first(self) -> int:
        """The step that the network is asked about first; what has kept main() from asking is raised here."""
        if not self.steps:
            raise self.error or RuntimeError("main() asks the network nothing")
        return self.steps[0]

    @property
    def end(self) -> Tensor:
        """The last latent; what has kept main() from getting there is raised here."""
        if self.last is None:
            raise self.error or RuntimeError("main() decodes no latent")
        return self.last


def _walk(
    table: Tensor,
    steps: int,
    image: Tensor,
    noise: Noise,
    answer: Answer,
    strength: float = 0.0,
    most: int | None = None,
    conditions: tuple[Tensor, Tensor] | None = None,
) -> Walk:
    """Run main() from this latent image over so many steps of this table of ᾱ; after ``most`` steps it is stopped."""
    walk, met = Walk(), set[bool]()
    uncond, cond = conditions or (torch.zeros(1, 1, 1), torch.ones(1, 1, 1))

    def ended(latent: Tensor) -> None:
        walk.last = latent.clone()
        walk.guided = _estimates(sys._getframe(1))
        raise _Ended

    def apply_model(x: Tensor, t: Any, c: Tensor) -> Tensor:
        step, asked = int(torch.as_tensor(t).flatten()[0]), {bool(torch.equal(row, cond[0])) for row in c}
        if not walk.steps or step != walk.steps[-1] or met & asked:
            walk.steps.append(step)
            walk.latents.append(x[: max(1, len(x) // len(c))].clone())
            if most is not None and len(walk.steps) > most:
                ended(walk.latents[-1])
            met.clear()
        met.update(asked)
        return torch.cat([answer(one[None], step, row) for one, row in zip(x, c)])

    def drawn(like: Tensor) -> Tensor:
        made = noise(len(walk.steps), like)
        walk.drawn[len(walk.steps)] = made
        return made.clone()

    def decode(latent: Tensor) -> Tensor:
        walk.last = latent.clone()  # the end, or what students show on the way
        if len(walk.steps) >= steps:
            ended(latent)
        return torch.zeros(1, 3, 8, 8)

    model = _model(table, image, apply_model, decode, lambda prompts: uncond if list(prompts) == [""] else cond)
    module = _img2img()
    chosen = {"prompt": "a cat", "input_img": __file__, "num_timesteps": _Steps(steps), "seed": 0}
    options = arguments(module, **chosen, strength=_Strength(strength))
    given = {
        "parse_args": lambda: options,
        "load_img": lambda *_: torch.zeros(1, 3, 8, 8),
        "load_model_from_config": lambda *_, **__: model,
        "OmegaConf": SimpleNamespace(load=nothing),
        "seed_everything": nothing,
        "tqdm": lambda steps, *_, **__: steps,
        "Image": SimpleNamespace(fromarray=lambda *_, **__: SimpleNamespace(save=nothing)),
    }
    with (
        holding(module, **given),
        mock.patch.object(torch, "randn_like", lambda like, **_: drawn(like)),
        mock.patch.object(torch, "randn", lambda *shape, **_: drawn(image.new_zeros(*shape))),
        mock.patch("os.makedirs", nothing),
    ):
        try:
            module.main()
        except _Ended:
            pass
        except Exception as error:
            walk.error, walk.last = error, None
            walk.guided = _estimates(*(frame for frame, _ in traceback.walk_tb(error.__traceback__)))
    return walk


def _model(table: Tensor, image: Tensor, apply_model: Any, decode: Any, condition: Any) -> Any:
    """A latent diffusion model as its callers see it, with the tables that follow from ᾱ."""
    before = torch.cat([table.new_ones(1), table[:-1]])
    model = SimpleNamespace(
        betas=1 - table / before,
        alphas_cumprod=table,
        alphas_cumprod_prev=before,
        sqrt_alphas_cumprod=table.sqrt(),
        sqrt_one_minus_alphas_cumprod=(1 - table).sqrt(),
        num_timesteps=len(table),
        encode_first_stage=lambda x: x,
        get_first_stage_encoding=lambda x: image.clone(),
        get_learned_conditioning=condition,
        apply_model=apply_model,
        decode_first_stage=decode,
        device="cpu",
        eval=nothing,
    )
    model.to = model.cuda = lambda *_: model
    return model


def _estimates(*frames: FrameType) -> dict[str, Any]:
    """The estimates of the step before, under the names that main() has from the kit; it runs in, or below, these frames."""
    below: FrameType | None = frames[0] if len(frames) == 1 else None
    while below is not None:
        frames, below = (*frames, below), below.f_back
    found = next((f.f_locals for f in frames if f.f_code.co_name == "main" and f.f_globals is vars(_img2img())), {})
    return {name: found[name] for name in ("e_t", "e_t_uncond", "e_t_cond") if isinstance(found.get(name), Tensor)}


# --- one step -----------------------------------------------------------------------------------------------------

_LONG = 10  # steps


def _folded(x: Tensor) -> Tensor:
    return x.reshape(1, -1, *x.shape[2:])


def _unfolded(x: Tensor, shape: torch.Size) -> Tensor:
    """As a batch again; what has become something else stays as it is."""
    return x.reshape(shape) if x.numel() == shape.numel() else x


def _no_noise(_: int, like: Tensor) -> Tensor:
    return torch.zeros_like(like)


@cache
def _first_step() -> int:
    """Where main() begins when it is told to take ``_LONG`` steps; to which level it noises is another question."""
    table = torch.linspace(1, 0.1, _LONG + 3, dtype=torch.float64)
    image = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    return _walk(table, _LONG, image, _no_noise, lambda x, t, c: 0 * x, most=0).first


def _level(t: int, alphas_cumprod: Tensor) -> Tensor:
    return alphas_cumprod[t] if t >= 0 else torch.ones_like(alphas_cumprod[0])


def _table(abar_t: Tensor, abar_prev: Tensor) -> Tensor:
    """A table in which main()'s first step leads from the one level to the other."""
    first = max(1, min(_first_step(), _LONG))
    below = [1 + (abar_prev - 1) * i / max(1, first - 1) for i in range(first - 1)]
    above = [abar_t * 0.7**i for i in range(1, _LONG + 3 - first)]
    return torch.stack([*below, abar_prev, abar_t, *above])


def _from_here(x_t: Tensor, table: Tensor, steps: int = _LONG) -> tuple[Tensor, Noise]:
    """The image and the noise with which main() begins at x_t, however it weighs them."""

    def weight(image: float, noise: float) -> Tensor:
        like = torch.ones_like(x_t)
        return _walk(table, steps, image * like, lambda _, like: noise * torch.ones_like(like), _zero, most=0).end

    of_image = weight(1.0, 0.0)
    if bool((of_image != 0).all()):
        return x_t / of_image, _no_noise
    start = x_t / weight(0.0, 1.0)
    return torch.zeros_like(x_t), lambda begun, like: torch.zeros_like(like) if begun else start


def _zero(x: Tensor, step: int, condition: Tensor) -> Tensor:
    return torch.zeros_like(x)


_SETTINGS = ((1.0, 0.0), (0.0, 1.0))  # what of an estimate goes without a condition, and the strength with it


@cache
def _setting() -> tuple[float, float]:
    """With which e_t is the estimate itself, so that a step can be asked for whatever guidance is made of."""
    one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    table = torch.linspace(1, 0.1, _LONG + 3, dtype=torch.float64)
    for uncond, strength in _SETTINGS:
        answer = lambda x, t, c, share=uncond: torch.ones_like(x) * (1.0 if bool(c.any()) else share)
        guided = _walk(table, _LONG, one, _no_noise, answer, strength, most=1).guided
        if "e_t" in guided and bool((guided["e_t"] == 1).all()):
            return uncond, strength
    return _SETTINGS[0]


def _given(estimate: Callable[[Tensor, int], Tensor]) -> tuple[Answer, float]:
    """Answers and a strength with which e_t is this estimate."""
    share, strength = _setting()
    return lambda x, step, c: estimate(x, step) * (1.0 if bool(c.any()) else share), strength


def _stepped(x_t: Tensor, eps: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    """The latent after main()'s step with this estimate and this noise."""
    table = _table(_level(t, alphas_cumprod), _level(t_prev, alphas_cumprod))
    return _first_of(table, _LONG, x_t, eps, noise)


def _first_of(table: Tensor, steps: int, x_t: Tensor, eps: Tensor, noise: Tensor) -> Tensor:
    """The latent after the first of main()'s steps over this table, where it begins at x_t."""
    image, start = _from_here(_folded(x_t), table, steps)
    answer, strength = _given(lambda x, step: _folded(eps))
    draws: Noise = lambda begun, like: _folded(noise).expand(like.shape) if begun else start(begun, like)
    walk = _walk(table, steps, image, draws, answer, strength, most=1)
    return _unfolded(walk.end, x_t.shape)


@stands_for(lambda: _img2img().main)
def noising_add_noise(x0: Tensor, noise: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
    table = torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod])
    draws: Noise = lambda begun, like: _folded(noise).reshape(like.shape)
    walk = _walk(table, t + 1, _folded(x0), draws, _zero, most=0)
    return _unfolded(walk.end, x0.shape)


@stands_for(lambda: _img2img().main)
def ddpm_posterior_variance(t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    """The square of what noise of 1 adds to a step."""
    zero = alphas_cumprod.new_zeros(1, 1, 1, 1)
    with_noise, without = (_stepped(zero, zero, n, t, t_prev, alphas_cumprod) for n in (zero + 1, zero))
    return (with_noise - without).square().reshape(())


@stands_for(lambda: _img2img().main)
def ddpm_posterior_step(x_t: Tensor, x0: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    """The mean of main()'s step; the noise has a weight of its own, which is asked for by itself."""
    abar = alphas_cumprod[t]
    eps = (x_t - abar.sqrt() * x0) / (1 - abar).sqrt()
    mean = _stepped(x_t, eps, torch.zeros_like(x_t), t, t_prev, alphas_cumprod)
    return mean + torch.as_tensor(ddpm_posterior_variance(t, t_prev, alphas_cumprod)).sqrt() * noise


# --- guidance -----------------------------------------------------------------------------------------------------


def _guidance(answer: Answer, x_t: Tensor, scale: float, conditions: tuple[Tensor, Tensor] | None) -> dict[str, Any]:
    """main()'s own estimates of one step, folded."""
    table = torch.linspace(1, 0.1, _LONG + 3, dtype=x_t.dtype)
    image, draws = _from_here(x_t, table)
    walk = _walk(table, _LONG, image, draws, answer, scale, most=1, conditions=conditions)
    if "e_t" not in walk.guided:
        raise walk.error or NameError("main() has no e_t, the guided estimate")
    return walk.guided


@stands_for(lambda: _img2img().main)
def guidance_classifier_free_guidance(eps_uncond: Tensor, eps_cond: Tensor, scale: float) -> Tensor:
    """By the names that main() gives its estimates; in which order it has them from the network is asked elsewhere."""

    def guided(first: Tensor, second: Tensor) -> dict[str, Any]:
        answer: Answer = lambda x, step, c: _folded(second if bool(c.any()) else first)
        return _guidance(answer, _folded(eps_uncond), scale, None)

    came = guided(eps_uncond, eps_cond)
    if "e_t_uncond" in came and torch.equal(came["e_t_uncond"], _folded(eps_cond)):
        came = guided(eps_cond, eps_uncond)
    return _unfolded(came["e_t"], eps_uncond.shape)


@stands_for(lambda: _img2img().main)
def guidance_guided_eps(model: Callable, x_t: Tensor, t: int, cond: Tensor, null_cond: Tensor, scale: float) -> Tensor:
    def answer(x: Tensor, step: int, condition: Tensor) -> Tensor:
        return _folded(model(x.reshape(x_t.shape), t, condition))

    came = _guidance(answer, _folded(x_t), scale, (null_cond[None], cond[None]))
    parts = [came[name].reshape(x_t.shape) for name in ("e_t_uncond", "e_t_cond") if name in came]
    if len(parts) == 2:
        return guidance_classifier_free_guidance(*parts, scale)
    return _unfolded(came["e_t"], x_t.shape)


# --- the whole of it ----------------------------------------------------------------------------------------------


@stands_for(lambda: _img2img().main)
def editing_sdedit(
    eps_model: Callable,
    image: Tensor,
    noise: Tensor,
    start: int,
    timesteps: list[int],
    alphas_cumprod: Tensor,
    noise_fn: Callable = torch.randn_like,
) -> Tensor:
    last = alphas_cumprod[timesteps[0]]
    levels = [-1, *reversed(timesteps)]  # by main()'s own step
    table = torch.stack([*(_level(t, alphas_cumprod) for t in levels), last * 0.5, last * 0.25])
    told: Callable[[int], int] = lambda step: levels[step] if 0 <= step < len(levels) else timesteps[0] + step

    def draws(begun: int, like: Tensor) -> Tensor:
        return _folded(noise_fn(like.reshape(image.shape)) if begun else noise)

    def walked(network: Callable) -> Walk:
        answer, strength = _given(lambda x, step: _folded(network(x.reshape(image.shape), told(step))))
        return _walk(table, len(timesteps) - start, _folded(image), draws, answer, strength)

    lent = [
        now is not own for now, own in zip((noising_add_noise, ddpm_posterior_step, ddpm_posterior_variance), _OWN())
    ]
    if not any(lent):
        return _unfolded(walked(eps_model).end, image.shape)

    # Of what the walk is made is found out with a network of our own: the one that was given counts its questions.
    walk = walked(_some_network)
    first = walk.first

    def again(x: Tensor, network: Callable, step_from: Callable) -> Tensor:
        """The same walk, step by step."""
        for i, step in enumerate(walk.steps, 1):
            z = walk.drawn[i].reshape(image.shape) if i in walk.drawn else torch.zeros_like(x)
            x = step_from(x, network(x, told(step)), z, step)
        return x

    def own_step(x: Tensor, eps: Tensor, z: Tensor, step: int) -> Tensor:
        return _first_of(table, len(timesteps) - start - first + step, x, eps, z)

    def lent_step(x: Tensor, eps: Tensor, z: Tensor, step: int) -> Tensor:
        abar = _level(told(step), alphas_cumprod)
        x0 = (x - (1 - abar).sqrt() * eps) / abar.sqrt()
        return ddpm_posterior_step(x, x0, z, told(step), told(step - 1), alphas_cumprod)

    begun, end = walk.latents[0].reshape(image.shape), _unfolded(walk.end, image.shape)
    if not torch.allclose(again(begun, _some_network, own_step), end, atol=1e-6):
        return _unfolded(walked(eps_model).end, image.shape)  # its steps are not what is wrong with it
    if lent[0]:
        begun = noising_add_noise(image, noise, told(first), alphas_cumprod)
    return again(begun, eps_model, lent_step if lent[1] or lent[2] else own_step)


def _some_network(x: Tensor, t: int) -> Tensor:
    return torch.sin(x + t)


def _own(*functions: Callable) -> Callable[[], tuple[Callable, ...]]:
    """The functions of this file, whatever stands in their place when right ones are lent to the student's."""
    return lambda: functions


_OWN = _own(noising_add_noise, ddpm_posterior_step, ddpm_posterior_variance)
