"""CMU 16-726's kit, as it is handed in: unfilled, filled in rightly in three styles, and wrongly in each of its TODOs."""

import re
import shutil
from pathlib import Path

import pytest

from grading.contract import courses
from grading.paths import ROOT
from grading.report import rows
from grading.submissions import kits, opened
from grading.submissions.kits.cmu16726 import KIT, fill_blanks
from grading.verdicts import BY_HAND, FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import told

FILLINGS = ROOT / "tests" / "kits" / "cmu16726"
MAIN, IMG2IMG = "gan/main.py", "stable_diffusion/img2img.py"
RIGHT = ("plain", "terse", "helpers")
COURSE = courses.load(KIT.course).of_kit(KIT.todos)

# Until workers have stand-ins for packages that are not here; then these go.
_NOT_HERE = "class _Any:\n def __getattr__(self, name): return self\n def __call__(self, *a, **k): return self\n"
_NOT_HERE += "load = imwrite = seed_everything = OmegaConf = _Any()\n"


@pytest.fixture
def filled(tmp_path):
    """``filled("plain", (file, old, new), …)``: a copy of a filling, with these pieces of its text exchanged."""

    def make(name: str, *changes: tuple[str, str, str], without: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "handed_in"
        shutil.copytree(FILLINGS / name, folder)
        for package in ("imageio", "omegaconf", "pytorch_lightning"):
            (folder / f"{package}.py").write_text(_NOT_HERE)
        for file, old, new in changes:
            text = (folder / file).read_text()
            assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
            (folder / file).write_text(text.replace(old, new))
        for file in without:
            (folder / file).unlink()
        return folder

    return make


def test_nothing_filled_in(grade, filled):
    verdicts = grade(filled("given"), list(KIT.todos))
    assert {verdict.outcome for verdict in verdicts.values()} == {NOT_IMPLEMENTED}
    assert sum(row.score or 0 for row in rows(COURSE, verdicts)) == 0
    assert re.search(r"main\.py:\d+, sample_noise has no vector", verdicts["latents.sample_w"].reason)


@pytest.mark.parametrize("name", RIGHT)
def test_filled_in_rightly(grade, filled, name):
    verdicts = grade(filled(name), list(KIT.todos))
    assert {task: told(one) for task, one in verdicts.items() if one.outcome != PASSED} == {}


# In which filling what is written instead of what, for which task, and what the explanation has to say.
# fmt: off
WRONG = [
]
# fmt: on


@pytest.mark.parametrize(("name", "file", "old", "new", "task", "says"), WRONG)
def test_filled_in_wrongly(grade, filled, unhurried, name, file, old, new, task, says):
    """It alone loses its points, among all that stand in the same file, and the mistake is named."""
    beside = [one for one, todo in KIT.todos.items() if todo.file == file]
    verdicts = grade(filled(name, (file, old, new)), beside)
    lost = [row.item.function for row in rows(COURSE, verdicts) if row.verdict is not None and row.score == 0]
    assert lost == [task], {one: told(verdicts[one]) for one in lost}
    text = " ".join(told(verdicts[task]).split())
    assert re.search(says, text), text
    assert f"in your kit: {file}" in text


def test_other_layouts(filled, tmp_path):
    """A flat main.py without part 3; code/ beside another copy; files of these names that are no kit's."""
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(FILLINGS / "plain" / MAIN, flat / "main.py")
    survey = KIT.survey(flat)
    assert survey.files == {"main": "main.py"}
    assert "not handed in" in survey.missing["noising.add_noise"]
    assert not [task for task in survey.missing if KIT.todos[task].file == MAIN]

    (flat / "code").mkdir()
    shutil.copy(FILLINGS / "plain" / MAIN, flat / "code" / "main.py")
    survey = KIT.survey(flat)
    assert survey.files["main"] == "main.py"
    assert "code/main.py: another copy" in survey.notes[0]

    (flat / "main.py").write_text("print('hello')\n")
    assert KIT.survey(flat).files["main"] == "code/main.py"
    shutil.rmtree(flat / "code")
    assert KIT.survey(flat) is None


def test_what_cannot_be_reached_is_a_persons(grade, filled):
    no_penalty = (MAIN, "        loss = loss + 0.001 * (delta**2).sum()\n", "")
    own_frames = (MAIN, "np.linspace(0, 1, 50)", "[k / 49 for k in range(50)]")
    verdicts = grade(filled("plain", no_penalty, own_frames), ["inversion.delta_penalty", "latents.interpolate"])
    assert {one.outcome for one in verdicts.values()} == {BY_HAND}
    assert re.search(r"main\.py:\d+, no penalty on delta", verdicts["inversion.delta_penalty"].reason)


def test_one_file_is_unfilled(grade, filled):
    """What parses is graded, whatever else is left as it was given."""
    folder = filled("plain", without=(IMG2IMG,))
    shutil.copy(FILLINGS / "given" / IMG2IMG, folder / IMG2IMG)
    verdicts = grade(folder, ["latents.sample_w", "noising.add_noise"])
    assert [one.outcome for one in verdicts.values()] == [PASSED, NOT_IMPLEMENTED]
    assert "is left as it was given" in verdicts["noising.add_noise"].reason


def test_a_mistake_in_the_syntax_costs_its_own_file(grade, filled):
    verdicts = grade(
        filled("plain", (IMG2IMG, "latent = encoded", "latent = (encoded")), ["latents.sample_w", "noising.add_noise"]
    )
    assert [one.outcome for one in verdicts.values()] == [PASSED, FAILED]
    assert "img2img.py:" in told(verdicts["noising.add_noise"])


def test_blanks_keep_their_lines():
    text = "def f():\n    a =  # here\n    with g():\n        # todo\n    return a\n"
    assert fill_blanks(text) == "def f():\n    a = ...\n    with g(): pass\n        # todo\n    return a\n"
    assert fill_blanks("x = 1\n") == "x = 1\n"


def test_it_is_found(filled):
    with opened(filled("plain")) as submission:
        assert submission.kit is not None and submission.kit.kit is KIT
    assert KIT in kits.KITS
