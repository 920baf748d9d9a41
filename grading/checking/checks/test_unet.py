"""The networks are the student's own: what is checked is what the contract says of any such network.

They are built from a fixed seed, in eval mode. What shows in float32 is asked there; where it does not, float64 decides,
in which even a faint influence shows and none is exactly 0.
28 × 28 is the size that the course's literal architecture needs; 32 channels are few enough to be quick and as many as
a group normalisation with up to 32 groups needs so that it does not cancel a condition.
"""

import copy
import functools
import math
from typing import Any

import torch

from ...sandbox.crossing.probes import DenoisingModel
from ...sandbox.crossing.values import Probe
from ...sandbox.describe import describe
from ...verdicts import Failure
from ..compare import alike, apart, assert_close
from . import draws, grades, holds_for
from .expect import IDENTITY

SIDE = 28
NOTHING = 1e-12  # relative to the output: rounding in float64, far below any connection
ROUNDING = 1e-4  # the same in float32: above what another batch, or another processor's order of a sum, changes
WIDTH = 32
MANY = 24  # images
EQUAL = 1e-6  # two outputs in float64: far above rounding, far below what a class makes
COPIES = 64  # of one sample; a tenth of them dropped shows in all but one of 800 runs
FEW = 16  # … that are told to keep their class, where nothing is drawn: whoever drops then does so without keep as well
FITTED = 0.4  # of the first loss: no output that does not depend on the parameters gets there


def quick(check):
    """Asked in float32, which takes a third of the time. Where that fails rounding may be to blame: float64 decides."""

    @functools.wraps(check)
    def asked(self, student, seed):
        in_float32 = copy.copy(self)
        in_float32.single = True
        try:
            check(in_float32, student=student, seed=seed)
        except Failure:
            check(self, student=student, seed=seed)

    return asked


