"""Wrong score distillation."""

from functools import partial

import torch
import torch.nn.functional as F

from . import mistake


def _per_image(values):
    """A number for all samples, or (B, 1, 1, 1) for one per sample."""
    return values.reshape(-1, 1, 1, 1) if values.ndim else values


def _weight(t, alphas_cumprod):
    return _per_image(1 - alphas_cumprod[t])


def _single_step_alphas(alphas_cumprod):
    return alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])


def _residual(first, second, t, alphas_cumprod):
    return (_weight(t, alphas_cumprod) * (first - second)).detach()


sds_weight = partial(mistake, "distillation.sds_weight")


@sds_weight("√(1 - abar)")
def sds_weight_root(t, alphas_cumprod):
    """A root too many: the weight is the noise's variance."""
    return (1 - alphas_cumprod[t]).sqrt()


@sds_weight("abar for 1 - abar")
def sds_weight_signal(t, alphas_cumprod):
    """This weighs low noise levels most. It should grow with the noise."""
    return alphas_cumprod[t]


@sds_weight("1 - abar² (DreamFusion's sigma² = 1 - alpha² with alpha taken for abar)")
def sds_weight_abar_squared(t, alphas_cumprod):
    """The abar of this course is already a variance. Squaring belongs to papers that call its root alpha."""
    return 1 - alphas_cumprod[t] ** 2


@sds_weight("1 - √abar")
def sds_weight_complement_of_root(t, alphas_cumprod):
    """The complement of the image's weight is not the noise's variance."""
    return 1 - alphas_cumprod[t].sqrt()


@sds_weight("w = 1")
def sds_weight_constant(t, alphas_cumprod):
    """All levels are weighted the same. The weight depends on t."""
    return torch.ones_like(alphas_cumprod[t])


@sds_weight("beta_t for 1 - abar_t")
def sds_weight_beta(t, alphas_cumprod):
    """This is what a single training step adds. The noise of all steps up to t counts."""
    return (1 - _single_step_alphas(alphas_cumprod))[t]


@sds_weight("√abar · (1 - abar) (Latent-NeRF, threestudio's other strategy)")
def sds_weight_fantasia(t, alphas_cumprod):
    """An additional factor dampens the high noise levels. That is another paper's weight."""
    abar_t = alphas_cumprod[t]
    return abar_t.sqrt() * (1 - abar_t)


@sds_weight("(1 - abar) / abar")
def sds_weight_noise_to_signal(t, alphas_cumprod):
    """The ratio of noise to signal explodes at high levels. A plain share is asked for."""
    return (1 - alphas_cumprod[t]) / alphas_cumprod[t]


@sds_weight("t / T")
def sds_weight_linear_in_t(t, alphas_cumprod):
    """The weight is taken from the timestep itself. It follows the schedule."""
    return torch.as_tensor(t, device=alphas_cumprod.device).to(alphas_cumprod.dtype) / len(alphas_cumprod)


@sds_weight("t - 1: a 1-based timestep assumed")
def sds_weight_one_based(t, alphas_cumprod):
    """The level is one step off: the table starts counting at 0."""
    table = torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod])
    return 1 - table[t]


@sds_weight("weights averaged over the batch")
def sds_weight_batch_mean(t, alphas_cumprod):
    """With one timestep per sample there should be one weight per sample."""
    return (1 - alphas_cumprod[t]).mean()


@sds_weight("(B, 1, 1, 1), or (1,) for an int (threestudio's view(-1, 1, 1, 1))")
def sds_weight_image_shape(t, alphas_cumprod):
    """The shape is not that of t: extra axes belong where the weight meets an image."""
    return (1 - alphas_cumprod[t]).reshape(-1, 1, 1, 1)


sds_residual = partial(mistake, "distillation.sds_residual")


@sds_residual("sign: noise - eps_pred")
def sds_residual_sign(eps_pred, noise, t, alphas_cumprod):
    """The difference is taken the wrong way round, so the image is pushed away from the prompt."""
    return _residual(noise, eps_pred, t, alphas_cumprod)


