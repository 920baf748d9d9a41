"""Part B: the student's schedule, losses and samplers, with the contract's arguments."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from . import cs180_code as code
from .common import of_one_draw, stands_for
from .cs180_networks import Asked, student
from .cs180_stage import Caught
from .cs180_world import World


def _run(role: str, world: World, values: dict[str, Any]) -> Any:
    code.definition(role)
    given = code.spec(role)["given"]
    itself = code.owner(role)
    if itself is not None:
        for name, meaning in code.spec(role).get("attributes", {}).items():
            itself.__dict__[name] = values[meaning]
    with world:
        return code.call(
            role, {meaning.removeprefix("each "): values[meaning.removeprefix("each ")] for meaning in given.values()}
        )


def _loss(result: Any) -> Tensor:
    """The loss among what was returned."""
    parts = (
        list(result.values()) if isinstance(result, dict) else result if isinstance(result, tuple | list) else [result]
    )
    if result is None:
        raise NotImplementedError("nothing is returned")
    scalars = [one for one in parts if isinstance(one, Tensor) and one.ndim == 0]
    return scalars[0] if scalars else parts[0]


# --- the schedule ----------------------------------------------------------------------------------------------------


@stands_for(student("schedule"))
def noising_linear_betas(num_train_steps: int = 1000, beta_start: float = 0.0001, beta_end: float = 0.02) -> Tensor:
    return _tables(num_train_steps, beta_start, beta_end)["betas"]


@stands_for(student("schedule"))
def noising_cumulative_alphas(betas: Tensor) -> Tensor:
    """The kit's table is made from the ends of a linear one."""
    return _tables(len(betas), float(betas[0]), float(betas[-1]), betas.dtype)["abar"].to(betas.dtype)


