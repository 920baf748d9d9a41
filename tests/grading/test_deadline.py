"""A submission has a deadline: whatever it does, its grading ends, what is done stands, and the rest is not graded.

The deadlines here come after a number of verdicts rather than of seconds, except where a function would go on for longer.
"""

import json
from dataclasses import dataclass, field

import pytest

from grading.__main__ import main
from grading.contract.functions import tasks_of
from grading.diagnosis import diagnose
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.grader.examiner import BROKEN_OFF
from grading.sandbox.deadline import Deadline
from grading.sandbox.worker import Worker
from grading.submissions import opened
from grading.verdicts import FAILED, NOT_GRADED, PASSED

from .conftest import PLAIN, SEED, told

GUIDANCE = ("guidance.classifier_free_guidance", "guidance.guided_eps")
WRONG = "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_cond + 0.1\n"


@dataclass(frozen=True)
class AfterVerdicts(Deadline):
    """Passed as soon as so many verdicts stand."""

    seconds: float = 60
    number: int = 0
    taken: list = field(default_factory=list)

    def passed(self):
        return len(self.taken) >= self.number


@pytest.fixture
def graded(fork_server):
    """``graded(folder, tasks, deadline)``: the verdicts, in their order."""

    def graded(folder, tasks, deadline, **options):
        taken = getattr(deadline, "taken", [])
        jobs = options.pop("jobs", 1)
        with opened(folder) as submission:
            run = Run(submission, tuple(tasks), SEED, deadline=deadline, **options)
            return grade_run(fork_server, run, taken.append, jobs)

    return graded


def assert_out_of_time(*verdicts):
    for verdict in verdicts:
        assert (verdict.outcome, verdict.out_of_time) == (NOT_GRADED, True), told(verdict)
        assert told(verdict).startswith("out of time: the ")


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_the_deadline_nothing_is_graded(jobs, graded):
    assert_out_of_time(*graded(PLAIN, GUIDANCE, Deadline(60, until=0), jobs=jobs))


def test_what_is_done_stands(graded):
    first, *rest = graded(PLAIN, [*GUIDANCE, "ddim.ddim_sigma"], AfterVerdicts(number=1))
    assert first.outcome == PASSED and not first.out_of_time
    assert_out_of_time(*rest)
    assert told(rest[0]) == "out of time: the 60 seconds that a submission has were over"


def test_a_verdict_stands_whose_explanation_is_broken_off(graded, hand_in):
    deadline = AfterVerdicts(number=1)

    def diagnosing(student, checks):
        deadline.taken.append("the verdict stands")
        return diagnose(student, checks)

    (verdict,) = graded(hand_in(guidance=WRONG), GUIDANCE[:1], deadline, diagnose=diagnosing)
    assert verdict.outcome == FAILED and verdict.unexplained == BROKEN_OFF and not verdict.mistakes
    assert BROKEN_OFF in told(verdict)


def test_nothing_is_asked_again_with_right_functions_after_it(graded, hand_in):
    tasks = ("ddpm.posterior_variance", "ddpm.posterior_step")
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    source += "\n_right = posterior_variance\ndef posterior_variance(t, t_prev, alphas_cumprod):\n"
    source += "    return 0.9 * _right(t, t_prev, alphas_cumprod)\n"
    folder = hand_in(ddpm=source)
    in_time = graded(folder, tasks, Deadline())
    late = graded(folder, tasks, AfterVerdicts(number=len(tasks)))
    assert [one.outcome for one in in_time] == [one.outcome for one in late] == [FAILED, FAILED]
    assert in_time[1].carried == ["ddpm.posterior_variance"] and late[1].carried == []


SHAPES = {
    "a call that sleeps": "def predict_x0(*arguments):\n    time.sleep(1000)\n",
    "a call that counts": "def predict_x0(*arguments):\n    while True: pass\n",
    "an import that sleeps": "time.sleep(1000)\n",
    "an import that counts": "class Endless:\n    while True: pass\n",
    "a call that waits for its threads": """
def predict_x0(*arguments):
    threads = [threading.Thread(target=time.sleep, args=(1000,)) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
""",
    "deaf to every signal": """
class Deaf:
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True: time.sleep(1)
""",
    "a child that goes on alone": "class Child:\n    if os.fork() == 0:\n        os.setsid()\n    time.sleep(1000)\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_a_submission_does_it_ends(shape, graded, hand_in):
    """Each would go on for longer than the time that a call or an import has; after that it would have failed."""
    source = f"import os, signal, threading, time\n{SHAPES[shape]}"
    assert_out_of_time(*graded(hand_in(ddpm=source), ["ddpm.predict_x0", "ddpm.posterior_step"], Deadline.after(2)))


def test_a_network_that_is_asked_without_end(graded, hand_in):
    source = "def guided_eps(model, x_t, t, cond, null_cond, scale):\n    while True:\n        model(x_t, t, cond)\n"
    assert_out_of_time(*graded(hand_in(guidance=source), GUIDANCE[1:], Deadline.after(2)))


# --- the command ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("preloaded")
def test_out_of_time_is_no_fault_of_the_grader(tmp_path, capsys):
    path = tmp_path / "results.json"
    command = ["grade", str(PLAIN), "--only", "guidance", "--deadline", "0.001", "--json", str(path)]
    assert main(command) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "2 not graded: out of time" in out and "0 of 2 points" in out and "at fault" not in out
    for test in json.loads(path.read_text(encoding="utf-8"))["tests"]:
        assert test["extra_data"]["verdict"] == NOT_GRADED and "score" not in test
        assert test["output"] == "out of time: the 0.001 seconds that a submission has were over"


@pytest.mark.usefixtures("preloaded")
@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf"])
def test_a_deadline_is_a_number_of_seconds(given, capsys):
    assert main(["grade", str(PLAIN), "--only", "guidance", f"--deadline={given}"]) == 2
    assert f"--deadline {given}: expected a number of seconds" in capsys.readouterr().err


# --- imports that hang ------------------------------------------------------------------------------------------


@pytest.fixture
def waited_for(monkeypatch):
    """The functions whose workers have been waited for."""
    tasks, loaded = [], Worker.loaded

    def noting(self):
        tasks.append(self.function.task)
        return loaded(self)

    monkeypatch.setattr(Worker, "loaded", noting)
    return tasks


@pytest.mark.usefixtures("short_calls")
@pytest.mark.parametrize("file", ["ddpm.py", "adapters.py", "__init__.py"])
def test_one_hang_decides_all_that_it_concerns(file, graded, hand_in, waited_for):
    """Nobody waits again; a module of its own that imports well is graded as ever."""
    ddpm, others = tasks_of("ddpm"), list(GUIDANCE)
    folder = hand_in({file: "class Endless:\n    while True: pass\n"}, on_top_of=PLAIN)
    verdicts = {one.task: one for one in graded(folder, [*ddpm, *others], Deadline())}
    hung = ddpm if file == "ddpm.py" else [*ddpm, *others]
    assert waited_for[:1] == ddpm[:1] and not set(waited_for) & set(hung[1:])
    for task in hung:
        assert verdicts[task].outcome == FAILED
        assert f"importing {file} did not come to an end within the time limit" in told(verdicts[task])
    assert all(verdicts[task].outcome == PASSED for task in others if task not in hung)
