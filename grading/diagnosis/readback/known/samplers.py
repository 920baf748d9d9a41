"""Latent samplers from what they ask the mapping and what they return.

The mapping stays on this side, so that the z it was given and the w it answered are known. Which w is returned where is
then exact; whether z is standard normal is a matter of statistics.

| function      | reading                                                                                   |
| ------------- | ----------------------------------------------------------------------------------------- |
| sample_z      | shape, mean and variance, rows or columns that repeat; what ``from_mean`` gives            |
| sample_w, w+  | shape, where each returned row comes from, how many z there were; ``from_mean`` as mean_w |
| mean_w        | number of z, and which statistic of the answers is returned                               |
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import Seeded
from ....verdicts import Finding
from .. import chance
from ..evidence import Answer, Ask

MANY, Z, W, LAYERS, SAMPLES = 600, 4, 7, 6, 10_000
_SAME = 1e-4  # between what was answered in one precision and returned in another


class Watched:
    """A curved mapping z (N, 4) -> w (N, 7) that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Tensor] = []

    def __call__(self, z: Tensor) -> Tensor:
        if not (isinstance(z, Tensor) and z.ndim == 2):
            raise ValueError("the mapping takes z of shape (N, z_dim)")
        self.asked.append(z.detach())
        return self.answer(z)

    @staticmethod
    def answer(z: Tensor) -> Tensor:
        phases = torch.arange(W, dtype=z.dtype)
        return torch.tanh(z[:, :1] + phases / 3) + 0.4 * z[:, -1:] ** 2 + 0.1 * phases + 0.1 * z.sum(1, True)

    @property
    def z(self) -> Tensor:
        return torch.cat([z.double() for z in self.asked]) if self.asked else torch.zeros(0, Z, dtype=torch.float64)

    @property
    def w(self) -> Tensor:
        return self.answer(self.z)


