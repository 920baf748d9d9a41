"""The command line: exit codes, messages, what is graded, what the result file holds and how much a report tells."""

import json
import subprocess
import sys
import textwrap

import pytest

from grading import __main__ as command_line
from grading.contract.courses import NAMES, load
from grading.contract.functions import all_tasks
from grading.paths import ROOT
from grading.report import files

from .conftest import PLAIN

STUBS = ROOT / "student_stubs"
DDPM = [task for task in all_tasks() if task.startswith("ddpm.")]


@pytest.fixture
def results(preloaded, capsys, tmp_path):
    """``results(folder, …)``: the run, in this process, and what it wrote with --json."""

    def results(*arguments):
        path = tmp_path / "results.json"
        command = ["grade", *map(str, arguments), "--json", str(path)]
        code = command_line.main(command)
        run = subprocess.CompletedProcess(command, code, *capsys.readouterr())
        return run, json.loads(path.read_text(encoding="utf-8"))

    return results


def by_name(document):
    return {test["name"]: test for test in document["tests"]}


def verdicts(document):
    return {test["name"]: test["extra_data"]["verdict"] for test in document["tests"]}


# --- arguments that cannot be used ------------------------------------------------------------------------------


UNUSABLE = {  # arguments of grade: what the message must name
    "no/such/folder": ["no/such/folder"],
    "pyproject.toml": ["pyproject.toml", "folder", ".zip", "notebook"],
    "fixtures": ["fixtures", "noising.py", "adapters.py"],
    "student_stubs --course cs231n": ["--course", "cs231n", "eecs498-hw5"],
    "student_stubs --only ddmp": ["--only ddmp", "did you mean", "ddpm"],
    "student_stubs --only ddpm.posterior_stp": ["--only ddpm.posterior_stp", "ddpm.posterior_step"],
    "student_stubs --only ddpm,xyzzy": ["--only xyzzy"],
    "student_stubs --only ,": ["--only"],
    "student_stubs --course cs180-proj5 --only dps": ["--only dps", "course cs180-proj5 asks for no such function"],
    "student_stubs --seed -1": ["--seed -1"],
    "student_stubs --seed 4294967296": ["--seed 4294967296"],
    "student_stubs --seed one": ["--seed", "one"],
    "student_stubs --json no/such/folder/results.json": ["--json no/such/folder/results.json"],
    "student_stubs --json tests": ["--json tests"],
    "student_stubs --html no/such/folder/page.html": ["--html no/such/folder/page.html"],
    "student_stubs --html tests": ["--html tests", "expected a file, got a folder"],
    "student_stubs --pictures": ["--pictures", "--html FILE"],
    "student_stubs --hints all": ["--hints", "all", "property"],
    "student_stubs --form xml": ["--form", "xml", "junit"],
    "student_stubs --form junit": ["--form junit", "--json FILE"],
    "student_stubs --colour": ["--colour"],
    ".": [".", "the grader's own folder"],
    "student_stubs student_stubs": ["student_stubs"],
}


@pytest.mark.parametrize("arguments", UNUSABLE)
def test_arguments_that_cannot_be_used_are_named(arguments, cli):
    run = cli("grade", *arguments.split())
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert all(words in run.stderr for words in UNUSABLE[arguments]), run.stderr
    assert run.stderr.count("\n") == 1 or run.stderr.startswith("usage: ")


def test_an_empty_folder_cannot_be_graded(cli, tmp_path):
    run = cli("grade", tmp_path)
    assert run.returncode == 2
    assert str(tmp_path) in run.stderr