class Network:
    """What every one of the three networks is held to; subclasses say what else they are given."""

    single = False  # whether it is asked in float32

    @property
    def nothing(self):
        """What is no influence."""
        return ROUNDING if self.single else NOTHING

    def inputs(self, seed, batch=3, channels=1):
        x = torch.randn(batch, channels, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        return {"x": x} | self.conditions(batch)

    def conditions(self, batch):
        return {}

    def run(self, student, *inputs, channels=1, width=WIDTH, by_name=False, training=False):
        """Outputs for the inputs from one and the same network, each shaped like its x."""
        ran = self.ran(student, inputs, channels, width, by_name, training)
        return [*ran.outputs, ran.called]

    def ran(self, student, inputs, channels=1, width=WIDTH, by_name=False, training=False):
        settings = {"in_channels": channels, "num_hiddens": width}
        asked = [floats(one) if self.single else one for one in inputs]
        ran = student.run_module(settings, asked, by_name=by_name, training=training)
        for given, y in zip(asked, ran.outputs):
            if not (isinstance(y, torch.Tensor) and y.shape == given["x"].shape):
                raise Failure(
                    "the network's output is no image of the same shape",
                    ran.called,
                    str(tuple(given["x"].shape)),
                    describe(y),
                )
            if not bool(torch.isfinite(y).all()):
                raise Failure("the network's output is not finite", ran.called)
        return ran

    @quick
    def test_shapes(self, student, seed):
        """Images go in and images of the same shape come out: one sample or several, any number of channels."""
        self.run(student, self.inputs(seed), self.inputs(seed, 1))
        self.run(student, self.inputs(seed, 2, 3), channels=3)

    def test_defaults(self, student, seed):
        """A setting that is left out counts as its default; more num_hiddens means more parameters."""
        inputs = [floats(self.inputs(seed, 1))]
        defaults = {name: int(value) for name, value in student.function.defaults.items()}
        small = student.run_module(defaults | {"num_hiddens": WIDTH}, inputs)
        narrow = student.run_module({"num_hiddens": WIDTH}, inputs)  # the others are left out
        wide, default = (student.run_module(settings, inputs, run=False) for settings in (defaults, {}))
        for given, left_out in ((small, narrow), (wide, default)):
            same = given.parameters == left_out.parameters and alike(given.outputs, left_out.outputs, 1e-4)
            if not same:
                expected = f"as with {', '.join(f'{name}={value}' for name, value in defaults.items())}"
                got = f"{left_out.parameters:,} parameters, not {given.parameters:,}, or another output"
                raise Failure(
                    "a setting that is left out is not its default", left_out.called, expected, got, kind="default"
                )
        if not small.parameters < wide.parameters:
            got = f"{small.parameters:,} and {wide.parameters:,} parameters"
            said = f"num_hiddens = {WIDTH} makes the network no smaller than the default does"
            raise Failure(said, wide.called, "fewer parameters", got, kind="says all")

    @quick
    def test_argument_names(self, student, seed):
        """Arguments can be given by the contract's names."""
        inputs = self.inputs(seed, 1)
        (positional, _), (named, called) = self.run(student, inputs), self.run(student, inputs, by_name=True)
        assert_same(called, named, positional, "by name and by position")

    def test_samples_are_independent(self, student, seed):
        """In eval mode a sample's output does not depend on the other samples."""
        inputs = self.inputs(seed)
        alone = {name: value[1:2] for name, value in inputs.items()}
        together, single, called = self.run(student, inputs, alone)
        assert_same(called, single, together[1:2], "alone and in a batch")

    def test_fine_detail_reaches_the_output(self, student, seed):
        """A single pixel's change shows around that pixel: that is what the skip connection at full size is for."""
        x = self.inputs(seed, MANY)["x"].float()  # a third of the time that float64 takes, and precise enough here
        inputs = {"x": x} | {name: value.expand(MANY) for name, value in floats(self.conditions(1)).items()}
        changed = inputs | {"x": x.clone()}
        changed["x"][:, 0, 13, 14] += 1
        dipole = inputs | {"x": changed["x"].clone()}
        dipole["x"][:, 0, 13, 15] -= 1
        before, after, other, called = self.run(student, inputs, changed, dipole)
        # The mean over images: what a normalisation's statistics spread over an image has another sign in each.
        energy = (after - before).mean(0).square().sum(0)
        if float(energy.sum()) == 0:
            raise Failure("the input has no influence on the output", called)
        near = float(energy[9:18, 10:19].sum() / energy.sum())
        # 81 of 784 pixels: without a skip at full size they hold about a tenth of the change.
        if near < 0.35:
            got = f"{near:.0%} of the change within 4 pixels"
            raise Failure("fine detail is lost on the way: is a skip connection missing?", called, "most of it", got)
        if float((other - before).mean(0).square().sum()) < 0.01 * float(energy.sum()):
            raise Failure("neighbouring pixels are not told apart: what is kept of the image is coarse", called)

    def test_overfits_a_batch(self, student, seed):
        """A few steps of training fit one batch: gradients reach the parameters."""
        inputs = floats(self.inputs(seed, 2))
        # Large values of both signs: an output that is bounded or positive cannot get below half of the first loss.
        # Enough steps for a last layer that starts at zero, and for attention; having been there once is enough.
        train = {"arguments": inputs, "target": 3 * inputs["x"], "steps": 120, "enough": FITTED}
        settings = {"in_channels": 1, "num_hiddens": WIDTH}
        ran = student.run_module(settings, [inputs], train=train)
        if len(ran.losses) != 2 or not ran.losses[1] < FITTED * ran.losses[0]:
            said = "training hardly lowers the loss on a single batch"
            raise Failure(said, ran.called, "a falling loss", f"{ran.losses}")

    def assert_reaches_its_sample(self, student, seed, name, values, other):
        """Another value for one sample changes that sample's output, and no other's."""
        inputs = self.inputs(seed) | {name: values}
        one_changed = torch.where(torch.eye(3, dtype=torch.bool), torch.tensor(other, dtype=values.dtype), values)
        before, *after, called = self.run(student, inputs, *(inputs | {name: row} for row in one_changed))
        for sample in range(3):
            moved = (after[sample] - before).flatten(1).abs().amax(1) / before.abs().max()
            if float(moved[sample]) <= self.nothing:
                raise Failure(f"{name} of sample {sample} has no influence on its output", called, "another output")
            if float(moved.sum() - moved[sample]) > NOTHING:
                raise Failure(f"{name} of sample {sample} changes other samples", called, "only its own output")


def floats(inputs):
    """In float32 what is floating."""
    return {name: value.float() if value.is_floating_point() else value for name, value in inputs.items()}


def assert_same(called, first, second, how, kind="wrong"):
    difference = float((first - second).abs().max() / second.abs().max())
    if difference > 1e-9:
        raise Failure(f"the outputs {how} differ by {difference:.2g}", called, "the same output", kind=kind)


@grades("unet.UnconditionalUNet")
class TestUnconditionalUNet(Network):
    pass


@grades("unet.TimeConditionalUNet")
class TestTimeConditionalUNet(Network):
    def conditions(self, batch):
        return {"t": torch.tensor([0.1, 0.3, 0.8, 0.9], dtype=torch.float64)[:batch]}

    @quick
    def test_time_reaches_every_sample(self, student, seed):
        """Each sample's output depends on its own t, also on small differences."""
        for other in (0.95, 0.101):
            values = torch.tensor([0.1, 0.5, 0.8], dtype=torch.float64)
            self.assert_reaches_its_sample(student, seed, "t", values, other)


@grades("unet.ClassConditionalUNet")
class TestClassConditionalUNet(Network):
    def conditions(self, batch):
        labels = torch.tensor([3, 0, 7, 9])[:batch]
        return {"c": labels, "t": torch.tensor([0.1, 0.3, 0.8, 0.9], dtype=torch.float64)[:batch]}

    def all_labels(self, seed):
        """The first sample ten times, each time with another label."""
        first = {name: value.expand(10, *value.shape[1:]) for name, value in self.inputs(seed, 1).items()}
        return first | {"c": torch.arange(10)}

    def keep(self, *values):
        return torch.tensor(values, dtype=torch.float64)

    @quick
    def test_time_reaches_every_sample(self, student, seed):
        """Each sample's output depends on its own t."""
        values = torch.tensor([0.1, 0.5, 0.8], dtype=torch.float64)
        self.assert_reaches_its_sample(student, seed, "t", values, 0.95)

    @quick
    def test_class_reaches_every_sample(self, student, seed):
        """Each sample's output depends on its own label, and every label differs from every other one."""
        self.assert_reaches_its_sample(student, seed, "c", torch.tensor([3, 0, 7]), 5)
        outputs, called = self.run(student, self.all_labels(seed))
        for i in range(10):
            for j in range(i):
                if float((outputs[i] - outputs[j]).abs().max() / outputs[i].abs().max()) <= self.nothing:
                    raise Failure(f"labels {j} and {i} give the same output", called, "ten different ones")

    @quick
    def test_a_dropped_class_has_no_influence(self, student, seed):
        """With keep = 0 the label does not matter, and no label gives that same output."""
        inputs = self.inputs(seed) | {"keep": self.keep(0, 0, 0)}
        first, second, called = self.run(student, inputs, inputs | {"c": torch.tensor([1, 8, 2])})
        assert_same(called, first, second, "of two dropped labels")
        one = {name: value[:1] for name, value in inputs.items()}
        outputs, dropped, called = self.run(student, self.all_labels(seed), one)
        for label, output in enumerate(outputs):
            if float((output - dropped).abs().max() / dropped.abs().max()) <= self.nothing:
                raise Failure(f"a dropped class is the same as label {label}", called, "no class at all")

    @quick
    def test_a_dropped_class_drops_nothing_else(self, student, seed):
        """With keep = 0 image and time still count."""
        inputs = self.inputs(seed) | {"keep": self.keep(0, 0, 0)}
        changes = {"x": inputs["x"].flip(3), "t": inputs["t"].flip(0) + 0.05}
        base, *others, called = self.run(student, inputs, *(inputs | {name: value} for name, value in changes.items()))
        for name, other in zip(changes, others):
            if float((other - base).flatten(1).abs().amax(1).min() / base.abs().max()) <= self.nothing:
                raise Failure(f"{name} has no influence where the class is dropped", called, "another output")

    def test_number_of_classes(self, student, seed):
        """There can be fewer or more than ten classes."""
        for count in (3, 13):
            settings = {"in_channels": 1, "num_classes": count, "num_hiddens": WIDTH}
            inputs = self.inputs(seed, 2) | {"c": torch.tensor([0, count - 1])}
            student.run_module(settings, [floats(inputs)])

    @quick
    def test_keep_per_sample(self, student, seed):
        """keep is one decision per sample; without it every class is kept."""
        inputs = self.inputs(seed)
        choices = [inputs | {"keep": self.keep(*values)} for values in ((1, 1, 1), (0, 0, 0), (1, 0, 1))]
        kept, dropped, mixed, default, called = self.run(student, *choices, inputs)
        assert_same(called, default, kept, "without keep and with keep = 1", "says all")
        assert_same(called, mixed[[0, 2]], kept[[0, 2]], "of a kept sample, alone and beside a dropped one,")
        assert_same(called, mixed[1:2], dropped[1:2], "of a dropped sample, alone and beside kept ones,")

    def test_nothing_is_dropped_by_itself(self, student, seed):
        """While it is trained, too, keep alone says which class is dropped."""
        equal = {name: value.repeat_interleave(COPIES, 0) for name, value in self.inputs(seed, 1).items()}
        kept, none = (equal | {"keep": torch.full((COPIES,), keep, dtype=torch.float64)} for keep in (1.0, 0.0))
        few = {name: value[:FEW] for name, value in kept.items()}
        for told in (few, kept):
            quick = self.ran(student, [floats(told), floats(equal)], training=True)
            if max(map(_different, quick.outputs)) == 1 and (told is kept or not quick.drew):
                return  # float32 takes a fifth of the time; where rounding, too, may make a difference, float64 decides
        *outputs, without, called = self.run(student, kept, equal, none, training=True)
        different = max(map(_different, outputs))
        # What is left to chance without a class, too, is free: layers of dropout, a random depth.
        if different > 1 and _different(without) == 1:
            raise Failure(
                "in training mode the network drops classes by itself",
                called,
                "one output for equal samples",
                f"{different} for {COPIES} of them",
                kind="says all",
            )


def _different(y: torch.Tensor) -> int:
    """How many of these images differ from all that come before."""
    near = torch.cdist(y.flatten(1), y.flatten(1), p=math.inf) < EQUAL
    return int((~near.tril(-1).any(1)).sum())


@grades("unet.denoiser_loss")
class TestDenoiserLoss:
    @holds_for(draw=draws)
    def test_perfect_model(self, student, draw):
        """A model that knows the clean image has no loss: the target is the image, not the noise."""
        x0, noise = draw.images(2)
        zero = torch.tensor(0.0, dtype=torch.float64)
        reply = student(model=Probe("DenoisingModel"), x0=x0, noise=noise, sigma=0.0)
        assert_close(reply, (DenoisingModel()(x0) - x0).square().mean().detach(), IDENTITY, kind="value")
        assert_close(student(model=lambda x: x0, x0=x0, noise=noise, sigma=0.7), zero, IDENTITY)


@grades("unet.ddpm_loss")
class TestDDPMLoss:
    @holds_for(draw=draws)
    def test_perfect_model(self, student, draw):
        """A model that knows the noise has no loss."""
        x0, noise = draw.images(2)
        t = draw.timestep_per_sample(3, 300)
        reply = student(model=lambda x_t, t: noise, x0=x0, noise=noise, t=t, alphas_cumprod=draw.schedule(300))
        assert_close(reply, torch.tensor(0.0, dtype=torch.float64), IDENTITY)

    @holds_for(draw=draws)
    def test_what_the_model_is_told(self, student, draw):
        """The model is asked about t / T, one per sample, as floats."""
        x0, noise = draw.images(2)
        seen: list[Any] = []

        def model(x_t, t):
            seen.append(t)
            return noise

        t = draw.timestep_per_sample(3, 300)
        reply = student(model=model, x0=x0, noise=noise, t=t, alphas_cumprod=draw.schedule(300))
        given = seen[0] if seen else None
        if not (isinstance(given, torch.Tensor) and given.is_floating_point() and given.shape == t.shape):
            raise reply.fail("the model is asked about another kind of t", "floats (B,)", describe(given))
        if not torch.allclose(given.double(), t.double() / 300, atol=1e-6):
            raise reply.fail("the model is asked about another t", *_both(t / 300, given))


@grades("unet.class_ddpm_loss")
class TestClassDDPMLoss:
    @holds_for(draw=draws)
    def test_what_the_model_is_told(self, student, draw):
        """The model is given labels, t / T and keep as they are."""
        x0, noise = draw.images(2)
        seen: list[Any] = []

        def model(x_t, c, t, keep=None):
            seen[:] = [c, t, keep]
            return noise

        t, labels = draw.timestep_per_sample(3, 300), torch.tensor([4, 0, 9])
        keep = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
        rest = {"x0": x0, "labels": labels, "noise": noise, "t": t, "alphas_cumprod": draw.schedule(300), "keep": keep}
        reply = student(model=model, **rest)
        for name, given, expected in zip(("labels", "t / T", "keep"), seen, (labels, t / 300, keep)):
            if not (
                isinstance(given, torch.Tensor)
                and given.shape == expected.shape
                and torch.allclose(given.double(), expected.double(), atol=1e-6)
            ):
                raise reply.fail(f"the model is given another {name}", *_both(expected, given))

    @holds_for(draw=draws)
    def test_perfect_model(self, student, draw):
        """A model that knows the noise has no loss."""
        x0, noise = draw.images(2)
        given = {"labels": torch.tensor([4, 0, 9]), "t": draw.timestep_per_sample(3, 300)}
        given |= {"alphas_cumprod": draw.schedule(300), "keep": torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)}
        reply = student(model=lambda x_t, c, t, keep=None: noise, x0=x0, noise=noise, **given)
        assert_close(reply, torch.tensor(0.0, dtype=torch.float64), IDENTITY)


def _both(expected: torch.Tensor, given: Any) -> tuple[str, str]:
    """Two short tensors as text, with as many digits as show that they are two."""
    if not isinstance(given, torch.Tensor) or given.shape != expected.shape:
        return describe(expected), describe(given)
    pairs = [apart(float(a), float(b)) for a, b in zip(expected.flatten(), given.flatten())]
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    return f"[{', '.join(first)}]", f"[{', '.join(second)}]"
