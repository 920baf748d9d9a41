"""Let torchvision be imported beside a CPU build of torch.

PyPI's torchvision declares kernels for two operators that only its CUDA build of torch knows, and stops at import.
diffusers and lpips import torchvision; neither of them uses those operators.
"""

import torch

_declared: list[torch.library.Library] = []  # a library's operators vanish with it


def declare_missing_operators() -> None:
    """Declare the two operators unless something has done so before."""
    if _declared:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    _declared.append(library)
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
