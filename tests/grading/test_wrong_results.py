"""Functions that give back something else, raise, hang, die or run wild lose their own points, and only those.

Each submission is the plain solution with one function replaced by way of an ``adapters.py``; what replaces it has the
right function at hand as ``right``. Where more than a value comes back, a neighbour is graded along and must pass.
"""

import textwrap

import psutil
import pytest

from grading.contract.functions import all_tasks
from grading.diagnosis import Diagnosis
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.sandbox import limits
from grading.sandbox.worker import Worker
from grading.submissions import opened
from grading.verdicts import FAILED, NOT_IMPLEMENTED, PASSED

from .conftest import PLAIN, SEED, outcomes, told

ADAPTERS = """\
import os, signal, subprocess, sys, threading, time
import numpy, torch
from {module} import {function} as right

def {module}_{function}(*args, right=right, **kwargs):
{body}
"""
NEIGHBOURS = {
    "ddpm.posterior_step": "ddpm.predict_x0",
    "ddpm.posterior_variance": "ddpm.predict_x0",
    "noising.strided_timesteps": "noising.cumulative_alphas",
    "guidance.guided_eps": "guidance.classifier_free_guidance",
    "dps.dps_gradient": "dps.dps_step",
    "distillation.surrogate_loss": "distillation.sds_weight",
    "gan_losses.discriminator_loss": "gan_losses.generator_loss",
    "augment.rand_cutout": "augment.diff_augment",
    "latents.sample_w_plus": "latents.sample_w",
    "inversion.invert": "inversion.lp_loss",
    "inversion.inversion_loss": "inversion.delta_penalty",
    "unet.ddpm_loss": "unet.denoiser_loss",
}
A_LINE_OF = "adapters.py:{line} in {module}_{function}"
FIRST_LINE = 6  # of the body
BETWEEN = 7  # lines from the end of one body to the next one


@pytest.fixture
def handed_in(hand_in):
    """``handed_in(tasks, body)``: a submission in which each of these tasks' functions has this body."""

    def handed_in(tasks, body):
        body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        names = [task.split(".") for task in tasks]
        texts = [ADAPTERS.format(module=module, function=function, body=body) for module, function in names]
        return hand_in(on_top_of=PLAIN, adapters="\n\n".join(texts))

    return handed_in


@pytest.fixture
def verdict_on(handed_in, grade):
    """``verdict_on(task, body)``: the verdict on a task whose function has this body; its neighbour passes."""

    def verdict_on(task, body):
        verdicts = grade(handed_in([task], body), [task, NEIGHBOURS[task]])
        assert outcomes(verdicts)[NEIGHBOURS[task]] == PASSED, told(verdicts[NEIGHBOURS[task]])
        return verdicts[task]

    return verdict_on


@pytest.fixture
def verdicts_on(handed_in, grade):
    """``verdicts_on(tasks, body)``: several at once, without neighbours: a value comes back, and none can notice which."""
    return lambda tasks, body: grade(handed_in(tasks, body), tasks, explained=False)


@pytest.fixture
def verdict_alone(verdicts_on):
    return lambda task, body: verdicts_on([task], body)[task]


def place(task, line=FIRST_LINE):
    module, function = task.split(".")
    return A_LINE_OF.format(line=line, module=module, function=function)


def test_once_something_has_failed_no_more_than_a_moment_is_spent_on_what_else_does(
    handed_in, fork_server, monkeypatch
):
    monkeypatch.setattr(limits, "FAILED_CALLS", 0)
    calls = []

    def counting(student, checks):
        calls.append(len(student.record))
        return Diagnosis()

    task = "ddpm.posterior_step"
    with opened(handed_in([task], "return 2 * right(*args, **kwargs)")) as submission:
        (verdict,) = grade_run(fork_server, Run(submission, (task,), SEED, diagnose=counting))
    assert verdict.outcome == FAILED
    assert calls == [1]


# --- what comes back is something else --------------------------------------------------------------------------

