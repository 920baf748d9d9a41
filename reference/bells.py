r"""CMU's bells: more constraints on a generated image, a learned starting point, and several starts.

| math   | code            | shape                  | range   | meaning                                              | equation         |
| ------ | --------------- | ---------------------- | ------- | ---------------------------------------------------- | ---------------- |
| E(x)   | ``soft_edges``  | (B, 1, H, W)           | ≥ 0     | how much an image's brightness changes at each pixel | iGAN Sec. 4      |
| S      | ``sketch``      | (B, C, H, W)           | [-1, 1] | a drawing whose lines matter, not its colours        | iGAN Sec. 4      |
| M      | ``mask``        | (B or 1, 1 or C, H, W) | 0 or 1  | 1 = this pixel counts                                | iGAN Sec. 4      |
| u      | ``flow``        | (B, 2, H, W)           | pixels  | (down, right): where each pixel's colour comes from  | iGAN Sec. 4      |
| P      | ``encoder``     |                        |         | a network that guesses the latent, image → (N, …)    | iGAN Eq. 6       |
| G      | ``generator_fn``|                        |         | the trained generator, latent → image                | iGAN Eq. 1       |
| w_0    | ``latents``     | list of (N, …)         |         | starting points, one per seed                        | CMU HW5 part 1   |

Each constraint is one more term for the ``loss_fn`` of :func:`inversion.invert`; the texture constraint of the same
handout is :func:`inversion.gram_matrix`.

Papers: iGAN is Zhu et al. 2016 (arXiv 1609.03552).
"""

import math

import torch
import torch.nn.functional as F

from ._arguments import (
    refuse,
    require_image,
    require_latent,
    require_like,
    require_mask,
    require_number,
    require_positive,
)
from .inversion import invert
from .shapes import Edges, Encoder, Flow, GeneratorFn, Image, Latent, LatentLossFn, Mask, Scalar

__all__ = ["soft_edges", "sketch_loss", "warp", "warp_loss", "encoder_loss", "encoder_start", "invert_best_of"]


def soft_edges(image: Image, epsilon: float = 1e-3) -> Edges:
    r"""A drawing of an image: the size of its brightness gradient, differentiable everywhere.

    .. math::
        E = \sqrt{g_y^2 + g_x^2 + ε^2} - ε, \qquad
        g_y = \tfrac12 (\bar x_{i+1, j} - \bar x_{i-1, j}),\ g_x = \tfrac12 (\bar x_{i, j+1} - \bar x_{i, j-1})

    Source: iGAN Sec. 4 (sketching constraints, there with HOG); CMU 16-726 HW5 bells ("sketch/shape constraint").
    Convention: brightness is the plain mean of the channels; central differences, the border pixel repeated outwards.
    HOG, which iGAN uses, sums these gradients over cells and sorts them by direction. Canny and other hard edges have
    no gradient.

    Args:
        image: (B, C, H, W), [-1, 1].
        epsilon: ε, > 0, rounds the root's corner at 0.

    Returns:
        Tensor of shape (B, 1, H, W), ≥ 0; 0 on flat ground.

    Raises:
        ValueError: image is not a 4-D float tensor, or epsilon ≤ 0.

    >>> ramp = torch.tensor([[[[0.0, 2.0, 4.0]]]])
    >>> [round(edge, 2) for edge in soft_edges(ramp).flatten().tolist()]  # (2 - 0) / 2, (4 - 0) / 2, (4 - 2) / 2
    [1.0, 2.0, 1.0]
    """
    # Task: brightness, differences of its neighbours down and across, their length.
    # Trap: a root has no gradient at 0, where most of a flat picture is; and the result has the image's size.
    require_image("image", image)
    require_positive("epsilon", epsilon)
    brightness = F.pad(image.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    down = (brightness[:, :, 2:, 1:-1] - brightness[:, :, :-2, 1:-1]) / 2
    right = (brightness[:, :, 1:-1, 2:] - brightness[:, :, 1:-1, :-2]) / 2
    return (down**2 + right**2 + epsilon**2).sqrt() - epsilon


def sketch_loss(image: Image, sketch: Image, mask: Mask) -> Scalar:
    r"""How far an image's lines are from a drawing's, where the drawing counts.

    .. math:: \frac1B \sum_b \lVert M_b \odot E(G(z)_b) - M_b \odot E(S_b) \rVert_1

    Source: iGAN Sec. 4 and Eq. 5; CMU 16-726 HW5 bells ("sketch/shape constraint").
    Convention: like :func:`inversion.scribble_loss`, on edges for colours: summed over pixels, averaged over the batch.
    A sketch and its negative have the same edges.

    Args:
        image: (B, C, H, W), the generator's images, [-1, 1].
        sketch: shaped like image, a drawing, [-1, 1].
        mask: (B or 1, 1, H, W) of 0 and 1, 1 = counts.

    Returns:
        0-dim tensor.

    Raises:
        ValueError: sketch or mask does not match image.

    >>> ramp = torch.tensor([[[[0.0, 2.0, 4.0]]]])
    >>> round(sketch_loss(ramp, 0 * ramp, torch.ones(1, 1, 1, 3)).item(), 2)  # 1 + 2 + 1
    4.0
    >>> sketch_loss(ramp, 3 - ramp, torch.ones(1, 1, 1, 3)).item()
    0.0
    """
    # Task: edges of both, their absolute differences under the mask, summed per sample, averaged over samples.
    # Trap: first the edges, then the mask: a masked image has edges along the mask's outline.
    require_image("image", image)
    require_like("sketch", sketch, "image", image)
    require_mask("mask", mask, image[:, :1])
    return (mask * (soft_edges(image) - soft_edges(sketch))).abs().sum(dim=(1, 2, 3)).mean()


def warp(image: Image, flow: Flow) -> Image:
    r"""Move an image's content along a flow field.

    .. math:: y_{i, j} = x(i + u^{down}_{i, j},\ j + u^{right}_{i, j})

    Source: iGAN Sec. 4 (warping constraints); CMU 16-726 HW5 bells ("warping constraints").
    Convention: backward: the flow says where each pixel of the result is read, so that a flow of +1 to the right moves
    the content to the left. In pixels, down before right; ``grid_sample`` counts in [-1, 1] and x before y. Bilinear
    between pixels; outside the image the nearest border pixel holds.

    Args:
        image: (B, C, H, W).
        flow: (B, 2, H, W), (down, right) in pixels.

    Returns:
        Tensor shaped like image, differentiable in image and flow.

    Raises:
        ValueError: flow does not match image.

    >>> image = torch.tensor([[[[0.0, 1.0, 2.0]]]])
    >>> right = torch.stack([torch.zeros(1, 1, 3), torch.full((1, 1, 3), 0.5)], dim=1)
    >>> warp(image, right)
    tensor([[[[0.5000, 1.5000, 2.0000]]]])
    """
    # Task: a grid of positions, the flow added, the image sampled there.
    # Trap: pixels against the sampler's units, and the order of the two axes.
    require_image("image", image)
    batch, _, height, width = image.shape
    if not (isinstance(flow, torch.Tensor) and flow.shape == (batch, 2, height, width) and flow.dtype == image.dtype):
        refuse("flow", f"a {image.dtype} tensor of shape ({batch}, 2, {height}, {width})", flow)
    rows = torch.arange(height, dtype=image.dtype, device=image.device)[:, None] + flow[:, 0]
    columns = torch.arange(width, dtype=image.dtype, device=image.device) + flow[:, 1]
    # -1 and 1 are the centres of the first and the last pixel; a single row or column is always at 0.
    grid = torch.stack([columns * (2 / max(width - 1, 1)) - 1, rows * (2 / max(height - 1, 1)) - 1], dim=-1)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=True)


