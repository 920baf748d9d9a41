"""What a kit is to the grader: where each graded function is asked for, what the kit leaves free, and what was handed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...contract.functions import function
from ...contract.profile import CONTRACT, Profile


@dataclass(frozen=True)
class Todo:
    """Where a kit asks for a graded function."""

    file: str  # in the kit's own layout, "scheduler/DDPM_scheduler.py"
    name: str  # as the handout counts, "TODO 2", or the name of the function or class that is filled in
    words: Mapping[str, str] = field(default_factory=dict)  # the contract's names → the kit's, where they differ
    equation: str = ""  # the handout's, "eq. 7"


@dataclass(frozen=True)
class Survey:
    """What of a kit lies in a submission. Nothing of it has been run: it was parsed."""

    files: Mapping[str, str]  # the kit's own files, by what its adapters call them → where they lie in the submission
    missing: Mapping[str, str] = field(default_factory=dict)  # task → why it is not handed in
    by_hand: Mapping[str, str] = field(default_factory=dict)  # task → what cannot be reached: "main.py:12, in a loop …"
    notes: tuple[str, ...] = ()  # what the report says of it, such as which of two copies was taken
    written: Mapping[str, str] = field(default_factory=dict)  # file → its text, where another is run than handed in
    course: str = ""  # the course file that is graded by, where what was handed in tells which year's it is


@dataclass(frozen=True)
class Kit:
    """A course's own starter kit."""

    name: str  # also of its adapters' file
    title: str
    course: str  # the course file that is graded by where none is named
    todos: Mapping[str, Todo]  # by graded function: all that the kit asks for; the rest it gives
    survey: Callable[[Path], Survey | None]  # what of it lies in this folder; None where it is another one
    profile: Profile = CONTRACT

    def place(self, task: str) -> str:
        """Where it asks for a function, as a student finds it: "scheduler/DDPM_scheduler.py, TODO 2 (eq. 7)"."""
        todo = self.todos[task]
        return f"{todo.file}, {todo.name}" + f" ({todo.equation})" * bool(todo.equation)


@dataclass(frozen=True)
class Found:
    """A kit in a submission."""

    kit: Kit
    survey: Survey

    @property
    def course(self) -> str:
        """The course file that is graded by where none is named."""
        return self.survey.course or self.kit.course

    @property
    def size(self) -> int:
        """How much of the kit is there, filled in or not."""
        return max(len(self.kit.todos) - len(self.survey.missing), len(self.survey.files))

    @property
    def networks_alone(self) -> bool:
        """Whether all that is there of it are networks."""
        there = set(self.kit.todos) - set(self.survey.missing) - set(self.survey.by_hand)
        return bool(there) and all(function(task).network for task in there)