AN_IMAGE = {  # what is returned, with y the right result: what the student is told about it
    "None": ["no tensor", "None"],
    "y.detach().numpy()": ["no tensor", "ndarray"],
    "y.tolist()": ["no tensor"],
    "(y, y)": ["no tensor"],
    "[y]": ["no tensor"],
    "'done'": ["no tensor", "done"],
    "True": ["no tensor", "True"],
    "3": ["no tensor", "3"],
    "object()": ["no tensor", "object"],
    "right": ["no tensor", "function"],
    "y + 0j": ["no tensor", "complex"],
    "y.to_sparse()": ["no tensor", "Tensor"],
    "y.to('meta')": ["no tensor", "Tensor"],
    "y.round().long()": ["wrong dtype", "int64"],
    "y > 0": ["wrong dtype", "bool"],
    "y.float()": ["wrong dtype", "float32"],
    "y[:1]": ["wrong shape"],  # broadcasts against the right one
    "y.mean(1, keepdim=True)": ["wrong shape"],
    "y[None]": ["wrong shape"],
    "y.mean()": ["wrong shape"],
    "y[:0]": ["wrong shape"],
    "y.flatten()": ["wrong shape"],
    "y.transpose(2, 3)": ["wrong shape"],
    "y * float('nan')": ["not finite"],
    "torch.where(y == y.max(), float('inf'), y)": ["not finite", "nan or inf"],
    "y + 1e-6": ["is wrong", "expected", "got"],
    "y.flip(0)": ["is wrong"],
    "torch.zeros_like(y)": ["is wrong"],
    "torch.zeros(1 << 24, dtype=y.dtype)": ["cannot be read", "more than is accepted"],
    "[0] * 20_000": ["no tensor"],
}


@pytest.mark.parametrize("returned", AN_IMAGE)
def test_an_image_function_that_returns(returned, verdict_alone):
    verdict = verdict_alone("ddpm.posterior_step", f"y = right(*args, **kwargs)\nreturn {returned}")
    assert verdict.outcome == FAILED
    for words in ["posterior_step(", *AN_IMAGE[returned]]:
        assert words in told(verdict)


OF_EVERY_KIND = [
    "ddpm.posterior_step",
    "guidance.guided_eps",
    "dps.dps_gradient",
    "augment.rand_cutout",
    "latents.sample_w_plus",
    "inversion.invert",
]


@pytest.mark.parametrize("returned", ["(list(kwargs.values()) + list(args))[1]", "torch.ones(1)", "None"])
def test_functions_of_every_kind_that_return_nonsense(returned, verdicts_on):
    verdicts = verdicts_on(OF_EVERY_KIND, f"right(*args, **kwargs)\nreturn {returned}")
    assert outcomes(verdicts) == dict.fromkeys(OF_EVERY_KIND, FAILED)
    assert all(map(told, verdicts.values()))


A_SCALAR = {
    "None": ["no tensor"],
    "y[None]": ["wrong shape"],
    "y.detach().numpy()": ["no tensor"],
    "str(float(y))": ["no tensor"],
    "[float(y)]": ["no tensor"],
    "float('nan') * y": ["not finite"],
    "float('nan')": ["not finite"],
    "float('inf')": ["not finite"],
    "complex(y)": ["no tensor", "complex"],
    "y + 1e-3": ["is wrong"],
    "10 ** 400": ["no tensor"],
    "True": ["no tensor"],
}


SCALARS = [
    "ddpm.posterior_variance",
    "distillation.surrogate_loss",
    "gan_losses.discriminator_loss",
    "inversion.inversion_loss",
    "unet.ddpm_loss",
]


@pytest.mark.parametrize("returned", A_SCALAR)
def test_a_scalar_function_that_returns(returned, verdicts_on):
    verdicts = verdicts_on(SCALARS, f"y = right(*args, **kwargs)\nreturn {returned}")
    assert outcomes(verdicts) == dict.fromkeys(SCALARS, FAILED)
    for verdict in verdicts.values():
        assert all(words in told(verdict) for words in A_SCALAR[returned]), told(verdict)


@pytest.mark.parametrize(
    "returned",
    [
        "None",
        "torch.tensor(y)",
        "tuple(y)",
        "range(3)",
        "iter(y)",
        "[float(t) for t in y]",
        "[str(t) for t in y]",
        "y[::-1]",
        "y + [-1]",
        "[y]",
        "{'timesteps': y}",
        "y[0]",
        "[10 ** 30 for t in y]",
        "[[[[[[y]]]]]]",
        "[None for t in y]",
    ],
)
def test_a_list_function_that_returns(returned, verdict_alone):
    verdict = verdict_alone("noising.strided_timesteps", f"y = right(*args, **kwargs)\nreturn {returned}")
    assert verdict.outcome == FAILED
    assert "expected" in told(verdict)
    assert "got" in told(verdict)


