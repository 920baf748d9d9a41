"""What a step of a chain computes: the right formula, a catalogued mistake of a step function, or a formula read anew.

A mistake known of one step function is known of every chain that takes such steps.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ....contract.functions import function
from ....contract.reference import reference_function
from ....sandbox.crossing.values import fresh
from ....verdicts import Finding
from ...mistakes import Mistake, catalogue
from .. import relations
from ..evidence import Answer, Arguments, explains
from ..known.schedule import FORMULAS
from ..readings import Reading
from ..sums import Read, Sum, read_answers
from . import forms
from .kinds import Kind

Compute = Callable[[Arguments], Tensor]


@dataclass(frozen=True)
class Part:
    """A wrong formula within a chain that was read: where it stands, and of which graded function it is a call."""

    where: str
    task: str
    read: Read


@dataclass(frozen=True)
class Step:
    """A step, with what is wrong with it. One whose terms are x_t and eps sees a clipped x0 only by its difference."""

    compute: Compute
    said: tuple[Finding, ...] = ()
    sees_x0: bool = True
    things: int = 0
    part: Part | None = None

    def __call__(self, kind: Kind, given: Arguments) -> Tensor:
        x = self.compute(given)
        if not self.sees_x0 and given["x0"] is not given["unclipped"]:
            share = forms.weights(kind, given)
            x = x + share["x0"] * (given["x0"] - given["unclipped"])
        return x


def right(kind: Kind) -> Step:
    return Step(partial(forms.right_step, kind))


def steps(kind: Kind, seen: Iterable[Answer], out_of_time: Callable[[], bool], only_right: bool) -> Iterator[Step]:
    """The steps that give all of these: the right one, or one with the fewest things wrong."""
    if gives(partial(forms.right_step, kind), seen):
        yield right(kind)
        return
    if only_right:
        return
    read = [] if kind.corrected else list(_read(kind, seen))
    for name, words in _STAND_INS.items():
        compute = _predict_x0(kind, _STAND_IN[name])
        if gives(compute, seen):
            said = f"In every step: {words} stands in the place of the estimate of the clean image."
            yield Step(compute, (Finding(said, f"{name} for x0 in every step"),), things=1)
            return
    known = next((one for one in _known(kind) if _gives(one[1], seen)), None)
    if known is not None:
        where = _where(kind, seen)
        part = read[0].part if read else None  # a second one is the same step in other terms
        yield Step(known[1], (_told(known[0], read, where),), things=1, sees_x0=known[2], part=part)
        return
    read = list(_read(kind, seen)) if kind.corrected else read
    yield from read
    if read or kind.corrected:
        return
    task = kind.step
    names = function(task).parameters
    plain = [replace(one, arguments={n: v for n, v in one.arguments.items() if n in names}) for one in seen]
    for relation in relations.relations(task, plain[:20], {}, out_of_time):
        if explains(relation.predict, plain, out_of_time):
            yield _step(relation, partial(_related, relation, names))
            return


def _related(relation: Reading, names: tuple[str, ...], given: Arguments) -> Tensor:
    return relation.predict({name: given[name] for name in names if name in given})


def gives(compute: Compute, seen: Iterable[Answer]) -> bool:
    """Whether that is computed in all of these steps. All is float64, and one step loses nothing to speak of."""
    return all(_same(compute, one) for one in seen)


def _same(compute: Compute, one: Answer) -> bool:
    try:
        made = compute(one.arguments)
    except (RuntimeError, IndexError, ValueError):
        return False
    return made.shape == one.value.shape and alike(made, one.value)


def alike(one: Tensor, other: Tensor) -> bool:
    return float((one - other).abs().max()) <= ALIKE * max(float(other.abs().max()), 1e-12)


ALIKE = 1e-8  # relative; of two images that are the same up to rounding


def _step(reading: Reading, compute: Compute, sees_x0: bool = True, where: str = "in every step") -> Step:
    said = tuple(_placed(one, where) for one in reading.findings())
    return Step(compute, said, sees_x0, sum(one.things for one in said))


def _placed(finding: Finding, where: str) -> Finding:
    if " in a step" in finding.student or " in the estimate" in finding.student:
        return finding
    student = f"{where[0].upper()}{where[1:]}: {finding.student[0].lower()}{finding.student[1:]}"
    return replace(finding, student=student, staff=f"{where}: {finding.staff}")


def _where(kind: Kind, seen: Iterable[Answer]) -> str:
    """The steps in which a mistake shows."""
    wrong = [one.arguments["t_prev"] for one in seen if not gives(partial(forms.right_step, kind), [one])]
    return (
        "In the last step" if max(wrong) < 0 else "In the step to timestep 0" if set(wrong) == {0} else "In every step"
    )


def _told(mistake: Mistake, read: list[Step], where: str) -> Finding:
    """A catalogued mistake's words, and the weight that shows it where it is one alone."""
    weight = read[0].said[0].student.split(": ")[0] + ". " if read and len(read[0].said) == 1 else ""
    weight = weight if weight.startswith("Your weight") else ""
    return Finding(
        f"{weight}{where}: {mistake.student}", f"{mistake.name} {where[0].lower()}{where[1:]}: {mistake.staff}"
    )


