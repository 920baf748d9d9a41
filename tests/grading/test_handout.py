"""The handout, as students have it: unpacked in a folder elsewhere, with nothing of the project within reach."""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import safetensors.torch

from grading.__main__ import main
from grading.contract import courses
from grading.contract.functions import MODULES, all_tasks
from grading.handout import public
from grading.handout.pack import packed
from grading.paths import FIXTURES, ROOT

from .conftest import PLAIN, SOLUTIONS
from .left_out import all_left_out_lines
from .watched import saved, watching

STYLES = ("plain", "doubles", "functional")
FEW = ("guidance", "ddpm.posterior_step", "noising.strided_timesteps", "gan_losses.generator_loss", "latents.sample_z")
WANTED = 0.9  # of the catalogue
SECRET = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7"


@pytest.fixture(scope="session")
def everything() -> bytes:
    return packed(courses.load("all"))


@pytest.fixture
def handout(everything, tmp_path):
    return unpacked(everything, tmp_path / "handed out")


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def filled(folder: Path, style: str) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOLUTIONS / style, folder / "homework", dirs_exist_ok=True, ignore=ignored)
    return folder


def started(folder: Path, *command: str, path: str = "") -> subprocess.CompletedProcess:
    """Run a module of Python's in the handout; the checkout is not on its path."""
    variables = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    run = [sys.executable, *command]
    return subprocess.run(run, cwd=folder, env=variables, capture_output=True, text=True, encoding="utf-8")


def check(folder: Path, *names: str) -> str:
    run = started(folder, "-m", "hw", "check", *names)
    assert run.returncode == 0, run.stderr
    return run.stdout


# --- what is in it ------------------------------------------------------------------------------------------------


def test_the_command_writes_a_course(tmp_path, capsys):
    out = tmp_path / "hw.zip"
    assert main(["handout", "--course", "kaist-cs492d", "--out", str(out)]) == 0
    assert "4 functions" in capsys.readouterr().out
    folder = unpacked(out.read_bytes(), tmp_path / "kaist")
    course = courses.load("kaist-cs492d")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {course.title}\n")
    assert all(f"`{task}`" in readme for task in course.functions)
    assert json.loads((folder / "hw/course.json").read_text(encoding="utf-8"))["functions"] == course.functions
    assert "4 functions: 0 passed, 0 failed, 4 not implemented\nnext: " in check(folder)


def test_arguments_that_cannot_be_used(tmp_path, capsys):
    assert main(["handout", "--course", "nobodys"]) == 2
    assert "there is no such course" in capsys.readouterr().err
    assert main(["handout", "--course", "all", "--out", str(tmp_path / "none" / "hw.zip")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in courses.NAMES if name != "all"])
def test_only_the_courses_stubs_and_what_they_import_are_there(name):
    from grading.handout.homework import files

    course, stubs = courses.load(name), files(courses.load(name))
    there = {f"{file[:-3]}.{node.name}" for file, text in stubs.items() for node in ast.parse(text).body if named(node)}
    assert set(course.functions) <= there
    assert {f"{module}.py" for module in MODULES} & stubs.keys() < {f"{module}.py" for module in MODULES}
    imported = {
        f"{node.module}.{alias.name}"
        for text in stubs.values()
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    bases = {"unet.UnconditionalUNet", "unet.TimeConditionalUNet"}
    assert there & set(all_tasks()) <= {*course.functions, *imported, *bases}
    for file, text in stubs.items():
        for public_names in re.findall(r"^__all__ = (\[[^\]]*\])", text, re.MULTILINE):
            assert {f"{file[:-3]}.{one}" for one in ast.literal_eval(public_names)} <= there | {f"{file[:-3]}.GIVEN"}


def named(node):
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def test_no_line_of_a_solution_is_in_it(handout):
    """Of what a stub leaves out, no line stands anywhere: neither in a file nor in what a test compares with."""
    text = "".join("".join(path.read_text(encoding="utf-8").split()) for path in handout.rglob("*.*") if is_text(path))
    lines = all_left_out_lines()
    assert len(lines) > 250
    assert [line for line in lines if line in text] == []


def is_text(path: Path) -> bool:
    return path.suffix in (".py", ".md", ".json", ".ini")


def test_nothing_of_the_grader_that_knows_an_answer_is_in_it(handout):
    names = {path.relative_to(handout).parts[0] for path in handout.rglob("*")}
    assert names == {"README.md", "conftest.py", "pytest.ini", "homework", "hw", "tests"}
    for path in handout.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
        told += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        known = {*sys.stdlib_module_names, "torch", "numpy", "safetensors", "pytest", "hw", "lpips"}
        assert {name.split(".")[0] for name in told} <= known, path


def test_no_point_is_one_of_the_goldens(handout):
    """Of the drawn inputs none is a stored one: whoever has the handout knows none of what is graded."""
    manifest = json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] != public.SEED
    for path in (handout / "hw" / "public").glob("*.safetensors"):
        stored = safetensors.torch.load_file(FIXTURES / "golden" / path.name).values()
        drawn = {
            one.numpy().tobytes() for one in stored if one.ndim > 1 and one.numel() > 20 and len(one.unique()) > 10
        }
        mine = {one.numpy().tobytes() for one in safetensors.torch.load_file(path).values()}
        assert not mine & drawn, path.name


