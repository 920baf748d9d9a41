"""The benchmark report: sentences made of figures, what is missing said, and every measurement runs."""

import base64
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console

from grading import bench
from grading.__main__ import main
from grading.bench import report
from grading.bench.answers import CHAIN, DISTILLATION, DPS, FEW_STEPS, GAN, INVERSION, QUALITY, QUESTIONS, answers
from grading.bench.claims import LOOPS, NOT_MEASURED, NOT_SHOWN, PIPELINES, SHOWN, claims
from grading.bench.code import Direct, Isolated
from grading.bench.contest import Contest, Settings
from grading.bench.measured import Measured, NotMeasured
from grading.bench.run import measure
from grading.commands import UNUSABLE
from grading.paths import ROOT
from grading.verdicts import Unusable

PLAIN = ROOT / "tests" / "solutions" / "plain"

FILES = sorted(Path(bench.__file__).parent.glob("test_*.py"))
GROUPS = {CHAIN, QUALITY, FEW_STEPS, DPS, DISTILLATION, INVERSION, GAN, LOOPS, *PIPELINES}


def document(groups, **rest):
    """pytest-benchmark's JSON, as far as the report reads it. A contender is its seconds, or its seconds and figures."""
    entries = []
    for name, (contenders, facts) in groups.items():
        full = {
            who: {"seconds": [what, 2 * what]} if isinstance(what, float) else {"seconds": [what[0]]} | what[1]
            for who, what in contenders.items()
        }
        entries.append({"group": name, "extra_info": {"contenders": full, "facts": {"about": "planted"} | facts}})
    return {"benchmarks": entries, "machine_info": {"code": "the reference", "GPU": "none"}} | rest


def searched(seconds, loss, first=9.0):
    lowest = [first, (first + loss) / 2, loss]
    figures = {"generator evaluations": 60, "loss": loss, "first_loss": first}
    return seconds, figures | {"curve": {"seconds": [0.1, 0.2, 0.3], "lowest": lowest}}


PLANTED = {
    CHAIN: (
        {
            "DDPM, 1000 steps": (40.0, {"evaluations": 1000}),
            "DDIM, 50 steps": (2.5, {"evaluations": 50}),
            "DDIM, 5 steps": (0.4, {"evaluations": 5}),
        },
        {},
    ),
    QUALITY: (
        {
            "DDPM, 300 steps": (6.0, {"evaluations": 300, "frechet": 1.25}),
            "DDIM, 50 steps": (1.5, {"evaluations": 50, "frechet": 3.5}),
            "DDIM, 5 steps": (0.15, {"evaluations": 5, "frechet": 7.75}),
        },
        {"pictures": 25, "samples": 100, "frechet_real": 0.5, "frechet_noise": 400.0},
    ),
    FEW_STEPS: (
        {
            "Euler, 25 steps": (3.0, {"evaluations": 25, "frechet": 1.5, "recognised": 1.0}),
            "DDIM, 25 steps": (4.0, {"evaluations": 25, "frechet": 2.0, "recognised": 0.96}),
            "Euler, 5 steps": (0.5, {"evaluations": 5, "frechet": 1.75, "recognised": 0.99}),
            "DDIM, 5 steps": (0.8, {"evaluations": 5, "frechet": 60.0, "recognised": 0.52}),
        },
        {"pictures": 30, "samples": 120, "frechet_real": 0.5, "frechet_noise": 400.0},
    ),
    DPS: (
        {
            f"{sampler}, {steps} steps": (
                steps * cost,
                {"evaluations": steps, "misfit": 0.3 / steps, "error": 0.1 + 1 / steps},
            )
            for steps in (50, 5)
            for sampler, cost in (("DDIM", 0.1), ("DPS", 0.35))
        },
        {"error_of_measurement": 0.444},
    ),
    DISTILLATION: (
        {
            "SDS": (1.0, {"forward passes a step": 2, "backward passes a step": 0}),
            "SDS through the network's Jacobian": (4.0, {"forward passes a step": 2, "backward passes a step": 2}),
            "VSD with its LoRA": (5.5, {"forward passes a step": 4, "backward passes a step": 1}),
        },
        {},
    ),
    INVERSION: (
        {
            "DCGAN, z, L-BFGS": searched(6.0, 0.6),
            "DCGAN, z, Adam": searched(3.0, 0.9),
            "StyleGAN, z, L-BFGS": searched(9.0, 1.1),
            "StyleGAN, w, L-BFGS": searched(12.0, 0.8),
            "StyleGAN, w, Adam": searched(12.0, 0.85),
            "StyleGAN, w+, L-BFGS": searched(15.0, 0.3),
            "StyleGAN, w+, Adam": searched(12.0, 0.4),
            "StyleGAN, w+ from the encoder's guess, L-BFGS": searched(7.5, 0.2, first=5.0),
        },
        {},
    ),
    GAN: ({"plain": 1.0, "R1": 1.25, "R1 and DiffAug": 2.0}, {}),
    LOOPS: (
        {
            "4 bare calls": 0.1,
            "sample_ddim": (0.101, {"outside": 0.004}),
            "4 bare calls with gradient": 0.3,
            "sample_dps": (0.306, {"outside": 0.0111}),
        },
        {"call_seconds": 0.025},
    ),
    PIPELINES[0]: ({"diffusers' DDIMPipeline": 1.0, "sample_ddim": 0.75}, {}),
    PIPELINES[1]: ({"diffusers' DDPMPipeline": 1.0, "sample_ddpm": 0.5}, {}),
}


