"""What a mistake does to a picture, as a page shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """The course's demonstration with the student's function and with a right one; ``trouble``: why there is none."""

    caption: str = ""
    student: str = ""  # data: URIs
    right: str = ""
    trouble: str = ""
