"""What student code finds around it: what is not there costs only what needs it, and a GPU's habits cost nothing."""

import pytest

from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import PLAIN, outcomes, told

TASK, NEIGHBOUR = "ddpm.predict_x0", "ddpm.posterior_variance"
RIGHT = (PLAIN / "ddpm.py").read_text(encoding="utf-8")


@pytest.fixture
def verdicts(hand_in, grade):
    """``verdicts(before, after)``: on a right ddpm.py between two pieces of text; other files by their names."""

    def verdicts(before="", after="", tasks=(TASK, NEIGHBOUR), **files):
        source = "from __future__ import annotations\n" + before + "\n" + RIGHT + "\n_right = predict_x0\n" + after
        return grade(hand_in(on_top_of=PLAIN, ddpm=source, **files), list(tasks))

    return verdicts


# --- what is not installed --------------------------------------------------------------------------------------

FOR_SHOW = """\
import cv2, wandb
import mediapy as media
import imageio.v2 as imageio
import pytorch_lightning as pl
from torch_utils import training_stats, misc
from torch_utils.ops import conv2d_gradfix
from google.colab import drive, files
from omegaconf import OmegaConf
from diffusers.models.attention_processor import LoRAAttnProcessorOfLongAgo as LoRA
from tqdm.notebook import tqdm, trange
from .handed_in_by_nobody import helper

drive.mount("/content/drive")
wandb.init(project="homework")
for name in cv2.list_of_everything():
    print(name)

class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.save_hyperparameters()

@cv2.compiled
def shown(x: cv2.Mat | None = None):
    with misc.profiled("x"):
        training_stats.report("Loss", x)
        media.show_image(x)
    return x
"""


def test_packages_that_only_show_things_cost_nothing(verdicts):
    after = """
def predict_x0(x_t, eps, t, alphas_cumprod):
    Net()
    for _ in tqdm(trange(3), desc="steps"):
        last = shown(x_t)
    return _right(last, eps, t, alphas_cumprod)
"""
    assert set(outcomes(verdicts(FOR_SHOW, after)).values()) == {PASSED}


USED = {
    "in arithmetic": ("return x_t * cv2.resize(x_t)", "`cv2.resize`"),
    "on the right": ("return cv2.gain() + x_t", "`cv2.gain`"),
    "by torch": ("return torch.sqrt(cv2.resize(x_t))", "`cv2.resize`"),
    "by numpy": ("import numpy; return torch.from_numpy(numpy.sqrt(cv2.resize(x_t)))", "`cv2.resize`"),
    "as the result": ("return cv2.resize(x_t, dsize=3)", "`cv2.resize`"),
    "in a list": ("return [x_t, cv2.resize(x_t)]", "`cv2.resize`"),
    "as a number": ("return x_t * float(cv2.GAIN)", "`cv2.GAIN`"),
    "as a condition": ("return x_t if cv2.is_here() else eps", "`cv2.is_here`"),
    "compared": ("return x_t if cv2.VERSION > 3 else eps", "`cv2.VERSION`"),
    "iterated over": ("for x_t in cv2.frames(x_t): pass\n    return x_t", "`cv2.frames`"),
    "by an attribute of what it gave": ("return cv2.resize(x_t).T.mean() - x_t", "`cv2.resize.T.mean`"),
}


@pytest.mark.parametrize("how", USED)
def test_what_is_used_for_a_result_is_named_with_the_line(how, verdicts):
    body, what = USED[how]
    found = verdicts("import cv2", f"\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    {body}\n")
    said = told(found[TASK])
    assert f"cv2 is not installed here: {what} cannot be computed" in said, said
    assert found[TASK].outcome == FAILED and found[NEIGHBOUR].outcome == PASSED
    assert "mistake" not in said and "where:" not in said and "ModuleNotFoundError" not in said
    assert "What the function needs can be had where it is graded." in said
    if "result" not in how and "list" not in how:  # the function had ended by then
        assert "ddpm.py:" in said.split("at  ")[1]


def test_who_can_do_without_is_told_that_it_is_not_there(verdicts):
    """A try for the ImportError, and the question whether there is such a package."""
    before = """
import importlib.util
try:
    import xformers
    FAST = True
except ImportError:
    FAST = False
try:
    from apex import amp
except (ModuleNotFoundError, AttributeError):
    amp = None
assert not FAST and amp is None and importlib.util.find_spec("xformers") is None
WITHOUT = True
"""
    after = "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return _right(x_t, eps, t, alphas_cumprod) if WITHOUT is True else None\n"
    assert verdicts(before, after)[TASK].outcome == PASSED