def test_contenders_take_turns_and_short_ones_are_repeated():
    stand_in = SimpleNamespace(extra_info={}, pedantic=lambda run, rounds: [run() for _ in range(rounds)])
    contest, ran = Contest(stand_in, Settings(Direct("cpu"))), []
    contest.clock = lambda: 0.25 * len(ran)  # a call takes a quarter of a second
    results = contest.race({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, rounds=2)
    assert "".join(ran) == "ab" + "ab" + "ba"  # a first one to warm up, then forwards and backwards
    assert results == {"a": [None, None], "b": [None, None]}
    ran.clear()
    contest.race({"a": lambda: ran.append("a")}, rounds=1, at_least=1.0)
    assert ran == ["a"] * (1 + 1 + 4 + 4)  # to warm up, once, often enough, and that for the record
    assert contest.contenders["a"]["seconds"] == [0.25]


def test_times_are_compared_by_their_best_rounds():
    group = Measured(document(PLANTED))[CHAIN]
    assert group.ratio("DDIM, 50 steps") == 2.5 / 40
    assert group.ratio("DDPM, 1000 steps", "DDIM, 5 steps") == 100
    with pytest.raises(NotMeasured, match="DDIM, 51 steps in"):
        group.ratio("DDIM, 51 steps")


def test_a_group_that_failed_is_not_measured_even_if_it_left_figures():
    failed = document(PLANTED, problems=[{"group": CHAIN, "reason": "it raised"}])
    with pytest.raises(NotMeasured):
        Measured(failed)[CHAIN]


@pytest.mark.parametrize(
    "words, figures",
    [
        ("report the time you need", ["40 s for its 1,000", "2.5 s for its 50", "16.0 times", "20.0 times the eval"]),
        ("pros and cons", ["1.25 by DDPM, 300", "3.50 by DDIM, 50", "real digits 0.50", "noise 400", "4.0 times"]),
        ("quite slow", ["40 s", "50 steps 1/16", "5 steps 1/100"]),
        (
            "steps of 1 / S",
            [
                "After 5, 25 steps",
                "1.75, 1.50 by Euler",
                "60.00, 2.00 by DDIM",
                "99%, 100% and 52%, 96% are recognised",
                "Euler, 5 steps, come as near to real digits as DDIM, 25 steps, in 0.12 of its time",
            ],
        ),
        ("extra time cost", ["3.50 times as long as DDIM, 250% more", "50 network evaluations"]),
        ("fewer timesteps", ["0.120 with 50 steps (17.5 s)", "0.300 with 5 steps (1.75 s)", "0.444", "0.006 to 0.06"]),
        ("Omitting the U-Net Jacobian", ["4.00 times", "saves 75%"]),
        ("trains a LoRA", ["5.50 times", "4 passes forward and 1 backward in place of 2 passes forward and 0"]),
        ("how fast is each", ["DCGAN, z 100 ms (1.00), loss 0.60", "StyleGAN, w+ 250 ms (2.50), loss 0.30"]),
        ("best result", ["StyleGAN, w+, L-BFGS: 0.30, in 15 s", "1,000 evaluations take 250 s"]),
        ("Adam or L-BFGS", ["in StyleGAN, w+ L-BFGS reaches 0.30 and Adam 0.40 in 0.80 times"]),
        ("how much faster", ["loss 5.00", "after 2 evaluations", "ends at 0.20", "0.50 times its time"]),
        ("what does a step cost?", ["R1 takes 1.25 times", "DiffAug 2.00 times", "80% and 50% of the iterations"]),
    ],
)
def test_a_sentence_is_made_of_the_measured_figures(words, figures):
    (answer,) = [answer for answer in answers(Measured(document(PLANTED))) if words in answer.question]
    assert answer.measured
    for figure in figures:
        assert figure in answer.sentence


def test_too_few_steps_of_every_number_are_said_to_be_too_few():
    contenders, facts = PLANTED[FEW_STEPS]
    far = {name: (what[0], what[1] | {"frechet": 9.0}) for name, what in contenders.items() if "Euler" in name}
    (answer,) = [
        one
        for one in answers(Measured(document(PLANTED | {FEW_STEPS: (contenders | far, facts)})))
        if "steps of 1 / S" in one.question
    ]
    assert "none of them comes as near to real digits as DDIM, 25 steps" in answer.sentence


def test_every_question_is_tried_above_and_says_where_it_stands():
    (parameters,) = test_a_sentence_is_made_of_the_measured_figures.pytestmark
    assert len(parameters.args[1]) == len(QUESTIONS)
    assert all(re.match(r"(EECS 498|CMU 16-726|CS180) .*(section|part|bells)", source) for _, source, _ in QUESTIONS)


@pytest.mark.parametrize("missing", sorted(GROUPS))
def test_what_is_missing_is_said(missing):
    m = Measured(document({name: group for name, group in PLANTED.items() if name != missing}))
    said = [one.sentence for one in answers(m) if not one.measured] + [
        one.sentence for one in claims(m) if one.verdict == NOT_MEASURED
    ]
    assert said
    assert all(missing in sentence for sentence in said)


@pytest.mark.parametrize(
    "changed, verdicts",
    [
        ({}, [SHOWN, SHOWN]),
        ({LOOPS: PLANTED[LOOPS][0] | {"sample_dps": (0.3, {"outside": 0.0201})}}, [NOT_SHOWN, SHOWN]),
        ({PIPELINES[0]: {"diffusers' DDIMPipeline": 1.0, "sample_ddim": 1.01}}, [SHOWN, NOT_SHOWN]),
    ],
)
def test_claims_stand_and_fall_with_the_figures(changed, verdicts):
    groups = PLANTED | {name: (contenders, PLANTED[name][1]) for name, contenders in changed.items()}
    assert [claim.verdict for claim in claims(Measured(document(groups)))] == verdicts


def test_a_quicker_network_proves_nothing_about_loops():
    groups = PLANTED | {LOOPS: (PLANTED[LOOPS][0], {"call_seconds": 0.019})}
    assert claims(Measured(document(groups)))[0].verdict == NOT_SHOWN


def test_the_report(tmp_path):
    problems = [{"group": "cutout", "reason": "augment.rand_cutout: <b>broken</b>"}]
    report.write(document(PLANTED, problems=problems), tmp_path)
    page, text = (tmp_path / "index.html").read_text(), (tmp_path / "report.md").read_text()
    assert "&lt;b&gt;broken" in page
    assert "not measured: cutout" in text
    assert "| DDIM, 50 steps | 2.5 s | 0.0625 | 50 |" in text
    assert "isolated" not in page
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 6
    for picture in pictures:
        assert picture.name in text
        assert base64.b64encode(picture.read_bytes()).decode() in page


def test_a_report_of_nothing(tmp_path):
    report.write({"benchmarks": []}, tmp_path)
    assert (tmp_path / "report.md").read_text().count("Not measured") == len(QUESTIONS)
    assert not list(tmp_path.glob("*.png"))


def test_a_submissions_times_are_said_to_include_the_transport(tmp_path):
    transport = {"calls into a worker": ({"add_noise": 1.0}, {"round_trip": 0.00125, "callback": 0.0005})}
    handed_in = document(transport) | {"machine_info": {"code": "mine/, isolated"}}
    report.write(handed_in, tmp_path)
    assert "way there and back takes 1.25 ms, a network's 500 µs" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["no such folder"], "no such folder: there is no such folder"),
        (["--device", "abacus"], "--device abacus: "),
        (["--out", str(ROOT / "README.md")], "expected a folder, got a file"),
    ],
)
def test_what_cannot_be_used(arguments, message, capsys, tmp_path):
    assert (
        main(["bench", "--only", "none", *(["--out", str(tmp_path)] * ("--out" not in arguments)), *arguments])
        == UNUSABLE
    )
    assert message in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_graphics_card_that_is_not_there(capsys, tmp_path):
    assert main(["bench", "--device", "cuda", "--out", str(tmp_path)]) == UNUSABLE
    assert "--device cuda: " in capsys.readouterr().err