def test_an_object_with_an_evil_repr_is_only_described(verdict_on):
    verdict = verdict_on(
        "ddpm.posterior_step",
        """
        class Evil:
            def __repr__(self): raise SystemExit
            __eq__ = __bool__ = __len__ = __float__ = __repr__
        return Evil()
        """,
    )
    assert verdict.outcome == FAILED
    assert "Evil" in told(verdict)


def test_a_subclass_of_tensor_with_methods_of_its_own_earns_nothing(verdict_on):
    verdict = verdict_on(
        "ddpm.posterior_step",
        """
        class Always(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None): return True
            def detach(self): return self
        return torch.zeros_like(right(*args, **kwargs)).as_subclass(Always)
        """,
    )
    assert verdict.outcome == FAILED


# --- random functions, losses and networks ----------------------------------------------------------------------


def other_verdicts(verdicts, task):
    return {other: told(verdict) for other, verdict in verdicts.items() if other != task and verdict.outcome != PASSED}


LOSSES = [
    "gan_losses.generator_loss",
    "gan_losses.r1_penalty",
    "inversion.lp_loss",
    "inversion.perceptual_loss",
    "inversion.delta_penalty",
    "inversion.scribble_loss",
    "unet.denoiser_loss",
    "unet.class_ddpm_loss",
]


def test_losses_of_shape_one_fail(hand_in, grade):
    """(1,) broadcasts and prints like a scalar, and is none."""
    wrapped = [
        f"import {task.split('.')[0]} as m{i}\n"
        f"def {task.replace('.', '_')}(*args, **kwargs):\n    return m{i}.{task.split('.')[1]}(*args, **kwargs)[None]\n"
        for i, task in enumerate(LOSSES)
    ]
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters="\n".join(wrapped)), LOSSES)
    assert set(outcomes(verdicts).values()) == {FAILED}
    assert all("wrong shape" in told(verdict) for verdict in verdicts.values())


def test_r1_without_create_graph_fails_alone(hand_in, grade):
    """Its value is right: only the discriminator would never be trained by it."""
    adapters = """
        import torch

        def gan_losses_r1_penalty(real_images, real_logits, gamma):
            (gradient,) = torch.autograd.grad(real_logits.sum(), real_images, retain_graph=True)
            return gamma / 2 * gradient.flatten(1).square().sum(1).mean()
    """
    tasks = [task for task in all_tasks() if task.startswith("gan_losses.")]
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters=adapters), tasks)
    assert verdicts["gan_losses.r1_penalty"].outcome == FAILED
    assert other_verdicts(verdicts, "gan_losses.r1_penalty") == {}
    titles = {check.title for check in verdicts["gan_losses.r1_penalty"].failures}
    assert titles  # the value alone, without its derivative, is right
    assert all("differentiated" in title or "Gradients" in title for title in titles)


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        ("y[0, :, :3, :3] = 0", "one rectangle"),
        ("y[:, 0] = 1", "through all its channels"),
        ("y = y * 1.001", "is wrong"),
        ("y = x.mul_(y != 0)", "changed in place"),
        ("y = y.detach()", "differentiable"),
        ("torch.rand(1)", "global random state"),
    ],
)
def test_a_cutout_that_is_nearly_right(cut, words, grade, handed_in):
    task = "augment.rand_cutout"
    body = f"y = right(*args, **kwargs)\nx = args[0] if args else kwargs['x']\n{cut}\nreturn y"
    verdict = grade(handed_in([task], body), [task])[task]
    assert verdict.outcome == FAILED
    assert words in told(verdict)


