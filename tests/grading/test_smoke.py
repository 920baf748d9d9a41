"""The smoke tier: broken functions end what needs them, wrong formulas fail, and the report says so."""

import json

import pytest
import torch
from PIL import Image

from grading.contract import stubs
from grading.contract.functions import all_tasks
from grading.contract.reference import reference_function
from grading.diagnosis.mistakes import catalogue
from grading.pictures import demonstrations, report
from grading.pictures.demonstration import (
    DEMONSTRATIONS,
    Demonstration,
    Measure,
    Shown,
    bound,
    expected_values,
    passes,
)
from grading.pictures.functions import CannotGoOn, Functions, Trusted
from grading.pictures.run import FAILED, PASSED, SKIPPED, Outcome, chosen, run
from grading.pictures.run import _judge as judge
from grading.pictures.worlds.shipped import Shipped
from grading.sandbox.crossing.values import Leaf
from reference import data, networks

from .conftest import PLAIN

WRONG = [  # demonstration, wrong function
    ("DDPM sampling", "ddpm.sample_ddpm", "sample_ddpm_steps_by_one"),
    ("DDPM sampling", "ddpm.sample_ddpm", "sample_ddpm_noise_drawn_once"),
    ("DDIM in 5, 10, 25 and 50 steps", "ddim.sample_ddim", "sample_ddim_model_sees_start"),
    ("DDIM in 5, 10, 25 and 50 steps", "ddim.sample_ddim", "sample_ddim_steps_by_one"),
    ("classifier-free guidance", "guidance.guided_eps", "guided_eps_swapped"),
    ("one-step and iterative denoising against a blur", "noising.add_noise", "add_noise_weights_swapped"),
    ("one-step and iterative denoising against a blur", "ddpm.predict_x0", "predict_x0_noise_added"),
    ("SDEdit of a photograph and of a scribble", "editing.sdedit", "sdedit_whole_chain"),
    ("SDEdit of a photograph and of a scribble", "editing.sdedit", "sdedit_counted_from_the_end"),
    ("inpainting", "editing.inpaint", "inpaint_mask_inverted"),
    ("inpainting", "editing.inpaint", "inpaint_no_last_blend"),
    ("visual anagram", "illusions.anagram_eps", "anagram_eps_not_flipped_back"),
    ("visual anagram", "illusions.anagram_eps", "anagram_eps_left_right"),
    ("hybrid image", "illusions.hybrid_eps", "hybrid_eps_swapped"),
    ("DPS: inpainting, super-resolution, deblurring", "dps.sample_dps", "sample_dps_sign"),
    ("DPS: inpainting, super-resolution, deblurring", "dps.sample_dps", "sample_dps_plain_ddim"),
    ("SDS at guidance 7.5 and 100", "distillation.sds_residual", "sds_residual_sign"),
    ("VSD at guidance 7.5 with a LoRA", "distillation.vsd_residual", "vsd_residual_zero"),
    ("GAN inversion in z, w and w+", "inversion.invert", "invert_climbs"),
    ("inversion: weights and optimisers", "inversion.inversion_loss", "inversion_loss_delta_ignored"),
    ("scribble to image", "inversion.scribble_loss", "scribble_loss_mask_inverted"),
    ("interpolation in 31 frames", "latents.interpolate", "interpolate_reversed"),
    ("flow matching in 5, 10, 25 and 50 steps", "flow.sample_flow", "sample_backwards"),
    ("flow matching in 5, 10, 25 and 50 steps", "flow.guided_velocity", "guided_keep_inverted"),
    ("flow matching: ways from noise to digits", "flow.flow_interpolate", "interpolate_time_reversed"),
    ("flow matching: ways from noise to digits", "flow.flow_velocity", "velocity_reversed"),
    ("flow matching: ways from noise to digits", "flow.flow_step", "step_of_t"),
]


def with_mistake(task, name):
    (wrong,) = [m.implementation for m in catalogue() if (m.task, m.name) == (task, name)]
    return Trusted(lambda asked: wrong if asked == task else reference_function(asked))


@pytest.mark.slow
@pytest.mark.parametrize("title, task, name", WRONG, ids=[name for *_, name in WRONG])
def test_a_wrong_formula_fails_what_depends_on_it(title, task, name):
    (one,) = [one for one in DEMONSTRATIONS if one.name == title]
    assert task in one.needs
    expected = expected_values()[one.name]
    try:
        outcome = judge(one, one.run(with_mistake(task, name), Shipped(0)), expected, 0.0)
    except CannotGoOn:
        return
    assert outcome.outcome == FAILED, outcome.measures


