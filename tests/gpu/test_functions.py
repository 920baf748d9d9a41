"""Every function of the reference on CUDA, against the float64 reference on the CPU for the same inputs."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from grading.checking import compare
from grading.checking.points import cases
from grading.contract.functions import all_tasks
from grading.contract.reference import reference_function
from grading.sandbox.crossing import probes
from grading.sandbox.crossing.calls import perform
from grading.sandbox.crossing.values import Leaf
from reference import augment, bells, inversion, latents, unet

pytestmark = pytest.mark.gpu

SEED = 20250117
DTYPES = (torch.float32, torch.float64)
POINTS = {task: list(cases(task, SEED)) for task in all_tasks()}
WITH_POINTS = [task for task, points in POINTS.items() if points]
DIFFERENTIABLE = [  # DPS functions are gradients themselves: nothing flows through them
    task
    for task in WITH_POINTS
    if not task.startswith("dps.") and any(isinstance(v, Leaf) for _, drawn in POINTS[task] for v in drawn.values())
]


def convert(value, dtype=None, device=None):
    """An argument in another floating dtype or on another device; what is no tensor stays as it is."""
    if isinstance(value, Leaf):
        return Leaf(convert(value.tensor, dtype, device))
    if isinstance(value, Tensor):
        return value.to(device=device, dtype=dtype if value.is_floating_point() else None)
    return value


def tensors(arguments):
    return [value for value in (getattr(v, "tensor", v) for v in arguments.values()) if isinstance(value, Tensor)]


def assert_agrees(result, expected, allowed, dtype):
    assert result.device.type == "cuda"
    assert result.dtype == dtype
    assert result.shape == expected.shape
    worst = (result.cpu().double() - expected).abs().max().item() if result.numel() else 0.0
    assert worst <= allowed, f"off by {worst:.3g} where rounding explains {allowed:.3g}"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("task", WITH_POINTS)
def test_values(task, dtype):
    for label, drawn in POINTS[task]:
        arguments = {name: convert(value, dtype) for name, value in drawn.items()}
        expected = compare.exact(task, arguments)
        on_gpu = {name: convert(value, device="cuda") for name, value in arguments.items()}
        reply = perform(reference_function(task), [], on_gpu, None)
        assert not reply["changed"], label
        if not isinstance(expected, Tensor):
            assert reply["result"] == expected, label
        elif tensors(arguments):
            allowed = compare.tolerance(expected, partial(compare.exact, task), arguments)
            assert_agrees(reply["result"], expected, allowed, dtype)
        else:  # a schedule or a kernel: nothing says where it is to be
            assert torch.equal(reply["result"].double(), expected), label


def exact_gradient(task, name, cotangent, arguments):
    return compare.exact_gradients(task, arguments, cotangent)[name]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("task", DIFFERENTIABLE)
def test_gradients(task, dtype):
    compared = 0
    for _, drawn in POINTS[task]:
        arguments = {name: convert(value, dtype) for name, value in drawn.items()}
        expected = compare.exact(task, arguments)
        gradients = compare.exact_gradients(task, arguments, torch.ones_like(expected)) or {}
        on_gpu = {name: convert(value, device="cuda") for name, value in arguments.items()}
        cotangent = torch.ones(expected.shape, dtype=dtype, device="cuda")
        got = perform(reference_function(task), [], on_gpu, cotangent)["grads"] or {}
        assert got.keys() == gradients.keys()
        for name, gradient in gradients.items():
            if not isinstance(arguments.get(name), Leaf) or gradient is None:
                continue

            evaluate = partial(exact_gradient, task, name, torch.ones_like(expected))
            assert_agrees(got[name], gradient, compare.tolerance(gradient, evaluate, arguments), dtype)
            compared += 1
    assert compared


@pytest.fixture
def rand():
    generator = torch.Generator().manual_seed(SEED)
    return lambda *shape, dtype=torch.float64: torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


class TestRandom:
    """Functions that draw: with a generator on the CPU both devices see the same numbers."""

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    @pytest.mark.parametrize("name", ["rand_cutout", "diff_augment", *augment.GIVEN[1:]])
    def test_augmentation(self, name, dtype, rand):
        x, function = rand(4, 3, 24, 20, dtype=dtype), getattr(augment, name)
        expected = function(x.double(), generator=torch.Generator().manual_seed(3))
        result = function(x.cuda(), generator=torch.Generator().manual_seed(3))
        assert_agrees(result, expected, compare.ROUNDINGS * torch.finfo(dtype).eps * x.abs().max().item(), dtype)

    @pytest.mark.parametrize("name", ["rand_cutout", "diff_augment"])
    def test_augmentation_draws_on_the_gpu(self, name, rand):
        x, function = rand(64, 3, 16, 16, dtype=torch.float32).cuda(), getattr(augment, name)
        first, again, other = (function(x, generator=torch.Generator("cuda").manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    @pytest.mark.parametrize(
        "name, shape",
        [("mean_w", (5,)), ("sample_z", (4, 3)), ("sample_w", (4, 1, 5)), ("sample_w_plus", (4, 6, 5))],
    )
    def test_latents_live_where_the_generator_does(self, name, shape):
        sizes = {"mean_w": {}, "sample_z": {"batch_size": 4}, "sample_w": {"batch_size": 4}}
        options = sizes.get(name, {"batch_size": 4, "num_ws": 6})
        mapping = {} if name == "sample_z" else {"mapping": probes.build("Mapping").cuda()}
        draw = partial(getattr(latents, name), **mapping, z_dim=3, **options)
        first, again, other = (draw(generator=torch.Generator("cuda").manual_seed(seed)) for seed in (1, 1, 2))
        assert first.device.type == "cuda"
        assert first.shape == shape
        assert not first.requires_grad
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_normal_numbers(self):
        z = latents.sample_z(100_000, 2, generator=torch.Generator("cuda").manual_seed(0)).double()
        bound = 5 / math.sqrt(z.numel())  # five standard errors of the mean; of the variance it is √2 of them
        assert abs(z.mean().item()) < bound
        assert abs(z.var().item() - 1) < math.sqrt(2) * bound


@pytest.mark.parametrize("optimizer, error", [("lbfgs", 1e-5), ("adam", 1e-2)])
def test_invert(optimizer, error, rand):
    """A linear generator can make the target exactly; its weights are left alone."""
    generator = probes.build("LinearGenerator").float().cuda()
    target = generator(rand(3, 6, dtype=torch.float32).cuda()).detach()
    start = torch.zeros(3, 6, device="cuda")
    square = lambda pred, target, delta: inversion.lp_loss(pred, target, p=2)
    latent, image = inversion.invert(generator, target, start, square, num_steps=200, optimizer=optimizer)
    assert latent.device == image.device == target.device
    assert (image - target).abs().max().item() < error
    assert all(parameter.grad is None for parameter in generator.parameters())
    assert not start.any()


class Codes(nn.Module):
    """An encoder that is a fixed linear map: (N, 2, 3, 4) to (N, 6)."""

    def forward(self, image):
        return image.flatten(1).unflatten(1, (6, 4)).sum(2)


def bells_arguments(rand):
    """What the bells take whose form is open, so that they have no points; the tolerance below is the others'."""
    image, sketch, mask = rand(3, 2, 3, 4), rand(3, 2, 3, 4), torch.ones(3, 1, 3, 4, dtype=torch.float64)
    mask[:, :, 1] = 0
    return {
        "soft_edges": {"image": image},
        "sketch_loss": {"image": image, "sketch": sketch, "mask": mask},
        "encoder_loss": {
            "encoder": Codes(),
            "generator_fn": probes.build("FrozenGenerator"),
            "latent": rand(3, 6),
        },
    }