NETWORK = """
    import torch
    import unet

    class unet_ClassConditionalUNet(unet.ClassConditionalUNet):
        def forward(self, x, c, t, keep=None):
            {body}
"""
UNETS = ["unet.UnconditionalUNet", "unet.TimeConditionalUNet", "unet.ClassConditionalUNet"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return super().forward(x, 0 * c, t, keep)", "has no influence"),
        ("return super().forward(x, c, t)", "dropped"),
        ("return super().forward(x, c, t, keep).mean()", "no image of the same shape"),
        ("return super().forward(x, c, t, keep).numpy()", "no image of the same shape"),
        ("return super().forward(x, c, t, keep) / 0", "not finite"),
        ("return None", "no image of the same shape"),
        ("return super().forward(x, c, t, keep) + x.mul_(2).mean()", "changed in place"),
        ("return super().forward(x, c, t.mean().expand(t.shape), keep)", "changes other samples"),
        ("raise ValueError('my own words')", "adapters.py:7 in forward"),
        ("return super().forward(x[:, 0], c, t, keep)", "adapters.py:7 in forward"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_a_network_that_is_wrong_fails_alone(body, words, hand_in, grade):
    tasks = ["unet.ClassConditionalUNet", "unet.class_ddpm_loss"]
    verdicts = grade(hand_in(on_top_of=PLAIN, adapters=NETWORK.format(body=body)), tasks)
    assert verdicts["unet.ClassConditionalUNet"].outcome == FAILED
    assert words in told(verdicts["unet.ClassConditionalUNet"])
    assert other_verdicts(verdicts, "unet.ClassConditionalUNet") == {}


def test_a_network_that_ignores_the_class_leaves_the_other_two_alone(hand_in, grade):
    source = (PLAIN / "unet.py").read_text(encoding="utf-8").replace("c1 * u.", "u.").replace("c2 * u.", "u.")
    verdicts = grade(hand_in(on_top_of=PLAIN, unet=source), UNETS)
    assert list(outcomes(verdicts).values()) == [PASSED, PASSED, FAILED]
    assert "c of sample 0 has no influence on its output" in told(verdicts["unet.ClassConditionalUNet"])


def test_a_network_that_cannot_be_built_names_file_and_line(hand_in, grade):
    source = (PLAIN / "unet.py").read_text(encoding="utf-8")
    folder = hand_in(
        on_top_of=PLAIN, unet=source.replace("self.up1 = UpBlock(4 * D, D)", "self.up1 = UpBlock(4 * E, D)")
    )
    line = next(i for i, text in enumerate((folder / "unet.py").read_text().splitlines(), 1) if "4 * E" in text)
    for verdict in grade(folder, UNETS).values():
        assert verdict.outcome == FAILED
        assert "NameError: name 'E' is not defined" in told(verdict)
        assert f"unet.py:{line} in __init__" in told(verdict)


def test_a_network_whose_forward_fails_names_file_and_line(hand_in, grade):
    source = (PLAIN / "unet.py").read_text(encoding="utf-8")
    folder = hand_in(on_top_of=PLAIN, unet=source.replace("torch.cat([x4, x3], 1)", "torch.cat([x4, x2], 1)"))
    verdict = grade(folder, UNETS[:1])[UNETS[0]]
    lines = (folder / "unet.py").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if "torch.cat([x4, x2], 1)" in text)
    assert verdict.outcome == FAILED
    assert "RuntimeError" in told(verdict)
    assert f"unet.py:{line} in forward" in told(verdict)


@pytest.mark.parametrize("network", ["3", "torch.nn.Identity()", "lambda *args, **kwargs: None", "[]"])
def test_what_is_no_network_earns_nothing(network, hand_in, grade):
    adapters = f"import torch\nunet_UnconditionalUNet = {network}\n"
    verdicts = grade(hand_in(adapters=adapters), UNETS[:1])
    assert verdicts[UNETS[0]].outcome in (FAILED, NOT_IMPLEMENTED)
    assert told(verdicts[UNETS[0]])


def test_a_network_that_is_not_implemented(hand_in, grade):
    source = "import torch\n\nclass UnconditionalUNet(torch.nn.Module):\n    def __init__(self, in_channels=1, num_hiddens=64):\n        raise NotImplementedError\n"
    source += "\nclass TimeConditionalUNet(torch.nn.Module):\n    def __init__(self, in_channels=1, num_hiddens=64):\n        super().__init__()\n"
    source += "\n    def forward(self, x, t):\n        raise NotImplementedError\n"
    verdicts = grade(hand_in(unet=source), UNETS)
    assert set(outcomes(verdicts).values()) == {NOT_IMPLEMENTED}
    assert "unet.py:5" in told(verdicts["unet.UnconditionalUNet"])
    assert "unet.py:12" in told(verdicts["unet.TimeConditionalUNet"])


# --- it raises --------------------------------------------------------------------------------------------------

RAISED = {
    "raise ValueError('my own words')": ["ValueError: my own words", "raise ValueError"],
    "return args[0] + undefined_name": ["NameError", "undefined_name"],
    "return 1 / 0": ["ZeroDivisionError", "1 / 0"],
    "return torch.ones(2) + torch.ones(3)": ["RuntimeError", "torch.ones(2)"],
    "assert False": ["AssertionError"],
    "raise KeyboardInterrupt": ["KeyboardInterrupt"],
    "raise SystemExit": ["SystemExit"],
    "raise GeneratorExit": ["GeneratorExit"],
    "raise BaseExceptionGroup('several', [ValueError()]) if sys.version_info >= (3, 11) else ValueError('several')": [
        "several"
    ],
    "sys.exit(0)": ["SystemExit: 0"],
    "raise MemoryError": ["MemoryError"],
    "raise StopIteration": ["StopIteration"],
    "raise 'text'": ["TypeError"],
    "return (lambda f: f(f))(lambda f: f(f))": ["RecursionError"],
}


@pytest.mark.parametrize("statement", RAISED)
def test_what_a_function_raises_is_told_with_file_and_line(statement, verdict_alone):
    verdict = verdict_alone("ddpm.posterior_step", statement)
    assert verdict.outcome == FAILED
    for words in ["your code raised", *RAISED[statement]]:
        assert words in told(verdict)
    assert "adapters.py:6" in told(verdict)


def test_functions_of_every_kind_that_raise(handed_in, grade):
    body = ["x = 1", "raise ValueError('my own words')"]
    verdicts = grade(handed_in(NEIGHBOURS, "\n".join(body)), [*NEIGHBOURS, *set(NEIGHBOURS.values())])
    for i, task in enumerate(NEIGHBOURS):
        assert verdicts[task].outcome == FAILED
        assert "ValueError: my own words" in told(verdicts[task])
        assert place(task, FIRST_LINE + i * (BETWEEN + len(body)) + 1) in told(verdicts[task])
        assert verdicts[NEIGHBOURS[task]].outcome == PASSED


def test_a_missing_argument_is_told(hand_in, grade):
    folder = hand_in(ddpm="def predict_x0(x_t, eps):\n    return x_t - eps\n")
    verdict = grade(folder, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == FAILED
    assert "TypeError: predict_x0() takes 2 positional arguments but 4 were given" in told(verdict)


def test_an_argument_under_another_name_is_told(hand_in, grade):
    folder = hand_in(
        on_top_of=PLAIN,
        adapters="from ddpm import predict_x0\ndef ddpm_predict_x0(x, e, t, abar):\n    return predict_x0(x, e, t, abar)\n",
    )
    verdict = grade(folder, ["ddpm.predict_x0"])["ddpm.predict_x0"]
    assert verdict.outcome == FAILED
    assert [check.title for check in verdict.failures] == ["Arguments can be given by the contract's names."]
    assert "unexpected keyword argument 'x_t'" in told(verdict)


def test_a_message_with_control_characters_is_told_without_them(verdict_on):
    verdict = verdict_on(
        "ddpm.posterior_step", r"raise ValueError('red \x1b[31m bell \x07 back \x08 return \r nul \x00 end')"
    )
    assert verdict.outcome == FAILED
    assert "end" in told(verdict)
    assert all(c.isprintable() or c == "\n" for c in told(verdict))


def test_printed_control_characters_are_told_without_them(verdict_on):
    verdict = verdict_on("ddpm.posterior_step", r"print('red \x1b[2J end')" + "\nreturn None")
    assert verdict.outcome == FAILED
    assert "end" in told(verdict)
    assert all(c.isprintable() or c == "\n" for c in told(verdict))


@pytest.mark.parametrize(
    "statement",
    [
        r"raise ValueError('half a pair \ud800 end')",
        "print('half a pair \\ud800 end')\nreturn None",
        "return 'half a pair \\ud800 end'",
        "raise type('Half\\ud800', (Exception,), {})('end')",
    ],
)
def test_text_that_is_no_unicode_can_still_be_written(statement, verdict_on):
    verdict = verdict_on("ddpm.posterior_step", statement)
    assert verdict.outcome == FAILED
    told(verdict).encode("utf-8")


def test_a_very_long_message_is_cut(verdict_on):
    verdict = verdict_on("ddpm.posterior_step", "raise ValueError('long ' * 10_000_000)")
    assert verdict.outcome == FAILED
    assert "ValueError: long long" in told(verdict)
    assert len(told(verdict)) < 10_000


def test_an_exception_with_a_very_long_name_is_cut(verdict_on):
    verdict = verdict_on("ddpm.posterior_step", "raise type('Long' * 1_000_000, (Exception,), {})")
    assert verdict.outcome == FAILED
    assert "LongLong" in told(verdict)
    assert len(told(verdict)) < 10_000


def test_an_exception_whose_text_cannot_be_made_is_told(verdict_on):
    verdict = verdict_on(
        "ddpm.posterior_step",
        """
        class Evil(Exception):
            def __str__(self): os._exit(0) if False else sys.exit(1)
        raise Evil
        """,
    )
    assert verdict.outcome == FAILED
    assert "Evil" in told(verdict)


# --- it is not there, or only half ------------------------------------------------------------------------------


def test_a_syntax_error_costs_its_module(hand_in, grade):
    folder = hand_in(on_top_of=PLAIN, guidance="def guided_eps(:\n    pass\n")
    tasks = ["ddpm.predict_x0", "guidance.classifier_free_guidance", "guidance.guided_eps", "editing.repaint_blend"]
    verdicts = grade(folder, tasks)
    assert list(outcomes(verdicts).values()) == [PASSED, FAILED, FAILED, PASSED]
    assert "importing guidance.py raised SyntaxError" in told(verdicts["guidance.guided_eps"])
    assert "guidance.py:1" in told(verdicts["guidance.guided_eps"])


def test_an_import_that_fails_names_the_line(hand_in, grade):
    folder = hand_in(on_top_of=PLAIN, guidance="import torch\nfrom math import no_such_thing as guided_eps\n")
    verdict = grade(folder, ["guidance.guided_eps"])["guidance.guided_eps"]
    assert verdict.outcome == FAILED
    assert "ImportError: cannot import name 'no_such_thing'" in told(verdict)
    assert "guidance.py:2" in told(verdict)


def test_a_module_that_ends_the_process_while_it_is_imported_costs_its_own_functions(hand_in, grade):
    folder = hand_in(on_top_of=PLAIN, guidance="import os; os._exit(0)")
    verdicts = grade(folder, ["guidance.guided_eps", "ddpm.predict_x0"])
    assert list(outcomes(verdicts).values()) == [FAILED, PASSED]
    assert "ended the process" in told(verdicts["guidance.guided_eps"])


@pytest.mark.parametrize("statement", ["raise SystemExit(0)", "1 / 0", "exit()"])
def test_where_a_module_fails_and_defines_nothing_both_are_said(statement, hand_in, grade):
    folder = hand_in(on_top_of=PLAIN, guidance=statement)
    verdicts = grade(folder, ["guidance.guided_eps", "ddpm.predict_x0"])
    assert list(outcomes(verdicts).values()) == [NOT_IMPLEMENTED, PASSED]
    said = told(verdicts["guidance.guided_eps"])
    assert "guidance.py defines no function guided_eps; guidance.py:1 could not be run (" in said


def test_a_module_that_never_finishes_its_import_costs_its_own_functions(hand_in, grade, short_calls):
    folder = hand_in(on_top_of=PLAIN, guidance="import time\ntime.sleep(10_000)\n")
    verdicts = grade(folder, ["guidance.guided_eps", "ddpm.predict_x0"])
    assert list(outcomes(verdicts).values()) == [FAILED, PASSED]
    assert "did not come to an end" in told(verdicts["guidance.guided_eps"])


def test_a_missing_module_and_a_missing_function_are_not_implemented(hand_in, grade):
    folder = hand_in(ddpm="predict_x0 = None\n")
    verdicts = grade(folder, ["ddpm.predict_x0", "ddpm.posterior_step", "ddim.ddim_step"])
    assert set(outcomes(verdicts).values()) == {NOT_IMPLEMENTED}
    assert "defines no function predict_x0" in told(verdicts["ddpm.predict_x0"])
    assert "there is no ddim.py" in told(verdicts["ddim.ddim_step"])


def test_not_implemented(handed_in, grade):
    verdicts = grade(handed_in(NEIGHBOURS, "raise NotImplementedError"), [*NEIGHBOURS, *set(NEIGHBOURS.values())])
    for i, task in enumerate(NEIGHBOURS):
        assert verdicts[task].outcome == NOT_IMPLEMENTED
        assert f"NotImplementedError at {place(task, FIRST_LINE + i * (BETWEEN + 1))}" in told(verdicts[task])
        assert verdicts[NEIGHBOURS[task]].outcome == PASSED


def test_one_branch_that_is_not_implemented_is_a_failure(verdict_on):
    body = "if 'wrong' and args[4:5] == (-1,):\n    raise NotImplementedError('the last step')\nreturn right(*args, **kwargs)"
    verdict = verdict_on("ddpm.posterior_step", body)
    assert verdict.outcome == FAILED
    assert "NotImplementedError: the last step" in told(verdict)
    assert place("ddpm.posterior_step", FIRST_LINE + 1) in told(verdict)


def test_a_dependency_that_is_not_implemented_is_named(hand_in, grade):
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    source += "\n\ndef posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):\n    raise NotImplementedError\n"
    verdicts = grade(hand_in(on_top_of=PLAIN, ddpm=source), ["ddpm.predict_x0", "ddpm.sample_ddpm"])
    assert list(outcomes(verdicts).values()) == [PASSED, NOT_IMPLEMENTED]
    assert "in posterior_step" in told(verdicts["ddpm.sample_ddpm"])


# --- it ends, or never does -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("os.abort()", "signal 6"),
        ("import ctypes; ctypes.string_at(0)", "signal 11"),
    ],
)
@pytest.mark.parametrize("task", ["ddpm.posterior_step", "guidance.guided_eps"])
def test_a_function_that_ends_its_process(statement, cause, task, verdict_on):
    verdict = verdict_on(task, statement)
    assert verdict.outcome == FAILED
    assert "ended the process" in told(verdict)
    assert cause in told(verdict)
    assert f"{task.split('.')[1]}(" in told(verdict)


