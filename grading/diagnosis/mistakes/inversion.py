"""Wrong inversion: what is compared, and how the search runs."""

from functools import partial

import torch
import torch.nn.functional as F

from reference.inversion import delta_penalty as right_delta_penalty
from reference.inversion import gram_matrix as right_gram_matrix
from reference.inversion import inversion_loss as right_inversion_loss
from reference.inversion import lp_loss as right_lp_loss
from reference.inversion import perceptual_loss as right_perceptual_loss
from reference.inversion import scribble_loss as right_scribble_loss

from . import mistake


def _features(pred, target, features_fn):
    """Pairs of feature maps, the target's without a graph."""
    pred_features = features_fn(pred)
    with torch.no_grad():
        target_features = features_fn(target)
    return zip(pred_features, target_features)


def _full(mask, pred):
    return torch.ones_like(pred) if mask is None else mask.expand_as(pred)


lp_loss = partial(mistake, "inversion.lp_loss")


@lp_loss("mean over all pixels although masked")
def lp_loss_mean_over_all(pred, target, p=1, mask=None):
    """The sum under the mask is divided by all elements, so a small mask weighs next to nothing."""
    return ((pred - target).abs() ** p * _full(mask, pred)).mean()


@lp_loss("mask inverted (seen)")
def lp_loss_mask_inverted(pred, target, p=1, mask=None):
    """The mask is inverted: what should count is left out."""
    return right_lp_loss(pred, target, p, None if mask is None else 1 - mask)


@lp_loss("mask ignored")
def lp_loss_mask_ignored(pred, target, p=1, mask=None):
    """The mask is not used."""
    return right_lp_loss(pred, target, p)


@lp_loss("only pred masked")
def lp_loss_pred_masked_only(pred, target, p=1, mask=None):
    """The mask is applied to the prediction alone, so the target's pixels outside of it still count."""
    full = _full(mask, pred)
    return ((pred * full - target).abs() ** p).sum() / full.sum().clamp(min=1)


@lp_loss("loss reduced to a scalar before the mask is applied (seen)")
def lp_loss_reduced_before_mask(pred, target, p=1, mask=None):
    """The loss is a single number before the mask is applied, so the mask only scales it."""
    return (((pred - target).abs() ** p).mean() * _full(mask, pred)).mean()


@lp_loss("0 / 0 for an empty mask")
def lp_loss_empty_mask_is_nan(pred, target, p=1, mask=None):
    """An empty mask gives nan: 0 is divided by 0. Nothing that counts means no loss."""
    full = _full(mask, pred)
    return ((pred - target).abs() ** p * full).sum() / full.sum()


@lp_loss("divided by mask.sum() without broadcasting: B·C too large")
def lp_loss_broadcast_mask_counted_once(pred, target, p=1, mask=None):
    """A mask of (1, 1, H, W) counts for all samples and channels, but its elements are counted only once."""
    if mask is None:
        return right_lp_loss(pred, target, p)
    return ((pred - target).abs() ** p * mask).sum() / mask.sum().clamp(min=1)


@lp_loss("divided by the mask expanded over the batch only: C too large for (B, 1, H, W)")
def lp_loss_channels_not_counted(pred, target, p=1, mask=None):
    """A mask that is shared by the channels is not counted once for each of them."""
    if mask is None:
        return right_lp_loss(pred, target, p)
    counted = mask.expand(len(pred), *mask.shape[1:]).sum().clamp(min=1)
    return ((pred - target).abs() ** p * mask).sum() / counted


@lp_loss("divided by the mask expanded over the channels only: B too large for (1, C, H, W)")
def lp_loss_samples_not_counted(pred, target, p=1, mask=None):
    """A mask that is shared by the samples is not counted once for each of them."""
    if mask is None:
        return right_lp_loss(pred, target, p)
    counted = mask.expand(len(mask), *pred.shape[1:]).sum().clamp(min=1)
    return ((pred - target).abs() ** p * mask).sum() / counted


@lp_loss("boolean indexing with an unexpanded mask: an error for (1, 1, H, W)")
def lp_loss_full_masks_only(pred, target, p=1, mask=None):
    """This works only for masks of the images' full shape."""
    if mask is None:
        return right_lp_loss(pred, target, p)
    difference = (pred - target)[mask.bool()]
    return (difference.abs() ** p).sum() / max(1, difference.numel())


@lp_loss("mean per sample, then over the batch")
def lp_loss_mean_per_sample(pred, target, p=1, mask=None):
    """Each sample has a mean of its own, so that elements of a small mask count for more than others. One mean runs
    over all elements that count.
    """
    full = _full(mask, pred)
    sums = ((pred - target).abs() ** p * full).sum(dim=(1, 2, 3))
    return (sums / full.sum(dim=(1, 2, 3)).clamp(min=1)).mean()


@lp_loss("divided by mask.sum() + 1")
def lp_loss_one_added_to_count(pred, target, p=1, mask=None):
    """A number is added to the count to keep it from 0, which makes every loss too small."""
    if mask is None:
        return right_lp_loss(pred, target, p)
    return ((pred - target).abs() ** p * mask).sum() / (_full(mask, pred).sum() + 1)


