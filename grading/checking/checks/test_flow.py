import torch
from hypothesis import strategies as st

from ...sandbox.crossing.probes import ClassVelocityModel
from ...sandbox.crossing.values import Probe
from ...sandbox.describe import describe
from ..compare import alike, assert_close
from ..points import Draw
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, assert_image

times = st.floats(0.01, 0.99)
NEARLY = 1e-6  # of times, which may be float32


@grades("flow.flow_interpolate")
class TestFlowInterpolate:
    @holds_for(draw=draws, shape=shapes)
    def test_ends(self, student, draw, shape):
        """t = 0 is the noise and t = 1 the data."""
        x0, x1 = draw.images(2, shape)
        assert_close(student(x0=x0, x1=x1, t=0.0), x0, IDENTITY)
        assert_close(student(x0=x0, x1=x1, t=1.0), x1, IDENTITY)

    @holds_for(draw=draws, shape=shapes, t=times)
    def test_equal_images(self, student, draw, shape, t):
        """Between an image and itself there is only that image: the weights add up to 1."""
        x = draw.image(*shape)
        assert_close(student(x0=x, x1=x.clone(), t=t), x, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_straight(self, student, draw, shape):
        """Half-way between two times lies half-way between their points."""
        x0, x1 = draw.images(2, shape)
        ends = [assert_image(student(x0=x0, x1=x1, t=t), shape) for t in (0.125, 0.875)]
        assert_close(student(x0=x0, x1=x1, t=0.5), (ends[0] + ends[1]) / 2, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """With one time per sample each sample has its own."""
        x0, x1 = draw.images(2, shape)
        t = torch.linspace(0.125, 0.875, 7, dtype=torch.float64)[: shape[0]]
        alone = [assert_image(student(x0=a, x1=b, t=s), a.shape) for a, b, s in zip(*_split(x0, x1), t.tolist())]
        assert_close(student(x0=x0, x1=x1, t=t), torch.cat(alone), IDENTITY)


def _split(*images):
    return [image.split(1) for image in images]


@grades("flow.flow_velocity")
class TestFlowVelocity:
    @holds_for(draw=draws, shape=shapes)
    def test_arrives(self, student, draw, shape):
        """Whoever starts at the noise and goes along the velocity for one unit of time is at the data."""
        x0, x1 = draw.images(2, shape)
        v = assert_image(student(x0=x0, x1=x1), shape)
        assert_close(student(x0=x0, x1=x0 + v), v, IDENTITY)
        assert_close(student(x0=torch.zeros_like(x1), x1=x1), x1, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_equal_images(self, student, draw, shape):
        """Between an image and itself nothing moves."""
        x = draw.image(*shape)
        assert_close(student(x0=x, x1=x.clone()), torch.zeros_like(x), IDENTITY)


@grades("flow.flow_step")
class TestFlowStep:
    @holds_for(draw=draws, shape=shapes, t=times)
    def test_without_velocity(self, student, draw, shape, t):
        """Without a velocity nothing moves."""
        x_t = draw.image(*shape)
        assert_close(student(x_t=x_t, v=torch.zeros_like(x_t), t=0.0, t_next=t), x_t, IDENTITY)

    @holds_for(draw=draws, shape=shapes, t=times)
    def test_two_steps(self, student, draw, shape, t):
        """Along the same velocity two steps go as far as one over the same time."""
        x_t, v = draw.images(2, shape)
        first = assert_image(student(x_t=x_t, v=v, t=0.0, t_next=t), shape)
        whole = assert_image(student(x_t=x_t, v=v, t=0.0, t_next=1.0), shape)
        assert_close(student(x_t=first, v=v, t=t, t_next=1.0), whole, IDENTITY)

    @holds_for(draw=draws, shape=shapes, t=times)
    def test_the_whole_way(self, student, draw, shape, t):
        """From a point of the straight way, along its velocity, a step to t = 1 ends at the data."""
        x0, x1 = draw.images(2, shape)
        assert_close(student(x_t=(1 - t) * x0 + t * x1, v=x1 - x0, t=t, t_next=1.0), x1, IDENTITY)


class Watched:
    """A velocity that turns with time, and remembers what it was asked."""

    def __init__(self):
        self.images, self.times = [], []

    def __call__(self, x_t, t):
        self.images.append(x_t)
        self.times.append(t)
        return 0.5 * x_t.roll(1, 3) + 0.25

    def assert_asked_at(self, reply, expected, batch):
        told = [t for t in self.times if isinstance(t, torch.Tensor) and t.is_floating_point() and t.shape == (batch,)]
        if len(told) < len(self.times):
            other = next(t for t in self.times if not any(t is one for one in told))
            raise reply.fail("the network is told another kind of t", f"floats of shape ({batch},)", describe(other))
        if len(told) != len(expected):
            said = "the network is asked another number of times"
            raise reply.fail(said, str(len(expected)), str(len(told)), kind="told")
        for i, (t, wanted) in enumerate(zip(told, expected)):
            if float((t.double() - wanted).abs().max()) > NEARLY:
                raise reply.fail(
                    f"at step {i + 1} of {len(expected)} the network is asked about another time",
                    f"t = {wanted:.6g}",
                    f"t = {', '.join(f'{number:.6g}' for number in t.unique().tolist())}",
                )


@grades("flow.sample_flow")
class TestSampleFlow:
    @holds_for(draw=draws, shape=shapes, num_steps=st.integers(1, 12))
    def test_times(self, student, draw, shape, num_steps):
        """The network is asked once per step, at i / num_steps, one time for each sample."""
        model = Watched()
        reply = student(v_model=model, x0=draw.image(*shape), num_steps=num_steps)
        model.assert_asked_at(reply, [i / num_steps for i in range(num_steps)], shape[0])

    @holds_for(draw=draws, shape=shapes, num_steps=st.integers(1, 12))
    def test_steady_velocity(self, student, draw, shape, num_steps):
        """Along a velocity that does not change, any number of steps goes as far as one."""
        x0, v = draw.images(2, shape)
        assert_close(student(v_model=lambda x_t, t: v, x0=x0, num_steps=num_steps), x0 + v, IDENTITY)

    @holds_for(draw=draws, shape=shapes, num_steps=st.integers(1, 8))
    def test_every_step_starts_where_the_last_one_ended(self, student, draw, shape, num_steps):
        """The network is shown the image as it stands, beginning with the noise."""
        model, x0 = Watched(), draw.image(*shape)
        reply = student(v_model=model, x0=x0, num_steps=num_steps)
        x_t = x0
        for i, shown in enumerate(model.images[:num_steps]):
            if not (isinstance(shown, torch.Tensor) and alike(shown, x_t, IDENTITY)):
                raise reply.fail(f"at step {i + 1} of {num_steps} the network is shown another image")
            x_t = x_t + (0.5 * x_t.roll(1, 3) + 0.25) / num_steps
        assert_close(reply, x_t, IDENTITY)

    def test_many_steps(self, student, seed):
        """Fifty steps and more are taken as they are asked for."""
        x0 = Draw([seed, 7]).image(1, 1, 3, 4)
        for num_steps in (50, 64, 49):  # counted by steps of 1/49 there would be one too many
            model = Watched()
            reply = student(v_model=model, x0=x0, num_steps=num_steps, recorded=False)
            model.assert_asked_at(reply, [i / num_steps for i in range(num_steps)], 1)


class Counted:
    """The class-conditioned network, which counts how many images it was asked about."""

    def __init__(self):
        self.network = ClassVelocityModel()
        self.images = self.calls = 0

    def __call__(self, x_t, c, t, keep=None):
        self.calls += 1
        self.images += len(x_t)
        with torch.no_grad():
            return self.network(x_t, c, t, keep)


def _asked(draw, shape):
    labels = torch.from_numpy(draw.rng.integers(0, 10, shape[0]))
    t = torch.linspace(0.125, 0.875, 7, dtype=torch.float64)[: shape[0]]
    return {"x_t": draw.image(*shape), "labels": labels, "t": t}


@grades("flow.guided_velocity")
class TestGuidedVelocity:
    @holds_for(draw=draws, shape=shapes, scale=st.floats(-3, 12))
    def test_number_of_evaluations(self, student, draw, shape, scale):
        """At most one evaluation with the class and one without, or one of a doubled batch."""
        model = Counted()
        reply = student(model=model, **_asked(draw, shape), scale=scale)
        if model.calls > 2 or model.images > 2 * shape[0]:
            got = f"{model.calls} calls, {model.images} images"
            raise reply.fail("the network is asked too often", f"2 calls, {2 * shape[0]} images at most", got)

    @holds_for(draw=draws, shape=shapes)
    def test_scale_zero_and_one(self, student, draw, shape):
        """Scale 0 is the velocity without a class, scale 1 the one with it."""
        asked = _asked(draw, shape)
        for scale in (0.0, 1.0):
            keep = torch.full((shape[0],), scale, dtype=torch.float64)
            expected = Counted()(asked["x_t"], asked["labels"], asked["t"], keep)
            assert_close(student(model=Counted(), **asked, scale=scale), expected, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_without_a_class_the_label_has_no_influence(self, student, draw, shape):
        """At scale 0 every label gives the same."""
        asked = _asked(draw, shape)
        one = assert_image(student(model=Counted(), **asked, scale=0.0), shape)
        other = asked | {"labels": (asked["labels"] + 3) % 10}
        assert_close(student(model=Counted(), **other, scale=0.0), one, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """Each sample is guided by its own class, at its own time."""
        asked = _asked(draw, shape)
        each = ({name: value[i : i + 1] for name, value in asked.items()} for i in range(shape[0]))
        alone = [assert_image(student(model=Counted(), **one, scale=4.0), (1, *shape[1:])) for one in each]
        assert_close(student(model=Counted(), **asked, scale=4.0), torch.cat(alone), IDENTITY)


@grades("flow.flow_loss")
class TestFlowLoss:
    @holds_for(draw=draws)
    def test_perfect_model(self, student, draw):
        """A model that knows the velocity has no loss, whatever the time."""
        x0, x1 = draw.images(2)
        reply = student(model=lambda x_t, t: x1 - x0, x0=x0, x1=x1, t=_some_times())
        assert_close(reply, torch.tensor(0.0, dtype=torch.float64), IDENTITY)

    @holds_for(draw=draws)
    def test_what_the_model_is_asked(self, student, draw):
        """The model is asked about the point at time t, and told t, one per sample."""
        x0, x1 = draw.images(2)
        t, seen = _some_times(), list[tuple]()

        def model(*asked):
            seen.append(asked)
            return x1 - x0

        reply = student(model=model, x0=x0, x1=x1, t=t)
        _assert_told(reply, seen, {"x_t": _between(x0, x1, t), "t": t})

    @holds_for(draw=draws)
    def test_mean_over_all_elements(self, student, draw):
        """A batch that is taken twice has the same loss."""
        x0, x1 = draw.images(2)
        t, model = _some_times(), Probe("VelocityModel")
        once = student(model=model, x0=x0, x1=x1, t=t)
        twice = student(model=model, x0=torch.cat([x0, x0]), x1=torch.cat([x1, x1]), t=torch.cat([t, t]))
        assert_close(twice, torch.as_tensor(once.value, dtype=torch.float64), IDENTITY)


@grades("flow.class_flow_loss")
class TestClassFlowLoss:
    @holds_for(draw=draws)
    def test_perfect_model(self, student, draw):
        """A model that knows the velocity has no loss, whatever the class."""
        x0, x1 = draw.images(2)
        rest = {"x0": x0, "x1": x1, "labels": torch.tensor([4, 0, 9]), "t": _some_times(), "keep": _some_kept()}
        reply = student(model=lambda x_t, c, t, keep=None: x1 - x0, **rest)
        assert_close(reply, torch.tensor(0.0, dtype=torch.float64), IDENTITY)

    @holds_for(draw=draws)
    def test_what_the_model_is_told(self, student, draw):
        """The model is given the point at time t, labels, t and keep as they are."""
        x0, x1 = draw.images(2)
        labels, t, keep, seen = torch.tensor([4, 0, 9]), _some_times(), _some_kept(), list[tuple]()

        def model(*asked):
            seen.append(asked)
            return x1 - x0

        reply = student(model=model, x0=x0, x1=x1, labels=labels, t=t, keep=keep)
        _assert_told(reply, seen, {"x_t": _between(x0, x1, t), "labels": labels, "t": t, "keep": keep})


def _some_times():
    return torch.tensor([0.125, 0.75, 0.5], dtype=torch.float64)


def _some_kept():
    return torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)


def _between(x0, x1, t):
    weight = t.reshape(-1, 1, 1, 1)
    return (1 - weight) * x0 + weight * x1


def _assert_told(reply, seen, expected):
    given = seen[0] if seen else ()
    for i, (name, wanted) in enumerate(expected.items()):
        told = given[i] if i < len(given) else None
        if not (
            isinstance(told, torch.Tensor)
            and told.shape == wanted.shape
            and torch.allclose(told.double(), wanted.double(), atol=NEARLY)
        ):
            shown = wanted.tolist() if wanted.ndim == 1 else "the point at time t between x0 and x1"
            got = told.tolist() if isinstance(told, torch.Tensor) and told.ndim == 1 else describe(told)
            raise reply.fail(f"the model is given another {name}", str(shown), str(got))