def test_a_function_that_ends_its_process_only_now_and_then(verdict_on):
    verdict = verdict_on("ddpm.posterior_step", "if args[4:5] == (-1,): os._exit(0)\nreturn right(*args, **kwargs)")
    assert verdict.outcome == FAILED
    assert "exit code 0" in told(verdict)


@pytest.mark.parametrize(
    "statement",
    [
        "while True: pass",
        "time.sleep(10_000)",
        "threading.Event().wait()",
        "try:\n    time.sleep(10_000)\nfinally:\n    time.sleep(10_000)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        "if os.fork() == 0: time.sleep(10_000)\nos._exit(0)",  # the child keeps the channel open
    ],
)
def test_a_function_that_never_ends(statement, verdict_on, short_calls):
    verdict = verdict_on("ddpm.posterior_step", statement)
    assert verdict.outcome == FAILED
    assert "did not come to an end" in told(verdict)
    assert "posterior_step(" in told(verdict)


def test_a_worker_that_waits_for_its_turn_is_waited_for(verdict_alone, short_calls, monkeypatch):
    """On a busy machine a right function may take long by the clock: what counts is what it does meanwhile."""
    monkeypatch.setattr(Worker, "_sleeps", lambda self: False)  # as one that is ready to run, and does not get to it
    body = "if not hasattr(torch, 'waited'):\n    torch.waited = time.sleep(3)\nreturn right(*args, **kwargs)"
    assert verdict_alone("ddpm.predict_x0", body).outcome == PASSED


