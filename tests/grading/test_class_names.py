"""Whose a file of a download is: the names of every system, and names that mean harm. Nothing is graded here."""

import csv
import io
import os
import tarfile

import pytest

from grading.batch import index
from grading.batch.hand_in import HandIn, cleaned, with_keys
from grading.batch.hand_ins import read
from grading.batch.one import as_handed_in
from grading.batch.opening import listed
from grading.sandbox import limits
from grading.verdicts import Unusable

from .classes import packed
from .containers import member, tarred, zipped


@pytest.fixture
def found(tmp_path):
    """``found({name: bytes})``: the system, and the hand-ins by their keys. A name with a / lies in folders."""

    def found(files, archive=True):
        source = tmp_path / "class.zip" if archive else tmp_path / "class"
        if archive:
            source.write_bytes(packed(files))
        for name, content in {} if archive else files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
        system, listing, hand_ins = read(listed(source, tmp_path / "unpacked"))
        assert [one.key for one in hand_ins] == sorted({one.key for one in hand_ins})
        for one in hand_ins:
            assert one.problem or all((listing.folder / place).exists() for place in one.files.values())
        return system, {one.key: one for one in hand_ins}

    return found


CANVAS = {  # name → key, name, ids, late, attempt, what the student called it
    "doejane_4711_99887_hw5.zip": ("doejane_4711", "doejane", {"user": "4711"}, False, 1, "hw5.zip"),
    "doejane_LATE_4711_99887_hw5.zip": ("doejane_4711", "doejane", {"user": "4711"}, True, 1, "hw5.zip"),
    "doejane_4711_99887_hw5-1.zip": ("doejane_4711", "doejane", {"user": "4711"}, False, 2, "hw5.zip"),
    "doejane_4711_99887_hw5-12.tar.gz": ("doejane_4711", "doejane", {"user": "4711"}, False, 1, "hw5-12.tar.gz"),
    "doejane_LATE_4711_99887_ddim-3.py": ("doejane_4711", "doejane", {"user": "4711"}, True, 4, "ddim.py"),
    "müllerjörg_12_345_proj5.ipynb": ("müllerjörg_12", "müllerjörg", {"user": "12"}, False, 1, "proj5.ipynb"),
    "doejane_4711_99887_2024_final_hw.py": ("doejane_4711", "doejane", {"user": "4711"}, False, 1, "2024_final_hw.py"),
    "doe3jane_4711_99887_3_hw.py": ("doe3jane_4711", "doe3jane", {"user": "4711"}, False, 1, "3_hw.py"),
    "van_der_berg_7_8_hw.py": ("van_der_berg_7", "van_der_berg", {"user": "7"}, False, 1, "hw.py"),
    "group4_4711_99887_hw5.zip": ("group4_4711", "group4", {"user": "4711"}, False, 1, "hw5.zip"),
    "anon_a1B2c_99887_hw5.zip": ("anon_a1B2c", "anon_a1B2c", {"anonymous": "a1B2c"}, False, 1, "hw5.zip"),
    "LATE_anon_a1B2c_99887_hw5.zip": ("anon_a1B2c", "anon_a1B2c", {"anonymous": "a1B2c"}, True, 1, "hw5.zip"),
    "4711_99887_hw5.zip": ("4711", "", {"user": "4711"}, False, 1, "hw5.zip"),
    "doejane_4711_99887_text.html": ("doejane_4711", "doejane", {"user": "4711"}, False, 1, "text.html"),
}


@pytest.mark.parametrize("name", CANVAS)
def test_what_canvas_names(name, found):
    system, hand_ins = found({name: b"x"})
    ((key, one),) = hand_ins.items()
    assert system == "canvas"
    assert (key, one.name, one.ids, one.late, one.attempt, *one.files) == CANVAS[name]
    assert list(one.files.values()) == [name] and not one.problem and not one.notes


@pytest.mark.parametrize(
    "name, said",
    [
        ("doejane_4711_text.html", "a text entry: nothing that can be graded"),
        ("doejane_LATE_4711_link.html", "a link: nothing that can be graded"),
        ("anon_a1B2c_text.html", "a text entry: nothing that can be graded"),
    ],
)
def test_what_was_typed_into_canvas_is_listed(name, said, found):
    _, hand_ins = found({name: b"<p>", "roejohn_1_2_hw.py": b""})
    (one,) = (one for one in hand_ins.values() if one.key != "roejohn_1")
    assert one.problem == said and one.files == {} and one.late == ("LATE" in name)


