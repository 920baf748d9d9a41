"""Which of the catalogue's mistakes the handout's checks catch; run within an unpacked handout, beside the checkout.

``python caught_by_the_handout.py [TASK …]`` prints, as JSON, how many there are and the names of those that are missed. A
mistake is caught by the first check that fails.
"""

import json
import sys

from hw.files import Files, NotWritten
from hw.student import Student
from hw.verdict import checks, failed

from grading.diagnosis.mistakes import catalogue


class Planted(Files):
    def __init__(self, implementation) -> None:
        self.implementation = implementation

    def function(self, module, name):
        return self.implementation


def caught(mistake) -> bool:
    asked = Student(mistake.task, Planted(mistake.implementation))
    try:
        return any(failed(asked, says, check) for says, check in checks(mistake.task))
    except NotWritten:
        return True


mistakes = [mistake for mistake in catalogue() if not sys.argv[1:] or mistake.task in sys.argv[1:]]
missed = [f"{mistake.task}: {mistake.name}" for mistake in mistakes if not caught(mistake)]
print(json.dumps({"mistakes": len(mistakes), "missed": missed}))
