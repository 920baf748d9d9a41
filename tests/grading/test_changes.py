"""Which files were saved, which functions that touches, and which one is next: one too many rather than one too few."""

import os
from pathlib import Path

import pytest

from grading.contract.functions import all_tasks
from grading.contract.order import next_up
from grading.contract.uses import used_by
from grading.submissions import saved
from grading.submissions.changes import touched
from grading.submissions.saved import Saved, look

from .conftest import PLAIN

FILES = {
    "helper.py": "import math\nSTEPS = 1000\n\ndef root(x):\n    return math.sqrt(x)\n\ndef other(x):\n    return x\n",
    "ddpm.py": "from helper import root\n\ndef predict_x0(x):\n    return root(x)\n\ndef posterior_variance(t):\n    return t\n",
    "ddim.py": "import ddpm as d\n\ndef ddim_step(x):\n    return d.predict_x0(x)\n\ndef ddim_sigma(t):\n    return 0\n",
    "dps.py": "def dps_step(x):\n    return x\n",
}
TASKS = ("ddpm.predict_x0", "ddpm.posterior_variance", "ddim.ddim_sigma", "ddim.ddim_step", "dps.dps_step")


def after(old: str, new: str, *, file: str, files=FILES, tasks=TASKS) -> set[str]:
    assert files[file].count(old) == 1
    return set(touched(tasks, files, {**files, file: files[file].replace(old, new)}))


# --- which functions ----------------------------------------------------------------------------------------------


def test_all_is_touched_at_first():
    assert set(touched(TASKS, {}, FILES)) == set(TASKS)


def test_nothing_is_touched_by_what_does_not_run():
    assert touched(TASKS, FILES, FILES) == []
    assert after("def root", "# of a number\n\n\ndef root", file="helper.py") == set()
    assert after("def dps_step", '"""Steps."""\ndef dps_step', file="dps.py") == set()
    script = 'if __name__ == "__main__":\n    print(dps_step(1))\n'
    assert touched(TASKS, FILES, FILES | {"dps.py": FILES["dps.py"] + script}) == []


def test_a_body_touches_its_function_and_whatever_mentions_it():
    assert after("math.sqrt(x)", "x**0.5", file="helper.py") == {"ddpm.predict_x0", "ddim.ddim_step"}
    assert after("return root(x)", "return root(2 * x)", file="ddpm.py") == {"ddpm.predict_x0", "ddim.ddim_step"}
    assert after("return t", "return 2 * t", file="ddpm.py") == {"ddpm.posterior_variance"}
    assert after("return x\n", "return 2 * x\n", file="helper.py") == set()


def test_what_was_edited_comes_first():
    now = FILES | {"ddpm.py": FILES["ddpm.py"].replace("return root(x)", "return x")}
    assert touched(["ddim.ddim_step", "ddpm.predict_x0"], FILES, now) == ["ddpm.predict_x0", "ddim.ddim_step"]


@pytest.mark.parametrize(
    "old, new",
    [
        ("import math\n", "import math\nimport cv2\n"),  # it may not be there
        ("def other(x):", "def other(x: Tensor):"),  # a name that may not be there
        ("def other(x):", "@cached\ndef other(x):"),
        ("STEPS = 1000", "STEPS = 1 / 0"),
        ("def other(x):", "def other(x)"),  # it does not parse
    ],
)
def test_what_may_keep_a_file_from_being_imported_touches_all_that_imports_it(old, new):
    assert after(old, new, file="helper.py") == set(TASKS) - {"dps.dps_step"}


def test_what_does_not_parse_is_touched_again_when_it_does():
    broken = FILES | {"ddpm.py": FILES["ddpm.py"].replace("def predict_x0(x):", "def predict_x0(x")}
    for before, now in ((FILES, broken), (broken, FILES)):
        assert set(touched(TASKS, before, now)) == set(TASKS) - {"dps.dps_step"}


def test_a_file_that_is_gone_or_new():
    without = {path: text for path, text in FILES.items() if path != "helper.py"}
    for before, now in ((FILES, without), (without, FILES)):
        assert set(touched(TASKS, before, now)) == set(TASKS) - {"dps.dps_step"}
    assert touched(TASKS, FILES, FILES | {"old.py": "def dps_step(x):\n    return 0\n"}) == ["dps.dps_step"]


def test_the_package_itself_is_imported_by_all():
    assert set(touched(TASKS, FILES, FILES | {"__init__.py": "import nothing\n"})) == set(TASKS)


@pytest.mark.parametrize(
    "use",
    [
        "from helper import *\n\ndef dps_step(x):\n    return root(x)\n",
        "def dps_step(x):\n    import helper\n    return helper.root(x)\n",
        "from helper import root as r\n\nclass Steps:\n    def one(self, x):\n        return r(x)\n\nsteps = Steps()\n\n"
        "def dps_step(x):\n    return steps.one(x)\n",
        "import helper\nTABLE = {'sqrt': helper.root}\n\ndef dps_step(x):\n    return TABLE['sqrt'](x)\n",
        "import helper\n\ndef dps_step(x):\n    return getattr(helper, 'root')(x)\n",
        "def dps_step(x):\n    return globals()['ro' + 'ot'](x)\n",
        "import helper\n\ndef dps_step(x, f=helper.root):\n    return f(x)\n",
        "from helper import root\n\n@root\ndef dps_step(x):\n    return x\n",
        "import helper\nBETAS = [helper.root(1)]\n\ndef dps_step(x):\n    return BETAS[0]\n",
    ],
)
def test_however_a_helper_is_reached(use):
    assert "dps.dps_step" in after("math.sqrt(x)", "x**0.5", file="helper.py", files=FILES | {"dps.py": use})


