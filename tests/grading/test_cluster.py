"""The cluster's scripts: what the job asks for, which commands the entry point runs, and what becomes of a failure."""

import hashlib
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
# A python that only pretends to make environments and to run what it is asked for, and says what that was.
PYTHON = """
case "$1 $2" in
    "-m venv") mkdir -p "$3/bin"; cp "$STUBS/nox" "$STUBS/pip" "$3/bin/" ;;
    -m*) echo "python $*" >> "$STUBS/log"; [[ " $* " == *" $FAILS "* ]] && exit 7; exit 0 ;;
    *) exec "REAL" "$@" ;;
esac
"""
NOX = """
echo "nox $*" >> "$STUBS/log"
[[ " $* " == *" $FAILS "* ]] && exit 7
exit 0
"""
# A torch as far as ready.py looks at it.
TORCH = """
class version: cuda = {cuda!r}
class cuda: is_available = staticmethod(lambda: {usable})
__version__ = "2.13.0"
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
    executable(stubs / "nvidia-smi", """[[ $1 == -L ]] && echo 'GPU 0: NVIDIA A40' || echo ${DRIVER:-580.65.06}""")
    environment = tmp_path / ".nox" / "environment"
    (environment / "bin").mkdir(parents=True)
    executable(environment / "bin" / "python", PYTHON.replace("REAL", sys.executable))
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    made_for(tmp_path)
    (stubs / "modules").mkdir()
    torch_is(tmp_path, "13.0", True)
    return tmp_path


def made_for(project, what=""):
    """The stamp that nox leaves."""
    pins = hashlib.sha256((project / "requirements.txt").read_bytes() + sys.version.encode()).hexdigest()
    (project / ".nox" / "environment" / "installed-pins").write_text(pins + what)


def torch_is(project, cuda, usable):
    (project / "stubs" / "modules" / "torch.py").write_text(TORCH.format(cuda=cuda, usable=usable))


def executable(path, body):
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run(project, script="run.sh", *arguments, fails="nothing", cwd="/", **settings):
    stubs = project / "stubs"
    variables = {"PATH": f"{stubs}:{os.environ['PATH']}", "STUBS": str(stubs), "FAILS": fails}
    variables |= {"PYTHONPATH": str(stubs / "modules")} | settings
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
        "python -m grading weights --list",
        f"python -m pytest -m gpu tests/gpu -rs --junitxml={results}/gpu.xml",
        f"python -m grading smoke my_homework --device cuda --out {results}/smoke",
    ]
    assert "torch 2.13.0, CUDA 13.0, driver 580.65.06" in done.stdout
    steps = json.loads((results / "runs.json").read_text())
    assert [step["code"] for step in steps] == [0, 0, 0]
    assert all(step["host_peak_mib"] > 0 and step["seconds"] >= 0 for step in steps)
    assert steps[1]["command"][1:5] == ["-m", "pytest", "-m", "gpu"]


def test_a_failure_goes_through_and_the_rest_still_runs(project):
    done = run(project, fails="gpu", RESULTS="elsewhere")
    assert done.returncode == 7
    assert commands(project)[-1].startswith("python -m grading smoke reference --device cuda")
    steps = json.loads((project / "elsewhere" / "runs.json").read_text())
    assert [step["code"] for step in steps] == [0, 7, 0]


@pytest.mark.parametrize(
    "spoil, told",
    [
        (lambda project: shutil.rmtree(project / ".nox"), "there is no environment here"),
        (lambda project: made_for(project, " for the CPU"), "the environment was made for the CPU"),
        (lambda project: (project / "requirements.txt").write_text("torch==2.14.0\n"), "of another requirements.txt"),
        (lambda project: torch_is(project, None, False), "this torch is a build for the CPU"),
        (lambda project: torch_is(project, "13.0", False), "torch finds no GPU that it can use"),
    ],
)
def test_nothing_is_installed_on_time_for_a_gpu(project, spoil, told):
    """What is missing ends the job at once, with the command that makes it elsewhere."""
    spoil(project)
    done = run(project)
    assert done.returncode == 3
    assert told in done.stderr
    assert "nox -s environment -- --cuda" in done.stderr or "CUDA_VISIBLE_DEVICES" in done.stderr
    assert not (project / "stubs" / "log").exists()
    assert not (project / "runs").exists()


def test_a_driver_that_is_too_old_for_torch_is_said(project):
    done = run(project, DRIVER="550.54.15")
    assert done.returncode == 3
    assert "CUDA 13.0 needs driver 580 or newer, here is 550.54.15" in done.stderr


def test_a_module_that_cannot_be_loaded_ends_the_job(project):
    module = 'module() { echo "Lmod: $2 is unknown" >&2; return 1; }'
    script = f"{module}; export -f module; exec bash grading/cluster/greatlakes.sbatch"
    variables = {"PATH": os.environ["PATH"], "SLURM_SUBMIT_DIR": str(project), "SLURM_JOB_ID": "1"}
    done = subprocess.run(["bash", "-c", script], cwd=project, env=variables, capture_output=True, text=True)
    assert done.returncode == 3
    assert "the module python3.11-anaconda cannot be loaded; PYTHON_MODULE names another" in done.stderr


def test_without_a_gpu_nothing_is_run(project):
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
    assert "grading smoke handed_in" in commands(project)[-1]
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
    assert said.index("nox -s environment -- --cuda") < said.index("nox -s weights -- faces vgg")
    assert said[-1].startswith("python -m grading smoke reference")


def test_no_weights_are_fetched_unasked(project):
    """Twenty-five gigabytes of them."""
    executable(project / "stubs" / "sudo", "exit 0")
    assert run(project, "ec2.sh").returncode == 0
    assert not [line for line in commands(project) if line.startswith("nox -s weights")]


def test_the_set_up_installs_a_driver_where_there_is_none(project):
    (project / "stubs" / "nvidia-smi").unlink()
    executable(project / "stubs" / "sudo", 'echo "sudo $*" >> "$STUBS/log"')
    done = run(project, "ec2.sh")
    assert done.returncode == 4
    assert "reboot" in done.stderr
    assert "sudo ubuntu-drivers install" in commands(project)
