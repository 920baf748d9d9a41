"""Steps of training: the project's loop against the plainest one, and what R1 and DiffAug add to a GAN's step.

"network alone" is forward and backward on a batch that is already there: what is above it is spent outside the network.
"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference import data
from reference.networks.schedules import DIGIT_SCHEDULE
from reference.training.diffusion import P_UNCOND, class_unet
from reference.training.gan import stylegan_training
from reference.training.loop import Options
from reference.unet import ClassConditionalUNet

BATCH = 64
STEPS = 2  # of each measurement: a slice of an epoch, whose steps are all alike
GAN_BATCH = 8
GAN_STEPS = 16  # R1 comes every sixteenth


def plainest_loop(network, device, steps, batch):
    """As the handout writes it."""
    pictures = data.load("digits")
    count = steps * batch
    loader = DataLoader(TensorDataset(pictures.floats()[:count], pictures.labels[:count]), batch, shuffle=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    alphas_cumprod = DIGIT_SCHEDULE.to(device)

    def epoch():
        for x0, labels in loader:
            x0, labels = x0.to(device), labels.to(device)
            t = torch.randint(0, 300, (batch,), device=device)
            noise = torch.randn_like(x0)
            alpha_bar = alphas_cumprod[t].view(-1, 1, 1, 1)
            x_t = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise
            keep = (torch.rand(batch, device=device) >= P_UNCOND).float()
            loss = F.mse_loss(network(x_t, labels, t / 300, keep), noise)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.detach()

    return epoch


def our_loop(precision, device, steps, batch):
    options = Options(Path(), "digits", 1000, batch, 1e-3, device=device, precision=precision)
    training, _ = class_unet(options)
    done = 0

    def epoch():
        nonlocal done
        for _ in range(steps):
            losses = training.step(done)
            done += 1
        return losses["loss"].detach()

    return epoch


def network_alone(network, device, steps, batch):
    x_t, keep, t = torch.randn(batch, 1, 28, 28), torch.ones(batch), torch.rand(batch)
    inputs = [value.to(device) for value in (x_t, torch.zeros(batch, dtype=torch.int64), t, keep)]

    def epoch():
        for _ in range(steps):
            network.zero_grad()
            loss = network(*inputs).square().mean()
            loss.backward()
        return loss.detach()

    return epoch


@pytest.mark.benchmark(group="training the class-conditioned UNet")
def test_epoch(bench):
    device = bench.settings.device
    steps, batch = (1, 4) if bench.settings.quick else (STEPS, BATCH)
    network = lambda: ClassConditionalUNet(num_hiddens=64).to(device)
    contenders = {
        "plainest loop": plainest_loop(network(), device, steps, batch),
        "ours": our_loop("float32", device, steps, batch),
        "ours in bfloat16": our_loop("bfloat16", device, steps, batch),
        "network alone": network_alone(network(), device, steps, batch),
    }
    rounds = bench.race(contenders, rounds=3)
    for name, losses in rounds.items():
        assert all(0 < loss < 2 for loss in losses)
        bench.note(name, **{"samples a second": steps * batch / min(bench.contenders[name]["seconds"])})
    bench.facts(about=f"{steps} steps of batch {batch}")


@pytest.mark.benchmark(group="training the GAN with R1 and DiffAug")
def test_gan(bench):
    """EECS part A's three settings; one step in sixteen pays for R1 ("lazy regularisation")."""
    settings = bench.settings
    steps, batch = (1, 2) if settings.quick else (GAN_STEPS, GAN_BATCH)
    flags = {"plain": (False, False), "R1": (True, False), "R1 and DiffAug": (True, True)}

    def contender(r1, diffaug):
        options = Options(Path(), "faces", 1000, batch, 1e-3, settings.seed, settings.device)
        options = replace(options, use_r1_regularization=r1, use_diffaug=diffaug)
        training, _ = stylegan_training(options)
        return lambda: [training.step(k) for k in range(steps)][-1]["generator"]

    rounds = bench.race({name: contender(*both) for name, both in flags.items()}, rounds=bench.few)
    assert all(loss.isfinite() for losses in rounds.values() for loss in losses)
    bench.facts(about=f"{steps} steps of batch {batch}, R1 in every {GAN_STEPS}th", steps=steps)
