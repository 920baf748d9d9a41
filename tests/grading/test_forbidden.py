"""What a course does not want to be used is not there, whatever road leads to it, and whoever asks for it is told."""

import pytest
import torch

from grading.grader import Run
from grading.grader import grade as grade_run
from grading.sandbox.inside.confinement import landlock_abi
from grading.sandbox.student import Student
from grading.submissions import opened
from grading.verdicts import FAILED, PASSED, Failure

from .conftest import PLAIN, SEED, told

TASK, NEIGHBOUR = "ddpm.predict_x0", "ddpm.posterior_variance"
SCHEDULERS = ("diffusers.schedulers",)
SAID = "diffusers.schedulers is not to be used in this homework"
RIGHT = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
pytest.importorskip("diffusers")


@pytest.fixture
def verdicts(fork_server, hand_in):
    """``verdicts(source, …)``: on a ddpm.py that begins with the plain one; by task."""

    def verdicts(source, forbidden=SCHEDULERS, before=""):
        with opened(hand_in(ddpm=before + RIGHT + source)) as submission:
            run = Run(submission, (TASK, NEIGHBOUR), SEED, forbidden=forbidden)
            return {verdict.task: verdict for verdict in grade_run(fork_server, run)}

    return verdicts


ROADS = """
import gc, importlib, importlib.machinery, importlib.util, pathlib, pkgutil, subprocess, sys
import diffusers

FILE = "schedulers/scheduling_ddpm.py"

def is_real(thing):
    # A class that was made of the code that is not to be used.
    return isinstance(thing, type) and thing.__module__.startswith("diffusers.schedulers")

def statement():
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
    return DDPMScheduler

def by_importlib():
    return importlib.import_module("diffusers.schedulers").DDPMScheduler

def by_relative_name():
    return importlib.import_module(".schedulers.scheduling_ddpm", "diffusers").DDPMScheduler

def by_import_function():
    return __import__("diffusers.schedulers.scheduling_ddpm", fromlist=["DDPMScheduler"]).DDPMScheduler

def by_the_package():
    return diffusers.DDPMScheduler

def by_an_attribute():
    return diffusers.schedulers.DDPMScheduler

def by_what_is_loaded():
    import diffusers.schedulers
    loaded = [m for name, m in sys.modules.items() if name.startswith("diffusers.schedulers")]
    return next((vars(m)["DDPMScheduler"] for m in loaded if "DDPMScheduler" in vars(m)), None)

def by_pkgutil():
    found = {one.name: one for one in pkgutil.iter_modules(diffusers.__path__)}["schedulers"]
    return found.module_finder.find_spec("schedulers").loader.load_module("schedulers").DDPMScheduler

def by_text():
    names = {"__name__": "diffusers.schedulers.scheduling_ddpm", "__package__": "diffusers.schedulers"}
    exec(pathlib.Path(diffusers.__path__[0], FILE).read_text(), names)
    return names["DDPMScheduler"]

def by_its_compiled_file():
    folder = pathlib.Path(diffusers.__path__[0], "schedulers", "__pycache__")
    return [path.read_bytes() for path in folder.iterdir()]

def by_a_loader():
    path = str(pathlib.Path(diffusers.__path__[0], FILE))
    loader = importlib.machinery.SourceFileLoader("diffusers.schedulers.mine", path)
    return loader.load_module().DDPMScheduler

def without_finders():
    kept = sys.meta_path[:]
    for name in [name for name in sys.modules if name.startswith("diffusers.schedulers")]:
        del sys.modules[name]
    sys.meta_path[:] = [importlib.machinery.PathFinder]
    try:
        from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
        return DDPMScheduler
    finally:
        sys.meta_path[:] = kept

def in_a_process_of_its_own():
    code = "from diffusers.schedulers.scheduling_ddpm import DDPMScheduler; print(DDPMScheduler.step)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return type("Found", (), {"__module__": "diffusers.schedulers"}) if done.returncode == 0 else None

def by_what_lives():
    return next((one for one in gc.get_objects() if isinstance(one, type) and one.__name__ == "DDPMScheduler"), None)

def predict_x0(x_t, eps, t, alphas_cumprod):
    got = []
    for road in (statement, by_importlib, by_relative_name, by_import_function, by_the_package, by_an_attribute,
                 by_what_is_loaded, by_pkgutil, by_text, by_its_compiled_file, by_a_loader, without_finders,
                 in_a_process_of_its_own, by_what_lives):
        try:
            thing = road()
        except Exception:
            continue
        got += [road.__name__] * (is_real(thing) or isinstance(thing, list))
    raise LookupError(f"<<{got}>>")
"""


