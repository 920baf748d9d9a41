"""Let torchvision be imported beside a CPU build of torch.

PyPI's torchvision registers fake kernels for two operators that its compiled part declares; where that part does not
fit the installed torch, the import stops there. diffusers and lpips import torchvision, and use neither operator.
"""

import contextlib
import sys

import torch

_declared: list[torch.library.Library] = []  # a library's operators vanish with it


def declare_missing_operators() -> None:
    """Declare the two operators where torchvision is installed and cannot be imported without."""
    if _declared:
        return
    try:
        with contextlib.suppress(ImportError):
            import torchvision  # noqa: F401  # whether that works is the question
    except RuntimeError:
        for name in [name for name in list(sys.modules) if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # half imported
        _declared.append(torch.library.Library("torchvision", "FRAGMENT"))
        for name in ("nms", "qnms"):
            _declared[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