@lp_loss("p ignored: always L1")
def lp_loss_p_ignored(pred, target, p=1, mask=None):
    """The exponent is not used."""
    return right_lp_loss(pred, target, 1, mask)


@lp_loss("default p = 2")
def lp_loss_default_two(pred, target, p=2, mask=None):
    """Squares are taken where nothing else is said. Compare the defaults with the contract's."""
    return right_lp_loss(pred, target, p, mask)


@lp_loss("p-th root of the mean")
def lp_loss_root(pred, target, p=1, mask=None):
    """A root is taken at the end, as for a norm. The mean of powers is asked for."""
    return right_lp_loss(pred, target, p, mask) ** (1 / p)


@lp_loss("(pred - target) ** p without abs")
def lp_loss_signed(pred, target, p=1, mask=None):
    """Differences of opposite sign cancel for odd exponents."""
    full = _full(mask, pred)
    return ((pred - target) ** p * full).sum() / full.sum().clamp(min=1)


@lp_loss("sum instead of mean")
def lp_loss_sum(pred, target, p=1, mask=None):
    """The powers are added up, not averaged."""
    return ((pred - target).abs() ** p * _full(mask, pred)).sum()


@lp_loss("matrix_norm(ord=1) for L1 (seen)")
def lp_loss_matrix_norm(pred, target, p=1, mask=None):
    """A matrix norm is not the mean of absolute values: it takes the largest column."""
    return torch.linalg.matrix_norm((pred - target) * _full(mask, pred), ord=1).mean()


@lp_loss("batch mean of sums")
def lp_loss_batch_mean_of_sums(pred, target, p=1, mask=None):
    """The powers are added up within a sample and averaged over the batch only."""
    return ((pred - target).abs() ** p * _full(mask, pred)).sum(dim=(1, 2, 3)).mean()


@lp_loss("smooth L1")
def lp_loss_smooth(pred, target, p=1, mask=None):
    """Small differences are squared, large ones are not."""
    full = _full(mask, pred)
    loss = F.smooth_l1_loss(pred, target, reduction="none") if p == 1 else (pred - target).abs() ** p
    return (loss * full).sum() / full.sum().clamp(min=1)


@lp_loss("detached")
def lp_loss_detached(pred, target, p=1, mask=None):
    """The value is right, but no gradient reaches the prediction."""
    return right_lp_loss(pred.detach(), target, p, mask)


@lp_loss("pred and target multiplied by the mask in place")
def lp_loss_in_place(pred, target, p=1, mask=None):
    """The mask is written into the caller's images. Watch out for operations that work in place."""
    if mask is not None:
        with torch.no_grad():
            pred.mul_(mask)
            target.mul_(mask)
    return right_lp_loss(pred, target, p, mask)


perceptual_loss = partial(mistake, "inversion.perceptual_loss")


@perceptual_loss("target's features not detached")
def perceptual_loss_target_not_detached(pred, target, features_fn):
    """A graph is built through the target's features. The target is a constant."""
    return sum(F.mse_loss(a, b) for a, b in zip(features_fn(pred), features_fn(target)))


@perceptual_loss("pred's features detached instead of target's")
def perceptual_loss_pred_detached(pred, target, features_fn):
    """The value is right, but the gradient goes to the target. Which of the two is searched for?"""
    return sum(F.mse_loss(b, a) for a, b in _features(target, pred, features_fn))


@perceptual_loss("no_grad around both")
def perceptual_loss_no_gradient(pred, target, features_fn):
    """No gradient flows back at all: both images' features are computed without a graph."""
    return right_perceptual_loss(pred.detach(), target, features_fn).detach()


@perceptual_loss("mean over layers")
def perceptual_loss_mean_over_layers(pred, target, features_fn):
    """The layers are averaged. Their sum is asked for."""
    return right_perceptual_loss(pred, target, features_fn) / len(features_fn(pred.detach()))


@perceptual_loss("last layer only (loss = for loss +=, or return in the loop)")
def perceptual_loss_last_layer_only(pred, target, features_fn):
    """Only the last layer is compared."""
    return [F.mse_loss(a, b) for a, b in _features(pred, target, features_fn)][-1]


@perceptual_loss("first layer only")
def perceptual_loss_first_layer_only(pred, target, features_fn):
    """Only the first layer is compared."""
    return next(F.mse_loss(a, b) for a, b in _features(pred, target, features_fn))


@perceptual_loss("L1 in feature space")
def perceptual_loss_l1(pred, target, features_fn):
    """Absolute differences are taken. Squares are asked for."""
    return sum(F.l1_loss(a, b) for a, b in _features(pred, target, features_fn))


@perceptual_loss("root mean square per layer")
def perceptual_loss_root(pred, target, features_fn):
    """A root is taken in each layer."""
    return sum(F.mse_loss(a, b).sqrt() for a, b in _features(pred, target, features_fn))


