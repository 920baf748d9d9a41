r"""Latent codes of a generator: z, w and w+, the mean w, and the way from one code to another.

| math   | code          | shape               | range     | meaning                                          | equation             |
| ------ | ------------- | ------------------- | --------- | ------------------------------------------------ | -------------------- |
| z      | ``z``         | (N, z_dim)          | N(0, I)   | what the generator's training draws              | StyleGAN Sec. 2      |
| f      | ``mapping``   |                     |           | the mapping network, z (N, z_dim) → w (N, w_dim) | StyleGAN Sec. 2      |
| w      | ``w``         | (N, 1, w_dim)       |           | mapped code, the same one for every layer        | StyleGAN Sec. 2      |
| w+     | ``w_plus``    | (N, num_ws, w_dim)  |           | a code of its own for every layer                | Image2StyleGAN Sec. 3.3 |
| w̄      | ``mean_w``    | (w_dim,)            |           | the average mapped code                          | StyleGAN2 App. D     |
| θ      | ``weight``    | (num_frames,)       | [0, 1]    | how far from the first code to the second        | CMU HW5, bells       |

Random numbers are drawn on the generator's device (the CPU without one), and the mapping meets them there. No sampler
keeps a graph: what it returns is a starting point.

Papers: StyleGAN is Karras et al. 2018 (arXiv 1812.04948), StyleGAN2 Karras et al. 2019 (arXiv 1912.04958),
Image2StyleGAN Abdal et al. 2019 (arXiv 1904.03189).
"""

import torch
from torch import Tensor

from ._arguments import refuse, require_int, require_latent, require_like
from .shapes import Frames, Latent, LatentW, LatentWPlus, LatentZ, Mapping, MeanW

__all__ = ["mean_w", "sample_z", "sample_w", "sample_w_plus", "interpolate"]


def mean_w(mapping: Mapping, z_dim: int, num_samples: int = 10_000, generator: torch.Generator | None = None) -> MeanW:
    r"""The average of many mapped codes, where the inversion of an image usually starts.

    .. math:: \bar w = \mathbb E_z[f(z)] ≈ \frac1n \sum_{i=1}^n f(z_i), \qquad z_i \sim \mathcal N(0, I)

    Source: StyleGAN Sec. 3 and App. B (the truncation trick's centre), StyleGAN2 App. D (10,000 samples); CMU 16-726
    HW5 part 1 (``sample_noise``, ``from_mean``).
    Convention: the mean of the mapping, not f(0), the mapping of the mean: f is not linear.

    Args:
        mapping: z (N, z_dim) -> w (N, w_dim), not broadcast over layers.
        z_dim: width of z, ≥ 1.
        num_samples: n, ≥ 1.
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor of shape (w_dim,), without a graph.

    Raises:
        ValueError: a size below 1, or a mapping whose result is not (N, w_dim).

    >>> mean_w(lambda z: torch.cat([0 * z + 1, 0 * z + 3], dim=1), z_dim=1, num_samples=5)
    tensor([1., 3.])
    """
    # Task: many codes, mapped, averaged.
    # Trap: average what the mapping answers, over the samples; and 10,000 samples with a graph do not fit in memory.
    require_int("num_samples", num_samples, 1)
    return _mapped(mapping, num_samples, z_dim, generator).mean(dim=0)


def sample_z(batch_size: int, z_dim: int, from_mean: bool = False, generator: torch.Generator | None = None) -> LatentZ:
    r"""Codes of the space that the generator was trained on, or its mean.

    .. math:: z \sim \mathcal N(0, I), \qquad \text{or } z = \mathbb E[z] = 0

    Source: StyleGAN Sec. 2; CMU 16-726 HW5 part 1 (``sample_noise``, "z").
    Convention: the mean is exactly 0, not the average of some draws.

    Args:
        batch_size: N, ≥ 1.
        z_dim: width of z, ≥ 1.
        from_mean: the mean instead of a draw.
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor of shape (N, z_dim).

    Raises:
        ValueError: a size below 1.

    >>> sample_z(2, 3, from_mean=True)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    >>> sample_z(2, 3).shape
    torch.Size([2, 3])
    """
    # Task: standard normal numbers, or the mean of their distribution.
    # Trap: both come in the same shape.
    require_int("batch_size", batch_size, 1)
    require_int("z_dim", z_dim, 1)
    device = None if generator is None else generator.device
    if from_mean:
        return torch.zeros(batch_size, z_dim, device=device)
    return torch.randn(batch_size, z_dim, generator=generator, device=device)


