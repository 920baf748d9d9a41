"""Training on CUDA: every recipe takes its steps and draws its pictures, and a resumed run is the same to the bit."""

import warnings
from dataclasses import replace

import pytest
import torch

from reference import networks
from reference.training import __main__ as command
from reference.training import loop
from reference.training.curves import read_log
from reference.training.recipes import RECIPES

pytestmark = pytest.mark.gpu

STEPS = 4


@pytest.fixture
def deterministic():
    """Algorithms without races, where there are some: bilinear interpolation and max pooling warn, and have none here."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*deterministic.*")
        yield
    torch.use_deterministic_algorithms(False)


def built(name, outdir, precision):
    """The recipe's trainer, from always the same first weights, with small batches."""
    recipe = RECIPES[name]
    options = loop.Options(
        outdir,
        recipe.data,
        STEPS,
        8,
        recipe.learning_rate,
        device="cuda",
        precision=precision,
        use_r1_regularization=recipe.use_r1_regularization,
        use_diffaug=recipe.use_diffaug,
    )
    torch.manual_seed(0)
    return recipe.build(options)[0], options


def weights(trainer):
    return {f"{name}.{key}": v for name, net in trainer.networks.items() for key, v in net.state_dict().items()}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RECIPES)
def test_a_resumed_run_is_the_same_to_the_bit(name, precision, tmp_path, deterministic):
    whole, options = built(name, tmp_path / "whole", precision)
    if precision == "float32":
        whole.pictures = lambda path: path.touch()  # once is enough: sampling takes longer than training
    before = {key: value.clone() for key, value in weights(whole).items()}
    loop.run(whole, options, quiet=True)
    assert all(value.is_cuda for value in weights(whole).values())
    assert all(value.isfinite().all() for value in weights(whole).values())
    assert any(not torch.equal(value, before[key]) for key, value in weights(whole).items())
    assert list((tmp_path / "whole").glob("*.png"))

    parts, options = built(name, tmp_path / "parts", precision)
    parts.pictures = lambda path: None
    loop.run(parts, replace(options, steps=STEPS // 2), quiet=True)
    again, options = built(name, tmp_path / "parts", precision)
    again.pictures = lambda path: None
    with torch.no_grad():
        for network in again.networks.values():
            for parameter in network.parameters():
                parameter.fill_(7)  # everything has to come from the checkpoint
    loop.run(again, options, quiet=True)
    differing = [key for key, value in weights(whole).items() if not torch.equal(value, weights(again)[key])]
    assert not differing


def test_the_command_trains_on_the_gpu(tmp_path, capsys):
    """150 steps are enough for a classifier that is better than chance, and its file loads on either device."""
    flags = ["--outdir", str(tmp_path), "--steps", "150", "--device", "cuda", "--quiet", "--pictures_every", "150"]
    command.main(["digit-classifier", *flags])
    assert "model.safetensors after 150 steps" in capsys.readouterr().out
    losses = [value for _, value in read_log(tmp_path / "log.txt")["loss"]]
    assert losses[-1] < 0.75 * losses[0]
    images = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    on_gpu = networks.load(tmp_path / "model.safetensors", "cuda")(images.cuda())
    on_cpu = networks.load(tmp_path / "model.safetensors")(images)
    assert torch.allclose(on_gpu.cpu(), on_cpu, atol=1e-3)
