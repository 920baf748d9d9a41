"""Somebody's own picture: whatever file it is, it becomes a square of the chosen size, or a message says why not."""

import pytest
import torch
from PIL import Image

from grading.studio.own import MEGAPIXELS, SHOWN, Cut, NotAPicture, cut, opened, outlined, scaled, tensor


def test_a_picture_is_as_it_was(tmp_path):
    image = Image.effect_noise((7, 5), 80).convert("RGB")
    image.save(tmp_path / "noise.png")
    assert opened(tmp_path / "noise.png").tobytes() == image.tobytes()


def test_a_photograph_taken_sideways_is_upright(tmp_path):
    image, orientation = Image.new("RGB", (60, 20)), Image.Exif()
    orientation[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "photo.jpg", exif=orientation)
    assert opened(tmp_path / "photo.jpg").size == (20, 60)


def test_what_is_transparent_is_white(tmp_path):
    Image.new("RGBA", (2, 2), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    assert opened(tmp_path / "clear.png").getpixel((0, 0)) == (255, 255, 255)


def test_twenty_megapixels_are_taken(tmp_path):
    Image.new("RGB", (5472, 3648), (10, 200, 30)).save(tmp_path / "photo.jpg")
    image = scaled(cut(opened(tmp_path / "photo.jpg"), Cut()), 32)
    assert image.size == (32, 32)
    assert abs(image.getpixel((16, 16))[1] - 200) < 4


def test_what_is_no_picture_is_refused_by_its_name(tmp_path):
    (tmp_path / "notes.png").write_text("a text")
    with pytest.raises(NotAPicture, match=r"notes\.png: expected a picture"):
        opened(tmp_path / "notes.png")


def test_a_damaged_picture_is_refused(tmp_path):
    Image.effect_noise((64, 64), 80).save(tmp_path / "noise.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "noise.png").read_bytes()[:1500])
    with pytest.raises(NotAPicture, match=r"half\.png: this picture cannot be read"):
        opened(tmp_path / "half.png")


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with pytest.raises(NotAPicture, match=f"9000 × 9000 pixels are too many, expected at most {MEGAPIXELS} megapixels"):
        opened(tmp_path / "huge.png")


@pytest.mark.parametrize(
    "chosen, colour", [(Cut(0.5, 0, 0), "red"), (Cut(0.5, 1, 0), "lime"), (Cut(0.5, 1, 1), "blue")]
)
def test_the_square_lies_where_it_is_put(chosen, colour):
    image = Image.new("RGB", (40, 40))
    for name, corner in (("red", (0, 0)), ("lime", (20, 0)), ("blue", (20, 20))):
        image.paste(name, (*corner, corner[0] + 20, corner[1] + 20))
    assert cut(image, chosen).tobytes() == Image.new("RGB", (20, 20), colour).tobytes()


def test_the_frame_stands_around_what_is_cut():
    shown = outlined(Image.new("RGB", (2 * SHOWN, SHOWN), "black"), Cut())
    assert shown.size == (SHOWN, SHOWN // 2)
    assert shown.getpixel((SHOWN // 2, SHOWN // 4)) == (0, 0, 0)  # kept
    assert min(shown.getpixel((2, 2))) > 120  # paled


def test_black_is_minus_one_and_white_is_one():
    image = Image.new("RGB", (2, 1), "white")
    image.putpixel((0, 0), (0, 255, 0))
    expected = torch.tensor([[[-1.0, 1.0]], [[1.0, 1.0]], [[-1.0, 1.0]]])[None]
    assert torch.equal(tensor(image), expected)
