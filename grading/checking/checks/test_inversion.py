from typing import ClassVar

import pytest
import torch
from hypothesis import strategies as st

from ...sandbox.crossing.probes import AskedEnough, LinearGenerator, features_fn, importance
from ...sandbox.crossing.values import Leaf, Probe
from ...sandbox.describe import describe
from ...verdicts import Failure
from ..compare import NOTHING, alike, assert_close
from ..points import Draw
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, about, assert_gradients, assert_image, assert_no_grad_left, assert_scalar, beside
from .searches import assert_defaults_of_a_search, curved_valley

ONE = torch.tensor(1.0, dtype=torch.float64)
SHAPE = (3, 2, 4, 6)


@grades("inversion.lp_loss")
class TestLpLoss:
    @holds_for(draw=draws, shape=shapes, p=st.sampled_from([1, 2]), size=st.floats(0.1, 5))
    def test_constant_difference(self, student, draw, shape, p, size):
        """A difference of the same size everywhere gives its p-th power, whatever the mask and the batch."""
        target = draw.image(*shape)
        signs = torch.sign(draw.image(*shape))
        expected = size**p * ONE
        assert_close(student(pred=target + size * signs, target=target, p=p), expected, 100 * IDENTITY)
        mask = draw.mask(1, 1, *shape[2:])
        assert_close(student(pred=target + size * signs, target=target, p=p, mask=mask), expected, 100 * IDENTITY)

    def test_other_powers(self, student, seed):
        """p is the exponent, whatever number it is."""
        draw = Draw([seed, 6])
        target, signs = draw.image(2, 3, 4, 5), torch.sign(draw.image(2, 3, 4, 5))

        def assert_right_for(p):
            assert_close(student(pred=target + 1.3 * signs, target=target, p=p), 1.3**p * ONE, 100 * IDENTITY)

        with beside(lambda: assert_right_for(2)):
            for p in (3, 4, 1.5):
                assert_right_for(p)

    @holds_for(draw=draws, shape=shapes, p=st.sampled_from([1, 2]))
    def test_masked_pixels_do_not_count(self, student, draw, shape, p):
        """What lies under the mask's zeros has no influence, neither on the value nor on the divisor."""
        pred, target, other = draw.images(3, shape)
        mask = draw.mask(shape[0], 1, *shape[2:])
        first = student(pred=pred, target=target, p=p, mask=mask)
        second = student(pred=pred + (1 - mask) * other, target=target - (1 - mask) * other, p=p, mask=mask)
        assert_close(second, torch.tensor(assert_scalar(first), dtype=torch.float64), IDENTITY)

    def test_exact_fit(self, student, seed):
        """Where both images agree the loss is 0; what its gradient is there is free."""
        image = Draw([seed, 8]).image(*SHAPE)
        for p in (1, 2):
            reply = student(pred=Leaf(image), target=image.clone(), p=p, cotangent=ONE, recorded=False)
            assert_close(reply, 0 * ONE, IDENTITY)
            gradient = (reply.grads or {}).get("pred")
            if gradient is not None and not bool(gradient.isfinite().all()):
                student.remark(
                    f"at p = {p} the gradient is nan where pred equals target: an optimizer would stop there"
                )

    @holds_for(draw=draws, shape=shapes)
    def test_empty_mask(self, student, draw, shape):
        """A mask of zeros gives 0."""
        pred, target = draw.images(2, shape)
        reply = student(pred=pred, target=target, mask=torch.zeros(1, 1, *shape[2:], dtype=torch.float64))
        assert_close(reply, 0 * ONE, IDENTITY)


