"""Wrong GAN losses: generator, discriminator, R1."""

from functools import partial

import torch
import torch.nn.functional as F

from reference.gan_losses import discriminator_loss as right_discriminator_loss
from reference.gan_losses import generator_loss as right_generator_loss

from . import mistake


def _gradients(output, real_images, **options):
    options = {"create_graph": True, **options}
    return torch.autograd.grad(output, real_images, **options)[0]


def _squares(real_images, real_logits, **options):
    """(B,) squared norms of each image's gradient."""
    return _gradients(real_logits.sum(), real_images, **options).square().sum(dim=(1, 2, 3))


generator_loss = partial(mistake, "gan_losses.generator_loss")


@generator_loss("softplus(+D): minimises the probability of being taken for real")
def generator_loss_sign(fake_logits):
    """The sign is turned: this loss falls when the fakes look more like fakes. What does the generator want?"""
    return F.softplus(fake_logits).mean()


@generator_loss("saturating generator: -softplus(D), log(1 - σ(D))")
def generator_loss_saturating(fake_logits):
    """This is the minimax form. It hardly has a gradient while the discriminator is sure that a picture is fake, which
    is where the generator starts.
    """
    return -F.softplus(fake_logits).mean()


@generator_loss("sigmoid before softplus")
def generator_loss_sigmoid_first(fake_logits):
    """The logits go through a sigmoid before the loss, which has one inside already."""
    return F.softplus(-torch.sigmoid(fake_logits)).mean()


@generator_loss("log(sigmoid): inf at large negative logits (float32 at -100)")
def generator_loss_log_of_sigmoid(fake_logits):
    """For very negative logits the probability rounds to 0, whose logarithm is infinite. Take both in one step."""
    return -torch.log(torch.sigmoid(fake_logits)).mean()


@generator_loss("log(1 + exp(-D)) written out: overflow (float32 at -100)")
def generator_loss_exponential_overflows(fake_logits):
    """The exponential overflows for large logits. There is a function that takes care of that."""
    return torch.log(1 + torch.exp(-fake_logits)).mean()


@generator_loss("log(sigmoid + 1e-8): loss never above 18.4")
def generator_loss_epsilon_in_log(fake_logits):
    """A small number inside the logarithm keeps it finite, but bounds the loss: sure verdicts are understated and give
    no gradient.
    """
    return -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()


@generator_loss("binary_cross_entropy on sigmoid(D): values clamped at 100, gradient 0 there")
def generator_loss_entropy_of_probabilities(fake_logits):
    """The cross entropy is taken of rounded probabilities, so that fakes that are surely recognised give no gradient. A
    variant of it takes the logits.
    """
    probability = torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(probability, torch.ones_like(probability))


@generator_loss("logits clamped to [-20, 20]")
def generator_loss_logits_clamped(fake_logits):
    """The logits are cut off before the loss, so beyond that there is no gradient left."""
    return F.softplus(-fake_logits.clamp(-20, 20)).mean()


@generator_loss("sum over the batch instead of the mean")
def generator_loss_batch_sum(fake_logits):
    """The loss is added up over the batch, so it grows with the batch size."""
    return F.softplus(-fake_logits).sum()


@generator_loss("no reduction")
def generator_loss_per_sample(fake_logits):
    """One loss per sample is returned. A single number for the batch is asked for."""
    return F.softplus(-fake_logits)


@generator_loss("softplus of the mean logit (Jensen: too small)")
def generator_loss_of_mean_logit(fake_logits):
    """The logits are averaged before the loss is taken. Every picture has a loss of its own."""
    return F.softplus(-fake_logits.mean())


@generator_loss("hinge: relu(1 - D)")
def generator_loss_hinge(fake_logits):
    """This is the hinge loss of another kind of GAN."""
    return F.relu(1 - fake_logits).mean()


@generator_loss("Wasserstein: -mean D")
def generator_loss_wasserstein(fake_logits):
    """This is the Wasserstein critic's loss: the logits enter as they are. One function is missing."""
    return -fake_logits.mean()


