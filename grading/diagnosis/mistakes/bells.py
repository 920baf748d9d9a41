"""Wrong bells: edges, warps, the encoder and several starts."""

from functools import partial

import torch
import torch.nn.functional as F

from reference.bells import encoder_loss as right_encoder_loss
from reference.bells import invert_best_of as right_invert_best_of
from reference.bells import sketch_loss as right_sketch_loss
from reference.bells import soft_edges as edges_of
from reference.bells import warp as moved
from reference.inversion import invert

from . import mistake


def _differences(image):
    """Central differences down and across, the border repeated."""
    gray = F.pad(image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    return (gray[:, :, 2:, 1:-1] - gray[:, :, :-2, 1:-1]) / 2, (gray[:, :, 1:-1, 2:] - gray[:, :, 1:-1, :-2]) / 2


soft_edges = partial(mistake, "bells.soft_edges")


@soft_edges("signed: the gradients' sum")
def edges_signed(image, epsilon=1e-3):
    """Edges have a sign: from white to black they are negative. An edge is one in either direction."""
    down, right = _differences(image)
    return down + right


@soft_edges("only across")
def edges_across_only(image, epsilon=1e-3):
    """Only differences across are looked at: horizontal lines are not seen."""
    _, right = _differences(image)
    return (right**2 + epsilon**2).sqrt() - epsilon


@soft_edges("only down")
def edges_down_only(image, epsilon=1e-3):
    """Only differences downwards are looked at: vertical lines are not seen."""
    down, _ = _differences(image)
    return (down**2 + epsilon**2).sqrt() - epsilon


@soft_edges("√ without ε: nan gradient on flat ground (seen)")
def edges_no_epsilon(image, epsilon=1e-3):
    """On flat ground the gradient is nan: a root has none at 0."""
    down, right = _differences(image)
    return (down**2 + right**2).sqrt()


@soft_edges("thresholded: a hard edge map")
def edges_hard(image, epsilon=1e-3):
    """The edges are cut at a threshold to 0 and 1, which has no gradient."""
    return (edges_of(image, epsilon) > 0.1).to(image)


@soft_edges("first channel only")
def edges_first_channel(image, epsilon=1e-3):
    """Only the first channel is looked at."""
    return edges_of(image[:, :1], epsilon)


@soft_edges("detached")
def edges_detached(image, epsilon=1e-3):
    """The value is right, but no gradient reaches the image."""
    return edges_of(image, epsilon).detach()


@soft_edges("brightness itself")
def edges_brightness(image, epsilon=1e-3):
    """The image's brightness is returned, and not how much it changes."""
    return image.mean(1, keepdim=True).abs()


@soft_edges("valid size: two pixels lost each way")
def edges_smaller(image, epsilon=1e-3):
    """The result is smaller than the image: at the border pixels are missing."""
    return edges_of(image, epsilon)[:, :, 1:-1, 1:-1]


sketch_loss = partial(mistake, "bells.sketch_loss")


@sketch_loss("mask before edges (seen)")
def sketch_masked_first(image, sketch, mask):
    """The images are masked before the edges are found: the outline of the mask becomes a line."""
    return (edges_of(mask * image) - edges_of(mask * sketch)).abs().sum((1, 2, 3)).mean()


@sketch_loss("mask before the sketch's edges, after the image's")
def sketch_itself_masked_first(image, sketch, mask):
    """The sketch is masked before its edges are found: the outline of the mask becomes a line of it."""
    return (mask * edges_of(image) - edges_of(mask * sketch)).abs().sum((1, 2, 3)).mean()


@sketch_loss("colours compared, no edges")
def sketch_colours(image, sketch, mask):
    """Colours are compared, and not lines."""
    return (mask * (image - sketch)).abs().sum((1, 2, 3)).mean()


@sketch_loss("image's edges against the sketch itself")
def sketch_as_edges(image, sketch, mask):
    """The edges of the image are compared with the sketch itself. The sketch has edges of its own."""
    return (mask * (edges_of(image) - sketch.mean(1, keepdim=True))).abs().sum((1, 2, 3)).mean()


@sketch_loss("mask inverted")
def sketch_mask_inverted(image, sketch, mask):
    """The mask is inverted: what should count is left out."""
    return right_sketch_loss(image, sketch, 1 - mask)


@sketch_loss("mask ignored")
def sketch_mask_ignored(image, sketch, mask):
    """The mask is not used."""
    return right_sketch_loss(image, sketch, torch.ones_like(mask))


@sketch_loss("first sample's mask for all")
def sketch_first_mask(image, sketch, mask):
    """The first sample's mask is used for all of them. Each has its own where the mask has as many samples as the images."""
    return right_sketch_loss(image, sketch, mask[:1])


@sketch_loss("sum over the batch")
def sketch_summed_over_the_batch(image, sketch, mask):
    """The batch is added up, not averaged."""
    return right_sketch_loss(image, sketch, mask) * len(image)


@sketch_loss("edges under no_grad")
def sketch_detached(image, sketch, mask):
    """The value is right, but no gradient reaches the image."""
    return right_sketch_loss(image, sketch, mask).detach()


@sketch_loss("signed: positive and negative differences cancel")
def sketch_signed(image, sketch, mask):
    """Lines that are missing and lines that are too many cancel each other."""
    return (mask * (edges_of(image) - edges_of(sketch))).sum((1, 2, 3)).mean()


warp = partial(mistake, "bells.warp")


@warp("forward: content moves along the flow (sign)")
def warp_forward(image, flow):
    """The content moves along the flow. The flow says where each pixel comes from."""
    return moved(image, -flow)


@warp("axes exchanged: (right, down) (grid_sample's order; seen)")
def warp_axes_exchanged(image, flow):
    """The two axes have changed places: the flow is given down before right."""
    return moved(image, flow.flip(1))


@warp("flow in grid_sample's units")
def warp_in_units(image, flow):
    """The flow is taken in units of the sampler, where the image is 2 wide, and not in pixels."""
    height, width = image.shape[2:]
    size = torch.tensor([height - 1, width - 1], dtype=image.dtype).reshape(1, 2, 1, 1) / 2
    return moved(image, flow * size)


@warp("the width is the measure of both axes")
def warp_both_by_the_width(image, flow):
    """The flow down is brought to the sampler's units with the width. Each axis has a length of its own."""
    height, width = image.shape[2:]
    return moved(image, flow * torch.tensor([(height - 1) / (width - 1), 1], dtype=flow.dtype)[:, None, None])


@warp("align_corners=False with a grid for True")
def warp_half_a_pixel_off(image, flow):
    """The grid and the sampler disagree about where the border pixels are: the picture is scaled a little."""
    height, width = image.shape[2:]
    rows = torch.arange(height, dtype=image.dtype)[:, None] + flow[:, 0]
    columns = torch.arange(width, dtype=image.dtype) + flow[:, 1]
    grid = torch.stack([columns * (2 / max(width - 1, 1)) - 1, rows * (2 / max(height - 1, 1)) - 1], dim=-1)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=False)


