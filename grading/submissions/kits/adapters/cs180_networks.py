"""Part B: the student's networks, and what their losses and samplers are given in the place of one.

Between the two lie freedoms of the kit: the order of a network's arguments, t as (N,), (N, 1) or (N, 1, 1, 1), labels
or one-hot vectors, (N, 10) or (N, 1, 1, 10), a mask or labels that are zeroed outside of the network, timesteps that begin at 1.
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from . import cs180_code as code
from .cs180_stage import Caught
from .cs180_world import World

SIDE = 28


def student(role: str) -> Any:
    return lambda: code.definition(role)


# --- the networks ----------------------------------------------------------------------------------------------------


class _UNet(nn.Module):
    """A student's network, called as the contract calls it."""

    role = ""

    def __init__(self, in_channels: int = 1, num_classes: int = 10, num_hiddens: int = 64) -> None:
        super().__init__()
        given = code.spec(self.role)["given"]
        values = {"in_channels": in_channels, "num_classes": num_classes, "num_hiddens": num_hiddens}
        self.classes = num_classes
        with World(torch.float32):
            self.own = code.definition(self.role)(**{name: values[meaning] for name, meaning in given.items()})
        if not isinstance(self.own, nn.Module):
            raise TypeError(f"{code.place(self.role)}: {type(self.own).__name__} is no nn.Module")
        self.order: dict[str, str] = code.spec(self.role)["forward"]
        self.forms: tuple[Callable, Callable] | None = None  # of t, and of labels

    def ask(self, x: Tensor, t: Tensor | None = None, c: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        keep = torch.ones(len(x)) if keep is None else keep
        with World(x.dtype):
            if self.forms is None:
                self.forms = self._accepted(x.dtype)
            return self._call(self.forms, x, t, c, keep)

    def _call(self, forms: tuple, x: Tensor, t: Tensor | None, c: Tensor | None, keep: Tensor) -> Tensor:
        values: dict[str, Any] = {"x": x}
        if t is not None:
            values["t"] = forms[0](t.to(x.dtype))
        if c is not None:
            masked = "mask" in self.order.values() or "dropped" in self.order.values()
            values["c"] = forms[1](c, x.dtype, self.classes)
            values["mask"], values["dropped"] = keep.to(x.dtype), 1 - keep.to(x.dtype)
            if not masked and values["c"].ndim > 1:
                values["c"] = values["c"] * keep.to(x.dtype).reshape(-1, *[1] * (values["c"].ndim - 1))
        if any(name.startswith("*") for name in self.order):
            return self.own(*(values[meaning] for meaning in self.order.values()))
        return self.own(**{name: values[meaning] for name, meaning in self.order.items() if meaning in values})

    def _accepted(self, dtype: torch.dtype) -> tuple[Callable, Callable]:
        """The forms of t and of labels that this network takes: tried on two images, and nothing is left of it."""
        mode, state = self.own.training, torch.get_rng_state()
        self.own.eval()
        tried = [(forms, self._tried(forms, dtype)) for forms in itertools.product(_TIMES, _LABELS)]
        self.own.train(mode)
        torch.set_rng_state(state)
        taken = [forms for forms, result in tried if isinstance(result, Tensor) and result.shape == (2, 1, SIDE, SIDE)]
        raised = [result for _, result in tried if isinstance(result, Exception)]
        if not taken and raised:
            raise raised[0]
        return taken[0] if taken else tried[0][0]

    def _tried(self, forms: tuple, dtype: torch.dtype) -> Any:
        image, t, c = torch.zeros(2, 1, SIDE, SIDE, dtype=dtype), torch.tensor([0.25, 0.5]), torch.tensor([1, 3])
        try:
            with torch.no_grad():
                return self._call(forms, image, t if self.takes_t else None, c if self.takes_c else None, torch.ones(2))
        except Exception as error:
            return error

    takes_t = takes_c = False


_TIMES: tuple[Callable, ...] = (
    lambda t: t,
    lambda t: t.reshape(-1, 1),
    lambda t: t.reshape(-1, 1, 1, 1),
)
_LABELS: tuple[Callable, ...] = (
    lambda c, dtype, classes: c,
    lambda c, dtype, classes: nn.functional.one_hot(c, classes).to(dtype),
    lambda c, dtype, classes: nn.functional.one_hot(c, classes).to(dtype)[:, None, None],
)


class unet_UnconditionalUNet(_UNet):  # noqa: N801  # as the loader asks for it
    role = "unconditional_unet"

    def __init__(self, in_channels: int = 1, num_hiddens: int = 128) -> None:
        super().__init__(in_channels=in_channels, num_hiddens=num_hiddens)

    def forward(self, x: Tensor) -> Tensor:
        return self.ask(x)


class unet_TimeConditionalUNet(_UNet):  # noqa: N801  # as the loader asks for it
    role, takes_t = "time_unet", True

    def __init__(self, in_channels: int = 1, num_hiddens: int = 64) -> None:
        super().__init__(in_channels=in_channels, num_hiddens=num_hiddens)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.ask(x, t)


class unet_ClassConditionalUNet(_UNet):  # noqa: N801  # as the loader asks for it
    role, takes_t, takes_c = "class_unet", True, True

    def forward(self, x: Tensor, c: Tensor, t: Tensor, keep: Tensor | None = None) -> Tensor:
        return self.ask(x, t, c, keep)


# --- what a student's functions are given in the place of a network ---------------------------------------------------


class Asked(nn.Module):
    """The contract's model in the kit's clothes: it sorts what it is given, and asks the model in the contract's order."""

    function: Any

    def __init__(
        self, model: Any, role: str, batch: int, labels: Tensor | None = None, shift: Any = lambda t: t
    ) -> None:
        super().__init__()
        self.batch, self.labels, self.shift, self.asked = batch, labels, shift, 0
        self.__dict__["function"] = model  # no part of it: eval() and train() are not handed on
        self.stop_at: Tensor | None = None  # an image that is not this one ends a sampler
        order = code.spec(role)["forward"] if code.has(role) else {}
        self.order = list(order.values()) or ["x", "c", "t", "mask"][:: 1 if labels is not None else 2]
        self.names = order
        self.anything = nn.Parameter(torch.zeros(()))  # so that next(unet.parameters()) has a device

    def forward(self, *given: Any, **named: Any) -> Tensor:
        values = dict(zip(self.order, given)) | {self._meaning(name): value for name, value in named.items()}
        x = values["x"]
        if self.stop_at is not None and self.asked and not torch.equal(x[: self.batch], self.stop_at):
            raise Caught(x[: self.batch])  # of a doubled batch the first half
        self.asked += 1
        t = self.shift(_per_sample(values["t"], len(x)).to(x.dtype))
        if self.labels is None:
            return self.function(x, t)
        times = len(x) // len(self.labels) or 1
        labels, keep = self._classes(values, len(x), self.labels.repeat(times))
        return self.function(x, labels, t, keep.to(x.dtype))

    def _meaning(self, name: str) -> str:
        return self.names.get(name) or {"t": "t", "c": "c", "mask": "mask"}.get(name, name)

    def _classes(self, values: dict[str, Any], batch: int, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Labels, and which of them count; of a class that does not count the label does not matter."""
        c, keep = values.get("c"), torch.ones(batch)
        if values.get("mask") is not None:
            keep = _per_sample(values["mask"], batch).to(keep.dtype)
        elif values.get("dropped") is not None:
            keep = 1 - _per_sample(values["dropped"], batch).to(keep.dtype)
        if c is None:
            return labels, torch.zeros(batch)
        if c.ndim > 1 and c.numel() > batch:  # one-hot
            keep = keep * (c.reshape(batch, -1).abs().sum(1) > 0).to(keep.dtype)
            c = c.reshape(batch, -1).argmax(1)
        return torch.where(keep > 0, c.reshape(-1).long().expand(batch), labels), keep


def _per_sample(value: Any, batch: int) -> Tensor:
    """One number for each sample, however they were laid out; one number for all, or too many of the same one, too."""
    flat = torch.as_tensor(value).flatten()
    if flat.numel() != batch and flat.numel() and bool((flat == flat[0]).all()):
        return flat[:1].expand(batch).clone()
    return flat
