"""Samplers are read step by step: what is said of mistakes that nobody has catalogued, in styles of their own.

Every mistake here is one line of a chain that is right but for it. What is said has to be that, and nothing besides.
"""

import math
from dataclasses import replace

import pytest
import torch

from grading.checking.checks.noise_draws import OneDraw
from grading.checking.points import CHAIN, Draw
from grading.contract.reference import reference_function
from grading.diagnosis.readback.chains import CHAINS, read_chain
from grading.diagnosis.readback.evidence import answer
from grading.diagnosis.readback.read import reading
from grading.paths import ROOT
from grading.sandbox.crossing.values import Probe

from .test_readback import answers_of, asking

DDPM, DDIM, SDEDIT, INPAINT, DPS = CHAINS
MISTAKES: list = []


def mistake(task, *said):
    """A wrong sampler, and words that are to be told of it, each in a finding of its own."""

    def register(function):
        MISTAKES.append(pytest.param(task, function, said, id=function.__name__))
        return function

    return register


def read(task, function):
    record = [*answers_of(task, function), *answers_with_one_draw(task, function)]
    return reading(task, asking(function), record, lambda: False)


def told(task, function):
    found = read(task, function)
    return [finding.student for finding in found.findings()] if found is not None else []


def answers_with_one_draw(task, function):
    """Calls with one draw alone, as the checks make them: they show which draw goes where."""
    draw = Draw([9, 1])
    shape = (1, 2, 4, 6) if task == DPS else (2, 2, 4, 5)
    image = "image" if task == SDEDIT else "x_T"
    arguments = {"eps_model": Probe("eps_model"), image: draw.image(*shape), "alphas_cumprod": draw.schedule(CHAIN)}
    arguments["timesteps"] = [*draw.timesteps(CHAIN, 4), 0]
    arguments |= {"eta": 0.7} if task in (DDIM, DPS) else {}
    if task == SDEDIT:
        arguments |= {"noise": draw.image(*shape), "start": 1}
    if task == INPAINT:
        arguments |= {"x_orig": draw.image(*shape), "edit_mask": draw.mask(2, 1, 4, 5)}
    if task == DPS:
        arguments |= {"measurement": draw.image(*shape), "operator": Probe("keep_everything"), "scale": 0.0}
    impulse = draw.image(*shape)
    calls = [arguments | {"noise_fn": OneDraw(impulse, number)} for number in (None, 0, 1, 2, 3, 5)]
    return [answer(asking(function), call) for call in calls]


# --- what the mistakes are made of


def level(abar, t):
    return abar[t] if t >= 0 else torch.ones((), dtype=abar.dtype)