@perceptual_loss("sum within a layer")
def perceptual_loss_sum_within_layer(pred, target, features_fn):
    """The squares are added up within a layer, so that large layers weigh most."""
    return sum(F.mse_loss(a, b, reduction="sum") for a, b in _features(pred, target, features_fn))


@perceptual_loss("mean within a sample, sum over the batch")
def perceptual_loss_batch_sum(pred, target, features_fn):
    """The loss is added up over the batch, so it grows with the batch size."""
    return right_perceptual_loss(pred, target, features_fn) * len(pred)


@perceptual_loss("mean over the concatenated features")
def perceptual_loss_joined_mean(pred, target, features_fn):
    """All layers' elements go into one mean, so that large layers weigh most. Each layer has a mean of its own."""
    squares = [(a - b).square().flatten() for a, b in _features(pred, target, features_fn)]
    return torch.cat(squares).mean()


@perceptual_loss("features of (pred - target)")
def perceptual_loss_features_of_difference(pred, target, features_fn):
    """The network sees the difference of the images. Each image has features of its own."""
    return sum(a.square().mean() for a in features_fn(pred - target.detach()))


@perceptual_loss("features_fn not used")
def perceptual_loss_of_pixels(pred, target, features_fn):
    """The pixels are compared, the features are not."""
    return F.mse_loss(pred, target.detach())


@perceptual_loss("features normalised over channels, as inside LPIPS")
def perceptual_loss_normalised(pred, target, features_fn):
    """The features are scaled to one length before the comparison. Where that is wanted, features_fn does it."""
    return sum(
        F.mse_loss(F.normalize(a, dim=1, eps=1e-10), F.normalize(b, dim=1, eps=1e-10))
        for a, b in _features(pred, target, features_fn)
    )


@perceptual_loss("layer weights 1, 1/2, 1/4 …")
def perceptual_loss_weighted_layers(pred, target, features_fn):
    """Later layers count for less than earlier ones. All count the same."""
    return sum(F.mse_loss(a, b) / 2**i for i, (a, b) in enumerate(_features(pred, target, features_fn)))


@perceptual_loss("style loss instead of feature loss")
def perceptual_loss_of_gram_matrices(pred, target, features_fn):
    """Gram matrices are compared. That is the style loss, which forgets where things are."""

    def gram(features):
        rows = features.flatten(2) if features.ndim > 2 else features[:, :, None]
        return rows @ rows.transpose(1, 2) / rows[0].numel()

    return sum(F.mse_loss(gram(a), gram(b)) for a, b in _features(pred, target, features_fn))


@perceptual_loss("(x + 1) / 2 before features_fn")
def perceptual_loss_range_changed(pred, target, features_fn):
    """The images are moved to another range before the network sees them. That belongs to features_fn."""
    return right_perceptual_loss((pred + 1) / 2, (target + 1) / 2, features_fn)


delta_penalty = partial(mistake, "inversion.delta_penalty")


@delta_penalty("unsquared norm: undefined at 0 (seen)")
def delta_penalty_unsquared(delta):
    """The length of delta is penalised, not its square. At 0, where the search starts, it has no gradient."""
    return delta.flatten(1).norm(dim=1).mean()


@delta_penalty("mean over all elements")
def delta_penalty_mean(delta):
    """The squares are averaged over all components. They are added up; only over the batch is it a mean."""
    return delta.square().mean()


@delta_penalty("sum over the batch")
def delta_penalty_batch_sum(delta):
    """The penalty grows with the batch size."""
    return delta.square().sum()


@delta_penalty("L1")
def delta_penalty_l1(delta):
    """Absolute values are added up. Squares are asked for."""
    return delta.abs().flatten(1).sum(dim=1).mean()


@delta_penalty("factor 1/2")
def delta_penalty_halved(delta):
    """The penalty is half as large as asked for."""
    return right_delta_penalty(delta) / 2


@delta_penalty("sum over the last axis, mean over the rest: wrong for (N, L, w_dim)")
def delta_penalty_layers_averaged(delta):
    """For w+ only the components of a layer are added up, and the layers are averaged."""
    return delta.square().sum(dim=-1).mean()


@delta_penalty("sum over dim 1, mean over the rest: right for (N, D) only")
def delta_penalty_components_averaged(delta):
    """For w+ only the layers are added up, and the components are averaged."""
    return delta.square().sum(dim=1).mean()


@delta_penalty("mean over the batch before the square: cross terms")
def delta_penalty_cross_terms(delta):
    """The deltas of different samples are added before the square, so that they can cancel."""
    return delta.mean(dim=0).square().sum()


@delta_penalty("square of the sum")
def delta_penalty_square_of_sum(delta):
    """The components are added before the square, so that they can cancel."""
    return delta.flatten(1).sum(dim=1).square().mean()


@delta_penalty("delta[0]")
def delta_penalty_first_sample_only(delta):
    """Only the first sample is penalised."""
    return delta[0].square().sum()


@delta_penalty("root of the mean square norm, with an epsilon")
def delta_penalty_root(delta):
    """A root is taken at the end. Squares are asked for."""
    return (right_delta_penalty(delta) + 1e-8).sqrt()


