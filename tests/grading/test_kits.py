"""What holds of every kit."""

import ast
import re

import pytest

from grading.__main__ import main
from grading.checking import checks
from grading.contract import courses
from grading.contract.functions import all_tasks, function
from grading.paths import CHECKS, KIT_PACKAGE
from grading.sandbox.student import NotAsked
from grading.submissions import kits, opened
from grading.submissions.kits.install import ADAPTERS, adapters
from grading.verdicts import Unusable

NAMES_OF_CHECKS = {name for path in CHECKS.glob("*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
LOOKED_AT = {"editing_sdedit"}  # by a person: in CS180 a cell that calls the loop
each_kit = pytest.mark.parametrize("kit", kits.KITS, ids=lambda kit: kit.name)


def _adapters(kit):
    """The text of all its files."""
    own = [ADAPTERS / name for name in adapters(kit.name) if name != "common.py"]
    return "\n".join(path.read_text() for path in own)


@each_kit
def test_its_todos_are_graded_functions_with_arguments_of_their_names(kit):
    for task, todo in kit.todos.items():
        assert task in all_tasks()
        assert todo.file and todo.name


@each_kit
def test_its_profile_speaks_of_what_there_is(kit):
    assert set(kit.profile.takes) | set(kit.profile.without) <= set(kit.todos)
    assert {name for names in kit.profile.without.values() for name in names} <= NAMES_OF_CHECKS


@each_kit
def test_its_adapters_define_what_it_asks_for(kit):
    source = _adapters(kit)
    defined = set(re.findall(r"^(?:def|class) (\w+)|^(\w+) = ", source, re.MULTILINE))
    names = {name for pair in defined for name in pair if name}
    assert {task.replace(".", "_") for task in kit.todos} - LOOKED_AT <= names


@each_kit
def test_its_course_asks_for_some_of_it(kit):
    course = courses.load(kit.course)
    whole = sum(course.parts.values())
    assert set(course.of_kit(kit.todos).functions) == set(course.functions) & set(kit.todos) != set()
    assert sum(course.of_kit(kit.todos).parts.values()) == whole


def test_helpers_with_a_kits_names_make_no_kit_of_functions_with_the_contracts_arguments(hand_in):
    """``q_sample`` and ``linear_beta_schedule`` are CS180's as well; ``ddpm_loss`` is its name for something else."""
    unet = """
    def linear_beta_schedule(start, end, num):
        return [start] * num

    def q_sample(x_start, t, noise, alphas_cumprod):
        return x_start

    def ddpm_loss(ARGUMENTS):
        return q_sample
    """
    with opened(hand_in(unet=unet.replace("ARGUMENTS", "model, x0, noise, t, alphas_cumprod"))) as submission:
        assert submission.kit is None
    with opened(hand_in(unet=unet.replace("ARGUMENTS", "unet, ddpm_schedule, x_0, num_ts"))) as submission:
        assert submission.kit is not None and submission.kit.kit.name == "cs180"


def test_a_function_of_the_contract_in_its_own_file_is_no_kits_whatever_stands_beside_it(hand_in):
    """diffusers' classes have the names of EECS 498's; these two are of a ddpm.py that keeps to the contract."""
    scheduler = """
    class DDPMScheduler:
        def __init__(self, alphas_cumprod):
            self.alphas_cumprod = alphas_cumprod

        def _get_variance(self, t, prev_t):
            return 1 - self.alphas_cumprod[t]

        def step(self, model_output, t, sample):
            return sample - model_output

    def FUNCTION:
        return DDPMScheduler(alphas_cumprod)
    """
    sampler = "sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=None, clip_x0=False)"
    with opened(hand_in(ddpm=scheduler.replace("FUNCTION", sampler))) as submission:
        assert submission.kit is None
    with opened(
        hand_in({"ddpm.py": ""}, DDPM_scheduler=scheduler.replace("FUNCTION", "made(alphas_cumprod)"))
    ) as other:
        assert other.kit is not None and other.kit.kit.name == "eecs498"


def test_networks_alone_are_the_contracts_where_they_are_built_and_run_as_it_says(hand_in):
    """A CS180 homework has other functions beside them, or the skeleton's constructors, which have no defaults."""
    network = """
    class NAMEConditionalUNet(nn.Module):
        def __init__(self, in_channelsDEFAULT, num_hiddensDEFAULT):
            super().__init__()
            self.layer = nn.Conv2d(in_channels, num_hiddens, 3)

        def forward(self, xMORE):
            return self.layer(x)
    """
    both = "    from torch import nn\n" + "".join(
        network.replace("NAME", name).replace("MORE", more)
        for name, more in (("Time", ", t"), ("Class", ", c, t, keep=None"))
    )
    both += network.replace("NAMEConditional", "Unconditional").replace("MORE", "")
    ours, theirs = both.replace("DEFAULT", "=1"), both.replace("DEFAULT", "")
    layer = (
        "\nclass FC(nn.Sequential):\n    def forward(self, v):\n        return super().forward(v)[:, :, None, None]\n"
    )
    for own in (ours, ours + layer):  # a layer's forward() is not the one of part A
        with opened(hand_in(unet=own)) as submission:
            assert submission.kit is None
    forward = "def time_fm_forward(unet, x_1, num_ts):\n    return unet(x_1, num_ts)"
    for files in ({"unet": theirs}, {"unet": ours, "train": forward}):
        with opened(hand_in(**files)) as submission:
            assert submission.kit is not None and submission.kit.kit.name == "cs180"


def test_there_is_no_such_kit(hand_in):
    with (
        pytest.raises(Unusable, match="--kit nonesuch: there is no such kit; there are .*kaist492d"),
        opened(hand_in(ddpm=""), kit="nonesuch"),
    ):
        pass


def test_none_of_a_kits_files(hand_in):
    with (
        pytest.raises(Unusable, match="--kit kaist492d: none of that kit's files"),
        opened(hand_in(ddpm=""), kit="kaist492d"),
    ):
        pass


def test_a_folder_of_that_name_is_not_the_students(hand_in, kaist):
    with opened(hand_in({f"{KIT_PACKAGE}/__init__.py": "raise SystemExit"}, on_top_of=kaist)) as submission:
        assert "SystemExit" not in (submission.folder / KIT_PACKAGE / "__init__.py").read_text()


@pytest.fixture
def kaist():
    from pathlib import Path

    return Path(__file__).parents[1] / "kits" / "kaist492d" / "plain"


def test_a_property_is_tried_on_what_a_kit_can_be_asked_only():
    asked = []

    @checks.holds_for(t=checks.levels)
    def test(student, t):
        student(t)

    def student(t):
        if t % 2:
            raise NotAsked
        asked.append(t)

    test(student=student, seed=7)
    assert asked and not any(t % 2 for t in asked)


@each_kit
def test_its_adapters_have_the_contracts_arguments(kit):
    """Names, order, and which may be left out."""
    tree = ast.parse(_adapters(kit))
    defined = {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef)}
    asked = [function(task) for task in kit.todos if task.replace(".", "_") in defined]
    assert asked
    for one in asked:
        arguments = defined[one.task.replace(".", "_")]
        assert tuple(argument.arg for argument in arguments.args) == one.parameters, one.task
        assert len(arguments.defaults) == len(one.defaults), one.task


@pytest.mark.usefixtures("preloaded")
def test_the_terminal_says_where_the_gaps_are(hand_in, kaist, capsys):
    """A line for each reason, however many functions it costs."""
    folder = hand_in(on_top_of=kaist)
    (folder / "image_diffusion_todo" / "scheduler.py").unlink()
    assert main(["grade", str(folder), "--only", "noising,ddpm"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "not implemented noising.add_noise, ddpm.posterior_step: not handed in: there is no" in said
