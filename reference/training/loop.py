"""The one training loop: everything that is the same whatever is trained.

A `Trainer` says what one step does. `run` repeats it with a progress bar, a log, checkpoints, resuming and pictures.
Every random draw of step k comes from a generator seeded with (seed, k), except those that layers make themselves
(dropout has no generator): for them a checkpoint holds the state of torch's own. So a resumed run continues exactly as
if it had never stopped.
"""

import contextlib
import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..data.draws import seeded

__all__ = ["Options", "Trainer", "Training", "autocast", "batch_indices", "placed", "run", "update_average"]

CHECKPOINT = "checkpoint.pt"
LOG = "log.txt"


@dataclass(frozen=True)
class Options:
    """What every training takes from the command line; the recipe's defaults stand in for what is left out."""

    outdir: Path
    data: str
    steps: int
    batch_size: int
    learning_rate: float
    seed: int = 0
    device: str = "cpu"
    precision: str = "float32"  # or "bfloat16": matrix products in bfloat16, weights and sums in float32
    pictures_every: int = 500  # steps
    use_r1_regularization: bool = False
    use_diffaug: bool = False
    gamma: float = 1.0  # of R1
    resolution: int = 32  # of generators
    full: bool = False  # all 60,000 digits or garments in place of those that ship


@runtime_checkable
class Trainer(Protocol):
    """What one kind of training has to offer."""

    networks: dict[str, nn.Module]  # all that a checkpoint holds, the averaged weights among them
    optimizers: dict[str, torch.optim.Optimizer]

    def step(self, k: int) -> dict[str, Tensor]:
        """Train once, as step k of the run, and give the losses."""

    def pictures(self, path: Path) -> None:
        """Save what the networks make now."""