def test_all_attachments_of_a_student_are_one_hand_in(found, tmp_path):
    names = ["doejane_1_20_ddpm.py", "doejane_1_21_ddim-2.py", "doejane_1_text.html", "roejohn_LATE_2_22_a.py"]
    _, hand_ins = found({name: name.encode() for name in names})
    jane = hand_ins["doejane_1"]
    assert jane.files == {"ddpm.py": names[0], "ddim.py": names[1]} and jane.attempt == 3
    assert jane.notes == ("a text entry: nothing that can be graded",) and not jane.problem
    together = as_handed_in(jane, tmp_path / "unpacked", tmp_path)
    assert {one.name: one.read_text() for one in together.iterdir()} == {"ddpm.py": names[0], "ddim.py": names[1]}


def test_attachments_of_one_name_are_kept_apart(found):
    _, hand_ins = found({"doejane_1_20_part-1.py": b"", "doejane_1_21_part-2.py": b""})
    assert sorted(hand_ins["doejane_1"].files) == ["part-1.py", "part-2.py"]
    _, hand_ins = found({"doejane_1_20_hw.py": b"", "doejane_1_21_hw.py": b""}, archive=False)
    assert sorted(hand_ins["doejane_1"].files) == ["20_hw.py", "21_hw.py"]


def test_one_file_is_opened_under_the_name_that_the_student_gave_it(found, tmp_path):
    _, hand_ins = found({"doejane_1_20_proj5-1.ipynb": b"{}"})
    assert as_handed_in(hand_ins["doejane_1"], tmp_path / "unpacked", tmp_path) == tmp_path / "proj5.ipynb"


def test_a_name_that_is_none_of_canvas_is_graded_and_said(found):
    _, hand_ins = found({"doejane_1_20_hw.py": b"", "roejohn_2_21_hw.py": b"", "late one by mail.py": b""})
    stranger = hand_ins["late_one_by_mail.py"]
    assert stranger.files and "none that Canvas gives" in stranger.notes[0]


MOODLE = {  # names → key, name, what the student called it
    ("Jane Doe_123_assignsubmission_file/hw5.zip",): ("Jane_Doe_123", "Jane Doe", "Jane Doe_123_assignsubmission_file"),
    ("Jane Doe_123_assignsubmission_file_/hw5.zip",): (
        "Jane_Doe_123",
        "Jane Doe",
        "Jane Doe_123_assignsubmission_file_",
    ),
    ("Participant_77_assignsubmission_file/a.py", "Participant_77_assignsubmission_file/b.py"): (
        "Participant_77",
        "Participant 77",
        "Participant_77_assignsubmission_file",
    ),
    ("Team 4_9_assignsubmission_file/a.py",): ("Team_4_9", "Team 4", "Team 4_9_assignsubmission_file"),
    ("Jane Doe_123_assignsubmission_file_my_hw_5.py",): ("Jane_Doe_123", "Jane Doe", "my_hw_5.py"),
    ("Zoë_O'Neill_5_assignsubmission_file_x.py",): ("Zoë_O_Neill_5", "Zoë_O'Neill", "x.py"),
}


@pytest.mark.parametrize("names", MOODLE)
def test_what_moodle_names(names, found):
    system, hand_ins = found(dict.fromkeys(names, b""))
    ((key, one),) = hand_ins.items()
    assert system == "moodle"
    assert (key, one.name, *one.files) == MOODLE[names]
    assert one.ids == {"participant": key.rpartition("_")[2]} and one.late is None and not one.problem


def test_an_online_text_in_moodle_is_listed_and_a_file_beside_it_is_graded(found):
    _, hand_ins = found(
        {
            "Jane Doe_1_assignsubmission_onlinetext/onlinetext.html": b"",
            "John Roe_2_assignsubmission_onlinetext/onlinetext.html": b"",
            "John Roe_2_assignsubmission_file/hw.py": b"",
        }
    )
    assert hand_ins["Jane_Doe_1"].problem == "an online text: nothing that can be graded"
    assert hand_ins["John_Roe_2"].notes == ("an online text: nothing that can be graded",)
    assert not hand_ins["John_Roe_2"].problem and len(hand_ins["John_Roe_2"].files) == 1


EXPORT = b"""---
submission_1:
  :submitters:
  - :name: Jane Doe
    :sid: 0123
    :email: jane@example.edu
  - :name: "John \\u202eRoe"
    :sid: '99'
  :created_at: 2025-01-31 23:59:59.123456789 -08:00
  :history:
  - :created_at: 2025-01-30 10:00:00 Z
submission_2:
  :submitters:
  - :name: Ann Poe
submission_gone:
  :submitters:
  - :name: Bob Low
../submission_1: {}
..: {}
"""


