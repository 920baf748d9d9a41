"""What a course's own kit leaves out of the contract: its freedoms, which nothing may be held against.

A kit asks for the same formulas in code of its own shape: one sample at a time, no generator, a function under
``no_grad``. What it cannot be asked costs no point; everything else is asked as of any other submission.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Takes = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Profile:
    """The freedoms of a kit, by graded function."""

    takes: Mapping[str, Takes] = field(default_factory=dict)  # which calls it can be asked; where none stands, all
    without: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # checks that are not asked, "test_differentiable"

    def asks(self, task: str, arguments: dict[str, Any]) -> bool:
        """Whether this call lies within what the kit can be asked."""
        return task not in self.takes or self.takes[task](arguments)

    def checks(self, task: str, name: str) -> bool:
        """Whether the check of this name is asked."""
        return name not in self.without.get(task, frozenset())


CONTRACT = Profile()  # nothing is left out
