"""A class on a cluster: a real SLURM of one node gives what this machine gives, whatever becomes of its tasks."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from grading.batch import slurm as batch_slurm
from grading.batch.store import Store
from grading.paths import ROOT
from grading.verdicts import Unusable

from . import slurm
from .classes import canvas, class_of

TASK = "guidance.classifier_free_guidance"
needs_slurm = pytest.mark.skipif(bool(slurm.MISSING), reason=slurm.HOW)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


def command(hand_ins, out, *more):
    asked = ["class", hand_ins, "--out", out, "--only", TASK, "--seed", 7, *more]
    return [sys.executable, "-m", "grading", *map(str, asked)]


def started(environment, *arguments):
    told = subprocess.PIPE
    environment = environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command(*arguments), env=environment, cwd=ROOT, stdout=told, stderr=told, text=True)


def done(process):
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err
    return out


def table(out):
    return (out / "class.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def class_of_sixty(tmp_path_factory):
    """A class, and its table as this machine makes it."""
    folder = tmp_path_factory.mktemp("class")
    hand_ins = canvas(folder / "hand_ins.zip", class_of(60))
    done(started(os.environ, hand_ins, folder / "here"))
    return hand_ins, table(folder / "here")


@needs_slurm
@pytest.mark.slow
def test_on_a_cluster_as_on_this_machine(cluster, class_of_sixty, tmp_path):
    hand_ins, expected = class_of_sixty
    said = done(started(cluster, hand_ins, tmp_path / "out", "--jobs", 3, "--slurm", "partition=main", "time=10"))
    assert table(tmp_path / "out") == expected
    assert "seed 7" in said


@needs_slurm
@pytest.mark.slow
def test_a_task_that_is_killed_loses_nothing(cluster, class_of_sixty, tmp_path):
    """What lay at its hands, and what came after that, is graded by the next array."""
    hand_ins, expected = class_of_sixty
    out = tmp_path / "out"
    process = started(cluster, hand_ins, out, "--jobs", 2, "--slurm", "partition=main")
    jobs = when(lambda: json.loads((out / ".slurm" / "jobs.json").read_text()))
    when(lambda: list((out / "submissions").glob("*/hand-in.json")) or None)
    subprocess.run(["scancel", f"{jobs[0]}_1"], env=cluster, check=True)
    done(process)
    assert table(out) == expected


@needs_slurm
@pytest.mark.slow
def test_whoever_waits_for_the_cluster_may_be_killed(cluster, class_of_sixty, tmp_path):
    """The same command ends what still runs there, and goes on."""
    hand_ins, expected = class_of_sixty
    out = tmp_path / "out"
    process = started(cluster, hand_ins, out, "--jobs", 2, "--slurm", "partition=main")
    when(lambda: list((out / "submissions").glob("*/hand-in.json")) or None)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in (out / "submissions").glob("*/hand-in.json")}
    done(started(cluster, hand_ins, out, "--jobs", 2, "--slurm", "partition=main"))
    assert table(out) == expected
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    asked = ["squeue", "--noheader"]
    when(lambda: subprocess.run(asked, env=cluster, capture_output=True, text=True).stdout == "")


@needs_slurm
def test_what_the_cluster_refuses_is_said(cluster, monkeypatch, tmp_path):
    for name, value in cluster.items():
        monkeypatch.setenv(name, value)
    nothing = batch_slurm.Task([], tmp_path, None, tmp_path, tmp_path / "diary")
    with pytest.raises(Unusable, match="--slurm: .*partition"):
        batch_slurm.submit(batch_slurm.Cluster({"partition": "nowhere"}), tmp_path, [nothing])


def when(there):
    """What is there as soon as it is."""
    for _ in range(3000):
        try:
            if found := there():
                return found
        except (OSError, ValueError):
            pass
        time.sleep(0.05)
    raise AssertionError("it has not come")


# --- without a cluster ------------------------------------------------------------------------------------------


def test_options_win_over_the_file():
    asked = batch_slurm.Cluster.asked(
        [str(ROOT / "grading" / "cluster" / "greatlakes.toml"), "account=mine", "time=5"], 4
    )
    assert asked.options["account"] == "mine"
    assert asked.options["time"] == 5
    assert asked.options["partition"] == "spgpu"


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(Unusable, match=r"--slurm .*mine\.toml: expected a file such as"):
        batch_slurm.Cluster.asked([str(tmp_path / "mine.toml")], 4)


def test_where_there_is_no_cluster_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unusable, match="--slurm: "):
        batch_slurm.Cluster({}).executor(tmp_path)


def test_an_option_that_slurm_does_not_know_is_named(monkeypatch, tmp_path):
    (tmp_path / "srun").write_text("#!/bin/sh\n")
    (tmp_path / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unusable, match="--slurm: .*'partitoin'"):
        batch_slurm.Cluster({"partitoin": "main"}).executor(tmp_path)


def test_work_is_dealt_so_that_every_task_has_its_share():
    assert list(batch_slurm.dealt(range(7), 3)) == [[0, 3, 6], [1, 4], [2, 5]]
    assert list(batch_slurm.dealt(range(2), 16)) == [[0], [1]]


def test_where_everything_is_graded_already_nothing_is_asked_of_the_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    batch_slurm.in_jobs(batch_slurm.Cluster({}), [], tmp_path, None, Store(tmp_path), None)
    assert (tmp_path / ".slurm").stat().st_mode & 0o077 == 0, "a secret may lie there"


def test_half_a_line_of_a_diary_waits_for_the_other_half(tmp_path, monkeypatch):
    diary = tmp_path / "diary"
    diary.write_bytes(b'[0, "graded", ""]\n[1, "gra')
    states = iter([True, False])

    def alive(jobs):
        state = next(states)
        if not state:
            diary.write_bytes(diary.read_bytes() + b'ded", ""]\n[2, nul')
        return state

    monkeypatch.setattr(batch_slurm, "alive", alive)
    monkeypatch.setattr(batch_slurm, "_LOOK_EVERY", 0)
    assert list(batch_slurm.lines([diary, tmp_path / "none"], ["1"])) == [(0, "graded", ""), (1, "graded", "")]
