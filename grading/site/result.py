"""A results.json as an example, written by the grader itself for made-up verdicts."""

import json

from ..contract import courses
from ..report import gradescope, rows
from ..seeds import told
from ..verdicts import FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED, CheckResult, Failure, Repair, Verdict

_STEP = Verdict(
    "ddpm.posterior_step",
    FAILED,
    [
        CheckResult(
            "On freshly drawn inputs the result is the formula's.", Failure("the result is wrong in all 210 values")
        )
    ],
    defined_at="ddpm.py:90",
    mistakes=["The noise is scaled with the posterior's variance."],
    remarks=["It changes nothing here."],
    repair=Repair("ddpm.py line 97: a call is missing.", 1, ["ddpm.py:97"], ["ddpm.py:97: variance → variance.sqrt()"]),
)
_VERDICTS = (
    Verdict("ddpm.predict_x0", PASSED, defined_at="ddpm.py:12"),
    _STEP,
    Verdict("ddpm.sample_ddpm", FAILED, carried=["ddpm.posterior_step"], defined_at="ddpm.py:120"),
    Verdict("ddim.ddim_step", NOT_IMPLEMENTED, reason="ddim.py is not there"),
    Verdict("ddim.sample_ddim", NOT_GRADED, reason="out of time", out_of_time=True),
)


def example() -> str:
    verdicts = {one.task: one for one in _VERDICTS}
    course = courses.load("all").only(list(verdicts))
    document = gradescope.document(course, rows(course, verdicts), told(20250117), 12.5, "mistake")
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
