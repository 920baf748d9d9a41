"""The cluster's scripts: what the job asks for, which commands the entry point runs, and what becomes of a failure."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from grading.paths import ROOT

SCRIPTS = ROOT / "grading" / "cluster"
# A python that only pretends to make environments, and a nox and a pip that only say what they were asked for.
PYTHON = """
case "$1" in
    -m) mkdir -p "$3/bin"; cp "$STUBS/nox" "$STUBS/pip" "$3/bin/" ;;
    *) exec REAL "$@" ;;
esac
"""
NOX = """
echo "nox $*" >> "$STUBS/log"
[[ " $* " == *" $FAILS "* ]] && exit 7
exit 0
"""


@pytest.fixture
def project(tmp_path):
    """A folder with the scripts alone, and stand-ins for what they call."""
    shutil.copytree(SCRIPTS, tmp_path / "grading" / "cluster")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    executable(stubs / "python3", PYTHON.replace("REAL", sys.executable))
    executable(stubs / "nox", NOX)
    executable(stubs / "pip", 'echo "pip $*" >> "$STUBS/log"')
    executable(stubs / "nvidia-smi", "echo 'GPU 0: NVIDIA A40'")
    return tmp_path


def executable(path, body):
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run(project, script="run.sh", *arguments, fails="nothing", cwd="/", **settings):
    stubs = project / "stubs"
    variables = {"PATH": f"{stubs}:{os.environ['PATH']}", "STUBS": str(stubs), "FAILS": fails} | settings
    command = [str(project / "grading" / "cluster" / script), *arguments]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=60)


def commands(project):
    return (project / "stubs" / "log").read_text().splitlines()


@pytest.mark.parametrize("script", ["run.sh", "ec2.sh", "greatlakes.sbatch"])
def test_the_scripts_are_bash_and_executable(script):
    assert subprocess.run(["bash", "-n", SCRIPTS / script]).returncode == 0
    assert os.access(SCRIPTS / script, os.X_OK)


def test_the_job_asks_for_what_the_handout_allots():
    """``salloc --cpus-per-task=6 --gpus=1 --mem-per-gpu=44GB --partition=spgpu --time=0-02:00:00 --account=…``."""
    asked = dict(re.findall(r"^#SBATCH --([a-z-]+)=(.*)$", (SCRIPTS / "greatlakes.sbatch").read_text(), re.MULTILINE))
    handout = {
        "cpus-per-task": "6",
        "gpus": "1",
        "mem-per-gpu": "44GB",
        "partition": "spgpu",
        "time": "0-02:00:00",
        "account": "eecs498s014f24_class",
    }
    assert {name: asked[name] for name in handout} == handout


def test_weights_then_tests_then_smoke(project):
    done = run(project, "run.sh", "my_homework")
    assert done.returncode == 0, done.stderr
    results = project / "runs" / "gpu"
    assert commands(project) == [
        "pip install --quiet nox",
        "nox -s weights -- --list",
        f"nox -s gpu -- --junitxml={results}/gpu.xml",
        f"nox -s smoke -- my_homework --device cuda --out {results}/smoke",
    ]
    steps = json.loads((results / "runs.json").read_text())
    assert [step["code"] for step in steps] == [0, 0, 0]
    assert all(step["host_peak_mib"] > 0 and step["seconds"] >= 0 for step in steps)
    assert steps[1]["command"][1:3] == ["-s", "gpu"]


def test_a_failure_goes_through_and_the_rest_still_runs(project):
    done = run(project, fails="gpu", RESULTS="elsewhere")
    assert done.returncode == 7
    assert commands(project)[-1].startswith("nox -s smoke -- reference --device cuda")
    steps = json.loads((project / "elsewhere" / "runs.json").read_text())
    assert [step["code"] for step in steps] == [0, 7, 0]


def test_without_a_gpu_nothing_is_installed(project):
    executable(project / "stubs" / "nvidia-smi", "exit 9")
    done = run(project)
    assert done.returncode == 3
    assert "no GPU here" in done.stderr
    assert not (project / "stubs" / "log").exists()
    assert not (project / "runs").exists()


def test_the_job_goes_through_the_entry_point(project):
    """SLURM runs a copy of the script elsewhere; the project is where sbatch was called."""
    spooled = project / "stubs" / "slurm_script"
    shutil.copy(SCRIPTS / "greatlakes.sbatch", spooled)
    done = run(project, "../../stubs/slurm_script", "handed_in", SLURM_SUBMIT_DIR=str(project), SLURM_JOB_ID="42")
    assert done.returncode == 0, done.stderr
    assert "nox -s smoke -- handed_in" in commands(project)[-1]
    assert (project / "runs" / "gpu-42" / "runs.json").is_file()


def test_the_job_outside_slurm_says_so(project):
    done = run(project, "greatlakes.sbatch")
    assert done.returncode != 0
    assert "sbatch" in done.stderr


def test_the_set_up_fetches_weights_and_goes_through_the_entry_point(project):
    executable(project / "stubs" / "sudo", 'echo "sudo $*" >> "$STUBS/log"')
    done = run(project, "ec2.sh", fails="faces", WEIGHTS="faces vgg")
    assert done.returncode == 0, done.stderr
    said = commands(project)
    assert said[0].startswith("sudo apt-get update")
    assert "nox -s weights -- faces vgg" in said
    assert said[-1].startswith("nox -s smoke -- reference")


def test_the_set_up_installs_a_driver_where_there_is_none(project):
    (project / "stubs" / "nvidia-smi").unlink()
    executable(project / "stubs" / "sudo", 'echo "sudo $*" >> "$STUBS/log"')
    done = run(project, "ec2.sh")
    assert done.returncode == 4
    assert "reboot" in done.stderr
    assert "sudo ubuntu-drivers install" in commands(project)
