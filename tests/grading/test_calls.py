"""Calls of the student's, and networks, as a worker builds, runs and trains them."""

import functools
import random

import numpy as np
import pytest
import torch
from torch import nn

from grading.contract.functions import FUNCTIONS, function
from grading.sandbox.crossing.calls import default_of, run_module
from grading.sandbox.requests import request

BUILT = {"settings": {}, "by_name": False}


class Rotating(nn.Module):
    """Frequencies in a complex buffer, as rotary embeddings keep them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.register_buffer("frequencies", torch.polar(torch.ones(4), torch.arange(4.0)))

    def forward(self, x):
        return self.weight * x + torch.view_as_real(self.frequencies).sum().to(x.dtype)


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.value.expand_as(x)


def test_what_optimises_is_said_in_its_record():
    """The fork server imports what an optimizer needs ahead of these workers: 0.8 s less for each."""
    assert [one.task for one in FUNCTIONS if one.optimises] == ["inversion.invert", "bells.invert_best_of"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_runs_in_the_dtype_of_its_images_and_what_is_complex_stays_so(dtype):
    x = torch.zeros(2, 1, 3, 3, dtype=dtype)
    (y,) = run_module(Rotating, inputs=[{"x": x}], train=None, **BUILT)["outputs"]
    assert y.dtype == dtype
    expected = torch.polar(torch.ones(4), torch.arange(4.0))
    assert y[0, 0, 0, 0].item() == pytest.approx(float(torch.view_as_real(expected).sum()), rel=1e-6)


def test_training_ends_where_it_has_come_far_enough():
    x = torch.ones(1, 1, 2, 2)
    losses = {
        enough: run_module(
            Constant,
            inputs=[{"x": x}],
            train={"arguments": {"x": x}, "target": 0.1 * x, "steps": 200, "enough": enough},
            **BUILT,
        )["losses"]
        for enough in (0.5, 0.0)
    }
    assert losses[0.5][0] == losses[0.0][0]
    assert 0.4 * losses[0.5][0] < losses[0.5][1] < 0.5 * losses[0.5][0]
    assert losses[0.0][1] < 0.1 * losses[0.0][0]


@pytest.mark.parametrize(
    ("draw", "drew"),
    [
        (lambda: torch.rand(1).item(), True),
        (random.random, True),
        (np.random.normal, True),
        (lambda: torch.rand(1, generator=torch.Generator()).item(), False),  # of its own, which leaves no trace
        (lambda: 1.0, False),
    ],
)
def test_a_networks_draws_from_a_global_state_show(draw, drew):
    class Drawing(Constant):
        def forward(self, x):
            return super().forward(x) + draw()

    inputs = [{"x": torch.zeros(2, 1, 3, 3)}] * 2
    assert run_module(Drawing, inputs=inputs, train=None, **BUILT)["drew"] == drew


def test_a_default_is_what_the_functions_own_signature_says():
    def invert(latent, num_steps=1000, optimizer="lbfgs", loss_fn=torch.nn.functional.mse_loss):
        pass

    @functools.wraps(invert)
    def shorter(*arguments, **named):
        return invert(*arguments, **{"num_steps": 5} | named)

    assert default_of(invert, "num_steps") == 1000 and default_of(invert, "optimizer") == "lbfgs"
    for nothing in ("latent", "loss_fn", "missing"):
        assert default_of(invert, nothing) is None
    assert default_of(shorter, "num_steps") is None, "what a decorator hands on is another default"


def test_a_call_may_be_allowed_few_callbacks():
    whole = request(function("guidance.guided_eps"), {"model": lambda x: x + 1}, False, None, False)
    (few,) = whole.asking_at_most(2).callbacks
    assert few(1) == 2 and few(2) == 3
    with pytest.raises(RuntimeError, match="more than 2 calls"):
        few(3)
    assert [whole.callbacks[0](1) for _ in range(5)] == [2] * 5
