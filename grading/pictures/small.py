"""A small picture for each graded function that one can be made with in a second or two, such as a mistake shows in.

A recipe is a function of (functions, world); it asks for the graded function where a demonstration would call it, also
for one that is a step of a sampler. What is not here has no picture of its own: losses, networks, random draws.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.ddpm import posterior_step
from reference.noising import add_noise, cumulative_alphas, linear_betas

from .functions import Functions
from .techniques import ddim, ddpm, dps, flow, guidance, hybrid, inpainting, interpolation, sdedit, sds
from .techniques.anagram import two_ways_up
from .worlds.shipped import PROMPTS, Shipped
from .worlds.world import EpsModel

__all__ = ["RECIPES", "Recipe"]

FEW = PROMPTS[:4]
STEPS = list(range(950, -1, -50))
LEVELS = [0, 199, 399, 599, 799, 999]
DISTILLED = 30  # steps of SDS: from coarse to fine


@dataclass(frozen=True)
class Recipe:
    caption: str
    make: Callable[[Functions, Shipped], Tensor]


RECIPES: dict[str, Recipe] = {}


def _of(caption: str, *tasks: str) -> Callable:
    def register(make: Callable[[Functions, Shipped], Tensor]) -> Callable[[Functions, Shipped], Tensor]:
        RECIPES.update(dict.fromkeys(tasks, Recipe(caption, make)))
        return make

    return register


# --- noising ----------------------------------------------------------------------------------------------------


def _noised(world: Shipped, alphas_cumprod: Tensor) -> Tensor:
    x0 = world.pictures(PROMPTS[0]).expand(len(LEVELS), -1, -1, -1)
    return add_noise(x0, world.noise(len(LEVELS), "forward"), torch.tensor(LEVELS), alphas_cumprod)


def scheduled(task: str, f: Functions, world: Shipped) -> Tensor:
    return _noised(world, cumulative_alphas(f(task, num_train_steps=1000)))


for _task in ("noising.linear_betas", "noising.scaled_linear_betas", "noising.cosine_betas"):
    _of("one picture noised to t = 0, 199, …, 999 by this schedule", _task)(partial(scheduled, _task))


@_of("one picture noised to t = 0, 199, …, 999 by this ᾱ", "noising.cumulative_alphas")
def cumulative(f: Functions, world: Shipped) -> Tensor:
    return _noised(world, f("noising.cumulative_alphas", betas=linear_betas(1000)))


@_of("one picture noised to t = 0, 199, …, 999", "noising.add_noise")
def noise_added(f: Functions, world: Shipped) -> Tensor:
    x0, noise = world.pictures(PROMPTS[0]), world.noise(1, "forward")
    asked = [f("noising.add_noise", x0=x0, noise=noise, t=t, alphas_cumprod=world.schedule) for t in LEVELS]
    return torch.cat(asked)


# --- samplers and their steps -----------------------------------------------------------------------------------


def _start(world: Shipped) -> tuple[Tensor, EpsModel]:
    return world.noise(len(FEW), "x_T"), world.prompted(FEW)


@_of("DDPM in 20 steps from the same noise", "ddpm.predict_x0", "ddpm.posterior_step")
def ddpm_steps(f: Functions, world: Shipped) -> Tensor:
    (x, model), noise_fn, schedule = _start(world), world.noise_fn("ddpm"), world.schedule
    for t, t_prev in zip(STEPS, [*STEPS[1:], -1]):
        x0 = f("ddpm.predict_x0", x_t=x, eps=model(x, t), t=t, alphas_cumprod=schedule).clamp(-1, 1)
        given = {"x_t": x, "x0": x0, "noise": noise_fn(x), "t": t, "t_prev": t_prev}
        x = f("ddpm.posterior_step", **given, alphas_cumprod=schedule)
    return x


@_of("DDPM in 20 steps with noise of this variance, from the same noise", "ddpm.posterior_variance")
def ddpm_noise(f: Functions, world: Shipped) -> Tensor:
    (x, model), noise_fn, schedule = _start(world), world.noise_fn("ddpm"), world.schedule
    for t, t_prev in zip(STEPS, [*STEPS[1:], -1]):
        x0 = f("ddpm.predict_x0", x_t=x, eps=model(x, t), t=t, alphas_cumprod=schedule).clamp(-1, 1)
        variance = f("ddpm.posterior_variance", t=t, t_prev=t_prev, alphas_cumprod=schedule)
        x = posterior_step(x, x0, torch.zeros_like(x), t, t_prev, schedule) + variance.sqrt() * noise_fn(x)
    return x


@_of("DDPM in 20 steps from the same noise", "ddpm.sample_ddpm")
def ddpm_sampled(f: Functions, world: Shipped) -> Tensor:
    x_T, model = _start(world)
    return ddpm.sampled(f, world, model, x_T, STEPS, world.noise_fn("ddpm"))


@_of("DDIM in 20 steps with η = 0.5 from the same noise", "ddim.ddim_step")
def ddim_steps(f: Functions, world: Shipped) -> Tensor:
    (x, model), noise_fn = _start(world), world.noise_fn("ddim")
    for t, t_prev in zip(STEPS, [*STEPS[1:], -1]):
        given = {"x_t": x, "eps": model(x, t), "noise": noise_fn(x), "t": t, "t_prev": t_prev, "eta": 0.5}
        x = f("ddim.ddim_step", **given, alphas_cumprod=world.schedule)
    return x


@_of("DDIM in 20 steps from the same noise", "ddim.sample_ddim")
def ddim_sampled(f: Functions, world: Shipped) -> Tensor:
    x_T, model = _start(world)
    return ddim.sampled(f, world, model, x_T, STEPS)


@_of("DDIM in 20 steps at these timesteps, from the same noise", "noising.strided_timesteps")
def strided(f: Functions, world: Shipped) -> Tensor:
    x_T, model = _start(world)
    return ddim.sampled(f, world, model, x_T, f.timesteps(1000, 20))


# --- guidance, editing, illusions -------------------------------------------------------------------------------


def _sampled(f: Functions, world: Shipped, model: EpsModel, count: int = len(FEW)) -> Tensor:
    return ddpm.sampled(f, world, model, world.noise(count, "x_T"), STEPS, world.noise_fn("model"))


@_of("guided with scale 5, in 20 steps from the same noise", "guidance.classifier_free_guidance")
def combined(f: Functions, world: Shipped) -> Tensor:
    return _sampled(f, world, guidance.combined(f, world, FEW, 5.0))


@_of("guided with scale 5, in 20 steps from the same noise", "guidance.guided_eps")
def guided(f: Functions, world: Shipped) -> Tensor:
    return _sampled(f, world, guidance.guided(f, world, FEW, 5.0))


@_of("a picture edited from later and later starts", "editing.sdedit")
def edited(f: Functions, world: Shipped) -> Tensor:
    image, noise = world.photo, world.noise(1, "forward")
    starts = (0, 8, 13, 17)
    noises = (world.noise_fn(f"sdedit {start}") for start in starts)
    edits = [
        sdedit.edited(f, world, world.unconditional, image, noise, start, STEPS, noise_fn)
        for start, noise_fn in zip(starts, noises)
    ]
    return torch.cat([*edits, image])


@_of("the right half of each picture made anew", "editing.inpaint")
def inpainted(f: Functions, world: Shipped) -> Tensor:
    x_T, model = _start(world)
    return inpainting.inpainted(f, world, model, world.pictures(*FEW), _half(), x_T, STEPS, world.noise_fn("inpaint"))


@_of("the right half of each picture made anew", "editing.repaint_blend")
def blended(f: Functions, world: Shipped) -> Tensor:
    (x, model), noise_fn, schedule = _start(world), world.noise_fn("inpaint"), world.schedule
    known, mask = world.pictures(*FEW), _half()
    for t, t_prev in zip(STEPS, [*STEPS[1:], -1]):
        x0 = f("ddpm.predict_x0", x_t=x, eps=model(x, t), t=t, alphas_cumprod=schedule).clamp(-1, 1)
        x = posterior_step(x, x0, noise_fn(x), t, t_prev, schedule)
        given = {"x_prev": x, "x_orig": known, "edit_mask": mask, "noise": noise_fn(x), "t_prev": t_prev}
        x = f("editing.repaint_blend", **given, alphas_cumprod=schedule)
    return x


def _half() -> Tensor:
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 16:] = 1
    return mask


@_of(
    "a turtle and a strawberry upright, which are a tree and a hibiscus when they are turned, as on the right",
    "illusions.anagram_eps",
)
def anagram(f: Functions, world: Shipped) -> Tensor:
    upright, flipped = ("turtle", "strawberry"), ("deciduous tree", "hibiscus")
    x0 = _sampled(f, world, two_ways_up(f, world, upright, flipped), 2)
    return torch.cat([x0, x0.flip(2)])


@_of("a cat and a panda from near, which are a heart and a hibiscus from afar", "illusions.hybrid_eps")
def both(f: Functions, world: Shipped) -> Tensor:
    near, far = ("cat face", "panda face"), ("red heart", "hibiscus")
    return _sampled(f, world, hybrid.near_and_far(f, world, near, far), 2)


@_of("pictures, blurred", "illusions.lowpass")
def blurred(f: Functions, world: Shipped) -> Tensor:
    return f("illusions.lowpass", x=world.pictures(*FEW), **hybrid.BLUR)


@_of("pictures, blurred with this kernel along both axes", "illusions.gaussian_kernel1d")
def kernel(f: Functions, world: Shipped) -> Tensor:
    taps, x = f("illusions.gaussian_kernel1d", **hybrid.BLUR).view(-1), world.pictures(*FEW)
    size, half = len(taps), len(taps) // 2
    padded = F.pad(x, (half, half, half, half), mode="reflect")
    both_ways = (taps[:, None] * taps).expand(3, 1, size, size)
    return F.conv2d(padded, both_ways, groups=3)


# --- restoration, distillation, latents, flows ------------------------------------------------------------------


@_of("pictures restored from three pixels in ten", "dps.sample_dps")
def restored(f: Functions, world: Shipped) -> Tensor:
    measurement = dps.holes(world.pictures(*FEW[:3]))
    eps_model = dps.differentiable(world, [""] * 3)
    x_T, noise_fn = world.noise(3, "x_T"), world.noise_fn("dps")
    return torch.cat([measurement, dps.restored(f, world, eps_model, measurement, dps.holes, x_T, STEPS, noise_fn)])


@_of(f"pixels after {DISTILLED} steps of SDS, from grey", "distillation.sds_residual")
def distilled(f: Functions, world: Shipped) -> Tensor:
    ends = [int(980 - 500 * step / DISTILLED) for step in range(DISTILLED)]
    residual = sds.sds_residual(f, world, FEW[:3], 7.5)
    steps = sds.distilled(
        f, world, "sds", residual, 0.1 * world.noise(3, "start"), ends, lambda x: torch.optim.Adam(x, lr=0.12), 1.2
    )
    return list(steps)[-1]


@_of("the way from one face to another in 6 frames", "latents.interpolate")
def frames(f: Functions, world: Shipped) -> Tensor:
    first, last = world.guess(world.pictures("grinning face", "slightly frowning face"))
    return interpolation.between(f, world.stylegan, first, last, 6)


@_of("digits in 10 Euler steps from the same noise, guidance 5", "flow.sample_flow", "flow.guided_velocity")
def digits(f: Functions, world: Shipped) -> Tensor:
    return flow.sampled(f, flow.guided(f, world.digits, torch.arange(6)), world.digits.noise(6, "x_0"), 10)


@_of("the way from noise to a digit along the network's velocity", "flow.flow_step")
def way(f: Functions, world: Shipped) -> Tensor:
    labels = torch.tensor([3])
    points, _ = flow.followed(f, flow.told(world.digits, labels), world.digits.noise(1, "x_0"), 5)
    return points[:, 0]


@_of("the straight way from noise to a digit", "flow.flow_interpolate")
def straight(f: Functions, world: Shipped) -> Tensor:
    x0, x1 = world.digits.noise(1, "x_0"), world.digits.real(torch.tensor([3]))
    return torch.cat([f("flow.flow_interpolate", x0=x0, x1=x1, t=i / 5) for i in range(6)])


@_of("swirled pictures", "bells.warp")
def warped(f: Functions, world: Shipped) -> Tensor:
    image = world.pictures(*FEW)
    down, right = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    turn = 8 * (1 - (down**2 + right**2)).clamp(min=0)
    return f("bells.warp", image=image, flow=(torch.stack([right, -down]) * turn).expand(len(image), -1, -1, -1))
