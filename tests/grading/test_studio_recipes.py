"""What the studio's tabs Edit, Illusions and Distil make, without a page: by the reference's functions, in few steps."""

import pytest
import torch
from PIL import Image

from grading.contract.reference import reference_function
from grading.pictures.functions import Trusted
from grading.sandbox.deadline import TimeIsUp
from grading.studio.demo import GIF
from grading.studio.moving import receding, turning
from grading.studio.recipes import recipe
from grading.studio.worlds import Worlds
from grading.verdicts import Unusable

FEW = {"steps": 4, "pictures": 2}


@pytest.fixture(scope="module")
def worlds():
    return Worlds()


@pytest.fixture
def mask(tmp_path):
    """The right half."""
    file = tmp_path / "mask.png"
    painted = Image.new("RGBA", (64, 64))
    painted.paste((0, 0, 0, 255), (32, 0, 64, 64))
    painted.save(file)
    return file


def made(worlds, name, tell=lambda done, made: None, **settings):
    making = recipe(name)
    return making.make(making.Settings(**FEW | settings), Trusted(reference_function), worlds, tell)


@pytest.mark.parametrize("name", ["inpainting", "prompted", "measured", "anagram", "hybrid", "distil", "flow"])
def test_a_run_is_watched_and_repeated(worlds, mask, name):
    told, settings = [], {"mask": mask} if name == "inpainting" else {"start": 1} if name == "prompted" else {}
    first = made(worlds, name, lambda done, now: told.append((done, len(now.rows), len(now.stages))), **settings)
    done, rows, stages = zip(*told)
    assert list(done) == sorted(done) and 0 < done[0] and done[-1] < 1
    assert min(rows) >= 1 and stages[-1] == len(first.stages) == len(told)
    again = made(worlds, name, **settings)
    assert all(torch.equal(one, other) for (_, one), (_, other) in zip(first.rows, again.rows))
    other = made(worlds, name, seed=1, **settings)
    assert not torch.equal(other.rows[0][1], first.rows[0][1])


@pytest.mark.parametrize("name", ["inpainting", "anagram", "distil"])
def test_a_run_ends_where_it_is_told_to(worlds, mask, name):
    def stop(done, made):
        raise TimeIsUp

    with pytest.raises(TimeIsUp):
        made(worlds, name, stop, **({"mask": mask} if name == "inpainting" else {}))


@pytest.mark.parametrize("settings", [{"digit": 10}, {"steps": 0}, {"pictures": 0}])
def test_a_flow_that_cannot_be_is_refused(worlds, settings):
    with pytest.raises(Unusable, match="expected"):
        made(worlds, "flow", **settings)


def test_a_flow_leads_to_its_digit(worlds):
    found = made(worlds, "flow", digit=7, steps=10)
    assert found.measures["likeness to the digit asked for"].value > 0.9


class TestInpainting:
    def test_what_is_not_painted_on_stays(self, worlds, mask):
        (_, result), (_, kept) = made(worlds, "inpainting", mask=mask).rows
        assert torch.equal(result[..., :16], kept[..., :16].expand_as(result[..., :16]))
        assert not torch.equal(result[0, ..., 16:], result[1, ..., 16:])

    @pytest.mark.parametrize("empty", [None, ""])
    def test_without_a_mask_it_says_what_to_do(self, worlds, empty):
        with pytest.raises(Unusable, match="mask: nothing is painted yet; paint over what is to be drawn anew"):
            made(worlds, "inpainting", mask=empty)


class TestPrompted:
    def test_the_later_the_start_the_closer_to_the_picture(self, worlds):
        early, late = (made(worlds, "prompted", steps=25, start=start).measures["change"] for start in (15, 23))
        assert late.value < early.value / 2

    def test_a_start_beyond_the_steps_is_refused(self, worlds):
        with pytest.raises(Unusable, match="start: expected one of the steps from 0 to 3, got 4"):
            made(worlds, "prompted", start=4)


class TestMeasured:
    @pytest.mark.parametrize("operator", ["inpainting", "super-resolution", "deblurring", "a painted hole"])
    def test_the_measurement_is_heeded(self, worlds, mask, operator):
        settings = {"operator": operator, "mask": mask, "steps": 20, "pictures": 1}
        unheeded, heeded = (
            made(worlds, "measured", scale=scale, **settings).measures["misfit of the measurement"].value
            for scale in (0.0, 1.0)
        )
        assert heeded < unheeded / 2

    def test_what_cannot_be_measured_is_refused(self, worlds):
        with pytest.raises(Unusable, match="mask: nothing is painted yet; paint over what is not to be known"):
            made(worlds, "measured", operator="a painted hole")
        with pytest.raises(Unusable, match="operator: expected one of inpainting, .*, got 'sharpening'"):
            made(worlds, "measured", operator="sharpening")


class TestIllusions:
    def test_an_anagram_is_shown_both_ways_up(self, worlds):
        (_, upright), (_, flipped) = made(worlds, "anagram").rows
        assert torch.equal(flipped, upright.flip(2))

    def test_a_hybrid_is_shown_near_and_far(self, worlds):
        (_, near), (_, far) = made(worlds, "hybrid").rows
        assert far.diff(dim=3).square().mean() < near.diff(dim=3).square().mean() / 2

    @pytest.mark.parametrize("moving", [turning, receding])
    def test_names_are_text(self, moving):
        html = moving(torch.zeros(3, 4, 4), "a <b>", "'\"><script>")
        assert "<b>" not in html and "<script>" not in html
        assert html.count("<img") == 1


class TestDistil:
    def test_the_networks_that_others_use_stay_as_they_are(self, worlds):
        world = worlds.world("emoji", 0)
        x, cond = world.noise(1, "x"), world.embed("red heart")
        before = world.eps(x, 500, cond)

        def look(done, made):
            assert torch.equal(world.eps(x, 500, cond), before)

        made(worlds, "distil", look)
        look(1.0, None)

    def test_without_steps_it_is_refused(self, worlds):
        with pytest.raises(Unusable, match="steps: expected at least 1, got 0"):
            made(worlds, "distil", steps=0)


def test_the_recorded_demo_moves_and_is_small_enough_for_a_readme():
    with Image.open(GIF) as demo:
        assert demo.n_frames > 50
    assert GIF.stat().st_size < 3e6
