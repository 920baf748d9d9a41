"""What every graded function is held against, whatever it computes."""

import ast
import contextlib
from collections.abc import Iterator
from itertools import combinations, islice
from typing import Any

import pytest
import torch
from scipy.stats import kstest

from ...contract.functions import FUNCTIONS, all_tasks
from ...sandbox.crossing.probes import SWITCHED
from ...sandbox.crossing.values import Leaf, Probe
from ...sandbox.gradients import Differentiable
from ...sandbox.student import NotAsked, OutOfPatience, Student
from ...verdicts import Failure
from ..compare import alike, assert_close, assert_right, exact, exact_gradients
from ..defaults import has_defaults_to_compare, left_out, required
from ..golden import golden_cases
from ..points import CHAIN, Draw, cases
from . import plain
from .expect import IDENTITY, about, assert_gradients, assert_image, assert_no_grad_left

NAMED = 1e-6  # relative: the same computation twice
LEVEL = 1e-9  # of a false alarm
UNSTEADY = "two calls with the same arguments give two results"
NAMED_POINTS = 4  # of those that fail

each_function = pytest.mark.parametrize("task", all_tasks())
each_with_defaults = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if has_defaults_to_compare(f)])
each_with_noise = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if "noise_fn" in f.defaults])
# Flow's stand-ins alone refuse to be switched; to samplers they are plain functions in every other check.
each_with_its_network = pytest.mark.parametrize(
    "task", [f.task for f in FUNCTIONS if f.module == "flow" and {"model", "v_model"} & set(f.parameters)]
)
each_of_values = pytest.mark.parametrize(
    "task", [f.task for f in FUNCTIONS if f.exact and "timesteps" not in f.parameters]
)
each_random = pytest.mark.parametrize("task", [f.task for f in FUNCTIONS if f.random])


@plain
@each_function
def test_fresh_inputs(task, student, seed):
    """On freshly drawn inputs the result is the formula's."""
    failures: list[tuple[str, Failure]] = []
    failing: list[dict[str, Any]] = []
    points, right = 0, list[dict[str, Any]]()
    for label, arguments in cases(task, seed):
        try:
            assert_right(student, **arguments)
            right.append(arguments)
        except Failure as failure:
            failures.append((label, failure))
            failing.append(arguments)
            student.hurry()
            if student.stopped is not None:
                raise
        except NotAsked:
            continue
        except OutOfPatience:
            if not failures:
                raise
            break
        points += 1
    if failures:
        label, first = failures[0]
        first.summary += f"; test point: {label}"
        if len(failures) < points:
            named = [name for name, _ in failures][:NAMED_POINTS]
            more = f"; {len(failures) - len(named)} more" if len(failures) > len(named) else ""
            first.summary += f" ({len(failures)} of {points} test points fail: {'; '.join(named)}{more})"
        if all(map(_per_sample, failing)) and not any(map(_per_sample, right)):
            first.summary += "; it fails wherever t is a tensor with one timestep per sample"
        first.subject = _left_out(student, failing)
        raise first


def _per_sample(arguments: dict[str, Any]) -> bool:
    t = arguments.get("t")
    return isinstance(t, torch.Tensor) and t.ndim == 1 and len(t) > 1 and "model" not in arguments


def _left_out(student: Student, calls: list[dict[str, Any]]) -> str:
    """The arguments that are left to their defaults in each of these calls."""
    return " ".join(name for name in student.function.defaults if not any(name in call for call in calls))


@each_with_its_network
def test_networks_stay_in_their_mode(task, student, seed):
    """Nobody switches the network between train() and eval(): that is its owner's to choose."""
    _, arguments = next(iter(cases(task, seed)))
    try:
        student(**arguments, local_probes=True, recorded=False)
    except Failure as failure:
        if SWITCHED in failure.summary:  # that a sampler takes no graph along, as one in NumPy, is no mistake
            raise


@plain
@each_function
def test_golden(task, student, fixtures):
    """On the golden inputs the result is the stored one."""
    arguments: dict[str, Any] = {}
    try:
        for arguments, check in golden_cases(task, fixtures):
            with contextlib.suppress(NotAsked):
                check(student(**arguments))
    except Failure as failure:
        failure.subject = _left_out(student, [arguments])
        raise


