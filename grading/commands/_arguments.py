"""What several commands check of their arguments."""

import argparse
import secrets
from importlib.util import find_spec
from pathlib import Path

from ..contract import courses
from ..paths import INSTALLED
from ..report import files
from ..sandbox import limits
from ..seeds import Secret, read
from ..submissions import kits
from ..verdicts import HINTS, Unusable

SEEDS = 2**32
MOST_SECONDS = 86_400


def add_grading(parser: argparse.ArgumentParser) -> None:
    """The arguments that say how a submission is graded, whether there is one or a whole class."""
    parser.add_argument(
        "--course",
        metavar="NAME|FILE.toml",
        help=f"whose tasks and points: {', '.join(courses.NAMES)}, or a course file of your own; default: that of the"
        " kit which was handed in, or all",
    )
    parser.add_argument(
        "--kit",
        default="",
        metavar="NAME|none",
        help=f"the course's own kit that is filled in: {', '.join((*kits.NAMES, kits.NONE))}; default: what lies there tells",
    )
    parser.add_argument("--only", default="", metavar="MODULE[.FUNCTION],…", help="grade only these")
    parser.add_argument("--seed", type=int, help="draw the same inputs again; default: a new seed, which is printed")
    parser.add_argument(
        "--secret", type=Path, metavar="FILE", help="draw each student's inputs from this file's content and who it is"
    )
    parser.add_argument(
        "--fixtures", type=Path, metavar="DIR", help="golden inputs of your own, made by `fixtures --seed N --out DIR`"
    )
    parser.add_argument(
        "--deadline",
        type=float,
        default=limits.SUBMISSION_SECONDS,
        metavar="SECONDS",
        help="for a whole submission; what is not graded by then is not graded; default: %(default)g",
    )
    parser.add_argument("--hints", choices=HINTS, help="how much is said; default: what the course says, else mistake")


def seed(given: int | None) -> int:
    """The seed that was asked for, or a new one."""
    if given is None:
        return secrets.randbelow(SEEDS)
    if not 0 <= given < SEEDS:
        raise Unusable(f"--seed {given}: expected a whole number from 0 to 2**32 - 1")
    return given


def secret(arguments: argparse.Namespace, hand_in: Path) -> Secret | None:
    """What ``--secret`` names; it is not to lie where student code finds it."""
    if arguments.secret is None:
        return None
    if arguments.seed is not None:
        raise Unusable("--secret FILE: the seed comes from it: expected no --seed beside it")
    if hand_in.is_dir() and arguments.secret.resolve().is_relative_to(hand_in.resolve()):
        raise Unusable(f"--secret {arguments.secret}: expected a file that is not handed in")
    return read(arguments.secret)


def fixtures(given: Path | None) -> Path | None:
    """What ``--fixtures`` names, if it can be graded with."""
    if given is None:
        return None
    from ..checking import golden

    golden.expect_usable(given)
    return given


def seconds(option: str, given: float) -> float:
    if not 0 < given <= MOST_SECONDS:
        raise Unusable(f"{option} {given:g}: expected a number of seconds, more than 0 and at most {MOST_SECONDS}")
    return given


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


def write_out(path: Path, content: bytes) -> None:
    try:
        files.write_bytes(path, content)
    except OSError as error:
        raise Unusable(f"--out {path}: cannot be written: {error.strerror}") from error
