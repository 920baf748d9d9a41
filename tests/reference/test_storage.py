"""Weights in a file: what is rounded, by how much, and that a network comes back from it."""

import pytest
import torch

from reference import networks
from reference.networks.classifier import Classifier
from reference.networks.storage import LARGE, decoded, encoded, in_eight_bits

SHAPES = [(512, 512), (256, 64, 4, 4), (128, 2, 1024)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_no_weight_moves_by_more_than_half_a_step(shape, dtype, rand):
    rows = torch.logspace(-4, 1, shape[0], dtype=torch.float64).view(-1, *[1] * (len(shape) - 1))
    weight = (rows * rand(*shape)).to(dtype)  # rows of sizes of their own
    kept = encoded({"weight": weight})
    assert (kept["weight"].dtype, kept["weight.scale"].shape) == (torch.int8, rows.shape)
    step = weight.abs().flatten(1).amax(1).view_as(rows).double() / 127
    back = decoded(kept)["weight"]
    assert back.dtype == torch.float32
    assert ((back - weight).abs() <= 0.5001 * step).all()  # a float32 is rounded, too


def test_what_is_written_twice_stays_as_it_is(rand):
    once = encoded({"weight": rand(512, 512)})
    twice = encoded(decoded(once))
    assert torch.equal(twice["weight"], once["weight"])
    assert torch.allclose(twice["weight.scale"], once["weight.scale"], rtol=1e-6, atol=0)


@pytest.mark.parametrize("shape", [(512, 511), (LARGE,), ()])
def test_small_arrays_and_those_without_rows_stay_in_half_precision(shape, rand):
    state = {"weight": rand(*shape), "count": torch.tensor(7)}
    kept = encoded(state)
    assert kept.keys() == state.keys()
    assert torch.equal(kept["weight"], state["weight"].half())
    assert torch.equal(kept["count"], state["count"])
    assert torch.equal(decoded(kept)["weight"], kept["weight"])


def test_rows_of_zeros_stay_zeros():
    """A layer that starts at 0, as the encoder's last one."""
    steps, scale = in_eight_bits(torch.zeros(3, 4))
    assert not steps.any()
    assert torch.equal(steps * scale, torch.zeros(3, 4))


def test_a_network_comes_back_from_a_file(tmp_path):
    size = {"in_channels": 1, "num_classes": 2200, "num_hiddens": 30}  # the last layer is large
    network = Classifier(**size)
    networks.export(network, "Classifier", size, tmp_path / "model.safetensors", {})
    state, back = network.state_dict(), networks.load(tmp_path / "model.safetensors").state_dict()
    assert back.keys() == state.keys()
    assert {one.dtype for one in back.values()} == {torch.float32, torch.int64}
    for name, value in decoded(encoded(state)).items():
        assert torch.equal(back[name], value.to(back[name].dtype))