def warp_loss(image: Image, source: Image, flow: Flow, mask: Mask) -> Scalar:
    r"""How far an image is from a warped version of another one, where the warp counts.

    .. math:: \frac1B \sum_b \lVert M_b \odot G(z)_b - M_b \odot \text{warp}(x_b, u_b) \rVert_1

    Source: iGAN Sec. 4 (the user drags a part of the picture, the generator makes it look real); CMU 16-726 HW5 bells.
    Convention: the source is warped, not the generated image; summed over C, H and W, averaged over the batch.

    Args:
        image: (B, C, H, W), the generator's images, [-1, 1].
        source: shaped like image, the picture before the change, [-1, 1].
        flow: (B, 2, H, W), (down, right) in pixels: where each pixel of the wanted image comes from.
        mask: (B or 1, 1 or C, H, W) of 0 and 1, 1 = counts.

    Returns:
        0-dim tensor, differentiable in image.

    Raises:
        ValueError: source, flow or mask does not match image.

    >>> source = torch.tensor([[[[0.0, 1.0, 2.0]]]])
    >>> right = torch.stack([torch.zeros(1, 1, 3), torch.ones(1, 1, 3)], dim=1)
    >>> warp_loss(source, source, right, torch.ones(1, 1, 1, 3)).item()  # [0, 1, 2] against [1, 2, 2]
    2.0
    """
    # Task: warp one picture, compare it with the other under the mask.
    # Trap: which of the two is warped.
    require_image("image", image)
    require_like("source", source, "image", image)
    require_mask("mask", mask, image)
    return (mask * (image - warp(source, flow))).abs().sum(dim=(1, 2, 3)).mean()