def clean(x, eps, t, abar):
    return (x - (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()


def pairs(timesteps):
    return zip(timesteps, [*timesteps[1:], -1])


def posterior(x, x0, t, t_prev, abar):
    a, b = abar[t], level(abar, t_prev)
    beta = 1 - a / b
    mean = (b.sqrt() * beta * x0 + (1 - beta).sqrt() * (1 - b) * x) / (1 - a)
    return mean, ((1 - b) / (1 - a) * beta).sqrt()


def ddim(x0, eps, t, t_prev, abar, eta):
    """The image without noise, and sigma."""
    b = level(abar, t_prev)
    sigma = eta * ((1 - b) / (1 - abar[t]) * (1 - abar[t] / b)).clamp(min=0).sqrt()
    return b.sqrt() * x0 + (1 - b - sigma**2).clamp(min=0).sqrt() * eps, sigma


# --- sample_ddpm


@mistake(DDPM, "eps stands in the place of the step's fresh noise")
@torch.no_grad()
def ddpm_adds_the_estimate(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x, i = x_T.clone(), 0
    while i < len(timesteps):
        t, t_prev = timesteps[i], timesteps[i + 1] if i + 1 < len(timesteps) else -1
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        x = torch.addcmul(mean, std, eps)
        i += 1
    return x


@mistake(DDPM, "weight of noise in a step is √β.")
def ddpm_large_variance(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T.double()
    for t, t_prev in pairs(timesteps):
        x0 = clean(x, eps_model(x.to(x_T.dtype), t), t, alphas_cumprod)
        x0 = x0.clamp(-1, 1) if clip_x0 else x0
        mean, _ = posterior(x, x0, t, t_prev, alphas_cumprod)
        ratio = alphas_cumprod[t] / level(alphas_cumprod, t_prev)
        x = mean if t_prev < 0 else mean + (1 - ratio).sqrt() * noise_fn(x)
    return x.to(x_T.dtype)


@mistake(DDPM, "told the loop's index")
def ddpm_index(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for i, (t, t_prev) in enumerate(pairs(timesteps)):
        x0 = clean(x, eps_model(x, torch.tensor(i)), t, alphas_cumprod)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        x = mean + std * noise_fn(x)
    return x


@mistake(DDPM, "drawn once and used in every one")
def ddpm_one_draw(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x, noise = x_T, None
    for t, t_prev in pairs(timesteps):
        x0 = clean(x, eps_model(x, t), t, alphas_cumprod)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        noise = noise_fn(x) if noise is None else noise
        x = mean if t_prev < 0 else mean + std * noise
    return x


@mistake(DDPM, "stops at the last timestep")
def ddpm_no_last_step(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    noises = [noise_fn(x_T) for _ in timesteps]
    x = x_T
    for i in range(len(timesteps) - 1):
        t, t_prev = timesteps[i : i + 2]
        x0 = clean(x, eps_model(x, t), t, alphas_cumprod)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        x = mean + std * noises[i]
    return x


@mistake(DDPM, "Only the image is divided")
def ddpm_estimate_not_divided(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in pairs(timesteps):
        root = alphas_cumprod[t].sqrt()
        x0 = x / root - (1 - alphas_cumprod[t]).sqrt() * eps_model(x, t)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        x = mean + std * noise_fn(x) if t_prev >= 0 else mean
    return x


@mistake(DDPM, "that leads to timestep 0 gets no noise")
def ddpm_quiet_towards_0(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in pairs(timesteps):
        x0 = clean(x, eps_model(x, t), t, alphas_cumprod)
        mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
        x = torch.lerp(mean, mean + std * noise_fn(x), float(t_prev > 0))
    return x


@mistake(DDPM, "cut off to [-1, 1] although nobody asked")
def ddpm_clips(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=True):
    x = x_T
    for t, t_prev in pairs(timesteps):
        x0 = torch.minimum(torch.maximum(clean(x, eps_model(x, t), t, alphas_cumprod), -x.new_ones(())), x.new_ones(()))
        mean, std = posterior(x, x0, t, t_prev, alphas_cumprod)
        x = mean + std * noise_fn(x)
    return x


@mistake(DDPM, "weight of x_t in a step is")
def ddpm_root_of_alpha_missing(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    class State:
        x = x_T

        def step(self, t, t_prev, noise):
            a, b = alphas_cumprod[t], level(alphas_cumprod, t_prev)
            x0 = clean(self.x, eps_model(self.x, t), t, alphas_cumprod)
            x0 = x0.clamp(-1, 1) if clip_x0 else x0
            self.x = (1 - a / b) * b.sqrt() / (1 - a) * x0 + (a / b) * (1 - b) / (1 - a) * self.x
            self.x = self.x + ((1 - b) * (1 - a / b) / (1 - a)).sqrt() * noise

    state = State()
    for t, t_prev in pairs(timesteps):
        state.step(t, t_prev, noise_fn(state.x))
    return state.x


# --- sample_ddim


@mistake(DDIM, "told the loop's index")
@torch.inference_mode()
def ddim_index(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for i in range(len(timesteps)):
        t, t_prev = [*timesteps, -1][i : i + 2]
        eps = eps_model(x, i)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * noise_fn(x) if eta > 0 else mean
    return x


@mistake(DDIM, "as a fraction of all timesteps")
def ddim_fraction(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x, t / len(alphas_cumprod))
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * noise_fn(x)
    return x


@mistake(DDIM, "weight of noise in a step is")
def ddim_sigma_of_the_chain(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    x = x_T
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * eta * noise_fn(x)
    return x


@mistake(DDIM, "√(1−ᾱ_prev)")
def ddim_no_room_for_noise(
    eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False
):
    x, ahead = x_T.double(), [noise_fn(x_T) for _ in range(len(timesteps))]
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x.to(x_T.dtype), t)
        x0 = clean(x, eps, t, alphas_cumprod)
        x0 = x0.clamp(-1, 1) if clip_x0 else x0
        _, sigma = ddim(x0, eps, t, t_prev, alphas_cumprod, eta)
        b = level(alphas_cumprod, t_prev)
        x = torch.lerp(x0, x0 * b.sqrt(), 1.0).addcmul((1 - b).sqrt(), eps.double()) + sigma * ahead.pop()
    return x.to(x_T.dtype)


@mistake(DDIM, "clip_x0 has no effect")
def ddim_never_clips(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        if clip_x0:
            x0.clamp(-1, 1)
        mean, sigma = ddim(x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * noise_fn(x)
    return x


@mistake(DDIM, "goes down by one level only")
def ddim_by_one(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t in timesteps:
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t - 1, alphas_cumprod, eta)
        x = mean + sigma * noise_fn(x) if t > 0 else mean
    return x


@mistake(DDIM, "The first timestep of the list is skipped")
def ddim_skips_first(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x, rest = x_T, iter(list(pairs(timesteps))[1:])
    for t, t_prev in rest:
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * noise_fn(x)
    return x


@mistake(DDIM, "The noise that the chain starts with is used again")
def ddim_start_as_noise(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x, t)
        x0 = clean(x, eps, t, alphas_cumprod)
        mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * x_T
    return x


# --- sdedit


def _noised(image, noise, t, abar):
    return level(abar, t).sqrt() * image + (1 - level(abar, t)).sqrt() * noise


def _ddpm(eps_model, x, timesteps, abar, noise_fn, told=lambda i, t: t):
    for i, (t, t_prev) in enumerate(pairs(timesteps)):
        mean, std = posterior(x, clean(x, eps_model(x, told(i, t)), t, abar), t, t_prev, abar)
        x = mean + std * noise_fn(x) if t_prev >= 0 else mean
    return x


@mistake(SDEDIT, "noised to timesteps[start − 1]")
def sdedit_too_far(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, timesteps[max(start - 1, 0)], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)


@mistake(SDEDIT, "where the first step ends")
@torch.no_grad()
def sdedit_too_near(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, [*timesteps, -1][start + 1], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)


@mistake(SDEDIT, "eps stands in the place of the step's fresh noise")
def sdedit_adds_the_estimate(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, timesteps[start], alphas_cumprod)
    for t, t_prev in pairs(timesteps[start:]):
        eps = eps_model(x, t)
        mean, std = posterior(x, clean(x, eps, t, alphas_cumprod), t, t_prev, alphas_cumprod)
        x = mean + std * eps
    return x


@mistake(SDEDIT, "told the loop's index")
def sdedit_index(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, timesteps[start], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn, lambda i, t: i)


@mistake(SDEDIT, "weighted with its variance")
def sdedit_variance(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    abar = alphas_cumprod[timesteps[start]]
    x = (image.clone() * math.sqrt(abar)).add_(noise, alpha=1 - float(abar))
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)


@mistake(SDEDIT, "begins one entry too early")
def sdedit_chain_early(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, timesteps[start], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[max(start - 1, 0) :], alphas_cumprod, noise_fn)


@mistake(SDEDIT, "The noise for the start is drawn inside")
def sdedit_draws(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise_fn(image), timesteps[start], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)


@mistake(SDEDIT, "No noise is added in any step")
def sdedit_without_noise(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = _noised(image, noise, timesteps[start], alphas_cumprod)
    return _ddpm(eps_model, x, timesteps[start:], alphas_cumprod, lambda x: 0 * noise_fn(x))


# --- inpaint


def _inpaint(eps_model, x, x_orig, m, timesteps, abar, noise_fn, at=lambda t, t_prev: t_prev, told=lambda i, t: t):
    for i, (t, t_prev) in enumerate(pairs(timesteps)):
        mean, std = posterior(x, clean(x, eps_model(x, told(i, t)), t, abar), t, t_prev, abar)
        known = _noised(x_orig, noise_fn(x), at(t, t_prev), abar)
        x = torch.where(m.bool(), mean + std * noise_fn(x), known)
    return x


@mistake(INPAINT, "where the step began")
def inpaint_at_t(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    a = alphas_cumprod
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, a, noise_fn, lambda t, t_prev: t)


@mistake(INPAINT, "told the loop's index")
@torch.no_grad()
def inpaint_index(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    a = alphas_cumprod
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, a, noise_fn, told=lambda i, t: i)


@mistake(INPAINT, "share one draw")
def inpaint_shared(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x, noises = x_T, [noise_fn(x_T) for _ in timesteps]
    for noise, (t, t_prev) in zip(noises, pairs(timesteps)):
        mean, std = posterior(x, clean(x, eps_model(x, t), t, alphas_cumprod), t, t_prev, alphas_cumprod)
        x = torch.lerp(_noised(x_orig, noise, t_prev, alphas_cumprod), mean + std * noise, edit_mask)
    return x


@mistake(INPAINT, "known part is not put back")
def inpaint_not_at_last(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x, m = x_T, edit_mask
    for t, t_prev in pairs(timesteps):
        mean, std = posterior(x, clean(x, eps_model(x, t), t, alphas_cumprod), t, t_prev, alphas_cumprod)
        x = mean
        if t_prev >= 0:
            x = (mean + std * noise_fn(x)) * m + (1 - m) * _noised(x_orig, noise_fn(x), t_prev, alphas_cumprod)
    return x


@mistake(INPAINT, "wrong side of the mask")
def inpaint_inverted(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    return _inpaint(eps_model, x_T, x_orig, edit_mask < 0.5, timesteps, alphas_cumprod, noise_fn)


@mistake(INPAINT, "weight of noise in a step is √β.")
def inpaint_large_variance(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x, m = x_T, edit_mask
    for t, t_prev in pairs(timesteps):
        mean, _ = posterior(x, clean(x, eps_model(x, t), t, alphas_cumprod), t, t_prev, alphas_cumprod)
        if t_prev >= 0:
            mean = mean + (1 - alphas_cumprod[t] / alphas_cumprod[t_prev]).sqrt() * noise_fn(x)
        x = m * mean + (1 - m) * _noised(x_orig, noise_fn(x), t_prev, alphas_cumprod)
    return x


@mistake(INPAINT, "eps stands in the place of the step's fresh noise")
def inpaint_adds_the_estimate(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x, m = x_T, edit_mask
    for t, t_prev in pairs(timesteps):
        eps = eps_model(x, t)
        mean, std = posterior(x, clean(x, eps, t, alphas_cumprod), t, t_prev, alphas_cumprod)
        x = m * (mean + std * eps) + (1 - m) * _noised(x_orig, noise_fn(x), t_prev, alphas_cumprod)
    return x


@mistake(INPAINT, "variance instead of with a standard deviation")
def inpaint_variance(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x, keep = x_T, 1 - edit_mask
    for t, t_prev in pairs(timesteps):
        mean, std = posterior(x, clean(x, eps_model(x, t), t, alphas_cumprod), t, t_prev, alphas_cumprod)
        b = level(alphas_cumprod, t_prev)
        x = mean + std * noise_fn(x)
        x = x + keep * (b.sqrt() * x_orig + (1 - b) * noise_fn(x) - x)
    return x


# --- sample_dps


def _dps(
    eps_model,
    x,
    y,
    operator,
    timesteps,
    abar,
    scale,
    eta,
    noise_fn,
    misfit=lambda r: r.norm(),
    told=lambda i, t: t,
    corrected=lambda t_prev: True,
):
    for i, (t, t_prev) in enumerate(pairs(timesteps)):
        with torch.enable_grad():
            x_t = x.detach().clone().requires_grad_()
            eps = eps_model(x_t, told(i, t))
            x0 = clean(x_t, eps, t, abar)
            (gradient,) = torch.autograd.grad(misfit(y - operator(x0)), x_t)
        mean, sigma = ddim(x0.detach(), eps.detach(), t, t_prev, abar, eta)
        x = mean + sigma * noise_fn(x) - scale * gradient * corrected(t_prev)
    return x


def _in_dps(**change):
    def sample(
        eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
    ):
        rest = (timesteps, alphas_cumprod, scale, eta, noise_fn)
        return _dps(eps_model, x_T, measurement, operator, *rest, **change)

    return sample


for name, said, change in (
    ("dps_index", "told the loop's index", {"told": lambda i, t: i}),
    ("dps_square", "square of the norm", {"misfit": lambda r: r.pow(2).sum()}),
    ("dps_half_square", "Half the squared norm", {"misfit": lambda r: 0.5 * (r * r).sum()}),
    ("dps_l1", "sum of absolute values", {"misfit": lambda r: r.abs().sum()}),
    ("dps_ascends", "misfit grows", {"misfit": lambda r: -r.norm()}),
    ("dps_not_at_last", "at t_prev = -1 is 0", {"corrected": lambda t_prev: t_prev >= 0}),
    ("dps_twice", "is −2·ζ", {"misfit": lambda r: 2 * r.norm()}),
):
    MISTAKES.append(pytest.param(DPS, _in_dps(**change), (said,), id=name))


@mistake(DPS, "eps stands in the place of the step's fresh noise")
def dps_adds_the_estimate(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    x = x_T
    for t, t_prev in pairs(timesteps):
        leaf = x.detach().requires_grad_()
        eps = eps_model(leaf, t)
        x0 = clean(leaf, eps, t, alphas_cumprod)
        (measurement - operator(x0)).norm().backward()
        mean, sigma = ddim(x0.detach(), eps.detach(), t, t_prev, alphas_cumprod, eta)
        x = mean + sigma * eps.detach() - scale * leaf.grad
    return x


@pytest.mark.parametrize(("task", "function", "said"), MISTAKES)
def test_a_mistake_is_named_and_nothing_else(task, function, said):
    findings = told(task, function)
    assert len(findings) == len(said), findings
    for words, finding in zip(said, findings):
        assert words in finding, findings


# --- right samplers


@pytest.mark.parametrize("task", CHAINS)
def test_nothing_is_found_in_a_right_sampler(task):
    read = next(read_chain(task, asking(reference_function(task)), lambda: False))
    assert read.findings() == []


def test_nothing_is_found_in_right_samplers_of_other_styles():
    """Draws ahead and popped from the end, one draw more than is used, float64 inside, a clone changed in place."""

    def from_the_end(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        noises, x = [noise_fn(x_T) for _ in timesteps], x_T.double()
        for t, t_prev in pairs(timesteps):
            x0 = clean(x, eps_model(x.to(x_T.dtype), t), t, alphas_cumprod)
            mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
            x = mean + std * noises.pop()
        return x.to(x_T.dtype)

    def wasteful(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        x = x_T.clone()
        for t, t_prev in pairs(timesteps):
            x0 = clean(x, eps_model(x, t), t, alphas_cumprod)
            mean, std = posterior(x, x0.clamp(-1, 1) if clip_x0 else x0, t, t_prev, alphas_cumprod)
            noise_fn(x)
            x.copy_(mean).addcmul_(std.expand_as(x), noise_fn(x))
        return x

    for function in (from_the_end, wasteful):
        read = next(read_chain(DDPM, asking(function), lambda: False))
        assert read.findings() == []


def test_two_things_at_once_are_both_named():
    def sample(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
        x = x_T
        for i, (t, t_prev) in enumerate(list(pairs(timesteps))[:-1]):
            eps = eps_model(x, i)
            x0 = clean(x, eps, t, alphas_cumprod)
            mean, sigma = ddim(x0.clamp(-1, 1) if clip_x0 else x0, eps, t, t_prev, alphas_cumprod, eta)
            x = mean + sigma * noise_fn(x)
        return x

    findings = told(DDIM, sample)
    assert len(findings) == 2 and "stops at the last" in findings[0] and "index" in findings[1]


def test_numbers_that_are_not_from_noise_fn():
    def sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        return _ddpm(eps_model, x_T, timesteps, alphas_cumprod, torch.randn_like)

    drew = [replace(one, drew=True) for one in answers_of(DDPM, sample)]  # as a worker says, whose random state moves
    found = reading(DDPM, asking(sample), drew, lambda: False)
    assert ["do not come from noise_fn" in finding.student for finding in found.findings()] == [True]


def test_what_is_no_chain_of_steps_is_not_read():
    """Averaged over two runs: no step is a sum of known images."""

    def sample(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
        return (_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn) * x_T.abs()).sin()

    assert list(read_chain(DDPM, asking(sample), lambda: False)) == []


@pytest.mark.usefixtures("unhurried")
def test_over_the_wire(grade, hand_in):
    """In a worker the network and the noise are asked from afar; what is said is the same."""
    plain = (ROOT / "tests" / "solutions" / "plain" / "dps.py").read_text(encoding="utf-8")
    assert "eps = eps_model(x_t, t)" in plain
    folder = hand_in(
        on_top_of=ROOT / "tests" / "solutions" / "plain",
        dps=plain.replace("eps = eps_model(x_t, t)", "eps = eps_model(x_t, i)"),
    )
    verdict = grade(folder, [DPS])[DPS]
    assert "told the loop's index" in verdict.reading[0].student
