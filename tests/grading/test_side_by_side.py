"""What a mistake does to a picture: shown where it shows, said where not, and never more than an explanation."""

import pytest
import torch

from grading.contract.functions import all_tasks
from grading.contract.reference import reference_function
from grading.pictures.functions import Trusted
from grading.pictures.side_by_side import ENDLESS, NONE, SAME, SEED, side_by_side
from grading.pictures.small import RECIPES
from grading.pictures.worlds.shipped import Shipped
from grading.submissions import opened
from grading.verdicts import FAILED, PASSED, CheckResult, Failure, Verdict

LOWPASS = "illusions.lowpass"
ANSWERS = {  # of a lowpass: the beginning of what is said where there is no picture
    "return 0 * x": "",
    "return x": "",
    "return x[:, :, :5, :5]": "",
    "raise ValueError('token = \"hf_AbCdEfGhIjKlMnOpQrStUvWx\"' + 999 * 'y')": "none could be made: illusions.lowpass: your code raised",
    "return x / 0": "none could be made: illusions.lowpass: its result has values that are not finite",
    "return None": "none could be made: illusions.lowpass: ",
    "return x.flatten()": "none could be made of what came back: ",
}


@pytest.fixture(scope="module")
def world():
    return Shipped(SEED)


@pytest.fixture
def picture(fork_server, hand_in):
    def picture(body, task=LOWPASS, **fields):
        module, name = task.split(".")
        with opened(hand_in(**{module: f"def {name}(x, kernel_size=33, sigma=2.0):\n    {body}\n"})) as submission:
            return side_by_side(fork_server, submission, [Verdict(task, **({"outcome": FAILED} | fields))])

    return picture


@pytest.mark.parametrize("body", ANSWERS)
def test_a_wrong_function(picture, body):
    one = picture(body)[LOWPASS]
    assert one.trouble.startswith(ANSWERS[body]) and len(one.trouble) < 200 and "hf_Ab" not in one.trouble
    assert bool(one.student and one.right and one.caption) == (not ANSWERS[body])
    assert one.student != one.right or one.trouble


def test_what_does_not_show_in_a_picture_is_said_to(picture):
    body = "import torch, torch.nn.functional as F\n    r = kernel_size // 2\n"
    body += "    g = torch.exp(-torch.arange(-r, r + 1.0) ** 2 / (2 * sigma**2)); g = g / g.sum()\n"
    body += "    k = (g[:, None] * g).expand(x.shape[1], 1, -1, -1)\n"
    body += "    return F.conv2d(F.pad(x, (r, r, r, r), mode='reflect'), k, groups=x.shape[1]) + 1e-4"
    assert picture(body)[LOWPASS].trouble == SAME


def test_of_a_loss_there_is_no_picture(picture):
    assert picture("return x", "inversion.lp_loss")["inversion.lp_loss"].trouble == NONE


def test_what_is_right_by_itself_is_not_looked_at(picture):
    assert picture("return x", outcome=PASSED) == {} == picture("return x", carried=["illusions.gaussian_kernel1d"])


@pytest.mark.parametrize("kind", ["hung", "died"])
def test_what_comes_to_no_end_is_not_asked_again(picture, kind):
    checks = [CheckResult("", Failure("no result", kind=kind))]
    assert picture("while True: pass", checks=checks)[LOWPASS].trouble == ENDLESS


def test_pictures_are_of_graded_functions():
    assert RECIPES.keys() <= set(all_tasks())


@pytest.mark.slow
@pytest.mark.parametrize("task", RECIPES)
def test_a_right_function_makes_its_picture_the_same_again(task, world):
    first, second = (RECIPES[task].make(Trusted(reference_function), world) for _ in range(2))
    assert first.ndim == 4 and first.isfinite().all() and first.std() > 0.05
    assert torch.equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("task", RECIPES)
def test_the_function_itself_is_asked(task, world):
    """Without it there is no picture: what is shown is its own."""

    def asked(name):
        if name == task:
            raise LookupError(name)
        return reference_function(name)

    with pytest.raises(LookupError):
        RECIPES[task].make(Trusted(asked), world)
