"""Mutants that compute the same as the reference, declared with a reason in ``equivalent.toml``.

A declaration names the function, the statement as it was and the statements that may stand for it. One that fits no
mutant any more is stale, and an error.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .mutants import Mutant

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DECLARATIONS = Path(__file__).with_name("equivalent.toml")
Key = tuple[str, str, str]  # function, statement, mutated statement


@dataclass(frozen=True)
class Declarations:
    reasons: dict[Key, str]

    def reason(self, mutant: Mutant) -> str | None:
        return self.reasons.get(key(mutant))

    def stale(self, everything: Iterable[Mutant]) -> list[str]:
        """Declarations of the functions at hand that fit none of their mutants."""
        known = {key(mutant) for mutant in everything}
        functions = {function for function, _, _ in known}
        return [" | ".join(declared) for declared in self.reasons if declared[0] in functions and declared not in known]


def key(mutant: Mutant) -> Key:
    return f"{mutant.module}.{mutant.scope}", mutant.original, mutant.mutated


def load(text: str | None = None) -> Declarations:
    declared: list[dict[str, Any]] = tomllib.loads(
        DECLARATIONS.read_text(encoding="utf-8") if text is None else text
    ).get("mutant", [])
    reasons = {
        (one["function"], one["original"], mutated): one["reason"] for one in declared for mutated in one["mutated"]
    }
    return Declarations(reasons)