def _tables(steps: int, start: float, end: float, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """The student's betas and cumulative alphas, without an entry for the clean image in front."""
    made = _entries(_schedule(steps, start, end))
    found = {}
    for meaning in ("betas", "abar"):
        table = next((value for name, value in made.items() if _table_meaning(name) == meaning), None)
        if table is None:
            raise NotImplementedError(f"{code.place('schedule')}: no {meaning} among {', '.join(map(str, made))}")
        found[meaning] = table[1:] if len(table) == steps + 1 else table
    return found


def _schedule(steps: int, start: float, end: float) -> Any:
    values = {"start": start, "end": end, "steps": steps, "device": "cpu", "ends": (start, end)}
    return _run("schedule", World(torch.float64), values)


def _entries(made: Any) -> dict[Any, Tensor]:
    if made is None:
        raise NotImplementedError(f"{code.place('schedule')}: nothing is returned")
    named = made if isinstance(made, dict) else dict(zip(("betas", "alphas", "alpha_bars"), made))
    return {name: value for name, value in named.items() if isinstance(value, Tensor) and value.ndim > 0}


def _table_meaning(name: Any) -> str:
    """What an entry of a schedule is, by its name."""
    name = str(name).lower()
    root = "sqrt_" if "sqrt" in name or "root" in name else ""
    if "minus" in name or "1m" in name or "mab" in name:
        return f"{root}noise"
    if re.search(r"bar|cum|prod|abar|sqrtab", name):
        return f"{root}abar"
    return root + ("betas" if "beta" in name else "alphas" if "alpha" in name else "other")


def _right_schedule(alphas_cumprod: Tensor) -> Any:
    """In the shape of the student's schedule, the tables that belong to these cumulative alphas."""
    abar = alphas_cumprod.double()
    before = torch.cat([torch.ones(1, dtype=abar.dtype), abar[:-1]])
    tables = {"abar": abar, "alphas": abar / before, "betas": 1 - abar / before, "noise": 1 - abar}
    tables |= {f"sqrt_{name}": table.sqrt() for name, table in tables.items()}
    clean = {"abar": 1.0, "alphas": 1.0, "betas": 0.0, "noise": 0.0}
    made: Any = None
    try:
        made = _schedule(len(abar), 1e-4, 0.02) if code.has("schedule") else None
    except Exception:  # it is graded for itself
        made = None
    if not isinstance(made, dict | tuple | list) or not _entries(made):
        return {name: tables[meaning] for name, meaning in _USUAL.items()}

    def entry(name: Any, value: Any) -> Any:
        meaning = _table_meaning(name)
        if meaning not in tables or not isinstance(value, Tensor) or value.ndim == 0:
            return value
        first = torch.tensor([clean[meaning.removeprefix("sqrt_")]], dtype=abar.dtype)
        return torch.cat([first, tables[meaning]]) if len(value) == len(abar) + 1 else tables[meaning]

    if isinstance(made, dict):
        return {name: entry(name, value) for name, value in made.items()}
    return type(made)(entry(name, value) for name, value in zip(("betas", "alphas", "alpha_bars"), made))


_USUAL = {"betas": "betas", "alphas": "alphas", "alpha_bars": "abar"}


# --- the losses ------------------------------------------------------------------------------------------------------


@stands_for(student("denoiser_loss"))
def unet_denoiser_loss(model: Any, x0: Tensor, noise: Tensor, sigma: float) -> Tensor:
    def run(watched: Callable, draw: Callable[[], Tensor]) -> Tensor:
        values = {"unet": _Alone(watched), "x": x0, "sigma": sigma, "index": 0}
        return _loss(_run("denoiser_loss", World(x0.dtype, _of_images(draw)), values))

    return of_one_draw(noise, model, run)


def _of_images(draw: Callable[[], Tensor]) -> Callable[[tuple[int, ...]], Tensor | None]:
    return lambda shape: draw() if len(shape) == 4 else None


class _Alone(nn.Module):
    """A network that is asked about an image and nothing else."""

    function: Any

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.__dict__["function"] = model

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@stands_for(student("time_loss"))
def unet_ddpm_loss(model: Any, x0: Tensor, noise: Tensor, t: Tensor, alphas_cumprod: Tensor) -> Tensor:
    return _ddpm_loss("time_loss", "time_unet", model, x0, noise, t, alphas_cumprod, None, None)


@stands_for(student("class_loss"))
def unet_class_ddpm_loss(
    model: Any, x0: Tensor, labels: Tensor, noise: Tensor, t: Tensor, alphas_cumprod: Tensor, keep: Tensor
) -> Tensor:
    return _ddpm_loss("class_loss", "class_unet", model, x0, noise, t, alphas_cumprod, labels, keep)


def _ddpm_loss(
    role: str, network: str, model: Any, x0: Tensor, noise: Tensor, t: Tensor, table: Tensor, labels: Any, keep: Any
) -> Tensor:
    steps, first = len(table), [0]  # whether t counts from 1 is seen when it is drawn

    def integers(low: int, high: int) -> Tensor:
        first[0] = 1 if high == steps + 1 else 0
        return t + first[0]

    def from_zero(told: Tensor) -> Tensor:
        return told - first[0] / (steps if bool((told <= 1).all()) else 1)  # some do not divide by the number of steps

    schedule = _right_schedule(table)
    values = {
        "schedule": schedule, "x": x0, "c": labels, "p_uncond": 0.1, "num_ts": steps, "off": False,
        "device": "cpu", "ends": (1e-4, 0.02), "abar": _first(schedule, "abar"), "one_hot": labels, "seed": 0,
    }  # fmt: skip

    def run(watched: Callable, draw: Callable[[], Tensor]) -> Tensor:
        asked = Asked(watched, network, len(x0), labels, from_zero)
        return _loss(_run(role, World(x0.dtype, _of_images(draw), None, integers, keep), values | {"unet": asked}))

    return of_one_draw(noise, model, run)


def _first(schedule: Any, meaning: str) -> Any:
    return next((value for name, value in _entries(schedule).items() if _table_meaning(name) == meaning), None)


@stands_for(student("time_flow_loss"))
def flow_flow_loss(model: Any, x0: Tensor, x1: Tensor, t: Tensor) -> Tensor:
    return _flow_loss("time_flow_loss", "time_unet", model, x0, x1, t, None, None)


@stands_for(student("class_flow_loss"))
def flow_class_flow_loss(model: Any, x0: Tensor, x1: Tensor, labels: Tensor, t: Tensor, keep: Tensor) -> Tensor:
    return _flow_loss("class_flow_loss", "class_unet", model, x0, x1, t, labels, keep)


TIMES = 256  # where t is drawn as a whole number


def _flow_loss(
    role: str, network: str, model: Any, x0: Tensor, x1: Tensor, t: Tensor, labels: Any, keep: Any
) -> Tensor:
    values = {
        "x": x1, "c": labels, "p_uncond": 0.1, "num_ts": TIMES, "off": False, "device": "cpu", "seed": 0,
    }  # fmt: skip
    whole = lambda low, high: (t * TIMES).round().long()

    def run(watched: Callable, draw: Callable[[], Tensor]) -> Tensor:
        asked = Asked(watched, network, len(x1), labels)
        return _loss(_run(role, World(x1.dtype, _of_images(draw), t, whole, keep), values | {"unet": asked}))

    return of_one_draw(x0, model, run)


# --- the samplers ----------------------------------------------------------------------------------------------------


@stands_for(student("time_flow_sample"))
def flow_sample_flow(v_model: Any, x0: Tensor, num_steps: int = 50) -> Tensor:
    function = lambda x, told: v_model(x.to(x0.dtype), told.to(x0.dtype)).double()
    asked = Asked(function, "time_unet", len(x0))
    return _pick(_sample("time_flow_sample", asked, x0.double(), num_steps), x0).to(x0.dtype)


@stands_for(student("class_flow_sample"))
def flow_guided_velocity(model: Any, x_t: Tensor, labels: Tensor, t: Tensor, scale: float) -> Tensor:
    """The first step of a sampler, from x_t: its velocity is the change, over the time that a step takes."""
    steps, start = 10, x_t.double()
    function = lambda x, c, told, keep: model(x.to(x_t.dtype), c, told.to(x_t.dtype), keep.to(x_t.dtype)).double()
    asked = Asked(
        function, "class_unet", len(x_t), labels, lambda told: t.to(told.dtype).repeat(len(told) // len(t)) + told
    )
    asked.stop_at = start
    try:
        _sample("class_flow_sample", asked, start, steps, labels, scale)
    except Caught as caught:
        return ((caught.image.double() - start) * steps).to(x_t.dtype)
    raise ValueError(f"{code.place('class_flow_sample')}: the image is the same at every step")


def _sample(
    role: str, asked: Asked, start: Tensor, steps: int, labels: Tensor | None = None, scale: float = 5.0
) -> Any:
    draws: list[bool] = []

    def normal(shape: tuple[int, ...]) -> Tensor | None:
        if len(shape) != 4 or draws:
            return None
        draws.append(True)
        return start.clone()

    values = {
        "unet": asked, "c": labels, "shape": tuple(start.shape[-2:]), "num_ts": steps, "scale": scale, "seed": 0,
        "off": False, "device": "cpu", "batch": len(start), "channels": start.shape[1], "x": start.clone(),
    }  # fmt: skip
    return _run(role, World(start.dtype, normal), values)


def _pick(result: Any, like: Tensor) -> Tensor:
    parts = result if isinstance(result, tuple | list) else [result]
    images = [one for one in parts if isinstance(one, Tensor) and one.shape == like.shape]
    return images[0] if images else parts[0]
