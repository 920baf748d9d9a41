"""``stage_1`` as the notebook has it, with a network of ours behind it, and the loops that ask it.

A loop's image is caught when the network is asked about the timestep after the last one, so that what a loop shows,
converts and returns does not matter.

The notebook takes t = 0 for the clean image. So the kit's timesteps are those of the contract plus one, and its table
begins with 1.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from . import cs180_code as code
from .cs180_world import World

CHANNELS = 3  # DeepFloyd's
NULL, FIRST, SECOND = 0, 1, 2  # prompts
Answer = Callable[[Tensor, int, Tensor, Tensor], Tensor]  # image, t, whose prompt, which sample → its noise estimate


class Caught(BaseException):
    """The image with which the loop goes on; no ``except Exception`` stops it."""

    def __init__(self, image: Tensor) -> None:
        self.image = image


class Timestep(int):
    """An int that takes what is asked of a tensor of one number."""

    def item(self) -> int:
        return int(self)

    def to(self, *where: Any, **how: Any) -> "Timestep":
        return self

    cuda = cpu = long = int = to


class Silent:
    """Shows nothing, whatever it is asked to show."""

    def __getattr__(self, name: str) -> "Silent":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any, **keywords: Any) -> "Silent":
        return self

    def __getitem__(self, key: Any) -> "Silent":
        return self

    def __iter__(self) -> Any:
        return iter((self, self))

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *error: Any) -> None:
        return None


class Prompts(tuple):
    """Two prompts in one argument, as a pair or by name."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return tuple.__getitem__(self, key)
        return tuple.__getitem__(self, 1 if key[-1:] in "2b" or "flip" in key or "high" in key else 0)


class ByText(dict):
    """``prompt_embeds_dict``: the empty prompt is the null condition."""

    def __init__(self, null: Tensor, prompt: Tensor) -> None:
        super().__init__({"": null})
        self.prompt = prompt

    def __missing__(self, text: str) -> Tensor:
        return self.prompt


class _Output(tuple):
    """What the network returns, with ``return_dict=False`` and without."""

    @property
    def sample(self) -> Tensor:
        return self[0]


@dataclass
class Loop:
    """One call of a loop of the student's: where it starts, along which timesteps, and who answers."""

    image: Tensor  # (B, 3, H, W), in double precision
    table: Tensor  # the kit's: 1 in front
    timesteps: list[int]  # the kit's; from the last but one to the last no step is taken any more
    answer: Answer
    start: int = 0
    noise: Tensor | None = None  # of every draw; none is 0
    variance: bool = False  # whether the kit's own add_variance adds any
    values: dict[str, Any] = field(default_factory=dict)  # other arguments, by their meaning
    forward: Callable | None = None  # what stands in the place of the student's forward()
    asked: int = 0
    catches: bool = True

    def unet(self, image: Tensor, t: Any = None, *rest: Any, encoder_hidden_states: Any = None, **more: Any) -> _Output:
        """DeepFloyd's network: a noise estimate, and behind it a predicted variance."""
        prompt = encoder_hidden_states if encoder_hidden_states is not None else rest[0]
        timestep = int(torch.as_tensor(more.get("timestep", t)).flatten()[0])
        if self.asked and self.catches and timestep == self.timesteps[-2]:
            raise Caught(image)
        self.asked += 1
        rows = prompt[:, 0].expand(len(image), -1) if len(prompt) == 1 else prompt[:, 0]
        estimate = self.answer(image, timestep, rows[:, 0].round().long(), rows[:, 1].round().long())
        return _Output((torch.cat([estimate, torch.zeros_like(estimate)], 1),))

    def log_variance(self, t: Any, *rest: Any, **more: Any) -> Tensor:
        """The logarithm of the posterior's variance, as the kit's scheduler has it; the clean image has none."""
        t = int(torch.as_tensor(t).flatten()[0])
        abar, abar_prev = self.table[t], self.table[self._after(t)]
        if not (self.variance and t):
            return torch.zeros_like(abar).log()
        return ((1 - abar_prev) / (1 - abar) * (1 - abar / abar_prev)).log()

    def _after(self, t: int) -> int:
        """The timestep that a step from t leads to. Our last one is no step: from where it begins the chain goes on evenly."""
        *_, before, last, _end = self.timesteps
        if t == last:
            return max(0, 2 * last - before)
        return next((one for one in self.timesteps if one < t), 0)

    def add_variance(self, predicted_variance: Any, t: Any, image: Tensor, *rest: Any) -> Tensor:
        """Given in the notebook; needed where it was not handed in."""
        return image + torch.exp(0.5 * self.log_variance(t)) * torch.randn_like(image)

    def draw(self, shape: tuple[int, ...]) -> Tensor | None:
        """The start, where the loop draws it itself; noise afterwards."""
        if len(shape) != 4:
            return None
        first = not self.asked and "image" not in self.meanings
        noise = torch.zeros_like(self.image) if self.noise is None else self.noise
        return self.image.clone() if first else noise.clone()

    def run(self, role: str) -> Tensor:
        """The image after the last step."""
        self.meanings, self.asked = set(code.spec(role)["given"].values()), 0
        stage = SimpleNamespace(unet=self.unet, scheduler=_scheduler(self), device="cpu", dtype=self.image.dtype)
        stage.to = lambda *where, **how: stage
        prompts = [_prompt(which, len(self.image)) for which in (NULL, FIRST, SECOND)]
        values = {
            "image": self.image.clone(), "start": self.start, "timesteps": list(self.timesteps), "scale": 7.0,
            "null": prompts[NULL], "prompt": prompts[FIRST], "first": prompts[FIRST], "second": prompts[SECOND],
            "low": prompts[FIRST], "high": prompts[SECOND], "both": Prompts(prompts[1:]), "table": self.table, "stage": stage, "off": False, "device": "cpu",
            "seed": 0, "shape": tuple(self.image.shape), "kernel": 33, "sigma": 2.0, "index": 0,
        } | self.values  # fmt: skip
        names = {
            "stage_1": stage, "alphas_cumprod": self.table, "strided_timesteps": values["timesteps"], "device": "cpu",
            "prompt_embeds": prompts[FIRST], "uncond_prompt_embeds": prompts[NULL], "test_im": self.image,
            "prompt_embeds_dict": ByText(prompts[NULL], prompts[FIRST]),
        }  # fmt: skip
        code.definition(role)  # so that its file has been imported
        try:
            with _handed_out(role, names, self), World(self.image.dtype, self.draw):
                result = code.call(role, values)
        except Caught as caught:
            return caught.image[: len(self.image)].to(self.image.dtype)  # a batch may be doubled
        except ZeroDivisionError:  # in floats no step leads on from the clean image: what is returned has to do
            if not self.catches or self.timesteps[-2]:
                raise
            return replace(self, timesteps=self.timesteps[:-1], catches=False).run(role)
        return _image_in(result, self.image)


