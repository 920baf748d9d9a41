"""The losses of a GAN: which function of one logit, and how the batch is reduced.

    L_G(u) = g(u_1 … u_F),   L_D(v, u) = r(v_1 … v_R) + f(u_1 … u_F)

With one logit a loss is a function of one number, seen by itself; D's is a sum of two, told apart by second differences:
L(v, u) − L(v', u) does not depend on u. The functions and reductions below are what people write. A loss is read if one
function, times a constant, and one reduction for each side give every answer.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ....sandbox.crossing.values import Leaf
from ....verdicts import Finding
from ..evidence import Answer, Arguments, Ask, answers, as_tensor, explains
from ..exponents import nice
from ..formula import number

OF_ONE_LOGIT: dict[str, Callable[[Tensor], Tensor]] = {
    "softplus(−u)": lambda u: F.softplus(-u, threshold=40.0),
    "softplus(u)": lambda u: F.softplus(u, threshold=40.0),
    "u": lambda u: u,
    "u²": lambda u: u.square(),
    "(u − 1)²": lambda u: (u - 1).square(),
    "(u + 1)²": lambda u: (u + 1).square(),
    "relu(1 − u)": lambda u: F.relu(1 - u),
    "relu(1 + u)": lambda u: F.relu(1 + u),
    "softplus(−sigmoid(u))": lambda u: F.softplus(-u.sigmoid()),
    "softplus(sigmoid(u))": lambda u: F.softplus(u.sigmoid()),
    "sigmoid(u)": lambda u: u.sigmoid(),
    "sigmoid(−u)": lambda u: (-u).sigmoid(),
    "exp(−u)": lambda u: (-u).exp(),
    "exp(u)": lambda u: u.exp(),
    "−log sigmoid(u)": lambda u: -u.sigmoid().log(),
    "−log(1 − sigmoid(u))": lambda u: -(1 - u.sigmoid()).log(),
    "log(1 + exp(−u))": lambda u: (1 + (-u).exp()).log(),
    "log(1 + exp(u))": lambda u: (1 + u.exp()).log(),
    "−log(sigmoid(u) + 1e-8)": lambda u: -(u.sigmoid() + 1e-8).log(),
    "−log(1 − sigmoid(u) + 1e-8)": lambda u: -(1 - u.sigmoid() + 1e-8).log(),
    "0.9 softplus(−u) + 0.1 softplus(u)": lambda u: 0.9 * F.softplus(-u) + 0.1 * F.softplus(u),
    "softplus(−u), u cut off at ±20": lambda u: F.softplus(-u.clamp(-20, 20)),
    "softplus(u), u cut off at ±20": lambda u: F.softplus(u.clamp(-20, 20)),
    "−log sigmoid(u), cut off at 100": lambda u: (-u.sigmoid().log()).clamp(max=100),
    "−log(1 − sigmoid(u)), cut off at 100": lambda u: (-(1 - u.sigmoid()).log()).clamp(max=100),
}
Reduction = Callable[[Callable[[Tensor], Tensor], Tensor, int], Tensor]
REDUCTIONS: dict[str, Reduction] = {  # the last argument is how many logits there are on the other side
    "the mean": lambda f, u, _: f(u).mean(),
    "the sum": lambda f, u, _: f(u).sum(),
    "the values, not reduced,": lambda f, u, _: f(u),
    "the function of the mean logit, ": lambda f, u, _: f(u.mean()),
    "the sum, divided by the number of all logits,": lambda f, u, other: f(u).sum() / (len(u) + other),
    "the sum, divided by the number of logits on the other side,": lambda f, u, other: f(u).sum() / other,
}
_GRID = torch.tensor([-3.0, -1.7, -0.6, -0.2, 0.3, 0.9, 1.4, 2.6, 30.0, -30.0], dtype=torch.float64)
SIDES = {"gan_losses.generator_loss": ("fake_logits",), "gan_losses.discriminator_loss": ("real_logits", "fake_logits")}
EXPECTED = {"real_logits": "softplus(−u)", "fake_logits": "softplus(u)"}


@dataclass(frozen=True)
class Side:
    """One batch of logits: k times a reduction of a function of each."""

    logits: str
    of_one: str
    reduction: str
    constant: float

    def value(self, arguments: Arguments) -> Tensor:
        u = _numbers(arguments[self.logits])
        others = [len(_numbers(v)) for name, v in arguments.items() if name != self.logits]
        other = others[0] if others else 0
        return self.constant * REDUCTIONS[self.reduction](OF_ONE_LOGIT[self.of_one], u, other)


@dataclass(frozen=True)
class LogitLoss:
    sides: tuple[Side, ...]

    def predict(self, arguments: Arguments) -> Tensor:
        return sum((side.value(arguments) for side in self.sides), torch.tensor(0.0, dtype=torch.float64))

    def findings(self) -> list[Finding]:
        found = []
        for side in self.sides:
            expected = EXPECTED[side.logits] if len(self.sides) > 1 else "softplus(−u)"
            read = "0" if side.constant == 0 else f"{number(side.constant)} · {side.of_one}"
            read = read.removeprefix("1 · ").replace("−1 · ", "−")
            wrong = read != expected
            reduced = side.reduction != "the mean" and side.constant != 0
            if wrong or reduced:
                how = f"{side.reduction.strip(', ')} over the batch of {side.logits}"
                both = f"{how} of {read}; expected the mean of {expected}"
                what = "the function of one logit is another one" if wrong else ""
                if wrong and read == f"−{expected}":
                    what = "the sign of the whole is turned around"
                elif read == "0":
                    what = "these logits have no influence"
                elif wrong and read.endswith(f"· {expected}"):
                    what = "a constant factor is wrong"
                elif wrong and {read, expected} == {"softplus(u)", "softplus(−u)"}:
                    what = "the sign of the logit is turned around"
                hint = "; ".join(filter(None, [what, "it is not the mean over these logits" * reduced]))
                things = 1 + (reduced and _much_alike(side.of_one, expected))
                found.append(Finding(f"Your loss takes {how} of {read}: {hint}.", f"{both}: {hint}", things))
        return found


def _much_alike(name: str, other: str) -> bool:
    """Whether one is another way to write the other, which only large logits tell apart."""
    return name != other and torch.allclose(OF_ONE_LOGIT[name](_GRID), OF_ONE_LOGIT[other](_GRID))


def logit_losses(task: str, ask: Ask, out_of_time: Callable[[], bool]) -> Iterator[LogitLoss]:
    names = SIDES[task]
    shapes = [_GRID[:4], _GRID[4:7], _GRID[1:8]]
    singles = [dict.fromkeys(names, Leaf(u.reshape(1))) for u in _GRID]
    still = Leaf(torch.tensor([0.4], dtype=torch.float64))
    sides = [list(_sides(ask, name, singles, {n: still for n in names if n != name})) for name in names]
    batches = [dict(zip(names, map(Leaf, pair))) for pair in itertools.permutations(shapes, len(names))]
    seen = answers(ask, [*singles, *batches])
    for chosen in itertools.product(*sides):
        if out_of_time():
            return
        read = next((loss for loss in _reduced(names, chosen, seen) if explains(loss.predict, seen)), None)
        if read is not None:  # another reduction that fits is the same: the mean of u is u of the mean
            yield read


def _reduced(names: Sequence[str], chosen: Sequence[tuple[str, float]], seen: list[Answer]) -> Iterator[LogitLoss]:
    """The ways to reduce these functions of one logit, with their constants, the mean first."""
    for reductions in itertools.product(REDUCTIONS, repeat=len(names)):
        loss = LogitLoss(tuple(Side(n, f, r, k) for n, (f, k), r in zip(names, chosen, reductions)))
        yield loss
        # A factor of one logit may be the batch's: it is settled anew for each reduction.
        scaled = _rescaled(loss, seen)
        if scaled is not None:
            yield scaled


def _sides(ask: Ask, name: str, singles: list[Arguments], still: Arguments) -> Iterator[tuple[str, float]]:
    """The functions of this side's logit that explain how the loss changes with it, with their constant."""
    seen = answers(ask, [{n: single[name] if n == name else still[n] for n in single} for single in singles])
    values = [as_tensor(one.value) for one in seen]
    if any(value is None or value.numel() != 1 for value in values):
        return
    loss = torch.stack([value.double().reshape(()) for value in values if value is not None])
    change = (loss - loss[0])[1:]
    if bool((change == 0).all()):
        yield "softplus(−u)", 0.0
        return
    for said, function in OF_ONE_LOGIT.items():
        shape = function(_GRID)
        wanted = (shape - shape[0])[1:]
        usable = torch.isfinite(wanted) & torch.isfinite(change)
        if int(usable.sum()) < 6 or not bool((torch.isfinite(wanted) == torch.isfinite(change)).all()):
            continue
        constant = float((change * wanted)[usable].sum() / (wanted * wanted)[usable].sum())
        if bool(((change - constant * wanted)[usable].abs() <= 1e-9 * change[usable].abs().max()).all()):
            yield said, nice(constant)


def _rescaled(loss: LogitLoss, seen: list[Answer]) -> LogitLoss | None:
    """With one logit a side, a sum over all logits looks like half of itself."""
    if not any("number of all" in side.reduction for side in loss.sides):
        return None
    return LogitLoss(tuple(Side(s.logits, s.of_one, s.reduction, 2 * s.constant) for s in loss.sides))


def _numbers(value: Tensor | Leaf) -> Tensor:
    tensor = value.tensor if isinstance(value, Leaf) else value
    return tensor.flatten()
