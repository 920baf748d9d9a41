"""Which catalogued mistakes are graded in which clothes."""

import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, zip_longest

import torch

from ...diagnosis.mistakes import Mistake
from . import WAYS, applies
from .same import computes_the_same, implementation


@dataclass(frozen=True)
class Entry:
    """A catalogued mistake, rewritten."""

    mistake: Mistake
    way: str

    @property
    def task(self) -> str:
        return self.mistake.task

    @property
    def module(self) -> str:
        return self.mistake.task.split(".")[0]

    @property
    def name(self) -> str:
        return f"{self.mistake.name}, {self.way}"


@dataclass
class Drawn:
    """The entries that are graded, and how many were not to be had."""

    entries: list[Entry] = field(default_factory=list)
    not_applicable: int = 0  # nothing in the mistake's code to rewrite in this way
    not_the_same: int = 0  # it computes something else then, or this cannot be told


def drawn(catalogue: Sequence[Mistake], count: int, seed: int, jobs: int) -> Drawn:
    """So many, of all ways alike, each shown to compute what it did."""
    generator = random.Random(f"restyled {seed}")
    found = Drawn()
    of_way: dict[str, list[Entry]] = {}
    for way in WAYS:
        everything = [Entry(mistake, way) for mistake in catalogue]
        of_way[way] = [one for one in everything if applies(one.module, one.mistake.name, way)]
        found.not_applicable += len(everything) - len(of_way[way])
        generator.shuffle(of_way[way])
    turns = [one for one in chain.from_iterable(zip_longest(*of_way.values())) if one is not None]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        at_once = max(count // 4, 8)
        for start in range(0, len(turns) if count else 0, at_once):
            some = turns[start : start + at_once]
            for entry, same in zip(some, pool.map(partial(_is_the_same, seed=seed), some)):
                if len(found.entries) == count:
                    return found
                found.not_the_same += not same
                found.entries += [entry] if same else []
    return found


def _is_the_same(entry: Entry, seed: int) -> bool:
    torch.set_num_threads(1)
    other = implementation(entry.task, entry.mistake.name, entry.way)
    return computes_the_same(entry.task, entry.mistake.implementation, other, seed)
