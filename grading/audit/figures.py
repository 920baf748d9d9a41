"""The figures that say how good the grader is, each with what it was measured on. What it had not seen before comes first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .audit import Audit
from .explained import UNEXPLAINED, Explanation
from .measures import by_how, explained
from .restyle import WAYS
from .totals import total


@dataclass(frozen=True)
class Figure:
    what: str
    measured_on: str
    came: str


def figures(found: Audit) -> list[Figure]:
    return [
        *_of_strangers(found),
        *_of_other_clothes(found),
        *_of_solutions(found),
        *_of_the_reference(found),
        *_of_the_catalogue(found),
        *_of_time(found),
    ]


def _of_strangers(found: Audit) -> Iterator[Figure]:
    own, using, couples = found.strangers.edited, found.strangers.using, found.couples
    edits = f"{len(own)} random edits of the other solutions that cost the edited function its point"
    if own:
        yield Figure("mistakes explained", edits, f"{_share(*explained(own.values()))}; {_wrong(own.values())} wrongly")
        yield Figure("how", "the same", _hows(own.values()))
    if using:
        where = f"{len(using)} functions that use an edited one, and fail"
        came = f"{_share(*explained(using.values()))}; {_wrong(using.values())} wrongly; {_hows(using.values())}"
        yield Figure("mistakes explained", where, came)
    if couples.all:
        where = f"{len(couples.all)} pairs of such edits in one function, each a mistake alone"
        right, known = explained(couples.all.values())
        came = f"{_share(right, known)}; both named in {couples.both()}; {_wrong(couples.all.values())} wrongly"
        yield Figure("two mistakes explained", where, came)


def _of_other_clothes(found: Audit) -> Iterator[Figure]:
    alike = found.restyling.alike()
    if alike:
        where = f"{len(alike)} catalogued mistakes rewritten by tool in {len(WAYS)} ways ({', '.join(WAYS)})"
        by_way = [(way, [same for key, same in alike.items() if key[2] == way]) for way in WAYS]
        worst, came = min(((w, a) for w, a in by_way if a), key=lambda one: sum(one[1]) / len(one[1]))
        text = f"{_share(sum(alike.values()), len(alike))}; worst way: {worst}, {_share(sum(came), len(came))}"
        yield Figure("explained as the original is", where, text)
    defaults = found.defaults
    if defaults.all:
        lost, named = defaults.all - len(defaults.unnoticed), defaults.all - len(defaults.unnoticed + defaults.unnamed)
        where = f"the reference with one default changed: {defaults.all} of them"
        yield Figure("defaults noticed; named", where, f"{lost}; {named}")


def _of_solutions(found: Audit) -> Iterator[Figure]:
    whole = total(list(found.functions.values()))
    if whole.correct:
        where = (
            f"{found.size.gradings} gradings of {len(found.solutions)} complete correct solutions, a new seed each time"
        )
        yield Figure("points lost though right", where, f"{len(whole.alarms)} of {whole.correct}")


def _of_the_reference(found: Audit) -> Iterator[Figure]:
    whole = total(list(found.functions.values()))
    if whole.mutants:
        where = f"small edits of the reference, by tool; {whole.declared} more are declared, with reasons, to be no mistakes"
        yield Figure(
            "points lost, as they should be", where, f"{whole.killed} of {whole.killed + len(whole.surviving)}"
        )
    if whole.pairs:
        came = f"{whole.pairs - len(whole.surviving_pairs)} of {whole.pairs}"
        yield Figure("points lost, as they should be", "pairs of such edits in one function", came)


def _of_the_catalogue(found: Audit) -> Iterator[Figure]:
    whole = total(list(found.functions.values()))
    if whole.mistakes:
        said = whole.diagnoses
        where = "the catalogue's own entries: it recognises itself"
        yield Figure(
            "points lost, as they should be", where, f"{whole.mistakes - len(whole.survivors)} of {whole.mistakes}"
        )
        yield Figure("mistakes named; wrongly; not", where, f"{said.right}; {len(said.wrong)}; {said.missing}")


def _of_time(found: Audit) -> Iterator[Figure]:
    added = found.cost.added()
    if added:
        came = f"median {added[len(added) // 2]:.1f} s, worst {added[-1]:.1f} s"
        where = f"{len(added)} of the edits above, two graders side by side"
        yield Figure("seconds that a failing function adds", where, came)
    yield Figure("the audit itself", "two processor cores", f"{found.seconds // 60:.0f} min {found.seconds % 60:.0f} s")


def _wrong(explanations: Iterable[Explanation]) -> int:
    return sum(bool(one.wrong) for one in explanations)


def _hows(explanations: Iterable[Explanation]) -> str:
    """ "repaired 12, read 40, …, unexplained 7", and how many could be held against nothing."""
    everything = list(explanations)
    counts = ", ".join(f"{how} {count}" for how, count in by_how(everything).items() if count)
    elsewhere = sum(one.elsewhere for one in everything)
    loose = sum(not one.tested for one in everything if one.how != UNEXPLAINED)
    return counts + f"; {elsewhere} repaired elsewhere" * bool(elsewhere) + f"; {loose} untested" * bool(loose)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none"
