"""The shipped digits: the class-conditioned network that was trained by flow matching, and the classifier that measures.

It is no :class:`World`: time runs from noise to data and there is no schedule, classes stand where prompts stand
elsewhere. Pictures are in [0, 1].
"""

from functools import cached_property

import torch
from torch import Tensor

from reference import data, networks
from reference.data.draws import seeded
from reference.networks.quality import in_batches

__all__ = ["LIKENESS", "STRANGENESS", "Digits"]

LIKENESS = "how probable the classifier finds the digit that was asked for; 1 is certain"
STRANGENESS = "how far the digits are from the nearest real one, in the classifier's features"


class Digits:
    """Everything is loaded when it is first asked for; tensors that come and go are on the CPU, as in a World."""

    shape = (1, 28, 28)

    def __init__(self, seed: int = 0, device: str = "cpu") -> None:
        self.seed, self.device = seed, device

    @cached_property
    def network(self):
        return networks.load("flow", self.device)

    @torch.no_grad()
    def velocity(self, x_t: Tensor, labels: Tensor, t: Tensor, keep: Tensor | None = None) -> Tensor:
        """The network's velocity; t and keep may have any float dtype, and without keep every class is told."""
        keep = torch.ones(len(x_t)) if keep is None else keep
        x_t, labels = x_t.to(self.device), labels.to(self.device)
        return self.network(x_t, labels, t.to(x_t), keep.to(x_t)).float().cpu()

    def noise(self, count: int, name: str) -> Tensor:
        """Normal numbers for so many x_0, by the world's seed and their own name."""
        return torch.randn(count, *self.shape, generator=seeded("cpu", self.seed, name))

    @cached_property
    def held_out(self) -> data.Pictures:
        return data.load("digits", "test")

    def real(self, labels: Tensor) -> Tensor:
        """The first held-out digit of each class."""
        return self.held_out.floats()[[int((self.held_out.labels == label).nonzero()[0]) for label in labels]]

    # Measures

    @cached_property
    def classifier(self):
        return networks.load("digit-classifier", self.device)

    @cached_property
    def real_features(self) -> Tensor:
        return self.features(self.held_out.floats())

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """(B, F): the classifier's view of pictures in [0, 1]."""
        return in_batches(self.classifier.features, x.clamp(0, 1).to(self.device)).float().cpu()

    @torch.no_grad()
    def likeness(self, x: Tensor, labels: Tensor) -> float:
        """The mean probability that the classifier gives to the asked-for class."""
        probabilities = self.classifier(x.clamp(0, 1).to(self.device)).float().cpu().softmax(dim=1)
        return float(probabilities.gather(1, labels[:, None]).mean())

    def strangeness(self, x: Tensor) -> float:
        """The mean distance of pictures to the nearest held-out digit, in the classifier's features."""
        return float(torch.cdist(self.features(x), self.real_features).min(dim=1).values.mean())
