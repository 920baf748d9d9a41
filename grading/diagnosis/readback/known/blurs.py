"""The low-pass: whose taps, along which axes, what stands beyond the edges, which channels are mixed, what comes back."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..evidence import Arguments, bare
from ..variants import Choice, Family
from .taps import GAUSSIAN, kernel

_TAPS = {name: choice for name, choice in GAUSSIAN.choices.items() if name not in ("length", "shape")}
_REST = {name: choice.right for name, choice in GAUSSIAN.choices.items()}


def _blur(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    x = bare(a["x"])
    taps = choices["again"](kernel(a, _REST | {name: choices[name] for name in _TAPS}))
    B, C, H, W = x.shape
    planes = x.reshape(B * C, 1, H, W)
    edges = choices["edges"]
    of_an_axis = {"H": edges, "W": edges} if isinstance(edges, str) else dict(zip("HW", edges))
    for axis in choices["axes"]:
        planes = _along(planes, taps, axis, of_an_axis[axis])
    return choices["back"](x, choices["channels"](planes.reshape(B, C, H, W)))


def _along(planes: Tensor, taps: Tensor, axis: str, edges: str) -> Tensor:
    reach = len(taps) // 2
    if edges == "inside":
        return _along(planes, taps, axis, "constant") / _along(torch.ones_like(planes), taps, axis, "constant")
    pad = [0, 0, reach, reach] if axis == "H" else [reach, reach, 0, 0]
    if edges == "symmetric":
        dim = 2 if axis == "H" else 3
        head, tail = planes.narrow(dim, 0, reach), planes.narrow(dim, planes.shape[dim] - reach, reach)
        padded = torch.cat([head.flip(dim), planes, tail.flip(dim)], dim)
    else:
        padded = F.pad(planes, pad, mode=edges) if edges != "constant" else F.pad(planes, pad)
    return F.conv2d(padded, taps.reshape(1, 1, -1, 1) if axis == "H" else taps.reshape(1, 1, 1, -1))


def _twice(taps: Tensor) -> Tensor:
    return F.conv1d(F.pad(taps, [len(taps) // 2 * 2] * 2)[None, None], taps.flip(0)[None, None])[0, 0]


BLUR = Family(
    _blur,
    {
        "axes": Choice(
            "height and width",
            "HW",
            {
                "only the height is blurred": "H",
                "only the width is blurred": "W",
                "nothing is blurred": "",
                "the height is blurred twice, the width not at all": "HH",
                "the width is blurred twice, the height not at all": "WW",
            },
        ),
        "edges": Choice(
            "reflection",
            "reflect",
            {
                "beyond the edges stand zeros": "constant",
                "beyond the edges stand copies of the edge pixel": "replicate",
                "beyond the edges stands the other side of the image": "circular",
                "beyond the edges the image goes on as in a mirror that repeats the edge pixel": "symmetric",
                "at the edges the mean is taken over the pixels inside alone": "inside",
                "beyond the edges of the width stand zeros": ("reflect", "constant"),
                "beyond the edges of the height stand zeros": ("constant", "reflect"),
                "beyond the edges of the width stand copies of the edge pixel": ("reflect", "replicate"),
                "beyond the edges of the height stand copies of the edge pixel": ("replicate", "reflect"),
            },
        ),
        "channels": Choice(
            "each channel by itself",
            lambda y: y,
            {
                "every channel gets the sum over all channels": lambda y: y.sum(1, keepdim=True).expand_as(y),
                "every channel gets the mean over all channels": lambda y: y.mean(1, keepdim=True).expand_as(y),
                "every channel gets the first one": lambda y: y[:, :1].expand_as(y),
                "one channel comes back, the mean of all": lambda y: y.mean(1, keepdim=True),
                "one channel comes back, the sum of all": lambda y: y.sum(1, keepdim=True),
            },
        ),
        "back": Choice(
            "the blurred image",
            lambda x, y: y,
            {
                "the rest comes back, image − blur": lambda x, y: x - y,
                "blur − image comes back": lambda x, y: y - x,
                "the blur is added to the image": lambda x, y: x + y,
                "the mean of image and blur comes back": lambda x, y: (x + y) / 2,
                "the result is cut off at −1 and 1": lambda x, y: y.clamp(-1, 1),
                "the result is cut off at 0 and 1": lambda x, y: y.clamp(0, 1),
                "the result is turned upside down": lambda x, y: y.flip(2),
                "the result is mirrored": lambda x, y: y.flip(3),
                "height and width are exchanged": lambda x, y: y.transpose(2, 3),
            },
        ),
        "again": Choice("one pass", lambda taps: taps, {"the kernel is applied twice": _twice}),
        **_TAPS,
    },
)