@warp("zeros outside the image")
def warp_zeros_outside(image, flow):
    """Outside of the image there is black. The nearest border pixel is to hold."""
    height, width = image.shape[2:]
    rows = torch.arange(height, dtype=image.dtype)[:, None] + flow[:, 0]
    columns = torch.arange(width, dtype=image.dtype) + flow[:, 1]
    grid = torch.stack([columns * (2 / max(width - 1, 1)) - 1, rows * (2 / max(height - 1, 1)) - 1], dim=-1)
    return F.grid_sample(image, grid, padding_mode="zeros", align_corners=True)


@warp("nearest neighbour")
def warp_nearest(image, flow):
    """Between pixels the nearest one is taken. There lies a mixture of them."""
    return moved(image, flow.round())


@warp("rolled: what leads out comes in on the other side")
def warp_wrapped(image, flow):
    """What leads out of the image comes in on the other side."""
    height, width = image.shape[2:]
    tiled = torch.cat([torch.cat([image] * 3, 2)] * 3, 3)
    padded = F.pad(flow, (width, width, height, height))
    return moved(tiled, padded)[:, :, height : 2 * height, width : 2 * width]


warp_loss = partial(mistake, "bells.warp_loss")


def _compared(image, source, mask):
    return (mask * (image - source)).abs().sum((1, 2, 3)).mean()