@sds_residual("w · eps_pred alone")
def sds_residual_noise_not_subtracted(eps_pred, noise, t, alphas_cumprod):
    """The known noise is not subtracted. Without it the residual is mostly noise."""
    return _residual(eps_pred, torch.zeros_like(noise), t, alphas_cumprod)


@sds_residual("fresh noise in the residual")
def sds_residual_fresh_noise(eps_pred, noise, t, alphas_cumprod):
    """The noise that is subtracted is drawn afresh. It has to be the one that was added to the image."""
    return _residual(eps_pred, torch.randn_like(noise), t, alphas_cumprod)


@sds_residual("w = 1")
def sds_residual_not_weighted(eps_pred, noise, t, alphas_cumprod):
    """The residual is not weighted."""
    return (eps_pred - noise).detach()


@sds_residual("w = √(1 - abar)")
def sds_residual_root_weight(eps_pred, noise, t, alphas_cumprod):
    """The weight is a root too much: it is a variance, not a standard deviation."""
    return _weight(t, alphas_cumprod).sqrt() * (eps_pred - noise).detach()


@sds_residual("w = abar")
def sds_residual_signal_weight(eps_pred, noise, t, alphas_cumprod):
    """The weight shrinks with the noise level; it should grow."""
    return _per_image(alphas_cumprod[t]) * (eps_pred - noise).detach()


@sds_residual("w = beta")
def sds_residual_beta_weight(eps_pred, noise, t, alphas_cumprod):
    """The weight is that of a single training step."""
    return _per_image(1 - _single_step_alphas(alphas_cumprod)[t]) * (eps_pred - noise).detach()


@sds_residual("w · eps_pred - noise")
def sds_residual_brackets_missing(eps_pred, noise, t, alphas_cumprod):
    """Only one of the two is weighted. Mind the brackets."""
    return (_weight(t, alphas_cumprod) * eps_pred - noise).detach()


@sds_residual("not detached: backpropagation through the network")
def sds_residual_not_detached(eps_pred, noise, t, alphas_cumprod):
    """The residual still hangs on the network's graph, so the loss would be backpropagated through the network."""
    return _weight(t, alphas_cumprod) * (eps_pred - noise)