@each_of_values
def test_every_argument_counts_anew(task, student, seed):
    """A call in which one argument is another one than before gives what belongs to it: nothing is kept."""
    points = [arguments for _, arguments in cases(task, seed)]
    # Defaults are another check's matter.
    first = dict(_numbers(student.function.defaults)) | points[0] if points else {}
    for name in student.function.parameters:
        for other in points[1:]:
            changed: dict[str, Any] = first | {name: other.get(name)}
            if not _counts_by_itself(other.get(name), first.get(name)) or alike(changed[name], first.get(name), 0.0):
                continue
            try:
                exact(task, changed)
            except ValueError:  # these do not go together
                continue
            try:
                assert_right(student, **changed)
            except NotAsked:
                continue
            except Failure as failure:
                failure.summary += f"; test point: as at first, but with another {name}"
                raise
            break


def _numbers(written: dict[str, str]) -> Iterator[tuple[str, int | float]]:
    """Those defaults that are numbers."""
    for name, text in written.items():
        with contextlib.suppress(ValueError):
            value = ast.literal_eval(text)
            if isinstance(value, int | float):
                yield name, value


def _counts_by_itself(value: Any, before: Any) -> bool:
    """What a table or a cache may be kept by: a number, or a schedule of the same dtype."""
    if isinstance(value, torch.Tensor) and isinstance(before, torch.Tensor):
        return value.ndim == 1 and value.is_floating_point() and value.dtype == before.dtype
    return isinstance(value, int | float | str)


@each_function
def test_argument_names(task, student, seed):
    """Arguments can be given by the contract's names."""
    steady = {"noise_fn": Probe("steady_noise")} if "noise_fn" in student.function.parameters else {}
    for _, given in islice(cases(task, seed), 1):
        arguments = given | steady  # other noise would be another result
        by_position = student(**arguments)
        try:
            by_name = student(by_name=True, **arguments)
        except Failure as failure:
            failure.kind = "names" if failure.kind == "raised" else failure.kind  # by position it runs
            raise
        if not alike(_finite(by_name.value), _finite(by_position.value), NAMED):
            if not alike(_finite(student(**arguments).value), _finite(by_position.value), NAMED):
                raise by_name.fail(UNSTEADY, "the same", kind="unsteady")
            said = "the result is another one than for the same arguments by position"
            exchanged = _exchanged(student, arguments, by_position.value)
            raise by_name.fail(said + f": {exchanged}" * bool(exchanged), "the same result", kind="names")


def _exchanged(student: Student, arguments: dict[str, Any], value: Any) -> str:
    """Which two arguments have each other's name, if that is why."""
    for one, other in combinations(arguments, 2):
        with contextlib.suppress(Failure):
            swapped = arguments | {one: arguments[other], other: arguments[one]}
            if alike(_finite(student(by_name=True, **swapped, recorded=False).value), _finite(value), NAMED):
                return f"{one} and {other} are called by each other's name"
    return ""


@each_with_defaults
def test_defaults(task, student, seed):
    """An argument that is left out counts as its default."""
    for name, default, others in left_out(student.function, seed):
        # Of random functions not recorded: the images are many, so that a default shows, and a replay takes its time.
        recorded = not student.function.random
        given = student(**others, **{name: default}, recorded=recorded)
        try:
            without = student(**others, recorded=recorded)
        except Failure as failure:
            failure.kind = "default" if failure.kind == "raised" else failure.kind  # with the argument it runs
            raise
        if not alike(_finite(without.value), _finite(given.value), NAMED):
            again = student(**others, **{name: default}, recorded=recorded)
            if not alike(_finite(again.value), _finite(given.value), NAMED):
                raise again.fail(UNSTEADY, "the same", kind="unsteady")
            raise without.fail(
                f"without {name} the result is another one than for {name}={default!r}", kind="default", subject=name
            )


def _finite(value: Any) -> Any:
    return value.nan_to_num() if isinstance(value, torch.Tensor) else value


