"""What a reader finds: a formula, what a function does where there is no formula, or several that fit."""

from dataclasses import dataclass
from typing import Any, Protocol

from ...contract.functions import function
from ...verdicts import Finding
from .evidence import ANYTHING, Arguments


class Reading(Protocol):
    def predict(self, arguments: Arguments) -> Any: ...

    def findings(self) -> list[Finding]: ...


@dataclass(frozen=True)
class Description:
    """What a function does, where there is no formula: random ones. It was seen in the answers it is about."""

    said: list[Finding]

    def predict(self, arguments: Arguments) -> Any:
        return ANYTHING

    def findings(self) -> list[Finding]:
        return self.said


@dataclass(frozen=True)
class Besides:
    """A formula that is wrong in itself, and what is taken where an argument of it is left out."""

    task: str
    taken: dict[str, Any]  # None where it does not stand in the signature
    reading: Reading

    def predict(self, arguments: Arguments) -> Any:
        known = {name: value for name, value in self.taken.items() if value is not None}
        if any(name not in arguments for name in self.taken.keys() - known):
            return ANYTHING
        return self.reading.predict(known | arguments)

    def findings(self) -> list[Finding]:
        known = [(name, value) for name, value in self.taken.items() if value is not None]
        return [other_default(self.task, name, value) for name, value in known] + self.reading.findings()


def other_default(task: str, name: str, value: Any) -> Finding:
    said = f"without {name} it is {value!r}"
    expected = function(task).defaults[name]
    return Finding(f"{said[0].upper()}{said[1:]}: that is not its default.", f"{said}; expected {expected}")


@dataclass(frozen=True)
class Rivals:
    """Several readings that fit every answer: none of them is more than a possibility."""

    readings: tuple[Reading, ...]

    def predict(self, arguments: Arguments) -> Any:
        return self.readings[0].predict(arguments)

    def findings(self) -> list[Finding]:
        count = len(self.readings)
        return [
            Finding(
                f"({number} of {count} that fit all results) {' '.join(f.student for f in one.findings())}",
                f"({number} of {count} that fit all results) {'; '.join(f.staff for f in one.findings())}",
            )
            for number, one in enumerate(self.readings, 1)
        ]


def things(reading: Reading) -> int:
    """How many things it says are wrong; of several readings that fit, each by itself."""
    first = reading.readings[0] if isinstance(reading, Rivals) else reading
    return sum(finding.things for finding in first.findings())