@pytest.mark.parametrize("wrapping", ["assignment_17_export/", ""])
def test_what_gradescope_exports(wrapping, found):
    files = {"submission_metadata.yml": EXPORT, "submission_1/a.py": b"", "submission_2/b.py": b""}
    files |= {"submission_9/c.py": b"", "__MACOSX/._submission_1": b""}
    system, hand_ins = found({f"{wrapping}{name}": content for name, content in files.items()})
    assert system == "gradescope"
    pair = next(one for one in hand_ins.values() if one.members and one.name.startswith("Jane"))
    assert [member.ids for member in pair.members] == [{"sid": "0123", "email": "jane@example.edu"}, {"sid": "99"}]
    assert pair.name == "Jane Doe, John �Roe" and pair.attempt == 2 and pair.ids == {"submission": "1"}
    assert hand_ins["submission_2"].attempt is None and hand_ins["submission_2"].name == "Ann Poe"
    assert hand_ins["submission_gone"].problem == "it is not there"
    assert hand_ins["submission_9"].notes == ("whose it is does not stand in the export",)
    hostile = [one for one in hand_ins.values() if one.ids["submission"] in ("../submission_1", "..")]
    assert len(hostile) == 2 and all(one.problem and not one.files for one in hostile)


@pytest.mark.parametrize(
    "metadata", [b"a: [", b"- a", b"\xff\xfe\x00", b"[" * 5000, b"!!python/object/apply:os.system ['x']"]
)
def test_gradescopes_metadata_that_cannot_be_read_is_named(metadata, found):
    with pytest.raises(Unusable, match=r"^submission_metadata.yml: "):
        found({"submission_metadata.yml": metadata, "submission_1/a.py": b""})


def test_folders_archives_notebooks_and_files(found):
    files = {
        "alice/ddpm.py": b"",
        "bob.zip": b"",
        "carol.tar.gz": b"",
        "dave.ipynb": b"",
        "eve.py": b"",
        "fay.pdf": b"",
    }
    system, hand_ins = found(files)
    assert system == "folders"
    assert list(hand_ins) == ["alice", "bob", "carol", "dave", "eve", "fay.pdf"]


def test_clones_have_the_names_of_their_owners(found):
    files = {f"ml25-hw-5-{user}/.git/HEAD": b"" for user in ("anna", "ben-7", "cy")}
    files |= {f"ml25-hw-5-{user}/ddpm.py": b"" for user in ("anna", "ben-7", "cy")}
    _, hand_ins = found(files | {"scores.csv": b"", "result.json": b""}, archive=False)
    assert list(hand_ins) == ["anna", "ben-7", "cy"]
    assert [one.ids for one in hand_ins.values()] == [{"username": user} for user in hand_ins]


def test_a_clones_own_result_says_what_its_name_begins_with(found):
    told = b'{"schema": "classroom50/result/v1", "classroom": "ml25", "assignment": "hw-5"}'
    _, hand_ins = found({"ml25-hw-5-anna-b/result.json": told, "ml25-hw-5-anna-c/result.json": told})
    assert list(hand_ins) == ["anna-b", "anna-c"]


def test_what_only_wraps_the_class_is_entered(found):
    _, hand_ins = found({"download/class/alice/ddpm.py": b"", "download/class/bob/ddpm.py": b""})
    assert list(hand_ins) == ["alice", "bob"]


# --- names that mean harm ---------------------------------------------------------------------------------------

OUT = ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "C:\\evil.py", "..\\evil.py"]


@pytest.mark.parametrize("name", OUT)
def test_a_name_that_leads_out_is_listed_and_the_others_are_graded(name, found, tmp_path):
    _, hand_ins = found({"alice.py": b"a", name: b"evil", "bob.py": b"b"})
    (evil,) = (one for one in hand_ins.values() if one.problem)
    assert evil.problem == "its name leads out of the archive" and evil.files == {}
    assert {"alice", "bob"} < set(hand_ins)
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    "name, said",
    [
        ("x" * 300 + ".py", "File name too long"),
        ("d/" * 60 + "x.py", "nested too deeply"),
    ],
)
def test_a_name_that_cannot_be_written_is_listed(name, said, found):
    _, hand_ins = found({"alice.py": b"", name: b""})
    (evil,) = (one for one in hand_ins.values() if one.key != "alice")
    assert said in evil.problem + "".join(evil.notes)
    assert len(evil.key) < 80