@generator_loss("LSGAN: (D - 1)²")
def generator_loss_least_squares(fake_logits):
    """This is the least squares GAN: a squared distance where a logarithm of a probability is asked for."""
    return (fake_logits - 1).square().mean()


@generator_loss("label smoothing 0.9")
def generator_loss_smoothed_label(fake_logits):
    """The target is a little below certainty. Label smoothing is not part of this loss."""
    return F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, 0.9))


@generator_loss("factor 1/2")
def generator_loss_halved(fake_logits):
    """The loss is half as large as asked for."""
    return right_generator_loss(fake_logits) / 2


@generator_loss("detached (.item(), .data or no_grad)")
def generator_loss_detached(fake_logits):
    """The value is right, but it is a bare number: no gradient reaches the generator."""
    return right_generator_loss(fake_logits.detach())


discriminator_loss = partial(mistake, "gan_losses.discriminator_loss")


@discriminator_loss("terms swapped (seen)")
def discriminator_loss_swapped(real_logits, fake_logits):
    """Real and fake have changed places: this discriminator learns to call fakes real."""
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


@discriminator_loss("minus sign in both terms")
def discriminator_loss_both_real(real_logits, fake_logits):
    """Both terms want large logits. What should the discriminator say about a fake?"""
    return F.softplus(-real_logits).mean() + F.softplus(-fake_logits).mean()


@discriminator_loss("plus sign in both terms")
def discriminator_loss_both_fake(real_logits, fake_logits):
    """Both terms want small logits. What should the discriminator say about a real picture?"""
    return F.softplus(real_logits).mean() + F.softplus(fake_logits).mean()


@discriminator_loss("halved, as some kits do")
def discriminator_loss_halved(real_logits, fake_logits):
    """The two terms are averaged. Their sum is asked for."""
    return right_discriminator_loss(real_logits, fake_logits) / 2


@discriminator_loss("mean over the concatenated batch")
def discriminator_loss_joined_mean(real_logits, fake_logits):
    """Real and fake are averaged in one joined batch. Each has a mean of its own, and the two are added."""
    return F.softplus(torch.cat([-real_logits.flatten(), fake_logits.flatten()])).mean()


@discriminator_loss("twice the mean over the concatenated batch: wrong only when the numbers differ")
def discriminator_loss_joined_mean_doubled(real_logits, fake_logits):
    """This is right only for as many fakes as reals: else the larger group counts for more."""
    return 2 * F.softplus(torch.cat([-real_logits.flatten(), fake_logits.flatten()])).mean()


@discriminator_loss("both sums divided by the number of real samples")
def discriminator_loss_divided_by_reals(real_logits, fake_logits):
    """The two sums are divided by the same number of samples. Real and fake batches may differ in size."""
    return (F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()) / len(real_logits)


@discriminator_loss("(softplus(-D(x)) + softplus(D(G(z)))).mean(): an error for R ≠ F")
def discriminator_loss_added_elementwise(real_logits, fake_logits):
    """Real and fake logits are added sample by sample before the mean, which fails when their numbers differ."""
    return (F.softplus(-real_logits.flatten()) + F.softplus(fake_logits.flatten())).mean()


@discriminator_loss("zip: the longer batch is cut to the shorter one's length")
def discriminator_loss_truncated(real_logits, fake_logits):
    """Samples without a partner in the other batch are dropped. Every logit counts."""
    n = min(len(real_logits), len(fake_logits))
    return right_discriminator_loss(real_logits[:n], fake_logits[:n])


@discriminator_loss("relativistic: softplus(D(G(z)) - D(x)) over all pairs, as (R, 1) - (F,) broadcasts")
def discriminator_loss_relativistic(real_logits, fake_logits):
    """Each real logit is compared with each fake one. The two terms know nothing of each other."""
    return F.softplus(fake_logits.reshape(1, -1) - real_logits.reshape(-1, 1)).mean()


@discriminator_loss("relativistic, real and fake paired: an error for R ≠ F")
def discriminator_loss_relativistic_pairs(real_logits, fake_logits):
    """This is the relativistic GAN's loss: one function of the difference of the logits. Real and fake have one each."""
    return F.softplus(fake_logits - real_logits).mean()


