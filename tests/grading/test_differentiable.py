"""Networks that stay with the grader while gradients flow through them into the student's code and back."""

import pytest
import torch

from grading.paths import ROOT
from grading.sandbox import limits
from grading.sandbox.crossing.values import Leaf
from grading.sandbox.gradients import Differentiable
from grading.sandbox.inside.gradients import differentiable
from grading.sandbox.student import Student
from reference.dps import sample_dps
from reference.inversion import inversion_loss, invert
from reference.noising import cumulative_alphas, linear_betas

SCHEDULE = cumulative_alphas(linear_betas(20)).double()


@pytest.fixture
def student(fork_server):
    students = []

    def make(task, folder=ROOT / "reference"):
        students.append(Student(fork_server, folder, task))
        return students[-1]

    yield make
    for one in students:
        one.close()


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def network(seed=0):
    torch.manual_seed(seed)
    layers = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.Tanh(), torch.nn.Conv2d(4, 2, 1))
    return layers.double().requires_grad_(False)


def test_a_sampler_that_differentiates_through_the_network(student):
    net = network()

    def eps_model(x_t, t):
        return net(x_t) * (1 + t / 20)

    def operator(x):
        return x[..., ::2]

    arguments = {
        "x_T": draw(2, 2, 6, 6),
        "measurement": draw(2, 2, 6, 3),
        "timesteps": [15, 10, 5, 0],
        "alphas_cumprod": SCHEDULE,
    }
    expected = sample_dps(eps_model, operator=operator, **arguments)
    reply = student("dps.sample_dps")(
        eps_model=Differentiable(eps_model), operator=Differentiable(operator), **arguments
    )
    assert torch.allclose(reply.value, expected, atol=1e-12)


def test_a_search_with_two_functions_and_a_line_search(student):
    net, target, latent = network(), draw(1, 2, 6, 6), torch.zeros(1, 2, 6, 6, dtype=torch.float64)

    def loss_fn(pred, target, delta):
        return (pred - target).square().mean() + 0.01 * delta.square().sum()

    expected, _ = invert(net, target, latent, loss_fn, num_steps=8)
    reply = student("inversion.invert")(
        generator_fn=Differentiable(net),
        target=target,
        latent=latent,
        loss_fn=Differentiable(loss_fn),
        num_steps=8,
        optimizer="lbfgs",
    )
    found, image = reply.value
    assert torch.allclose(found, expected, atol=1e-9)
    assert torch.allclose(image, net(found), atol=1e-12)


def test_a_function_with_several_outputs(student):
    net, pred, target, delta = network(), draw(2, 2, 6, 6), draw(2, 2, 6, 6) + 1, draw(2, 3)

    def features_fn(x):
        return [net(x), x[..., ::3] ** 2]

    leaf = pred.clone().requires_grad_()
    loss = inversion_loss(leaf, target, delta, features_fn)
    (expected,) = torch.autograd.grad(loss, leaf)
    reply = student("inversion.inversion_loss")(
        pred=Leaf(pred),
        target=target,
        delta=delta,
        features_fn=Differentiable(features_fn),
        cotangent=torch.ones((), dtype=torch.float64),
    )
    assert torch.allclose(reply.value, loss.detach(), atol=1e-12)
    assert torch.allclose(reply.grads["pred"], expected, atol=1e-12)


def test_only_the_latest_graphs_are_kept():
    function = Differentiable(lambda x: x**2)
    (ticket, _, _), *_ = [function.answer("forward", [torch.ones(1)]) for _ in range(limits.KEPT_GRAPHS + 1)]
    with pytest.raises(ValueError, match="calls ago"):
        function.answer("backward", ticket, [torch.ones(1)])
    assert len(function.graphs) == limits.KEPT_GRAPHS


def test_a_graph_that_nobody_asks_through_any_more_is_given_up():
    function = Differentiable(lambda x: x**2)
    first, _, _ = function.answer("forward", [torch.ones(1)])
    function.answer("forward", [torch.ones(1)], [first])
    assert first not in function.graphs

    kept = []

    def network(*given):
        kept.append(len(asked.graphs))
        return given[0] ** 2

    asked = Differentiable(network)
    function = differentiable(lambda what, *request: asked.answer(what, *request))
    x = torch.ones(3)
    for _ in range(20):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(function(x)[0], x)
        x = x - 0.1 * gradient
    assert max(kept) <= 2


def test_outputs_without_a_gradient():
    function = Differentiable(lambda x, t: torch.zeros(2))
    ticket, _, _ = function.answer("forward", [torch.ones(1), 3])
    assert function.answer("backward", ticket, [torch.ones(2)]) == [None, None]
