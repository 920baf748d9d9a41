"""Stand-ins for what the kit gives: vgg19, the L-BFGS with a line search, data, and files that nobody is to write."""

import argparse
import ast
import contextlib
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from .common import FOLDER, OutOfReach, student_module, those_imported

_imported: dict[str, ModuleType] = {}


def the_file(name: str) -> ModuleType:
    """The student's file of this name, with stand-ins in the place of the kit's other files."""
    if name in _imported:
        return _imported[name]
    sys.modules["LBFGS"] = _module("LBFGS", FullBatchLBFGS=Search)
    sys.modules["dataloader"] = _module("dataloader", get_data_loader=None)
    sys.modules["util"] = _module("util", load_img=None, load_model_from_config=None)
    _torchvisions_models().vgg19 = vgg19
    module = student_module(name)
    for other in _others():
        for key, value in list(vars(other).items()):
            if isinstance(value, type | FunctionType) and value.__module__ == other.__name__:
                vars(module).setdefault(key, value)
        vars(other).setdefault("device", "cpu")
    module.device = "cpu"  # type: ignore[attr-defined]  # the kit has it from the command line
    module.vgg19 = vgg19  # type: ignore[attr-defined]
    _imported[name] = module
    return module


def _is_a_students(module: ModuleType) -> bool:
    """Some take the kit's files apart into others."""
    file = Path(str(getattr(module, "__file__", None)))
    ours = Path(__file__).parent
    return isinstance(module, ModuleType) and {FOLDER, ours} & set(file.parents) == {FOLDER} and file.is_file()


_others = those_imported(_is_a_students)


def _torchvisions_models() -> Any:
    try:
        from torchvision import models
    except Exception:  # it may be missing here, and no TODO needs more of it
        models, utils = _module("torchvision.models"), _module("torchvision.utils")
        sys.modules["torchvision"] = _module("torchvision", models=models, utils=utils)
        sys.modules.update({"torchvision.models": models, "torchvision.utils": utils})
    return models


