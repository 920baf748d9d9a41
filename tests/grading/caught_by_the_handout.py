"""Which of the catalogue's mistakes the handout's checks catch; run within an unpacked handout, beside the checkout.

``python caught_by_the_handout.py [TASK …]`` prints, as JSON, how many there are and the names of those that are missed. A
mistake is caught by the first check that fails.
"""

import json
import sys

from hw import student
from hw.verdict import checks, failed

from grading.diagnosis.mistakes import catalogue


def caught(mistake) -> bool:
    student._imported = lambda module, name: mistake.implementation
    asked = student.Student(mistake.task)
    try:
        return any(failed(asked, says, check) for says, check in checks(mistake.task))
    except student.NotWritten:
        return True


mistakes = [mistake for mistake in catalogue() if not sys.argv[1:] or mistake.task in sys.argv[1:]]
missed = [f"{mistake.task}: {mistake.name}" for mistake in mistakes if not caught(mistake)]
print(json.dumps({"mistakes": len(mistakes), "missed": missed}))