def _gives(compute: Compute, seen: Iterable[Answer]) -> bool:
    """Whether a mistake gives all of these; one that draws at random gives nothing."""
    careful = _careful(compute)
    first = next(iter(seen)).arguments
    try:
        same = torch.equal(careful(first).nan_to_num(), careful(first).nan_to_num())
    except RuntimeError:
        return False
    return same and gives(careful, seen)


def _careful(compute: Compute) -> Compute:
    """An implementation of the catalogue may change its arguments, and fail in any way."""

    def careful(given: Arguments) -> Tensor:
        try:
            return compute({name: fresh(value) for name, value in given.items()})
        except Exception as error:
            raise RuntimeError from error

    return careful


# --- read as a formula


def _read(kind: Kind, seen: Iterable[Answer]) -> Iterator[Step]:
    """Formulas that give every step: of the ways to write it down the one with the fewest things wrong."""
    found: list[Step] = []
    for formula in forms.forms(kind):
        for read in _readings(formula, seen):
            part = Part("in every step", kind.step, read)
            found.append(replace(_step(read, read.predict, "x0" in formula.expected), part=part))
    if not kind.corrected:
        found += _estimates(kind, seen)
    found.sort(key=lambda step: step.things)
    yield from found[:2] if len({step.things for step in found[:2]}) == 1 else found[:1]


def _readings(formula: Sum, seen: Iterable[Answer]) -> list[Read]:
    """The formula's readings that give all these answers, the first of them; none that is right."""
    regimes: list[list[Answer]] = [[] for _ in formula.points]
    for one in seen:
        regimes[int(formula.regime(one.arguments))].append(one)
    if len(regimes[0]) < _ENOUGH:
        return []
    fitting = (read for read in read_answers(formula, regimes) if gives(read.predict, seen))
    first = next(fitting, None)
    if first is not None:  # told apart at the steps that were seen
        points = {label: partial(_arguments, answers) for label, answers in zip(formula.points, regimes)}
        first = replace(first, formula=replace(formula, points=points))
    return [first] if first is not None and first.findings() else []


def _arguments(answers: list[Answer]) -> list[Arguments]:
    return [one.arguments for one in answers]


_ENOUGH = 14  # points, to tell a formula from another


def _estimates(kind: Kind, seen: Iterable[Answer]) -> list[Step]:
    """The step is right, but for the estimate of the clean image that goes into it."""
    formula = replace(
        FORMULAS["ddpm.predict_x0"], what=lambda term: f"weight of {term} in the estimate of the clean image"
    )
    asked = [_estimate_in(kind, one) for one in seen]
    found = _readings(formula, [one for one in asked if one is not None])
    where = "in every estimate of the clean image"
    return [
        replace(_step(read, _with_estimate(kind, read.predict), where=where), part=Part(where, "ddpm.predict_x0", read))
        for read in found
    ]


def _estimate_in(kind: Kind, one: Answer) -> Answer | None:
    """The estimate that a right step must have had."""
    given = one.arguments
    share = forms.weights(kind, given)
    rest = sum(share[name] * given[name] for name in share if name != "x0")
    if abs(float(share["x0"])) < 1e-9:
        return None
    arguments = {name: given[name] for name in ("x_t", "eps", "t", "alphas_cumprod")}
    return Answer(arguments, (one.value - rest) / share["x0"])


def _with_estimate(kind: Kind, predict_x0: Compute) -> Compute:
    def compute(given: Arguments) -> Tensor:
        arguments = {name: given[name] for name in ("x_t", "eps", "t", "alphas_cumprod")}
        x0 = given["clip"](predict_x0(arguments))
        return forms.right_step(kind, given | {"x0": x0})

    return compute


# --- known mistakes


@cache
def _known(kind: Kind) -> list[tuple[Mistake, Compute, bool]]:
    """Every catalogued mistake of a function that a step is made of, inside the step; whether it sees a clipped x0."""
    ways = _WAYS[kind.step] | (_CORRECTIONS if kind.corrected else {})
    return [
        (mistake, _careful(way(kind, mistake.implementation)), task != "ddim.ddim_step")
        for task, way in ways.items()
        for mistake in catalogue()
        if mistake.task == task
    ]


def _posterior_step(kind: Kind, wrong: Callable) -> Compute:
    return lambda g: wrong(g["x_t"], g["x0"], g["noise"], g["t"], g["t_prev"], g["alphas_cumprod"])


