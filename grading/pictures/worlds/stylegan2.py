r"""StyleGAN2-ADA's generator, read from NVIDIA's pickles without running the code inside them.

| math | code       | shape            | meaning                                                       |
| ---- | ---------- | ---------------- | ------------------------------------------------------------- |
| z    | ``z``      | (N, z_dim)       | normal                                                        |
| w    | ``ws``     | (N, 1 or L, w_dim) | a code for all layers, or one for each                      |
| s    | ``style``  | (N, C_in)        | factor of each input channel: an affine map of w              |
| k    | ``weight`` | (O, C_in, 3, 3)  | kernel; demodulated to unit norm after s                      |

Such a pickle holds the source text of NVIDIA's modules beside the weights, and unpickling runs it. Here the unpickler
knows tensors, numbers and containers only, and the network is written anew (StyleGAN2 Sec. 2 and 4, "skip" generator,
unconditional, full precision, constant noise).
"""

import io
import math
import pickle
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..weights import Weight

__all__ = ["WEIGHTS", "Generator", "read_pickle"]

WEIGHTS = (
    Weight(
        "stylegan2",
        "StyleGAN2-ADA of cats (AFHQ), 512 × 512: inversion",
        "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/afhqcat.pkl",
        0.4,
        "Nvidia Source Code License, not for commercial use",
        "STYLEGAN2",
    ),
)

_FIR = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


#: What may be called while a pickle is read. NVIDIA's modules become the dictionaries of their attributes.
_KNOWN = {
    "torch_utils.persistence._reconstruct_persistent_obj": lambda meta: dict(meta["state"]),
    "dnnlib.util.EasyDict": dict,
    "collections.OrderedDict": OrderedDict,
    "builtins.set": set,
    "__builtin__.set": set,
    "numpy.dtype": np.dtype,
    "numpy.core.multiarray.scalar": np.float64(0).__reduce__()[0],
    "numpy._core.multiarray.scalar": np.float64(0).__reduce__()[0],
    "torch._utils._rebuild_parameter": lambda data, *_: data,
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    "torch.storage._load_from_bytes": lambda data: torch.load(io.BytesIO(data), "cpu", weights_only=True),
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} has no business in a pickle of StyleGAN2-ADA")
        return _KNOWN[f"{module}.{name}"]


def read_pickle(path: Path) -> dict[str, Any]:
    """The averaged generator of a pickle: its attributes, its parts' below ``_modules``."""
    with open(path, "rb") as file:
        return _Reader(file).load()["G_ema"]


class Generator:
    """``mapping`` and ``synthesis`` as the contract's ``latents`` and ``inversion`` want them; images about in [-1, 1]."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        tree = read_pickle(path)
        self.weights = {name: value.detach().float().to(device) for name, value in _flat(tree)}
        self.device = device
        names = "\n".join(self.weights)
        if "mapping.embed.weight" in self.weights or ".skip.weight" in names:
            raise ValueError("path: expected an unconditional generator of the skip architecture")
        self.clamp = tree["_modules"]["synthesis"]["_modules"]["b4"]["_modules"]["conv1"]["conv_clamp"] or math.inf
        self.resolutions = sorted(int(size) for size in re.findall(r"synthesis\.b(\d+)\.conv1\.weight", names))
        self.layers = len(re.findall(r"mapping\.fc\d+\.weight", names))
        self.z_dim, self.w_dim = self.weights["mapping.fc0.weight"].shape[1], self.weights["mapping.w_avg"].shape[0]
        self.num_ws = 2 * len(self.resolutions)

    def mapping(self, z: Tensor) -> Tensor:
        """(N, z_dim) to (N, w_dim), by layers whose learning rate was a hundredth."""
        x = z.to(self.device) * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt().to(self.device)
        for layer in range(self.layers):
            x = _activated(self._linear(f"mapping.fc{layer}", x, rate=0.01))
        return x.cpu()

    def synthesis(self, ws: Tensor) -> Tensor:
        """(N, 1 or num_ws, w_dim) to pictures."""
        ws = ws.to(self.device).expand(-1, self.num_ws, -1)
        x = self.weights["synthesis.b4.const"].expand(len(ws), -1, -1, -1)
        image = torch.zeros(len(ws), 3, 2, 2, device=self.device)
        for block, size in enumerate(self.resolutions):
            name, layer = f"synthesis.b{size}", 2 * block
            if block:
                x = self._convolution(f"{name}.conv0", x, ws[:, layer - 1], up=True)
            x = self._convolution(f"{name}.conv1", x, ws[:, layer])
            image = _doubled(image) + self._colours(f"{name}.torgb", x, ws[:, layer + 1])
        return image.cpu()

    def _linear(self, name: str, x: Tensor, rate: float = 1.0) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return F.linear(x, weight * (rate / math.sqrt(weight.shape[1])), bias * rate)

    def _convolution(self, name: str, x: Tensor, w: Tensor, up: bool = False) -> Tensor:
        weight, style = self.weights[f"{name}.weight"], self._linear(f"{name}.affine", w)
        norm = (torch.einsum("oihw,ni->no", weight.square(), style.square()) + 1e-8).rsqrt()
        x = x * style[:, :, None, None]
        if up:
            x = _blurred(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), (1, 1))
        else:
            x = F.conv2d(x, weight, padding=1)
        noise = self.weights[f"{name}.noise_const"] * self.weights[f"{name}.noise_strength"]
        x = x * norm[:, :, None, None] + noise + self.weights[f"{name}.bias"][:, None, None]
        return _activated(x).clamp(-self.clamp, self.clamp)

    def _colours(self, name: str, x: Tensor, w: Tensor) -> Tensor:
        style = self._linear(f"{name}.affine", w) / math.sqrt(x.shape[1])
        image = F.conv2d(x * style[:, :, None, None], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])
        return image.clamp(-self.clamp, self.clamp)


def _activated(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def _blurred(x: Tensor, pad: tuple[int, int]) -> Tensor:
    """The binomial filter; times 4, as three in four pixels of what is doubled are 0."""
    kernel = 4 * torch.outer(_FIR, _FIR).to(x).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, (*pad, *pad)), kernel, groups=x.shape[1])


def _doubled(image: Tensor) -> Tensor:
    spread = image.new_zeros(*image.shape[:2], 2 * image.shape[2], 2 * image.shape[3])
    spread[..., ::2, ::2] = image
    return _blurred(spread, (2, 1))


def _flat(tree: dict[str, Any], prefix: str = ""):
    """Parameters and buffers by their dotted names."""
    for name, value in {**tree["_parameters"], **tree["_buffers"]}.items():
        if value is not None:
            yield prefix + name, value
    for name, part in tree["_modules"].items():
        yield from _flat(part, f"{prefix}{name}.")