BELLS = ("soft_edges", "sketch_loss", "encoder_loss")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", BELLS)
def test_bells(name, dtype, rand):
    function, drawn = getattr(bells, name), bells_arguments(rand)[name]
    arguments = {key: convert(value, dtype) for key, value in drawn.items()}
    evaluate = lambda nearby: function(**{key: convert(value, torch.float64) for key, value in nearby.items()})
    expected = evaluate(arguments)
    on_gpu = {
        key: value.cuda() if isinstance(value, nn.Module) else convert(value, device="cuda")
        for key, value in arguments.items()
    }
    result = function(**on_gpu)
    for value in arguments.values():
        if isinstance(value, nn.Module):
            value.cpu()
    assert_agrees(result, expected, compare.tolerance(expected, evaluate, arguments), dtype)


def test_the_best_of_several_starts(rand):
    generator = probes.build("FrozenGenerator").float().cuda()
    target = generator(rand(2, 6, dtype=torch.float32).cuda())
    starts = [scale * torch.ones(2, 6, device="cuda") for scale in (0.0, 1.0)]
    square = lambda pred, target, delta: inversion.lp_loss(pred, target, p=2)
    latent, image = bells.invert_best_of(generator, target, starts, square, num_steps=50)
    assert latent.device == target.device
    assert (image - target).abs().max().item() < 1e-5


UNETS = {
    "UnconditionalUNet": lambda x: (x,),
    "TimeConditionalUNet": lambda x: (x, torch.tensor([0.1, 0.5, 0.9]).to(x)),
    "ClassConditionalUNet": lambda x: (x, torch.tensor([0, 4, 9]), torch.tensor([0.1, 0.5, 0.9]).to(x)),
}


@pytest.mark.parametrize("name", UNETS)
def test_unets(name, rand):
    torch.manual_seed(0)
    model = getattr(unet, name)(num_hiddens=16).double().eval()
    inputs = UNETS[name](rand(3, 1, 28, 28))
    with torch.no_grad():
        expected = model(*inputs)
        result = model.cuda()(*(one.cuda() for one in inputs))
    assert_agrees(result, expected, 1e4 * torch.finfo(torch.float64).eps * expected.abs().max().item(), torch.float64)


def test_nothing_is_left_out():
    drawn = {"rand_cutout", "diff_augment", "mean_w", "sample_z", "sample_w", "sample_w_plus", "invert", *UNETS}
    drawn |= {*BELLS, "invert_best_of"}
    assert {task.split(".")[1] for task in all_tasks() if task not in WITH_POINTS} == drawn
