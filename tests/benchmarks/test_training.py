"""One epoch of the class-conditioned UNet: the project's loop against the plainest one, with the same network.

"network alone" is forward and backward on a batch that is already there: what is above it is spent outside the network.
"""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference import data
from reference.training.diffusion import DIGIT_SCHEDULE, P_UNCOND, class_unet
from reference.training.loop import Options
from reference.unet import ClassConditionalUNet

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
BATCH = 64
STEPS = 8  # of each measurement: a slice of an epoch, whose steps are all alike


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def plainest_loop(network):
    """As the handout writes it."""
    pictures = data.load("digits")
    count = STEPS * BATCH
    loader = DataLoader(TensorDataset(pictures.floats()[:count], pictures.labels[:count]), BATCH, shuffle=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    alphas_cumprod = DIGIT_SCHEDULE.to(DEVICE)

    def epoch():
        for x0, labels in loader:
            x0, labels = x0.to(DEVICE), labels.to(DEVICE)
            t = torch.randint(0, 300, (BATCH,), device=DEVICE)
            noise = torch.randn_like(x0)
            alpha_bar = alphas_cumprod[t].view(-1, 1, 1, 1)
            x_t = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise
            keep = (torch.rand(BATCH, device=DEVICE) >= P_UNCOND).float()
            loss = F.mse_loss(network(x_t, labels, t / 300, keep), noise)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    return epoch


def our_loop(precision):
    options = Options(Path(), "digits", 1000, BATCH, 1e-3, device=DEVICE, precision=precision)
    training, _ = class_unet(options)
    done = 0

    def epoch():
        nonlocal done
        for _ in range(STEPS):
            losses = training.step(done)
            done += 1
        return losses["loss"].item()

    return epoch


def network_alone(network):
    x_t, keep, t = torch.randn(BATCH, 1, 28, 28), torch.ones(BATCH), torch.rand(BATCH)
    inputs = [value.to(DEVICE) for value in (x_t, torch.zeros(BATCH, dtype=torch.int64), t, keep)]

    def epoch():
        for _ in range(STEPS):
            network.zero_grad()
            loss = network(*inputs).square().mean()
            loss.backward()
        return loss.item()

    return epoch


@pytest.mark.benchmark(group=f"{STEPS} steps of the class-conditioned UNet, batch {BATCH}")
@pytest.mark.parametrize("who", ["plainest loop", "ours", "ours in bfloat16", "network alone"])
def test_epoch(benchmark, who):
    network = ClassConditionalUNet(num_hiddens=64).to(DEVICE)
    epoch = {
        "plainest loop": lambda: plainest_loop(network),
        "ours": lambda: our_loop("float32"),
        "ours in bfloat16": lambda: our_loop("bfloat16"),
        "network alone": lambda: network_alone(network),
    }[who]()
    loss = benchmark.pedantic(epoch, rounds=3, warmup_rounds=1)
    assert 0 < loss < 2