def read_mean_w(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``latents.mean_w``."""
    return _findings(_mean_w(ask))


def read_sample_z(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``latents.sample_z``."""
    return _findings(_sample_z(ask))


def read_sample_w(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``latents.sample_w``."""
    return _findings(_sample_w(ask, {}, 1))


def read_sample_w_plus(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``latents.sample_w_plus``."""
    return _findings(_sample_w(ask, {"num_ws": LAYERS}, LAYERS))


def _findings(said: Iterator[str]) -> list[Finding]:
    return [Finding(f"{one[0].upper()}{one[1:]}.", one) for one in said]


def _tensor(value: Any) -> Tensor | None:
    usable = isinstance(value, Tensor) and value.is_floating_point() and bool(value.isfinite().all())
    return value.double() if usable else None


def _sample_z(ask: Ask) -> Iterator[str]:
    z = _tensor(ask(batch_size=MANY, z_dim=Z, generator=Seeded(11)))
    if z is None:
        return
    if tuple(z.shape) != (MANY, Z):
        yield _shape(z, "z", {"N": MANY, "z_dim": Z}, ("N", "z_dim"))
    elif not bool(z.any()):
        yield "without from_mean every z is 0; expected draws"
    else:
        yield from _distribution(z)
    mean = _tensor(ask(batch_size=5, z_dim=Z, from_mean=True, generator=Seeded(12)))
    if mean is not None and not (tuple(mean.shape) == (5, Z) and not bool(mean.any())):
        again = _tensor(ask(batch_size=5, z_dim=Z, from_mean=True, generator=Seeded(13)))
        if tuple(mean.shape) != (5, Z) and z.shape == (MANY, Z):
            yield "with from_mean: " + _shape(mean, "z", {"N": 5, "z_dim": Z}, ("N", "z_dim"))
        elif mean.any():
            drawn = again is not None and not torch.equal(mean, again)
            size = f"{float(mean.abs().max()):.2g}"
            yield f"with from_mean z is {'random, up to ' if drawn else ''}{size}; expected 0"
    yield from _reproducible(ask, {"batch_size": 5, "z_dim": Z})


def _distribution(z: Tensor) -> Iterator[str]:
    """What tells these z (N, D) from independent standard normal numbers."""
    if bool((z == z[:1]).all()):
        yield f"all {len(z)} z are the same; expected a draw for each"
        return
    if bool((z == z[:, :1]).all()):
        yield "all components of a z are the same number; expected a draw for each"
        return
    if len(z.unique(dim=0)) < len(z):
        yield f"of {len(z)} z only {len(z.unique(dim=0))} are different; expected a draw for each"
    mean, variance, size = float(z.mean()), float(z.var()), float(z.abs().max())
    told = f"z has mean {mean:.2f} and variance {variance:.2f}; expected 0 and 1"
    lengths = z.norm(dim=1)
    on_edge = int((z.abs() == z.abs().max()).sum())
    if float(lengths.std()) < 1e-3 * float(lengths.mean()):
        yield f"every z has length {float(lengths.mean()):.3g}: it is scaled to it; expected a normal distribution"
    elif on_edge > 3:
        yield f"{on_edge} of {z.numel()} numbers in z are ±{size:.3g} and none is beyond: it is cut off there"
    elif chance.beyond(chance.standard_normal(z)):
        limits = {"a uniform distribution on [0, 1]": (0.0, 1.0), "a uniform distribution on [−1, 1]": (-1.0, 1.0)}
        named = [name for name, (low, high) in limits.items() if chance.uniform(z.flatten(), low, high) > 1e-3]
        yield told + (f": {named[0]}" if named else "")
    elif chance.beyond(chance.no_larger(z)):
        yield f"none of {z.numel()} numbers in z is beyond {size:.3g}: it is cut off"


def _shape(value: Tensor, name: str, sizes: dict[str, int], expected: tuple[str, ...]) -> str:
    joined = {a * b: f"{one}·{other}" for (one, a), (other, b) in combinations(sizes.items(), 2)}
    known = joined | {size: letter for letter, size in sizes.items()}
    got = ", ".join(known.get(size, str(size)) for size in value.shape)
    return f"{name} has shape ({got}); expected ({', '.join(expected)})"


def _reproducible(ask: Ask, arguments: dict[str, Any], draws: bool = True) -> Iterator[str]:
    """Two equal generators, and, where numbers are drawn at all, one that has been used already."""
    first, again, later = (_tensor(ask(**arguments, generator=Seeded(5, drawn))) for drawn in (0, 0, 3))
    if first is None or again is None or later is None or not first.shape == again.shape == later.shape:
        return
    if not torch.equal(first, again):
        yield "twice the same generator gives different results; expected every random number from it"
    elif draws and torch.equal(first, later) and first.any():
        yield "a generator that has been used gives the same result again; expected its next numbers"


def _sample_w(ask: Ask, extra: dict[str, int], layers: int) -> Iterator[str]:
    mapping, batch = Watched(), MANY // layers
    arguments = {"batch_size": batch, "z_dim": Z} | extra
    w = _tensor(ask(mapping=mapping, **arguments, generator=Seeded(11)))
    if w is None:
        return
    sizes = {"N": batch, "w_dim": W, "z_dim": Z} | ({"num_ws": layers} if layers > 1 else {})
    expected = ("N", "num_ws" if layers > 1 else "1", "w_dim")
    wrong_shape = tuple(w.shape) != (batch, layers, W)
    if wrong_shape and w.shape[-1:] != (Z,):
        yield _shape(w, "w", sizes, expected)
    elif not len(mapping.z) or w.shape[-1:] == (Z,):
        yield "what is returned has not gone through the mapping"
    else:
        yield from _sources(w, mapping, batch, layers)
    if len(mapping.z) in (batch, batch * layers):
        yield from (f"the mapping is given other z: {one}" for one in _distribution(mapping.z))
    from_mean = [] if wrong_shape else list(_from_mean(ask, arguments | {"batch_size": 3}, layers, sizes | {"N": 3}))
    yield from from_mean
    for mean in (False, True):
        made = {"mapping": Watched(), **arguments, "batch_size": 3, "from_mean": mean}
        yield from (f"from_mean={mean}: {one}" for one in _reproducible(ask, made, not (mean and from_mean)))


def _from_mean(ask: Ask, arguments: dict[str, Any], layers: int, sizes: dict[str, int]) -> Iterator[str]:
    mapping = Watched()
    mean = _tensor(ask(mapping=mapping, **arguments, from_mean=True, generator=Seeded(12)))
    if mean is None:
        return
    if tuple(mean.shape) != (sizes["N"], layers, W):
        yield "with from_mean: " + _shape(mean, "w", sizes, ("N", "num_ws" if layers > 1 else "1", "w_dim"))
    elif float((mean - mean[:1, :1]).abs().max()) > _SAME:
        asked = len(mapping.z)
        yield f"with from_mean the rows of w differ ({asked} z are mapped); expected the mean of {SAMPLES} in every one"
    else:
        yield from (f"with from_mean: {one}" for one in _mean_of(mean[0, 0], mapping, SAMPLES))


def _sources(w: Tensor, mapping: Watched, batch: int, layers: int) -> Iterator[str]:
    """Which of the mapping's answers each returned row is."""
    rows, answered = w.flatten(0, 1), mapping.w
    if float((rows - rows[0]).abs().max()) < _SAME:
        mean = len(answered) >= SAMPLES and float((rows[0] - answered.mean(0)).abs().max()) < _SAME
        yield "every row is the mean of the answers; expected draws" if mean else "all samples and layers share one w"
        return
    distance, source = torch.cdist(rows, answered).min(1)
    if float(distance.max()) > _SAME:
        yield from _transformed(rows, answered, batch, layers)
        return
    grid = source.reshape(batch, layers)
    different = len(set(source.tolist()))
    if layers > 1 and bool((grid == grid[:, :1]).all()):
        yield "all layers of a sample share one w; expected one for each layer"
    elif bool((grid == grid[:1]).all()):
        yield "all samples share their w; expected one for each"
    elif different < len(rows):
        yield (
            f"{len(rows)} rows are made of {different} different w ({len(set(grid[0].tolist()))} in the first sample's "
            f"{layers} layers); expected one for each sample and layer"
        )


def _transformed(rows: Tensor, answered: Tensor, batch: int, layers: int) -> Iterator[str]:
    """Rows that are no answers: drawn towards the mean, or mixed from several."""
    count = len(rows)
    for some, rest in ((answered[:count], answered[count:]), (answered[-count:], answered[:-count])):
        if len(rest) < SAMPLES:
            break
        centre = rest.mean(0)
        scale = float(((rows - centre) * (some - centre)).sum() / (some - centre).square().sum())
        if float((rows - centre - scale * (some - centre)).abs().max()) < 10 * _SAME:
            yield f"every w is drawn towards the mean: only {scale:.3g} of its distance is left (truncation)"
            return
    grid = rows.reshape(batch, layers, -1)
    if layers > 2 and float(grid.diff(n=2, dim=1).abs().max()) < 10 * _SAME:
        yield "the layers' w lie on a straight line from the first one to the last; expected a draw for each"
        return
    yield "the rows of w are not what the mapping answered"


def _mean_w(ask: Ask) -> Iterator[str]:
    found: list[str] = []
    for count in (250, 2060, None):
        mapping = Watched()
        asked = {} if count is None else {"num_samples": count}
        mean = _tensor(ask(mapping=mapping, z_dim=Z, **asked, generator=Seeded(11)))
        if mean is None:
            return
        found = list(_mean_of(mean, mapping, count or SAMPLES))
        if len(mapping.z) >= 100:
            found += [f"the mapping is given other z: {one}" for one in _distribution(mapping.z)]
        if found:
            yield from (one + f" (num_samples={count})" * (count is not None) for one in found)
            break
    yield from _reproducible(ask, {"mapping": Watched(), "z_dim": Z, "num_samples": 50}, not found)


_STATISTICS: dict[str, Callable[[Tensor, Watched], Tensor]] = {
    "": lambda w, mapping: w.mean(0),
    "the sum of the answers": lambda w, mapping: w.sum(0),
    "the median of the answers": lambda w, mapping: w.median(0).values,
    "the mapping of the mean z": lambda w, mapping: mapping.answer(mapping.z.mean(0, keepdim=True))[0],
    "the mean over the components of w": lambda w, mapping: w.mean(1),
    "the mean over everything": lambda w, mapping: w.mean(),
    "the mean, with an axis more": lambda w, mapping: w.mean(0, keepdim=True),
    "the mapping's last answer": lambda w, mapping: w[-1],
    "the mean of the means of each of its calls, of which a shorter one counts as much as the others": lambda w, mapping: (
        torch.stack([mapping.answer(z.double()).mean(0) for z in mapping.asked]).mean(0)
    ),
}


def _mean_of(mean: Tensor, mapping: Watched, count: int) -> Iterator[str]:
    """What a mean w is, of what the mapping was asked."""
    z, w = mapping.z, mapping.w
    if not bool(mean.any()):
        yield f"the result is 0; expected the mean of {count} mapped draws: are those that fill no whole batch left out?"
        return
    if len(z) and not bool(z.any()) and _alike(w[0], mean):
        yield "the result is the mapping of z = 0; expected the mean of mapped draws"
        return
    if len(z) == 1:
        averaged = ": it may be the mean of others" if count > 1 else ""
        yield f"the result is the mapping of one single z{averaged}; expected the mean of {count} mapped draws"
        return
    if not len(z):
        yield "the mapping is never asked; expected the mean of mapped draws"
        return
    fits = [name for name, of in _STATISTICS.items() if _alike(of(w, mapping), mean)]
    if len(z) != count:
        yield f"{len(z)} z are mapped; expected {count}"
    if "" in fits:
        return
    scaled = float((mean * w.mean(0)).sum() / w.mean(0).square().sum()) if mean.shape == (W,) else 0.0
    if fits:
        yield f"the result is {' or '.join(fits)}; expected the mean of the answers"
    elif scaled and _alike(scaled * w.mean(0), mean):
        yield f"the result is {scaled:.4g} times the mean of the answers"
    elif mean.shape == (W,):
        yield "the result is not the mean of what the mapping answered"
    else:
        yield _shape(mean, "the result", {"w_dim": W, "z_dim": Z, "num_samples": count}, ("w_dim",))


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(((one - other).abs() <= _SAME * (1 + one.abs())).all())
