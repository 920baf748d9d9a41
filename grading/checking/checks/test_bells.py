"""The handout leaves open how edges are found, and how an encoder's errors are weighed: such functions are held to what
any sensible form has. Where it leaves nothing open, as in the direction of a warp, values are compared.
"""

import pytest
import torch
from hypothesis import strategies as st

from ...sandbox.crossing.probes import LinearGenerator, TwoValleys
from ...sandbox.crossing.values import Leaf, Probe
from ...sandbox.describe import describe
from ..compare import assert_close
from ..points import Draw
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, about, assert_detached, assert_image, assert_scalar
from .searches import assert_defaults_of_a_search, curved_valley

ONE = torch.tensor(1.0, dtype=torch.float64)
REACH = 4  # pixels: how far from a change of brightness an operator may still see it
SIDE = 12
FAINT = 0.05  # of the edge of a step from black to white
NUDGES = (1e-6, 1e-7, 1e-8)  # for difference quotients; the larger ones may cross a crease of |x|
AGREES = 1e-3  # how well a gradient has to agree with one of them


def step(axis, sign=1.0, channels=(0, 1, 2)):
    """Black and white halves that meet in the middle, in some of three channels."""
    image = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64)
    half = image.narrow(2 + axis, SIDE // 2, SIDE // 2)
    half[:, list(channels)] = sign
    return image


def smooth(draw, batch=2, channels=3):
    """Images with lines all over, and no kinks for a difference quotient to stumble over."""
    return torch.nn.functional.avg_pool2d(draw.image(batch, channels, SIDE + 2, SIDE + 2), 3, stride=1)


def edges(student, image):
    """The edges of an image, as a picture of its size."""
    reply = student(image=image)
    found = assert_image(reply, (len(image), 1, *image.shape[2:]))
    if not bool(found.isfinite().all()):
        raise reply.fail("edges are not finite", "a number for every pixel", describe(found))
    return reply, found


def assert_gradient_agrees(student, name, at, towards, cotangent, **arguments):
    """The gradient with respect to an image is how fast the result changes with it."""
    reply = student(**{name: Leaf(at)}, **arguments, cotangent=cotangent)
    if reply.grads is None or reply.grads.get(name) is None:
        raise reply.fail("the result is not differentiable", f"a gradient with respect to {name}", "none")
    gradient = reply.grads[name]
    if not bool(gradient.isfinite().all()):
        raise reply.fail(f"the gradient with respect to {name} is not finite", "a number for every pixel", "nan or inf")
    slope = float((gradient * towards).sum())
    for nudge in NUDGES:
        ends = [student(**{name: at + s * nudge * towards}, **arguments, recorded=False) for s in (1, -1)]
        values = [(torch.as_tensor(end.value, dtype=torch.float64) * cotangent).sum() for end in ends]
        quotient = float(values[0] - values[1]) / (2 * nudge)
        if abs(quotient - slope) <= AGREES * max(1.0, abs(quotient)):
            return float(gradient.abs().max())
    raise reply.fail(
        f"the gradient with respect to {name} is not how the result changes", f"{quotient:.6g}", f"{slope:.6g}"
    )


@grades("bells.soft_edges")
class TestSoftEdges:
    @pytest.mark.parametrize("axis", [0, 1])
    def test_an_edge_is_seen_where_it_is(self, student, axis):
        """Where black meets white there is an edge, the stronger the larger the step; far from it there is none."""
        reply, found = edges(student, step(axis))
        across = found[0, 0].mean(1 - axis)
        near, far = across[SIDE // 2 - 2 : SIDE // 2 + 2].max(), across[[2, SIDE - 3]].abs().max()
        if not near > 1e-3 or far > FAINT * near:
            got = f"{float(near):.3g} at the edge, {float(far):.3g} far from it"
            raise reply.fail("the edge between black and white does not stand out", "an edge where they meet", got)
        weaker = edges(student, 0.25 * step(axis))[1][0, 0].mean(1 - axis)[SIDE // 2 - 2 : SIDE // 2 + 2].max()
        if not weaker < near:
            raise reply.fail("a weaker step has no weaker edge", f"less than {float(near):.3g}", f"{float(weaker):.3g}")

    def test_flat_ground(self, student):
        """On flat ground there are no edges, and none are negative."""
        reply, found = edges(student, torch.full((1, 3, SIDE, SIDE), 0.7, dtype=torch.float64))
        strong = edges(student, step(0))[1].max()
        inside = found[:, :, 2:-2, 2:-2]
        if float(inside.abs().max()) > FAINT * float(strong):
            raise reply.fail("flat ground has edges", "0", f"{float(inside.abs().max()):.3g}")
        if float(found.min()) < -FAINT * float(strong):
            raise reply.fail("edges are negative", "0 or more", f"{float(found.min()):.3g}")

    @pytest.mark.parametrize("axis", [0, 1])
    def test_both_directions(self, student, axis):
        """From black to white is as much of an edge as from white to black."""
        (_, one), (reply, other) = edges(student, step(axis)), edges(student, step(axis, -1.0))
        assert_close(about(reply, other), one, 1e-6 * float(one.max()) + 1e-9)

    @pytest.mark.parametrize("rises", [True, False])
    def test_diagonals(self, student, rises):
        """An edge along a diagonal is seen, whichever way it runs: what changes across and down does not cancel."""
        lower = torch.ones(1, 3, SIDE, SIDE, dtype=torch.float64).tril()
        reply, found = edges(student, lower.flip(3) if rises else lower)
        along = (found.flip(3) if rises else found)[0, 0, 2:-2, 2:-2].diagonal()
        if not float(along.min()) > 1e-3:
            raise reply.fail("an edge along a diagonal is not seen", "an edge", f"{float(along.min()):.3g}")

    def test_every_channel_counts(self, student):
        """An edge in one channel alone is seen."""
        for channel in range(3):
            reply, found = edges(student, step(1, channels=(channel,)))
            if not float(found[0, 0, 2:-2, 2:-2].max()) > 1e-3:
                raise reply.fail(f"an edge in channel {channel} alone is not seen", "an edge", "none")

    @holds_for(draw=draws)
    def test_samples_are_independent(self, student, draw):
        """Each sample's edges are its own."""
        image = smooth(draw, 3)
        alone = [edges(student, one)[1] for one in image.split(1)]
        reply, found = edges(student, image)
        assert_close(about(reply, found), torch.cat(alone), IDENTITY)

    @holds_for(draw=draws)
    def test_gradient(self, student, draw):
        """It is differentiable, on flat ground too."""
        image, cotangent = smooth(draw, 1), draw.image(1, 1, SIDE, SIDE)
        largest = assert_gradient_agrees(student, "image", image, draw.image(*image.shape), cotangent)
        flat = Leaf(torch.full_like(image, 0.3))
        reply = student(image=flat, cotangent=torch.ones_like(cotangent))
        gradient = (reply.grads or {}).get("image")
        if not largest > 0:
            raise reply.fail("no gradient reaches the image", "a gradient", "zeros", kind="says all")
        if gradient is None or not bool(gradient.isfinite().all()):
            raise reply.fail("on flat ground the gradient is not finite", "a number for every pixel", "nan or inf")


@grades("bells.sketch_loss")
class TestSketchLoss:
    FULL = torch.ones(1, 1, SIDE, SIDE, dtype=torch.float64)

    def loss(self, student, image, sketch, mask=FULL):
        return assert_scalar(student(image=image, sketch=sketch, mask=mask))

    @holds_for(draw=draws)
    def test_the_same_lines(self, student, draw):
        """Where the lines are the same there is no loss: colours do not matter."""
        image = smooth(draw)
        zero = 0 * ONE
        assert_close(student(image=image, sketch=image.clone(), mask=self.FULL), zero, 1e-6)
        inner = torch.zeros_like(self.FULL)  # how an operator sees the image's border is its own business
        inner[:, :, 3:-3, 3:-3] = 1
        assert_close(student(image=image, sketch=image + 0.4, mask=inner), zero, 1e-6)

    @pytest.mark.parametrize("axis", [0, 1])
    def test_other_lines(self, student, axis):
        """A line that is missing, and one too many, both count; so does one in another place."""
        flat = torch.zeros_like(step(axis))
        for image, sketch in ((step(axis), flat), (flat, step(axis)), (step(axis), step(1 - axis))):
            reply = student(image=image, sketch=sketch, mask=self.FULL)
            if not assert_scalar(reply) > 1e-2:
                raise reply.fail("other lines make no difference", "a loss", f"{assert_scalar(reply):.3g}")

    @holds_for(draw=draws)
    def test_the_mask(self, student, draw):
        """What lies outside of the mask is free; what lies under it counts."""
        image, sketch, other = smooth(draw), smooth(draw), smooth(draw)
        mask = torch.zeros_like(self.FULL)
        mask[:, :, :, : SIDE // 2 - REACH + 2] = 1
        far = torch.zeros_like(self.FULL)
        far[:, :, :, SIDE // 2 + 2 :] = 1
        before = self.loss(student, image, sketch, mask)
        reply = student(image=image + far * other, sketch=sketch - far * other, mask=mask)
        assert_close(reply, before * ONE, 1e-6 * max(1.0, before))
        under = student(image=image + (1 - far) * other, sketch=sketch, mask=mask)
        if abs(assert_scalar(under) - before) < 1e-4:
            raise under.fail("what lies under the mask makes no difference", "another loss", f"{before:.6g}")
        assert_close(student(image=image, sketch=sketch, mask=0 * mask), 0 * ONE, 1e-6)

    @holds_for(draw=draws)
    def test_a_mask_per_sample(self, student, draw):
        """With a mask for each sample every one is compared under its own."""
        image, sketch = smooth(draw), smooth(draw)
        masks = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.float64)
        masks[0, :, :, : SIDE // 2], masks[1, :, SIDE // 3 :] = 1, 1
        alone = [self.loss(student, *(one[i : i + 1] for one in (image, sketch, masks))) for i in range(2)]
        reply = student(image=image, sketch=sketch, mask=masks)
        assert_close(reply, sum(alone) / 2 * ONE, 1e-6 * max(1.0, *alone))

    def test_a_mask_draws_no_lines(self, student):
        """The outline of the mask is no edge: first the edges, then the mask."""
        image, mask = torch.full((1, 3, SIDE, SIDE), 0.8, dtype=torch.float64), torch.zeros_like(self.FULL)
        mask[:, :, REACH:-REACH, REACH:-REACH] = 1
        whole = self.loss(student, step(0), 0 * step(0))
        for one, other in ((image, -image), (image, 0 * image), (0 * image, image)):
            reply = student(image=one, sketch=other, mask=mask)
            if assert_scalar(reply) > FAINT * whole:
                raise reply.fail("two flat pictures have different edges", "0", f"{assert_scalar(reply):.3g}")

    @holds_for(draw=draws)
    def test_mean_over_the_batch(self, student, draw):
        """A batch that is taken twice has the same loss, and so has one in another order."""
        image, sketch = smooth(draw), smooth(draw)
        once = self.loss(student, image, sketch)
        twice = student(image=torch.cat([image, image]), sketch=torch.cat([sketch, sketch]), mask=self.FULL)
        assert_close(twice, once * ONE, 1e-6 * max(1.0, once))

    @holds_for(draw=draws)
    def test_gradient(self, student, draw):
        """It is differentiable in the image, also where both are flat."""
        image, sketch = smooth(draw), smooth(draw)
        rest = {"sketch": sketch, "mask": self.FULL}
        largest = assert_gradient_agrees(student, "image", image, draw.image(*image.shape), ONE, **rest)
        flat = torch.full_like(image, 0.2)
        reply = student(image=Leaf(flat), sketch=flat, mask=self.FULL, cotangent=ONE)
        gradient = (reply.grads or {}).get("image")
        if not largest > 0:
            raise reply.fail("no gradient reaches the image", "a gradient", "zeros", kind="says all")
        if gradient is not None and not bool(gradient.isfinite().all()):
            raise reply.fail("on flat ground the gradient is not finite", "a number for every pixel", "nan or inf")


@grades("bells.warp")
class TestWarp:
    @holds_for(draw=draws, shape=shapes)
    def test_nothing_moves(self, student, draw, shape):
        """Without a flow the image stays as it is."""
        image = draw.image(*shape)
        flow = torch.zeros(shape[0], 2, *shape[2:], dtype=torch.float64)
        assert_close(student(image=image, flow=flow), image, IDENTITY)

    @holds_for(draw=draws, shape=shapes, down=st.integers(-2, 2), right=st.integers(-2, 2))
    def test_whole_pixels(self, student, draw, shape, down, right):
        """The flow, down before right and in pixels, says where each pixel comes from; outside the border holds."""
        image = draw.image(*shape)
        rows = (torch.arange(shape[2]) + down).clamp(0, shape[2] - 1)
        columns = (torch.arange(shape[3]) + right).clamp(0, shape[3] - 1)
        flow = torch.tensor([down, right], dtype=torch.float64).reshape(1, 2, 1, 1).expand(shape[0], 2, *shape[2:])
        assert_close(student(image=image, flow=flow.clone()), image[:, :, rows][:, :, :, columns], IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_between_pixels(self, student, draw, shape):
        """Half-way between two pixels lies their mean."""
        image = draw.image(*shape)
        flow = torch.zeros(shape[0], 2, *shape[2:], dtype=torch.float64)
        flow[:, 1, :, :-1] = 0.5
        expected = image.clone()
        expected[..., :-1] = (image[..., :-1] + image[..., 1:]) / 2
        assert_close(student(image=image, flow=flow), expected, IDENTITY)


@grades("bells.warp_loss")
class TestWarpLoss:
    @holds_for(draw=draws, shape=shapes)
    def test_the_source_is_warped(self, student, draw, shape):
        """An image that is the source, moved along the flow, has no loss."""
        source = draw.image(*shape)
        flow = torch.zeros(shape[0], 2, *shape[2:], dtype=torch.float64)
        flow[:, 1] = 1.0
        image = torch.cat([source[..., 1:], source[..., -1:]], -1)
        mask = torch.ones(1, 1, *shape[2:], dtype=torch.float64)
        assert_close(student(image=image, source=source, flow=flow, mask=mask), 0 * ONE, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_unmasked_pixels_do_not_count(self, student, draw, shape):
        """Outside of the mask the image is free."""
        image, source, other = draw.images(3, shape)
        flow, mask = torch.zeros(shape[0], 2, *shape[2:], dtype=torch.float64), draw.mask(1, 1, *shape[2:])
        expected = (mask * (image - source)).abs().sum() / shape[0]
        reply = student(image=image + (1 - mask) * other, source=source, flow=flow, mask=mask)
        assert_close(reply, expected, 100 * IDENTITY)


@grades("bells.encoder_loss")
class TestEncoderLoss:
    def asked(self, draw, encoder="PoorEncoder", **weights):
        network = {"encoder": Probe(encoder), "generator_fn": Probe("FrozenGenerator")}
        return network | {"latent": draw.image(4, 3, 2)} | weights

    @holds_for(draw=draws)
    def test_a_perfect_encoder(self, student, draw):
        """An encoder that finds every latent has no loss; one that does not has one, in the latent and in the image."""
        for weights in ({}, {"latent_weight": 1.0, "image_weight": 0.0}, {"latent_weight": 0.0, "image_weight": 1.0}):
            assert_close(student(**self.asked(draw, "Encoder", **weights)), 0 * ONE, 1e-9)
            reply = student(**self.asked(draw, **weights))
            if not assert_scalar(reply) > 1e-4:
                raise reply.fail("an encoder that is wrong has no loss", "more than 0", f"{assert_scalar(reply):.3g}")

    @holds_for(draw=draws)
    def test_what_makes_no_difference_in_the_image(self, student, draw):
        """Another latent that makes the same image costs something in the latent and nothing in the image."""
        encoder, generator = (
            (lambda image: image.mean((2, 3)) + 1.0),
            (lambda latent: 0 * latent[:, :, None, None] + 0.5),
        )
        rest = {"encoder": encoder, "generator_fn": generator, "latent": draw.image(4, 3)}
        assert_close(student(**rest, latent_weight=0.0, image_weight=1.0), 0 * ONE, 1e-9)
        reply = student(**rest, latent_weight=1.0, image_weight=0.0)
        if not assert_scalar(reply) > 1e-4:
            raise reply.fail("a wrong latent costs nothing", "more than 0", f"{assert_scalar(reply):.3g}")

    @holds_for(draw=draws)
    def test_weights(self, student, draw):
        """Each weight multiplies its own term."""
        asked = self.asked(draw)
        latents = assert_scalar(student(**asked, latent_weight=1.0, image_weight=0.0))
        images = assert_scalar(student(**asked, latent_weight=0.0, image_weight=1.0))
        reply = student(**asked, latent_weight=0.7, image_weight=2.5)
        assert_close(reply, (0.7 * latents + 2.5 * images) * ONE, 1e-6 * max(1.0, latents + images))

    @holds_for(draw=draws)
    def test_gradient(self, student, draw):
        """Gradients reach the encoder, through the latent and through the image, and nothing else."""
        for weights in ({"latent_weight": 1.0, "image_weight": 0.0}, {"latent_weight": 0.0, "image_weight": 1.0}):
            asked = self.asked(draw, **weights)
            reply = student(**asked | {"latent": Leaf(asked["latent"])}, cotangent=ONE)
            gradient = (reply.grads or {}).get("encoder.weight")
            if gradient is None or not bool(gradient.any()):
                raise reply.fail("no gradient reaches the encoder", "a gradient", "none", kind="says all")
            into = (reply.grads or {}).get("latent")
            if into is not None and bool(into.any()):
                raise reply.fail("a gradient flows into the latents, which are the answer", "none", kind="says all")


@grades("bells.encoder_start")
class TestEncoderStart:
    @holds_for(draw=draws)
    def test_what_the_encoder_says(self, student, draw):
        """The start is what the encoder says of the target, as it is."""
        target, latent = draw.image(2, 3, 4, 5), draw.image(2, 6, 5)
        assert_close(student(encoder=lambda image: latent, target=target), latent, IDENTITY)
        assert_close(student(encoder=lambda image: image[:, :, 0] - 1, target=target), target[:, :, 0] - 1, IDENTITY)

    @holds_for(draw=draws)
    def test_detached(self, student, draw):
        """The start is a constant: no graph hangs on it, and the encoder is not trained by the search."""
        reply = student(encoder=Probe("PoorEncoder"), target=draw.image(2, 2, 3, 4), local_probes=True)
        assert_detached(reply)


@grades("bells.invert_best_of")
class TestInvertBestOf:
    LEFT, RIGHT = -1.0573711, 0.9304029  # where TwoValleys is lowest, on each side

    def answer(self, student, starts, loss="Height", optimizer="lbfgs", num_steps=12):
        latents = [torch.full((1, 1), float(start), dtype=torch.float64) for start in starts]
        given = {"generator_fn": Probe("TwoValleys"), "loss_fn": Probe(loss), "latents": latents}
        target = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
        reply = student(**given, target=target, num_steps=num_steps, optimizer=optimizer)
        pair = reply.value
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(x, torch.Tensor) for x in pair)):
            raise reply.fail("the result is no pair of tensors", "(latent, image) of the best run", describe(pair))
        found = assert_image(about(reply, pair[0]), (1, 1)).double()
        return reply, float(found), assert_image(about(reply, pair[1]), (1, 1, 1, 1)).double()

    def assert_left(self, reply, found, which):
        if not abs(found - self.LEFT) < 0.1:
            raise reply.fail(which, f"a latent near {self.LEFT:.2f}", f"{found:.4g}", kind="says all")

    @pytest.mark.parametrize("order", [(1.4, -1.4), (-1.4, 1.4), (1.4, -1.4, 0.8)])
    def test_the_best_of_several_starts(self, student, order):
        """Of several searches the one with the lowest loss at its end is kept, wherever it stands in the list."""
        reply, found, _ = self.answer(student, order)
        self.assert_left(reply, found, "the search that is kept is not the one with the lowest loss")

    def test_one_start(self, student):
        """With a single start it is that search's end."""
        reply, found, _ = self.answer(student, (1.4,))
        if not abs(found - self.RIGHT) < 0.1:
            raise reply.fail("a single search ends elsewhere", f"a latent near {self.RIGHT:.2f}", f"{found:.4g}")

    @pytest.mark.parametrize("order", [(9.0, -1.4), (-1.4, 9.0)])
    def test_a_search_that_ends_in_nan(self, student, order):
        """A search whose loss is nan is worse than every other."""
        reply, found, _ = self.answer(student, order)
        self.assert_left(reply, found, "a search that ends in nan is kept")

    def test_the_image_belongs_to_the_latent(self, student):
        """The image is made from the latent that is returned, and neither has a graph."""
        reply, found, image = self.answer(student, (-1.4, 1.4))
        made = TwoValleys()(torch.full((1, 1), found, dtype=torch.float64))
        assert_close(about(reply, image), made, 1e-6, what="the image")
        assert_detached(reply)

    def test_adam(self, student):
        """optimizer and num_steps are handed on: also Adam's searches are compared."""
        reply, found, _ = self.answer(student, (1.05, -1.15), optimizer="adam", num_steps=60)
        if not found < 0:
            raise reply.fail(
                "the search that is kept is not the one with the lowest loss",
                "a latent below 0",
                f"{found:.4g}",
                kind="says all",
            )

    def test_at_the_end_and_not_at_the_start(self, student):
        """What counts is the loss at the end of a search: a bad start may lead to the best end."""
        reply, found, _ = self.answer(student, (0.93, -2.0))
        self.assert_left(reply, found, "the start with the lower loss is kept, and not the search")

    def test_delta_counts_from_its_own_start(self, student):
        """The loss at the end of a search sees how far that search has come from its own start."""
        reply, found, _ = self.answer(student, (0.4, -1.2), loss="NearItsStart")
        if not found < 0:
            raise reply.fail(
                "delta is not counted from the search's own start", "a latent below 0", f"{found:.4g}", kind="says all"
            )
        reply, found, _ = self.answer(student, (-1.8, 0.93), loss="NearItsStart")
        if not found > 0:
            said = "how far a search has come does not count when the best one is chosen"
            raise reply.fail(said, "a latent above 0", f"{found:.4g}", kind="says all")

    def test_by_default(self, student):
        """Without num_steps and optimizer the searches go on until they are at their ends."""
        starts = [torch.full((1, 1), start, dtype=torch.float64) for start in (1.4, -1.4)]
        given = {"generator_fn": Probe("TwoValleys"), "loss_fn": Probe("Height"), "latents": starts}
        reply = student(**given, target=torch.zeros(1, 1, 1, 1, dtype=torch.float64), recorded=False)
        pair = reply.value
        if not (isinstance(pair, tuple | list) and pair and isinstance(pair[0], torch.Tensor)):
            raise reply.fail("the result is no pair of tensors", "(latent, image) of the best run", describe(pair))
        self.assert_left(reply, float(pair[0].flatten()[0]), "by default the search does not come to its end")

    def test_defaults(self, student, seed):
        """By default L-BFGS searches, for 1000 steps; "adam" is another search."""
        given = curved_valley(Draw([seed, 6]))
        assert_defaults_of_a_search(student, given | {"latents": [given.pop("latent")]})

    def test_the_generator_is_left_alone(self, student, seed):
        """The generator's parameters get no gradient."""
        draw = Draw([seed, 8])
        latents = draw.images(2, (2, 3, 2))
        target = LinearGenerator()(draw.image(2, 3, 2)).detach()
        given = {"generator_fn": Probe("LinearGenerator"), "target": target, "latents": latents}
        reply = student(**given, loss_fn=Probe("WeightedError"), num_steps=3)
        if reply.grad_left or reply.unfrozen:
            raise reply.fail("the generator is not left as it was", "no .grad, requires_grad as before")