def test_what_turns_the_writing_around_is_not_printed(found):
    _, hand_ins = found({"alice\u202eyp.exe.py": b"", "bob\x1b[31m.py": b""})
    assert all("\u202e" not in one.key + one.name and "\x1b" not in one.key + one.name for one in hand_ins.values())
    assert [one.name for one in hand_ins.values()] == ["alice�yp.exe", "bob�[31m"]


def test_keys_that_would_be_the_same_are_told_apart():
    names = ["a b", "a/b", "A b", "c", "../../c.", "", "..", "ﬁ", "fi"]
    hand_ins = with_keys([HandIn(name, name, {name: name}) for name in names])
    keys = [one.key.casefold() for one in hand_ins]
    assert len(set(keys)) == len(names)
    assert not [key for key in keys if "/" in key or key.startswith(".") or not key]
    alone = with_keys([HandIn("a b", "a b", {"a b": "a b"}), HandIn("a/b", "a/b", {"a/b": "a/b"})])
    assert {one.name: one.key for one in alone}.items() <= {one.name: one.key for one in hand_ins}.items()
    assert cleaned("x" * 300) == "x" * 50


def test_links_in_a_class_are_not_followed(found, tmp_path):
    (tmp_path / "class").mkdir()
    os.symlink("/etc", tmp_path / "class" / "evil")
    _, hand_ins = found({"alice/ddpm.py": b""}, archive=False)
    assert "link" in hand_ins["evil"].problem and not hand_ins["alice"].problem
    path = tarred(
        tmp_path / "class.tar", {"alice/ddpm.py": b"", "bob.py": b""}, member("eve.py", tarfile.SYMTYPE, "bob.py")
    )
    _, _, listed_ones = read(listed(path, tmp_path / "more"))
    assert {one.key: bool(one.problem) for one in listed_ones} == {"alice": False, "bob": False, "eve": True}


def test_a_bomb_costs_only_itself(found, monkeypatch):
    monkeypatch.setattr(limits, "SUBMISSION_BYTES", 1 << 20)
    _, hand_ins = found(
        {"alice.py": b"", "bob.zip": b"\0" * (2 << 20), "carol/x.bin": b"\0" * (2 << 20), "carol/a.py": b""}
    )
    assert "more than 1 MB" in hand_ins["bob"].problem and not hand_ins["alice"].problem
    assert not hand_ins["carol"].problem and "x.bin: more than 1 MB" in hand_ins["carol"].notes[0]


def test_one_damaged_entry_costs_only_itself(tmp_path):
    path = zipped(tmp_path / "class.zip", {"alice.py": b"a" * 1000, "bob.py": os.urandom(1000), "carol.py": b"c"})
    data = bytearray(path.read_bytes())
    data[data.index(b"bob.py") + 300] ^= 0xFF
    path.write_bytes(data)
    _, _, hand_ins = read(listed(path, tmp_path / "unpacked"))
    assert {one.key: bool(one.problem) for one in hand_ins} == {"alice": False, "bob": True, "carol": False}


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path: path / "nothing.zip", "there is no such folder or file"),
        (lambda path: (path / "empty").mkdir() or path / "empty", "nothing is in it"),
        (lambda path: zipped(path / "one.zip", {"ddpm.py": b"", "ddim.py": b""}), "looks like one submission"),
        (lambda path: (path / "x.csv").write_text("a") and path / "x.csv", "a file of another kind"),
        (lambda path: (path / "x.zip").write_bytes(b"PK\x03\x04abc") and path / "x.zip", "damaged"),
    ],
)
def test_what_is_no_class_is_refused(make, said, tmp_path):
    path = make(tmp_path)
    with pytest.raises(Unusable, match=said) as why:
        listed(path, tmp_path / "unpacked")
    assert str(why.value).startswith(f"{path}: ")


def test_no_cell_of_the_table_is_a_formula():
    entry = {"key": "k", "name": "=HYPERLINK(1)", "members": [], "late": True, "attempt": 2, "state": "unusable"}
    entry |= {"ids": {"user": "+1", "sid": "@x"}, "reason": "-1\n=2", "not_graded": []}
    header, row = csv.reader(io.StringIO(index.table({"hand_ins": [entry]})))
    assert dict(zip(header, row)) == {
        "key": "k",
        "name": "'=HYPERLINK(1)",
        "user": "'+1",
        "sid": "'@x",
        "late": "late",
        "attempt": "2",
        "state": "unusable",
        "reason": "'-1\n=2",
        "points": "",
        "of": "",
    }
