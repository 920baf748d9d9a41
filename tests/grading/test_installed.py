"""The wheel, in an environment that has torch already: it grades from any folder, and its answers stay out of reach.

Nothing is downloaded. The environment's libraries are lent by the one that runs the tests, in two ways: as links in the
same folder as the grader, which is how ``pip install`` leaves them, and from a folder of their own.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

import pytest

from grading.paths import ROOT
from grading.sandbox.inside.confinement import landlock_abi

from .conftest import PLAIN

pytestmark = pytest.mark.slow
LIBRARIES = Path(sysconfig.get_path("purelib"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="module", params=["beside the libraries", "apart from the libraries"])
def environment(request, wheel, tmp_path_factory):
    """The root of a virtual environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    if request.param == "beside the libraries":
        for library in LIBRARIES.iterdir():
            (site / library.name).symlink_to(library)
    else:
        (site / "libraries.pth").write_text(f"{LIBRARIES}\n")
    python = folder / "bin" / "python"
    _run(sys.executable, "-m", "pip", "-q", "--python", python, "install", "--no-index", "--no-deps", wheel)
    assert (site / "grading" / "paths.py").is_file()
    return folder


@pytest.fixture
def grading(environment, tmp_path):
    """``grading("grade", path, …)``: the command, run in an empty folder that has nothing to do with the project."""

    def grading(*arguments, by=("bin/grading",)):
        command = [str(environment / by[0]), *by[1:], *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=_variables(), capture_output=True, text=True, timeout=300)

    return grading


def _run(*command):
    subprocess.run([*map(str, command)], check=True, capture_output=True, env=_variables())


def _variables():
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_"))}


def test_the_wheel_takes_two_names_only(wheel):
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]
    tops = {line.split("/")[0] for line in listed}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"grading", "reference"}
    assert "fixtures" not in tops


def test_help_needs_nothing_but_the_package(grading):
    run = grading("--help")
    assert run.returncode == 0
    assert "grade a submission" in run.stdout


def test_a_solution_is_graded_from_any_folder(grading, tmp_path):
    asked = ["--course", "cs180-proj5", "--only", "ddpm,guidance,unet.ddpm_loss"]
    run = grading("grade", PLAIN, *asked, "--json", "results.json")
    assert run.returncode == 0, run.stderr
    tests = json.loads((tmp_path / "results.json").read_text())["tests"]
    verdicts = {test["name"]: test["extra_data"]["verdict"] for test in tests if "extra_data" in test}
    assert verdicts["ddpm.posterior_step"] == "passed"
    assert set(verdicts.values()) == {"passed"}, verdicts


def test_stubs_are_made_and_graded(grading, tmp_path):
    assert grading("stubs", "mine").returncode == 0
    assert (tmp_path / "mine" / "ddpm.py").read_text() == (ROOT / "student_stubs" / "ddpm.py").read_text()
    run = grading("grade", "mine", "--only", "ddpm")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("not implemented") == 4
    assert grading("stubs", "--check").returncode == 0
    assert grading("contract", "--check").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "nowhere"], "nowhere: there is no such folder"),
        (["audit"], "expected a checkout"),
        (["bench"], "expected a checkout"),
        (["fixtures"], "expected a checkout"),
        (["stubs", "--refresh"], "expected a checkout"),
    ],
)
def test_what_cannot_be_done_ends_with_2(arguments, said, grading):
    run = grading(*arguments)
    assert run.returncode == 2
    assert said in run.stderr


@pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock: files are not out of reach")
def test_the_answers_beside_the_libraries_are_out_of_reach(environment, grading, tmp_path):
    (site,) = environment.glob("lib/python*/site-packages")
    (tmp_path / "neighbour.py").write_text("marks = 'everybody else'\n")  # where the grader is started
    paths = [
        site / "reference" / "ddpm.py",
        site / "grading" / "_fixtures" / "golden" / "ddpm.safetensors",
        site / "grading" / "_fixtures" / "manifest.json",
        site / "grading" / "checking" / "checks" / "test_ddpm.py",
        site / "grading" / "diagnosis" / "mistakes" / "ddpm.py",
        *site.glob("reference/__pycache__/ddpm.*.pyc"),
        tmp_path / "neighbour.py",
        ROOT / "reference" / "ddpm.py",
    ]
    for path in paths:
        assert path.read_bytes(), "this process can read them, a worker cannot"
    names = ["reference", "reference.ddpm", "grading", "grading.checking.golden", "neighbour"]
    folder = shutil.copytree(PLAIN, tmp_path / "hostile", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "adapters.py").write_text(
        textwrap.dedent(
            f"""
            import importlib, importlib.util, sys
            import torch

            def attempt(what, *arguments):
                try:
                    return repr(what(*arguments))[:40]
                except BaseException as error:
                    return type(error).__name__

            def load(path):
                spec = importlib.util.spec_from_file_location("loaded", path)
                spec.loader.exec_module(importlib.util.module_from_spec(spec))

            def read(path):
                with open(path, "rb") as file:
                    return file.read(20)

            def ddpm_posterior_step(*args, **kwargs):
                found = [attempt(read, path) for path in {[str(path) for path in paths]!r}]
                found += [attempt(load, {str(paths[0])!r})]
                found += [attempt(importlib.import_module, name) for name in {names!r}]
                sys.meta_path[:] = [finder for finder in sys.meta_path if "_Hidden" not in repr(type(finder))]
                sys.path.insert(0, {str(site)!r})
                sys.path.insert(0, {str(tmp_path)!r})
                importlib.invalidate_caches()
                found += [attempt(importlib.import_module, name) for name in {names!r}]
                raise LookupError("<<" + ",".join(sorted(set(found))) + "|" + attempt(read, torch.__file__) + ">>")
            """
        )
    )
    run = grading("grade", folder, "--only", "ddpm.posterior_step", by=("bin/python", "-m", "grading"))
    assert run.returncode == 0, run.stderr
    told = "".join(run.stdout.split())
    found, control = told[told.index("<<") + 2 : told.index(">>")].split("|")
    assert set(found.split(",")) <= {"PermissionError", "FileNotFoundError", "ModuleNotFoundError"}, found
    assert control.startswith("b"), "a library beside them can be read"
