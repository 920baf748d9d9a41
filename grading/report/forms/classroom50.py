"""Classroom 50's result.json: points are whole numbers there, hundredths of ours.

It becomes part of a release in the student's repository, beside which nothing of the answers is to lie: names, verdicts and
points stand in it, and no expected value. Who and what for is told by the environment in which it runs.
"""

import datetime
import json
import os
from typing import Any

from ...verdicts import PASSED

SCHEMA = "classroom50/result/v1"
_HUNDREDTHS = 100
_TOLD = {  # key → the environment's variable
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}


def rendered(document: dict[str, Any]) -> str:
    tests = [_test(one) for one in document["tests"] if "score" in one]
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    result = {
        "schema": SCHEMA,
        **{key: os.environ.get(variable, "") for key, variable in _TOLD.items()},
        "datetime": now,
        "score": sum(one["score"] for one in tests),
        "max-score": sum(one["max-score"] for one in tests),
        "tests": tests,
        "without-points": [one["name"] for one in document["tests"] if "score" not in one],
    }
    return json.dumps(result, indent=1) + "\n"


def _test(test: dict[str, Any]) -> dict[str, Any]:
    return {
        "test-name": test["name"],
        "passed": test["extra_data"]["verdict"] == PASSED,
        "score": round(_HUNDREDTHS * test["score"]),
        "max-score": round(_HUNDREDTHS * test["max_score"]),
        "verdict": test["extra_data"]["verdict"],
    }