@delta_penalty("‖δ‖⁴")
def delta_penalty_fourth_power(delta):
    """The square is squared once more."""
    return delta.flatten(1).square().sum(dim=1).square().mean()


@delta_penalty("no reduction over the batch")
def delta_penalty_per_sample(delta):
    """One number per sample is returned. Their mean is asked for."""
    return delta.flatten(1).square().sum(dim=1)


@delta_penalty("detached")
def delta_penalty_detached(delta):
    """The value is right, but no gradient reaches delta."""
    return right_delta_penalty(delta.detach())


inversion_loss = partial(mistake, "inversion.inversion_loss")


@inversion_loss("features of the unmasked images")
def inversion_loss_features_unmasked(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The mask reaches the pixels but not the features: what it leaves out still changes the loss."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)
    return loss + perceptual_weight * right_perceptual_loss(pred, target, features_fn)


@inversion_loss("L1 without the mask")
def inversion_loss_l1_unmasked(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The mask reaches the features but not the pixels."""
    loss = right_inversion_loss(pred, target, delta, features_fn, 0.0, perceptual_weight, delta_weight, mask)
    return loss + l1_weight * right_lp_loss(pred, target)


@inversion_loss("mask ignored")
def inversion_loss_mask_ignored(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The mask is not used."""
    return right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, delta_weight)


@inversion_loss("mask inverted (seen)")
def inversion_loss_mask_inverted(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The mask is inverted: what should count is left out."""
    mask = None if mask is None else 1 - mask
    return right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, delta_weight, mask)


@inversion_loss("L1 as mean over all pixels although masked")
def inversion_loss_mean_over_all(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The pixels under the mask are averaged over the whole image."""
    loss = right_inversion_loss(pred, target, delta, features_fn, 0.0, perceptual_weight, delta_weight, mask)
    return loss + l1_weight * ((pred - target).abs() * _full(mask, pred)).mean()


@inversion_loss("only pred masked before the features")
def inversion_loss_target_features_unmasked(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The network sees the masked prediction next to the whole target."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)
    return loss + perceptual_weight * right_perceptual_loss(pred * _full(mask, pred), target, features_fn)


@inversion_loss("pred·m + target·(1 - m) against the whole target")
def inversion_loss_filled_with_target(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """Outside the mask the prediction is filled up with the target, so its left out pixels still change the features.
    Both images are masked.
    """
    full = _full(mask, pred)
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)
    filled = pred * full + target * (1 - full)
    return loss + perceptual_weight * right_perceptual_loss(filled, target, features_fn)


@inversion_loss("perceptual loss times mask.mean(): reduced before the mask is applied (seen)")
def inversion_loss_features_scaled_by_mask(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The perceptual loss is a single number before the mask is applied, so the mask only scales it."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)
    return loss + perceptual_weight * right_perceptual_loss(pred, target, features_fn) * _full(mask, pred).mean()


@inversion_loss("p = 2")
def inversion_loss_l2(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The pixels are compared by their squared difference. Absolute values are asked for."""
    loss = right_inversion_loss(pred, target, delta, features_fn, 0.0, perceptual_weight, delta_weight, mask)
    return loss + l1_weight * right_lp_loss(pred, target, 2, mask)


@inversion_loss("l1_weight and perceptual_weight swapped")
def inversion_loss_weights_swapped(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The weights of pixels and features have changed places."""
    return right_inversion_loss(pred, target, delta, features_fn, perceptual_weight, l1_weight, delta_weight, mask)


@inversion_loss("weights hard-coded to the defaults")
def inversion_loss_weights_hard_coded(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The weights that are asked for are not used."""
    return right_inversion_loss(pred, target, delta, features_fn, mask=mask)


@inversion_loss("default weights 1")
def inversion_loss_default_weights(
    pred, target, delta, features_fn, l1_weight=1.0, perceptual_weight=1.0, delta_weight=1.0, mask=None
):
    """Where no weights are given, others are taken than the contract's. Compare the defaults."""
    return right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, delta_weight, mask)


@inversion_loss("delta term missing")
def inversion_loss_delta_ignored(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The way gone from the start costs nothing here."""
    return right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, 0.0, mask)


@inversion_loss("perceptual term missing")
def inversion_loss_perceptual_missing(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The features are not compared."""
    return right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)


@inversion_loss("L1 term missing")
def inversion_loss_l1_missing(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The pixels are not compared."""
    return right_inversion_loss(pred, target, delta, features_fn, 0.0, perceptual_weight, delta_weight, mask)


@inversion_loss("unsquared penalty (seen)")
def inversion_loss_delta_unsquared(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The length of delta enters unsquared."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, 0.0, mask)
    return loss + delta_weight * delta.flatten(1).norm(dim=1).mean()


@inversion_loss("penalty as mean square")
def inversion_loss_delta_mean_square(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The squares of delta are averaged over its components."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, 0.0, mask)
    return loss + delta_weight * delta.square().mean()


@inversion_loss("sign of the delta term")
def inversion_loss_delta_sign(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The penalty is subtracted, so a long way pays."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, 0.0, mask)
    return loss - delta_weight * right_delta_penalty(delta)


@inversion_loss("delta detached (.item(), .data) in the penalty")
def inversion_loss_delta_detached(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The penalty has the right value but does not pull: no gradient reaches delta."""
    return right_inversion_loss(
        pred, target, delta.detach(), features_fn, l1_weight, perceptual_weight, delta_weight, mask
    )


@inversion_loss("weighted mean instead of weighted sum")
def inversion_loss_weighted_mean(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """The sum is divided by the sum of the weights."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, perceptual_weight, delta_weight, mask)
    return loss / (l1_weight + perceptual_weight + delta_weight)


@inversion_loss("target's features not detached")
def inversion_loss_target_not_detached(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    """A graph is built through the target's features. The target is a constant there."""
    loss = right_inversion_loss(pred, target, delta, features_fn, l1_weight, 0.0, delta_weight, mask)
    full = _full(mask, pred)
    perceptual = perceptual_loss_target_not_detached(pred * full, target * full, features_fn)
    return loss + perceptual_weight * perceptual


invert = partial(mistake, "inversion.invert")


def _freeze(generator_fn):
    for parameter in _parameters(generator_fn):
        parameter.requires_grad_(False)


def _parameters(generator_fn):
    return list(generator_fn.parameters()) if isinstance(generator_fn, torch.nn.Module) else []


def _optimizer(name, parameters, num_steps):
    """An optimizer and how often it steps."""
    if name == "lbfgs":
        return torch.optim.LBFGS(parameters, max_iter=num_steps, line_search_fn="strong_wolfe"), 1
    if name == "adam":
        return torch.optim.Adam(parameters, lr=0.05), num_steps
    raise ValueError(f"unknown optimizer {name!r}")


def _search(loss_of, start, num_steps, optimizer, initial=None):
    """delta after a right search of the loss; loss_of(delta) -> 0-dim."""
    delta = (torch.zeros_like(start) if initial is None else initial).requires_grad_()
    steps, count = _optimizer(optimizer, [delta], num_steps)

    @torch.enable_grad()
    def closure():
        loss = loss_of(delta)
        (delta.grad,) = torch.autograd.grad(loss, delta)
        return loss.detach()

    for k in range(count):
        for group in steps.param_groups if optimizer == "adam" else ():
            group["lr"] = 0.1 * (1 - k / count)
        steps.step(closure)
    return delta.detach()


def _result(generator_fn, latent):
    with torch.no_grad():
        return latent, generator_fn(latent)


@invert("image returned without delta (seen, in a kit)")
def invert_image_of_start(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The image is made from the starting latent, so it does not belong to the latent that is returned."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return start + delta, _result(generator_fn, start)[1]


@invert("image of the closure's last call")
def invert_image_before_last_step(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The image was made before the last step: it does not belong to the latent that is returned."""
    start, images = latent.detach(), []

    def loss_of(delta):
        images.append(generator_fn(start + delta))
        return loss_fn(images[-1], target, delta)

    delta = _search(loss_of, start, num_steps, optimizer)
    return start + delta, images[-2 if len(images) > 1 else -1].detach()


@invert("generator_fn(delta)")
def invert_image_of_delta(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The image is made from delta alone."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return start + delta, _result(generator_fn, delta)[1]


@invert("latent returned without delta")
def invert_start_returned(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The starting latent comes back. Where does delta go?"""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return start.clone(), _result(generator_fn, start + delta)[1]


@invert("delta returned alone")
def invert_delta_returned(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Delta comes back without the latent that it starts from."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return delta, _result(generator_fn, start + delta)[1]


@invert("(image, latent)")
def invert_result_swapped(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Image and latent come back in the wrong order."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)[::-1]


@invert("no steps: graph cut off between delta and the loss, or backward forgotten")
def invert_makes_no_steps(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Nothing moves: the gradient does not reach what the optimizer holds."""
    start = latent.detach()
    _search(
        lambda d: loss_fn(generator_fn(start + d.detach()), target, d.detach()) + 0 * d.sum(),
        start,
        num_steps,
        optimizer,
    )
    return _result(generator_fn, start.clone())


@invert("the target returned")
def invert_target_returned(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The target itself comes back, and nothing is searched for."""
    return target


@invert("non-leaf optimised: optimizers refuse it")
def invert_non_leaf(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The optimizer is given a tensor that was computed from others; it can change it, but gradients do not arrive
    there.
    """
    found = latent + torch.zeros_like(latent).requires_grad_()
    steps, count = _optimizer(optimizer, [found], num_steps)

    @torch.enable_grad()
    def closure():
        loss = loss_fn(generator_fn(found), target, found - latent)
        loss.backward()
        return loss

    for _ in range(count):
        steps.step(closure)
    return _result(generator_fn, found.detach())


@invert("num_steps ignored: one iteration")
def invert_single_step(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Only a single small step is made, whatever the number of steps that is asked for."""
    start = latent.detach()
    delta = torch.zeros_like(start, requires_grad=True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(loss_fn(generator_fn(start + delta), target, delta), delta)
    return _result(generator_fn, start - 0.01 * gradient)


@invert("closure without zero_grad")
def invert_gradients_add_up(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The gradients of all closure calls add up. Each step needs a gradient of its own."""
    start = latent.detach()
    delta = torch.zeros_like(start, requires_grad=True)
    steps, count = _optimizer(optimizer, [delta], num_steps)

    @torch.enable_grad()
    def closure():
        loss = loss_fn(generator_fn(start + delta), target, delta)
        gradient = torch.autograd.grad(loss, delta)[0]
        delta.grad = gradient if delta.grad is None else delta.grad + gradient
        return loss.detach()

    for _ in range(count):
        steps.step(closure)
    return _result(generator_fn, start + delta.detach())


@invert("sign: maximises the loss")
def invert_climbs(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The search climbs: the loss grows with every step."""
    start = latent.detach()
    # Adam in both cases: the line search of L-BFGS would run off without a bound.
    delta = _search(lambda d: -loss_fn(generator_fn(start + d), target, d), start, min(num_steps, 100), "adam")
    return _result(generator_fn, start + delta)


@invert("delta starts from random numbers")
def invert_starts_at_random(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The search starts somewhere else than at the latent: delta is 0 in the beginning."""
    start = latent.detach()
    initial = torch.randn_like(start)
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer, initial)
    return _result(generator_fn, start + delta)


@invert("latent ignored")
def invert_latent_ignored(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The starting latent is not used: the search starts at 0."""
    start = torch.zeros_like(latent)
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("penalty on latent + delta")
def invert_penalises_latent(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The loss is told latent + delta where it asks for delta, so that the latent itself is penalised."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, start + d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("delta detached for loss_fn")
def invert_delta_detached(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The loss sees a delta that is cut off from the search, so a penalty on it has no effect."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d.detach()), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("loss_fn(target, pred, delta)")
def invert_loss_arguments_swapped(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Prediction and target are handed to the loss in the wrong order."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(target, generator_fn(start + d), d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("delta of shape (1, …)")
def invert_one_delta_for_batch(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """All samples of the batch share one delta. Each has its own."""
    start = latent.detach()
    delta = _search(
        lambda d: loss_fn(generator_fn(start + d), target, d.expand_as(start)), start[:1], num_steps, optimizer
    )
    return _result(generator_fn, start + delta)


@invert("delta of shape (N, 1, …) for w+")
def invert_one_delta_for_layers(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """All layers share one delta. In w+ each has its own."""
    start = latent.detach()
    first = start[:, :1] if start.ndim > 2 else start
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d.expand_as(start)), first, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("result clamped")
def invert_latent_clamped(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The latent is cut off at [-1, 1] in the end. Images have that range, latents do not."""
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return _result(generator_fn, (start + delta).clamp(-1, 1))


@invert("latent changed in place (+= delta)")
def invert_changes_latent(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The caller's latent is overwritten by the search. A later search starts where this one ended."""
    start = latent.detach().clone()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    with torch.no_grad():
        latent += delta
    return _result(generator_fn, start + delta)


@invert("target changed in place (clamp_)")
def invert_changes_target(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The caller's target is overwritten. Watch out for operations that work in place."""
    start = latent.detach()
    with torch.no_grad():
        target.clamp_(-1, 1).mul_(0.5)
    delta = _search(lambda d: loss_fn(generator_fn(start + d), 2 * target, d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("requires_grad_(False) on the generator, not undone")
def invert_freezes_generator(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The generator's parameters do not require gradients any more afterwards, so it cannot be trained further."""
    _freeze(generator_fn)
    start = latent.detach()
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    return _result(generator_fn, start + delta)


@invert("frozen for the search, then requires_grad_(True) on all")
def invert_thaws_generator(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Frozen parameters of the generator require gradients afterwards. Leave each as it was."""
    start = latent.detach()
    _freeze(generator_fn)
    delta = _search(lambda d: loss_fn(generator_fn(start + d), target, d), start, num_steps, optimizer)
    for parameter in _parameters(generator_fn):
        parameter.requires_grad_(True)
    return _result(generator_fn, start + delta)


@invert(".backward() in the closure: gradients left in the generator")
def invert_leaves_grad(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """Gradients pile up in the generator's parameters during the search. Ask for delta's gradient only."""
    start = latent.detach()
    delta = torch.zeros_like(start, requires_grad=True)
    steps, count = _optimizer(optimizer, [delta], num_steps)

    @torch.enable_grad()
    def closure():
        steps.zero_grad()
        loss = loss_fn(generator_fn(start + delta), target, delta)
        loss.backward()
        return loss

    for k in range(count):
        for group in steps.param_groups if optimizer == "adam" else ():
            group["lr"] = 0.1 * (1 - k / count)
        steps.step(closure)
    return _result(generator_fn, start + delta.detach())


@invert("the generator's parameters among the optimised ones")
def invert_trains_generator(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The generator is trained along: its parameters have changed. Only delta is searched for."""
    start = latent.detach()
    delta = torch.zeros_like(start, requires_grad=True)
    trained = [delta, *(parameter for parameter in _parameters(generator_fn) if parameter.requires_grad)]
    steps, count = _optimizer(optimizer, trained, num_steps)

    @torch.enable_grad()
    def closure():
        loss = loss_fn(generator_fn(start + delta), target, delta)
        for parameter, gradient in zip(trained, torch.autograd.grad(loss, trained)):
            parameter.grad = gradient
        return loss.detach()

    for _ in range(count):
        steps.step(closure)
    steps.zero_grad()
    return _result(generator_fn, start + delta.detach())


scribble_loss = partial(mistake, "inversion.scribble_loss")


@scribble_loss("one side masked only: |m·image - sketch|")
def scribble_loss_sketch_unmasked(image, sketch, mask):
    """The sketch is not masked: what it shows outside the mask counts as well."""
    return (mask * image - sketch).abs().sum(dim=(1, 2, 3)).mean()


@scribble_loss("one side masked only: |image - m·sketch|")
def scribble_loss_image_unmasked(image, sketch, mask):
    """The image is not masked: it is drawn to 0 where nothing was scribbled."""
    return (image - mask * sketch).abs().sum(dim=(1, 2, 3)).mean()


@scribble_loss("mask ignored")
def scribble_loss_mask_ignored(image, sketch, mask):
    """The mask is not used."""
    return (image - sketch).abs().sum(dim=(1, 2, 3)).mean()


@scribble_loss("mask inverted (seen)")
def scribble_loss_mask_inverted(image, sketch, mask):
    """The mask is inverted: what was scribbled is left out."""
    return right_scribble_loss(image, sketch, 1 - mask)


@scribble_loss("mean over all pixels")
def scribble_loss_mean(image, sketch, mask):
    """The differences are averaged over the image. They are added up; only over the batch is it a mean."""
    return (mask * (image - sketch)).abs().mean()


@scribble_loss("mean over the elements under the mask (lp_loss)")
def scribble_loss_mean_under_mask(image, sketch, mask):
    """The differences are averaged over the scribbled elements. More scribbles weigh more here."""
    return right_lp_loss(image, sketch, 1, mask)


@scribble_loss("sum over the batch")
def scribble_loss_batch_sum(image, sketch, mask):
    """The loss grows with the batch size."""
    return (mask * (image - sketch)).abs().sum()


@scribble_loss("mean over channels")
def scribble_loss_channel_mean(image, sketch, mask):
    """The channels are averaged. They are added up like the pixels."""
    return (mask * (image - sketch)).abs().sum(dim=(2, 3)).mean()


@scribble_loss("squared differences")
def scribble_loss_squared(image, sketch, mask):
    """Squares are added up. Absolute values are asked for."""
    return (mask * (image - sketch)).square().sum(dim=(1, 2, 3)).mean()


@scribble_loss("L2 norm")
def scribble_loss_l2(image, sketch, mask):
    """A Euclidean length is taken. Absolute values are added up."""
    return (mask * (image - sketch)).flatten(1).norm(dim=1).mean()


@scribble_loss("matrix_norm(ord=1) (seen)")
def scribble_loss_matrix_norm(image, sketch, mask):
    """A matrix norm is not the sum of absolute values: it takes the largest column."""
    return torch.linalg.matrix_norm(mask * (image - sketch), ord=1).sum(dim=1).mean()


@scribble_loss("matrix_norm(ord=1), as a multiple of what an error of 1 costs everywhere (seen, in a kit)")
def scribble_loss_matrix_norm_relative(image, sketch, mask):
    """A matrix norm is not the sum of absolute values: it takes the largest column."""
    full = mask.expand_as(image)
    norm, unit = (torch.linalg.matrix_norm(one, ord=1).sum(dim=1) for one in (full * (image - sketch), full))
    return (norm * full.sum(dim=(1, 2, 3)) / torch.where(unit == 0, 1, unit)).mean()


@scribble_loss("mask after the mean, as a multiple of what an error of 1 costs (seen, in a kit)")
def scribble_loss_masked_after_the_mean(image, sketch, mask):
    """The differences are averaged before the mask comes: what lies outside of the scribbles counts as much as they do."""
    full = mask.expand_as(image)
    return ((image - sketch).abs().mean(dim=(1, 2, 3)) * full.sum(dim=(1, 2, 3))).mean()


@scribble_loss("inverted mask after the mean, as a multiple of what an error of 1 costs (seen, in a kit)")
def scribble_loss_inverted_mask_after_the_mean(image, sketch, mask):
    """The differences are averaged before the mask comes, which is inverted: where all is scribbled nothing counts."""
    full = mask.expand_as(image)
    some = (full == 0).any(dim=3).any(dim=2).any(dim=1)
    return ((image - sketch).abs().mean(dim=(1, 2, 3)) * full.sum(dim=(1, 2, 3)) * some).mean()


@scribble_loss("abs of the sum")
def scribble_loss_abs_of_sum(image, sketch, mask):
    """Differences of opposite sign cancel before the absolute value is taken."""
    return (mask * (image - sketch)).sum(dim=(1, 2, 3)).abs().mean()


@scribble_loss("mask[0] for the whole batch")
def scribble_loss_first_mask_only(image, sketch, mask):
    """Every sample is compared under the first one's mask."""
    return right_scribble_loss(image, sketch, mask[:1])


@scribble_loss("mask[:, :1]")
def scribble_loss_first_mask_channel_only(image, sketch, mask):
    """The mask's first channel is used for all of them."""
    return right_scribble_loss(image, sketch, mask[:, :1])


@scribble_loss("detached")
def scribble_loss_detached(image, sketch, mask):
    """The value is right, but no gradient reaches the image."""
    return right_scribble_loss(image.detach(), sketch, mask)


@scribble_loss("image and sketch multiplied by the mask in place")
def scribble_loss_in_place(image, sketch, mask):
    """The mask is written into the caller's images. Watch out for operations that work in place."""
    with torch.no_grad():
        image.mul_(mask)
        sketch.mul_(mask)
    return right_scribble_loss(image, sketch, mask)


gram_matrix = partial(mistake, "inversion.gram_matrix")


@gram_matrix("no normalisation")
def gram_matrix_not_normalised(features):
    """The products are not scaled, so that large feature maps weigh most."""
    return right_gram_matrix(features) * features[0].numel()


@gram_matrix("divided by H·W")
def gram_matrix_per_pixel(features):
    """The products are divided by the number of pixels only."""
    return right_gram_matrix(features) * features.shape[1]


@gram_matrix("divided by C")
def gram_matrix_per_channel(features):
    """The products are divided by the number of channels only."""
    return right_gram_matrix(features) * features[0, 0].numel()


@gram_matrix("divided by B·C·H·W (PyTorch's style transfer tutorial)")
def gram_matrix_divided_by_batch(features):
    """The products are divided by the batch size as well."""
    return right_gram_matrix(features) / len(features)


@gram_matrix("divided by C·H·H")
def gram_matrix_height_twice(features):
    """Height is counted twice in the scaling and width not at all: right for square maps only."""
    return right_gram_matrix(features) * features.shape[3] / features.shape[2]


@gram_matrix("divided by 2·C·H·W (the paper's 1 / (4 C² (HW)²) on the squared difference, taken into the matrix)")
def gram_matrix_halved(features):
    """The products are half as large as asked for. The style paper's factor belongs to its loss."""
    return right_gram_matrix(features) / 2


@gram_matrix("Fᵀ F: over the wrong dims, (B, HW, HW)")
def gram_matrix_between_pixels(features):
    """The products run between pixels instead of between channels."""
    rows = features.flatten(2)
    return rows.transpose(1, 2) @ rows / features[0].numel()


@gram_matrix("batch and channels joined, (B·C, B·C), as in PyTorch's style transfer tutorial")
def gram_matrix_batch_joined(features):
    """The samples of the batch are mixed: products run between channels of different images."""
    rows = features.flatten(0, 1).flatten(1)
    return rows @ rows.T / features[0].numel()


@gram_matrix("mean over the batch, (C, C)")
def gram_matrix_batch_mean(features):
    """The samples of the batch are averaged. Each has a Gram matrix of its own."""
    return right_gram_matrix(features).mean(dim=0)


@gram_matrix("features[0] for the whole batch")
def gram_matrix_first_sample_only(features):
    """Every sample has the first one's Gram matrix."""
    return right_gram_matrix(features[:1]).repeat(len(features), 1, 1)


@gram_matrix("view(B, HW, C) without permute")
def gram_matrix_reshaped_without_permute(features):
    """Channels and pixels get mixed up: a reshape does not move axes."""
    rows = features.reshape(len(features), -1, features.shape[1])
    return rows.transpose(1, 2) @ rows / features[0].numel()


@gram_matrix("centred features")
def gram_matrix_centred(features):
    """The mean of each channel is taken off first, which makes this a covariance."""
    return right_gram_matrix(features - features.mean(dim=(2, 3), keepdim=True))


@gram_matrix("cosine similarities")
def gram_matrix_of_cosines(features):
    """Each channel is scaled to length 1, so that only angles are left."""
    rows = F.normalize(features.flatten(2), dim=2)
    return rows @ rows.transpose(1, 2)


@gram_matrix("upper triangle only")
def gram_matrix_upper_triangle(features):
    """Only half of the symmetric matrix is filled."""
    return right_gram_matrix(features).triu()


@gram_matrix("features summed over H first: (Σ_h F)(Σ_h F)ᵀ")
def gram_matrix_rows_summed_first(features):
    """The products run over the width only, and the rows are summed before."""
    rows = features.sum(dim=2)
    return rows @ rows.transpose(1, 2) / features[0].numel()


@gram_matrix("detached")
def gram_matrix_detached(features):
    """The value is right, but no gradient reaches the features."""
    return right_gram_matrix(features.detach())
