"""Of a notebook definitions are run, and nothing else; every place in a report leads back to cell and line."""

import io
import json

import pytest

from grading import seeds
from grading.contract import courses
from grading.report import gradescope, rows, terminal
from grading.sandbox.inside.cells import Cells
from grading.submissions import opened
from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED, Unusable

from .conftest import PLAIN, outcomes, told
from .containers import as_one_file, notebook, zipped

TASK = "ddpm.predict_x0"
RIGHT = """def predict_x0(x_t, eps, t, alphas_cumprod):
    a = alphas_cumprod[t]
    a = a.reshape(a.shape + (1,) * (x_t.ndim - a.ndim)) if a.ndim else a
    return ((x_t - (1 - a).sqrt() * eps) / a.sqrt()).to(x_t.dtype)
"""


@pytest.fixture
def graded(grade, tmp_path):
    """``graded(cell, …)``: the verdict on predict_x0 in a notebook of these cells."""
    return lambda *cells, task=TASK: grade(notebook(tmp_path / "p5.ipynb", *cells), [task])[task]


def split(path):
    """The cells' files by their names, and what is said of them."""
    with opened(path) as submission:
        (folder,) = submission.folder.glob("*.ipynb")
        return {cell.name: cell.read_text("utf-8") for cell in folder.iterdir()}, list(submission.notes)


def defined(tmp_path, *cells):
    """What the worker's loader makes of cells, for cells of our own."""
    files = []
    for number, text in enumerate(cells, 1):
        files.append(tmp_path / f"cell {number}")
        files[-1].write_text(text, encoding="utf-8")
    module = type(json)("p5")
    Cells(files).exec_module(module)
    return vars(module)


# --- what is kept -------------------------------------------------------------------------------------------------


KEPT = [
    ("import math", "math"),
    ("from math import pi as p", "p"),
    ("def f(): pass", "f"),
    ("async def f(): pass", "f"),
    ("class A:\n    x = print", "A"),
    ("T = 1000", "T"),
    ("a, (b, c) = 1, (2, 3)", "c"),
    ("betas: list = [1, 2]", "betas"),
    ("f = lambda x: train(x)", "f"),
    ("import torch\nbetas = torch.linspace(1e-4, 0.02, 10)\na = (1 - betas).cumprod(0)", "a"),
    ("import torch as t\ndevice = t.device('cuda' if t.cuda.is_available() else 'cpu')", "device"),
    ("import torch.nn.functional as F\nk = F.softplus", "k"),
    ("T = 10\ntimes = list(range(T))[::-1]", "times"),
    ("if 1 > 0:\n    print('hello')\n    x = 1", "x"),
    ("try:\n    import no_such_package\nexcept ImportError:\n    x = None", "x"),
    ("class A: pass\ndef f(self): pass\nA.f = f\ng = A.f", "g"),
    ("from __future__ import annotations\ndef f(x: no_such | None): pass", "f"),
]


@pytest.mark.parametrize("cell, name", KEPT)
def test_what_defines_something_is_kept(cell, name, tmp_path):
    assert name in defined(tmp_path, cell)


DROPPED = [
    "while True: pass",
    "for i in range(10**12): x = i",
    "train()",
    "x = train()",
    "x = [train(i) for i in range(3)]",
    "x = train.history[0]()",
    "x = f'{train()}'",
    "a = b = train()",
    "x = train",
    "import torch\nx = torch.hub.load('a', 'b')",
    "with open('x', 'w') as file: pass",
    "assert train()",
    "if train(): x = 1",
    "if 1 > 0:\n    train()",
    "try:\n    train()\nfinally:\n    train()",
    "del json",
    "torch.manual_seed(train())",
]


@pytest.mark.parametrize("cell", [one for one in DROPPED if one != "x = train"])
def test_what_does_something_is_not_run(cell, tmp_path):
    def_train = "import itertools\ndef train(*given):\n    open('trained', 'w')\n    raise SystemExit\n"
    names = defined(tmp_path, def_train, cell, "y = 1")
    assert names["y"] == 1 and "x" not in names and not (tmp_path / "trained").exists()


def test_a_later_cell_goes_before_an_earlier_one(tmp_path):
    assert defined(tmp_path, "def f(): return 1", "def f(): return 2")["f"]() == 2


def test_a_loop_a_download_and_a_missing_package_cost_nothing(graded):
    setting_up = (
        "import torch\nimport no_such_package\nfrom nothing.at.all import other\n!wget http://x/y.zip\n%cd /content"
    )
    running = "model = no_such_package.load('x')\nfor epoch in range(10**9):\n    model.fit()\ndisplay(model)"
    shown = RIGHT.replace("    a = alphas", "    display(x_t)\n    a = alphas", 1)
    assert graded("#! Part A", setting_up, running, shown, "predict_x0(1, 2, 3, 4)").outcome == PASSED