@sds_residual("w of shape (B,) unreshaped: error, or silent at B = W")
def sds_residual_weights_along_width(eps_pred, noise, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the width of the images instead of with the batch."""
    return ((1 - alphas_cumprod[t]) * (eps_pred - noise)).detach()


@sds_residual("t[0] for the whole batch")
def sds_residual_first_weight_for_all(eps_pred, noise, t, alphas_cumprod):
    """All samples get the first one's weight."""
    return ((1 - alphas_cumprod[t]).reshape(-1)[0] * (eps_pred - noise)).detach()


@sds_residual("w · (eps_pred - noise)²")
def sds_residual_squared(eps_pred, noise, t, alphas_cumprod):
    """The residual is squared: that is a loss. The gradient direction is asked for, with its sign."""
    return (_weight(t, alphas_cumprod) * (eps_pred - noise) ** 2).detach()


@sds_residual("divided by B: silent at B = 1")
def sds_residual_divided_by_batch(eps_pred, noise, t, alphas_cumprod):
    """The residual is already divided by the batch size. That happens in the loss."""
    return _residual(eps_pred, noise, t, alphas_cumprod) / len(noise)


@sds_residual("clamped to [-1, 1] (gradient clipping, torch.nan_to_num habits)")
def sds_residual_clamped(eps_pred, noise, t, alphas_cumprod):
    """The residual is cut off. Nothing is clipped here."""
    return _residual(eps_pred, noise, t, alphas_cumprod).clamp(-1, 1)


@sds_residual("eps_pred changed in place (-=)")
def sds_residual_changes_prediction(eps_pred, noise, t, alphas_cumprod):
    """The network's prediction is overwritten. Watch out for operations that work in place."""
    with torch.no_grad():
        eps_pred -= noise
    return (_weight(t, alphas_cumprod) * eps_pred).detach()


@sds_residual("weights cast to float32")
def sds_residual_in_float32(eps_pred, noise, t, alphas_cumprod):
    """Float64 predictions come out with the accuracy of float32."""
    return (_weight(t, alphas_cumprod.float()) * (eps_pred - noise)).detach().to(eps_pred.dtype)


vsd_residual = partial(mistake, "distillation.vsd_residual")


@vsd_residual("VSD sign: LoRA - pretrained")
def vsd_residual_sign(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The difference is taken the wrong way round. Which network knows the prompt's images, which one ours?"""
    return _residual(eps_lora, eps_pretrained, t, alphas_cumprod)


@vsd_residual("the noise (here: a draw) instead of the LoRA's prediction (= SDS)")
def vsd_residual_noise_for_lora(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The LoRA's prediction is not used. It takes the place that the noise has in SDS."""
    return _residual(eps_pretrained, torch.randn_like(eps_lora), t, alphas_cumprod)


@vsd_residual("LoRA left on in the pretrained pass: residual 0 (seen)")
def vsd_residual_zero(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The residual is always zero: both predictions are the same one."""
    return _residual(eps_lora, eps_lora, t, alphas_cumprod)


@vsd_residual("w · eps_pretrained alone")
def vsd_residual_lora_missing(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The LoRA's prediction is not subtracted."""
    return _residual(eps_pretrained, torch.zeros_like(eps_lora), t, alphas_cumprod)


@vsd_residual("sum for difference")
def vsd_residual_sum(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The two predictions are added."""
    return _residual(eps_pretrained, -eps_lora, t, alphas_cumprod)


@vsd_residual("w = 1")
def vsd_residual_not_weighted(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The residual is not weighted."""
    return (eps_pretrained - eps_lora).detach()


@vsd_residual("w = √(1 - abar)")
def vsd_residual_root_weight(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The weight is a root too much: it is a variance, not a standard deviation."""
    return _weight(t, alphas_cumprod).sqrt() * (eps_pretrained - eps_lora).detach()


@vsd_residual("w = abar")
def vsd_residual_signal_weight(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The weight shrinks with the noise level; it should grow."""
    return _per_image(alphas_cumprod[t]) * (eps_pretrained - eps_lora).detach()


@vsd_residual("w · eps_pretrained - eps_lora")
def vsd_residual_brackets_missing(eps_pretrained, eps_lora, t, alphas_cumprod):
    """Only one of the two is weighted. Mind the brackets."""
    return (_weight(t, alphas_cumprod) * eps_pretrained - eps_lora).detach()


@vsd_residual("not detached: backpropagation through both networks")
def vsd_residual_not_detached(eps_pretrained, eps_lora, t, alphas_cumprod):
    """The residual still hangs on the networks' graphs."""
    return _weight(t, alphas_cumprod) * (eps_pretrained - eps_lora)


@vsd_residual("only eps_pretrained detached: the LoRA is trained by the wrong loss")
def vsd_residual_lora_not_detached(eps_pretrained, eps_lora, t, alphas_cumprod):
    """Only the pretrained prediction is cut off from its graph; the LoRA's is not. It is trained by a loss of its own."""
    return _weight(t, alphas_cumprod) * (eps_pretrained.detach() - eps_lora)


@vsd_residual("w of shape (B,) unreshaped: error, or silent at B = W")
def vsd_residual_weights_along_width(eps_pretrained, eps_lora, t, alphas_cumprod):
    """With one timestep per sample the weights line up with the width of the images instead of with the batch."""
    return ((1 - alphas_cumprod[t]) * (eps_pretrained - eps_lora)).detach()


@vsd_residual("t[0] for the whole batch")
def vsd_residual_first_weight_for_all(eps_pretrained, eps_lora, t, alphas_cumprod):
    """All samples get the first one's weight."""
    return ((1 - alphas_cumprod[t]).reshape(-1)[0] * (eps_pretrained - eps_lora)).detach()


@vsd_residual("weights cast to float32")
def vsd_residual_in_float32(eps_pretrained, eps_lora, t, alphas_cumprod):
    """Float64 predictions come out with the accuracy of float32."""
    return (_weight(t, alphas_cumprod.float()) * (eps_pretrained - eps_lora)).detach().to(eps_lora.dtype)


surrogate_loss = partial(mistake, "distillation.surrogate_loss")


@surrogate_loss("target not detached: gradient 0")
def surrogate_loss_target_not_detached(x, residual):
    """The target moves along with x, so the gradient vanishes. The target has to be a constant."""
    return 0.5 * F.mse_loss(x, x - residual, reduction="sum") / len(x)


@surrogate_loss("x detached as well: no gradient")
def surrogate_loss_all_detached(x, residual):
    """Everything is detached, so the loss has no gradient at all."""
    return 0.5 * F.mse_loss(x.detach(), (x - residual).detach(), reduction="sum") / len(x)


@surrogate_loss("stop-gradient on the wrong side: sign, and a gradient into residual")
def surrogate_loss_wrong_side_detached(x, residual):
    """x is detached and the target is not: the gradient has the right size and the wrong sign."""
    return 0.5 * F.mse_loss(x.detach(), x - residual, reduction="sum") / len(x)


@surrogate_loss("½ missing (Adam hides it)")
def surrogate_loss_half_missing(x, residual):
    """The gradient is twice the residual. A factor is missing in front of the square."""
    return F.mse_loss(x, (x - residual).detach(), reduction="sum") / len(x)


@surrogate_loss("mean for sum / B (the EECS handout; Adam hides it)")
def surrogate_loss_mean(x, residual):
    """The mean runs over all pixels, so the gradient shrinks with the image's size. Which axis is averaged?"""
    return 0.5 * F.mse_loss(x, (x - residual).detach())


@surrogate_loss("sum, not divided by B: silent at B = 1")
def surrogate_loss_batch_sum(x, residual):
    """The loss grows with the batch: the division by its size is missing."""
    return 0.5 * F.mse_loss(x, (x - residual).detach(), reduction="sum")


@surrogate_loss("target x + residual: sign")
def surrogate_loss_target_sign(x, residual):
    """The target lies on the wrong side of x, so the image moves along the residual instead of against it."""
    return 0.5 * F.mse_loss(x, (x + residual).detach(), reduction="sum") / len(x)


@surrogate_loss("sum(x · sg(residual)) / B: another surrogate with the same gradient")
def surrogate_loss_scalar_product(x, residual):
    """The gradient is right but the value is not: this is a product, the loss is half a square."""
    return (x * residual.detach()).sum() / len(x)


@surrogate_loss("½ sum residual² / B: no dependence on x")
def surrogate_loss_of_residual(x, residual):
    """The value is right, but the gradient does not reach x."""
    return 0.5 * (residual**2).sum() / len(x)


@surrogate_loss("norm instead of its square")
def surrogate_loss_norm(x, residual):
    """The norm is not squared, so the gradient always has the same length."""
    return 0.5 * (x - (x - residual).detach()).flatten(1).norm(dim=1).sum() / len(x)


@surrogate_loss("L1")
def surrogate_loss_l1(x, residual):
    """Absolute differences are summed, so the gradient keeps only the residual's sign."""
    return 0.5 * (x - (x - residual).detach()).abs().sum() / len(x)


@surrogate_loss("target = residual")
def surrogate_loss_residual_as_target(x, residual):
    """The residual itself is taken as the target, so the image is drawn towards it."""
    return 0.5 * F.mse_loss(x, residual.detach(), reduction="sum") / len(x)


@surrogate_loss("x detached inside the target, the residual not: gradient into residual")
def surrogate_loss_residual_not_detached(x, residual):
    """Value and gradient at x are right, but a gradient flows into the residual, too, and from there into the network."""
    return 0.5 * F.mse_loss(x, x.detach() - residual, reduction="sum") / len(x)


@surrogate_loss("one loss per sample (B,) instead of the mean")
def surrogate_loss_per_sample(x, residual):
    """A loss is one number. Here there is one per sample."""
    return 0.5 * ((x - (x - residual).detach()) ** 2).flatten(1).sum(1)


@surrogate_loss(".backward() inside the loss: .grad left behind")
def surrogate_loss_calls_backward(x, residual):
    """The call leaves a gradient behind in x. The loss is returned, the caller differentiates it."""
    loss = 0.5 * F.mse_loss(x, (x - residual).detach(), reduction="sum") / len(x)
    if loss.requires_grad:
        loss.backward(retain_graph=True)
    return loss
