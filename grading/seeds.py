"""Which inputs are drawn: from a seed that every report tells, or from a secret and from whoever handed in.

A student who knows the seed knows the inputs of the next attempt. Drawn from a secret, they are the same for a student at
every attempt and for no other one, nobody can tell them beforehand, and whoever is given the secret afterwards draws them
again. What is told meanwhile is its fingerprint, by which the right one is known.
"""

import hashlib
import hmac
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from .verdicts import Unusable

_LEAST = 16  # bytes; a shorter one can be tried out by whoever has seen a fingerprint
_MOST = 1 << 16
_HOW = "`python -c 'import secrets; print(secrets.token_hex())'` prints one"


@dataclass(frozen=True)
class Seed:
    number: int = field(repr=False)
    again: str  # how the same inputs are drawn once more, in words
    options: tuple[str, ...]  # of the command that draws them
    told: int | None = None  # the number, where it is no secret


def told(number: int) -> Seed:
    options = ("--seed", str(number))
    return Seed(number, f"seed {number}: the same inputs are drawn again with {shlex.join(options)}", options, number)


@dataclass(frozen=True)
class Secret:
    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        return self._mac("fingerprint").hex()[:16]

    def seed(self, student: str) -> Seed:
        """63 bits, as many as torch takes: too many to be tried out."""
        options = ("--secret", "FILE", "--student", student)
        again = f"inputs from the secret {self.fingerprint}: whoever is given it draws the same ones again with"
        number = int.from_bytes(self._mac(f"student\0{student}")[:8], "big") >> 1
        return Seed(number, f"{again} {shlex.join(options)}", options)

    def _mac(self, text: str) -> bytes:
        return hmac.digest(self.key, text.encode("utf-8", "surrogateescape"), hashlib.sha256)


def read(path: Path) -> Secret:
    """A file's content without the white space around it."""
    try:
        with path.open("rb") as file:
            key = file.read(_MOST + 1).strip()
    except OSError as error:
        raise Unusable(f"--secret {path}: cannot be read: {error.strerror}") from error
    if not _LEAST <= len(key) <= _MOST:
        raise Unusable(f"--secret {path}: expected from {_LEAST} to {_MOST} bytes, got {len(key)}; {_HOW}")
    return Secret(key)
