"""Which Gaussian parts the frequencies of a hybrid: the handout only recommends one, and torchvision's takes any."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from torch import Tensor


class Blurs:
    """Those that a loop uses. As long as they are one and the same, the one that is asked for can stand in its place."""

    def __init__(self, blur: Callable[..., Tensor], kernel_size: int, sigma: float) -> None:
        self.blur, self.asked = blur, ([kernel_size, kernel_size], [sigma, sigma])
        self.used: set[tuple] = set()
        self.exchanged = False

    def __call__(self, image: Tensor, kernel_size: Any, sigma: Any) -> Tensor:
        if self.exchanged and len(self.used) == 1:
            return self.blur(image, *self.asked)
        self.used.add((tuple(kernel_size), tuple(sigma)))
        return self.blur(image, kernel_size, sigma)


@contextlib.contextmanager
def watched(kernel_size: int, sigma: float) -> Iterator[Blurs]:
    """torchvision's blur, as a function and as a transform: both end here."""
    from torchvision.transforms import _functional_tensor

    blurs = Blurs(_functional_tensor.gaussian_blur, kernel_size, sigma)
    with mock.patch.object(_functional_tensor, "gaussian_blur", blurs):
        yield blurs