def test_it_is_the_same_every_time():
    course = courses.load("kaist-cs492d")
    assert packed(course) == packed(course)


def test_python_3_9_reads_it(handout):
    for path in handout.rglob("*.py"):
        expect_read_by_python_3_9(path)


def expect_read_by_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    annotated = any(isinstance(node, ast.AnnAssign) or getattr(node, "returns", None) for node in ast.walk(tree))
    later = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert later or not annotated, path
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            assert not isinstance(node.args[1], ast.BinOp), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Assign) and path.parent.name == "homework" and path.name == "shapes.py":
            assert not isinstance(node.value, ast.BinOp), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and "lent" in path.parts:
            sides = {getattr(one, "attr", "") for one in (node.value.left, node.value.right)}
            assert not any(hasattr(ast, side) for side in sides), (
                f"{path.name}:{node.lineno}"
            )  # classes, either of which


# --- checks -------------------------------------------------------------------------------------------------------


def test_what_is_not_written_is_not_implemented(handout):
    out = check(handout)
    assert f"{len(all_tasks())} functions: 0 passed, 0 failed, {len(all_tasks())} not implemented\nnext: " in out


def test_what_is_not_written_is_skipped_by_pytest(handout):
    run = started(handout, "-m", "pytest", "-q")
    assert run.returncode == 0, run.stdout
    assert f"{len(all_tasks())} skipped" in run.stdout
    assert "passed" not in run.stdout


@pytest.mark.parametrize("style", STYLES)
def test_what_is_right_passes(handout, style):
    out = check(filled(handout, style), *FEW)
    assert " 0 failed, 0 not implemented" in out, out


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_all_that_is_right_passes(handout, style):
    out = check(filled(handout, style))
    bells = 0 if (SOLUTIONS / style / "bells.py").is_file() else sum(task.startswith("bells.") for task in all_tasks())
    assert f" 0 failed, {bells} not implemented" in out, out
    run = started(handout, "-m", "pytest", "-q")
    assert run.returncode == 0, run.stdout
    assert f"{len(all_tasks()) - bells} passed" in run.stdout


def test_what_is_wrong_is_told(handout):
    filled(handout, "plain")
    guidance = handout / "homework" / "guidance.py"
    guidance.write_text(
        "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n"
        "    return eps_cond + scale * (eps_cond - eps_uncond)\n\n\n"
        "def guided_eps(model, x_t, t, cond, null_cond, scale):\n"
        "    return model(x_t, t, cond)[5]\n"
    )
    out = check(handout, "guidance")
    assert "guidance.classifier_free_guidance  failed\n" in out
    assert re.search(r"the result is wrong in all \d+ values, by up to \S+; allowed is \S+\n", out)
    assert re.search(r"expected  \S+ at \[\d, \d, \d, \d\]\n +got       \S+ at \[", out)
    assert "IndexError" in out
    assert "guidance.py:6: return model(x_t, t, cond)[5]" in out


