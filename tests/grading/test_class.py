"""A whole class: every hand-in has its result, whatever the others do, and whatever is done to the run."""

import html
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from grading import __main__ as command_line
from grading.batch import wanted
from grading.batch.progress import said
from grading.batch.store import Store
from grading.paths import ROOT
from grading.verdicts import GraderFault

from .classes import KINDS, RIGHT, WRONG, canvas, class_of, folder, kit, packed, whole

TASK = "guidance.classifier_free_guidance"
SEED = 7


@pytest.fixture
def graded(preloaded, capsys, tmp_path):
    """``graded(hand_ins, …)``: what the command said, and class.json."""

    def graded(hand_ins, *arguments, code=0, out=tmp_path / "out"):
        command = ["class", hand_ins, "--out", out, "--only", TASK, "--seed", SEED, *arguments]
        assert command_line.main([*map(str, command)]) == code
        return capsys.readouterr().out, json.loads((out / "class.json").read_text(encoding="utf-8"))

    return graded


@pytest.fixture
def gradings(monkeypatch, tmp_path):
    """The keys of the hand-ins that were graded, and not taken from before; each process notes its own."""
    noted = tmp_path / "graded"
    noted.touch()
    real = command_line.importlib.import_module("grading.batch.run").grade_one

    def noting(fork_server, hand_in, *rest):
        with noted.open("a") as file:
            file.write(f"{hand_in.key}\n")
        return real(fork_server, hand_in, *rest)

    monkeypatch.setattr("grading.batch.run.grade_one", noting)

    def since():
        keys = sorted(noted.read_text().split())
        noted.write_text("")
        return keys

    return since


def by_key(document):
    return {one["key"]: one for one in document["hand_ins"]}


def verdicts(document):
    """By key: what came of it, the verdict where there is one."""
    return {
        key: one["functions"][TASK]["verdict"] if one["state"] == "graded" else one["state"]
        for key, one in by_key(document).items()
    }


def small(path, **students):
    return folder(path, {name: {"guidance.py": content} for name, content in students.items()})


# --- what is written --------------------------------------------------------------------------------------------

EXPECTED = {
    "right": "passed",
    "wrong": "failed",
    "several": "passed",
    "empty": "not implemented",
    "nothing": "unusable",
    "no Python": "failed",
    "raises": "failed",
    "dies": "failed",
    "reads": "failed",
}


def test_every_kind_of_hand_in_has_its_row(graded, tmp_path):
    out, document = graded(folder(tmp_path / "class", KINDS))
    assert verdicts(document) == {kind.replace(" ", "_"): came for kind, came in EXPECTED.items()}
    assert [one["key"] for one in document["hand_ins"]] == sorted(by_key(document))
    assert "cannot be used: nothing: expected a folder" in out and str(tmp_path / "class") not in out + json.dumps(
        document
    )
    rows = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == f"key,name,late,attempt,state,reason,points,of,{TASK}"
    assert len(rows) == 1 + len(KINDS) and "right,right,,,graded,,1.0,1.0,1.0" in rows


def test_a_result_is_what_grade_writes(graded, tmp_path):
    graded(small(tmp_path / "class", wrong=WRONG))
    alone = tmp_path / "alone.json"
    command = ["grade", tmp_path / "class" / "wrong", "--only", TASK, "--seed", SEED, "--json", alone]
    assert command_line.main([*map(str, command)]) == 0
    documents = [json.loads(path.read_text()) for path in (alone, tmp_path / "out/submissions/wrong/results.json")]
    for document in documents:
        del document["execution_time"]
    assert documents[0] == documents[1]


def test_what_staff_alone_are_told_stands_beside_it(graded, tmp_path):
    students = {"alice": WRONG, "bob": WRONG + b"\n", "carol": RIGHT}
    graded(small(tmp_path / "class", **students))
    kept = tmp_path / "out" / "submissions"
    told = {key: json.loads((kept / key / "staff.json").read_text(encoding="utf-8"))["functions"] for key in students}
    assert told["alice"] == told["bob"] and told["carol"] == {}
    (name,) = told["alice"][TASK]["mistakes"]
    assert name not in (kept / "alice" / "results.json").read_text(encoding="utf-8"), "that file is shown to students"
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert f"2 of 3: {told['alice'][TASK]['mistakes'][name]}" in html.unescape(page)


def test_a_canvas_download_in_one_archive(graded, tmp_path):
    students = {"Doe, Jane": KINDS["several"], "Müller, Jörg": KINDS["wrong"]}
    _, document = graded(canvas(tmp_path / "class.zip", students))
    assert document["system"] == "canvas"
    assert verdicts(document) == {"doejane_4000": "passed", "müllerjörg_4001": "failed"}
    assert by_key(document)["doejane_4000"]["files"] == ["doejane_4000_90000_hw5.zip"]
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        *(".lock", "class.json", "grades.csv", "index.html", "run.json", "submissions")
    ]


