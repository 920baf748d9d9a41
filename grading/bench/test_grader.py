"""The grader itself: a whole grading, its modules, and what a call into a worker costs."""

import shutil
import subprocess
import sys
from functools import partial

import pytest
import torch

from ..contract import courses
from ..contract.functions import MODULES, all_tasks
from ..grader import Run, grade
from ..paths import ROOT
from ..submissions import opened
from .code import Direct, Isolated

REFERENCE = ROOT / "reference"
NETWORK_CALLS = 50
COURSE, SUBMISSIONS = "eecs498-hw5", 10


@pytest.mark.benchmark(group="a whole grading")
def test_grading(bench):
    """The command as a student runs it, from the start of Python to the report."""
    settings = bench.settings
    folder = settings.submission or REFERENCE
    tasks = list(all_tasks()) if not settings.quick else ["distillation.sds_weight"]
    only = ["--only", ",".join(tasks)] if settings.quick else []
    command = [sys.executable, "-m", "grading", "grade", str(folder), "--seed", str(settings.seed), *only]

    def run():
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    bench.by_the_wall()
    name = "python -m grading grade"
    bench.race({name: run}, rounds=1, warm_up=False)
    (seconds,) = bench.contenders[name]["seconds"]
    bench.note(name, functions=len(tasks), **{"functions a second": len(tasks) / seconds})
    bench.facts(about=f"{len(tasks)} functions of {folder.name}/, on as many processors as the grader takes")


@pytest.mark.benchmark(group="a class")
def test_class(bench, tmp_path):
    """Submissions that differ by a comment: as a class, by a command for each, and by pytest without any isolation."""
    settings = bench.settings
    count = 1 if settings.quick else SUBMISSIONS
    tasks = ["distillation.sds_weight"] if settings.quick else list(courses.load(COURSE).functions)
    folders = [tmp_path / "class" / f"submission{number}" for number in range(count)]
    for folder in folders:
        shutil.copytree(settings.submission or REFERENCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / f"{tasks[0].split('.')[0]}.py").open("a", encoding="utf-8") as file:
            file.write(f"# {folder.name}\n")
    seed = str(settings.seed)
    how = ["--seed", seed, "--only", ",".join(tasks), "--course", COURSE]

    def all_of(*commands):
        for command in commands:
            done = subprocess.run([sys.executable, "-m", *map(str, command)], cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr

    contenders = {
        "grading class": [["grading", "class", tmp_path / "class", "--out", tmp_path / "out", *how]],
        "grading grade, each": [["grading", "grade", folder, *how] for folder in folders],
        "pytest in one process, each": [["grading.bench.in_process", folder, seed, *tasks] for folder in folders],
    }
    bench.by_the_wall()
    bench.race({name: partial(all_of, *each) for name, each in contenders.items()}, rounds=1, warm_up=False)
    for contender in bench.contenders.values():
        contender["submissions a second"] = count / contender["seconds"][0]
    bench.facts(about=f"{count} complete submissions of {COURSE} ({len(tasks)} functions), from the start of Python")


@pytest.mark.benchmark(group="grading by module")
def test_modules(bench):
    """One grader, one module after the other; a function's checks and its worker's start are in it."""
    settings = bench.settings
    folder = settings.submission or REFERENCE
    tasks = {module: [task for task in all_tasks() if task.split(".")[0] == module] for module in MODULES}
    if settings.quick:
        tasks = {"distillation": ["distillation.sds_weight"]}
    with opened(folder) as submission:
        runs = {module: Run(submission, tuple(some), settings.seed) for module, some in tasks.items()}
        contenders = {module: partial(grade, settings.fork_server, run) for module, run in runs.items()}
        bench.by_the_wall()
        results = bench.race(contenders, rounds=1, warm_up=False)
    for module, (verdicts,) in results.items():
        passed = sum(verdict.outcome == "passed" for verdict in verdicts)
        bench.note(module, functions=len(verdicts), passed=passed)
    bench.facts(about=f"all functions of a module of {folder.name}/, one grader and its worker")


@pytest.mark.benchmark(group="calls into a worker")
@torch.no_grad()
def test_round_trip(bench):
    """The reference in a worker against the reference here: transport, checks of the arguments, a callback's way."""
    isolated, direct = Isolated(bench.settings.fork_server, REFERENCE), Direct("cpu")
    x0, noise = torch.randn(4, 3, 32, 32), torch.randn(4, 3, 32, 32)
    schedule = torch.linspace(0.999, 0.01, 1000)
    noised = {"x0": x0, "noise": noise, "t": 500, "alphas_cumprod": schedule}
    chain = {
        "eps_model": lambda x_t, t: x_t,
        "x_T": noise,
        "timesteps": list(range(NETWORK_CALLS - 1, -1, -1)),
        "alphas_cumprod": schedule,
    }
    contenders = {
        "add_noise": partial(direct, "noising.add_noise", **noised),
        "add_noise in a worker": partial(isolated, "noising.add_noise", **noised),
        "sample_ddim": partial(direct, "ddim.sample_ddim", **chain),
        "sample_ddim in a worker": partial(isolated, "ddim.sample_ddim", **chain),
    }
    bench.by_the_wall()
    try:
        bench.race(contenders, rounds=10, at_least=0.02)
    finally:
        isolated.close()
    seconds = {name: min(contender["seconds"]) for name, contender in bench.contenders.items()}
    bench.facts(
        about=f"(4, 3, 32, 32); the chain calls a network of no cost {NETWORK_CALLS} times, over the wire",
        round_trip=seconds["add_noise in a worker"] - seconds["add_noise"],
        callback=(seconds["sample_ddim in a worker"] - seconds["sample_ddim"]) / NETWORK_CALLS,
    )