def test_every_measure_of_every_demonstration_has_an_expected_value():
    assert set(expected_values()) == {one.name for one in DEMONSTRATIONS}


def test_needs_are_graded_functions():
    assert {need for one in DEMONSTRATIONS for need in one.needs} <= set(all_tasks())


def test_bounds():
    assert bound(10.0, 2.0, "higher") == 2.0
    assert bound(10.0, 2.0, "lower") == 18.0
    assert bound(10.0, 0.0, "lower") == pytest.approx(14.0)  # a few seeds that agree prove little
    assert passes(Measure(2.0, "higher"), 10.0, 2.0)
    assert not passes(Measure(1.9, "higher"), 10.0, 2.0)
    assert not passes(Measure(float("nan"), "lower"), 10.0, 1.0)


def test_demonstrations_by_word():
    assert [one.name for one in chosen("anagram, SDEDIT")] == [
        "SDEdit of a photograph and of a scribble",
        "visual anagram",
    ]
    assert chosen("") == DEMONSTRATIONS
    for one in DEMONSTRATIONS:
        assert chosen(one.name) == [one]
    with pytest.raises(ValueError, match=r"'cats' is in the name of no demonstration; there are: .*visual anagram"):
        chosen("cats")


class TestSubmissions:
    @pytest.fixture
    def functions(self, fork_server, hand_in):
        made = []

        def make(source):
            made.append(Functions(fork_server, hand_in(latents=source)))
            return made[-1]

        yield make
        for one in made:
            one.close()

    def frames(self, functions, result):
        return functions(f"def interpolate(latent_a, latent_b, num_frames):\n    {result}")(
            "latents.interpolate", latent_a=torch.zeros(3), latent_b=torch.ones(3), num_frames=2
        )

    @pytest.mark.parametrize(
        "result, message",
        [
            ("return None", "expected a tensor as its result, got NoneType"),
            ("return latent_a / 0", "not finite"),
            ("raise KeyError(num_frames)", "KeyError"),
            ("import os; os._exit(3)", "exit code 3"),
        ],
    )
    def test_what_cannot_be_used_names_the_function(self, functions, result, message):
        with pytest.raises(CannotGoOn, match=message) as caught:
            self.frames(functions, result)
        assert caught.value.task == "latents.interpolate"
        assert not caught.value.missing

    def test_a_pipeline_that_cannot_go_on_fails_and_the_run_goes_on(self, fork_server, hand_in):
        folder = hand_in(
            latents="import torch\ndef interpolate(latent_a, latent_b, num_frames):\n    return torch.ones(7)"
        )

        def adds(f, world):
            return f("latents.interpolate", latent_a=torch.ones(3), latent_b=torch.ones(3), num_frames=2) + torch.ones(
                2, 3
            )

        todo = [Demonstration("any", ("latents.interpolate",), adds)] * 2
        outcomes = list(run(fork_server, folder, Shipped(0), todo))
        assert [one.outcome for one in outcomes] == [FAILED, FAILED]
        assert "cannot go on with what came back" in outcomes[0].problems[0]

    def test_a_model_that_is_not_there_skips_what_needs_it(self, fork_server, hand_in):
        def needs_a_model(f, world):
            return networks.load("no such model")

        (outcome,) = run(fork_server, hand_in(), Shipped(0), [Demonstration("any", (), needs_a_model)])
        assert outcome.outcome == SKIPPED
        assert "nox -s train -- no such model" in outcome.problems[0]

    def test_what_is_not_implemented(self, functions):
        with pytest.raises(CannotGoOn) as caught:
            self.frames(functions, "raise NotImplementedError")
        assert caught.value.missing

    def test_a_run_goes_on_after_a_function_that_cannot_be_used(self, fork_server, hand_in):
        def sums(f, world):
            shown = Shown()
            both = {"latent_a": torch.ones(3), "latent_b": torch.ones(3)}
            shown.higher("sum", f("latents.interpolate", **both, num_frames=2).sum(), "the sum")
            return shown

        folder = hand_in(
            latents="import torch\ndef interpolate(latent_a, latent_b, num_frames):\n    return torch.ones(2, 3)"
        )
        todo = [
            Demonstration("first", ("latents.interpolate",), sums),
            Demonstration("second", ("latents.sample_z",), lambda f, world: f("latents.sample_z", batch_size=1)),
        ]
        first, second = run(fork_server, folder, Shipped(0), todo)
        assert first.outcome == FAILED
        assert "no expected value" in first.problems[0]
        assert second.outcome == SKIPPED
        assert second.problems[0].startswith("latents.sample_z: not implemented")