def test_each_kit_is_graded_by_its_own_course(graded, tmp_path):
    students = {"a": kit("cs180"), "b": kit("kaist492d"), "c": {"noising.py": b"def add_noise(): return 0"}}
    _, document = graded(folder(tmp_path / "class", students), "--only", "noising.add_noise")
    assert [one["state"] for one in document["hand_ins"]] == ["graded"] * 3
    assert [one["course"] for one in document["hand_ins"]] == ["cs180-proj5-fm", "kaist-cs492d", "all"]


# --- what is not graded again -----------------------------------------------------------------------------------


def test_what_is_the_same_to_the_byte_is_graded_once(graded, gradings, tmp_path):
    out, document = graded(small(tmp_path / "class", alice=RIGHT, bob=RIGHT, carol=WRONG))
    assert gradings() == ["alice", "carol"]
    assert verdicts(document) == {"alice": "passed", "bob": "passed", "carol": "failed"}
    assert by_key(document)["bob"]["same_as"] == "alice" and "same_as" not in by_key(document)["alice"]
    assert "1 of them the same to the byte" in out
    own = json.loads((tmp_path / "out/submissions/bob/hand-in.json").read_text())
    assert own["name"] == "bob"


def test_only_what_has_changed_is_graded_again(graded, gradings, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT, bob=WRONG)
    graded(hand_ins)
    gradings()
    graded(hand_ins)
    assert gradings() == []
    small(tmp_path / "class", bob=RIGHT + b"\n# mended\n", carol=WRONG)  # Carol's are the bytes that were Bob's
    _, document = graded(hand_ins)
    assert gradings() == ["bob", "carol"]
    assert verdicts(document) == {"alice": "passed", "bob": "passed", "carol": "failed"}


