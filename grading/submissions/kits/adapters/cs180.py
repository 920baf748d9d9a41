"""CS180 Project 5: the contract's functions on top of a notebook's. This file travels into the worker.

The notebook takes one timestep for all samples, images of three channels, a network with a predicted variance, and
prompts that are handed on unread. Part B is in ``cs180_networks`` and ``cs180_training``.
"""

from typing import Any

import torch
from torch import Tensor

from . import cs180_code as code
from .common import stands_for
from .cs180_blur import Blurs, watched
from .cs180_estimates import FIRST, NULL, SECOND, Reading, by_prompt, one_step, step_of_most
from .cs180_networks import (  # noqa: F401  # found here by name
    unet_ClassConditionalUNet,
    unet_TimeConditionalUNet,
    unet_UnconditionalUNet,
)
from .cs180_stage import Loop, Timestep, in_form, kit_table, padded
from .cs180_training import (  # noqa: F401  # and these
    flow_class_flow_loss,
    flow_flow_loss,
    flow_guided_velocity,
    flow_sample_flow,
    noising_cumulative_alphas,
    noising_linear_betas,
    unet_class_ddpm_loss,
    unet_ddpm_loss,
    unet_denoiser_loss,
)


def _student(role: str) -> Any:
    return lambda: code.definition(role)


def _each(t: Any, batch: int) -> list[tuple[slice, int]]:
    """The kit's timestep for all samples at once, or sample by sample."""
    if not isinstance(t, Tensor):
        return [(slice(None), t + 1)]
    return [(slice(i, i + 1), int(one) + 1) for i, one in enumerate(t.expand(batch))]


@stands_for(_student("forward"))
def noising_add_noise(x0: Tensor, noise: Tensor, t: Any, alphas_cumprod: Tensor) -> Tensor:
    image, drawn, table = padded(x0), padded(noise), kit_table(alphas_cumprod)
    parts = []
    for rows, timestep in _each(t, len(x0)):
        loop = Loop(image[rows], table, [timestep, 0, 0], _no_network, noise=drawn[rows])
        loop.values = {"image": image[rows].clone(), "t": Timestep(timestep), "abar": table[timestep]}
        loop.values["eps"] = drawn[rows]
        parts.append(loop.run("forward"))
    return torch.cat(parts)[:, : x0.shape[1]].to(x0.dtype)


def _no_network(*asked: Any) -> Tensor:
    raise ValueError("forward() asks the network")


@stands_for(_student("one_step"))
def ddpm_predict_x0(x_t: Tensor, eps: Tensor, t: Any, alphas_cumprod: Tensor) -> Tensor:
    """Sample by sample: a cell may take its noise from the first of the network's answers."""
    image, estimate, table = padded(x_t), padded(eps), kit_table(alphas_cumprod)
    parts = []
    for rows, timestep in _each(torch.as_tensor(t), len(x_t)):
        loop = Loop(image[rows], table, [timestep, timestep, 0], lambda *asked: estimate[rows].clone())  # noqa: B023
        loop.timesteps = [timestep, -1, 0]  # no call of the network ends it
        loop.values = {"t": Timestep(timestep), "abar": table[timestep], "eps": estimate[rows].clone()}
        loop.forward = lambda *given, **named: in_form(image[rows].clone(), given, named)  # noqa: B023  # noised already
        parts.append(loop.run("one_step"))
    return torch.cat(parts)[:, : x_t.shape[1]].to(x_t.dtype)