class TestLent:
    """A technique of two functions, on a picture of four pixels."""

    WRITTEN = "def strided_timesteps(num_train_steps, num_inference_steps):\n    return list(range(0, num_train_steps, 2))[::-1]"

    @pytest.fixture
    def outcome(self, fork_server, hand_in):
        def outcome(needs, run_it, lend=True, beside=False, **modules):
            todo = [Demonstration("any", needs, run_it)]
            return next(iter(run(fork_server, hand_in(**modules), Shipped(0), todo, lend, beside)))

        return outcome

    @staticmethod
    def sampled(f, world):
        """By DDIM, in five steps."""
        shown, alphas_cumprod = Shown(), torch.linspace(0.99, 0.02, 10)
        x0 = f(
            "ddim.sample_ddim",
            eps_model=lambda x_t, t: 0.1 * x_t,
            x_T=torch.ones(1, 1, 2, 2),
            timesteps=f.timesteps(10, 5),
            alphas_cumprod=alphas_cumprod,
        )
        shown.show("sampled", x0.expand(-1, 3, -1, -1))
        return shown

    NEEDS = ("noising.strided_timesteps", "ddim.sample_ddim")

    def test_one_function_makes_a_picture(self, outcome):
        one = outcome(self.NEEDS, self.sampled, beside=True, noising=self.WRITTEN)
        assert (one.outcome, one.lent) == (PASSED, ["ddim.sample_ddim"])
        assert torch.equal(one.beside.rows[0][1], self.sampled(Trusted(reference_function), None).rows[0][1])

    def test_a_course_may_not_allow_it(self, outcome):
        one = outcome(self.NEEDS, self.sampled, lend=False, noising=self.WRITTEN)
        assert (one.outcome, one.lent, one.shown) == (SKIPPED, [], None)

    def test_where_nothing_is_written_nothing_is_claimed(self, outcome):
        def never(f, world):
            raise AssertionError("it is not even begun")

        one = outcome(self.NEEDS, never, ddim="def sample_ddim(*a, **k):\n    raise NotImplementedError")
        assert (one.outcome, one.lent) == (SKIPPED, [])
        assert one.problems == ["not written yet: noising.strided_timesteps, ddim.sample_ddim"]

    def test_what_is_asked_for_and_takes_no_part_is_no_part(self, outcome):
        def other(f, world):
            f.timesteps(10, 5)
            return Shown()

        sampler = "def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod):\n    return x_T"
        one = outcome(self.NEEDS, other, ddim=sampler)
        assert one.outcome == SKIPPED
        assert one.problems == ["nothing of what was handed in took part"]

    def test_what_a_function_calls_and_lacks_is_lent_to_it(self, outcome):
        sampler = """
            from .noising import strided_timesteps

            def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
                raise NotImplementedError

            def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=None, clip_x0=False):
                x = x_T
                for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
                    x = ddim_step(x, eps_model(x, t), 0 * x, t, t_prev, alphas_cumprod)
                return x
        """
        one = outcome(self.NEEDS, self.sampled, beside=True, noising=self.WRITTEN, ddim=sampler)
        assert (one.outcome, one.lent, one.problems) == (PASSED, ["ddim.ddim_step"], [])
        mine, right = one.shown.rows[0][1], one.beside.rows[0][1]
        assert torch.allclose(mine, right, atol=1e-5)

    def test_what_is_wrong_is_not_replaced(self, outcome):
        wrong = "def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod):\n    return [1 / 0]"
        one = outcome(self.NEEDS, self.sampled, ddim=wrong)
        assert one.outcome == FAILED
        assert "ddim.sample_ddim: your code raised ZeroDivisionError" in one.problems[0]

    def test_the_references_source_is_not_beside_student_code(self, outcome):
        spy = """
            import inspect, sys

            def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
                raise NotImplementedError

            def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=None, clip_x0=False):
                try:
                    source = inspect.getsource(ddim_step)
                except OSError:
                    source = ""
                held = [name for name in sys.modules if name.split(".")[0] == "reference"]
                return x_T + (1e9 if held or "abar" in source else 0)
        """
        one = outcome(self.NEEDS, self.sampled, noising=self.WRITTEN, ddim=spy)
        assert one.outcome == PASSED
        assert one.shown.rows[0][1].abs().max() <= 1