def _scheduler(loop: Loop) -> SimpleNamespace:
    nothing = lambda *arguments, **keywords: None
    return SimpleNamespace(alphas_cumprod=loop.table, set_timesteps=nothing, _get_variance=loop.log_variance)


def _prompt(which: int, batch: int) -> Tensor:
    """(B, 77, 4096) in the kit. Here its first numbers say which prompt it is, and of which sample."""
    embeds = torch.zeros(batch, 77, 4, dtype=torch.float64)
    embeds[:, :, 0], embeds[:, :, 1] = which, torch.arange(batch, dtype=torch.float64)[:, None]
    return embeds


@contextlib.contextmanager
def _handed_out(role: str, names: dict[str, Any], loop: Loop) -> Iterator[None]:
    """The notebook's globals, in every file of the student's, and on the object where there is a class."""
    silent = dict.fromkeys(("media", "mediapy", "plt", "wandb"), Silent())
    forward = code.spec("forward")["name"].split(".")[-1] if code.has("forward") else ""
    spaces = [vars(module) for module in code.student_modules()]
    before = [dict(space) for space in spaces]
    for space in spaces:
        space.update(names | silent)
        if isinstance(space.get("add_variance"), code.ABSENT | None):
            space["add_variance"] = loop.add_variance
        if loop.forward is not None and callable(space.get(forward)):
            space[forward] = loop.forward
    itself = code.owner(role)
    if itself is not None:
        vars(itself).update(_by_meaning(code.attributes(role), names))
        vars(itself).update(names | ({forward: loop.forward} if loop.forward is not None else {}))
        if not hasattr(type(itself), "add_variance"):
            itself.add_variance = loop.add_variance
    try:
        yield
    finally:
        for space, names_before in zip(spaces, before):
            space.clear()
            space.update(names_before)
        if itself is not None:
            vars(itself).pop(forward, None)


_MEANT = (
    (r"time_?steps|strided|^ts$", "strided_timesteps"),
    (r"alphas?_?(bar|cumprod)|abar|acp", "alphas_cumprod"),
    (r"stage|pipe|^model$", "stage_1"),
    (r"embed|prompt", "prompt_embeds_dict"),
    (r"device", "device"),
)


def _by_meaning(attributes: list[str], names: dict[str, Any]) -> dict[str, Any]:
    """The notebook's globals under the names that an object has for them."""
    meant = ((one, next((name for way, name in _MEANT if re.search(way, one)), "")) for one in attributes)
    return {one: names[name] for one, name in meant if name} | {"dtype": names["test_im"].dtype}


def _image_in(result: Any, like: Tensor) -> Tensor:
    """The image among what was returned: the last one that is not what went in."""
    parts = (
        list(result.values()) if isinstance(result, dict) else result if isinstance(result, tuple | list) else [result]
    )
    tensors = [one if isinstance(one, Tensor) else torch.as_tensor(one) for one in parts if hasattr(one, "__array__")]
    images = [one.reshape(like.shape) for one in tensors if one.shape in (like.shape, _alone(like))]
    if result is None:
        raise NotImplementedError("nothing is returned")
    if not images:
        raise ValueError(f"expected an image of shape {tuple(like.shape)}, got {_described(parts)}")
    made = [one for one in images if not torch.equal(one.to(like.dtype), like)]
    return (made or images)[-1].to(like.dtype)


def _alone(image: Tensor) -> tuple[int, ...]:
    """The shape of one image of a batch of one."""
    return tuple(image.shape[1:]) if len(image) == 1 else tuple(image.shape)


def in_form(noised: Tensor, given: tuple, named: dict[str, Any]) -> Tensor:
    """A batch of one, or one image, as forward() is handed it."""
    images = [one for one in (*given, *named.values()) if isinstance(one, Tensor) and one.ndim > 2]
    return noised[0] if images and images[0].ndim == 3 and len(noised) == 1 else noised


def _described(parts: Any) -> str:
    return ", ".join(str(tuple(one.shape)) if hasattr(one, "shape") else type(one).__name__ for one in parts)


def padded(image: Tensor) -> Tensor:
    """In double precision, with as many channels as the kit's images have."""
    image = image.detach().double()
    missing = CHANNELS - image.shape[1]
    return (
        torch.cat([image, image.new_zeros(len(image), missing, *image.shape[2:])], 1) if missing > 0 else image.clone()
    )


def kit_table(alphas_cumprod: Tensor) -> Tensor:
    return torch.cat([torch.ones(1, dtype=torch.float64), alphas_cumprod.detach().double()])
