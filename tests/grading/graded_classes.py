"""A class as ``class --out`` leaves it, made of verdicts that nobody had to grade for."""

import json

from grading import seeds
from grading.contract import courses
from grading.report import gradescope, rows
from grading.verdicts import FAILED, NOT_GRADED, PASSED, CheckResult, Failure, Verdict

TASKS = ("noising.add_noise", "ddpm.posterior_step", "guidance.classifier_free_guidance", "guidance.guided_eps")
COURSE = courses.load("all").only(list(TASKS))
EVIL = "<script>alert('&')</script> \x1b[31m ]]> \ufffe =1+1"


def verdict(task, outcome=PASSED):
    if outcome == FAILED:
        failure = Failure("the result is wrong", called=EVIL, expected="0.5", got="0.25")
        checks = [CheckResult("On freshly drawn inputs the result is the formula's.", failure=failure)]
        return Verdict(task, outcome, checks, mistakes=[f"The noise is missing. {EVIL}"])
    return Verdict(task, outcome, reason="the fixture is damaged" if outcome == NOT_GRADED else "")


def document(outcomes=(PASSED, FAILED, PASSED, PASSED), seed=1):
    verdicts = {task: verdict(task, outcome) for task, outcome in zip(TASKS, outcomes)}
    return gradescope.document(COURSE, rows(COURSE, verdicts), seeds.told(seed), 1.5, "mistake")


def entry(key, name, outcomes=(PASSED, FAILED, PASSED, PASSED), *, ids=None, files=(), members=(), reason=""):
    own = {"key": key, "name": name, "ids": ids or {}, "files": list(files), "members": list(members)}
    own |= {"late": None, "attempt": None, "notes": [], "not_graded": [], "reason": reason}
    if reason:
        return own | {"state": "unusable"}
    results = document(outcomes)
    functions = {test["name"]: {"verdict": test["extra_data"]["verdict"]} for test in results["tests"]}
    own |= {"course": "all", "points": results["extra_data"]["points"], "functions": functions, "results": results}
    return own | {"state": "graded"}


def write(out, *entries, **settings):
    """What the store would hold."""
    out.mkdir(exist_ok=True)
    for one in entries:
        folder = out / "submissions" / one["key"]
        folder.mkdir(parents=True, exist_ok=True)
        if "results" in one:
            gradescope.write(folder / "results.json", one["results"])
    told = [{key: value for key, value in one.items() if key != "results"} for one in entries]
    settings = {"system": "folders", "course": "all", "only": "", "seed": 1, "hints": None} | settings
    (out / "class.json").write_text(json.dumps(settings | {"hand_ins": told}), encoding="utf-8")
    return out
