"""One hand-in of a class: who handed it in, and which files it is. Names are strangers' text."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..submissions.folder import shown

_KEY = 50  # characters; with four bytes each a file system still takes it
NOTHING = "nothing that can be graded"


@dataclass(frozen=True)
class Member:
    """One of those who handed it in together."""

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandIn:
    key: str  # its folder's name in the store; as it is read, what it begins with
    name: str  # as the system shows it
    files: Mapping[str, str]  # what the student called them → where they lie, below the class's folder
    ids: Mapping[str, str] = field(default_factory=dict)  # by what the system calls them: "user", "participant" …
    members: tuple[Member, ...] = ()  # of a group, where the system names them
    late: bool | None = None  # None where the system does not say
    attempt: int | None = None  # counted from 1
    notes: tuple[str, ...] = ()  # what was left out, and what could not be read of its name
    problem: str = ""  # why there is nothing to grade

    @property
    def student(self) -> str:
        """Whoever handed it in, the same at every attempt: the addresses of a group, else what the system calls them."""
        if self.members:
            own = (one.ids.get("email", "").lower() or one.ids.get("sid") or one.name for one in self.members)
            return ",".join(sorted(own))
        return next(iter(self.ids.values()), self.key)


def with_keys(hand_ins: Sequence[HandIn]) -> list[HandIn]:
    """Each with a key of its own, in the keys' order.

    Those that would share one, also where a file system knows no capitals, get what tells them apart from their files'
    names: a key does not depend on who else handed in.
    """
    plain = [replace(one, key=cleaned(one.key), name=shown(one.name)) for one in hand_ins]
    number = Counter(one.key.casefold() for one in plain)
    keyed = [
        replace(one, key=f"{one.key}-{_told_apart(one)}") if number[one.key.casefold()] > 1 else one for one in plain
    ]
    return sorted(keyed, key=lambda one: one.key)


def cleaned(text: str) -> str:
    """Fit to be a folder's name anywhere: letters, digits, ``_``, ``-`` and ``.``, which does not come first."""
    kept = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFKC", text))
    return kept.strip("._-")[:_KEY].strip("._-") or "hand-in"


def _told_apart(one: HandIn) -> str:
    origin = "\n".join([one.name, *sorted(one.files.values())])
    return hashlib.sha256(origin.encode("utf-8", "surrogateescape")).hexdigest()[:8]