def batch_indices(count: int, batch_size: int, k: int, seed: int) -> Tensor:
    """The samples of step k: every epoch is a permutation of its own, and a batch may reach over two of them.

    >>> sorted(torch.cat([batch_indices(6, 4, k, seed=0) for k in range(3)]).tolist())
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    """
    first, last = k * batch_size, (k + 1) * batch_size - 1
    epochs = [_permutation(count, epoch, seed) for epoch in range(first // count, last // count + 1)]
    start = first % count
    return torch.cat(epochs)[start : start + batch_size]


_permutations: dict[tuple[int, int, int], Tensor] = {}


def _permutation(count: int, epoch: int, seed: int) -> Tensor:
    key = (count, epoch, seed)
    if key not in _permutations:
        if len(_permutations) > 8:
            _permutations.clear()
        _permutations[key] = torch.randperm(count, generator=seeded("cpu", seed, "epoch", epoch))
    return _permutations[key]


def placed(network: nn.Module, device: str) -> nn.Module:
    """The network on its device, channels last: convolutions on CPU and on tensor cores take it without reordering."""
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in its stubs


def autocast(options: Options) -> contextlib.AbstractContextManager:
    """Matrix products in the chosen precision."""
    device = torch.device(options.device).type
    return torch.autocast(device, dtype=torch.bfloat16, enabled=options.precision == "bfloat16")


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, k: int) -> None:
    """Move the averaged weights towards the network's: average ← decay · average + (1 − decay) · network.

    Early on the decay is smaller, min(decay, (1 + k) / (10 + k)), lest the first random weights linger.
    """
    move = get_ema_multi_avg_fn(min(decay, (1 + k) / (10 + k)))
    pairs = list(zip(_tensors(average), _tensors(network), strict=True))
    averaged, current = zip(*((old, new) for old, new in pairs if old.is_floating_point()))
    move(averaged, current, None)  # all at once: on a GPU a call for each tensor takes as long as a third of the step
    for old, new in pairs:
        if not old.is_floating_point():
            old.copy_(new)  # batch normalisation counts its batches


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()


class Training:
    """The training of one network on one loss: Adam, a cosine learning rate, averaged weights.

    ``loss(network, indices, generator)`` takes the samples' indices; ``show(network, path)`` saves pictures.
    """

    DECAY = 0.999
    WARM_UP = 100  # steps

    def __init__(
        self,
        network: nn.Module,
        count: int,
        loss: Callable[[nn.Module, Tensor, torch.Generator], Tensor],
        show: Callable[[nn.Module, Path], None],
        options: Options,
    ) -> None:
        self.options, self.count, self.loss, self.show = options, count, loss, show
        self.network = placed(network, options.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.networks = {"network": self.network, "average": self.average}
        optimizer = torch.optim.Adam(self.network.parameters(), lr=options.learning_rate)
        self.optimizers: dict[str, torch.optim.Optimizer] = {"optimizer": optimizer}

    def step(self, k: int) -> dict[str, Tensor]:
        """One step of Adam at step k's learning rate."""
        options, (optimizer,) = self.options, self.optimizers.values()
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * self._rate(k)
        indices = batch_indices(self.count, options.batch_size, k, options.seed).to(options.device)
        with autocast(options):
            loss = self.loss(self.network, indices, seeded(options.device, options.seed, "step", k))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_average(self.average, self.network, self.DECAY, k)
        return {"loss": loss.detach()}

    def pictures(self, path: Path) -> None:
        """What the averaged weights make."""
        with torch.no_grad(), autocast(self.options):
            self.show(self.average.eval(), path)

    def _rate(self, k: int) -> float:
        """Linear warm-up, then half a cosine down to 0."""
        if k < self.WARM_UP:
            return (k + 1) / self.WARM_UP
        return 0.5 * (1 + math.cos(math.pi * k / self.options.steps))


def run(
    trainer: Trainer, options: Options, resume: Path | None = None, checkpoint_every: int = 250, quiet: bool = False
) -> float:
    """Train for ``options.steps`` steps, and give the seconds they took, those before a resumption included.

    Args:
        trainer: what is trained.
        options: ``outdir`` receives ``log.txt`` (one JSON object a line), ``checkpoint.pt`` and the pictures.
        resume: a checkpoint to go on from; by default the one in ``outdir``, where there is one.
        checkpoint_every: steps between two checkpoints.
        quiet: no progress bar.

    Raises:
        ValueError: the checkpoint is of another network.
    """
    options.outdir.mkdir(parents=True, exist_ok=True)
    own = options.outdir / CHECKPOINT
    first, seconds = restore(trainer, resume or own) if resume or own.is_file() else (0, 0.0)
    losses: list[dict[str, Tensor]] = []
    began = time.monotonic() - seconds
    with _progress(options, first, quiet) as advance, open(options.outdir / LOG, "a") as log:
        for k in range(first, options.steps):
            losses.append(trainer.step(k))
            done = k + 1
            last = done == options.steps
            if done % 50 == 0 or last:  # reading a loss waits for the device: not at every step
                entry = {"step": done, "seconds": round(time.monotonic() - began, 1)} | _means(losses)
                losses = []
                print(json.dumps(entry), file=log, flush=True)
                advance(done, entry)
            if done % options.pictures_every == 0 or last:
                trainer.pictures(options.outdir / f"step{done:06}.png")
            if done % checkpoint_every == 0 or last:
                seconds = time.monotonic() - began
                save(trainer, own, done, seconds)
    return seconds


def save(trainer: Trainer, path: Path, steps: int, seconds: float) -> None:
    """Write a checkpoint; a run that is killed half-way leaves the one before."""
    state = {name: network.state_dict() for name, network in trainer.networks.items()}
    state |= {name: optimizer.state_dict() for name, optimizer in trainer.optimizers.items()}
    checkpoint = {"steps": steps, "seconds": seconds, "state": state, "random": _random_states()}
    torch.save(checkpoint, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def restore(trainer: Trainer, path: Path) -> tuple[int, float]:
    """Load a checkpoint into the trainer: the steps it has behind it, and the seconds they took."""
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint_path: {path} does not exist; expected a {CHECKPOINT} of an earlier run")
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    parts: dict[str, Any] = {**trainer.networks, **trainer.optimizers}
    try:
        for name, part in parts.items():
            part.load_state_dict(checkpoint["state"][name])
        states = checkpoint["random"]
    except (KeyError, RuntimeError, ValueError) as problem:
        raise ValueError(f"checkpoint_path: {path} is a checkpoint of another network: {problem}") from problem
    torch.set_rng_state(states["cpu"])
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"])
    return checkpoint["steps"], checkpoint["seconds"]


def _random_states() -> dict[str, Tensor]:
    """Of the generators that layers draw from."""
    states = {"cpu": torch.get_rng_state()}
    return states | {"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else states


def _means(losses: list[dict[str, Tensor]]) -> dict[str, float]:
    """The mean of each loss over the steps that computed it: a lazy regulariser has no value at the others."""
    names = dict.fromkeys(name for entry in losses for name in entry)
    values = {name: torch.stack([entry[name].float() for entry in losses if name in entry]) for name in names}
    return {name: float(f"{value.mean():.5g}") for name, value in values.items()}


@contextlib.contextmanager
def _progress(options: Options, first: int, quiet: bool) -> Iterator[Callable[[int, dict[str, int | float]], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[losses]}"), disable=quiet) as bar:
        task = bar.add_task(options.outdir.name, total=options.steps, completed=first, losses="")

        def advance(done: int, entry: dict[str, int | float]) -> None:
            losses = ", ".join(
                f"{name} {value:.4g}" for name, value in entry.items() if name not in ("step", "seconds")
            )
            bar.update(task, completed=done, losses=losses)

        yield advance
