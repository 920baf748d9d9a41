"""What is run before any worker is forked leaves a process that can be forked, and that knows nothing."""

import subprocess
import sys

from grading.paths import ROOT
from grading.sandbox.inside import rehearsal
from grading.sandbox.inside.rehearsal import rehearse

from .conftest import told

_IN_A_NEW_PROCESS = """
import os, sys
import torch
from grading.sandbox.inside import fork_server  # what it imports, rehearsed or not
from grading.sandbox.inside.rehearsal import rehearse

torch.set_num_threads(1)
threads, default, seed = len(os.listdir("/proc/self/task")), torch.get_default_dtype(), torch.initial_seed()
rehearse()
assert torch.initial_seed() == seed, "who draws inside draws the same as ever"
assert len(os.listdir("/proc/self/task")) == threads, "threads do not survive a fork"
assert not [name for name in sys.modules if name.split(".")[0] == "reference"], "answers"
assert torch.get_default_dtype() == default
"""


def test_it_starts_no_thread_and_imports_no_answer():
    subprocess.run([sys.executable, "-c", _IN_A_NEW_PROCESS], cwd=ROOT, check=True)


def test_what_is_called_is_the_homework(monkeypatch):
    asked = []
    real = rehearsal.calls.perform

    def perform(function, *arguments, **named):
        asked.append(function.__name__)
        return real(function, *arguments, **named)

    monkeypatch.setattr(rehearsal.calls, "perform", perform)
    rehearse()
    assert set(asked) == {"step"}
    assert len(asked) > 8  # until the interpreter has adapted it


COLLECTS = """
import gc

def predict_x0(*arguments, **named):
    raise LookupError(f"<<{gc.isenabled()} {gc.get_threshold()[0]}>>")
"""


def test_a_workers_garbage_is_looked_for(hand_in, grade):
    """What is loaded is none, so that nobody looks for it meanwhile; what student code leaves behind is."""
    said = told(grade(hand_in(ddpm=COLLECTS), ["ddpm.predict_x0"])["ddpm.predict_x0"])
    assert "<<True 700>>" in "".join(said)
