"""What several commands check of their arguments."""

import secrets
from importlib.util import find_spec
from pathlib import Path

from ..contract.courses import Course
from ..contract.functions import chosen
from ..paths import INSTALLED
from ..report import files
from ..verdicts import Unusable

SEEDS = 2**32
MOST_SECONDS = 86_400


def seed(given: int | None) -> int:
    """The seed that was asked for, or a new one."""
    if given is None:
        return secrets.randbelow(SEEDS)
    if not 0 <= given < SEEDS:
        raise Unusable(f"--seed {given}: expected a whole number from 0 to 2**32 - 1")
    return given


def seconds(option: str, given: float) -> float:
    if not 0 < given <= MOST_SECONDS:
        raise Unusable(f"{option} {given:g}: expected a number of seconds, more than 0 and at most {MOST_SECONDS}")
    return given


def only(course: Course, text: str) -> Course:
    """The part of a course that ``--only`` asks for; all of it for nothing."""
    if not text:
        return course
    try:
        return course.only(chosen(text, course.functions, f"course {course.name}"))
    except ValueError as error:
        raise Unusable(f"--only {error}") from error


def expect_checkout(what: str) -> None:
    """For what is made of the project's own files, or written among them."""
    if INSTALLED:
        raise Unusable(f"{what}: expected a checkout of the project; an installed package has no files for it")


def expect_extra(option: str, extra: str, *packages: str) -> None:
    """For what grading itself does without."""
    if any(find_spec(package) is None for package in packages):
        raise Unusable(f"{option}: expected the extra {extra}: pip install 'generative-homework[{extra}]'")


def folder(option: str, path: Path) -> Path:
    """A folder to write into; it is made if it is not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except FileExistsError as error:
        raise Unusable(f"{option} {path}: expected a folder, got a file") from error
    except OSError as error:
        raise Unusable(f"{option} {path}: cannot be written into: {error.strerror}") from error
    return path


def result_file(option: str, path: Path | None) -> None:
    """What is written in the end: that it can be is known before anything is graded, not after."""
    if path is None:
        return
    if path.is_dir():
        raise Unusable(f"{option} {path}: expected a file, got a folder")
    if not path.absolute().parent.is_dir():
        raise Unusable(f"{option} {path}: there is no such folder")
    try:
        files.try_writing(path)
    except OSError as error:
        raise Unusable(f"{option} {path}: cannot be written: {error.strerror}") from error
