"""A submission's page with everything on it that a page can have, without a grading: verdicts and code are made up."""

import textwrap
from pathlib import Path

from grading.contract import courses
from grading.report import rows
from grading.report.page import Picture, code, page
from grading.report.quoted import quoted
from grading.seeds import told
from grading.verdicts import (
    FAILED,
    NOT_GRADED,
    NOT_IMPLEMENTED,
    PASSED,
    CheckResult,
    Failure,
    Finding,
    Formula,
    Repair,
    Term,
    Verdict,
)

ATTACK = "</script></code></pre><script>document.title='taken'</script><img src=x onerror=alert(1)> \u202eabc \ud800 \x1b[31m"
SECRET = "hf_AbCdEfGhIjKlMnOpQrStUvWx"
STEP, NOISE, GUIDED = "ddpm.posterior_step", "noising.add_noise", "guidance.guided_eps"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SOURCE = f'''
def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    """{ATTACK.encode("ascii", "replace").decode()}"""
    token = "{SECRET}"
    # {"a very long line " * 40}
    return x0 + x_t + noise


class Sampler:
    def step(self):
        return 1

    def other(self):
        return 2
'''


def verdicts() -> dict[str, Verdict]:
    full = Failure(
        f"the result is wrong {ATTACK}",
        called="posterior_step(x_t=float64 (3, 2, 5, 7), " + "t=30, " * 40 + ")",
        expected="1.5 at [0, 0]; it begins 1, 2",
        got="2.5 at [0, 0]; it begins 1, 2",
        where=["ddpm.py:6 in posterior_step: return x0"],
        printed=f"{ATTACK}\n{SECRET}",
    )
    terms = (
        Term(r"\frac{\sqrt{ᾱ_{prev}}\,β}{1-ᾱ_t}", "x0", True),
        Term(r"-\frac{(1-ᾱ_{prev})\,β}{1-ᾱ_t}", "noise", False),
    )
    failed = Verdict(
        STEP,
        FAILED,
        [CheckResult("Holds."), CheckResult("The first property.", full), CheckResult("The second.", full)],
        defined_at="ddpm.py:2",
        mistakes=["The noise is scaled with its variance."],
        reading=[Finding("Your weight of noise is wrong.", "staff: expected the root")],
        formulas=[Formula("", terms), Formula("at t_prev = -1", terms[:1])],
        repair=Repair(
            "ddpm.py line 6: a call is missing; nothing else is wrong.", 1, ["ddpm.py:6"], ["noise → z.sqrt()"]
        ),
        remarks=["It changes its argument."],
        closed=["files"],
        asked_in="scheduler/DDPM_scheduler.py, TODO 2",
        words={"noise": "variance_noise"},
    )
    carried = Verdict("ddpm.sample_ddpm", FAILED, carried=[STEP], defined_at="ddpm.py:2", closed=["files"])
    remarked = Verdict(NOISE, PASSED, [CheckResult("Holds.")], remarks=["It works here only."], closed=["files"])
    missing = Verdict(GUIDED, NOT_IMPLEMENTED, reason=f"guidance.py is not there {ATTACK}")
    faulty = Verdict("guidance.classifier_free_guidance", NOT_GRADED, reason="the grader fell over")
    return {one.task: one for one in (remarked, failed, carried, faulty, missing)}


def a_page(folder: Path, hints: str = "mistake", source: str = SOURCE) -> str:
    (folder / "ddpm.py").write_text(textwrap.dedent(source), encoding="utf-8")
    found = verdicts()
    course = courses.load("all").only(list(found))
    pictures = {
        STEP: Picture("DDPM in 20 steps", PIXEL, PIXEL),
        NOISE: Picture(trouble=quoted(f"none could be made {ATTACK}")),
    }
    return page(
        course,
        rows(course, found),
        told(5),
        hints,
        name=f"Ada {ATTACK} {SECRET}",
        replay=f"python -m grading grade '{ATTACK}' --seed 5",
        notes=[f"link.py leads out of the submission: it was not followed {ATTACK} {SECRET}"],
        codes={task: code(folder, verdict, hints) for task, verdict in found.items()},
        pictures=pictures,
    )