@warp_loss("the generated image warped, not the source")
def warp_loss_image_warped(image, source, flow, mask):
    """The generated image is warped, and not the source."""
    return _compared(moved(image, flow), source, mask)


@warp_loss("not warped at all")
def warp_loss_not_warped(image, source, flow, mask):
    """The flow is not used."""
    return _compared(image, source, mask)


@warp_loss("warped the other way")
def warp_loss_other_way(image, source, flow, mask):
    """The source is warped the other way. The flow says where each pixel comes from."""
    return _compared(image, moved(source, -flow), mask)


@warp_loss("mask warped, too")
def warp_loss_mask_before(image, source, flow, mask):
    """The source is masked before it is warped, so that the mask moves as well."""
    return (mask * image - moved(mask * source, flow)).abs().sum((1, 2, 3)).mean()


@warp_loss("mask ignored")
def warp_loss_mask_ignored(image, source, flow, mask):
    """The mask is not used."""
    return _compared(image, moved(source, flow), torch.ones_like(mask))


@warp_loss("mean for sum")
def warp_loss_mean(image, source, flow, mask):
    """The differences are averaged over all pixels. They are added up for each image."""
    return (mask * (image - moved(source, flow))).abs().mean()


@warp_loss("squares")
def warp_loss_squares(image, source, flow, mask):
    """Squares are taken. Absolute differences are asked for."""
    return (mask * (image - moved(source, flow))).square().sum((1, 2, 3)).mean()


encoder_loss = partial(mistake, "bells.encoder_loss")