def encoder_loss(
    encoder: Encoder, generator_fn: GeneratorFn, latent: Latent, latent_weight: float = 1.0, image_weight: float = 1.0
) -> Scalar:
    r"""Train a network to guess the latent of an image, on images whose latent is known.

    .. math::
        λ_w \operatorname{mean} |P(G(w)) - w|^2 + λ_x \operatorname{mean} |G(P(G(w))) - G(w)|^2

    Source: iGAN Eq. 6 (there on real images, with the second term alone); CMU 16-726 HW5 bells ("Train a neural network
    to approximate the inverse generator").
    Convention: the generator's own images, as many as wanted and each with its answer. The second term forgives what
    makes no difference in the image, and also works where several latents make one image.

    Args:
        encoder: image (N, C, H, W) -> latent shaped like ``latent``; the network in training.
        generator_fn: latent -> image. Its parameters should not require grad: the second term runs through it.
        latent: (N, …), drawn from the space that the encoder is to predict.
        latent_weight, image_weight: the two weights, ≥ 0.

    Returns:
        0-dim tensor, differentiable in the encoder's parameters. The images it learns from carry no graph.

    Raises:
        ValueError: latent is not (N, …), a negative weight, or an encoder whose answer is shaped otherwise.

    >>> doubles = lambda latent: 2 * latent.reshape(-1, 1, 1, 1)
    >>> takes_it_as_it_is = lambda image: image.reshape(-1, 1)
    >>> encoder_loss(takes_it_as_it_is, doubles, torch.ones(3, 1)).item()  # (2 - 1)² + (4 - 2)²
    5.0
    """
    # Task: make images, guess their latents, compare latents and images.
    # Trap: what is compared with is a constant; what comes out of the encoder is not.
    require_latent("latent", latent)
    require_number("latent_weight", latent_weight, 0.0)
    require_number("image_weight", image_weight, 0.0)
    latent = latent.detach()
    with torch.no_grad():
        image = generator_fn(latent)
    guess = encoder(image)
    require_like("encoder", guess, "latent", latent)
    loss = latent_weight * F.mse_loss(guess, latent)
    if image_weight == 0:
        return loss
    return loss + image_weight * F.mse_loss(generator_fn(guess), image)


def encoder_start(encoder: Encoder, target: Image) -> Latent:
    r"""A starting latent for :func:`inversion.invert`: what the encoder guesses for the target.

    .. math:: w_0 = P(x)

    Source: iGAN Sec. 3.2 (the hybrid method: predict, then optimise); CMU 16-726 HW5 bells ("use the inverted latent
    code to initialize your optimization problem").
    Convention: detached; the search then optimises δ from 0 around it.

    Args:
        encoder: image -> latent (N, …). A network should be in ``eval()``.
        target: (B, C, H, W), [-1, 1].

    Returns:
        Tensor (N, …), without a graph.

    Raises:
        ValueError: target is not a 4-D float tensor, or the encoder gives no latent.

    >>> encoder_start(lambda image: image.mean(dim=(2, 3)), torch.full((1, 2, 4, 4), 0.5))
    tensor([[0.5000, 0.5000]])
    """
    # Task: ask the encoder.
    # Trap: the search starts from a constant.
    require_image("target", target)
    with torch.no_grad():
        latent = encoder(target)
    require_latent("encoder", latent)
    return latent


def invert_best_of(
    generator_fn: GeneratorFn,
    target: Image,
    latents: list[Latent],
    loss_fn: LatentLossFn,
    num_steps: int = 1000,
    optimizer: str = "lbfgs",
) -> tuple[Latent, Image]:
    r"""Search from several starting latents and keep the best end.

    .. math:: \arg\min_k \mathcal L(G(w_k + δ_k^*),\ x,\ δ_k^*)

    Source: CMU 16-726 HW5 part 1 ("Try running the optimization from many random seeds and taking a stable solution
    with the lowest loss").
    Convention: the loss at the end decides, measured on the returned latent, its δ included. A run that ends in nan
    loses against every other. One choice for the whole batch: call it with one target for a choice per image.

    Args:
        generator_fn, target, loss_fn, num_steps, optimizer: as for :func:`inversion.invert`.
        latents: starting points (N, …), at least one, such as draws of ``sample_w`` and an ``encoder_start``.

    Returns:
        (latent, image) of the best run, without a graph.

    Raises:
        ValueError: no latents, or what invert refuses.

    >>> target = torch.zeros(1, 1, 1, 1)
    >>> two_valleys = lambda latent: ((latent**2 - 1) ** 2 + 0.5 * latent).reshape(1, 1, 1, 1)  # the left one is lower
    >>> value = lambda pred, target, delta: (pred - target).sum()
    >>> starts = [torch.tensor([[1.5]]), torch.tensor([[-1.5]]), torch.tensor([[2.0]])]
    >>> latent, image = invert_best_of(two_valleys, target, starts, value)
    >>> round(latent.item(), 2), round(image.item(), 2)
    (-1.06, -0.51)
    """
    # Task: one search per starting point; compare the losses at the ends.
    # Trap: delta is counted from that run's own start, and a comparison with nan is always false.
    if not isinstance(latents, (list, tuple)) or not latents:
        refuse("latents", "a non-empty list of starting latents", latents)
    runs = []
    for start in latents:
        found, image = invert(generator_fn, target, start, loss_fn, num_steps, optimizer)
        with torch.no_grad():
            loss = float(loss_fn(image, target, found - start))
        runs.append((math.inf if math.isnan(loss) else loss, found, image))
    _, found, image = min(runs, key=lambda run: run[0])
    return found, image
