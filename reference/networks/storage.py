r"""How weights lie in a file: in half precision, the large arrays in eight bits.

.. math:: q_{ij} = \mathrm{round}(w_{ij} / s_i), \qquad s_i = \max_j |w_{ij}| / 127

| math | code       | shape        | range        | meaning                                          |
| ---- | ---------- | ------------ | ------------ | ------------------------------------------------ |
| w    | ``weight`` | (R, …)       | ℝ            | an array of weights, row by row                  |
| s    | ``scale``  | (R, 1, …)    | > 0          | a step for each row, so that its largest is ±127 |
| q    | ``steps``  | (R, …)       | -127 … 127   | how many steps each weight is, int8              |

No weight moves by more than half a step. Of the shipped models that moves what the UNets say by 0.04 % or less and the
encoders' codes by 0.2 %, no more than arithmetic in bfloat16 does. With arrays from 4,096 numbers in eight bits it would
be 0.3 % to 0.6 % in the UNets and 1.3 % in the StyleGANs.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["LARGE", "decoded", "encoded", "in_eight_bits"]

LARGE = 2**18  # so many numbers, or more
SCALE = ".scale"  # what the name of an array's scales ends with
MOST = 127


def in_eight_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(R, …) int8 and (R, 1, …) float32, whose product is the weight to within half a step.

    >>> steps, scale = in_eight_bits(torch.tensor([[1.27, -0.5, 0.004], [0.0, 0.0, 0.0]]))
    >>> steps.tolist()
    [[127, -50, 0], [0, 0, 0]]
    >>> round(scale[0].item(), 4)
    0.01
    """
    weight = weight.float()
    most = weight.abs().amax(dim=tuple(range(1, weight.ndim)), keepdim=True)
    scale = (most / MOST).clamp(min=torch.finfo(torch.float32).tiny)  # a row of zeros has some step, too
    return (weight / scale).round().to(torch.int8), scale


def encoded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a file holds of a network's ``state_dict``.

    >>> kept = encoded({"dense.weight": torch.ones(512, 512), "dense.bias": torch.ones(512)})
    >>> [(name, one.dtype) for name, one in kept.items()]
    [('dense.weight', torch.int8), ('dense.weight.scale', torch.float32), ('dense.bias', torch.float16)]
    """
    kept: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.is_floating_point() and value.ndim > 1 and value.numel() >= LARGE:
            kept[name], kept[name + SCALE] = in_eight_bits(value)
        else:
            kept[name] = value.half() if value.is_floating_point() else value
    return {name: value.contiguous().cpu() for name, value in kept.items()}


def decoded(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The ``state_dict`` of what a file holds.

    >>> decoded({"weight": torch.tensor([[3]], dtype=torch.int8), "weight.scale": torch.tensor([[0.5]])})
    {'weight': tensor([[1.5000]])}
    """
    return {
        name: value * kept[name + SCALE] if name + SCALE in kept else value
        for name, value in kept.items()
        if not name.endswith(SCALE)
    }