def test_what_is_wrong_fails_in_pytest(handout):
    guidance = "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_cond\n"
    (handout / "homework" / "guidance.py").write_text(guidance)
    run = started(handout, "-m", "pytest", "-q", "-k", "guidance.")
    assert run.returncode == 1
    assert "1 failed, 1 skipped" in run.stdout


def test_what_a_function_calls_and_is_not_written_is_named(handout):
    (handout / "homework" / "guidance.py").write_text(
        "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    raise NotImplementedError\n\n\n"
        "def guided_eps(model, x_t, t, cond, null_cond, scale):\n"
        "    return classifier_free_guidance(model(x_t, t, null_cond), model(x_t, t, cond), scale)\n"
    )
    out = check(handout, "guidance")
    assert "guidance.guided_eps  not implemented  it calls classifier_free_guidance, which is not written yet" in out


def test_a_file_that_does_not_parse_costs_itself(handout):
    filled(handout, "plain")
    (handout / "homework" / "guidance.py").write_text("def (\n")
    out = check(handout, "guidance", "noising.add_noise")
    assert out.count("guidance.py:1") == 2
    assert "noising.add_noise  passed" in out


def test_an_argument_that_is_changed_costs_the_point(handout):
    (handout / "homework" / "guidance.py").write_text(
        "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n"
        "    eps_cond -= eps_uncond\n    return eps_uncond + scale * eps_cond\n"
    )
    out = check(handout, "guidance.classifier_free_guidance")
    assert "No argument is changed in place." in out


def test_a_name_that_nobody_asks_for(handout):
    run = started(handout, "-m", "hw", "check", "ddpn")
    assert run.returncode == 2
    assert "did you mean ddpm" in run.stderr


COMBINE = "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_uncond + {}\n\n\n"
WRONG, RIGHT = COMBINE.format("scale * eps_cond"), COMBINE.format("scale * (eps_cond - eps_uncond)")
GUIDED = (
    "def guided_eps(model, x_t, t, cond, null_cond, scale):\n"
    "    return classifier_free_guidance(model(x_t, t, null_cond), model(x_t, t, cond), scale)\n"
)


def test_what_a_save_touches_is_checked_again(handout):
    filled(handout, "plain")
    guidance, command = handout / "homework" / "guidance.py", [sys.executable, "-m", "hw", "check"]
    guidance.write_text(RIGHT + GUIDED)
    with watching([*command, "guidance", "noising.add_noise", "--watch"], handout, PYTHONPATH="") as watched:
        told = watched.until_waiting()
        assert "3 functions: 3 passed, 0 failed, 0 not implemented\nwaiting" in told

        saved(guidance, WRONG + GUIDED)
        told = watched.until_waiting()
        assert "guidance.py: 2 of 3 functions may be touched\n" in told
        assert "guidance.classifier_free_guidance  failed  (was passed)\n" in told
        assert "3 functions: 1 passed, 2 failed, 0 not implemented\n" in told
        assert "next: guidance.classifier_free_guidance (guided_eps waits for it)\n" in told
        assert "noising" not in told

        saved(guidance, RIGHT + GUIDED.replace("return", "print('here')\n    return"))
        told = watched.until_waiting()
        assert "here\n" in told and "guidance.guided_eps  passed  (was failed)\n" in told

        saved(guidance, RIGHT + "def (")
        assert "guidance.py:5" in watched.until_waiting()

        guidance.unlink()
        told = watched.until_waiting()
        assert "not implemented  there is no homework/guidance.py  (was failed)\n" in told

        saved(guidance, RIGHT + GUIDED)
        assert "3 functions: 3 passed" in watched.until_waiting()
        assert watched.ended() == 0