def test_a_library_that_looks_for_a_package_finds_none(verdicts):
    before = "import importlib, json\nfound = importlib.import_module('transformers.utils').is_cv2_available()\n"
    after = "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return None if found else _right(x_t, eps, t, alphas_cumprod)\n"
    assert verdicts("import cv2\n" + before, after)[TASK].outcome == PASSED


@pytest.mark.parametrize("name", ["cv2", "einops", "wandb", "torchvision", "tqdm"])
def test_a_file_of_the_submissions_own_goes_before(name, verdicts):
    own = {name: "def passed_on(x):\n    return x\n"}
    after = (
        "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return _right(passed_on(x_t), eps, t, alphas_cumprod)\n"
    )
    assert verdicts(f"from {name} import passed_on", after, **own)[TASK].outcome == PASSED


def test_what_is_installed_is_the_real_one(verdicts):
    before = """
import torchvision
import torchvision.transforms.functional as TF
from einops import rearrange
import matplotlib.pyplot as plt
"""
    after = """
def predict_x0(x_t, eps, t, alphas_cumprod):
    plt.plot([1, 2]); plt.show()
    flipped = TF.hflip(torchvision.transforms.functional.hflip(x_t))
    return _right(rearrange(rearrange(flipped, "b c h w -> b h w c"), "b h w c -> b c h w"), eps, t, alphas_cumprod)
"""
    found = verdicts(before, after)[TASK]
    assert found.outcome == PASSED, told(found)


# --- imports that fail ------------------------------------------------------------------------------------------

