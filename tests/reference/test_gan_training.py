"""Adversarial training: the handout's settings reach it, nothing is random but what the seed says, runs resume."""

import copy
import dataclasses
import doctest
import importlib

import pytest
import torch
from PIL import Image

from reference.networks.dcgan import DCDiscriminator, DCGenerator
from reference.networks.stylegan import StyleDiscriminator, StyleGenerator
from reference.training import gan
from reference.training.encoder import encoder_training
from reference.training.gan import GanTraining, dcgan_training, stylegan_training
from reference.training.loop import Options, run, update_average

NARROW = {4: 8, 8: 8, 16: 8, 32: 8}


@pytest.fixture(autouse=True)
def one_thread():
    """Sums over threads may come in any order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def options(tmp_path):
    return Options(tmp_path / "run", "faces", steps=3, batch_size=4, learning_rate=2e-3)


@pytest.fixture
def images(rand):
    return rand(7, 3, 32, 32, dtype=torch.float32).tanh()


def style(images, options, **settings):
    torch.manual_seed(0)
    networks = StyleGenerator(channels=NARROW), StyleDiscriminator(channels=NARROW)
    return GanTraining(*networks, images, options, sample=gan._mixed, show=gan._plain, **settings)


def dc(images, options, **settings):
    torch.manual_seed(0)
    return GanTraining(DCGenerator(width=4), DCDiscriminator(width=4), images, options, **settings)


def weights(trainer):
    return {
        f"{name}.{key}": value.clone()
        for name, network in trainer.networks.items()
        for key, value in network.state_dict().items()
    }


def assert_equal(first, second):
    assert first.keys() == second.keys()
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


def with_flags(options, r1=True, augmentation=True, **others):
    return dataclasses.replace(options, use_r1_regularization=r1, use_diffaug=augmentation, **others)


@pytest.mark.parametrize("module", ["gan", "encoder"])
def test_the_examples_run(module):
    result = doctest.testmod(importlib.import_module(f"reference.training.{module}"))
    assert result.attempted and not result.failed


@pytest.mark.parametrize("build", [style, dc])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_ends_with_the_very_same_weights(build, precision, images, options, tmp_path):
    options = with_flags(options, precision=precision)
    whole, first, second = (build(images, options, interval=2) for _ in range(3))
    run(whole, options, quiet=True)
    parts = dataclasses.replace(options, outdir=tmp_path / "parts")
    run(first, dataclasses.replace(parts, steps=2), quiet=True)
    torch.manual_seed(99)  # the global state does not matter
    run(second, parts, quiet=True)
    assert_equal(weights(whole), weights(second))


@pytest.mark.parametrize("build", [style, dc])
def test_pictures_take_nothing_from_the_training(build, images, options):
    left, alone = build(images, options), build(images, options)
    for k in range(2):
        left.step(k)
        left.pictures(options.outdir.parent / f"step00000{k}.png")
        alone.step(k)
    assert_equal(weights(left), weights(alone))


def test_pictures_are_named_as_in_the_handout_and_always_of_the_same_z(images, options):
    run(style(images, options), options, quiet=True)
    assert sorted(path.name for path in options.outdir.glob("*.png")) == ["fakes000003.png"]
    trainer = style(images, options)
    for name in ("step000001.png", "step000002.png"):
        trainer.pictures(options.outdir / name)
    first, second = (Image.open(options.outdir / f"fakes00000{k}.png").tobytes() for k in (1, 2))
    assert first == second


def test_losses_are_the_reference_s(images, options):
    losses = style(images, options).step(0)
    assert set(losses) == {"generator", "discriminator", "real", "fake"}
    assert all(loss.isfinite() and not loss.requires_grad for loss in losses.values())


@pytest.mark.parametrize("use", [False, True])
def test_r1_acts_at_lazy_steps_only(use, images, options):
    plain = style(images, with_flags(options, r1=False, augmentation=False))
    other = style(images, with_flags(options, r1=use, augmentation=False, gamma=10.0), interval=3)
    # The same Adam for both: with R1 it is slower, which is another test.
    for optimizer in other.optimizers.values():
        optimizer.param_groups[0].update(lr=options.learning_rate, betas=(0.0, 0.99))
    seen = []
    for k in range(7):
        other.discriminator.load_state_dict(plain.discriminator.state_dict())
        other.generator.load_state_dict(plain.generator.state_dict())
        for name, optimizer in plain.optimizers.items():
            other.optimizers[name].load_state_dict(copy.deepcopy(optimizer.state_dict()))
        losses, others = plain.step(k), other.step(k)
        assert torch.equal(losses["discriminator"], others["discriminator"])
        moved = not torch.equal(plain.discriminator.dense.weight, other.discriminator.dense.weight)
        assert moved == ("r1" in others)
        seen.append(moved)
    assert seen == [use and k in (0, 3, 6) for k in range(7)]


def test_the_lazy_penalty_is_multiplied_by_its_interval(images, options):
    trainer = style(images, with_flags(options, augmentation=False, gamma=3.0), interval=5)
    trainer._descend = lambda name, loss: descended.append((name, loss.item()))
    descended = []
    losses = trainer.step(0)
    (*_, (name, loss)) = descended
    assert name == "discriminator_optimizer" and loss == pytest.approx(5 * losses["r1"].item(), rel=1e-6)


def test_r1_in_bfloat16_is_nearly_r1(images, options):
    penalties = {}
    for precision in ("float32", "bfloat16"):
        trainer = style(images, with_flags(options, augmentation=False, precision=precision))
        penalties[precision] = trainer.step(0)["r1"].item()
    assert penalties["bfloat16"] == pytest.approx(penalties["float32"], rel=0.2)
    assert penalties["bfloat16"] != penalties["float32"]


def test_adam_makes_up_for_the_steps_of_r1(images, options):
    def adam(r1):
        (group,) = style(images, with_flags(options, r1=r1)).optimizers["discriminator_optimizer"].param_groups
        return group["lr"], group["betas"]

    assert adam(False) == (2e-3, (0.0, 0.99))
    rate, (beta1, beta2) = adam(True)
    assert rate == pytest.approx(2e-3 * 16 / 17) and beta1 == 0 and beta2 == pytest.approx(0.99 ** (16 / 17))


@pytest.mark.parametrize("use", [False, True])
def test_augmentation_in_three_places(use, images, options, monkeypatch):
    """On fakes for the generator, with gradients through it, and on fakes and real images for the discriminator."""
    seen = []

    def augment(x, policy, generator):
        real = any(torch.equal(x[0], image) for image in torch.cat([images, images.flip(3)]))
        seen.append(("real" if real else "fake", x.requires_grad, policy))
        return x * 0.5

    monkeypatch.setattr(gan, "diff_augment", augment)
    trainer = style(images, with_flags(options, r1=False, augmentation=use))
    shown = []
    trainer.discriminator.register_forward_pre_hook(lambda module, args: shown.append(args[0].abs().max().item()))
    trainer.step(0)
    policy = "color,translation,cutout"
    assert seen == ([("fake", True, policy), ("fake", False, policy), ("real", False, policy)] if use else [])
    assert len(shown) == 3, "the discriminator looks nowhere else"


def test_gradients_flow_through_the_augmentation(images, options):
    trainer = style(images, with_flags(options))
    before = weights(trainer)
    trainer.step(0)
    moved = [key for key, value in weights(trainer).items() if not torch.equal(value, before[key])]
    assert any(key.startswith("generator.mapping") for key in moved)
    assert any(key.startswith("discriminator.") for key in moved)


def test_each_network_is_trained_by_its_own_loss(images, options):
    trainer = style(images, options)
    before = weights(trainer)
    trainer._train_generator(torch.Generator())
    assert_equal(
        {k: v for k, v in weights(trainer).items() if k.startswith("disc")},
        {k: v for k, v in before.items() if k.startswith("disc")},
    )
    assert all(parameter.requires_grad for parameter in trainer.discriminator.parameters())
    before = weights(trainer)
    trainer._train_discriminator(images[:4], torch.Generator())
    assert_equal(
        {k: v for k, v in weights(trainer).items() if k.startswith("gen")},
        {k: v for k, v in before.items() if k.startswith("gen")},
    )


def test_the_average_follows_the_generator(images, options):
    trainer, again = style(images, options), style(images, options)
    trainer.step(0)
    update_average(again.average, trainer.generator, again.decay, 0)
    assert_equal(again.average.state_dict(), trainer.average.state_dict())


@pytest.mark.parametrize("build, generator", [(stylegan_training, StyleGenerator), (dcgan_training, DCGenerator)])
def test_the_handout_s_command(build, generator, options):
    trainer, arguments = build(with_flags(options))
    assert "r1" in trainer.step(0)
    shipped = generator(**arguments)
    shipped.load_state_dict(trainer.average.state_dict())
    assert len(trainer.images) > 50 and trainer.images.shape[1:] == (3, 32, 32)


def test_the_encoder_learns_from_the_frozen_generator(options):
    torch.manual_seed(0)
    generator = StyleGenerator(channels=NARROW)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    options = dataclasses.replace(options, learning_rate=1e-3, steps=30)
    trainer, _ = encoder_training(options, generator)
    trainer.WARM_UP = 1
    losses = [trainer.step(k)["loss"].item() for k in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    assert_equal(before, dict(generator.state_dict()))
    options.outdir.mkdir()
    trainer.pictures(options.outdir / "step000030.png")