@grades("inversion.perceptual_loss")
class TestPerceptualLoss:
    @holds_for(draw=draws)
    def test_sum_over_layers(self, student, draw):
        """Each layer's squared difference is averaged by itself, then the layers are added up."""
        pred, target = draw.images(2, SHAPE)
        reply = student(pred=pred, target=target, features_fn=lambda image: [2 * image, image[:, :1, ::2]])
        expected = ((2 * (pred - target)) ** 2).mean() + ((pred - target)[:, :1, ::2] ** 2).mean()
        assert_close(reply, expected, 100 * IDENTITY)

    @holds_for(draw=draws)
    def test_target_features_are_fixed(self, student, draw):
        """No gradient flows into the features of the target."""
        pred, target = draw.images(2, SHAPE)
        reply = student(pred=Leaf(pred), target=Leaf(target), features_fn=Probe("features_fn"), cotangent=ONE)
        x = pred.clone().requires_grad_()
        loss = torch.stack([((a - b) ** 2).mean() for a, b in zip(features_fn(x), features_fn(target))]).sum()
        assert_gradients(reply, pred=torch.autograd.grad(loss, x)[0], target=None)

    @holds_for(draw=draws)
    def test_same_image(self, student, draw):
        """For the same image twice the loss is 0."""
        image = draw.image(*SHAPE)
        assert_close(student(pred=image, target=image.clone(), features_fn=Probe("features_fn")), 0 * ONE, IDENTITY)


@grades("inversion.delta_penalty")
class TestDeltaPenalty:
    @holds_for(draw=draws, shape=shapes)
    def test_mean_over_the_batch(self, student, draw, shape):
        """Sums of squares, one per sample, then their mean."""
        delta = draw.image(*shape[:3])
        assert_close(student(delta=delta), (delta**2).sum() / shape[0], 100 * IDENTITY)

    @holds_for(shape=shapes)
    def test_gradient_at_zero(self, student, shape):
        """At delta = 0, where every inversion starts, the gradient is 0."""
        zero = torch.zeros(shape[:3], dtype=torch.float64)
        assert_gradients(student(delta=Leaf(zero), cotangent=ONE), delta=zero)


@grades("inversion.inversion_loss")
class TestInversionLoss:
    def arguments(self, draw):
        pred, target = draw.images(2, SHAPE)
        return {"pred": pred, "target": target, "delta": draw.image(3, 6, 5), "features_fn": Probe("features_fn")}

    @holds_for(draw=draws, weights=st.tuples(*[st.floats(0, 3)] * 3))
    def test_weighted_sum(self, student, draw, weights):
        """The three losses, each with its weight."""
        a = self.arguments(draw)
        terms = (
            (a["pred"] - a["target"]).abs().mean(),
            sum(((x - y) ** 2).mean() for x, y in zip(features_fn(a["pred"]), features_fn(a["target"]))),
            (a["delta"] ** 2).sum() / 3,
        )
        names = ("l1_weight", "perceptual_weight", "delta_weight")
        expected = sum(weight * term for weight, term in zip(weights, terms))
        assert_close(student(**a, **dict(zip(names, weights))), expected, 1e3 * IDENTITY)

    @holds_for(draw=draws)
    def test_masked_pixels_do_not_count(self, student, draw):
        """What lies under the mask's zeros has no influence: both images are masked before the features."""
        arguments, mask, other = self.arguments(draw), draw.mask(1, 1, *SHAPE[2:]), draw.image(*SHAPE)
        weights = {"l1_weight": 1.0, "perceptual_weight": 1.0, "delta_weight": 0.5, "mask": mask}
        first = assert_scalar(student(**arguments, **weights))
        changed = arguments | {
            "pred": arguments["pred"] + (1 - mask) * other,
            "target": arguments["target"] - other * (1 - mask),
        }
        assert_close(student(**changed, **weights), torch.tensor(first, dtype=torch.float64), 100 * IDENTITY)

    @holds_for(draw=draws)
    def test_target_features_are_fixed(self, student, draw):
        """No gradient flows into the features of the target."""
        arguments = self.arguments(draw)
        target, pred = Leaf(arguments.pop("target")), Leaf(arguments.pop("pred"))
        weights = {"l1_weight": 0.0, "perceptual_weight": 1.0}
        assert_gradients(student(**arguments, pred=pred, target=target, **weights, cotangent=ONE), target=None)

    @holds_for(draw=draws)
    def test_gradient_into_delta(self, student, draw):
        """The penalty pulls delta back to 0; the default weight leaves it alone."""
        arguments = self.arguments(draw)
        delta = arguments.pop("delta")
        reply = student(**arguments, delta=Leaf(delta), delta_weight=0.5, cotangent=ONE)
        assert_gradients(reply, delta=delta / 3)


