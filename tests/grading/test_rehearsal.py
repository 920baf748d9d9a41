"""What is run before any worker is forked leaves a process that can be forked, and that knows nothing."""

import subprocess
import sys

from grading.paths import ROOT
from grading.sandbox.inside import rehearsal
from grading.sandbox.inside.rehearsal import rehearse

_IN_A_NEW_PROCESS = """
import os, sys
import torch
from grading.sandbox.inside import fork_server  # what it imports, rehearsed or not
from grading.sandbox.inside.rehearsal import rehearse

torch.set_num_threads(1)
names, threads, default = set(sys.modules), len(os.listdir("/proc/self/task")), torch.get_default_dtype()
rehearse()
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
