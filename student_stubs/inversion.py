r"""Finding the latent code of an image: what to compare, and how to search.

| math    | code            | shape                  | range   | meaning                                          | equation           |
| ------- | --------------- | ---------------------- | ------- | ------------------------------------------------ | ------------------ |
| G       | ``generator_fn``|                        |         | the trained generator, latent → image            | CMU HW5 part 1     |
| x       | ``target``      | (B, C, H, W)           | [-1, 1] | the image to be found                            | CMU HW5 part 1     |
| G(w)    | ``pred``        | (B, C, H, W)           | [-1, 1] | the generator's image                            | CMU HW5 part 1     |
| w_0     | ``latent``      | (N, …)                 |         | z, w or w+ where the search starts               | CMU HW5 part 1     |
| δ       | ``delta``       | (N, …)                 |         | what is optimised, from 0: the result is w_0 + δ | CMU HW5 part 1     |
| φ_l     | ``features_fn`` | list of (B, C_l, …)    |         | feature maps of a fixed network                  | Perceptual Eq. 2   |
| M       | ``mask``        | (B or 1, 1 or C, H, W) | 0 or 1  | 1 = this element counts                          | CMU HW5 part 2     |
| S       | ``sketch``      | (B, C, H, W)           | [-1, 1] | colour scribbles                                 | CMU HW5 part 2     |
| 𝒢       | returned        | (B, C, C)              |         | Gram matrix of features                          | Style Eq. 3        |

Generators answer in [-1, 1], and so do LPIPS networks ask; ImageNet classifiers expect [0, 1] less their mean, divided
by their deviation. That change of range belongs in ``features_fn``.

The functions in ``GIVEN`` are handed to students whole and are not graded.

Papers: iGAN is Zhu et al. 2016 (arXiv 1609.03552), Perceptual Johnson et al. 2016 (arXiv 1603.08155), LPIPS Zhang et
al. 2018 (arXiv 1801.03924), Style Gatys et al. 2015 (arXiv 1508.06576), Image2StyleGAN Abdal et al. 2019 (arXiv
1904.03189), StyleGAN2 Karras et al. 2019 (arXiv 1912.04958).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .shapes import FeaturesFn, GeneratorFn, Gram, Image, Latent, LatentLossFn, Mask, Number, Scalar

__all__ = [
    "lp_loss",
    "perceptual_loss",
    "delta_penalty",
    "inversion_loss",
    "invert",
    "scribble_loss",
    "gram_matrix",
]

GIVEN = ("lpips_features",)


def lp_loss(pred: Image, target: Image, p: Number = 1, mask: Mask | None = None) -> Scalar:
    r"""Mean p-th power of the difference, over the elements that count.

    .. math:: \frac{\sum_i m_i\, |a_i - b_i|^p}{\sum_i m_i}

    Source: CMU 16-726 HW5 part 1 (Lp losses, with and without a mask).
    Convention: a mean, without the p-th root, over the elements under the mask: a small mask weighs as much as a large
    one. Some kits divide by all pixels, or call ``matrix_norm(ord=1)``, which is the largest column sum.

    Args:
        pred, target: (B, C, H, W) of one shape.
        p: exponent, > 0; 1 for L1, 2 for the mean squared error.
        mask: (B or 1, 1 or C, H, W) of 0 and 1, 1 = counts; None counts everything.

    Returns:
        0-dim tensor; 0 for an empty mask. What the mask leaves out has no influence, not even where it is nan.

    >>> pred, target = torch.tensor([[[[1.0, 5.0]]]]), torch.tensor([[[[0.0, 2.0]]]])
    >>> lp_loss(pred, target, p=2).item()  # (1 + 9) / 2
    5.0
    >>> lp_loss(pred, target, p=2, mask=torch.tensor([[[[0.0, 1.0]]]])).item()
    9.0
    """
    # TODO: differences, powers, mean.
    # Trap: the mask comes before anything is summed up; the mean is over what counts, in all channels and samples of
    # a mask that is broadcast; and nothing counting is no division by zero.
    raise NotImplementedError


def perceptual_loss(pred: Image, target: Image, features_fn: FeaturesFn) -> Scalar:
    r"""Compare two images by the feature maps of a fixed network.

    .. math:: \sum_l \frac{1}{B\, C_l H_l W_l} \lVert φ_l(a) - φ_l(b) \rVert_2^2

    Source: Perceptual Eq. 2; CMU 16-726 HW5 part 1 (``PerceptualLoss``), EECS 498 and CS180 have none.
    Convention: a mean within each layer, so that wide layers weigh no more, and a plain sum over layers. LPIPS is the
    same formula on scaled features: see :func:`lpips_features`.

    Args:
        pred, target: (B, C, H, W) of one shape, in the range that features_fn expects.
        features_fn: image -> list of tensors, one per layer.

    Returns:
        0-dim tensor, differentiable in pred. No gradient reaches target.

    >>> pred, target = torch.tensor([[[[1.0, 2.0]]]]), torch.zeros(1, 1, 1, 2)
    >>> perceptual_loss(pred, target, lambda x: [x, 2 * x]).item()  # (1 + 4) / 2 + (4 + 16) / 2
    12.5
    """
    # TODO: features of both, one mean squared difference per layer, summed.
    # Trap: the target is a constant: no graph through its features.
    raise NotImplementedError


def delta_penalty(delta: Latent) -> Scalar:
    r"""Keep the latent near its starting point.

    .. math:: \frac1N \sum_n \lVert δ_n \rVert_2^2

    Source: CMU 16-726 HW5 part 1 ("regularization loss that penalizes L2 norm of delta"); StyleGAN2 App. D searches in
    w, too.
    Convention: the squared norm, whose gradient at δ = 0, the starting point, is 0. The norm itself has none there.

    Args:
        delta: (N, …), the difference from the starting latent, not the latent itself.

    Returns:
        0-dim tensor.

    >>> delta_penalty(torch.tensor([[3.0, 4.0], [0.0, 1.0]])).item()  # (25 + 1) / 2
    13.0
    """
    # TODO: a sum of squares for each sample, averaged over the batch.
    # Trap: squares without a root, and a mean over samples only.
    raise NotImplementedError


def inversion_loss(
    pred: Image,
    target: Image,
    delta: Latent,
    features_fn: FeaturesFn,
    l1_weight: float = 10.0,
    perceptual_weight: float = 0.01,
    delta_weight: float = 0.0,
    mask: Mask | None = None,
) -> Scalar:
    r"""What the search for a latent minimises: pixels, features, and the way gone.

    .. math::
        λ_1 \mathcal L_1(a, b; M) + λ_φ \mathcal L_φ(M a, M b) + λ_δ \frac1N \sum_n \lVert δ_n \rVert^2

    Source: CMU 16-726 HW5 part 1 (``Criterion``); Image2StyleGAN Eq. 1 (perceptual plus pixel loss).
    Convention: p = 1. With a mask both images are set to 0 outside it before the network sees them, and the features
    are compared everywhere: layers do not keep the mask's shape.

    Args:
        pred, target: (B, C, H, W) of one shape, [-1, 1].
        delta: (N, …), the difference from the starting latent.
        features_fn: image -> list of tensors; not called where its weight is 0.
        l1_weight, perceptual_weight, delta_weight: the three weights, ≥ 0.
        mask: (B or 1, 1 or C, H, W) of 0 and 1, 1 = counts; None counts everything.

    Returns:
        0-dim tensor.

    >>> pred, target = torch.tensor([[[[1.0, 5.0]]]]), torch.zeros(1, 1, 1, 2)
    >>> delta, mask = torch.tensor([[2.0]]), torch.tensor([[[[1.0, 0.0]]]])
    >>> inversion_loss(pred, target, delta, lambda x: [x], 10.0, 2.0, 0.5, mask).item()  # 10 * 1 + 2 * 1/2 + 0.5 * 4
    13.0
    """
    # TODO: the three losses of this module, weighed and added.
    # Trap: the mask reaches the features by way of the images; the penalty is on delta, not on the latent.
    raise NotImplementedError


def invert(
    generator_fn: GeneratorFn,
    target: Image,
    latent: Latent,
    loss_fn: LatentLossFn,
    num_steps: int = 1000,
    optimizer: str = "lbfgs",
) -> tuple[Latent, Image]:
    r"""Search for the latent whose image is the target, from a starting latent.

    .. math:: δ^* = \arg\min_δ \mathcal L(G(w_0 + δ),\ x,\ δ), \qquad \text{from } δ = 0

    Source: iGAN Eq. 5; Image2StyleGAN Alg. 1; CMU 16-726 HW5 part 1 (``optimize_para``) and, with another loss, part 2.
    Convention: δ is optimised and w_0 + δ is returned, with the image made from just that. One kit returns the image of
    an earlier or of the starting latent. L-BFGS searches along its direction (strong Wolfe), Adam's step shrinks to 0
    along a cosine. Step sizes and the stopping rule are free.

    Args:
        generator_fn: latent (N, …) -> image shaped like target, differentiable.
        target: (B, C, H, W), [-1, 1].
        latent: (N, …), where the search starts: z, w or w+. Not changed.
        loss_fn: (pred, target, delta) -> 0-dim tensor, such as inversion_loss with its other arguments filled in.
        num_steps: most iterations, ≥ 1. An iteration of L-BFGS evaluates the generator once or a few times.
        optimizer: "lbfgs" or "adam".

    Returns:
        (latent + delta, image): shaped like latent and like target, without a graph. The generator's parameters get no
        ``.grad`` and keep their ``requires_grad``.

    >>> target, start = torch.full((1, 1, 1, 1), 6.0), torch.zeros(1, 1)
    >>> doubles = lambda latent: 2 * latent.reshape(1, 1, 1, 1)
    >>> latent, image = invert(doubles, target, start, lambda pred, target, delta: lp_loss(pred, target, p=2))
    >>> round(latent.item(), 4), round(image.item(), 4)
    (3.0, 6.0)
    """
    # TODO: a leaf tensor delta, an optimizer over it, a closure that gives loss and gradient; then the image.
    # Trap: L-BFGS calls its closure several times, and each call needs a gradient of its own; gradients for the
    # generator's weights are wasted time and must not stay behind; the image belongs to the latent that is returned.
    raise NotImplementedError


def scribble_loss(image: Image, sketch: Image, mask: Mask) -> Scalar:
    r"""How far an image is from colour scribbles, where there are some.

    .. math:: \frac1B \sum_b \lVert M_b \odot G(z)_b - M_b \odot S_b \rVert_1

    Source: CMU 16-726 HW5 part 2 (``draw``); iGAN Sec. 4 (colour constraints).
    Convention: summed over C, H and W as the handout's norm says, averaged over the batch only: more scribbles weigh
    more, unlike :func:`lp_loss`.

    Args:
        image: (B, C, H, W), the generator's images, [-1, 1].
        sketch: shaped like image, [-1, 1]; what it shows outside the mask does not matter.
        mask: (B or 1, 1 or C, H, W) of 0 and 1, 1 = scribbled.

    Returns:
        0-dim tensor.

    >>> image, sketch = torch.tensor([[[[1.0, 5.0]]]]), torch.zeros(1, 1, 1, 2)
    >>> scribble_loss(image, sketch, torch.tensor([[[[1.0, 0.0]]]])).item()
    1.0
    """
    # TODO: the absolute differences under the mask, summed per sample, averaged over samples.
    # Trap: both sides go under the mask.
    raise NotImplementedError


def gram_matrix(features: Image) -> Gram:
    r"""Which features occur together, wherever in the image: a description of texture.

    .. math:: 𝒢 = \frac{1}{C H W} F F^\top, \qquad F \in ℝ^{C × HW}

    Source: Style Eq. 3, Perceptual Eq. 3; CMU 16-726 HW5 bells ("texture constraint using a style loss").
    Convention: divided by C·H·W as in Perceptual; the Style paper divides in its loss instead. Per sample; the kits'
    version for one image joins batch and channels.

    Args:
        features: (B, C, H, W), feature maps.

    Returns:
        Tensor of shape (B, C, C), symmetric.

    >>> gram_matrix(torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]]))  # [5, 11; 11, 25] / (2 * 1 * 2)
    tensor([[[1.2500, 2.7500],
             [2.7500, 6.2500]]])
    """
    # TODO: rows of flattened channels, all their scalar products, scaled.
    # Trap: products between channels of one sample, never between samples.
    raise NotImplementedError


def lpips_features(net: str = "alex", pretrained: bool = True) -> FeaturesFn:
    r"""The feature maps of LPIPS, scaled so that :func:`perceptual_loss` over them is LPIPS.

    .. math:: φ_l(x) = \sqrt{C_l\, w_l} \odot \frac{y_l(x)}{\lVert y_l(x) \rVert_2}
        \qquad \text{with the norm over channels at each pixel}

    Source: LPIPS Eq. 1 and the package ``lpips`` (version 0.1); an option for CMU 16-726 HW5 part 1.
    Convention: images in [-1, 1], where the package's ``normalize`` flag would take [0, 1]. The factor C_l undoes the
    mean over channels in perceptual_loss. Where all features of a pixel are 0 the gradient is 0; the package's is nan.

    Args:
        net: "alex", "vgg" or "squeeze".
        pretrained: take the network's ImageNet weights (torchvision fetches them once); False leaves the network
            random under LPIPS's own trained weights, for tests.

    Returns:
        features_fn for :func:`perceptual_loss`: image (B, 3, H, W) -> list of tensors. It follows the image to its
        device and dtype, and its parameters do not require grad.

    Raises:
        ValueError: an unknown net.
        ImportError: the package lpips is missing or cannot be imported.
    """
    if net not in ("alex", "vgg", "squeeze"):
        raise ValueError(f'net: expected "alex", "vgg" or "squeeze", got {net!r}')
    try:
        import lpips
    except ImportError as error:
        raise ImportError("lpips_features needs the packages lpips and torchvision: pip install lpips") from error
    except RuntimeError as error:  # torchvision's own complaint when it was built for another torch
        raise ImportError(f"lpips_features: torchvision does not fit the installed torch: {error}") from error
    model = lpips.LPIPS(net=net, pnet_rand=not pretrained, verbose=False).eval().requires_grad_(False)

    def features_fn(image: Tensor) -> list[Tensor]:
        model.to(image)
        scaled = []
        for features, head in zip(model.net(model.scaling_layer(image)), model.lins):
            weight = head.model[-1].weight.clamp(min=0)  # (1, C, 1, 1), the w of the paper
            scaled.append((features.shape[1] * weight).sqrt() * F.normalize(features, dim=1, eps=1e-10))
        return scaled

    return features_fn
