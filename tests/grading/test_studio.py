"""The studio without its page: settings → pictures, whose functions, stopping and going on, drawings, the command line."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from grading.studio.drawing import drawn
from grading.studio.recipes import recipe
from grading.studio.search import Reached
from grading.studio.settings import command, expect_complete, read
from grading.studio.shown import shown
from grading.studio.whose import BOTH, REFERENCE, YOURS, Submitted
from grading.studio.work import Work
from grading.studio.worlds import PLAIN, Worlds
from grading.verdicts import Unusable

from .conftest import PLAIN as RIGHT


@pytest.fixture(scope="module")
def worlds():
    return Worlds()


@pytest.fixture
def cat(tmp_path):
    """A cat-like head of five strokes."""
    image = Image.new("RGBA", (512, 512))
    pen = ImageDraw.Draw(image)
    head = [(80, 256), (100, 80), (180, 150), (330, 150), (410, 80), (435, 256), (360, 410), (150, 410), (80, 256)]
    pen.line(head, fill="#f0af29", width=30, joint="curve")
    for line in (
        [(170, 230), (172, 256)],
        [(340, 230), (340, 256)],
        [(250, 300), (250, 316)],
        [(200, 350), (310, 350)],
    ):
        pen.line(line, fill="#503b15", width=28)
    image.save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def made_by(submitted, sides, name, settings, worlds):
    """The sides of a run, when it has ended."""
    making = recipe(name)
    work = Work(submitted, sides, lambda f, tell, begun: making.make(settings, f, worlds, tell, begun))
    for _ in work.watch():
        pass
    return work


def by_reference(name, settings, worlds):
    (side,) = made_by(Submitted(None, None), [REFERENCE], name, settings, worlds).sides
    assert side.trouble == ""
    return side.made


# --- settings ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Some:
    drawing: Path | None = None
    steps: int = 25
    eta: float = 0.0
    from_mean: bool = True
    prompt: str = "cat face"


def test_a_command_line_says_what_is_not_as_by_default_and_is_read_again():
    settings = Some(Path("/somewhere/drawing-1.png"), 10, 0.5, False, "a lion's face")
    said = command(Path("my homework"), "draw", settings, BOTH, "draw.png")
    assert said == (
        "nox -s studio -- 'my homework' --whose both --make draw --set drawing=drawing-1.png steps=10 eta=0.5"
        """ from_mean=no 'prompt=a lion'"'"'s face' --out draw.png"""
    )
    words = ["drawing=drawing-1.png", "steps=10", "eta=0.5", "from_mean=no", "prompt=a lion's face"]
    assert read(Some, words) == Some(Path("drawing-1.png"), 10, 0.5, False, "a lion's face")
    assert command(None, "draw", Some(), REFERENCE, "draw.png") == "nox -s studio -- --make draw --out draw.png"


@pytest.mark.parametrize(
    "word, expected",
    [
        ("steps=many", "--set steps=many: expected a whole number"),
        ("from_mean=maybe", "--set from_mean=maybe: expected yes or no"),
        ("speed=3", "--set speed=3: expected NAME=VALUE with a name out of drawing, steps, eta, from_mean, prompt"),
        ("steps", "--set steps: expected NAME=VALUE"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(word, expected):
    with pytest.raises(Unusable, match=expected):
        read(Some, [word])


def test_a_field_that_was_emptied_is_named():
    expect_complete(Some())
    with pytest.raises(Unusable, match="steps: expected a value such as 25, got nothing"):
        expect_complete(Some(steps=None))


# --- drawings ---------------------------------------------------------------------------------------------------


def test_a_drawing_keeps_its_colours_and_its_mask_is_where_something_is_drawn(tmp_path):
    image = Image.new("RGBA", (64, 64))
    image.paste((255, 0, 0, 255), (0, 0, 32, 2))  # half of the pixels of the first row, as 16 × 16 sees it
    image.save(tmp_path / "line.png")
    sketch, mask = drawn(tmp_path / "line.png", 16)
    assert mask.shape == (1, 1, 16, 16) and mask[0, 0, 0, :8].eq(1).all() and mask.sum() == 8
    assert torch.allclose(sketch[0, :, 0, 0], torch.tensor([1.0, -1.0, -1.0]), atol=0.01)
    assert sketch[0, :, 8:, 8:].eq(1).all()  # white where nothing is


@pytest.mark.parametrize("nothing", [None, "", "empty.png"])
def test_an_empty_drawing_is_refused(tmp_path, nothing):
    Image.new("RGBA", (64, 64)).save(tmp_path / "empty.png")
    with pytest.raises(Unusable, match="nothing is drawn yet"):
        drawn(tmp_path / nothing if nothing else nothing, 16)


# --- recipes ----------------------------------------------------------------------------------------------------


def test_what_is_drawn_is_found_where_it_is_drawn(worlds, cat):
    Settings = recipe("draw").Settings
    made = by_reference("draw", Settings(drawing=cat, steps=40), worlds)
    sketch, mask = drawn(cat, 32)
    assert made.losses[-1] < 0.6 * made.losses[0]
    assert made.measures["error where drawn"].value == pytest.approx(
        float((made.rows[0][1] - sketch)[mask.expand_as(sketch) > 0].abs().mean())
    )


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_a_picture_is_found_in_every_space(worlds, space):
    Settings = recipe("invert").Settings
    made = by_reference("invert", Settings(space=space, second="", steps=15, perceptual_weight=0.0), worlds)
    assert made.losses[-1] < 0.9 * made.losses[0]
    assert made.frames is None and made.stages == []


def test_a_walk_begins_and_ends_at_what_was_found(worlds):
    Settings = recipe("invert").Settings
    settings = Settings(start="encoder", steps=2, perceptual_weight=0.0, third="neutral face")
    made = by_reference("invert", settings, worlds)
    assert len(made.frames) == len(made.stages) == 31
    found = made.rows[0][1]
    assert torch.allclose(made.frames[[0, -1]], found[:2], atol=1e-4)
    triangle = [pictures for caption, pictures in made.rows if caption.startswith("triangle")]
    assert [len(pictures) for pictures in triangle] == [1, 2, 3, 4, 5]
    assert torch.allclose(triangle[-1][-1], found[2].clamp(-1, 1), atol=1e-4)


def test_the_encoder_knows_one_space(worlds):
    Settings = recipe("invert").Settings
    for settings in (Settings(start="encoder", space="w"), Settings(start="encoder", gan=PLAIN, space="z")):
        (side,) = made_by(Submitted(None, None), [REFERENCE], "invert", settings, worlds).sides
        assert side.trouble.startswith("start: the encoder guesses w+")


def test_both_samplers_begin_with_the_same_noise_and_the_seed_draws_it_again(worlds):
    Settings = recipe("sample").Settings
    first, again, other = (
        by_reference("sample", Settings(steps=4, pictures=1, seed=seed), worlds) for seed in (3, 3, 4)
    )
    (_, ddpm), _, (_, ddim), _ = first.stages[0]
    assert torch.equal(ddpm, ddim)
    assert torch.equal(first.rows[0][1], again.rows[0][1]) and torch.equal(first.rows[1][1], again.rows[1][1])
    assert not torch.equal(first.rows[0][1], other.rows[0][1])
    assert len(first.stages) == 4


def test_an_sdedit_from_the_last_index_is_nearly_the_drawing(worlds, cat):
    Settings = recipe("sdedit").Settings
    late, early = (by_reference("sdedit", Settings(drawing=cat, start=start), worlds) for start in (24, 16))
    assert late.measures["change"].value < early.measures["change"].value
    assert len(late.stages) == 1 and len(early.stages) == 9


def test_settings_outside_their_range_are_refused(worlds, cat):
    Settings = recipe("sdedit").Settings
    (side,) = made_by(Submitted(None, None), [REFERENCE], "sdedit", Settings(cat, start=25), worlds).sides
    assert side.trouble == "start: expected an index from 0 to 24, got 25"


# --- stopping and going on ----------------------------------------------------------------------------------------


def test_a_search_that_was_stopped_goes_on_where_it_was(worlds, cat):
    making = recipe("draw")
    settings = making.Settings(drawing=cat, steps=1000)

    def make(f, tell, begun):
        return making.make(settings, f, worlds, tell, begun)

    work = Work(Submitted(None, None), [REFERENCE], make)
    for _ in work.watch():
        if work.sides[0].made and len(work.sides[0].made.losses) > 10:
            work.stop()
    (side,) = work.sides
    assert side.stopped and not side.trouble
    stopped = side.made
    assert isinstance(stopped.again, Reached)
    work = Work(Submitted(None, None), [REFERENCE], make, {REFERENCE: stopped})
    for _ in work.watch():
        if len(work.sides[0].made.losses) > len(stopped.losses):
            work.stop()
    gone_on = work.sides[0].made
    assert gone_on.losses[: len(stopped.losses)] == stopped.losses
    assert gone_on.losses[len(stopped.losses)] == pytest.approx(stopped.again.loss, rel=1e-3)
    assert torch.equal(gone_on.again.start, stopped.again.start)


# --- mine against right -------------------------------------------------------------------------------------------


def test_a_right_submission_makes_the_same_picture(fork_server, worlds):
    Settings = recipe("sample").Settings
    submitted = Submitted(RIGHT, fork_server)
    yours, reference = made_by(submitted, submitted.sides(BOTH), "sample", Settings(steps=4, pictures=1), worlds).sides
    assert (yours.name, reference.name) == (YOURS, REFERENCE)
    assert (yours.trouble, yours.note) == ("", "")
    assert torch.allclose(yours.made.rows[1][1], reference.made.rows[1][1], atol=1e-3)


def test_a_function_that_raises_says_so_and_the_other_side_is_made(fork_server, worlds, hand_in, cat):
    folder = hand_in(inversion="def scribble_loss(image, sketch, mask):\n    raise RuntimeError('<b>no</b>')\n")
    submitted = Submitted(folder, fork_server)
    work = made_by(submitted, submitted.sides(BOTH), "draw", recipe("draw").Settings(drawing=cat, steps=3), worlds)
    yours, reference = work.sides
    assert yours.trouble.startswith("inversion.scribble_loss") and "<b>no</b>" in yours.trouble
    assert reference.made is not None and reference.trouble == ""
    page = shown(work)
    assert "&lt;b&gt;no&lt;/b&gt;" in page and "<b>" not in page


def test_a_hanging_function_is_stopped_at_once(fork_server, worlds, hand_in):
    folder = hand_in(ddim="def sample_ddim(*a, **k):\n    while True: pass\n")
    making, settings = recipe("sample"), recipe("sample").Settings(steps=2, pictures=1)
    work = Work(Submitted(folder, fork_server), [YOURS], lambda f, tell, _: making.make(settings, f, worlds, tell))
    for _ in work.watch():
        if work.sides[0].done:  # DDPM, which is lent, has been; DDIM hangs
            work.stop()
    assert work.sides[0].stopped and work.sides[0].trouble == ""


def test_a_hanging_function_says_so(fork_server, worlds, hand_in, short_calls):
    folder = hand_in(ddim="def sample_ddim(*a, **k):\n    while True: pass\n")
    (side,) = made_by(
        Submitted(folder, fork_server), [YOURS], "sample", recipe("sample").Settings(steps=2, pictures=1), worlds
    ).sides
    assert "did not come to an end within the time limit" in side.trouble


def test_what_is_lent_is_said(fork_server, worlds, hand_in):
    folder = hand_in(ddim="def ddim_step(*a, **k):\n    return 0\n")
    (side,) = made_by(
        Submitted(folder, fork_server), [YOURS], "sample", recipe("sample").Settings(steps=2, pictures=1), worlds
    ).sides
    assert side.note == "nothing of what was handed in took part: all was lent"


def test_a_save_counts_from_the_next_run_on(fork_server, worlds, hand_in):
    Settings = recipe("sample").Settings
    folder = hand_in(ddim="def sample_ddim(*a, **k):\n    raise RuntimeError('first')\n")
    submitted = Submitted(folder, fork_server)
    (before,) = made_by(submitted, [YOURS], "sample", Settings(steps=2, pictures=1), worlds).sides
    (folder / "ddim.py").write_text("def sample_ddim(*a, **k):\n    raise RuntimeError('second')\n")
    (after,) = made_by(submitted, [YOURS], "sample", Settings(steps=2, pictures=1), worlds).sides
    assert "first" in before.trouble and "second" in after.trouble


# --- worlds -----------------------------------------------------------------------------------------------------


def test_runs_with_different_seeds_share_the_networks(worlds):
    first, second = worlds.world("emoji", 1), worlds.world("emoji", 2)
    assert first.network is second.network
    assert not torch.equal(first.noise(1, "x_T"), second.noise(1, "x_T"))


def test_a_palette_is_of_the_worlds_own_colours(worlds):
    *colours, white = worlds.palette("emoji faces")
    assert white == "#ffffff" and len(set(colours)) == 7
    red, green, blue = bytes.fromhex(colours[0][1:])
    assert red > 200 and green > 150 and blue < 120  # the yellow of a face


def test_an_unknown_world_is_named(worlds):
    with pytest.raises(Unusable, match="gan: expected one of emoji faces"):
        worlds.gan("horses")


# --- the command line -------------------------------------------------------------------------------------------


def test_one_result_is_made_without_the_page(cli, tmp_path, cat):
    out = tmp_path / "draw.png"
    done = cli("studio", "--make", "draw", "--set", f"drawing={cat}", "steps=5", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "reference: error where drawn" in done.stdout and str(out) in done.stdout
    assert Image.open(out).width > 60


def test_what_cannot_be_made_ends_with_one_or_two(cli, tmp_path):
    out = ("--out", tmp_path / "draw.png")
    empty = cli("studio", "--make", "draw", *out)
    assert empty.returncode == 1 and "nothing is drawn yet" in empty.stdout
    unknown = cli("studio", "--make", "poem", *out)
    assert unknown.returncode == 2 and "expected one of" in unknown.stderr
    missing = cli("studio", tmp_path / "nowhere", "--make", "sample", *out)
    assert missing.returncode == 2 and "there is no such folder or file" in missing.stderr