def test_adapters_are_known_by_their_own_names():
    files = {"adapters.py": "from mine import step as ddim_ddim_step\n", "mine.py": "def step(x):\n    return x\n"}
    assert after("return x", "return 2 * x", file="mine.py", files=files) == {"ddim.ddim_step"}


def test_a_real_homework():
    files = {path.name: path.read_text(encoding="utf-8") for path in PLAIN.glob("*.py")}
    found = after("/ torch.sqrt(abar_t)\n", "* 1\n", file="ddpm.py", files=files, tasks=all_tasks())
    assert {"ddpm.predict_x0", "ddpm.sample_ddpm", "ddim.ddim_step", "dps.sample_dps"} <= found
    assert not found & {"ddpm.posterior_variance", "ddim.ddim_sigma", "noising.add_noise", "unet.ddpm_loss"}


# --- which files --------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved on."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(saved, "time", clock)
    return clock


@pytest.fixture
def watched(tmp_path, clock):
    """``watched(seconds)``: the files that count as saved so much later."""
    (tmp_path / "ddpm.py").write_text("x = 1\n")
    (tmp_path / "__pycache__").mkdir()
    at_it = Saved(lambda: look(tmp_path, lambda name: name.startswith((".", "__pycache__"))))

    def later(seconds: float) -> list[str]:
        clock.now += seconds
        return at_it.changed()

    return later


def settled(watched) -> list[str]:
    """What counts as saved once nothing has changed for long."""
    return [*watched(0.0), *watched(1.0)]


def test_a_file_that_is_saved_is_told_once(watched, tmp_path):
    assert settled(watched) == []
    (tmp_path / "ddpm.py").write_text("x = 22\n")
    assert watched(0.0) == []  # it may still be being written
    (tmp_path / "ddpm.py").write_text("x = 22\ny = 3\n")
    assert watched(1.0) == []
    assert watched(1.0) == ["ddpm.py"]
    assert settled(watched) == []


def test_a_file_that_is_replaced_is_not_gone(watched, tmp_path):
    os.replace(tmp_path / "ddpm.py", tmp_path / "ddpm.py~")
    assert watched(0.0) == watched(saved.SETTLED) == []
    (tmp_path / "ddpm.py").write_text("x = 22\n")
    assert settled(watched) == ["ddpm.py"]


def test_a_file_that_is_written_anew_is_not_empty(watched, tmp_path):
    (tmp_path / "ddpm.py").write_text("")
    assert watched(0.0) == watched(saved.SETTLED) == []
    (tmp_path / "ddpm.py").write_text("x = 22\n")
    assert settled(watched) == ["ddpm.py"]


def test_files_that_are_new_and_that_are_gone(watched, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "steps.py").write_text("")
    assert settled(watched) == ["lib/steps.py"]
    (tmp_path / "ddpm.py").unlink()
    assert settled(watched) == ["ddpm.py"]


def test_what_is_no_source_is_nobodys_business(watched, tmp_path):
    for name in ("picture.png", "ddpm.py.swp", "__pycache__/ddpm.py", ".ddpm.py"):
        (tmp_path / name).write_bytes(b"1")
    assert settled(watched) == []


def test_a_folder_that_takes_long_to_look_at_is_looked_at_seldom(clock):
    def slowly():
        clock.now += 1.0
        return {}

    at_it = Saved(slowly)
    at_it.changed()
    assert at_it.pause >= 1.0 / saved.SHARE


def test_a_single_file_is_watched_too(tmp_path):
    file = tmp_path / "hw5.zip"
    file.write_bytes(b"PK")
    assert list(look(file, lambda name: False)) == ["hw5.zip"]
    assert look(tmp_path / "gone.zip", lambda name: False) == {}


# --- which is next ------------------------------------------------------------------------------------------------

MADE_OF = {task: used_by(task) for task in all_tasks()}


def test_next_is_what_is_made_of_nothing_unfinished():
    left = ["ddim.ddim_step", "ddim.sample_ddim", "ddim.ddim_sigma"]
    assert next_up(left, MADE_OF) == "next: ddim.ddim_sigma (ddim_step and sample_ddim wait for it)"
    assert next_up(left[:2], MADE_OF) == "next: ddim.ddim_step (sample_ddim waits for it)"
    assert next_up(["ddim.sample_ddim", "unet.ddpm_loss"], MADE_OF) == "next: ddim.sample_ddim"
    assert next_up([], MADE_OF) == ""


def test_of_many_that_wait_few_are_named():
    left = [task for task in all_tasks() if task.startswith(("ddpm.", "ddim."))]
    told = next_up(left, MADE_OF)
    assert told == "next: ddpm.predict_x0 (sample_ddpm, ddim_step and sample_ddim wait for it)"
    left += ["dps.sample_dps", "editing.inpaint"]
    assert next_up(left, MADE_OF).endswith("(sample_ddpm, ddim_step, sample_ddim and 2 more wait for it)")


def test_every_order_comes_to_an_end():
    left = list(all_tasks())
    while left:
        first = next_up(left, MADE_OF).split()[1]
        assert not set(MADE_OF[first]) & set(left)
        left.remove(first)


def test_a_handout_has_the_same_files():
    """They stand in no relation to anything else of the project."""
    for module in (saved, touched, next_up):
        path = Path(getattr(module, "__file__", "") or module.__code__.co_filename)
        assert "from ." not in path.read_text(encoding="utf-8")
