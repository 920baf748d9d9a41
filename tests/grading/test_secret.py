"""Inputs from a secret: the same for a student at every attempt, nobody else's, not to be guessed, and replayed by whoever has it."""

import hashlib
import hmac
import json
import shutil

import pytest
import safetensors.torch
import torch

from grading import seeds
from grading.__main__ import main
from grading.batch.hand_in import HandIn, Member
from grading.batch.wanted import Wanted
from grading.checking import golden
from grading.paths import FIXTURES
from grading.submissions import metadata
from grading.verdicts import Unusable

from .classes import WRONG, folder

TASK = "guidance.classifier_free_guidance"
KEY = b"0123456789abcdef-not-to-be-printed"
SECRET = seeds.Secret(KEY)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(KEY + b"\n")
    return path


@pytest.fixture
def class_of_two(tmp_path):
    """Two students with the same mistake, to the byte."""
    return folder(tmp_path / "class", {name: {"guidance.py": WRONG} for name in ("alice", "bob")})


def grade(capsys, tmp_path, *arguments, code=0):
    """The result file, and everything that was printed or written."""
    path = tmp_path / "results.json"
    assert main(["grade", *map(str, arguments), "--only", TASK, "--json", str(path)]) == code
    said = capsys.readouterr()
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    return json.loads(written or "null"), said.out + said.err + written


def without_time(document):
    return {key: value for key, value in document.items() if key != "execution_time"}


# --- what it is -----------------------------------------------------------------------------------------------------


def test_a_seed_is_an_hmac_of_the_student():
    mac = hmac.new(KEY, b"student\0jane@x.edu", hashlib.sha256).digest()
    assert SECRET.seed("jane@x.edu").number == int.from_bytes(mac[:8], "big") >> 1


def test_seeds_are_too_many_to_be_tried_out():
    numbers = {SECRET.seed(f"s{i}").number for i in range(1000)}
    assert len(numbers) == 1000 and max(numbers).bit_length() == 63


def test_another_secret_is_another_seed_and_another_fingerprint():
    other = seeds.Secret(KEY + b"!")
    assert other.seed("jane").number != SECRET.seed("jane").number
    assert other.fingerprint != SECRET.fingerprint


def test_neither_secret_nor_seed_is_told():
    seed = SECRET.seed("jane; rm")
    assert seed.told is None and str(seed.number) not in f"{seed!r} {seed}"
    assert KEY.decode() not in f"{SECRET!r} {SECRET} {seed!r} {SECRET.fingerprint}"
    assert "--secret FILE --student 'jane; rm'" in seed.again and SECRET.fingerprint in seed.again


@pytest.mark.parametrize("content", [b"", b"short", b"   fifteen bytes.   ", b"x" * 70_000], ids=len)
def test_a_secret_that_can_be_tried_out_is_refused(content, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=r"--secret .*expected from 16 to"):
        seeds.read(path)


def test_white_space_around_it_does_not_count(secret):
    assert seeds.read(secret) == SECRET


# --- whose it is ----------------------------------------------------------------------------------------------------


def test_a_student_is_the_same_at_every_attempt():
    first = HandIn("submission_1", "Jane", {}, ids={"submission": "1"}, members=(Member("Jane", {"email": "J@x.edu"}),))
    again = HandIn("submission_2", "Jane", {}, ids={"submission": "2"}, members=(Member("Jane", {"email": "j@x.edu"}),))
    assert first.student == again.student == "j@x.edu"
    assert HandIn("doe_4711", "doe", {}, ids={"user": "4711"}).student == "4711"
    assert HandIn("doe", "doe", {}).student == "doe"


def test_a_group_is_all_of_its_members_in_whatever_order():
    one, two = Member("A", {"email": "a@x"}), Member("B", {"sid": "7"})
    assert HandIn("x", "x", {}, members=(one, two)).student == HandIn("y", "y", {}, members=(two, one)).student