def test_whoever_uses_what_is_missing_is_told_what_it_is(graded):
    verdict = graded(
        "import no_such_package as nsp", RIGHT.replace("    a = alphas", "    eps = nsp.show(eps)\n    a = alphas", 1)
    )
    assert verdict.outcome == FAILED
    assert "no_such_package is not installed here" in told(verdict)
    assert "p5.ipynb/cell 2:" in told(verdict)


def test_a_name_that_is_imported_in_vain_keeps_what_it_had(tmp_path):
    assert defined(tmp_path, "def f(): return 1", "from no_such_package import f")["f"]() == 1


def test_a_function_that_could_not_be_defined_says_why(graded):
    verdict = graded("x = 1", f"@no_such_decorator\n{RIGHT}")
    assert verdict.outcome == FAILED
    assert "importing p5.ipynb raised NameError" in told(verdict) and "p5.ipynb/cell 2:1" in told(verdict)


def test_the_same_functions_in_many_cells_are_right(grade, tmp_path):
    cells = as_one_file("ddpm").split("\n\n\n")
    assert len(cells) > 3
    path = notebook(tmp_path / "p5.ipynb", *cells)
    tasks = [TASK, "ddpm.posterior_variance", "ddpm.posterior_step", "ddpm.sample_ddpm"]
    assert set(outcomes(grade(path, tasks)).values()) == {PASSED}


# --- lines that are not Python ------------------------------------------------------------------------------------


MAGIC = {
    "%matplotlib inline\nx = 1": "pass  # %matplotlib inline\nx = 1",
    "x = 1\n!pip install a \\\n   b\ny = 2": "x = 1\npass  # !pip install a \\\n# b\ny = 2",
    "if True:\n    !ls\nx = 1": "if True:\n    pass  # !ls\nx = 1",
    "files = !ls\nx = 1": "pass  # files = !ls\nx = 1",
    "torch.add?\nx = 1": "pass  # torch.add?\nx = 1",
    "?torch.add\n??x": "pass  # ?torch.add\npass  # ??x",
    "%%time\nx = 1": "pass  # %%time\nx = 1",
    "%%bash\nfor x in 1 2; do echo $x; done": "# %%bash\n# for x in 1 2; do echo $x; done",
    '"""\n%d of\n!x\n"""\n%cd x\nx = (1\n%x)': '"""\n%d of\n!x\n"""\npass  # %cd x\nx = (1\n%x)',
    "!echo \"it's\ny = 1": "pass  # !echo \"it's\ny = 1",
}


@pytest.mark.parametrize("cell", MAGIC)
def test_lines_of_the_notebooks_own_language_are_dropped_in_their_place(cell, tmp_path):
    """Each stays one line, so that those below keep their numbers."""
    cells, notes = split(notebook(tmp_path / "p5.ipynb", RIGHT, cell))
    assert cells["cell 2"] == MAGIC[cell] + "\n" and notes == []
    assert MAGIC[cell].count("\n") == cell.count("\n")


def test_a_cell_that_is_no_python_costs_what_it_defines(grade, tmp_path):
    broken = "x = 1\nprint 'hello'\ndef posterior_variance(t, t_prev, alphas_cumprod): pass"
    path = notebook(tmp_path / "p5.ipynb", "#! Text", broken, RIGHT)
    verdicts = grade(path, [TASK, "ddpm.posterior_variance", "ddpm.posterior_step"])
    assert [*outcomes(verdicts).values()] == [PASSED, FAILED, NOT_IMPLEMENTED]
    assert "raised SyntaxError" in told(verdicts["ddpm.posterior_variance"])
    assert "p5.ipynb/cell 2:2: print 'hello'" in told(verdicts["ddpm.posterior_variance"])
    (note,) = split(path)[1]
    assert note.startswith("p5.ipynb, cell 2, line 2: Missing parentheses in call to 'print'")


# --- places in reports --------------------------------------------------------------------------------------------


def report_of(verdict):
    """Everything that any report says: the terminal's text, and the result file's."""
    from rich.console import Console

    course = courses.load("all").only([verdict.task])
    table = rows(course, {verdict.task: verdict})
    console = Console(record=True, width=300, file=io.StringIO())
    terminal.show(console, course, table, seeds.told(0), "mistake")
    document = gradescope.document(course, table, seeds.told(0), 1.0, "mistake")
    return console.export_text(), document["tests"][0]


