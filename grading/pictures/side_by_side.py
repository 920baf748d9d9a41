"""What a mistake does to a picture: a small demonstration, made with the student's function and with a right one.

Only the function that is looked at is the student's; all around it are right ones, so that one mistake is seen and not
several. It explains a verdict that stands already: what goes wrong here costs nothing but the picture.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from torch import Tensor

from reference.data.grids import grid

from ..contract.reference import reference_function
from ..report.page.picture import Picture
from ..report.quoted import quoted
from ..sandbox import limits
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..submissions import Submission
from ..verdicts import FAILED, Verdict
from .functions import CannotGoOn, Functions, Trusted
from .report import inlined
from .small import RECIPES
from .worlds.shipped import Shipped

__all__ = ["side_by_side"]

SEED = 0
VISIBLE = 0.02  # of a range of 2: less than three of a screen's 256 levels
SHORT = 160  # characters
NONE = "there is no picture of it"
ENDLESS = "none was made: a call that hung, or ended its process, is not made again"
LATE = "none was made: the others took too long"
SAME = "the same picture: what is wrong does not show in it"


def side_by_side(fork_server: ForkServer, submission: Submission, verdicts: Iterable[Verdict]) -> dict[str, Picture]:
    """By failed function; of those that are right by themselves there is nothing to show."""
    wrong = [one for one in verdicts if one.outcome == FAILED and not one.carried]
    deadline = Deadline.after(limits.PICTURES_SECONDS)
    pictures = {}
    for one in wrong:
        endless = any(check.failure.kind in ("hung", "died") for check in one.failures if check.failure is not None)
        trouble = ENDLESS if endless else LATE if deadline.passed() else ""
        pictures[one.task] = Picture(trouble=trouble) if trouble else _picture(fork_server, submission, one.task)
    return pictures


def _picture(fork_server: ForkServer, submission: Submission, task: str) -> Picture:
    if task not in RECIPES:
        return Picture(trouble=NONE)
    recipe, functions = RECIPES[task], _OneOfTheirs(fork_server, submission, task)
    try:
        student, right = recipe.make(functions, _world()), _right(task)
        if student.shape == right.shape and (student - right).abs().max() < VISIBLE:
            return Picture(trouble=SAME)
        return Picture(recipe.caption, *(inlined(grid(images, min(len(images), 6))) for images in (student, right)))
    except CannotGoOn as unusable:
        return Picture(trouble=_short(f"none could be made: {unusable}"))
    except Exception as error:  # a tensor of another shape, most likely; a network that is not here
        return Picture(trouble=_short(f"none could be made of what came back: {error}"))
    finally:
        functions.close()


def _short(text: str) -> str:
    said = quoted(text)
    return said[:SHORT] + "…" * (len(said) > SHORT)


@cache
def _world() -> Shipped:
    return Shipped(SEED)


@cache
def _right(task: str) -> Tensor:
    """Of a class's submissions it is made once."""
    return RECIPES[task].make(Trusted(reference_function), _world())


class _OneOfTheirs(Functions):
    """One function of a submission among right ones."""

    def __init__(self, fork_server: ForkServer, submission: Submission, task: str) -> None:
        super().__init__(fork_server, submission.folder, limits.SMALL_PICTURE_SECONDS)
        self.task, self.others = task, Trusted(reference_function)

    def _reply(self, task: str, arguments: dict[str, Any]) -> Any:
        return super()._reply(task, arguments) if task == self.task else self.others._reply(task, arguments)
