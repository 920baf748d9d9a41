"""The same solution in any container gets the same verdicts, and a report says which of several copies was graded."""

import json
import os
import zipfile

import pytest

from grading.__main__ import main
from grading.contract.functions import FUNCTIONS
from grading.sandbox import limits
from grading.submissions import opened
from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED, Unusable

from .conftest import PLAIN, outcomes, told
from .containers import as_one_file, modules, notebook, tarred, zipped

TASKS = [
    "noising.add_noise",
    "ddpm.predict_x0",
    "ddpm.posterior_step",
    "guidance.guided_eps",
    "unet.TimeConditionalUNet",
]
HELD = ("noising", "ddpm", "guidance")  # unet.py is not handed in
EXPECTED = dict.fromkeys(TASKS, PASSED) | {"ddpm.posterior_step": FAILED, "unet.TimeConditionalUNet": NOT_IMPLEMENTED}
WRONG = "\n\ndef posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):\n    return x0\n"


def solution():
    """A right one but for one function, and without one module."""
    files = modules(*HELD)
    return files | {"ddpm.py": files["ddpm.py"] + WRONG.encode()}


def as_folder(at):
    (at / "hw5").mkdir()
    for name, content in solution().items():
        (at / "hw5" / name).write_bytes(content)
    return at / "hw5"


def below(files, *folders):
    return {"/".join([*folders, name]): content for name, content in files.items()}


def zip_in_a_zip(at):
    inner = zipped(at / "part.zip", below(solution(), "hw5"))
    return zipped(at / "hw.zip", {"doe/part.zip": inner.read_bytes(), "doe/report.pdf": b"%PDF"})


def of_three_kinds(at):
    """A .zip with a module file, a notebook and a .tar.gz in three folders."""
    cells = notebook(at / "b.ipynb", as_one_file("guidance")).read_bytes()
    packed = tarred(at / "c.tar.gz", {"noising.py": solution()["noising.py"]}).read_bytes()
    files = {"a/ddpm.py": solution()["ddpm.py"], "b/part b.ipynb": cells, "c/more/c.tar.gz": packed, "readme.md": b"#"}
    return zipped(at / "mixed.zip", files)


