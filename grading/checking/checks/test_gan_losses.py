import torch
from hypothesis import strategies as st

from ...sandbox.crossing.values import Derived, Leaf
from ..compare import assert_close
from ..points import Draw
from . import draws, grades, holds_for
from .expect import IDENTITY, about, assert_gradients, assert_image, assert_scalar

ONE = torch.tensor(1.0, dtype=torch.float64)
batches = st.integers(1, 5)


def _softplus(u):
    """log(1 + exp(u)) without overflow."""
    return u.clamp(min=0) + torch.log1p(torch.exp(-u.abs()))


@grades("gan_losses.generator_loss")
class TestGeneratorLoss:
    @holds_for(draw=draws, batch=batches)
    def test_fooled_and_caught(self, student, draw, batch):
        """The loss falls as the discriminator takes fakes for real, and rises by the logit where it does not."""
        reply = student(fake_logits=torch.full((batch,), -50.0, dtype=torch.float64))
        assert_close(reply, 50 * ONE, IDENTITY)
        assert_close(student(fake_logits=torch.full((batch, 1), 50.0, dtype=torch.float64)), 0 * ONE, IDENTITY)

    @holds_for(draw=draws, batch=batches)
    def test_gradient(self, student, draw, batch):
        """Each fake's gradient is the probability with which it is taken for a fake, divided by their number."""
        logits = 3 * draw.image(batch)
        reply = student(fake_logits=Leaf(logits), cotangent=ONE)
        assert_gradients(reply, fake_logits=-torch.sigmoid(-logits) / batch)


@grades("gan_losses.discriminator_loss")
class TestDiscriminatorLoss:
    @holds_for(draw=draws, real=batches, fake=batches)
    def test_two_means(self, student, draw, real, fake):
        """Real and fake logits have a mean each, whatever their numbers and shapes."""
        real_logits, fake_logits = 3 * draw.image(real), 3 * draw.image(fake, 1)
        expected = _softplus(-real_logits).mean() + _softplus(fake_logits).mean()
        assert_close(student(real_logits=real_logits, fake_logits=fake_logits), expected, IDENTITY, kind="value")

    @holds_for(draw=draws, batch=batches)
    def test_gradient(self, student, draw, batch):
        """The gradient pushes real logits up and fake ones down, each by its own error."""
        real, fake = 3 * draw.image(batch), 3 * draw.image(batch)
        reply = student(real_logits=Leaf(real), fake_logits=Leaf(fake), cotangent=ONE)
        assert_gradients(reply, real_logits=-torch.sigmoid(-real) / batch, fake_logits=torch.sigmoid(fake) / batch)


@grades("gan_losses.r1_penalty")
class TestR1Penalty:
    @holds_for(draw=draws, batch=batches, gamma=st.floats(0.1, 20))
    def test_quadratic_discriminator(self, student, draw, batch, gamma):
        """For D(x) = a/2 sum(x^2) the penalty is half gamma times a^2 times the mean squared length of the images."""
        images = draw.image(batch, 2, 3, 5)
        reply = student(
            real_images=Leaf(images), real_logits=Derived("QuadraticDiscriminator", of="real_images"), gamma=gamma
        )
        expected = gamma / 2 * 0.7**2 * (images**2).sum() / batch
        assert_close(reply, expected, 1e3 * IDENTITY)

    @holds_for(draw=draws, batch=batches)
    def test_derivative_in_the_discriminator(self, student, draw, batch):
        """The penalty can be differentiated in the discriminator's parameters: that is what trains it."""
        images = draw.image(batch, 2, 3, 5)
        logits = Derived("QuadraticDiscriminator", of="real_images")
        reply = student(real_images=Leaf(images), real_logits=logits, gamma=2.0, cotangent=ONE)
        expected = 2 * 0.7 * (images**2).sum() / batch
        assert_gradients(reply, 1e3 * IDENTITY, **{"real_logits.scale": expected})

    def test_steep_discriminator(self, student, seed):
        """A steep discriminator is penalised as its gradient's length says."""
        images = 30 * Draw([seed, 5]).image(3, 2, 3, 5)
        logits = Derived("QuadraticDiscriminator", of="real_images")
        expected = 0.7**2 * (images**2).sum() / 3
        reply = student(real_images=Leaf(images), real_logits=logits, gamma=2.0)
        # A hundredth of the images has a ten thousandth of the penalty.
        flat = assert_scalar(student(real_images=Leaf(images / 100), real_logits=logits, gamma=2.0))
        assert_close(reply, torch.tensor(1e4 * flat, dtype=torch.float64), 1e6 * IDENTITY)
        assert_close(reply, expected, 1e6 * IDENTITY, kind="value")

    @holds_for(draw=draws, batch=st.integers(2, 5))
    def test_no_cross_terms(self, student, draw, batch):
        """The penalty of a batch is the mean of its samples' penalties."""
        images = draw.image(batch, 2, 4, 3)
        logits = Derived("Discriminator", of="real_images")
        single = [assert_scalar(student(real_images=Leaf(x), real_logits=logits, gamma=3.0)) for x in images.split(1)]
        reply = student(real_images=Leaf(images), real_logits=logits, gamma=3.0)
        assert_image(reply, ())
        assert_close(about(reply, reply.value), torch.tensor(single, dtype=torch.float64).mean(), 1e3 * IDENTITY)