@discriminator_loss("relativistic average: each logit less the other side's mean")
def discriminator_loss_relativistic_average(real_logits, fake_logits):
    """This is the relativistic average GAN's loss: the other side's mean logit is taken off first. It does not belong here."""
    real, fake = real_logits - fake_logits.mean(), fake_logits - real_logits.mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@discriminator_loss("sum over the batch")
def discriminator_loss_batch_sum(real_logits, fake_logits):
    """The losses are added up over the batch, so they grow with the batch size."""
    return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()


@discriminator_loss("sigmoid before softplus")
def discriminator_loss_sigmoid_first(real_logits, fake_logits):
    """The logits go through a sigmoid before the loss, which has one inside already."""
    return right_discriminator_loss(torch.sigmoid(real_logits), torch.sigmoid(fake_logits))


@discriminator_loss("log(1 - sigmoid): inf from D = 17 on in float32, 37 in float64")
def discriminator_loss_log_of_sigmoid(real_logits, fake_logits):
    """For a fake that is surely taken for real, the rounded probability is 1 and the logarithm of the rest is infinite."""
    return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()


@discriminator_loss("log(1 + exp) written out: overflow (float32 at ±100)")
def discriminator_loss_exponential_overflows(real_logits, fake_logits):
    """The exponential overflows for large logits. There is a function that takes care of that."""
    return torch.log(1 + torch.exp(-real_logits)).mean() + torch.log(1 + torch.exp(fake_logits)).mean()


@discriminator_loss("log(sigmoid + 1e-8): each term never above 18.4")
def discriminator_loss_epsilon_in_log(real_logits, fake_logits):
    """A small number inside the logarithm bounds the loss: badly wrong verdicts are understated and give no gradient."""
    loss_real = -torch.log(torch.sigmoid(real_logits) + 1e-8).mean()
    return loss_real - torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()


@discriminator_loss("binary_cross_entropy on sigmoid(D): values clamped at 100, gradient 0 there")
def discriminator_loss_entropy_of_probabilities(real_logits, fake_logits):
    """The cross entropy is taken of rounded probabilities: where the discriminator is badly wrong there is no gradient.
    A variant of it takes the logits.
    """
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(real, torch.ones_like(real)) + F.binary_cross_entropy(fake, torch.zeros_like(fake))


@discriminator_loss("hinge")
def discriminator_loss_hinge(real_logits, fake_logits):
    """This is the hinge loss of another kind of GAN."""
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


@discriminator_loss("Wasserstein")
def discriminator_loss_wasserstein(real_logits, fake_logits):
    """This is the Wasserstein critic's loss: the logits enter as they are. One function is missing."""
    return fake_logits.mean() - real_logits.mean()


@discriminator_loss("one-sided label smoothing 0.9")
def discriminator_loss_smoothed_label(real_logits, fake_logits):
    """The target of real pictures is a little below certainty. Label smoothing is not part of this loss."""
    targets = torch.full_like(real_logits, 0.9)
    return F.binary_cross_entropy_with_logits(real_logits, targets) + F.softplus(fake_logits).mean()


@discriminator_loss("fake term missing")
def discriminator_loss_real_only(real_logits, fake_logits):
    """Only the real pictures enter the loss."""
    return F.softplus(-real_logits).mean()


@discriminator_loss("real term missing")
def discriminator_loss_fake_only(real_logits, fake_logits):
    """Only the fakes enter the loss."""
    return F.softplus(fake_logits).mean()


@discriminator_loss("softplus of the mean logits")
def discriminator_loss_of_mean_logits(real_logits, fake_logits):
    """The logits are averaged before the loss is taken. Every picture has a loss of its own."""
    return F.softplus(-real_logits.mean()) + F.softplus(fake_logits.mean())


@discriminator_loss("fake_logits detached (for fake_images): no gradient from the fake term")
def discriminator_loss_fake_logits_detached(real_logits, fake_logits):
    """The value is right, but the discriminator learns nothing from the fakes: their logits are cut off from the graph.
    It is the fake images that may be cut off, before the discriminator sees them.
    """
    return right_discriminator_loss(real_logits, fake_logits.detach())