CONTAINERS = {
    "folder": as_folder,
    "zip": lambda at: zipped(at / "hw.zip", solution()),
    "zip with one folder": lambda at: zipped(at / "hw.zip", below(solution(), "hw5-v1.2", "code")),
    "zip with more": lambda at: zipped(at / "hw.zip", {"answers.pdf": b"%PDF"} | below(solution(), "My Code", "src.d")),
    "tar": lambda at: tarred(at / "hw.tar", below(solution(), "hw5")),
    "tar.gz": lambda at: tarred(at / "hw.tar.gz", below(solution(), "hw5")),
    "tgz without a name": lambda at: tarred(at / "hw.tgz", below(solution(), "hw5")).rename(at / "upload"),
    "zip in a zip": zip_in_a_zip,
    "notebook": lambda at: notebook(at / "hw.ipynb", "#! Title", *map(as_one_file, HELD), WRONG),
    "notebook in a zip": lambda at: zipped(
        at / "hw.zip", {"x/hw (1).ipynb": notebook(at / "n", *map(as_one_file, HELD), WRONG).read_bytes()}
    ),
    "one file": lambda at: [at / "hw.py", (at / "hw.py").write_text(as_one_file(*HELD) + WRONG, "utf-8")][0],
    "three kinds": of_three_kinds,
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_same_solution_has_the_same_verdicts(kind, grade, tmp_path):
    verdicts = grade(CONTAINERS[kind](tmp_path), TASKS)
    assert outcomes(verdicts) == EXPECTED
    assert "what is wrong" in told(verdicts["ddpm.posterior_step"]) or "✗" in told(verdicts["ddpm.posterior_step"])


def test_the_contracts_names_are_its_functions_own():
    """Else a function could not be found by its name."""
    names = [name for one in FUNCTIONS for name in (one.name, f"{one.module}_{one.name}")]
    assert len(names) == len(set(names))


def test_the_command_takes_an_archive(preloaded, tmp_path, capsys):
    path, results = zipped(tmp_path / "hw.zip", below(solution(), "hw5")), tmp_path / "results.json"
    assert main(["grade", str(path), "--only", ",".join(TASKS), "--json", str(results), "--hints", "none"]) == 0
    document = json.loads(results.read_text(encoding="utf-8"))
    assert {test["name"]: test["extra_data"]["verdict"] for test in document["tests"]} == EXPECTED
    assert "3 of 5 points" in capsys.readouterr().out


# --- what is found where ------------------------------------------------------------------------------------------


def found(path):
    with opened(path) as submission:
        return submission.places, list(submission.notes)


def test_what_systems_add_is_no_part_of_a_submission(tmp_path):
    junk = {"__MACOSX/hw5/._ddpm.py": b"\0", "hw5/.DS_Store": b"\0", "Thumbs.db": b"\0", "hw5/desktop.ini": b"\0"}
    junk |= {"hw5/.git/config": b"", "hw5/__pycache__/ddpm.pyc": b"", "hw5/.ipynb_checkpoints/a.ipynb": b"{}"}
    with opened(zipped(tmp_path / "hw.zip", below(modules("ddpm"), "hw5") | junk)) as submission:
        assert os.listdir(submission.folder) == ["ddpm.py"] and submission.notes == ()


def test_a_plain_folder_has_no_table_of_places(tmp_path):
    assert found(as_folder(tmp_path)) == ({}, [])
    assert found(PLAIN) == ({}, [])


def test_of_two_copies_the_shallower_one_is_graded_and_both_are_named(tmp_path):
    files = {"notes.txt": b"", "old/backup/ddpm.py": modules("ddpm")["ddpm.py"], "hw/ddpm.py": solution()["ddpm.py"]}
    places, notes = found(zipped(tmp_path / "hw.zip", files))
    assert places["ddpm.posterior_step"].file == "hw/ddpm.py"
    (note,) = notes
    assert note.endswith("in hw/ddpm.py and in old/backup/ddpm.py: hw/ddpm.py is graded")


def test_of_two_copies_at_one_depth_the_one_among_its_like_is_graded(tmp_path):
    """A layout's: whatever the names are, whatever is newer."""
    files = {"a/ddpm.py": solution()["ddpm.py"]} | below(modules(*HELD), "b")
    places, notes = found(zipped(tmp_path / "hw.zip", files))
    assert {place.file.split("/")[0] for place in places.values()} == {"b"}
    assert len(notes) == 1 and "b/ddpm.py is graded" in notes[0]


def test_two_equal_copies_are_no_matter(tmp_path):
    files = {"a/ddpm.py": modules("ddpm")["ddpm.py"], "b/ddpm.py": modules("ddpm")["ddpm.py"]}
    places, notes = found(zipped(tmp_path / "hw.zip", files))
    assert places["ddpm.predict_x0"].file == "a/ddpm.py" and notes == []


def test_a_function_in_two_files_of_any_name_is_told(tmp_path):
    files = {"one.py": as_one_file("ddpm").encode(), "one copy.py": (as_one_file("ddpm") + WRONG).encode()}
    places, (note,) = found(zipped(tmp_path / "hw.zip", files))
    assert places["ddpm.predict_x0"] == ("one.py", "predict_x0")
    assert "one.py and in one copy.py: one.py is graded" in note and "posterior_step" in note


def test_a_notebook_goes_before_its_export(tmp_path):
    cells = notebook(tmp_path / "n", as_one_file("ddpm"), WRONG).read_bytes()
    places, notes = found(zipped(tmp_path / "hw.zip", {"p5.py": as_one_file("ddpm").encode(), "p5.ipynb": cells}))
    assert places["ddpm.predict_x0"].file == "p5.ipynb" and len(notes) == 1


def test_a_draft_beside_the_module_file_is_not_graded_in_its_place(hand_in):
    """Whoever took a function out of ddpm.py has not handed it in."""
    folder = hand_in({"old/ddpm.py": "def predict_x0(): pass", "ddpm.py": "x = 1\n"})
    assert "ddpm.predict_x0" not in found(folder)[0]


def test_what_adapters_define_is_found_below_too(grade, tmp_path):
    names = b"x_t, x0, noise, t, t_prev, alphas_cumprod"
    adapters = b"from steps import step\n\ndef ddpm_posterior_step(%s):\n    return step(%s)\n" % (names, names)
    steps = (PLAIN / "ddpm.py").read_bytes().replace(b"def posterior_step", b"def step")
    files = {
        "a.txt": b"",
        "hw/adapters.py": adapters,
        "hw/steps.py": steps,
        "hw/noising.py": modules("noising")["noising.py"],
    }
    verdicts = grade(zipped(tmp_path / "hw.zip", files), ["ddpm.posterior_step"])
    assert outcomes(verdicts) == {"ddpm.posterior_step": PASSED}
    assert verdicts["ddpm.posterior_step"].defined_at.startswith("hw/steps.py:")


@pytest.mark.parametrize("imported", ["from .lib.steps import *", "from lib.steps import *", "from ..shared import *"])
def test_files_that_lie_anywhere_import_each_other(imported, grade, tmp_path):
    where = "shared.py" if "shared" in imported else "my.code/lib/steps.py"
    files = {"my.code/ddpm.py": imported.encode(), where: (PLAIN / "ddpm.py").read_bytes(), "a.txt": b""}
    files |= {"noising.py" if "shared" in imported else "my.code/noising.py": modules("noising")["noising.py"]}
    files = {f"hw/{name}": content for name, content in files.items()} | {"b.txt": b""}
    assert outcomes(grade(zipped(tmp_path / "hw.zip", files), ["ddpm.predict_x0"])) == {"ddpm.predict_x0": PASSED}


def test_a_file_with_a_dot_in_its_name_is_graded(grade, tmp_path):
    path = zipped(tmp_path / "hw.zip", {"hw5.final v2.py": as_one_file("ddpm").encode()})
    verdict = grade(path, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == PASSED and verdict.defined_at.startswith("hw5.final v2.py:")


@pytest.mark.parametrize("name", ["Übung/ddpm.py", "作业/ddpm.py", "cafe\u0301/ddpm.py"])
@pytest.mark.parametrize("utf8", [True, False])
def test_names_that_are_not_ascii(name, utf8, tmp_path, monkeypatch):
    """Also where a program writes UTF-8 without saying so, as macOS does."""
    if not utf8:
        monkeypatch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", lambda self: (self.filename.encode(), 0))
    path = zipped(tmp_path / "hw.zip", {name: b"def predict_x0(): pass", "a.txt": b""})
    monkeypatch.undo()
    assert found(path)[0]["ddpm.predict_x0"].file == name


def test_backslashes_of_old_windows_programs_are_folders(tmp_path):
    path = zipped(tmp_path / "hw.zip", {"hw5/ddpm.py": b"def predict_x0(): pass", "hw5/a.txt": b""})
    path.write_bytes(path.read_bytes().replace(b"hw5/", b"hw5\\"))
    with opened(path) as submission:
        assert sorted(os.listdir(submission.folder)) == ["a.txt", "ddpm.py"]


def test_a_name_that_is_not_utf_8_can_be_graded_and_shown(grade, tmp_path):
    (tmp_path / "hw").mkdir()
    with open(os.path.join(os.fsencode(tmp_path), b"hw/caf\xe9.py"), "w", encoding="utf-8") as file:
        file.write(as_one_file("ddpm"))
    with pytest.raises(Unusable), opened(tmp_path / "hw"):
        pass
    path = tarred(tmp_path / "hw.tar", {"caf\udce9.py": as_one_file("ddpm").encode()})
    verdict = grade(path, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == PASSED and verdict.defined_at.encode().startswith(
        "caf\N{REPLACEMENT CHARACTER}.py:".encode()
    )


def test_a_table_of_places_that_is_handed_in_is_none(tmp_path):
    """The grader's own lies under that name in the copy."""
    table = json.dumps({"ddpm.predict_x0": ["/etc/passwd", "x"]}).encode()
    files = {
        "hw/.places.json": table,
        "hw/lib/.places.json": table,
        "hw/my.py": b"def predict_x0(): pass",
        ".places.json": table,
    }
    assert found(zipped(tmp_path / "hw.zip", files))[0] == {"ddpm.predict_x0": ("my.py", "predict_x0")}


def test_a_large_file_is_data(tmp_path, monkeypatch):
    """Definitions are looked for as long as it takes no time that counts."""
    monkeypatch.setattr(limits, "SOURCES_BYTES", 1000)
    files = {"a.py": b"def predict_x0(): pass", "b/large.py": b"def linear_betas(): pass\n" + b"#" * 1000}
    assert found(zipped(tmp_path / "hw.zip", files))[0].keys() == {"ddpm.predict_x0"}


# --- what costs only itself ---------------------------------------------------------------------------------------


BROKEN = {  # bytes of a file; what the report says of it
    "a syntax error": (b"x = 1\ndef f(:\n", "noising.py:2"),
    "a print statement": (b"x = 1\nprint 'hello'\n", "noising.py:2: print 'hello'"),
    "latin-1": ("x = 1\ny = 'é'\n".encode("latin-1"), "noising.py:2"),
    "UTF-16": ("x = 1\n".encode("utf-16"), "noising.py:1"),
    "a null byte": (b"x = 1\ny = \0\n", "noising.py:2"),
    "a coding line that lies": ("# -*- coding: ascii -*-\nx = 'é'\n".encode(), "noising.py:1"),
    "an unknown coding": (b"# -*- coding: klingon -*-\n", "noising.py:1"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_imported_costs_what_is_in_it(kind, grade, tmp_path):
    content, place = BROKEN[kind]
    defined = b"\ndef add_noise(*given):\n    pass\n"
    files = modules("guidance") | {
        "noising.py": content + (defined.decode().encode("utf-16")[2:] if kind == "UTF-16" else defined)
    }
    verdicts = grade(zipped(tmp_path / "hw.zip", below(files, "hw")), ["noising.add_noise", "guidance.guided_eps"])
    assert outcomes(verdicts) == {"noising.add_noise": FAILED, "guidance.guided_eps": PASSED}
    assert "importing noising.py raised" in told(verdicts["noising.add_noise"])
    assert place in told(verdicts["noising.add_noise"])


def test_a_byte_order_mark_is_no_fault(grade, tmp_path):
    path = zipped(tmp_path / "hw.zip", {"hw.py": b"\xef\xbb\xbf" + as_one_file("ddpm").encode()})
    assert outcomes(grade(path, ["ddpm.predict_x0"])) == {"ddpm.predict_x0": PASSED}


def test_one_file_in_utf_16_is_found_and_told(grade, tmp_path):
    (tmp_path / "hw.py").write_bytes("# mine\ndef predict_x0():\n    pass\n".encode("utf-16"))
    verdict = grade(tmp_path / "hw.py", ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == FAILED and "importing hw.py raised SyntaxError" in told(verdict)


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04 broken", b"Rar!\x1a\x07"])
def test_an_inner_archive_that_cannot_be_opened_costs_itself(content, tmp_path):
    places, notes = found(zipped(tmp_path / "hw.zip", {"a/ddpm.py": b"def predict_x0(): pass", "a/data.zip": content}))
    assert places == {} and all(note.startswith("data.zip: ") for note in notes)
    assert len(notes) == (content != b"not a zip")


def test_an_archive_of_data_is_not_unpacked_and_no_checkpoint_is(tmp_path):
    data = zipped(tmp_path / "d.zip", {"0.png": bytes(9)}).read_bytes()
    files = {"ddpm.py": b"", "data.zip": data, "weights.pt": data, "table.npz": data}
    with opened(zipped(tmp_path / "hw.zip", files)) as submission:
        assert sorted(os.listdir(submission.folder)) == ["data.zip", "ddpm.py", "table.npz", "weights.pt"]
        assert all(path.is_file() for path in submission.folder.iterdir())


def test_archives_in_archives_end_somewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "ARCHIVE_DEPTH", 2)
    content = b"def predict_x0(): pass"
    for i in range(4):
        content = zipped(tmp_path / f"{i}.zip", {("x.zip" if i else "ddpm.py"): content}).read_bytes()
    (tmp_path / "hw.zip").write_bytes(content)
    with pytest.raises(Unusable, match="no graded function is in it"), opened(tmp_path / "hw.zip"):
        pass


# --- what cannot be graded ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("hw.zip", b"<html>Please log in", "got a file of another kind"),
        ("hw.rar", b"Rar!\x1a\x07\x00", "a .rar file is not unpacked here: expected a .zip or a .tar.gz"),
        ("hw.7z", b"7z\xbc\xaf\x27\x1c", "a .7z file is not unpacked here"),
        ("hw.py", b"x = 1\n", "no graded function is in it"),
        ("hw.py", b"def f(:\n", "hw.py, line 1: "),
        ("hw.pdf", b"%PDF", "expected a folder, a .py file, a notebook (.ipynb), or a .zip"),
    ],
)
def test_another_file_is_told_what_was_expected(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unusable) as refused, opened(tmp_path / name):
        pass
    assert str(refused.value).startswith(f"{tmp_path / name}: ") and words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_course_may_bound_what_is_handed_in(tmp_path, capsys):
    path = zipped(tmp_path / "hw.zip", modules("ddpm"))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("picture.png", bytes(11 << 20))
    assert main(["grade", str(path), "--course", "eecs498-hw5"]) == 2
    assert capsys.readouterr().err == f"grade: {path}: 11.0 MB; the course takes at most 10 MB\n"
    with opened(path) as submission, opened(path, 12):
        assert submission.places == {}