@encoder_loss("image term against nothing: the guess's image squared")
def encoder_loss_image_alone(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """The image of the guess is held against nothing. It should be like the image that the guess was made from."""
    guess = encoder(generator_fn(latent).detach())
    return latent_weight * F.mse_loss(guess, latent.detach()) + image_weight * generator_fn(guess).square().mean()


@encoder_loss("weights exchanged")
def encoder_loss_weights_exchanged(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """The two weights have changed places."""
    return right_encoder_loss(encoder, generator_fn, latent, image_weight, latent_weight)


@encoder_loss("image term left out")
def encoder_loss_latent_only(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """Only the latents are compared. The second term compares the images that they make."""
    return right_encoder_loss(encoder, generator_fn, latent, latent_weight, 0.0)


@encoder_loss("latent term left out")
def encoder_loss_image_only(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """Only the images are compared. The first term compares the latents."""
    return right_encoder_loss(encoder, generator_fn, latent, 0.0, image_weight)


@encoder_loss("encoder under no_grad")
def encoder_loss_encoder_cut_off(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """The guess is cut off from the graph: nothing trains the encoder."""
    image = generator_fn(latent).detach()
    guess = encoder(image).detach()
    return latent_weight * F.mse_loss(guess, latent) + image_weight * F.mse_loss(generator_fn(guess), image)


@encoder_loss("guess detached in the image term")
def encoder_loss_image_term_cut_off(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """In the second term no gradient runs through the generator to the encoder."""
    latent = latent.detach()
    image = generator_fn(latent).detach()
    guess = encoder(image)
    return latent_weight * F.mse_loss(guess, latent) + image_weight * F.mse_loss(generator_fn(guess.detach()), image)


@encoder_loss("latent attached: the answer follows the guess")
def encoder_loss_answer_trained(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    """A gradient flows into the latents, which are the answer."""
    image = generator_fn(latent)
    guess = encoder(image)
    return latent_weight * F.mse_loss(guess, latent) + image_weight * F.mse_loss(generator_fn(guess), image)


encoder_start = partial(mistake, "bells.encoder_start")


@encoder_start("graph kept")
def encoder_start_attached(encoder, target):
    """The start hangs on the encoder's graph: the search would train the encoder along."""
    return encoder(target)


@encoder_start("target scaled to [0, 1] first")
def encoder_start_rescaled(encoder, target):
    """The target is rescaled before it is shown to the encoder, which takes images in [-1, 1]."""
    return encoder((target + 1) / 2).detach()


@encoder_start("target clamped")
def encoder_start_clamped(encoder, target):
    """The target is cut off at -1 and 1 before it is shown to the encoder."""
    return encoder(target.clamp(-1, 1)).detach()


@encoder_start("mean over the batch")
def encoder_start_mean(encoder, target):
    """All images start at the mean of their guesses. Each has a guess of its own."""
    latent = encoder(target).detach()
    return latent.mean(0, keepdim=True).expand_as(latent).clone()


@encoder_start("normalised like z")
def encoder_start_normalised(encoder, target):
    """The guess is shifted and scaled. It is the start as it is."""
    latent = encoder(target).detach()
    return (latent - latent.mean()) / latent.std()


@encoder_start("first image only")
def encoder_start_first(encoder, target):
    """Only the first image's guess is returned, once for all."""
    latent = encoder(target[:1]).detach()
    return latent.expand(len(target), *latent.shape[1:]).clone()


invert_best_of = partial(mistake, "bells.invert_best_of")


def _runs(generator_fn, target, latents, loss_fn, num_steps, optimizer):
    for start in latents:
        found, image = invert(generator_fn, target, start, loss_fn, num_steps, optimizer)
        with torch.no_grad():
            yield float(loss_fn(image, target, found - start)), found, image


@invert_best_of("the last run returned")
def best_of_last(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The last search is returned, whatever its loss."""
    return list(_runs(generator_fn, target, latents, loss_fn, num_steps, optimizer))[-1][1:]


@invert_best_of("the first run returned")
def best_of_first(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The first search is returned, whatever its loss."""
    return next(_runs(generator_fn, target, latents[:1], loss_fn, num_steps, optimizer))[1:]


@invert_best_of("max for min")
def best_of_worst(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The search with the highest loss is kept."""
    return max(_runs(generator_fn, target, latents, loss_fn, num_steps, optimizer), key=lambda run: run[0])[1:]


@invert_best_of("chosen by the loss at the start")
def best_of_starts(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The best start is searched from, and not the best end kept."""

    def loss(start):
        return float(loss_fn(generator_fn(start), target, torch.zeros_like(start)))

    best = min((start for start in latents if loss(start) == loss(start)), key=loss)
    return invert(generator_fn, target, best, loss_fn, num_steps, optimizer)


@invert_best_of("chosen without delta: the loss at the end with zeros for it")
def best_of_without_delta(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The losses at the ends are compared as if no search had moved. How far each has come from its own start is part of them."""
    ends = [run[1:] for run in _runs(generator_fn, target, latents, loss_fn, num_steps, optimizer)]
    with torch.no_grad():
        losses = [float(loss_fn(image, target, torch.zeros_like(found))) for found, image in ends]
    return ends[min((i for i, loss in enumerate(losses) if loss == loss), key=losses.__getitem__)]


@invert_best_of("nan kept: `if not best < loss`")
def best_of_nan_kept(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """A search that ends in nan is kept: every comparison with nan is false."""
    best = None
    for run in _runs(generator_fn, target, latents, loss_fn, num_steps, optimizer):
        if best is None or not best[0] < run[0]:
            best = run
    return best[1:]


@invert_best_of("the mean of the ends")
def best_of_mean(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The ends of the searches are averaged. A mean of two good latents need not be one."""
    ends = [run[1] for run in _runs(generator_fn, target, latents, loss_fn, num_steps, optimizer)]
    mean = torch.stack([end for end in ends if bool(end.isfinite().all())]).mean(0)
    with torch.no_grad():
        return mean, generator_fn(mean)


@invert_best_of("image of another run")
def best_of_other_image(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """The image belongs to the last search, and the latent to the best one."""
    *_, (_, _, image) = _runs(generator_fn, target, latents, loss_fn, num_steps, optimizer)
    return right_invert_best_of(generator_fn, target, latents, loss_fn, num_steps, optimizer)[0], image


@invert_best_of("start returned for the end")
def best_of_start_returned(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    """What is returned is where the best search began, and not where it ended."""
    runs = list(_runs(generator_fn, target, latents, loss_fn, num_steps, optimizer))
    best = min((i for i, run in enumerate(runs) if run[0] == run[0]), key=lambda i: runs[i][0])
    with torch.no_grad():
        return latents[best].clone(), generator_fn(latents[best])
