"""Read one function: which reader is asked, and which readings fit everything that was seen."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator

from torch import Tensor

from ...checking.points import Draw, cases
from ...contract.functions import function
from ...sandbox.gradients import Differentiable
from ...verdicts import Failure, Finding
from . import relations, sums
from .chains import CHAINS, read_chain
from .defaults import defaults
from .evidence import Answer, Arguments, Ask, answer, answers, explains, same_answer
from .ignored import ignored
from .known import FAMILIES, STATISTICS, SUMS, kernels, logits, losses
from .readings import Description, Reading, Rivals
from .relations import varied
from .variants import variants

MOST_RIVALS = 3
_NETWORKS = ("eps_model", "model", "v_model")
ASKED_TWICE = 6  # calls; some draw nothing, such as those with eta = 0
_RANDOM = "The same call gives another result each time: random numbers are drawn inside, which are to be handed over."
_NOT_FROM_NOISE_FN = (
    "The same call gives another result each time: random numbers are drawn that do not come from noise_fn."
)
_NOT_DRAWN = (
    "The same call gives another result each time, and torch's random state does not move: part of it is memory that "
    "was never written (torch.empty, empty_like), it comes from a generator of your own, or something is kept from call "
    "to call."
)
FRESH_SEEDS = (101, 102)


def reading(
    task: str, ask: Ask, record: list[Answer], out_of_time: Callable[[], bool], given: Collection[str] = ()
) -> Reading | None:
    """The formula that gives every answer; none where the answers are right.

    Where some arguments are always ``given``, their defaults are another matter.
    """
    if any(one.value is None and not one.error for one in record):
        return None  # it hung or died, or returned nothing: no formula does
    if task in STATISTICS:
        said = STATISTICS[task](ask, record)
        return Description(said) if said else None
    drawn = answers(ask, (one for one in _fresh_calls(task) if all(name in one for name in given)))
    twice = [one for one in drawn if task not in CHAINS or "noise_fn" in one.arguments][:ASKED_TWICE]
    if any(not same_answer(one, answer(ask, one.arguments)) for one in twice):
        handed = [one for one in record if task not in CHAINS or "noise_fn" in one.arguments]
        random = _NOT_FROM_NOISE_FN if task in CHAINS else _RANDOM
        words = random if not handed or any(one.drew for one in handed) else _NOT_DRAWN
        return Description([Finding(words, words)])
    seen = [*drawn, *record]
    came_back = [one for one in seen if not one.error]
    if explains(relations.as_expected(task).predict, came_back, out_of_time):
        return None  # where it only raises, any formula that cannot be computed would "explain" it
    if (network := _never_asked(task, ask, drawn)) is not None:
        words = f"the network is not asked: {network} is never called"
        return Description([Finding(f"Here {words}.", words)])
    for reader in _readers(task, ask, drawn, seen, out_of_time):
        found = _fitting(reader, seen, out_of_time)
        if found:
            return found[0] if len(found) == 1 else Rivals(tuple(found))
    return None


def _never_asked(task: str, ask: Ask, drawn: list[Answer]) -> str | None:
    """The network among the arguments, if no call of it is seen in any of a few calls that come back."""
    network = next((name for name in function(task).parameters if name in _NETWORKS), None)
    if network is None:
        return None
    asked = came_back = 0

    def watched(x: Tensor, *told: object) -> Tensor:
        nonlocal asked
        asked += 1
        return 0.5 * x

    for one in drawn[:ASKED_TWICE]:
        with contextlib.suppress(Failure):
            ask(**one.arguments | {network: Differentiable(watched)})
            came_back += 1
    return network if came_back and not asked else None


def _fitting(reader: Iterator[Reading], seen: list[Answer], out_of_time: Callable[[], bool]) -> list[Reading]:
    """The readings that give every answer: of those that need the fewest things to be wrong all, up to a few."""
    found: list[tuple[int, Reading]] = []
    said: list[set[str]] = []
    for candidate in reader:
        if out_of_time():
            break
        findings = candidate.findings()
        staff, things = {finding.staff for finding in findings}, sum(finding.things for finding in findings)
        simple = all(things <= fewest for fewest, _ in found) and not any(known <= staff for known in said)
        if simple and explains(candidate.predict, seen, out_of_time):
            found.append((things, candidate))
            said.append(staff)
    fewest = min((things for things, _ in found), default=0)
    return [candidate for things, candidate in found if things == fewest][:MOST_RIVALS]


def _readers(
    task: str, ask: Ask, drawn: list[Answer], seen: list[Answer], out_of_time: Callable[[], bool]
) -> Iterator[Iterator[Reading]]:
    """Ways to read this function, the one that says most first."""
    if task in CHAINS:
        yield read_chain(task, ask, out_of_time)
    yield defaults(task, ask)
    yield ignored(task)
    if task in FAMILIES:
        yield variants(FAMILIES[task], seen, out_of_time)
    if task in SUMS:
        yield sums.read_sum(SUMS[task], ask)
    if task in logits.SIDES:
        yield logits.logit_losses(task, ask, out_of_time)
    if task == "illusions.gaussian_kernel1d":
        yield kernels.kernels(ask)
    yield relations.relations(task, drawn, losses.BASES.get(task, {}), out_of_time)


def _fresh_calls(task: str) -> Iterable[Arguments]:
    """Points that no check has drawn, and parts of them in other sizes."""
    for seed in FRESH_SEEDS:
        draw = Draw([seed, 0])
        for _, arguments in cases(task, seed):
            yield arguments
            if not function(task).sizes_tied:
                yield varied(arguments, *(draw.integer(1, 4) for _ in range(4)))