def test_a_sampler_that_asks_its_network_forever(verdict_on, short_calls):
    verdict = verdict_on("guidance.guided_eps", "while True: args[0](*args[1:4])")
    assert verdict.outcome == FAILED
    assert "did not come to an end" in told(verdict)


# --- it runs wild, but gives the right result -------------------------------------------------------------------

HARMLESS = {
    "prints megabytes": "print('x' * 1000 + '\\n' * 50_000)\nsys.stderr.write('y' * 5_000_000)",
    "writes megabytes to the descriptors": "os.write(1, b'x' * 5_000_000)\nos.write(2, b'x' * 5_000_000)",
    "replaces stdout": "sys.stdout = sys.stderr = None",
    "closes stdout": "sys.stdout.close()",
    "asks for input": "sys.stdin.read()",
    "leaves threads": "threading.Thread(target=time.sleep, args=(10_000,)).start()",
    "leaves a daemon thread that spins": "threading.Thread(target=lambda: [time.sleep(0.001) for _ in iter(int, 1)], daemon=True).start()",
    "changes the working folder": "os.chdir('/')",
    "changes the import path": "sys.path.clear()",
    "ignores signals": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "sets threads": "torch.set_num_threads(2)",
    "sets the default dtype": "torch.set_default_dtype(torch.float16)",
    "disables gradients": "torch.set_grad_enabled(False)",
    "collects garbage": "import gc\ngc.collect()",
    "writes a file": "open('notes.txt', 'w').write('x')",
    "sets an alarm far away": "signal.alarm(1000)",
}


