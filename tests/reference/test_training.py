"""The training loop, its command line, and the measures, against closed forms and other libraries."""

import copy
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch
import torch.nn.functional as F
from PIL import Image

from reference import networks
from reference.data.grids import grid
from reference.networks import quality
from reference.training import __main__ as command
from reference.training import loop
from reference.training.curves import draw_curves, read_log
from reference.training.recipes import RECIPES
from reference.training.views import random_views

TARGET = torch.tensor([[1.0, -2.0, 0.5]])


def options(outdir, **changes):
    start = loop.Options(outdir=outdir, data="digits", steps=60, batch_size=8, learning_rate=1e-2, pictures_every=1000)
    return replace(start, **changes)


def regression(chosen):
    """A linear layer that learns a matrix from inputs that the step's generator draws."""
    torch.manual_seed(chosen.seed)

    def loss(model, indices, generator):
        x = torch.randn(len(indices), 3, generator=generator)
        return F.mse_loss(model(x), x @ TARGET.T)

    return loop.Training(torch.nn.Linear(3, 1), 20, loss, lambda model, path: path.write_text("shown"), chosen)


class TestBatches:
    @pytest.mark.parametrize("count, batch_size", [(10, 3), (10, 10), (4, 9), (7, 1)])
    def test_every_epoch_shows_every_sample_once(self, count, batch_size):
        seen = torch.cat([loop.batch_indices(count, batch_size, k, seed=3) for k in range(2 * count)])
        epochs = seen[: len(seen) // count * count].view(-1, count)
        assert all(sorted(epoch.tolist()) == list(range(count)) for epoch in epochs)

    def test_epochs_and_seeds_differ(self):
        first, second = (loop.batch_indices(50, 50, k, seed=0) for k in range(2))
        assert not torch.equal(first, second)
        assert not torch.equal(first, loop.batch_indices(50, 50, 0, seed=1))


def with_dropout(chosen):
    """A network that draws random numbers of its own."""
    training = regression(chosen)
    training.network.register_forward_pre_hook(lambda module, inputs: F.dropout(inputs[0], 0.5))
    return training


class TestLoop:
    def test_a_layer_s_own_draws_go_on_where_they_stopped(self, tmp_path):
        whole = with_dropout(options(tmp_path / "whole"))
        loop.run(whole, whole.options, quiet=True)
        stopped = with_dropout(options(tmp_path / "parts", steps=30))
        loop.run(stopped, stopped.options, quiet=True)
        again = with_dropout(options(tmp_path / "parts"))
        torch.rand(100)  # whatever else draws in between
        loop.run(again, again.options, quiet=True)
        assert torch.equal(whole.network.weight, again.network.weight)

    def test_a_resumed_run_ends_where_an_uninterrupted_one_does(self, tmp_path):
        whole = regression(options(tmp_path / "whole"))
        loop.run(whole, whole.options, quiet=True)

        stopped = regression(options(tmp_path / "parts"))
        stopped.options = replace(stopped.options, steps=60)
        real_step = stopped.step

        def step(k):
            if k == 35:
                raise KeyboardInterrupt
            return real_step(k)

        stopped.step = step
        with pytest.raises(KeyboardInterrupt):
            loop.run(stopped, stopped.options, checkpoint_every=10, quiet=True)
        again = regression(options(tmp_path / "parts"))
        with torch.no_grad():
            again.network.weight.fill_(7)  # everything has to come from the checkpoint
        loop.run(again, again.options, quiet=True)

        for name in whole.networks:
            for one, other in zip(whole.networks[name].parameters(), again.networks[name].parameters()):
                assert torch.equal(one, other)

    def test_it_learns_and_says_so(self, tmp_path):
        chosen = options(tmp_path, steps=800, learning_rate=3e-2)
        trainer = regression(chosen)
        loop.run(trainer, chosen, quiet=True)
        assert torch.allclose(trainer.average.weight, TARGET, atol=2e-2)
        losses = [value for _, value in read_log(tmp_path / "log.txt")["loss"]]
        assert len(losses) == 16
        assert losses[-1] < losses[0] / 100
        assert (tmp_path / "step000800.png").read_text() == "shown"

    def test_seconds_add_up_over_a_resumption(self, tmp_path):
        trainer = regression(options(tmp_path))
        first = loop.run(trainer, trainer.options, quiet=True)
        assert loop.run(trainer, replace(trainer.options, steps=70), quiet=True) > first > 0

    def test_another_networks_checkpoint_is_refused_by_name(self, tmp_path):
        trainer = regression(options(tmp_path))
        loop.save(trainer, tmp_path / "other.pt", 1, 0.0)
        trainer.networks = {"network": torch.nn.Linear(4, 1)}
        with pytest.raises(ValueError, match=r"checkpoint_path: .*other\.pt"):
            loop.restore(trainer, tmp_path / "other.pt")
        with pytest.raises(FileNotFoundError, match="checkpoint_path"):
            loop.restore(trainer, tmp_path / "none.pt")

    def test_the_learning_rate_warms_up_and_falls_as_a_cosine(self, tmp_path):
        trainer = regression(options(tmp_path, steps=1000))
        trainer.step(49)
        assert trainer.optimizers["optimizer"].param_groups[0]["lr"] == pytest.approx(1e-2 / 2)
        trainer.step(500)
        expected = 1e-2 * (1 + math.cos(math.pi * 0.5)) / 2
        assert trainer.optimizers["optimizer"].param_groups[0]["lr"] == pytest.approx(expected)

    def test_the_average_follows_its_recursion(self):
        network = torch.nn.BatchNorm1d(2)
        average = copy.deepcopy(network)
        with torch.no_grad():
            network.weight.fill_(3.0)
            network.running_mean.fill_(1.0)
            network.num_batches_tracked.fill_(5)
        loop.update_average(average, network, decay=0.999, k=8)  # decay (1 + 8) / (10 + 8) = 1/2
        assert average.weight.tolist() == [2.0, 2.0]
        assert average.running_mean.tolist() == [0.5, 0.5]
        assert average.num_batches_tracked == 5
        loop.update_average(average, network, decay=0.75, k=10**9)
        assert average.weight.tolist() == [2.25, 2.25]


class TestCommand:
    @pytest.mark.parametrize("name", RECIPES)
    def test_every_recipe_trains_and_exports_a_model_that_loads(self, name, tmp_path, monkeypatch, capsys):
        recipe = RECIPES[name]

        def build(chosen):
            trainer, arguments = recipe.build(chosen)
            trainer.pictures = lambda path: None  # sampling takes longer than two steps
            return trainer, arguments

        monkeypatch.setitem(RECIPES, name, replace(recipe, build=build))
        flags = ["--outdir", str(tmp_path), "--steps", "2", "--batch_size", "4", "--quiet", "--seed", "5"]
        command.main([name, *flags])
        assert "model.safetensors after 2 steps" in capsys.readouterr().out
        model = networks.load(tmp_path / "model.safetensors")
        assert not model.training
        assert all(parameter.isfinite().all() for parameter in model.parameters())
        about = networks.training_of(tmp_path / "model.safetensors")
        assert about["name"] == name
        assert about["options"]["steps"] == 2
        assert about["options"]["seed"] == 5
        assert about["options"]["learning_rate"] == recipe.learning_rate
        assert Image.open(tmp_path / "losses.png").size[0] > 100

    def test_the_handouts_flags(self):
        line = (
            "stylegan --outdir out --data faces --use_r1_regularization True --use_diffaug False --checkpoint_path a.pt"
        )
        flags = command.parser().parse_args(line.split())
        assert (flags.use_r1_regularization, flags.use_diffaug) == (True, False)
        assert (str(flags.outdir), flags.data, str(flags.checkpoint_path)) == ("out", "faces", "a.pt")

    @pytest.mark.parametrize("resolution, asked, gamma", [(64, [], 16.0), (32, ["--gamma", "0.1"], 0.1)])
    def test_a_generator_of_another_size(self, resolution, asked, gamma, tmp_path):
        size = ["--resolution", str(resolution), "--data", "garments"]
        numbers = ["--steps", "1", "--batch_size", "4", "--quiet"]
        command.main(["stylegan", "--outdir", str(tmp_path), *size, *numbers, *asked])
        model = networks.load(tmp_path / "model.safetensors")
        assert model(torch.zeros(1, model.z_dim)).shape == (1, 3, resolution, resolution)
        options = networks.training_of(tmp_path / "model.safetensors")["options"]
        assert (options["resolution"], options["gamma"]) == (resolution, gamma)
        assert Image.open(tmp_path / "fakes000001.png").size[0] > 8 * resolution

    @pytest.mark.parametrize(
        "line, message",
        [
            ("class --resolution 64", "--resolution: class has pictures of one size"),
            ("stylegan --data horses", "data: expected one of digits"),
            ("class --data horses", "name: expected one of digits"),
            ("encoder --data cats", "data: expected faces or animals, of which generators ship, got 'cats'"),
        ],
    )
    def test_what_cannot_be_trained_on_is_told_in_a_line(self, line, message, tmp_path, capsys):
        with pytest.raises(SystemExit):
            command.main([*line.split(), "--outdir", str(tmp_path), "--steps", "1"])
        assert message in capsys.readouterr().err

    def test_a_flag_that_is_neither_true_nor_false(self, capsys):
        with pytest.raises(SystemExit):
            command.parser().parse_args(["class", "--use_diffaug", "yes"])
        assert "expected True or False, got 'yes'" in capsys.readouterr().err


class TestFrechet:
    def test_against_scipys_matrix_square_root(self):
        generator = torch.Generator().manual_seed(0)
        a = torch.randn(200, 6, generator=generator) @ torch.randn(6, 6, generator=generator)
        b = torch.randn(150, 6, generator=generator) @ torch.randn(6, 6, generator=generator) + 1
        mean = (a.mean(0) - b.mean(0)).double().numpy()
        cov_a, cov_b = np.cov(a.numpy(), rowvar=False), np.cov(b.numpy(), rowvar=False)
        expected = mean @ mean + np.trace(cov_a + cov_b - 2 * scipy.linalg.sqrtm(cov_a @ cov_b).real)
        assert quality.frechet_distance(a, b) == pytest.approx(expected, rel=1e-4)

    def test_more_features_than_samples(self):
        a = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
        assert quality.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
        assert quality.frechet_distance(a, a + 2) == pytest.approx(80)

    def test_too_few_samples(self):
        with pytest.raises(ValueError, match="N and M ≥ 2"):
            quality.frechet_distance(torch.zeros(1, 2), torch.zeros(3, 2))

    def test_a_table_compares_sets_of_one_size(self, monkeypatch):
        sizes = []
        monkeypatch.setattr(quality, "frechet_distance", lambda a, b: sizes.append((len(a), len(b))) or 1.0)
        quality.frechet_table(torch.zeros(21, 2), torch.zeros(50, 2), torch.zeros(10, 2), repeats=2)
        assert sizes == [(10, 10)] * 6


def test_nearest_group():
    real = torch.tensor([[0.0], [10.0]])
    fakes = torch.tensor([[1.0], [9.0], [2.0]])
    assert quality.nearest_group_rate(fakes, torch.tensor([0, 1, 1]), real, torch.tensor([0, 1])) == pytest.approx(
        2 / 3
    )


def test_views_without_change_are_the_pictures():
    x = torch.rand(2, 3, 8, 8)
    still = random_views(x, torch.Generator().manual_seed(0), degrees=0.0, zoom=0.0, shift=0.0)
    assert torch.allclose(still, x, atol=1e-5)
    turned = random_views(x, torch.Generator().manual_seed(0))
    assert turned.shape == x.shape
    assert not torch.allclose(turned, x, atol=1e-2)


def test_a_move_of_views_is_a_fraction_of_the_side():
    x = torch.zeros(200, 1, 20, 20)
    x[:, :, 10, 10] = 1
    views = random_views(x, torch.Generator().manual_seed(0), degrees=0.0, zoom=0.0, shift=0.1)
    rows = (views.sum(dim=(1, 3)) * torch.arange(20)).sum(1) / views.sum(dim=(1, 2, 3))
    assert 1.5 < (rows - 10).abs().max() <= 2.05


def test_a_grid_puts_each_pixel_where_it_belongs():
    images = torch.zeros(3, 1, 2, 2)
    images[2, 0, 1, 0] = 1
    sheet = np.asarray(grid(images, columns=2, scale=2, gap=1))
    assert sheet.shape == (11, 11, 3)
    assert (sheet[8:10, 1:3] == 255).all()  # the third picture's lower left
    assert (sheet[6:8, 1:3] == 0).all()
    assert np.asarray(grid(-torch.ones(1, 3, 2, 2), 1)).min() == 0  # three channels: black is -1


def test_curves_take_the_later_of_two_lines(tmp_path):
    lines = [{"step": 1, "seconds": 1, "a": 3.0}, {"step": 2, "seconds": 2, "a": 1.0, "b": -1.0}]
    lines.append({"step": 1, "seconds": 1, "a": 2.0})
    (tmp_path / "log.txt").write_text("\n".join(json.dumps(line) for line in lines))
    assert read_log(tmp_path / "log.txt") == {"a": [(1, 2.0), (2, 1.0)], "b": [(2, -1.0)]}
    draw_curves(tmp_path / "log.txt", tmp_path / "losses.png")
    assert Image.open(tmp_path / "losses.png").format == "PNG"