def test_a_place_in_a_report_is_cell_and_line(graded):
    verdict = graded("#! Text", "x = 1", f"\n{RIGHT}".replace("    a = alphas", "    nothing\n    a = alphas", 1))
    text, test = report_of(verdict)
    assert verdict.outcome == FAILED
    for said in (text, test["output"]):
        assert "p5.ipynb, cell 3, line 3 in predict_x0: nothing" in said and "/cell" not in said
    assert test["extra_data"]["defined_at"] == "p5.ipynb, cell 3, line 2"


def test_a_repair_names_cell_and_line_too(graded, unhurried):
    """Two summands exchanged, in a form that nothing but a repair explains."""
    wrong = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    wrong = "\n".join(line for line in wrong.split("\n") if not line.startswith("from ."))
    wrong = wrong.replace(
        "def posterior_variance(t, t_prev, alphas_cumprod):",
        "def posterior_variance(t, t_prev, alphas_cumprod):\n    t = t + 0 * t_prev + 1",
        1,
    )
    verdict = graded("x = 1", wrong, task="ddpm.posterior_variance")
    text, test = report_of(verdict)
    assert verdict.repair is not None and verdict.repair.places[0].startswith("p5.ipynb/cell 2:")
    assert "p5.ipynb, cell 2, line " in text and "/cell" not in text
    assert test["extra_data"]["repair"][0].startswith("p5.ipynb, cell 2, line ")


# --- notebooks of other kinds -------------------------------------------------------------------------------------


def refused(path):
    with pytest.raises(Unusable) as why, opened(path):
        pass
    assert str(why.value).startswith(f"{path}: ") and "\n" not in str(why.value)
    return str(why.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no JSON",
        b"[1]",
        b"{}",
        b'{"nbformat": 99}',
        b'{"nbformat": 4, "cells": 3}',
        b'{"nbformat": 4, "metadata": {}, "cells": [3]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_is_refused(content, tmp_path, capfd):
    (tmp_path / "p5.ipynb").write_bytes(content)
    assert "it is no notebook that can be read (" in refused(tmp_path / "p5.ipynb")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kernel", ["R", "julia", "javascript"])
def test_another_language_is_refused(kernel, tmp_path):
    path = notebook(tmp_path / "p5.ipynb", "x <- 1", kernel=kernel)
    assert refused(path).endswith(f"its cells are in {kernel}: expected a notebook with a Python kernel")


def test_a_notebook_of_the_old_format_is_read(grade, tmp_path):
    cells = [
        {"cell_type": "code", "language": "python", "input": RIGHT, "outputs": [], "collapsed": False, "metadata": {}}
    ]
    document = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    (tmp_path / "p5.ipynb").write_text(json.dumps(document), encoding="utf-8")
    assert grade(tmp_path / "p5.ipynb", [TASK])[TASK].outcome == PASSED


def test_a_notebook_under_another_name_is_known_by_what_is_in_it(grade, tmp_path):
    assert grade(notebook(tmp_path / "upload", RIGHT), [TASK])[TASK].outcome == PASSED


def test_a_bad_notebook_beside_good_files_costs_itself(tmp_path):
    path = zipped(tmp_path / "hw.zip", {"ddpm.py": RIGHT.encode(), "notes.ipynb": b"no JSON"})
    with opened(path) as submission:
        (note,) = submission.notes
    assert note.startswith("notes.ipynb: it is no notebook that can be read") and note.endswith("it was left out")


EXPORTS = {
    "Colab": '# -*- coding: utf-8 -*-\n"""p5.ipynb\n\nAutomatically generated by Colab.\n"""\n\n',
    "nbconvert": "#!/usr/bin/env python\n# coding: utf-8\n\n# In[ ]:\n\n",
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_notebooks_export_is_read_as_a_notebook(kind, grade, tmp_path):
    (tmp_path / "p5.py").write_text(f"{EXPORTS[kind]}while True:\n    pass\n\n{RIGHT}", encoding="utf-8")
    verdict = grade(tmp_path / "p5.py", [TASK])[TASK]
    assert verdict.outcome == PASSED and verdict.defined_at.startswith("p5.py:")


def test_a_cell_that_writes_a_module_is_that_module(grade, tmp_path):
    """Its lines are the cell's; what names no file beside the notebook is none."""
    cells = (
        f"%%writefile ddpm.py\n{RIGHT}",
        "%%writefile /content/more.py\nx = 1",
        "%%writefile ../../up.py\nx = 1",
        "%%writefile ddpm.py/in.py\nx = 1",
        "%%writefile .hidden.py\nx = 1",
        "from ddpm import predict_x0",
    )
    path = notebook(tmp_path / "hw.ipynb", *cells)
    with opened(path) as submission:
        assert {one.name for one in submission.folder.rglob("*.py")} == {"ddpm.py", "more.py", "up.py"}
    verdict = grade(path, [TASK])[TASK]
    assert (verdict.outcome, verdict.defined_at) == (PASSED, "ddpm.py:2")
