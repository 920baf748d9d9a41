r"""A small convolutional classifier, whose features measure pictures.

| math | code       | shape                  | meaning                                                     |
| ---- | ---------- | ---------------------- | ----------------------------------------------------------- |
| x    | ``x``      | (B, C, H, W)           | pictures, in the range that the classifier was trained on   |
| φ_l  | ``maps``   | list of (B, C_l, …)    | feature maps, one for each level: for a perceptual loss     |
| f    | ``features``| (B, 4D)               | the last level's mean over pixels: for a Fréchet distance   |
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Classifier"]


class Classifier(nn.Module):
    """Three levels of two convolutions each, mean over pixels, one linear layer.

    Args:
        in_channels: C of the pictures.
        num_classes: K.
        num_hiddens: D, the channels of the first level; they double at each level.

    >>> import torch
    >>> model = Classifier(1, 10, num_hiddens=4).eval()
    >>> x = torch.zeros(2, 1, 28, 28)
    >>> model(x).shape, model.features(x).shape, [tuple(m.shape[1:]) for m in model.maps(x)]
    (torch.Size([2, 10]), torch.Size([2, 16]), [(4, 28, 28), (8, 14, 14), (16, 7, 7)])
    """

    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int = 32) -> None:
        super().__init__()
        widths = [num_hiddens, 2 * num_hiddens, 4 * num_hiddens]
        self.levels = nn.ModuleList(
            nn.Sequential(_convolution(before, width), _convolution(width, width))
            for before, width in zip([in_channels, *widths], widths)
        )
        self.head = nn.Linear(widths[-1], num_classes)

    def maps(self, x: Tensor) -> list[Tensor]:
        """The feature maps of the three levels, fine to coarse."""
        maps: list[Tensor] = []
        for level in self.levels:
            x = level(F.max_pool2d(x, 2) if maps else x)
            maps.append(x)
        return maps

    def features(self, x: Tensor) -> Tensor:
        """(B, 4D): one vector for each picture."""
        return self.maps(x)[-1].mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """(B, K) logits."""
        return self.head(F.dropout(self.features(x), 0.2, self.training))


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