@pytest.mark.parametrize("change", [["--seed", 8], ["--hints", "none"], ["--course", "cmu16726-hw5"]])
def test_with_other_settings_all_are_graded_again(change, graded, gradings, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    graded(hand_ins)
    gradings()
    graded(hand_ins, *change)
    assert gradings() == ["alice"]


def test_with_another_grader_all_are_graded_again(graded, gradings, monkeypatch, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    graded(hand_ins)
    monkeypatch.setattr(wanted, "grader", lambda: "another")
    gradings()
    graded(hand_ins)
    assert gradings() == ["alice"]


@pytest.mark.parametrize("damaged", ["results.json", "staff.json", "hand-in.json"])
def test_a_result_that_is_not_whole_is_made_again(damaged, graded, gradings, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    _, before = graded(hand_ins)
    path = tmp_path / "out" / "submissions" / "alice" / damaged
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    gradings()
    _, after = graded(hand_ins)
    assert gradings() == ["alice"] and before == after


def test_who_came_late_since_is_not_graded_again(graded, gradings, tmp_path):
    (tmp_path / "1.zip").write_bytes(packed({"doejane_1_2_guidance.py": RIGHT, "roejohn_2_3_hw.py": WRONG}))
    (tmp_path / "2.zip").write_bytes(packed({"doejane_LATE_1_9_guidance.py": RIGHT, "roejohn_2_3_hw.py": WRONG}))
    graded(tmp_path / "1.zip")
    gradings()
    _, document = graded(tmp_path / "2.zip")
    assert gradings() == [] and by_key(document)["doejane_1"]["late"] is True


def test_the_class_keeps_its_seed(preloaded, tmp_path, capsys):
    hand_ins, out = small(tmp_path / "class", alice=RIGHT), tmp_path / "out"
    seeds = []
    for given in ([], [], ["--seed", "3"], []):
        command = ["class", str(hand_ins), "--out", str(out), "--only", TASK, *given]
        assert command_line.main(command) == 0
        seeds.append(json.loads((out / "class.json").read_text())["seed"])
        assert f"seed {seeds[-1]};" in capsys.readouterr().out
    assert seeds[0] == seeds[1] and seeds[2:] == [3, 3]


# --- whose fault ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["raise", "die"])
def test_a_fault_of_the_grader_is_one_hand_ins_alone_and_tried_again(end, graded, gradings, monkeypatch, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT, bob=WRONG, carol=RIGHT + b"\n#\n")
    real = command_line.importlib.import_module("grading.batch.one").opened

    def broken(path, *rest):
        if path.parent.name == "bob":
            if end == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            raise GraderFault("out of luck")
        return real(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr("grading.batch.one.opened", broken)
        out, document = graded(hand_ins, code=3)
    assert verdicts(document) == {"alice": "passed", "bob": "not graded", "carol": "passed"}
    why = {"raise": "GraderFault: out of luck", "die": "a process of the grader ended early"}[end]
    assert f"not graded, the grader is at fault: bob: {why}" in out
    assert "points" not in by_key(document)["bob"]
    gradings()
    _, document = graded(hand_ins)
    assert gradings() == ["bob"] and verdicts(document)["bob"] == "failed"


def test_what_ran_out_of_time_is_graded_again_with_more_of_it(graded, gradings, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    _, document = graded(hand_ins, "--deadline", "0.001")
    assert verdicts(document) == {"alice": "not graded"}
    gradings()
    graded(hand_ins, "--deadline", "0.001")
    assert gradings() == []
    _, document = graded(hand_ins)
    assert gradings() == ["alice"] and verdicts(document) == {"alice": "passed"}


# --- arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--jobs", "0"], "--jobs 0"),
        (["--course", "cs231n"], "--course cs231n"),
        (["--only", "ddmp"], "--only ddmp"),
        (["--kit", "nonesuch"], "--kit nonesuch"),
        (["--deadline", "0"], "--deadline 0"),
        (["--seed", "-1"], "--seed -1"),
    ],
)
def test_what_is_wrong_with_an_argument_is_said_once(arguments, said, preloaded, capsys, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    assert command_line.main(["class", str(hand_ins), "--out", str(tmp_path / "out"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1
    assert not (tmp_path / "out" / "submissions").exists()


def test_results_are_not_kept_among_the_hand_ins(preloaded, capsys, tmp_path):
    hand_ins = small(tmp_path / "class", alice=RIGHT)
    assert command_line.main(["class", str(hand_ins), "--out", str(hand_ins / "out")]) == 2
    assert "not among the hand-ins" in capsys.readouterr().err


def test_two_runs_do_not_write_into_one_folder(preloaded, capsys, monkeypatch, tmp_path):
    from grading.batch import store

    monkeypatch.setattr(store, "_OTHERS_ENDING", 0.0)
    (tmp_path / "out").mkdir()
    with store.Store(tmp_path / "out").locked():
        command = ["class", str(small(tmp_path / "class", alice=RIGHT)), "--out", str(tmp_path / "out")]
        assert command_line.main(command) == 2
    assert "another run is writing into it" in capsys.readouterr().err


def test_progress():
    assert said(0, 300, 4.0) == "0 of 300 graded"
    assert said(60, 300, 60.0) == "60 of 300 graded, 60 a minute, 4 min 0 s left"
    assert said(1, 4000, 2.0) == "1 of 4000 graded, 30 a minute, 2 h 13 min left"
    assert said(300, 300, 300.0) == "300 of 300 graded, 60 a minute"


# --- a run that is killed ---------------------------------------------------------------------------------------


def start(hand_ins, out, *more):
    command = [sys.executable, "-m", "grading", "class", hand_ins, "--out", out, "--only", TASK, "--jobs", 2, *more]
    return subprocess.Popen(
        [*map(str, command)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


@pytest.mark.parametrize("whole_group", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_where_it_stopped_to_the_same_tables(whole_group, graded, gradings, tmp_path):
    hand_ins = canvas(
        tmp_path / "class.zip", class_of(8, {kind: KINDS[kind] for kind in ("right", "empty", "nothing")})
    )
    undisturbed = tmp_path / "undisturbed"
    graded(hand_ins, out=undisturbed)
    gradings()
    out = tmp_path / "out"
    run = start(hand_ins, out, "--seed", SEED)
    while len(list(out.glob("submissions/*/hand-in.json"))) < 3:
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    (os.killpg if whole_group else os.kill)(run.pid, signal.SIGKILL)
    run.communicate()
    complete = {key for path in out.glob("submissions/*") if Store(out).record(key := path.name) is not None}
    assert len(complete) >= 3 and not (out / "class.json").exists()
    graded(hand_ins, out=out)
    again = gradings()
    assert again and not set(again) & complete, "nothing finished is graded again"
    for table in ("class.json", "grades.csv", "index.html"):
        assert (out / table).read_bytes() == (undisturbed / table).read_bytes()


@pytest.mark.slow
def test_three_hundred_hand_ins_killed_half_way(tmp_path):
    """Right, wrong, empty, hostile, three kits, named by Canvas, in one archive."""
    kinds = KINDS | {name: kit(name) for name in ("eecs498", "cs180", "kaist492d")} | {"whole": whole()}
    hand_ins = canvas(tmp_path / "class.zip", class_of(300, kinds))
    first, second = tmp_path / "first", tmp_path / "second"
    for out, killed_at in ((first, 300), (second, 150)):
        run = start(hand_ins, out, "--seed", SEED)
        while run.poll() is None and len(list(out.glob("submissions/*/hand-in.json"))) < killed_at:
            time.sleep(0.1)
        if killed_at < 300:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            run = start(hand_ins, out)
        _, told = run.communicate()
        assert run.returncode == 0, told
    document = json.loads((first / "class.json").read_text(encoding="utf-8"))
    assert len(document["hand_ins"]) == 300
    assert not [one["key"] for one in document["hand_ins"] if one["state"] == "not graded" or one["not_graded"]]
    for table in ("class.json", "grades.csv", "index.html"):
        assert (first / table).read_bytes() == (second / table).read_bytes()