def test_a_submission_that_is_too_large_is_refused(cli, hand_in):
    folder = hand_in(ddpm="x = 1")
    with (folder / "weights.pt").open("wb") as file:
        file.truncate(101 << 20)
    run = cli("grade", folder)
    assert run.returncode == 2
    assert "100 MB" in run.stderr


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_a_result_file_that_cannot_be_written_is_refused_before_anything_is_graded(
    error, monkeypatch, capsys, tmp_path
):
    def refused(path):
        raise error

    monkeypatch.setattr(files, "try_writing", refused)
    path = tmp_path / "results.json"
    assert command_line.main(["grade", str(PLAIN), "--json", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == f"grade: --json {path}: cannot be written: {error.strerror}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("traceback", ["", "1"])
def test_what_goes_wrong_in_the_grader_is_said_in_one_line(traceback, monkeypatch, capsys):
    def broken(*arguments):
        raise KeyError("x")

    monkeypatch.setattr("grading.contract.courses.load", broken)
    monkeypatch.setenv("GRADING_TRACEBACK", traceback)
    assert command_line.main(["grade", str(PLAIN)]) == 3
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("grade: the grader is at fault: KeyError: 'x' (test_cli.py:")
    assert ("Traceback (most recent call last):" in rest) == bool(traceback)
    assert len(rest) == 1 or traceback


def test_an_interrupted_command_is_no_fault(monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("grading.contract.courses.load", interrupted)
    assert command_line.main(["grade", str(PLAIN)]) == 130
    assert capsys.readouterr().err == "grade: interrupted\n"


def test_no_command_is_refused(cli):
    run = cli()
    assert run.returncode == 2
    assert "COMMAND" in run.stderr


# --- what is graded ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("ddpm", DDPM),
        ("ddpm.posterior_step", ["ddpm.posterior_step"]),
        ("guidance,ddpm.predict_x0", ["ddpm.predict_x0", "guidance.classifier_free_guidance", "guidance.guided_eps"]),
        (" ddpm , ddpm.predict_x0,", DDPM),
    ],
)
def test_only(only, expected, results):
    run, document = results(PLAIN, "--only", only)
    assert run.returncode == 0
    assert verdicts(document) == dict.fromkeys(expected, "passed")
    assert f"{len(expected)} of {len(expected)} points" in run.stdout


@pytest.mark.parametrize("course", NAMES)
def test_a_course_has_its_own_functions_and_points(course, results):
    first = load(course).functions[0]
    run, document = results(ROOT / "reference", "--course", course, "--only", first)
    assert run.returncode == 0
    assert verdicts(document) == {first: "passed"}
    points = document["extra_data"]["points"]
    (item,) = (item for item in load(course).items if item.function == first)
    assert points["reached"] == points["automatic"] == pytest.approx(float(item.points), abs=1e-6)
    assert document["extra_data"]["course"] == course


@pytest.mark.slow
@pytest.mark.parametrize("course", NAMES)
def test_the_reference_has_full_marks_in_every_course(course, results):
    run, document = results(ROOT / "reference", "--course", course)
    assert run.returncode == 0
    points = document["extra_data"]["points"]
    assert points["reached"] == points["automatic"]
    assert [test["name"] for test in document["tests"]] == load(course).functions
    assert set(verdicts(document).values()) == {"passed"}
    assert document["extra_data"]["course"] == course
    assert ("graded by hand" in run.stdout) == bool(points["by_hand"])


def test_the_command_grades_in_a_process_of_its_own(cli, tmp_path):
    """What everything else here does in this process, once as a user does it."""
    path = tmp_path / "results.json"
    run = cli("grade", PLAIN, "--only", "guidance,ddpm.predict_x0", "--json", path)
    assert (run.returncode, run.stderr) == (0, "")
    assert "3 of 3 points" in run.stdout
    assert set(verdicts(json.loads(path.read_text(encoding="utf-8"))).values()) == {"passed"}


def test_the_stubs_are_not_implemented_everywhere(results):
    run, document = results()  # they are the default
    assert run.returncode == 0
    assert verdicts(document) == dict.fromkeys(all_tasks(), "not implemented")
    assert sum(test["score"] for test in document["tests"]) == 0
    assert f"0 of {len(all_tasks())} points" in run.stdout
    assert all(task in run.stdout for task in all_tasks())
    assert "Traceback" not in run.stdout + run.stderr


def test_three_functions_filled_in_one_of_them_wrong(results, hand_in):
    folder = hand_in(on_top_of=STUBS)

    def fill_in(module, function, *body):
        path = folder / f"{module}.py"
        before, after = path.read_text(encoding="utf-8").split(f"def {function}(", 1)
        after = after.replace("raise NotImplementedError\n", "\n    ".join(body) + "\n", 1)
        path.write_text(f"{before}def {function}({after}", encoding="utf-8")

    two_lines = (
        "abar_t = alphas_cumprod[t].reshape(-1, 1, 1, 1)",
        "return (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()",
    )
    fill_in("ddpm", "predict_x0", *two_lines)
    fill_in("guidance", "classifier_free_guidance", "return eps_uncond + scale * (eps_cond - eps_uncond)")
    fill_in("distillation", "sds_weight", "return alphas_cumprod[t]")
    run, document = results(folder, "--only", "ddpm,guidance,distillation")
    assert run.returncode == 0
    asked = [task for task in all_tasks() if task.split(".")[0] in ("ddpm", "guidance", "distillation")]
    right = {"ddpm.predict_x0", "guidance.classifier_free_guidance"}
    expected = dict.fromkeys(asked, "not implemented") | dict.fromkeys(right, "passed")
    assert verdicts(document) == expected | {"distillation.sds_weight": "failed"}
    wrong = by_name(document)["distillation.sds_weight"]
    assert wrong["extra_data"]["diagnosis"]
    for words in ["what is wrong:", "sds_weight(t=", "expected", "got", "distillation.py:"]:
        assert words in run.stdout
    assert f"2 of {len(asked)} points" in run.stdout


def test_the_grade_does_not_depend_on_where_the_command_is_run(hand_in):
    folder = hand_in(on_top_of=PLAIN)
    command = [sys.executable, "-m", "grading", "grade", folder.name, "--only", "guidance"]
    run = subprocess.run(
        command,
        cwd=folder.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "2 of 2 points" in run.stdout


def test_settings_of_the_surrounding_project_do_not_matter(cli, tmp_path):
    (tmp_path / "conftest.py").write_text("raise SystemExit(9)")
    run = cli(
        "grade", PLAIN, "--only", "guidance", PYTEST_ADDOPTS="--maxfail=1 -k nothing", PYTEST_PLUGINS="no_such_plugin"
    )
    assert run.returncode == 0, run.stderr
    assert "2 of 2 points" in run.stdout


# --- the result file --------------------------------------------------------------------------------------------

WRONG = {
    "guidance": """
        import torch

        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            print("my debug output")
            return eps_cond + scale * (eps_cond - eps_uncond)

        def guided_eps(model, x_t, t, cond, null_cond, scale):
            raise NotImplementedError
    """
}


def test_the_result_file_has_gradescopes_fields(results, hand_in):
    run, document = results(hand_in(on_top_of=PLAIN, **WRONG), "--only", "guidance,ddpm.predict_x0", "--seed", 7)
    assert run.returncode == 0
    assert document.keys() <= {
        "score",
        "execution_time",
        "output",
        "output_format",
        "test_output_format",
        "test_name_format",
        "visibility",
        "stdout_visibility",
        "extra_data",
        "tests",
        "leaderboard",
    }
    assert document["execution_time"] > 0
    assert document["extra_data"]["seed"] == 7
    assert "--seed 7" in document["output"]
    fields = {
        "score",
        "max_score",
        "status",
        "name",
        "name_format",
        "number",
        "output",
        "output_format",
        "tags",
        "visibility",
        "extra_data",
    }
    for test in document["tests"]:
        assert {"score", "max_score", "status", "name", "number", "output", "extra_data"} <= test.keys() <= fields
        assert isinstance(test["number"], str)
    tests = by_name(document)
    assert [(t["status"], t["score"], t["max_score"]) for t in tests.values()] == [
        ("passed", 1, 1),
        ("failed", 0, 1),
        ("failed", 0, 1),
    ]
    assert list(verdicts(document).values()) == ["passed", "failed", "not implemented"]
    wrong = tests["guidance.classifier_free_guidance"]
    assert wrong["number"] == "4.1"
    assert wrong["extra_data"]["failing_checks"]
    assert wrong["extra_data"]["defined_at"] == "guidance.py:4"
    assert "my debug output" in wrong["output"]
    assert "guidance.py:9" in tests["guidance.guided_eps"]["output"]


def test_points_are_the_courses(results):
    _, document = results(PLAIN, "--course", "eecs498-hw5", "--only", "ddim")
    assert [(t["name"], t["max_score"], t["score"]) for t in document["tests"]] == [
        ("ddim.ddim_step", pytest.approx(60 / 28), pytest.approx(60 / 28)),
        ("ddim.sample_ddim", pytest.approx(60 / 28), pytest.approx(60 / 28)),
    ]
    assert {t["number"] for t in document["tests"]} == {"B2.1", "B2.2"}


def test_the_same_seed_gives_the_same_report(results, hand_in):
    folder = hand_in(on_top_of=PLAIN, **WRONG)
    runs = []
    for seed in (5, 5, 6):
        run, document = results(folder, "--seed", seed, "--only", "guidance,ddpm.sample_ddpm")
        del document["execution_time"]
        runs.append((run.stdout, document))
    assert runs[0] == runs[1]
    assert runs[1] != runs[2]


def test_every_run_draws_a_seed_of_its_own(results):
    seeds = {results(PLAIN, "--only", "guidance")[1]["extra_data"]["seed"] for _ in range(2)}
    assert len(seeds) == 2


@pytest.mark.usefixtures("preloaded")
def test_the_result_file_grows_with_every_verdict(monkeypatch, tmp_path):
    """A run that is cut short has lost nothing: after each verdict the file holds all so far."""
    path, seen = tmp_path / "results.json", []
    write = files.write

    def observed(*arguments):
        write(*arguments)
        seen.append([test["name"] for test in json.loads(path.read_text(encoding="utf-8"))["tests"]])

    monkeypatch.setattr(files, "write", observed)
    assert command_line.main(["grade", str(PLAIN), "--only", "ddpm", "--json", str(path)]) == 0
    counts = [len(names) for names in seen if names]
    assert counts[: len(DDPM)] == [1, 2, 3, 4]
    # Two graders share the functions, so that any may come first; the file keeps the course's order.
    assert all(names == [task for task in DDPM if task in names] for names in seen)
    assert all(set(earlier) <= set(later) for earlier, later in zip(seen, seen[1:]))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("preloaded")
def test_a_page_is_written_for_the_student(hand_in, tmp_path):
    folder, path = hand_in(guidance=WRONG["guidance"]), tmp_path / "page.html"
    command = ["grade", str(folder), "--only", "guidance", "--seed", "5", "--html", str(path)]
    assert command_line.main(command) == 0
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and page.endswith("</html>\n")
    assert "python -m grading grade handed_in --only guidance --seed 5" in page
    assert 'id="guidance.classifier_free_guidance"' in page
    assert {one.name for one in tmp_path.iterdir()} == {"handed_in", "page.html"}


# --- how much is told -------------------------------------------------------------------------------------------

TASK = "guidance.classifier_free_guidance"


@pytest.fixture(scope="module")
def wrong_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "guidance.py").write_text(textwrap.dedent(WRONG["guidance"]), encoding="utf-8")
    return folder


def test_hints_none_tells_the_verdict_only(wrong_folder, results):
    run, document = results(wrong_folder, "--only", "guidance", "--hints", "none")
    test = by_name(document)[TASK]
    assert test["extra_data"]["verdict"] == "failed"
    assert test["output"] == ""
    assert test["extra_data"]["failing_checks"] == []
    assert test["extra_data"]["diagnosis"] == []
    for words in ["what is wrong", "expected", "✗", "classifier_free_guidance("]:
        assert words not in run.stdout + json.dumps(document, ensure_ascii=False)


def test_hints_property_names_the_properties_and_no_numbers(wrong_folder, results):
    run, document = results(wrong_folder, "--only", "guidance", "--hints", "property")
    test = by_name(document)[TASK]
    assert test["extra_data"]["failing_checks"]
    assert all(title in test["output"] and title in run.stdout for title in test["extra_data"]["failing_checks"])
    assert test["extra_data"]["diagnosis"] == []
    for words in ["what is wrong", "expected", "classifier_free_guidance("]:
        assert words not in run.stdout + json.dumps(document, ensure_ascii=False)


def test_hints_mistake_tells_everything(wrong_folder, results):
    run, document = results(wrong_folder, "--only", "guidance")  # the default
    test = by_name(document)[TASK]
    assert test["extra_data"]["diagnosis"]
    for words in ["what is wrong", "expected", "got", "classifier_free_guidance(", "my debug output"]:
        assert words in test["output"]
        assert words in run.stdout


@pytest.mark.parametrize("hints", ["none", "property", "mistake"])
def test_what_was_raised_is_told_as_far_as_hints_allow(hints, hand_in, results):
    folder = hand_in(guidance="def guided_eps(*args, **kwargs):\n    raise ValueError('my own words')\n")
    run, document = results(folder, "--only", "guidance.guided_eps", "--hints", hints)
    told = "my own words" in run.stdout
    assert told == ("my own words" in json.dumps(document)) == (hints == "mistake")


# --- the other commands -----------------------------------------------------------------------------------------


def test_fixtures_of_another_seed_go_to_another_folder(cli, tmp_path):
    run = cli("fixtures", "--seed", 1, "--out", tmp_path / "fixtures")
    assert run.returncode == 0, run.stderr
    assert json.loads((tmp_path / "fixtures" / "manifest.json").read_text(encoding="utf-8"))["seed"] == 1


def test_whoever_reads_may_stop_reading():
    """As ``grading contract | head -1`` does: that is nobody's fault."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "grading", "contract"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        command.stdout.close()
        told = command.stderr.read()
    assert (command.returncode, told) == (0, b"")