r1_penalty = partial(mistake, "gan_losses.r1_penalty")


@r1_penalty("no create_graph: value right, gradient missing")
def r1_penalty_without_create_graph(real_images, real_logits, gamma):
    """The value is right, but the penalty cannot be minimised: its gradient does not reach the discriminator. Look at
    the options of the call that differentiates.
    """
    return gamma / 2 * _squares(real_images, real_logits, create_graph=False, retain_graph=True).mean()


@r1_penalty("gradient detached (.data, .detach()) after create_graph")
def r1_penalty_gradient_detached(real_images, real_logits, gamma):
    """The value is right, but the gradient is cut off from its graph before it is squared."""
    gradients = _gradients(real_logits.sum(), real_images).detach()
    return gamma / 2 * gradients.square().sum(dim=(1, 2, 3)).mean()


@r1_penalty("create_graph with retain_graph=False: backward fails")
def r1_penalty_frees_graph(real_images, real_logits, gamma):
    """The graph is thrown away after the first differentiation, so that nothing can be trained on the penalty."""
    return gamma / 2 * _squares(real_images, real_logits, retain_graph=False).mean()


@r1_penalty("gamma for gamma / 2 (GAN_stability's code)")
def r1_penalty_gamma_not_halved(real_images, real_logits, gamma):
    """The penalty is twice as large as asked for. Look at the factor in front."""
    return gamma * _squares(real_images, real_logits).mean()


@r1_penalty("gamma ignored")
def r1_penalty_gamma_ignored(real_images, real_logits, gamma):
    """The weight is missing."""
    return _squares(real_images, real_logits).mean() / 2


@r1_penalty("(gamma / 2 · ‖∇D‖)²")
def r1_penalty_gamma_squared(real_images, real_logits, gamma):
    """The weight stands inside the square."""
    return (gamma / 2) ** 2 * _squares(real_images, real_logits).mean()


@r1_penalty("times 16 (StyleGAN2's D_reg_interval)")
def r1_penalty_lazy_interval(real_images, real_logits, gamma):
    """The interval of lazy regularisation is multiplied in. That belongs to the training loop."""
    return 16 * gamma / 2 * _squares(real_images, real_logits).mean()


@r1_penalty("pixel mean: too small by C·H·W")
def r1_penalty_pixel_mean(real_images, real_logits, gamma):
    """The squares are averaged over the pixels. A squared length is a sum; only over the batch is it a mean."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).square().mean()


@r1_penalty("summed over H and W only, mean over B and C")
def r1_penalty_channel_mean(real_images, real_logits, gamma):
    """The squares are averaged over the channels as well as over the batch."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).square().sum(dim=(2, 3)).mean()


@r1_penalty("norm over dim=1 (per pixel), mean over the rest, as in WGAN-GP code for vectors")
def r1_penalty_norm_per_pixel(real_images, real_logits, gamma):
    """The squares are added over the channels only and averaged over height and width."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).norm(2, dim=1).square().mean()


@r1_penalty("unsquared norm")
def r1_penalty_unsquared(real_images, real_logits, gamma):
    """The length of the gradient is penalised, not its square."""
    return gamma / 2 * _squares(real_images, real_logits).sqrt().mean()


@r1_penalty("WGAN-GP's (‖∇D‖ - 1)²")
def r1_penalty_towards_one(real_images, real_logits, gamma):
    """The gradient is pulled towards length 1. That is the penalty of another GAN; this one pulls it to 0."""
    return gamma / 2 * (_squares(real_images, real_logits).sqrt() - 1).square().mean()


@r1_penalty("L1 norm")
def r1_penalty_l1(real_images, real_logits, gamma):
    """Absolute values are added up instead of squares."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).abs().sum(dim=(1, 2, 3)).mean()