def quick(code, file, outdir, **settings):
    return measure(Settings(code, quick=True, **settings), "", outdir, Console(quiet=True), file)


def test_words_that_are_in_no_name_and_all_groups_that_sentences_want(tmp_path):
    with pytest.raises(Unusable, match="--only 'abacus'") as caught:
        measure(Settings(Direct("cpu"), quick=True), "dps,abacus", tmp_path, Console(quiet=True))
    assert [name for name in GROUPS if name not in str(caught.value)] == []


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_measurement_runs_and_has_what_the_sentences_want(file, fork_server, tmp_path):
    found = quick(Direct("cpu"), file, tmp_path, fork_server=fork_server)
    assert found["problems"] == []
    m = Measured(found)
    assert m.groups
    for answer in answers(m):
        missing = answer.sentence.removeprefix("Not measured: ").removesuffix(".")
        assert answer.measured or missing in GROUPS - set(m.groups), answer
    for claim in claims(m):
        assert claim.verdict != NOT_MEASURED or any(name in claim.sentence for name in GROUPS - set(m.groups)), claim
    assert all(len(row) == len(report.rows(group)[0]) for group in m.groups.values() for row in report.rows(group))
    assert json.loads((tmp_path / "results.json").read_text()) == found


@pytest.mark.parametrize("name", ["loops", "restoration", "inversion"])
def test_a_submission_is_measured_in_its_workers(name, fork_server, tmp_path):
    code = Isolated(fork_server, ROOT / "reference")
    try:
        found = quick(code, FILES[0].with_name(f"test_{name}.py"), tmp_path, fork_server=fork_server)
    finally:
        code.close()
    assert found["problems"] == []
    assert {group.facts["clock"] for group in Measured(found).groups.values()} == {"wall clock"}


def test_a_function_that_is_missing_leaves_the_others_measured(hand_in, fork_server, tmp_path):
    code = Isolated(fork_server, hand_in(on_top_of=PLAIN, ddim="def ddim_step():\n    pass"))
    try:
        found = quick(code, FILES[0].with_name("test_formulas.py"), tmp_path, fork_server=fork_server)
    finally:
        code.close()
    reasons = {problem["group"]: problem["reason"] for problem in found["problems"]}
    assert set(reasons) == {"a DDIM step", "R1 with its gradient"}
    assert reasons["a DDIM step"].startswith("ddim.ddim_step: ")
    assert "forward noising" in Measured(found).groups