@pytest.mark.slow
def test_the_first_right_function_makes_a_picture(fork_server, tmp_path):
    stubs.write(stubs.build(), tmp_path / "homework")
    (tmp_path / "homework" / "noising.py").write_text((PLAIN / "noising.py").read_text(encoding="utf-8"))
    outcomes = {one.name: one for one in run(fork_server, tmp_path / "homework", Shipped(0), DEMONSTRATIONS, lend=True)}
    made = {name for name, one in outcomes.items() if one.outcome == PASSED}
    assert {"DDPM sampling", "DDIM in 5, 10, 25 and 50 steps"} <= made
    assert all(one.lent for name, one in outcomes.items() if name in made)
    assert all(one.outcome == SKIPPED for name, one in outcomes.items() if name not in made)


@pytest.mark.slow
@pytest.mark.parametrize("one", DEMONSTRATIONS, ids=lambda one: one.name)
def test_a_demonstration_needs_all_that_it_asks_for(one):
    asked = set()

    def noted(task):
        asked.add(task)
        return reference_function(task)

    one.run(Trusted(noted), Shipped(0))
    assert asked == set(one.needs)


def test_a_loss_of_the_submission_has_gradients_here():
    functions = Trusted(lambda task: lambda pred, target: (pred - target).square().sum())
    pred = torch.tensor([3.0], requires_grad=True)
    (2 * functions.loss("inversion.lp_loss", "pred", pred=pred, target=torch.tensor([1.0]))).backward()
    assert pred.grad.tolist() == [8.0]


def test_trusted_functions_take_what_workers_take():
    functions = Trusted(lambda task: lambda x: x * 2)
    assert functions("any", x=Leaf(torch.ones(2))).tolist() == [2.0, 2.0]


def test_the_report(tmp_path):
    shown = Shown(frames=torch.rand(4, 3, 8, 8))
    shown.show("a <row>", torch.zeros(3, 3, 8, 8))
    measures = {"error": {"value": 0.5, "better": "lower", "reference": 0.4, "limit": 0.6, "says": "how <far> it is"}}
    right = Shown(rows=[("a <row>", torch.ones(3, 3, 8, 8))])
    outcomes = [
        Outcome("good: 1", PASSED, 1.0, [], measures, shown, ["noising.strided_timesteps"], right),
        Outcome("bad", FAILED, 2.0, ["latents.interpolate: <b>broken</b>"]),
    ]
    report.write(outcomes, "handed in", 3, "cpu", tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "1 passed, 1 failed, in 3 s." in page
    assert "&lt;b&gt;broken" in page
    assert "≤ 0.6" in page
    assert Image.open(tmp_path / "contact-sheet.png").width > 3 * 16
    assert Image.open(tmp_path / "good-1.gif").n_frames == 6
    text = (tmp_path / "README.md").read_text()
    assert "![what good: 1 made](good-1.png)" in text
    assert "![the animation of good: 1](good-1.gif)" in text
    assert "| error | 0.5 | ≤ 0.6 | 0.4 | how <far> it is |" in text
    for told in (text, page):
        assert "with a lent strided_timesteps" in told
    assert "how &lt;far&gt; it is" in page
    assert page.index('alt="yours: a &lt;row&gt;"') < page.index('alt="the reference\'s: a &lt;row&gt;"')
    assert Image.open(tmp_path / "good-1.png").width > 2 * 3 * 16
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["seed"] == 3
    assert [one["outcome"] for one in results["demonstrations"]] == ["passed", "failed"]
    assert results["demonstrations"][0]["measures"] == measures
    assert results["demonstrations"][0]["lent"] == ["noising.strided_timesteps"]


def test_techniques_are_found_where_they_lie():
    assert demonstrations.DEMONSTRATIONS is DEMONSTRATIONS
    assert [one.name for one in DEMONSTRATIONS] == list(expected_values())  # the order of the report


def test_each_of_two_generators_has_an_encoder_that_knows_its_pictures():
    world = Shipped(0)
    kinds = {"faces": (world.stylegan, world.encoder), "animals": (world.animals, world.animals_encoder)}
    for name, (gan, _) in kinds.items():
        real = data.load(name, size=32).floats(-1, 1)
        errors = {other: (gan.synthesis(encoder(real)) - real).square().mean() for other, (_, encoder) in kinds.items()}
        assert min(errors, key=errors.__getitem__) == name
