"""``from hw import check`` in a notebook: what its cells define is checked where it is, and shown below the cell."""

from __future__ import annotations

from .cells import Cells
from .course import FUNCTIONS, SETTINGS, Unusable, chosen
from .lent.contract.order import next_up
from .lent.notebook.magic import Shown, register
from .page import html
from .report import told
from .undisturbed import undisturbed
from .verdict import judge

_passed: set[str] = set()  # of the functions, as they were checked last


def check(*names: str) -> Shown:
    """Check functions of this notebook: ``check("ddpm.posterior_step")``, ``check("ddpm")``, ``check()`` for all.

    Each time it is what the notebook's names stand for by then. On top of a cell ``%%check ddpm.posterior_step`` runs the cell
    and checks the function, ``%%check`` what the cell defines.
    """
    try:
        tasks = chosen(list(names))
    except Unusable as error:
        return Shown(str(error))
    own = Cells()
    with undisturbed() as printed:
        verdicts = [judge(task, own) for task in tasks]
    _passed.difference_update(tasks)
    _passed.update(verdict.task for verdict in verdicts if verdict.word == "passed")
    following = _following() if _passed.issuperset(tasks) else ""
    text = "\n".join([*map(told, verdicts), *filter(None, [following])])
    return Shown(text, html(verdicts, printed.getvalue(), following))


def _following() -> str:
    return next_up([task for task in FUNCTIONS if task not in _passed], SETTINGS["made_of"])


register(check, FUNCTIONS)