@pytest.fixture
def asked(fork_server, hand_in):
    """``asked(source, forbidden)``: what a call of the function raises, and its attempts. Once, and with time for it."""

    def asked(source, forbidden):
        with opened(hand_in(ddpm=RIGHT + source)) as submission:
            student = Student(fork_server, submission.folder, TASK, call_seconds=200, forbidden=forbidden)
            with pytest.raises(Failure) as raised:
                student(x_t=torch.ones(1), eps=torch.ones(1), t=0, alphas_cumprod=torch.ones(2))
            student.close()
            return str(raised.value), student.attempts

    return asked


@pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock: files are not out of reach")
def test_no_road_leads_to_it(asked):
    said, attempts = asked(ROADS, SCHEDULERS)
    assert "<<[]>>" in said, said
    line = 1 + (RIGHT + ROADS).split("\n").index("    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler")
    assert f"{SAID}: ddpm.py:{line}" in attempts


def test_the_same_roads_lead_there_where_it_is_not_forbidden(asked):
    """Or the test above would show nothing."""
    said, attempts = asked(ROADS, ())
    for road in ("statement", "by_importlib", "by_the_package", "by_what_is_loaded", "by_what_lives", "by_text"):
        assert f"'{road}'" in said, said
    assert attempts == []


def test_who_imports_it_and_does_without_has_the_point_and_a_remark(verdicts):
    found = verdicts("\nfrom diffusers import DDPMScheduler\nfrom diffusers.schedulers import DDIMScheduler as D\n")
    lines = [len(RIGHT.splitlines()) + 2, len(RIGHT.splitlines()) + 3]
    for verdict in found.values():
        assert verdict.outcome == PASSED
        assert verdict.remarks == [f"{SAID}: ddpm.py:{line}" for line in lines]


def test_who_uses_it_is_told_why_the_function_fails(verdicts):
    source = """
def predict_x0(x_t, eps, t, alphas_cumprod):
    return DDPMScheduler(len(alphas_cumprod)).step(eps, t, x_t).pred_original_sample
"""
    found = verdicts(source, before="from diffusers import DDPMScheduler\n")
    assert found[TASK].outcome == FAILED and found[NEIGHBOUR].outcome == PASSED
    said = told(found[TASK])
    assert f"{SAID}: `diffusers.schedulers.DDPMScheduler.step.pred_original_sample` cannot be computed" in said, said
    assert f"remark: {SAID}: ddpm.py:1" in said
    assert "mistake" not in said


def test_a_library_that_needs_it_itself_is_no_attempt(verdicts):
    """A pipeline imports the schedulers; whoever imports a pipeline has not asked for them."""
    found = verdicts("\nfrom diffusers.pipelines.ddpm.pipeline_ddpm import DDPMPipeline\nprint(DDPMPipeline)\n")
    assert [verdict.remarks for verdict in found.values()] == [[], []]


def test_a_whole_package(verdicts):
    found = verdicts("\nimport einops\ndef predict_x0(*a):\n    return einops.rearrange(*a)\n", forbidden=("einops",))
    said = told(found[TASK])
    assert "einops is not to be used in this homework: `einops.rearrange` cannot be computed" in said, said