@grades("inversion.invert")
class TestInvert:
    """A linear generator, and errors that are quadratic in the image: the best latent is known."""

    STEPS: ClassVar[dict] = {"lbfgs": 60, "adam": 300}

    def problem(self, draw, optimizer, penalty=0.0, generator="LinearGenerator"):
        """Arguments, the generator, and the best latent from the normal equations."""
        network = LinearGenerator().requires_grad_(False)
        latent = 2 * draw.image(2, 3, 2)
        # Near enough for small steps of Adam, and no image that the generator could make exactly.
        target = network(latent + 0.3 * draw.image(2, 3, 2)) + 0.3 * draw.image(2, 2, 3, 4)
        weight = network.weight.double()
        best = latent.clone()
        for i in range(2):
            counts = importance(target[i]).flatten()[:, None]
            rest = (target[i] - network(latent[i : i + 1])[0]).flatten()[:, None]
            left = weight.T @ (counts * weight) + penalty * torch.eye(6, dtype=torch.float64)
            best[i] += torch.linalg.solve(left, weight.T @ (counts * rest)).reshape(latent.shape[1:])
        arguments = {
            "generator_fn": Probe(generator),
            "target": target,
            "latent": latent,
            "loss_fn": Probe("PenalisedError" if penalty else "WeightedError"),
            "num_steps": self.STEPS[optimizer],
            "optimizer": optimizer,
        }
        return arguments, network, best

    def answer(self, reply, arguments):
        """(latent, image) with the right shapes."""
        shapes = (arguments["latent"].shape, arguments["target"].shape)
        pair = reply.value
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(x, torch.Tensor) for x in pair)):
            expected, kind = "(latent + delta, image)", "nothing" if pair is None else "form"
            raise reply.fail(NOTHING if pair is None else "the result is no pair", expected, describe(pair), kind)
        return assert_image(about(reply, pair[0]), shapes[0]).double(), assert_image(
            about(reply, pair[1]), shapes[1]
        ).double()

    @pytest.mark.parametrize("penalty", [0.0, 1.0])
    @pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
    def test_least_squares(self, student, seed, optimizer, penalty):
        """From delta = 0 the search ends at the weighted least-squares solution, with a penalty on delta or without."""
        arguments, _, best = self.problem(Draw([seed, 3]), optimizer, penalty)
        self.assert_there(student(**arguments), arguments, best)

    def assert_there(self, reply, arguments, best):
        """Step sizes and stopping rules are free: Adam has to be most of the way, L-BFGS near; every sample by itself."""
        latent, _ = self.answer(reply, arguments)
        before, after = ((x - best).flatten(1).norm(dim=1) for x in (arguments["latent"], latent))
        if bool((after > before * {"lbfgs": 0.05, "adam": 0.25}[arguments["optimizer"]]).any()):
            got = f"{after.tolist()} away from it, {before.tolist()} at the start"
            raise reply.fail("the search does not end at the least-squares solution", "the best latent", got)

    def test_small_errors(self, student, seed):
        """Adam finds the same where all errors are a hundredth: nothing else draws delta anywhere."""
        arguments, _, best = self.problem(Draw([seed, 3]), "adam")
        reply = student(**arguments | {"loss_fn": Probe("FaintError")})
        if reply.asked >= arguments["num_steps"]:  # a search that stops by itself may take such errors for none
            self.assert_there(reply, arguments, best)

    def test_by_default(self, student, seed):
        """Without num_steps and optimizer the search goes on until it is at its end."""
        arguments, _, best = self.problem(Draw([seed, 4]), "lbfgs")
        given = arguments | {"generator_fn": Probe("ImpatientGenerator")}
        del given["num_steps"], given["optimizer"]
        try:
            reply = student(**given)
        except Failure as failure:
            if failure.error == AskedEnough.__name__:
                return  # it takes many steps, as it should; how many it needs is its own business
            raise
        latent, _ = self.answer(reply, arguments)
        before, after = ((x - best).flatten(1).norm(dim=1) for x in (arguments["latent"], latent))
        if bool((after > 0.05 * before).any()):  # when to stop is free: near is enough
            got = f"{after.tolist()} away from it, {before.tolist()} at the start"
            raise reply.fail("the search ends before it is at the least-squares solution", "the best latent", got)

    @pytest.mark.parametrize(("optimizer", "steps", "most"), [("lbfgs", 2, 65), ("adam", 60, 65)])
    def test_num_steps_bounds_the_search(self, student, seed, optimizer, steps, most):
        """num_steps bounds how often the generator is asked: num_steps + 5 times by Adam, 30 num_steps + 5 by L-BFGS."""
        reply = student(**curved_valley(Draw([seed, 6])), num_steps=steps, optimizer=optimizer)
        if reply.asked > most:
            got = f"{reply.asked} images"
            raise reply.fail("num_steps does not bound the search", f"{most} images at most", got, kind="says all")

    def test_defaults(self, student, seed):
        """By default L-BFGS searches, for 1000 steps; "adam" is another search."""
        assert_defaults_of_a_search(student, curved_valley(Draw([seed, 6])))

    @pytest.mark.parametrize("generator", ["LinearGenerator", "FrozenGenerator"])
    @pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
    def test_image_belongs_to_the_latent(self, student, seed, optimizer, generator):
        """The returned image is made from the returned latent; the generator is left as it was."""
        arguments, network, _ = self.problem(Draw([seed, 5]), optimizer, generator=generator)
        reply = student(**arguments | {"num_steps": 7})
        latent, image = self.answer(reply, arguments)
        with torch.no_grad():
            made = network(latent)
        assert_close(about(reply, image), made, 1e-6, what="the image", kind="says all")
        assert_no_grad_left(reply)
        if reply.unfrozen:
            said = "requires_grad of the generator's parameters was changed"
            raise reply.fail(said, "parameters as they were", kind="says all")
        if reply.changed:
            raise reply.fail(f"{' and '.join(reply.changed)} changed in place", kind="changed")


