"""Gradescope's results.json as it is: plain text."""

import json
from typing import Any


def rendered(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