def sample_w(
    mapping: Mapping,
    batch_size: int,
    z_dim: int,
    from_mean: bool = False,
    generator: torch.Generator | None = None,
) -> LatentW:
    r"""Mapped codes with one w for all layers, or copies of the mean w.

    .. math:: w = f(z), \quad z \sim \mathcal N(0, I), \qquad \text{or } w = \bar w

    Source: StyleGAN Sec. 2; CMU 16-726 HW5 part 1 (``sample_noise``, "w").
    Convention: a layer axis of length 1, which the generator broadcasts; N samples differ from each other.

    Args:
        mapping: z (N, z_dim) -> w (N, w_dim), not broadcast over layers.
        batch_size: N, ≥ 1.
        z_dim: width of z, ≥ 1.
        from_mean: N copies of mean_w instead of draws.
        generator: source of the random numbers, of mean_w's too; None for the global one.

    Returns:
        Tensor of shape (N, 1, w_dim), without a graph.

    Raises:
        ValueError: a size below 1, or a mapping whose result is not (N, w_dim).

    >>> sample_w(lambda z: 0 * z + 2, 3, 1)
    tensor([[[2.]],
    <BLANKLINE>
            [[2.]],
    <BLANKLINE>
            [[2.]]])
    """
    # Task: N codes through the mapping, or the mean N times.
    # Trap: the layer axis stands between batch and width: (N, w_dim) only seems to work while N is 1.
    require_int("batch_size", batch_size, 1)
    if from_mean:
        return mean_w(mapping, z_dim, generator=generator).repeat(batch_size, 1, 1)
    return _mapped(mapping, batch_size, z_dim, generator)[:, None]


def sample_w_plus(
    mapping: Mapping,
    batch_size: int,
    z_dim: int,
    num_ws: int,
    from_mean: bool = False,
    generator: torch.Generator | None = None,
) -> LatentWPlus:
    r"""Mapped codes with a w of its own for every layer, or the mean w in every layer.

    .. math:: w^+ = (f(z_1),\ …,\ f(z_L)), \quad z_l \sim \mathcal N(0, I), \qquad \text{or } (\bar w,\ …,\ \bar w)

    Source: Image2StyleGAN Sec. 3.3; CMU 16-726 HW5 part 1 (``sample_noise``, "w+").
    Convention: independent draws per layer. StyleGAN2-ADA's mapping broadcasts one w to all layers, and CMU's handout
    leaves the draw open.

    Args:
        mapping: z (N, z_dim) -> w (N, w_dim), not broadcast over layers.
        batch_size: N, ≥ 1.
        z_dim: width of z, ≥ 1.
        num_ws: number of layers L, ≥ 1.
        from_mean: mean_w in every layer of every sample instead of draws.
        generator: source of the random numbers, of mean_w's too; None for the global one.

    Returns:
        Tensor of shape (N, num_ws, w_dim), without a graph.

    Raises:
        ValueError: a size below 1, or a mapping whose result is not (N, w_dim).

    >>> w_plus = sample_w_plus(lambda z: z, 2, 4, 3)
    >>> w_plus.shape, torch.equal(w_plus[:, 0], w_plus[:, 1])
    (torch.Size([2, 3, 4]), False)
    """
    # Task: N times L codes through the mapping, sorted into samples and layers; or the mean everywhere.
    # Trap: one w repeated in every layer is a w, not a w+.
    require_int("batch_size", batch_size, 1)
    require_int("num_ws", num_ws, 1)
    if from_mean:
        return mean_w(mapping, z_dim, generator=generator).repeat(batch_size, num_ws, 1)
    return _mapped(mapping, batch_size * num_ws, z_dim, generator).unflatten(0, (batch_size, num_ws))


def interpolate(latent_a: Latent, latent_b: Latent, num_frames: int) -> Frames:
    r"""Codes on the straight line from one latent to another.

    .. math:: (1 - θ_k)\, a + θ_k\, b, \qquad θ_k = \frac{k}{n - 1}, \quad k = 0 … n - 1

    Source: CMU 16-726 HW5 bells ("Interpolate between two latent codes").
    Convention: frame 0 is a and the last frame is b, exactly. CMU's kit counts θ from the other end, so that θ = 1 is
    the first image. Linear in every space; for z some prefer a walk on the sphere.

    Args:
        latent_a, latent_b: (N, …), z, w or w+, of one shape and dtype. For inverted images these are the latents that
            ``invert`` returns, deltas included.
        num_frames: n, ≥ 2.

    Returns:
        Tensor of shape (num_frames, *latent.shape).

    Raises:
        ValueError: latents that do not match, or num_frames < 2.

    >>> interpolate(torch.zeros(1, 2), torch.tensor([[1.0, 4.0]]), 3)
    tensor([[[0.0000, 0.0000]],
    <BLANKLINE>
            [[0.5000, 2.0000]],
    <BLANKLINE>
            [[1.0000, 4.0000]]])
    """
    # Task: evenly spaced weights from 0 to 1, one frame for each.
    # Trap: both ends are frames, the first latent comes first, and the frame axis stands before the batch.
    require_latent("latent_a", latent_a)
    require_like("latent_b", latent_b, "latent_a", latent_a)
    require_int("num_frames", num_frames, 2)
    weight = torch.linspace(0, 1, num_frames, dtype=latent_a.dtype, device=latent_a.device)
    weight = weight.reshape(-1, *[1] * latent_a.ndim)
    return (1 - weight) * latent_a + weight * latent_b


@torch.no_grad()
def _mapped(mapping: Mapping, num_samples: int, z_dim: int, generator: torch.Generator | None) -> Tensor:
    """(num_samples, w_dim) mapped draws, without a graph."""
    w = mapping(sample_z(num_samples, z_dim, generator=generator))
    if not (isinstance(w, Tensor) and w.ndim == 2 and len(w) == num_samples):
        refuse("mapping", f"a function from z (N, z_dim) to w (N, w_dim), here N = {num_samples}", w)
    return w
