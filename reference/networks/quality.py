r"""How good pictures are, in numbers: as the trained classifiers see them.

| math     | code                  | meaning                                                             | source          |
| -------- | --------------------- | ------------------------------------------------------------------- | --------------- |
| μ, Σ     | ``mean``, ``cov``     | mean and covariance of a set's features                             | FID Sec. 2      |
| d²       | ``frechet_distance``  | distance of two Gaussians with those moments                        | FID Eq. 6       |
|          | ``frechet_table``       | the distance at equal sample sizes, beside real data's and noise's  |                 |
|          | ``recognition_rate``  | share of pictures that a classifier takes for what was asked for    |                 |
|          | ``straightness``      | how far apart a way's ends are, against how long it is              | RF Sec. 2.2     |

The features are those of the project's own small classifiers, so the numbers compare with each other and with nobody
else's "FID". A Fréchet distance also grows as the sets shrink; each one is therefore given beside the distance of real
data to real data, and of noise to real data, with sets of the same size.

Papers: FID is Heusel et al. 2017 (arXiv 1706.08500), RF Liu et al. 2023 (arXiv 2209.03003), whose measure of
straightness is another one: the mean square of what the velocity differs from the way's direction.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import data, networks
from ..data.draws import seeded

__all__ = [
    "digit_distances",
    "frechet_distance",
    "frechet_table",
    "in_batches",
    "nearest_group_rate",
    "recognition_rate",
    "straightness",
]

SEED = 1  # of what is drawn to measure with: none that a training used


def frechet_distance(a: Tensor, b: Tensor) -> float:
    r"""Distance of the Gaussians with two sets' moments, in float64.

    .. math:: d² = ‖μ_a − μ_b‖² + \mathrm{tr}\bigl(Σ_a + Σ_b − 2 (Σ_a^{1/2} Σ_b Σ_a^{1/2})^{1/2}\bigr)

    Args:
        a, b: (N, F) and (M, F) features, N and M ≥ 2.

    Raises:
        ValueError: fewer than two samples, or different numbers of features.

    >>> a = torch.tensor([[0.0], [2.0]])
    >>> round(frechet_distance(a, a + 3), 6), round(frechet_distance(a, 2 * a - 1), 6)
    (9.0, 2.0)
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"a, b: expected (N, F) and (M, F), N and M ≥ 2, got {tuple(a.shape)} and {tuple(b.shape)}")
    (mean_a, cov_a), (mean_b, cov_b) = _moments(a), _moments(b)
    root_a = _root(cov_a)
    cross = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(0.0, float(distance))


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    features = features.detach().double().cpu()
    return features.mean(0), torch.atleast_2d(features.T.cov())


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def frechet_table(real: Tensor, fake: Tensor, noise: Tensor, repeats: int = 5, seed: int = 0) -> dict[str, float]:
    """Fréchet distances to some of the real features: of others of them, of the fakes and of the noise.

    All sets have one size, half the real features' or as many as there are fakes, so that the distances compare; each
    value is the mean over random choices.

    Args:
        real, fake, noise: (N, F) features.

    >>> generator = torch.Generator().manual_seed(0)
    >>> real, noise = torch.randn(400, 2, generator=generator), 5 + torch.randn(200, 2, generator=generator)
    >>> table = frechet_table(real, real[:200], noise)
    >>> table["real"] < 0.1, table["noise"] > 40
    (True, True)
    """
    size = min(len(real) // 2, len(fake), len(noise))
    sums = {"real": 0.0, "fake": 0.0, "noise": 0.0}
    for repeat in range(repeats):
        generator = seeded("cpu", seed, "halves", repeat)

        def some(features: Tensor, generator: torch.Generator = generator) -> Tensor:
            return features[torch.randperm(len(features), generator=generator)[:size]]

        order = torch.randperm(len(real), generator=generator)
        target = real[order[:size]]
        others = {"real": real[order[size : 2 * size]], "fake": some(fake), "noise": some(noise)}
        for name, features in others.items():
            sums[name] += frechet_distance(target, features) / repeats
    return sums


def digit_distances(fakes: Tensor) -> dict[str, float]:
    """The Fréchet distance of digits to held-out ones; of other real digits and of noise for scale."""
    features = networks.load("digit-classifier").features
    real = data.load("digits", "test").floats()
    noise = torch.rand(len(real) // 2, *real.shape[1:], generator=seeded("cpu", SEED))
    return frechet_table(
        in_batches(features, real), in_batches(features, fakes.clamp(0, 1)), in_batches(features, noise)
    )


@torch.no_grad()
def in_batches(function: Callable[[Tensor], Tensor], x: Tensor, size: int = 100) -> Tensor:
    """``function`` of all of x, in pieces that fit into memory."""
    return torch.cat([function(part) for part in x.split(size)])


def recognition_rate(classifier: nn.Module, x: Tensor, labels: Tensor) -> float:
    """The share of pictures whose most likely class is their label."""
    return float((in_batches(classifier, x).argmax(dim=1) == labels).float().mean())


def nearest_group_rate(fakes: Tensor, groups: Tensor, real: Tensor, real_groups: Tensor) -> float:
    """The share of fakes whose nearest real picture is of the right group, by the distance of their features.

    Args:
        fakes, real: (N, F) and (M, F) features.
        groups, real_groups: (N,) what was asked for, and (M,) what there is.
    """
    nearest = torch.cdist(fakes.double(), real.double()).argmin(dim=1)
    return float((real_groups[nearest] == groups).float().mean())


def straightness(points: Tensor) -> float:
    """Of ways that samples go: the distance between their ends over their length, on average; 1 is straight.

    Args:
        points: (S + 1, B, …), the samples after each step.

    >>> around_the_corner = torch.tensor([[[0.0, 0.0]], [[3.0, 0.0]], [[3.0, 4.0]]])
    >>> round(straightness(around_the_corner), 4)  # 5 / 7
    0.7143
    """
    points = points.flatten(2)
    lengths = (points[1:] - points[:-1]).norm(dim=2).sum(dim=0)
    return float(((points[-1] - points[0]).norm(dim=1) / lengths).mean())