@stands_for(_student("denoise"))
def ddpm_posterior_step(x_t: Tensor, x0: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    image, clean, table = padded(x_t), padded(x0), kit_table(alphas_cumprod)
    abar = table[t + 1]
    estimate = (image - abar.sqrt() * clean) / (1 - abar).sqrt()  # what leads to this clean image
    answer = lambda asked, told, which, row: estimate[row]
    after = one_step("denoise", image, t + 1, t_prev + 1, table, answer, noise=padded(noise), variance=True)
    return after[:, : x_t.shape[1]].to(x_t.dtype)


@stands_for(_student("denoise_cfg"))
def guidance_guided_eps(model: Any, x_t: Tensor, t: int, cond: Tensor, null_cond: Tensor, scale: float) -> Tensor:
    channels, conditions = x_t.shape[1], {NULL: null_cond, FIRST: cond}

    def answer(image: Tensor, told: int, which: Tensor, row: Tensor) -> Tensor:
        return _ask(model, image, told, by_prompt(which, row, conditions), channels, x_t.dtype)

    reading = Reading("denoise_cfg", padded(x_t), t, scale=scale)
    return reading.estimate(answer)[:, :channels].to(x_t.dtype)


def _ask(model: Any, image: Tensor, told: int, condition: Tensor, channels: int, dtype: torch.dtype) -> Tensor:
    return padded(model(image[:, :channels].to(dtype), told - 1, condition))


@stands_for(_student("inpaint"))
def editing_repaint_blend(
    x_prev: Tensor, x_orig: Tensor, edit_mask: Tensor, noise: Tensor, t_prev: int, alphas_cumprod: Tensor
) -> Tensor:
    """Sample by sample, after a step that ends at the image that is wanted."""
    masks, originals, table = padded(edit_mask.expand(x_prev.shape)), padded(x_orig), kit_table(alphas_cumprod)
    t = min(t_prev + 2, len(table) - 1)  # a step of one, so that its level has a name
    wanted = padded(x_prev)
    offset, slope = step_of_most(torch.zeros_like(wanted[:1]), t, t_prev + 1, table, "inpaint")
    each = zip(((wanted - offset) / slope).split(1), originals.split(1), masks.split(1), padded(noise).split(1))
    parts = [_blended(*one, t, t_prev, alphas_cumprod) for one in each]
    return torch.cat(parts)[:, : x_prev.shape[1]].to(x_prev.dtype)


def _blended(
    estimate: Tensor, original: Tensor, mask: Tensor, drawn: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor
) -> Tensor:
    if code.has("forward"):
        code.definition("forward")  # before another one stands in its place

    def forward(*given: Any, **named: Any) -> Tensor:
        means = code.spec("forward")["given"]
        told = dict(zip(means.values(), given)) | {means[name]: value for name, value in named.items() if name in means}
        where = torch.as_tensor(told["t"] if "t" in told else (table - told["abar"]).abs().argmin())
        level = int(where.flatten()[0]) - 1
        image = told["image"].reshape(original.shape)
        return in_form(padded(noising_add_noise(image, drawn, level, alphas_cumprod.double())), given, named)

    values = {"mask": mask, "original": original}
    answer = lambda asked, told, which, row: estimate[row]
    start, table = torch.zeros_like(original), kit_table(alphas_cumprod)
    return one_step("inpaint", start, t, t_prev + 1, table, answer, noise=drawn, values=values, forward=forward)


@stands_for(_student("flip"))
def illusions_anagram_eps(model: Any, x_t: Tensor, t: int, cond_upright: Tensor, cond_flipped: Tensor) -> Tensor:
    """Guidance is graded elsewhere: the null prompt answers each view as that view's prompt does."""
    channels, upright = x_t.shape[1], padded(x_t)
    conditions = {FIRST: cond_upright, SECOND: cond_flipped}

    def answer(image: Tensor, told: int, which: Tensor, row: Tensor) -> Tensor:
        as_it_is = [torch.equal(one, upright[int(i)]) for one, i in zip(image, row)]
        views = torch.tensor([FIRST if same else SECOND for same in as_it_is])
        prompts = torch.where(which == NULL, views, which)
        return _ask(model, image, told, by_prompt(prompts, row, conditions), channels, x_t.dtype)

    return Reading("flip", upright, t).estimate(answer)[:, :channels].to(x_t.dtype)


@stands_for(_student("hybrid"))
def illusions_hybrid_eps(
    model: Any, x_t: Tensor, t: int, cond_low: Tensor, cond_high: Tensor, kernel_size: int = 33, sigma: float = 2.0
) -> Tensor:
    """Guidance is graded elsewhere: the null prompt answers 0, and the prompts so much less."""
    with watched(kernel_size, sigma) as blurs:
        return _hybrid(blurs, model, x_t, t, cond_low, cond_high)


def _hybrid(blurs: Blurs, model: Any, x_t: Tensor, t: int, cond_low: Tensor, cond_high: Tensor) -> Tensor:
    channels = x_t.shape[1]
    reading = Reading("hybrid", padded(x_t), t)
    first, second, alike = (reading.number(*n) for n in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 1.0)))
    blurs.exchanged = True  # of numbers none is blurred away
    named = "low" in code.spec("hybrid")["given"].values()
    low_first = named or abs(first) >= abs(second)  # either may come first
    conditions = {FIRST: cond_low, SECOND: cond_high} if low_first else {FIRST: cond_high, SECOND: cond_low}
    # Of the prompts against the null prompt's. Where all answer alike no guidance is left, and the rest is the student's.
    weight = (first + second) / (alike or 1.0) or 1.0

    def answer(image: Tensor, told: int, which: Tensor, row: Tensor) -> Tensor:
        conditioned = torch.where(which == NULL, torch.full_like(which, FIRST), which)
        estimate = _ask(model, image, told, by_prompt(conditioned, row, conditions), channels, x_t.dtype) / weight
        return estimate * (which != NULL).reshape(-1, 1, 1, 1)

    return reading.estimate(answer)[:, :channels].to(x_t.dtype)