@pytest.mark.parametrize("habit", HARMLESS)
def test_a_right_result_counts_whatever_else_the_function_does(habit, verdict_on):
    body = f"result = right(*args, **kwargs)\n{HARMLESS[habit]}\nreturn result"
    verdict = verdict_on("ddpm.posterior_step", body)
    assert verdict.outcome == PASSED, told(verdict)


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10_000)', MARK])",
        "pid = os.fork()\nif pid == 0:\n    os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(10_000)', MARK])",
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10_000)', MARK], start_new_session=True)",
    ],
    ids=["in its group", "forked", "in a session of its own"],
)
def test_processes_that_it_started_are_gone_afterwards(start, verdict_on, tmp_path):
    mark = f"left-behind-by-{tmp_path}"
    verdict = verdict_on("ddpm.posterior_step", f"MARK = {mark!r}\n{start}\nreturn right(*args, **kwargs)")
    left = [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]
    for process in left:
        process.kill()
    assert verdict.outcome in (PASSED, FAILED)
    assert not left


def test_closing_every_descriptor_ends_only_its_own_worker(verdict_on):
    verdict = verdict_on("ddpm.posterior_step", "os.closerange(0, 1000)\nreturn right(*args, **kwargs)")
    assert verdict.outcome == FAILED
    assert "ended the process" in told(verdict) or "closed" in told(verdict)