def _posterior_variance(kind: Kind, wrong: Callable) -> Compute:
    def compute(g: Arguments) -> Tensor:
        mean = forms.right_step(kind, g | {"noise": torch.zeros_like(g["noise"])})
        return mean + wrong(g["t"], g["t_prev"], g["alphas_cumprod"]).sqrt() * g["noise"]

    return compute


def _predict_x0(kind: Kind, wrong: Callable) -> Compute:
    def estimate(given: Arguments, x_t: Tensor, eps: Tensor) -> Tensor:
        return wrong(x_t, eps, given["t"], given["alphas_cumprod"])

    def compute(given: Arguments) -> Tensor:
        x0 = given["clip"](estimate(given, given["x_t"], given["eps"]))
        rest = {name: value for name, value in given.items() if name != "misfits"}
        return forms.right_step(kind, rest | {"x0": x0, "estimate": lambda x, eps: estimate(given, x, eps)})

    return compute


def _ddim_step(kind: Kind, wrong: Callable) -> Compute:
    def compute(g: Arguments) -> Tensor:
        x = wrong(g["x_t"], g["eps"], g["noise"], g["t"], g["t_prev"], g["alphas_cumprod"], g["eta"])
        return x + correction(kind, g)

    return compute


def _ddim_sigma(kind: Kind, wrong: Callable) -> Compute:
    def compute(g: Arguments) -> Tensor:
        sigma = wrong(g["t"], g["t_prev"], g["alphas_cumprod"], g["eta"])
        abar = forms.level(g["alphas_cumprod"], g["t_prev"])
        direction = (1 - abar - sigma**2).clamp(min=0).sqrt()
        return abar.sqrt() * g["x0"] + direction * g["eps"] + sigma * g["noise"] + correction(kind, g)

    return compute


def _dps_gradient(kind: Kind, wrong: Callable) -> Compute:
    def compute(g: Arguments) -> Tensor:
        live = forms.live(g)
        gradient = wrong(live["x_t"], live["x0_hat"], g["measurement"], g["operator"])
        return forms.uncorrected(kind, g) - g["scale"] * gradient.detach()

    return compute


def _dps_step(kind: Kind, wrong: Callable) -> Compute:
    def compute(g: Arguments) -> Tensor:
        live = forms.live(g)
        x_prev = forms.uncorrected(kind, g)
        return wrong(x_prev, live["x_t"], live["x0_hat"], g["measurement"], g["operator"], g["scale"]).detach()

    return compute


def correction(kind: Kind, given: Arguments) -> Any:
    """What the right correction of a DPS chain adds to DDIM's step."""
    return forms.right_step(kind, given) - forms.uncorrected(kind, given) if kind.corrected else 0.0


_WAYS: dict[str, dict[str, Callable[[Kind, Callable], Compute]]] = {
    "ddpm.posterior_step": {
        "ddpm.posterior_variance": _posterior_variance,
        "ddpm.posterior_step": _posterior_step,
        "ddpm.predict_x0": _predict_x0,
    },
    "ddim.ddim_step": {
        "ddim.ddim_sigma": _ddim_sigma,
        "ddim.ddim_step": _ddim_step,
        "ddpm.predict_x0": _predict_x0,
    },
}
_CORRECTIONS: dict[str, Callable[[Kind, Callable], Compute]] = {
    "dps.dps_gradient": _dps_gradient,
    "dps.dps_step": _dps_step,
}


_STAND_INS = {"x_t": "the noisy image x_t", "eps": "the network's estimate eps"}
_STAND_IN: dict[str, Callable] = {
    "x_t": lambda x_t, eps, t, alphas_cumprod: x_t,
    "eps": lambda x_t, eps, t, alphas_cumprod: eps,
}


# --- one level: what an image is noised to, and what a blend puts back


def at_a_level(task: str, where: str, seen: Iterable[Answer], only_right: bool = False) -> Iterator[Step]:
    """``noising.add_noise`` or ``editing.repaint_blend`` inside a chain: right, catalogued, or read."""
    names = function(task).parameters
    expected = forms.noised if task == "noising.add_noise" else reference_function(task)

    def of(implementation: Callable) -> Compute:
        return _careful(lambda given: implementation(**{name: given[name] for name in names}))

    if gives(of(expected), seen):
        yield Step(of(expected))
        return
    if only_right:
        return
    readings = _readings(FORMULAS[task], seen)
    part = Part(where, task, readings[0]) if readings else None
    for mistake in (one for one in catalogue() if one.task == task):
        if _gives(of(mistake.implementation), seen):
            said = (Finding(mistake.student, f"{mistake.name}: {mistake.staff}"),)
            yield Step(of(mistake.implementation), said, things=1, part=part)
            return
    for read in readings:
        found = tuple(read.findings())
        yield Step(read.predict, found, things=sum(one.things for one in found), part=part)
