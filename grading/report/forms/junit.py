"""JUnit's XML, as pytest writes it: a test case for each function.

What the grader is at fault in is an error, what a person has to look at is skipped; both are no failures.
"""

import re
from typing import Any
from xml.etree import ElementTree

from ...verdicts import BY_HAND, NOT_GRADED, PASSED

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OTHERWISE = {NOT_GRADED: "error", BY_HAND: "skipped"}


def rendered(document: dict[str, Any]) -> str:
    tests = document["tests"]
    kinds = [_kind(test) for test in tests]
    suites = ElementTree.Element("testsuites", name=_text(document["extra_data"]["course"]))
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        name=_text(document["extra_data"]["course"]),
        errors=str(kinds.count("error")),
        failures=str(kinds.count("failure")),
        skipped=str(kinds.count("skipped")),
        tests=str(len(tests)),
        time=f"{document['execution_time']:.3f}",
    )
    for test, kind in zip(tests, kinds):
        module, function = test["name"].split(".")
        case = ElementTree.SubElement(suite, "testcase", classname=module, name=function, time="0.000")
        if kind:
            first = test["output"].partition("\n")[0]
            told = ElementTree.SubElement(case, kind, message=_text(f"{test['extra_data']['verdict']}: {first}"))
            told.text = _text(test["output"])
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="utf-8"?>', "\n")
    )


def _kind(test: dict[str, Any]) -> str:
    """Nothing for what passed."""
    verdict = test["extra_data"]["verdict"]
    return "" if verdict == PASSED else _OTHERWISE.get(verdict, "failure")


def _text(text: str) -> str:
    """Fit for XML, which knows no control characters."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