def test_a_save_breaks_off_what_hangs_and_what_ends_the_process_is_told(handout):
    filled(handout, "plain")
    guidance, command = handout / "homework" / "guidance.py", [sys.executable, "-m", "hw", "check"]
    guidance.write_text("while True:\n    pass\n" + RIGHT + GUIDED)
    with watching([*command, "noising.add_noise", "guidance", "--watch"], handout, PYTHONPATH="") as watched:
        watched.until("noising.add_noise  passed")
        saved(guidance, RIGHT + GUIDED.replace("return", "import os\n    os._exit(3)\n    return"))
        told = watched.until_waiting()
        assert "guidance.classifier_free_guidance  passed\n" in told
        assert "guidance.guided_eps  failed  it ended the process that it was checked in\n" in told
        assert "3 functions: 2 passed, 1 failed" in told
        assert watched.ended() == 0


def test_what_is_next_is_told(handout):
    out = check(handout, "ddpm")
    assert out.endswith("next: ddpm.predict_x0 (sample_ddpm waits for it)\n")


@pytest.mark.slow
def test_most_of_the_catalogue_is_caught(handout):
    script = Path(__file__).with_name("caught_by_the_handout.py")
    run = started(handout, str(script), path=os.pathsep.join([str(ROOT), str(handout)]))
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    share = 1 - len(found["missed"]) / found["mistakes"]
    print(f"{share:.1%} of {found['mistakes']} mistakes are caught; missed:", *found["missed"], sep="\n  ")
    assert share >= WANTED


# --- handing in ---------------------------------------------------------------------------------------------------


def submit(folder: Path):
    return started(folder, "-m", "hw", "submit")


def test_what_is_handed_in_can_be_graded(handout, grade):
    filled(handout, "plain")
    (handout / "homework" / "__pycache__").mkdir(exist_ok=True)
    (handout / "homework" / "__pycache__" / "old.pyc").write_bytes(b"x")
    run = submit(handout)
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(handout / "submission.zip") as archive:
        assert {path.name for path in PLAIN.glob("*.py")} <= set(archive.namelist())
        assert not [name for name in archive.namelist() if "pycache" in name]
    verdicts = grade(handout / "submission.zip", ["guidance.classifier_free_guidance", "ddpm.predict_x0"])
    assert {verdict.outcome for verdict in verdicts.values()} == {"passed"}


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("model.pt", b"PK", "model.pt: a checkpoint is not handed in"),
        ("data/train-images-idx3-ubyte", b"123", "data are not handed in"),
        ("mnist/one.png", b"123", "data are not handed in"),
        ("faces.npz", b"PK", "data are not handed in"),
        ("weights.dat", bytes(6 << 20), "6.0 MB: data, or a checkpoint"),
        ("ddpm.py", b"def f(:\n    pass\n", "ddpm.py, line 1: it does not parse"),
        ("ddpm.py", b"x = 1\x00", "ddpm.py: it does not parse"),
        ("part_a.ipynb", b"{", "part_a.ipynb: it is no notebook"),
        ("login.py", f"import hub\nhub.login('{SECRET}')\n".encode(), "login.py, line 2: this looks like a password"),
    ],
)
def test_what_is_not_handed_in(handout, name, content, told):
    path = handout / "homework" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    run = submit(handout)
    assert run.returncode == 2
    assert told in " ".join(run.stderr.split())
    assert SECRET not in run.stderr
    assert not list(handout.glob("submission.zip*"))


def test_more_than_the_course_takes_is_refused(handout):
    settings = handout / "hw" / "course.json"
    settings.write_text(json.dumps(json.loads(settings.read_text(encoding="utf-8")) | {"limit_mb": 0.5}))
    (handout / "homework" / "photo.jpg").write_bytes(os.urandom(1 << 20))
    run = submit(handout)
    assert run.returncode == 2
    assert "the course takes at most 0.5 MB" in run.stderr
    assert not list(handout.glob("submission.zip*"))


def test_a_zip_that_cannot_be_written(handout):
    run = started(handout, "-m", "hw", "submit", "--out", "nowhere/submission.zip")
    assert run.returncode == 2
    assert "nothing was written: " in run.stderr
    assert "Traceback" not in run.stderr