@grades("inversion.scribble_loss")
class TestScribbleLoss:
    @holds_for(draw=draws, shape=shapes)
    def test_unmasked_pixels_do_not_count(self, student, draw, shape):
        """Outside the scribbles the image is free, and so is the sketch."""
        image, sketch, other = draw.images(3, shape)
        mask = draw.mask(1, 1, *shape[2:])
        expected = (mask * (image - sketch)).abs().sum() / shape[0]
        first = student(image=image, sketch=sketch, mask=mask)
        reply = student(image=image + (1 - mask) * other, sketch=sketch - (1 - mask) * other, mask=mask)
        before = assert_scalar(first)
        if not alike(before, assert_scalar(reply), 100 * IDENTITY):
            inside = student(image=image + mask * other, sketch=sketch - mask * other, mask=mask)
            if alike(before, assert_scalar(inside), 100 * IDENTITY):
                said = "what lies outside the scribbles counts, and what lies under them does not: the mask is inverted"
                raise reply.fail(said, f"{before:.5g}", f"{assert_scalar(reply):.5g}", kind="explained")
        assert_close(reply, torch.tensor(before, dtype=torch.float64), 100 * IDENTITY)
        assert_close(first, expected, 100 * IDENTITY, kind="value")


@grades("inversion.gram_matrix")
class TestGramMatrix:
    @holds_for(draw=draws, shape=shapes)
    def test_places_do_not_matter(self, student, draw, shape):
        """Shuffling the pixels of all channels alike leaves it unchanged; it is symmetric."""
        features = draw.image(*shape)
        order = torch.from_numpy(draw.rng.permutation(shape[2] * shape[3]))
        shuffled = features.flatten(2)[:, :, order].reshape(shape)
        first = student(features=features)
        gram = assert_image(first, (shape[0], shape[1], shape[1]))
        assert_close(student(features=shuffled), gram, IDENTITY)
        assert_close(about(first, gram.transpose(1, 2)), gram, IDENTITY, what="the transposed matrix")

    @holds_for(shape=shapes, level=st.floats(0.2, 2))
    def test_constant_features(self, student, shape, level):
        """Constant features give their square divided by the number of channels, whatever the size."""
        reply = student(features=torch.full(shape, level, dtype=torch.float64))
        expected = torch.full((shape[0], shape[1], shape[1]), level**2 / shape[1], dtype=torch.float64)
        assert_close(reply, expected, IDENTITY)
