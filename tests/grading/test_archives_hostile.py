"""What a hostile archive holds is written nowhere but in the scratch folder, and refused with the name of the entry."""

import contextlib
import os
import random
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.sandbox import limits
from grading.submissions import opened
from grading.verdicts import Unusable

from .containers import member, tarred, zipped

GOOD = {"ddpm.py": b"def predict_x0(): pass\n"}


@pytest.fixture(autouse=True)
def outside(tmp_path, monkeypatch):
    """Scratch folders lie in a folder of the test's own, beside a file that no archive may reach."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    (tmp_path / "secret.txt").write_text("SECRET", encoding="utf-8")
    before = everything(tmp_path)
    yield tmp_path
    after = {
        path for path in everything(tmp_path) if Path(path).name not in ("hw.zip", "hw.tar", "hw.tar.gz", "inner.zip")
    }
    assert after == before, "nothing is written outside, and nothing stays inside"
    assert (tmp_path / "secret.txt").read_text(encoding="utf-8") == "SECRET"


def everything(folder):
    return {os.path.join(place, name) for place, folders, files in os.walk(folder) for name in [*folders, *files]}


def refused(path):
    with pytest.raises(Unusable) as why, opened(path):
        pass
    assert str(why.value).startswith(f"{path}: ") and "\n" not in str(why.value)
    return str(why.value).removeprefix(f"{path}: ")


def contents(path):
    with opened(path) as submission:
        files = {one.name: one.read_bytes() for one in submission.folder.rglob("*") if one.is_file()}
        return files, list(submission.notes)


LEADING_OUT = [
    *("../evil.py", "../../../../secret.txt", "a/../../evil.py", "a/b/../../../evil.py", "a/..", ".."),
    *("/tmp/evil.py", "//evil.py", "C:/evil.py", "c:evil.py", "..\\evil.py", "a\\..\\..\\evil.py", "\\evil.py"),
]


@pytest.mark.parametrize("name", LEADING_OUT)
@pytest.mark.parametrize("kind", ["hw.zip", "hw.tar", "hw.tar.gz"])
def test_a_name_that_leads_out_is_refused(name, kind, tmp_path):
    if kind != "hw.zip" and ("\\" in name or ":" in name):
        name = name.replace("\\", "/")  # the separator of a .tar is one
    make = zipped if kind == "hw.zip" else tarred
    said = refused(make(tmp_path / kind, GOOD | {name: b"x"}))
    assert said.endswith("its name leads out of the archive") and name.replace("\\", "/") in said


@pytest.mark.parametrize(
    "to", ["/etc/passwd", "../secret.txt", "../../secret.txt", "/", "..", "a/../../secret.txt", "/proc/self/environ"]
)
@pytest.mark.parametrize("how", ["symbolic, tar", "symbolic, zip", "hard"])
def test_a_link_that_leads_out_is_refused_and_its_target_never_appears(to, how, tmp_path):
    if how == "symbolic, zip":
        path = zipped(tmp_path / "hw.zip", {"link.py": to.encode()}, mode=stat.S_IFLNK | 0o777)
    else:
        kind = tarfile.LNKTYPE if how == "hard" else tarfile.SYMTYPE
        path = tarred(tmp_path / "hw.tar", GOOD, member("link.py", kind, to))
    assert refused(path) == "link.py: it is a link that leads out of the archive"


def test_nothing_is_written_through_a_link(tmp_path):
    """The usual two steps: a link to a folder outside, then a file in that folder."""
    first = member("hw/out", tarfile.SYMTYPE, str(tmp_path))
    second = member("hw/out/evil.py", tarfile.REGTYPE)
    assert "two entries of this name" in refused(tarred(tmp_path / "hw.tar", {}, first, second))
    assert "two entries of this name" in refused(tarred(tmp_path / "hw.tar", {}, second, first))


def test_links_by_way_of_each_other_do_not_get_out(tmp_path):
    links = [
        member("a", tarfile.SYMTYPE, "b/.."),
        member("b", tarfile.SYMTYPE, "."),
        member("c", tarfile.SYMTYPE, "a/.."),
    ]
    assert "leads out of the archive" in refused(tarred(tmp_path / "hw.tar", GOOD, *links))


def test_links_that_stay_inside_work(tmp_path):
    inside = [
        member("noising.py", tarfile.SYMTYPE, "lib/steps.py"),
        member("ddim.py", tarfile.LNKTYPE, "lib/steps.py"),
        member("again", tarfile.SYMTYPE, "."),
        member("circle", tarfile.SYMTYPE, "circle"),
        member("gone.py", tarfile.SYMTYPE, "nowhere.py"),
        member("lost.py", tarfile.LNKTYPE, "nowhere.py"),
    ]
    with opened(tarred(tmp_path / "hw.tar", GOOD | {"lib/steps.py": b"x = 1\n"}, *inside)) as submission:
        assert (
            (submission.folder / "noising.py").read_text() == (submission.folder / "ddim.py").read_text() == "x = 1\n"
        )
        assert (submission.folder / "again").resolve() == submission.folder.resolve()
        assert sorted(note.split()[0] for note in submission.notes) == ["circle", "gone.py", "lost.py"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_in_a_tar_is_refused(kind, tmp_path):
    assert (
        refused(tarred(tmp_path / "hw.tar", GOOD, member("hw/dev", kind))) == "hw/dev: it is a device or pipe, no file"
    )


@pytest.mark.parametrize("mode", [stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_device_in_a_zip_is_refused(mode, tmp_path):
    assert "it is a device or pipe" in refused(zipped(tmp_path / "hw.zip", {"dev": b""}, mode=mode | 0o666))


# --- size ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def a_megabyte(monkeypatch):
    monkeypatch.setattr(limits, "SUBMISSION_BYTES", 1 << 20)
    monkeypatch.setattr(limits, "ARCHIVE_FILES", 20)


@pytest.mark.usefixtures("a_megabyte")
@pytest.mark.parametrize("kind", ["hw.zip", "hw.tar", "hw.tar.gz"])
def test_a_bomb_is_refused_by_what_comes_out(kind, tmp_path):
    make = zipped if kind == "hw.zip" else tarred
    said = refused(make(tmp_path / kind, GOOD | {"zeros.py": bytes(2 << 20)}))
    assert "more than 1 MB come out of it" in said


@pytest.mark.usefixtures("a_megabyte")
def test_a_zip_whose_header_lies_is_refused_all_the_same(tmp_path):
    """Its directory says that ten bytes come out, where two megabytes do."""
    path = zipped(tmp_path / "hw.zip", {"ddpm.py": bytes(2 << 20)})
    path.write_bytes(path.read_bytes().replace((2 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert "ddpm.py" in refused(path)


@pytest.mark.usefixtures("a_megabyte")
def test_what_is_left_out_of_a_tar_counts_as_well(tmp_path):
    """Else a junk folder could keep the grader unpacking for hours."""
    assert "more than 1 MB come out of it" in refused(tarred(tmp_path / "hw.tar.gz", GOOD | {".git/x": bytes(3 << 20)}))


@pytest.mark.usefixtures("a_megabyte")
def test_a_hard_link_counts_as_often_as_it_is_made(tmp_path):
    links = [member(f"{i}.py", tarfile.LNKTYPE, "big.py") for i in range(9)]
    assert "more than 1 MB" in refused(tarred(tmp_path / "hw.tar", {"big.py": bytes(200 << 10)}, *links))


@pytest.mark.usefixtures("a_megabyte")
def test_a_sparse_file_counts_with_its_holes(tmp_path):
    sparse = tarfile.TarInfo("sparse.py")
    sparse.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 40)}
    sparse.pax_headers |= {"GNU.sparse.map": f"0,0,{1 << 40},0", "GNU.sparse.realsize": str(1 << 40)}
    assert "more than 1 MB" in refused(tarred(tmp_path / "hw.tar", GOOD, sparse))


@pytest.mark.usefixtures("a_megabyte")
@pytest.mark.parametrize("kind", ["hw.zip", "hw.tar"])
def test_too_many_files_are_refused(kind, tmp_path):
    make = zipped if kind == "hw.zip" else tarred
    assert "more than 20 files are in it" in refused(make(tmp_path / kind, {f"{i}.py": b"" for i in range(21)}))


@pytest.mark.usefixtures("a_megabyte")
def test_a_bomb_within_an_archive_costs_itself(tmp_path):
    bomb = zipped(tmp_path / "inner.zip", {f"{i}.py": bytes(600 << 10) for i in range(3)}).read_bytes()
    files, notes = contents(zipped(tmp_path / "hw.zip", GOOD | {"bomb.zip": bomb}))
    assert files.keys() == {"ddpm.py", "bomb.zip"}
    assert len(notes) == 1 and notes[0].startswith("bomb.zip: ") and "more than 1 MB" in notes[0]


def test_folders_that_are_nested_too_deeply_are_refused(tmp_path):
    assert "nested too deeply" in refused(zipped(tmp_path / "hw.zip", GOOD | {"a/" * 60 + "x.py": b""}))


@pytest.mark.parametrize("name", ["a" * 300 + ".py", "ä" * 200 + ".py"])
def test_a_name_that_no_file_can_have_is_refused(name, tmp_path):
    assert "damaged" in refused(zipped(tmp_path / "hw.zip", GOOD | {name: b""}))


# --- names twice --------------------------------------------------------------------------------------------------


def test_one_name_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "hw.zip", "w") as archive:
        archive.writestr("ddpm.py", "x = 1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("ddpm.py", "x = 2")
    assert refused(tmp_path / "hw.zip") == "ddpm.py: there are two entries of this name"
    twice = member("ddpm.py", tarfile.REGTYPE)
    assert "two entries of this name" in refused(tarred(tmp_path / "hw.tar", GOOD, twice))


@pytest.mark.parametrize("second", ["./ddpm.py", "ddpm.py/x.py"])
def test_a_name_that_means_the_same_or_lies_in_a_file_is_refused(second, tmp_path):
    assert "two entries of this name" in refused(zipped(tmp_path / "hw.zip", GOOD | {second: b""}))


@pytest.mark.parametrize("names", [("lib/A.py", "lib/a.py"), ("caf\u00e9.py", "cafe\u0301.py")])
def test_names_that_are_the_same_to_some_systems_are_refused_there(names, tmp_path):
    """Where one would overwrite the other; here they are two files."""
    (tmp_path / "hw.tar").write_bytes(b"")
    probe = tmp_path / "scratch" / "probe"
    (probe / "lib").mkdir(parents=True)
    for name in names:
        (probe / name).touch()
    two = len(set(probe.rglob("*.py"))) == 2
    for path in sorted(probe.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    probe.rmdir()
    path = zipped(tmp_path / "hw.zip", GOOD | dict.fromkeys(names, b""))
    if two:
        assert len(contents(path)[0]) == 3
    else:
        assert "two entries of this name" in refused(path)


# --- what cannot be read ------------------------------------------------------------------------------------------


def test_an_encrypted_zip_is_refused(tmp_path):
    path = zipped(tmp_path / "hw.zip", GOOD)
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the entry's header, and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "ddpm.py: it is encrypted: expected an archive without a password"


def test_a_zip_of_an_unusual_kind_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "hw.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("ddpm.py", GOOD["ddpm.py"])
    assert "compressed in a way that is not read here" in refused(tmp_path / "hw.zip")


@pytest.mark.parametrize("kind", ["hw.zip", "hw.tar", "hw.tar.gz"])
@pytest.mark.parametrize("part", [0.1, 0.4, 0.7, 0.97])
def test_an_archive_that_is_cut_off_is_refused(kind, part, tmp_path):
    text = random.Random(0).randbytes(30_000)
    make = zipped if kind == "hw.zip" else tarred
    path = make(tmp_path / kind, {"ddpm.py": text, "ddim.py": text})
    keep = int(part * (2 * 30_000 if kind == "hw.tar" else path.stat().st_size))  # a .tar ends in zeros
    path.write_bytes(path.read_bytes()[:keep])
    assert "damaged, cut off or no archive" in refused(path)


def test_an_archive_with_a_wrong_checksum_is_refused(tmp_path):
    path = zipped(tmp_path / "hw.zip", GOOD)
    path.write_bytes(path.read_bytes().replace(zlib.crc32(GOOD["ddpm.py"]).to_bytes(4, "little"), b"\1\2\3\4"))
    assert refused(path).startswith("it is damaged, cut off or no archive, at or after ddpm.py (")


@pytest.mark.parametrize("kind", ["hw.zip", "hw.tar", "hw.tar.gz"])
def test_whatever_bytes_are_exchanged_the_grader_does_not_stumble(kind, tmp_path):
    """Either it can still be graded or it is refused: nothing else comes of nonsense."""
    make = zipped if kind == "hw.zip" else tarred
    right = make(tmp_path / kind, GOOD | {"lib/steps.py": b"y = 2\n" * 50}).read_bytes()
    draw = random.Random(15)
    for _ in range(150):
        wrong = bytearray(right[:2500])
        for _ in range(draw.randrange(1, 6)):
            wrong[draw.randrange(len(wrong))] = draw.randrange(256)
        (tmp_path / kind).write_bytes(bytes(wrong) + right[2500:])
        with contextlib.suppress(Unusable), opened(tmp_path / kind) as submission:
            assert submission.folder.is_dir()


def test_a_refusal_ends_the_command_with_exit_code_2_and_one_line(tmp_path, capsys):
    path = zipped(tmp_path / "hw.zip", GOOD | {"../evil\n\x1b[31m.py": b""})
    assert main(["grade", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "\x1b" not in err
    assert err.startswith(f"grade: {path}: ../evil")
