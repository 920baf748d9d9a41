"""The smoke demonstrations with the networks on CUDA, in float32 and in bfloat16, against the CPU's expected values."""

import json

import pytest
import torch

from grading.paths import ROOT
from grading.smoke import distillation, editing, illusions, restoration, sampling
from grading.smoke.demonstrations import DEMONSTRATIONS
from grading.smoke.functions import Trusted, of_the_reference
from grading.smoke.run import EXPECTED, PASSED, run
from grading.smoke.run import _judge as judge
from grading.smoke.stage import Stage

pytestmark = pytest.mark.gpu

# An inversion's line search needs more digits than bfloat16 has.
IN_BFLOAT16 = {family.__name__ for family in (sampling, editing, illusions, restoration, distillation)}
NAMES = [one.name for one in DEMONSTRATIONS]
BY_NAME = dict(zip(NAMES, DEMONSTRATIONS))


@pytest.fixture(scope="module")
def stage():
    return Stage(0, "cuda")


def judged(one, stage):
    expected = json.loads(EXPECTED.read_text())[one.name]
    return judge(one, one.run(Trusted(of_the_reference), stage), expected, 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_in_float32(name, stage):
    outcome = judged(BY_NAME[name], stage)
    assert outcome.outcome == PASSED, outcome.problems
    assert torch.cuda.max_memory_allocated() > 0


@pytest.mark.parametrize("name", [one.name for one in DEMONSTRATIONS if one.run.__module__ in IN_BFLOAT16])
def test_in_bfloat16(name, stage):
    # Without a cache of weights: VSD changes its LoRA between two calls.
    with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
        outcome = judged(BY_NAME[name], stage)
    assert outcome.outcome == PASSED, outcome.problems


def test_isolated_functions_beside_a_gpu(fork_server, stage):
    """As a submission's: in confined processes, which see no GPU; network and gradients are answered from here."""
    one = BY_NAME["DPS: inpainting, super-resolution, deblurring"]
    (outcome,) = run(fork_server, ROOT / "reference", stage, [one])
    assert outcome.outcome == PASSED, outcome.problems