FAILING = {
    "a file of another machine": ("data = open('/content/drive/betas.txt').read()", "FileNotFoundError"),
    "a checkpoint": ("data = torch.load('/content/model.pt')", "FileNotFoundError"),
    "a download": ("import urllib.request\ndata = urllib.request.urlopen('http://example.com/x')", "Error"),
    "an error": ("data = 1 / 0", "ZeroDivisionError"),
    "a name that its module does not have": ("from math import data", "cannot import name"),
    "a module that does not parse": ("from broken import data", "SyntaxError"),
    "in a loop": ("for step in range(3):\n    data = {}[step]", "KeyError"),
    "a decorator": ("@torch.no_such_thing\ndef data():\n    return 1", "AttributeError"),
    "an exit": ("data = exit()", "SystemExit"),
    "a return outside of a function": ("if True:\n    data = 1\n    return", "SyntaxError"),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_statement_that_fails_costs_what_needs_it(what, verdicts):
    statement, error = FAILING[what]
    after = "\ndef posterior_variance(t, t_prev, alphas_cumprod):\n    return 0 * data + alphas_cumprod[t]\n"
    found = verdicts("import torch\n" + statement, after, broken="def f(:\n")
    assert found[TASK].outcome == PASSED, told(found[TASK])
    said = told(found[NEIGHBOUR])
    line = 3 + statement.startswith(("@", "import"))
    assert f"ddpm.py:{line} could not be run (" in said, said
    assert error in said and "`data` cannot be computed" in said and found[NEIGHBOUR].outcome == FAILED


def test_what_runs_at_the_end_of_a_module_costs_nothing(verdicts):
    after = """
train_loader = torch.utils.data.DataLoader(__import__("torchvision").datasets.MNIST("data", train=True))
for x, label in train_loader:
    loss = _right(x, x, 0, x).mean()
print(f"done: {loss:.3f}")
raise SystemExit(0)
"""
    assert set(outcomes(verdicts("", after)).values()) == {PASSED}


SCRIPTS = {  # which hang, or would, when they are run
    "a loop that trains": "for step in range(10**12):\n    loss = predict_x0(step)\n",
    "a call without a guard": "def main():\n    while True: pass\n\nmain()\nlosses = main()\nprint(losses[-1])\n",
    "a model that is made for it": "class Net(torch.nn.Module):\n    def fit(self):\n        while True: pass\n\nNet().fit()\n"
    "net = Net()\nhistory = net.fit()\nwith torch.no_grad():\n    net.fit()\n",
    "what a guarded part uses": "def fit():\n    while True: pass\n\nlosses = fit()\nif __name__ == '__main__':\n    import json\n"
    "    print(losses)\n",
    "as the case may be": "TRAIN = True\nif TRAIN:\n    net = 1\n    while TRAIN:\n        net += 1\n",
    "what mentions a number": "steps = 1\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"
    "def used():\n    return steps, device\n\nwhile steps:\n    used()\n    print(device)\n",
    "names that a function has of its own": "for a in iter(int, 1):\n    x_t = eps = a\n",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_script_does_when_it_is_run_is_not_waited_for(script, verdicts):
    """Nothing that is defined needs what comes of it."""
    found = verdicts("import torch", SCRIPTS[script])
    assert set(outcomes(found).values()) == {PASSED}, told(found[TASK])


NEEDED = {
    "a table that a loop fills": "scales = []\nfor _ in range(3):\n    scales.append(1.0)\n",
    "a call that says global": "def set_up():\n    global scales\n    scales = [1.0]\n\nset_up()\n",
    "a way of several steps": "def made(n):\n    return [n]\n\nfirst = made(1.0)\nscales = sorted(first)\n",
    "an entry that is written": "scales = {}\nscales[0] = 2.0\nfor key in list(scales):\n    scales[key] -= 1.0\n",
    "an argument that is changed": "def fill(table):\n    table.append(1.0)\n\nscales = []\nfill(scales)\n",
    "an argument that a package changes": "import random\nscales = [1.0, 1.0]\nrandom.shuffle(scales)\nscales[0] = 1.0\n",
    "a function of the same name as an imported one": "from math import sqrt as table\nscale = torch.ones(())\n"
    "def table():\n    return [scale]\n\nscales = table()\n",
    "an imported name that is bound anew": "from math import pi as scales\nscales = [1.0]\n",
    "a table that a function fills": "scales = {}\ndef fill():\n    scales[0] = 1.0\n\nfill()\n",
    "… called by another": "scales = {}\ndef fill():\n    scales[0] = 1.0\n\ndef main():\n    fill()\n\nmain()\n",
    "a part of what is handed over": "scales = torch.zeros(2)\ntorch.nn.init.ones_(scales.data)\n",
    "under another name": "table = torch.zeros(2)\nscales = table.view(2)\nfor row in [table]:\n    row += 1\n",
    "in a loop over it": "scales = [torch.zeros(()), torch.zeros(())]\nfor one in scales:\n    one += 1\n",
    "what is set up by a name": "dtype = torch.float64\ntry:\n    torch.set_default_dtype(dtype)\nfinally:\n    pass\n"
    "scales = [torch.ones(())]\nassert scales[0].dtype == torch.float64\n",
    "an object that is changed": "class Scales(list):\n    pass\n\nscales = Scales()\nscales.append(1.0)\n",
    "a default": "made = [1.0]\ndef scaled(scale=made[0]):\n    return [scale]\n\nscales = scaled()\n",
    "what is set up for all": "torch.set_default_dtype(torch.float64)\nscales = [torch.ones(()).double()]\n"
    "dtype = torch.get_default_dtype()\nassert dtype == torch.float64\n",
}


@pytest.mark.parametrize("how", NEEDED)
def test_what_a_function_uses_is_run(how, verdicts):
    after = (
        NEEDED[how]
        + "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return scales[0] * _right(x_t, eps, t, alphas_cumprod)\n"
    )
    found = verdicts("import torch", after)[TASK]
    assert found.outcome == PASSED, told(found)


PATHS = {
    "by the file": "sys.path.append(os.path.dirname(os.path.abspath(__file__)) + '/lib')\n",
    "by a name": "here = Path(__file__).resolve().parent\nlib = str(here / 'lib')\nsys.path.insert(0, lib)\n",
    "where it is not there": "lib = os.path.join(os.path.dirname(__file__), 'lib')\nif lib not in sys.path:\n    sys.path.append(lib)\n",
    "in a loop": "for one in ['lib', 'src']:\n    sys.path.append(os.path.join(os.path.dirname(__file__), one))\n",
}


@pytest.mark.parametrize("how", PATHS)
def test_where_a_module_looks_for_others_is_set_up(how, hand_in, grade):
    source = f"import os, sys\nfrom pathlib import Path\n{PATHS[how]}from tables import SCALE\n" + RIGHT
    folder = hand_in({"lib/tables.py": "SCALE = 1.0\n"}, ddpm=source.replace("return ", "return SCALE * "))
    found = grade(folder, [TASK])[TASK]
    assert found.outcome == PASSED, told(found)


def test_what_is_put_into_another_module_is_there(verdicts):
    """A function in the place of another one, wherever that is looked up."""
    after = (
        "\nimport tables\n\ndef one():\n    return 1.0\n\ntables.scale = one\n"
        "def predict_x0(x_t, eps, t, alphas_cumprod):\n    return tables.scale() * _right(x_t, eps, t, alphas_cumprod)\n"
    )
    found = verdicts("", after, tables="def scale():\n    return 2.0\n")[TASK]
    assert found.outcome == PASSED, told(found)


HERE = "def made():\n    return [1.0]\n\nscales = made()\nfor scale in scales:\n    largest = scale\n"


@pytest.mark.parametrize(
    "used",
    [
        "from .tables import scales",
        "from .tables import *",
        "from . import tables\nscales = tables.scales",
        "from tables import largest\nscales = [largest]",
    ],
)
def test_what_another_file_asks_for_is_run(used, verdicts):
    after = (
        "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return scales[0] * _right(x_t, eps, t, alphas_cumprod)\n"
    )
    found = verdicts(used, after, tables=HERE)[TASK]
    assert found.outcome == PASSED, told(found)


def test_a_graded_function_that_is_bound_anew_is_what_is_graded(hand_in, grade):
    source = (
        RIGHT + "\ndef doubled(f):\n    return lambda *a, **b: 2 * f(*a, **b)\n\npredict_x0 = doubled(predict_x0)\n"
    )
    assert grade(hand_in(ddpm=source), [TASK])[TASK].outcome == FAILED


def test_a_bare_annotation_is_nothing_that_a_star_brings(verdicts):
    after = "\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return scale * _right(x_t, eps, t, alphas_cumprod)\n"
    found = verdicts("from tables import *", after, tables="scale: float\ndef f():\n    pass\n\nf()\nscale = 1.0\n")[
        TASK
    ]
    assert found.outcome == PASSED, told(found)


def test_a_graded_function_that_is_made_is_asked_for(hand_in, grade):
    """The grader's own question is one as well."""
    source = (
        RIGHT.replace("def predict_x0", "def _made")
        + "\ndef handed_on(f):\n    return f\n\npredict_x0 = handed_on(_made)\n"
    )
    source += "for _ in iter(int, 1):\n    pass\n"
    assert grade(hand_in(ddpm=source), [TASK])[TASK].outcome == PASSED


def test_names_that_a_star_would_have_brought_are_not_called_unwritten(hand_in, grade):
    """Where nobody can say which names are missing, the reason is said, and not that the work is not done."""
    found = grade(hand_in(ddpm="from .steps import *\n", steps="def f(:\n"), [TASK])[TASK]
    assert found.outcome == FAILED and "SyntaxError" in told(found) and "steps.py:1" in told(found)


def test_a_function_that_is_not_written_is_not_implemented_beside_a_statement_that_fails(hand_in, grade):
    found = grade(hand_in(ddpm="x = open('/content/x')\n"), [TASK])[TASK]
    assert found.outcome == NOT_IMPLEMENTED


def test_a_graded_function_whose_own_statement_fails(hand_in, grade):
    found = grade(hand_in(ddpm="import cv2\npredict_x0 = cv2.predict_x0\n"), [TASK])[TASK]
    assert found.outcome == FAILED and "cv2 is not installed here: `cv2.predict_x0`" in told(found)


# --- the submission's own names ---------------------------------------------------------------------------------

GRADERS_NAMES = ["grading", "reference", "submission"]


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("name", GRADERS_NAMES)
def test_a_module_under_a_name_of_the_graders(name, folder, hand_in, grade):
    """Its own file is what it imports, wherever it does; and nothing of the grader's stumbles over it."""
    parts = {f"{name}/__init__.py": "", f"{name}/tools.py": "def same(x):\n    return x\n"} if folder else {}
    parts |= {} if folder else {f"{name}.py": "class tools:\n    same = staticmethod(lambda x: x)\n"}
    parts["ddpm.py"] = (
        f"from {name} import tools\nimport {name}\n"
        + RIGHT
        + f"""
_right = predict_x0

def predict_x0(x_t, eps, t, alphas_cumprod):
    from {name} import tools as late
    return _right(late.same(x_t), eps, t, alphas_cumprod)

def posterior_variance(t, t_prev, alphas_cumprod):
    raise ValueError({name}.tools.same("said"))
"""
    )
    tasks = [TASK, NEIGHBOUR, "inversion.perceptual_loss", "unet.UnconditionalUNet", "dps.dps_step"]
    found = grade(hand_in(parts, on_top_of=PLAIN), tasks)
    assert "ValueError: said" in told(found[NEIGHBOUR])
    assert {task: told(one) for task, one in found.items() if one.outcome != PASSED}.keys() == {NEIGHBOUR}


# --- a GPU's habits ---------------------------------------------------------------------------------------------

GPU = {
    "cuda()": "x_t.cuda(), eps.cuda(0), t, alphas_cumprod.cuda(non_blocking=True)",
    "to a name": "x_t.to('cuda'), eps.to('cuda:0'), t, alphas_cumprod.to(device='cuda')",
    "to a device": "x_t.to(torch.device('cuda')), eps.to(torch.device('mps')), t, alphas_cumprod.to(0)",
    "to a device and a dtype": "x_t.to('cuda', torch.float16), eps.to('cuda', dtype=torch.half), t, alphas_cumprod",
    "half()": "x_t.half(), eps.bfloat16(), t, alphas_cumprod.to(torch.float16)",
    "type": "x_t.type(torch.float16), eps.type(torch.HalfTensor), t, alphas_cumprod",
    "like another": "x_t.to(eps), eps.to(x_t, non_blocking=True), t, alphas_cumprod.to(x_t.device)",
    "made there": "x_t + torch.zeros(x_t.shape, device='cuda'), eps + torch.zeros_like(eps, device='cuda', dtype=torch.half), "
    "t, alphas_cumprod + alphas_cumprod.new_zeros(1, device='cuda')",
    "put into a new one": "torch.asarray(x_t, device='cuda'), torch.full((), 1.0, device='cuda') * eps, t, "
    "torch.as_tensor(alphas_cumprod, device='cuda')",
}


@pytest.mark.parametrize("habit", GPU)
def test_what_is_sent_to_a_gpu_stays_as_exact_as_it_is(habit, verdicts):
    after = f"\ndef predict_x0(x_t, eps, t, alphas_cumprod):\n    return _right({GPU[habit]})\n"
    found = verdicts("import torch", after)[TASK]
    assert found.outcome == PASSED, told(found)


AROUND = {
    "autocast": "with torch.autocast('cuda', dtype=torch.float16):",
    "autocast of cuda": "with torch.cuda.amp.autocast():",
    "autocast of amp": "with torch.amp.autocast(device_type='cuda', enabled=True):",
    "autocast on the cpu": "with torch.autocast('cpu', dtype=torch.bfloat16):",
    "a stream": "with torch.cuda.stream(torch.cuda.Stream()):",
    "no CUDA": "if not torch.cuda.is_available() and torch.cuda.device_count() == 0:",
}


@pytest.mark.parametrize("habit", AROUND)
def test_what_stands_around_a_formula_costs_it_nothing(habit, verdicts):
    after = f"""
layer = torch.nn.Conv2d(3, 3, 1, device="cuda").cuda().half().to("cuda", dtype=torch.float16).double()
scaler = torch.cuda.amp.GradScaler()
torch.cuda.manual_seed_all(0)
start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

def predict_x0(x_t, eps, t, alphas_cumprod):
    torch.cuda.synchronize(); torch.cuda.empty_cache(); torch.cuda.set_device(0)
    generator = torch.Generator(device="cuda").manual_seed(3)
    assert isinstance(generator, torch.Generator)
    torch.randn(2, generator=generator, device="cuda")
    {AROUND[habit]}
        assert layer(torch.ones(1, 3, 2, 2, dtype=torch.float64)).dtype == torch.float64
        return _right(x_t, eps, t, alphas_cumprod)
"""
    found = verdicts("import torch", after)[TASK]
    assert found.outcome == PASSED, told(found)


def test_habits_in_a_thread_of_the_students(verdicts):
    after = """
def predict_x0(x_t, eps, t, alphas_cumprod):
    import threading
    came = []
    thread = threading.Thread(target=lambda: came.append(_right(x_t.to("cuda").half(), eps, t, alphas_cumprod)))
    thread.start(); thread.join()
    return came[0]
"""
    assert verdicts("import torch", after)[TASK].outcome == PASSED


def test_a_cast_that_is_no_half_is_one(verdicts):
    """float64 arguments that are computed with in float32 lose their point as ever."""
    after = """
def predict_x0(x_t, eps, t, alphas_cumprod):
    return _right(x_t.to("cuda", torch.float32), eps, t, alphas_cumprod).to("cuda", x_t.dtype)
"""
    assert verdicts("import torch", after)[TASK].outcome == FAILED


COMPILED = """
import torch

@torch.jit.script
def _both(x, y):
    made = torch.zeros_like(x) + torch.ones(1, dtype=x.dtype)
    return made * x + y

def predict_x0(x_t, eps, t, alphas_cumprod):
    found = _both(_right(x_t, eps, t, alphas_cumprod), torch.zeros_like(x_t))
    if found.requires_grad:
        return found
    _, change = torch.func.jvp(lambda scale: scale * found, (torch.ones(()),), (torch.ones(()),))
    return change
"""


def test_what_torch_compiles_or_differentiates_forward_runs(verdicts):
    assert set(outcomes(verdicts(after=COMPILED)).values()) == {PASSED}