METADATA = {
    "id": 1,
    "users": [{"email": "Zoe@x.edu", "id": 8, "name": "Zoë"}, {"email": "bob@x.edu", "id": 9, "name": "Bob"}],
    "previous_submissions": [{"score": "1.0", "autograder_error": False}, {"autograder_error": True}],
}


def test_gradescope_says_who_it_is_and_at_which_attempt(tmp_path):
    path = tmp_path / "submission_metadata.json"
    path.write_text(json.dumps(METADATA))
    told = metadata.read(path)
    members = tuple(Member(one["name"], {"email": one["email"]}) for one in METADATA["users"])
    assert told.student == "bob@x.edu,zoe@x.edu" == HandIn("x", "x", {}, members=members).student
    assert told.attempt == 2


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"users": 7}', '{"users": [7]}'])
def test_metadata_that_says_nothing_is_refused(content, tmp_path):
    path = tmp_path / "submission_metadata.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Unusable, match="--metadata"):
        metadata.read(path)


# --- grading with it ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("preloaded")
def test_the_same_student_has_the_same_inputs_and_another_one_others(secret, class_of_two, tmp_path, capsys):
    grades = [
        grade(capsys, tmp_path, class_of_two / "alice", "--secret", secret, "--student", student)
        for student in ("alice", "alice", "bob")
    ]
    first, again, other = (without_time(document) for document, _ in grades)
    assert first == again
    assert first["tests"][0]["output"] != other["tests"][0]["output"]
    assert first["extra_data"]["seed"] is None
    for student, (_, everything) in zip(("alice", "alice", "bob"), grades):
        assert KEY.decode() not in everything and str(SECRET.seed(student).number) not in everything
        assert f"--secret FILE --student {student}" in everything and SECRET.fingerprint in everything


@pytest.mark.usefixtures("preloaded")
def test_a_class_has_inputs_of_each_and_grade_draws_them_again(secret, class_of_two, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["class", str(class_of_two), "--out", str(out), "--only", TASK, "--secret", str(secret)]) == 0
    capsys.readouterr()
    results = {name: json.loads((out / "submissions" / name / "results.json").read_text()) for name in ("alice", "bob")}
    assert results["alice"]["tests"] != results["bob"]["tests"]  # though they are the same to the byte
    alone, _ = grade(capsys, tmp_path, class_of_two / "bob", "--secret", secret, "--student", "bob")
    assert without_time(alone) == without_time(results["bob"])
    document = json.loads((out / "class.json").read_text())
    assert (document["seed"], document["secret"]) == (None, SECRET.fingerprint)
    kept = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert KEY not in kept and not any(str(SECRET.seed(name).number).encode() in kept for name in results)