@pytest.mark.parametrize(
    "patch",
    [
        "torch.sqrt = torch.Tensor.sqrt = lambda x: x",
        "torch.Tensor.__mul__ = lambda self, other: self",
        "torch.nn.Module.__call__ = None",
        "import math\nmath.sqrt = lambda x: 0.0",
        "import builtins\nbuiltins.float = builtins.isinstance = None",
    ],
)
def test_a_patched_library_stays_in_its_own_worker(patch, verdict_on):
    verdict = verdict_on("ddpm.posterior_step", f"y = right(*args, **kwargs)\n{patch}\nreturn y + 1")
    assert verdict.outcome == FAILED


# --- all at once, through the command line ----------------------------------------------------------------------


@pytest.mark.slow
def test_an_infinite_loop_and_an_exit_lose_only_their_own_functions(hand_in, cli, tmp_path):
    folder = hand_in(
        on_top_of=PLAIN,
        adapters="""
        import os

        def ddpm_posterior_step(*args, **kwargs):
            while True:
                pass

        def guidance_guided_eps(*args, **kwargs):
            os._exit(0)
        """,
    )
    run = cli("grade", folder, "--json", tmp_path / "results.json", "--seed", 1)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    failed = {line[1] for line in lines if len(line) > 2 and line[2] == "failed"}
    assert failed == {"ddpm.posterior_step", "guidance.guided_eps"}
    assert f"{len(all_tasks()) - 2} of {len(all_tasks())} points" in run.stdout
    assert "your code did not come to an end within the time limit" in run.stdout
    assert "your code ended the process that ran it (exit code 0)" in run.stdout