@r1_penalty("square of the sum instead of sum of squares")
def r1_penalty_square_of_sum(real_images, real_logits, gamma):
    """The gradient is added up first and squared afterwards, so that parts of opposite sign cancel."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).sum(dim=(1, 2, 3)).square().mean()


@r1_penalty("gradient of logits.mean(): N² too small")
def r1_penalty_of_mean_logit(real_images, real_logits, gamma):
    """The logits are averaged before they are differentiated, so every gradient is too small by the batch size."""
    return gamma / 2 * _squares(real_images, real_logits.mean()).mean()


@r1_penalty("batch sum")
def r1_penalty_batch_sum(real_images, real_logits, gamma):
    """The penalties are added up over the batch."""
    return gamma / 2 * _squares(real_images, real_logits).sum()


@r1_penalty("no reduction over the batch")
def r1_penalty_per_sample(real_images, real_logits, gamma):
    """One number per image is returned. Their mean is asked for."""
    return gamma / 2 * _squares(real_images, real_logits)


@r1_penalty("gradients averaged over the batch, then squared: cross terms between samples")
def r1_penalty_cross_terms(real_images, real_logits, gamma):
    """The gradients of different images are mixed before the square. Each image has a length of its own."""
    return gamma / 2 * _gradients(real_logits.sum(), real_images).mean(dim=0).square().sum()


@r1_penalty("real_logits[0]: the other samples contribute 0")
def r1_penalty_first_sample_only(real_images, real_logits, gamma):
    """Only the first image's logit is differentiated."""
    return gamma / 2 * _squares(real_images, real_logits[0]).mean()


@r1_penalty("(B, 1) times (B,) broadcasts to (B, B): B² too large, right for (B,)")
def r1_penalty_broadcast_logits(real_images, real_logits, gamma):
    """With logits of shape (B, 1) every logit is counted B times. Watch what a (B, 1) and a (B,) tensor make."""
    weights = torch.ones(len(real_logits), dtype=real_logits.dtype)
    return gamma / 2 * _squares(real_images, real_logits * weights).mean()


@r1_penalty("grad_outputs of shape (B, 1): an error for logits (B,)")
def r1_penalty_column_logits_only(real_images, real_logits, gamma):
    """This fails for one of the two shapes that logits may have."""
    ones = torch.ones(len(real_logits), 1, dtype=real_logits.dtype)
    gradients = _gradients(real_logits, real_images, grad_outputs=ones)
    return gamma / 2 * gradients.square().sum(dim=(1, 2, 3)).mean()


@r1_penalty("gradient of sigmoid(D)")
def r1_penalty_of_probability(real_images, real_logits, gamma):
    """The probability is differentiated. The penalty is on the discriminator's raw output."""
    return gamma / 2 * _squares(real_images, torch.sigmoid(real_logits)).mean()


@r1_penalty("gradient of softplus(-D)")
def r1_penalty_of_loss(real_images, real_logits, gamma):
    """The discriminator's loss is differentiated. The penalty is on its raw output."""
    return gamma / 2 * _squares(real_images, F.softplus(-real_logits)).mean()


@r1_penalty(".backward(create_graph=True) instead of autograd.grad: accumulates in .grad")
def r1_penalty_leaves_grad(real_images, real_logits, gamma):
    """Gradients are left behind in the images and in the discriminator, and add to those of the loss. There is a way to
    ask for one gradient only.
    """
    before = real_images.grad
    real_images.grad = None
    real_logits.sum().backward(create_graph=True)
    gradients, real_images.grad = real_images.grad, before
    return gamma / 2 * gradients.square().sum(dim=(1, 2, 3)).mean()


@r1_penalty("gradient with respect to a fresh detached copy, None taken as 0")
def r1_penalty_at_a_copy(real_images, real_logits, gamma):
    """The penalty is always 0: the logits were not computed from the tensor they are differentiated in."""
    copy = real_images.detach().requires_grad_()
    gradients = _gradients(real_logits.sum(), copy, allow_unused=True)
    gradients = torch.zeros_like(copy) if gradients is None else gradients
    return gamma / 2 * gradients.square().sum(dim=(1, 2, 3)).mean() + 0 * real_logits.sum()