def _module(name: str, **holds: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(holds)
    return module


# --- calling what students name and order in their own way --------------------------------------------------------


def call(function: Callable, *in_order: Any, **known: Any) -> Any:
    """With the arguments that it has a name for; by the kit's order where it renames them."""
    parameters = inspect.signature(function).parameters
    required = [
        one.name for one in parameters.values() if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    if all(name in known for name in required):
        return function(**{name: value for name, value in known.items() if name in parameters})
    return function(*in_order)


class Options(argparse.Namespace):
    """What the command line gives. Of an option of the student's own nobody may know what it is without one."""

    def __getattr__(self, name: str) -> Any:
        if any(re.search(rf"--{name.replace('_', '[-_]')}\b|\.{name} *=[^=]", text) for text in _texts()):
            raise OutOfReach(f"args.{name} is set by what is not run here")
        raise AttributeError(f"'Namespace' object has no attribute {name!r}")


def arguments(module: ModuleType, **chosen: Any) -> Options:
    """What the command line gives: the student's own options at their defaults, and these."""
    parse = getattr(module, "parse_arg", None) or getattr(module, "parse_args", None)
    options = Options(**_defaults_in_the_text())
    if parse is not None:
        with mock.patch.object(sys, "argv", ["main.py"]), contextlib.suppress(Exception, SystemExit):
            vars(options).update(vars(parse()))
    usual = {"model": "stylegan", "latent": "w+", "n_iters": 10, "resolution": 8, "input": "data/0.png"}
    vars(options).update(usual | chosen)
    return options


def _texts() -> list[str]:
    """The student's files, the kit's own first."""
    own = [module.__file__ for module in (*_imported.values(), *_others())]
    return [Path(str(file)).read_text(encoding="utf-8", errors="replace") for file in dict.fromkeys(own)]


@functools.cache
def _defaults_in_the_text() -> dict[str, Any]:
    """Of options that no function adds: the kit's last lines, for one, are not run."""
    found = dict[str, Any]()
    for text in _texts():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument" and node.args:
                with contextlib.suppress(ValueError):
                    found = _option(node) | found  # of two of one name the first one counts
    return found


def _option(added: ast.Call) -> dict[str, Any]:
    """The name that an option has in what is parsed, and its value without one; nothing of one that has to be given."""
    told = {one.arg: one.value for one in added.keywords}
    flags = [str(ast.literal_eval(one)) for one in added.args]
    flag = next((one for one in flags if one.startswith("--")), flags[0])
    name = str(ast.literal_eval(told["dest"])) if "dest" in told else flag.lstrip("-").replace("-", "_")
    action = ast.literal_eval(told["action"]) if "action" in told else "store"
    if not flag.startswith("-") or "required" in told:
        return {}
    unset = {"store_true": False, "store_false": True}.get(action)
    value = ast.literal_eval(told["default"]) if "default" in told else unset
    made = {"int": int, "float": float}.get(ast.unparse(told["type"]) if "type" in told else "")
    return {name: made(value) if made is not None and isinstance(value, str) else value}


@contextlib.contextmanager
def holding(module: ModuleType, **instead: Any) -> Iterator[None]:
    """These names of the student's file, and of what it is made of, stand for something else meanwhile."""
    with contextlib.ExitStack() as stack:
        for name, value in instead.items():
            stack.enter_context(mock.patch.object(module, name, value, create=True))
            for other in _others():
                if other is not module and name in vars(other):
                    stack.enter_context(mock.patch.object(other, name, value))
        yield


@contextlib.contextmanager
def as_precise_as(image: Tensor) -> Iterator[None]:
    """Numbers that students write out are of the image's precision, as they are in the kit's float32."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(image.dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def nothing(*_: Any, **__: Any) -> None:
    """In the place of what writes files or shows pictures."""


# --- vgg19 --------------------------------------------------------------------------------------------------------


class Traced(Tensor):
    """A tensor that knows of which images its rows are, whatever is done to it on the way."""

    rows: list[int]

    @classmethod
    def __torch_function__(cls, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = super().__torch_function__(func, types, args, kwargs or {})
        several = list(args[0]) if args and isinstance(args[0], list | tuple) else list(args)
        rows = [row for one in several if isinstance(one, Traced) for row in getattr(one, "rows", [])]
        first: list[int] = next((one.rows for one in several if hasattr(one, "rows")), [])
        start = 0
        for piece in result if isinstance(result, list | tuple) else [result]:
            if not (isinstance(piece, Traced) and piece.ndim):
                continue
            if piece is not result:  # chunks, one after the other
                piece.rows, start = first[start : start + len(piece)], start + len(piece)
            elif len(piece) in (len(rows), len(first)):
                piece.rows = rows if len(piece) == len(rows) else first
        return result


def traced(image: Tensor, first: int) -> Tensor:
    one = image.as_subclass(Traced)  # type: ignore[arg-type]
    one.rows = list(range(first, first + len(image)))
    return one


class Features:
    """What the convolutions of :func:`vgg19` give meanwhile: these maps of the images, one after the other."""

    maps: tuple[Tensor, ...] = ()


_CONVOLUTIONS = (2, 2, 4, 4, 4)  # convolutions before each of vgg19's pools


def vgg19(*_: Any, **__: Any) -> Any:
    """A network of the same layers, each of torch's own type.

    Convolution i gives map i of :class:`Features` for the image that came in, begun anew where there are no more:
    whether a student counts them from 0 or from 1 is free. Pools hand on, so that maps may be small. What a convolution
    is given has to come from a ReLU, since its map says nothing of that.
    """
    layers: list[nn.Module] = []
    for convolutions in _CONVOLUTIONS:
        for _number in range(convolutions):
            layers += [_convolution(sum(isinstance(layer, nn.Conv2d) for layer in layers)), nn.ReLU()]
        pool = nn.MaxPool2d(2)
        pool.forward = _hand_on  # type: ignore
        layers.append(pool)
    network = nn.Module()
    network.features = nn.Sequential(*layers)
    return network


def _hand_on(x: Tensor) -> Tensor:
    return x


def _convolution(number: int) -> nn.Conv2d:
    layer = nn.Conv2d(1, 1, 1)

    def forward(x: Any) -> Tensor:
        if number and bool((x < 0).any()):
            raise ValueError(f"vgg19's conv_{number + 1} is given negative numbers: the ReLU before it is left out")
        chosen = Features.maps[number % len(Features.maps)][x.rows].as_subclass(Traced)  # type: ignore[arg-type]
        chosen.rows = x.rows
        return chosen

    layer.forward = forward  # type: ignore
    return layer


class Unnormalised(nn.Module):
    """In the place of the kit's Normalization, which knows three channels only."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def forward(self, img: Tensor) -> Tensor:
        return img


# --- L-BFGS -------------------------------------------------------------------------------------------------------


class Search:
    """The kit's full-batch quasi-Newton search, for few numbers: the closure says the loss, backward() is called here.

    Like the kit's it leaves it to the closure to forget the gradients of the step before.
    """

    def __init__(self, params: Any, *_: Any, **__: Any) -> None:
        self.params = list(params)
        self.param_groups = [{"params": self.params}]
        size = sum(one.numel() for one in self.params)
        self.inverse = torch.eye(size, dtype=self.params[0].dtype)
        self.at: tuple[Tensor, Tensor] | None = None  # loss and gradient here

    def zero_grad(self, *_: Any, **__: Any) -> None:
        for one in self.params:
            one.grad = None

    def step(self, options: Any = None, **named: Any) -> tuple:
        """One direction and a search along it."""
        closure = options["closure"] if isinstance(options, dict) else options or named["closure"]
        evaluations = 0 if self.at is not None else 1
        loss, gradient = self.at or self._evaluated(closure)
        direction = -(self.inverse @ gradient)
        slope, length = gradient @ direction, 1.0
        if self.at is None:
            length = min(1.0, 1.0 / (float(gradient.abs().sum()) + 1e-12))
        begin = self._numbers()
        for _ in range(20):
            self._go_to(begin + length * direction)
            new_loss, new_gradient = self._evaluated(closure)
            evaluations += 1
            if new_loss <= loss + 1e-4 * length * slope:
                break
            length /= 2
        else:
            self.inverse = torch.eye(len(gradient), dtype=gradient.dtype)
        self._learn(length * direction, new_gradient - gradient)
        self.at = new_loss, new_gradient
        return new_loss, new_gradient, length, evaluations, evaluations, evaluations, direction, False

    def _evaluated(self, closure: Callable) -> tuple[Tensor, Tensor]:
        loss = closure()
        loss.backward()
        gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in self.params]
        return loss.detach(), torch.cat([one.flatten() for one in gradients])

    def _numbers(self) -> Tensor:
        return torch.cat([one.data.flatten() for one in self.params]).clone()

    def _go_to(self, numbers: Tensor) -> None:
        for one, part in zip(self.params, numbers.split([one.numel() for one in self.params])):
            one.data.copy_(part.view_as(one))

    def _learn(self, moved: Tensor, change: Tensor) -> None:
        """The BFGS update of the inverse Hessian."""
        curvature = moved @ change
        if curvature <= 1e-12 * (moved @ moved):
            return
        left = torch.eye(len(moved), dtype=moved.dtype) - torch.outer(moved, change) / curvature
        self.inverse = left @ self.inverse @ left.T + torch.outer(moved, moved) / curvature
