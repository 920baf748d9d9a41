"""The UNets from how they behave: what comes out, and which argument of which sample has an influence on it.

Each of a sample's arguments is changed by itself; whether each sample's output moves then is a matrix, and slips have
matrices of their own:

| influence of sample i's t on sample j's output | reading                                          |
| ---------------------------------------------- | ------------------------------------------------ |
| identity                                       | right                                            |
| zeros                                          | ignored; nearly zeros: cancelled by a normalisation |
| ones in the first row                          | the first sample's t is told to all              |
| ones everywhere                                | averaged over the batch, or batch statistics     |

All networks have the same weights from call to call, and run in eval mode, in float64.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ....verdicts import Failure, Finding

CONDITIONS = {
    "unet.UnconditionalUNet": (),
    "unet.TimeConditionalUNet": ("t",),
    "unet.ClassConditionalUNet": ("c", "t"),
}
SIDE, WIDTH, B, COPIES, STEPS = 28, 32, 3, 16, 40
NOTHING = 1e-12  # relative; rounding in float64
NEAR = 0.4  # part of a pixel's influence that stays within 4 pixels of it; a network without skips has a tenth
_KINDS = {"x": "image", "t": "time", "c": "class"}
Inputs = dict[str, Tensor]
Run = Callable[..., list[Any]]  # run(settings, inputs, train=None) -> outputs, or the two losses; raises Failure


def read_network(task: str, run: Run) -> list[Finding]:
    """What is wrong with a network, as far as it shows in what it does."""
    return [Finding(f"{one[0].upper()}{one[1:]}.", one) for one in _Network(CONDITIONS[task], run).wrong()]


class _Network:
    def __init__(self, conditions: tuple[str, ...], run: Run) -> None:
        self.conditions, self.ask = conditions, run

    def inputs(self, batch: int = B, channels: int = 1) -> Inputs:
        draw = torch.Generator().manual_seed(7)
        made = {"x": torch.randn(batch, channels, SIDE, SIDE, dtype=torch.float64, generator=draw)}
        if "c" in self.conditions:
            made["c"] = torch.tensor([3, 1, 7, 2, 5, 8, 4])[:batch]
        if "t" in self.conditions:
            made["t"] = torch.tensor([0.1, 0.5, 0.8, 0.2, 0.3, 0.6, 0.7], dtype=torch.float64)[:batch]
        return made

    def run(self, *inputs: Inputs, **settings: int) -> list[Any]:
        return self.ask({"in_channels": 1, "num_hiddens": WIDTH} | settings, list(inputs))

    def fails(self, *inputs: Inputs, **settings: int) -> str:
        """The exception's type, or nothing where the network runs."""
        try:
            self.run(*inputs, **settings)
        except Failure as failure:
            if not failure.error:
                raise
            return failure.error
        return ""

    def wrong(self) -> list[str]:
        base = self.inputs()
        try:
            first, again = self.run(base, base)
        except Failure as failure:
            return list(self.refusal(failure))
        found = [*self.wrong_shape(first)] or [*self.other_sizes()]
        if found:
            return found
        if not bool(torch.isfinite(first).all()):
            return []
        try:
            found = [*self.randomness()] if not torch.equal(first, again) else [*self.acting()]
            return found or [*self.details()] or [*self.limits(first)]
        except Failure as failure:
            return list(self.refusal(failure))

    def refusal(self, failure: Failure) -> Iterator[str]:
        """A call that fails: with what it would not."""
        if failure.kind == "changed":
            yield f"{failure.subject} is overwritten: the caller's tensor has changed"
        if not failure.error:
            return
        base = self.inputs()
        if "keep" not in base and "c" in base and not self.fails(base | {"keep": torch.ones(B, dtype=torch.float64)}):
            yield f"without keep the network raises {failure.error}, with keep it runs; expected that all are kept"
        elif "t" in base and not self.fails(base | {"t": base["t"][:, None]}):
            yield f"t of shape (B,) raises {failure.error}, t of shape (B, 1) is taken; expected one number per sample"
        elif "t" in base and not self.fails(self.inputs(7)):
            yield f"{B} samples raise {failure.error}, 7 do not: t lines up with the 7 columns of the features"
        elif not self.fails(self.inputs(1)):
            yield f"one sample is taken, {B} samples raise {failure.error}; expected any number of samples"
        elif self.training_fails() == "no parameters":
            yield "the network has no parameters: its layers are not registered in it"

    def training_fails(self) -> str:
        """The kind of failure, or nothing."""
        try:
            self.losses(1.0, steps=1)
        except Failure as failure:
            return failure.kind
        return ""

    def wrong_shape(self, y: Any) -> Iterator[str]:
        expected = (B, 1, SIDE, SIDE)
        if not isinstance(y, Tensor):
            yield f"the output is no tensor; expected an image {expected}"
        elif tuple(y.shape) != expected:
            why = {
                (B, SIDE, SIDE): "the axis of length 1 is gone",
                (B, 1, SIDE // 2, SIDE // 2): "one level is missing on the way up",
            }.get(tuple(y.shape), "")
            if y.ndim == 4 and y.shape[2] in (SIDE - 2, SIDE - 4):
                why = "a convolution without padding takes off a pixel at each edge"
            elif y.ndim == 4 and y.shape[1] != 1:
                why = f"with num_hiddens={WIDTH} it has {y.shape[1]} channels"
            yield f"the output has shape {tuple(y.shape)} for images {expected}" + f": {why}" * bool(why)

    def other_sizes(self) -> Iterator[str]:
        """Other numbers of channels and classes."""
        three = self.inputs(2, 3)
        try:
            (y,) = self.run(three, in_channels=3)
            if y.shape != three["x"].shape:
                yield f"with in_channels=3 the output has shape {tuple(y.shape)}; expected {tuple(three['x'].shape)}"
        except Failure as failure:
            if not failure.error:
                raise
            yield f"images of 3 channels raise {failure.error} with in_channels=3: the argument has no influence"
        for count in (3, 13) if "c" in self.conditions else ():
            error = self.fails(self.inputs() | {"c": torch.tensor([0, 1, count - 1])}, num_classes=count)
            if error:
                yield f"label {count - 1} raises {error} with num_classes={count}: the argument has no influence"

    def randomness(self) -> Iterator[str]:
        """Whether the same sample, many times in two calls, comes out in several ways, and how they are spread."""
        one = {name: value[:1].expand(COPIES, *value.shape[1:]).clone() for name, value in self.inputs().items()}
        rows = torch.cat([y.flatten(1) for y in self.run(one, one)])
        kinds, counts = (rows * 1e9).round().unique(dim=0, return_counts=True)
        same = "in eval mode the same call gives other results each time"
        if len(kinds) == 2 and bool((rows[:COPIES] == rows[0]).all()):
            yield f"{same}, but all samples of a call the same: layers are made anew in every call"
        elif len(kinds) == 2:
            yield (
                f"{same}: {int(counts.min())} of {2 * COPIES} samples are treated in another way than the others; the network "
                f"draws by itself, as if for dropping a class"
            )
        elif len(kinds) > 2:
            yield f"{same}, and every sample another one: dropout that stays on"

    def acting(self) -> list[str]:
        """Which arguments act on what; a network that draws now and then is seen here at the latest."""
        counting = dict[str, str]()
        found = [*self.influences(counting)]
        if "c" in self.conditions and not any("wrong order" in one for one in found):
            found += self.dropping({name for name, kind in counting.items() if kind != "none"})
        return ([*self.randomness()] or found) if found else []

    def influence(self, base: Inputs, name: str, other: Tensor) -> Tensor:
        """How far each sample's output moves (B changed, B outputs), relative to the outputs."""
        changed = [base | {name: _with(base[name], sample, other)} for sample in range(B)]
        first, *after = self.run(base, *changed)
        size = first.abs().max().clamp(min=1e-300)
        return torch.stack([(y - first).flatten(1).abs().amax(1) / size for y in after])

    def influences(self, counting: dict[str, str]) -> Iterator[str]:
        """``counting`` receives the kind of each argument's matrix."""
        base = self.inputs()
        others = {"x": 1.1 * base["x"].flip(3) + 0.2, "c": torch.tensor([6, 9, 0])}
        others |= {"t": base["t"] + 0.15} if "t" in base else {}
        moved = {name: self.influence(base, name, others[name]) for name in base}
        counting |= {name: _matrix(matrix) for name, matrix in moved.items()}
        coupled = counting["x"] == "all"
        if coupled:
            yield "each image's result depends on the other images of the batch, in eval mode too"
        for name, matrix in moved.items():
            kind, what = _matrix(matrix), _KINDS[name]
            if kind == "none":
                yield from self.without_influence(name, float(matrix.max()))
            elif kind == "first":
                yield f"every sample is told the first one's {what}: {name}[0] decides for the whole batch"
            elif kind == "all" and name == "t" and not coupled:
                mean = base | {"t": base["t"].mean().expand(B).clone()}
                first, averaged = self.run(base, mean)
                by_mean = float((first - averaged).abs().max()) <= 1e-9 * float(first.abs().max())
                yield f"all samples are told {'the mean of the times' if by_mean else 'a mixture of all embeddings of t'}"
            elif kind == "all" and name == "c" and not coupled:
                yield "all samples are told a mixture of the batch's classes"
            elif kind == "some" and not _own(matrix):
                yield f"the {what} of sample i does not act on sample i alone: {_pairs(matrix)}"
        if "c" in base and _own(moved["c"]) and counting["c"] != "none":
            yield from self.labels(base)

    def without_influence(self, name: str, largest: float) -> Iterator[str]:
        base, what = self.inputs(), _KINDS[name]
        if name == "t" and "c" in base:
            swapped = {"x": base["x"], "t": base["t"], "c": base["c"]}  # by position
            if not self.fails(swapped) and _matrix(self.influence(swapped, "t", base["t"] + 0.15)) == "own":
                yield "class and time are taken in the wrong order: handed over as (x, t, c), both have an influence"
                return
        if name == "t" and _matrix(self.influence(base, "t", base["t"] + 3)) != "none":
            yield "only the whole part of t counts: all times between 0 and 1 give the same output"
        elif name == "c" and self.acts_where_kept():
            return  # that keep is taken as zeros where it is not given is said elsewhere
        elif largest > 0:
            yield (
                f"the {what} has no influence but rounding's: what it adds or scales is taken out again by a "
                f"normalisation that follows"
            )
        else:
            yield f"the {what} has no influence: {name} is not used"

    def acts_where_kept(self) -> bool:
        kept = self.inputs() | {"keep": torch.ones(B, dtype=torch.float64)}
        return _matrix(self.influence(kept, "c", torch.tensor([6, 9, 0]))) != "none"

    def labels(self, base: Inputs) -> Iterator[str]:
        ten = {name: value[:1].expand(10, *value.shape[1:]).clone() for name, value in base.items()}
        (outputs,) = self.run(ten | {"c": torch.arange(10)})
        alike = [(i, j) for j in range(10) for i in range(j) if _close(outputs[i], outputs[j])]
        if alike:
            told = ", ".join(f"{i} and {j}" for i, j in alike[:3]) + ", …" * (len(alike) > 3)
            yield f"labels {told} give the same output; expected ten different ones"

    def dropping(self, counting: set[str]) -> Iterator[str]:
        """What keep does; ``counting``: which arguments have an influence at all."""
        base = self.inputs()

        def keep(*values: float) -> Inputs:
            return base | {"keep": torch.tensor(values, dtype=torch.float64)}

        kept, dropped, other_class = keep(1, 1, 1), keep(0, 0, 0), keep(0, 0, 0) | {"c": torch.tensor([6, 9, 2])}
        other_time, other_image = dropped | {"t": base["t"] + 0.15}, dropped | {"x": base["x"].flip(3)}
        as_zero = kept | {"c": torch.zeros(B, dtype=torch.int64)}
        told = [base, kept, dropped, other_class, other_time, other_image, as_zero, keep(1, 0, 1), keep(0, 1, 1)]
        plain, one, zero, again, time, image, label, mixed, other_mixed = self.run(*told)
        changed = kept | {"c": torch.tensor([6, 9, 2])}
        by_class = not _close(one, self.run(changed)[0])
        if _close(one, zero):
            if by_class:
                yield "keep has no influence: the class is never dropped"
            return
        if not by_class and not _close(zero, again):
            yield "keep is inverted: with keep = 1 the class is dropped, with keep = 0 it is told"
            return
        if not _close(zero, again):
            yield "with keep = 0 the output still depends on the class"
        elif _close(zero, label) and "c" in counting:
            yield (
                "a dropped class gives the output of label 0: keep multiplies the label or its number, so that no class and "
                "class 0 are the same"
            )
        if _close(zero, time) and "t" in counting:
            yield "with keep = 0 the time has no influence any more: keep acts on t as well"
        if _close(zero, image):
            yield "with keep = 0 the image has no influence any more: keep acts on x as well"
        if _close(plain, zero):
            yield "without keep every class is dropped; expected that all are kept"
        whole = [[_close(y, side) for side in (one, zero)] for y in (mixed, other_mixed)]
        if whole == [[True, False], [False, True]]:
            yield "keep of the first sample decides for the whole batch"
        elif whole == [[False, True], [False, True]]:
            yield "one dropped sample drops the classes of the whole batch"
        elif not _close(mixed[[0, 2]], one[[0, 2]]) or not _close(mixed[1], zero[1]):
            yield "keep of one sample acts on others"

    def details(self) -> Iterator[str]:
        """How far a single pixel's influence reaches."""
        base = self.inputs(1)
        changed = base | {"x": base["x"].clone()}
        changed["x"][0, 0, 13, 14] += 1
        neighbour = base | {"x": changed["x"].clone()}
        neighbour["x"][0, 0, 13, 15] -= 1
        before, after, other = self.run(base, changed, neighbour)
        energy = (after - before).square().sum((0, 1))
        near = float(energy[9:18, 10:19].sum() / energy.sum())
        if near < NEAR:
            yield f"only {near:.0%} of what a pixel changes lies within 4 pixels of it: no skip connection at full size"
        elif float((other - before).square().sum()) < 0.01 * float(energy.sum()):
            yield "two neighbouring pixels cannot be told apart in the output: what the skip connections carry is coarse"

    def limits(self, y: Tensor) -> Iterator[str]:
        """Outputs that are cut off, as training shows."""
        if bool((y >= 0).all()) and float((y == 0).double().mean()) > 0.05:
            yield f"no output is negative, and {float((y == 0).double().mean()):.0%} are 0: it is cut off at 0"
            return
        try:
            within, beyond = (last / first for first, last in map(self.losses, (0.3, 3.0)))
        except Failure as failure:
            if failure.kind == "cut off":
                yield "no gradient reaches the parameters: the output is cut off from them"
            elif not failure.error:
                raise
            return
        if beyond > 0.4 and within < 0.5 * beyond:
            yield (
                f"{STEPS} steps of training leave {within:.0%} of the loss where the target is small, {beyond:.0%} where it "
                f"goes beyond −1 and 1 (outputs here: {float(y.min()):.2f} … {float(y.max()):.2f}): the output is limited"
            )

    def losses(self, size: float, steps: int = STEPS) -> list[float]:
        single = {n: v[:2].float() if v.is_floating_point() else v[:2] for n, v in self.inputs().items()}
        train = {"arguments": single, "target": size * single["x"], "steps": steps, "enough": 0.0}
        return self.ask({"in_channels": 1, "num_hiddens": WIDTH}, [single], train)


def _with(values: Tensor, sample: int, other: Tensor) -> Tensor:
    changed = values.clone()
    changed[sample] = other[sample]
    return changed


def _matrix(moved: Tensor) -> str:
    """own | none | first | all | some: whose argument acts on whose output."""
    acts = moved > NOTHING
    if not bool((moved > 100 * NOTHING).any()):
        return "none"
    if torch.equal(acts, torch.eye(B, dtype=torch.bool)):
        return "own"
    if bool(acts.all()):
        return "all"
    return "first" if bool(acts[0].all()) and not bool(acts[1:].any()) else "some"


def _own(moved: Tensor) -> bool:
    """Nobody acts on anybody else."""
    return not bool((moved > NOTHING)[~torch.eye(B, dtype=torch.bool)].any())


def _pairs(moved: Tensor) -> str:
    return ", ".join(f"{i} acts on {j}" for i, j in (moved > NOTHING).nonzero().tolist())


def _close(one: Tensor, other: Tensor) -> bool:
    return float((one - other).abs().max()) <= NOTHING * max(float(other.abs().max()), 1e-300)