@each_with_noise
def test_default_noise(task, student, seed):
    """Without noise_fn the noise is standard normal."""
    one = torch.ones(1, 1, 40, 50, dtype=torch.float64)
    everything = {
        "eps_model": Differentiable(lambda x_t, t: torch.zeros_like(x_t)),
        "x_T": 0 * one,
        "image": 0 * one,
        "noise": 0 * one,
        "x_orig": 0 * one,
        "edit_mask": one,
        "timesteps": [90, 30],
        "alphas_cumprod": Draw([seed, 6]).schedule(CHAIN),
        "start": 0,
        "eta": 1.0,
        "measurement": one,
        "operator": Probe("keep_everything"),
        "scale": 0.0,
    }
    arguments = {name: everything[name] for name in student.function.parameters if name in everything}
    # No pixel meets another, and the one draw that counts has the same weight everywhere.
    weight = float(exact(task, arguments | {"noise_fn": torch.ones_like}).mean())
    reply = student(**arguments)
    noise = assert_image(reply, one.shape).double()
    if not bool(noise.isfinite().all()):
        raise reply.fail("the result is not finite", "numbers", "nan or inf", kind="not finite")
    if _odds(noise / weight) >= LEVEL:
        return
    ones = student(**arguments, noise_fn=torch.ones_like)
    own = assert_image(ones, one.shape).double()
    unused = float(own.abs().max()) == float(noise.abs().max()) == 0
    normal = float(own.abs().min()) > 0 and _odds(noise / own) >= LEVEL
    if unused or normal:  # what is wrong is the weight of what noise_fn gives
        assert_close(about(ones, own.mean()), torch.tensor(weight, dtype=own.dtype), IDENTITY, kind="value")
    raise reply.fail("without noise_fn the noise is not standard normal", "torch.randn_like", kind="default")


def _odds(values: torch.Tensor) -> float:
    return float(kstest(values.flatten().numpy(), "norm").pvalue)


@each_random
def test_without_a_generator(task, student, seed):
    """Without a generator every call draws anew."""
    few = {"num_samples": 50} if "num_samples" in student.function.defaults else {}
    arguments = required(student.function, seed) | few
    # Not recorded: what draws from the global state can only be replayed roughly, and often.
    without, given = (student(**arguments, **none, recorded=False) for none in ({}, {"generator": None}))
    if alike(without.value, given.value, 0.0):
        raise without.fail("two calls without a generator give the same", "other numbers each time", kind="anew")
    if without.moved_random_state != given.moved_random_state:
        raise without.fail(
            "without a generator the numbers come from elsewhere than for generator=None", kind="default"
        )


@each_function
def test_gradients(task, student, seed):
    """Gradients are those of the formula, with respect to the arguments and to the networks behind them."""
    draw = Draw([seed, 2])
    for label, arguments in cases(task, seed):
        differentiable = any(isinstance(value, Leaf | Probe) for value in arguments.values())
        if not student.function.loss or not differentiable or "float32" in label:
            continue
        cotangent = draw.image(*exact(task, arguments).shape)
        expected = exact_gradients(task, arguments, cotangent)
        assert expected is not None  # the reference is differentiable
        try:
            reply = student(**arguments, cotangent=cotangent)
        except NotAsked:
            continue
        largest = max(float(gradient.abs().max()) for gradient in expected.values() if gradient is not None)
        allowed = IDENTITY * max(1.0, largest)
        assert_what_comes_from_behind_counts(reply, cotangent, allowed, expected)
        # Where the reference has no gradient at all, such as into a target's features, zeros will do as well.
        assert_gradients(reply, allowed, **expected)


def assert_what_comes_from_behind_counts(reply, cotangent, allowed, expected):
    """A backward pass by hand may forget that something is multiplied, or added up, after it."""
    known = {name: one / cotangent for name, one in expected.items() if one is not None and not cotangent.ndim}
    got = reply.grads or {}
    flows = any(bool((one != 0).any()) for one in known.values())
    if flows and all(got.get(name) is not None and alike(got[name], one, allowed) for name, one in known.items()):
        said = "the gradient does not change when the result is multiplied by a number: backward ignores grad_output"
        raise reply.fail(said, "it multiplied by that number", kind="says all")


@pytest.mark.afterwards
@each_function
def test_arguments_are_kept(task, student):
    """No argument is changed in place, and no .grad is left behind."""
    for reply in [observation.reply for observation in student.record if observation.reply is not None]:
        if reply.changed:
            names = " and ".join(reply.changed)
            raise reply.fail(f"{names} changed in place", kind="changed")
        assert_no_grad_left(reply)


@pytest.mark.afterwards
@each_function
def test_random_state_is_not_seeded(task, student):
    """The global random state is never seeded; to draw from it is fine."""
    replies = [one.reply for one in student.record if one.reply is not None and one.reply.seeded]
    if len(replies) > 1:  # once may have been an import
        names = " and ".join(replies[-1].seeded)
        raise replies[-1].fail(f"the global random state of {names} is seeded", kind="seeded")