REFUSED = {
    "--secret {secret}": "--student ID",
    "--student jane": "--secret FILE",
    "--secret {secret} --student jane --seed 7": "no --seed",
    "--secret {secret}x --student jane": "cannot be read",
    "--secret {inside} --student jane": "not handed in",
    "--secret {secret} --metadata {secret}": "is no JSON",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_arguments_that_do_not_fit_are_refused(arguments, secret, class_of_two, tmp_path, capsys):
    inside = shutil.copy(secret, class_of_two / "alice" / "secret")
    words = [word.format(secret=secret, inside=inside) for word in arguments.split()]
    _, said = grade(capsys, tmp_path, class_of_two / "alice", *words, code=2)
    assert REFUSED[arguments] in said and KEY.decode() not in said


# --- hints by attempt -----------------------------------------------------------------------------------------------

COURSE = """
title = "Mine"
hints = ["none", "property", "mistake"]
visibility = "after_published"
[[part]]
title = "All"
points = 2
[[part.task]]
number = "1"
title = "Guidance"
points = 2
functions = ["guidance.classifier_free_guidance"]
visibility = "hidden"
"""


@pytest.mark.usefixtures("preloaded")
@pytest.mark.parametrize("before, lines", [(0, 0), (1, 1), (2, 3), (7, 3)])
def test_the_course_says_how_much_is_told_at_which_attempt(before, lines, class_of_two, tmp_path, capsys):
    course, told = tmp_path / "mine.toml", tmp_path / "submission_metadata.json"
    course.write_text(COURSE)
    told.write_text(json.dumps(METADATA | {"previous_submissions": [{"autograder_error": False}] * before}))
    document, _ = grade(capsys, tmp_path, class_of_two / "bob", "--course", course, "--metadata", told)
    output = document["tests"][0]["output"]
    assert ("✗" in output, "expected" in output) == (lines > 0, lines > 1)
    assert (document["visibility"], document["tests"][0]["visibility"]) == ("after_published", "hidden")


def test_another_attempt_is_another_digest_only_where_the_course_tells_more(tmp_path):
    course = tmp_path / "mine.toml"
    course.write_text(COURSE)

    def digests(hints):
        wanted = Wanted(str(course), "", "", 1, hints, 300)
        hand_ins = [HandIn("k", "k", {}, attempt=attempt) for attempt in (1, 3, 4)]
        return [wanted.digest(one, tmp_path) for one in hand_ins]

    first, third, fourth = digests(None)
    assert first != third == fourth
    assert len(set(digests("none"))) == 1


# --- hidden goldens -------------------------------------------------------------------------------------------------


@pytest.fixture
def own_fixtures(tmp_path):
    """Fixtures in which a stored result is another one, and the manifest says so."""
    own = shutil.copytree(FIXTURES, tmp_path / "hidden", ignore=shutil.ignore_patterns("models", "gallery", "data"))
    path = own / "golden" / "guidance.safetensors"
    tensors = safetensors.torch.load(path.read_bytes())
    content = safetensors.torch.save({name: tensor**2 for name, tensor in tensors.items()})
    path.write_bytes(content)
    manifest = json.loads((own / "manifest.json").read_text())
    manifest["sha256"]["golden/guidance.safetensors"] = hashlib.sha256(content).hexdigest()
    (own / "manifest.json").write_text(json.dumps(manifest))
    return own


@pytest.mark.usefixtures("preloaded")
def test_fixtures_of_ones_own_are_what_is_graded_with(own_fixtures, class_of_two, tmp_path, capsys):
    document, said = grade(capsys, tmp_path, class_of_two / "bob", "--fixtures", own_fixtures, code=3)
    assert document["tests"][0]["extra_data"]["verdict"] == "not graded" and "does not match the reference" in said


def test_other_fixtures_are_another_digest(own_fixtures, tmp_path):
    one = HandIn("k", "k", {})
    shipped, own = (Wanted(None, "", "", 1, None, 300, fixtures=path) for path in (None, own_fixtures))
    assert shipped.digest(one, tmp_path) != own.digest(one, tmp_path)


@pytest.mark.parametrize("damage", ["no manifest", "another hash", "an older one"])
def test_fixtures_that_cannot_be_used_are_refused_before_anything_is_graded(
    damage, own_fixtures, class_of_two, tmp_path, capsys
):
    path = own_fixtures / "manifest.json"
    manifest = json.loads(path.read_text())
    if damage == "another hash":
        manifest["sha256"]["golden/ddim.safetensors"] = "0"
    del manifest["points"]["ddpm.predict_x0"]
    path.write_text(json.dumps(manifest))
    if damage == "no manifest":
        path.unlink()
    _, said = grade(capsys, tmp_path, class_of_two / "bob", "--fixtures", own_fixtures, code=2)
    words = {"no manifest": "manifest.json", "another hash": "ddim.safetensors", "an older one": "ddpm.predict_x0"}
    assert said.startswith(f"grade: --fixtures {own_fixtures}: ") and words[damage] in said


def test_hidden_goldens_have_other_inputs():
    shipped, again, own = (
        next(iter(golden.cases(TASK, seed)))[1]["eps_cond"] for seed in (*[golden.DEFAULT_SEED] * 2, 7)
    )
    assert torch.equal(shipped, again)
    assert shipped.shape != own.shape or not torch.equal(shipped, own)
