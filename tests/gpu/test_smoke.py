"""The smoke demonstrations with the networks on CUDA, in float32 and in bfloat16, against the CPU's expected values."""

import pytest
import torch

from grading.contract.reference import reference_function
from grading.paths import ROOT
from grading.pictures.demonstration import expected_values
from grading.pictures.demonstrations import DEMONSTRATIONS
from grading.pictures.functions import Trusted
from grading.pictures.run import PASSED, run
from grading.pictures.run import _judge as judge
from grading.pictures.techniques import interpolation, inversion, scribble
from grading.pictures.worlds.shipped import Shipped

pytestmark = pytest.mark.gpu

# An inversion's line search needs more digits than bfloat16 has.
IN_FLOAT32 = {technique.__name__ for technique in (inversion, scribble, interpolation)}
NAMES = [one.name for one in DEMONSTRATIONS]
BY_NAME = dict(zip(NAMES, DEMONSTRATIONS))


@pytest.fixture(scope="module")
def world():
    return Shipped(0, "cuda")


def judged(one, world):
    return judge(one, one.run(Trusted(reference_function), world), expected_values()[one.name], 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_in_float32(name, world):
    outcome = judged(BY_NAME[name], world)
    assert outcome.outcome == PASSED, outcome.problems
    assert torch.cuda.max_memory_allocated() > 0


@pytest.mark.parametrize("name", [one.name for one in DEMONSTRATIONS if one.run.__module__ not in IN_FLOAT32])
def test_in_bfloat16(name, world):
    # Without a cache of weights: VSD changes its LoRA between two calls.
    with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
        outcome = judged(BY_NAME[name], world)
    assert outcome.outcome == PASSED, outcome.problems


def test_isolated_functions_beside_a_gpu(fork_server, world):
    """As a submission's: in confined processes, which see no GPU; network and gradients are answered from here."""
    one = BY_NAME["DPS: inpainting, super-resolution, deblurring"]
    (outcome,) = run(fork_server, ROOT / "reference", world, [one])
    assert outcome.outcome == PASSED, outcome.problems
