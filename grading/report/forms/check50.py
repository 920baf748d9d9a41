"""What check50 prints with ``--output json``: neither passed nor failed is what has no score."""

import json
from typing import Any


def rendered(document: dict[str, Any]) -> str:
    results = [_result(test) for test in document["tests"]]
    told = {"slug": document["extra_data"]["course"], "results": results}
    return json.dumps(told, indent=1) + "\n"


def _result(test: dict[str, Any]) -> dict[str, Any]:
    passed = test["status"] == "passed" if "score" in test else None
    first = test["output"].partition("\n")[0]
    return {
        "name": test["name"],
        "description": test["extra_data"]["title"],
        "passed": passed,
        "log": test["output"].splitlines(),
        "cause": None if passed else {"rationale": first, "help": None},
        "data": {"verdict": test["extra_data"]["verdict"]},
        "dependency": None,
    }
