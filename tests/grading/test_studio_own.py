"""Somebody's own picture: whatever file it is, it becomes a square of the chosen size, or a message says why not."""

import pytest
import torch
from PIL import Image

from grading.studio.own import MEGAPIXELS, SHOWN, Own, cut, mask_of, opened, outlined, scaled, tensor
from grading.verdicts import Unusable


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
    image = scaled(cut(opened(tmp_path / "photo.jpg"), Own()), 32)
    assert image.size == (32, 32)
    assert abs(image.getpixel((16, 16))[1] - 200) < 4


def test_what_is_no_picture_is_refused_by_its_name(tmp_path):
    (tmp_path / "notes.png").write_text("a text")
    with pytest.raises(Unusable, match=r"notes\.png: expected a picture"):
        opened(tmp_path / "notes.png")


def test_a_damaged_picture_is_refused(tmp_path):
    Image.effect_noise((64, 64), 80).save(tmp_path / "noise.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "noise.png").read_bytes()[:1500])
    with pytest.raises(Unusable, match=r"half\.png: this picture cannot be read"):
        opened(tmp_path / "half.png")


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with pytest.raises(Unusable, match=f"9000 × 9000 pixels are too many, expected at most {MEGAPIXELS} megapixels"):
        opened(tmp_path / "huge.png")


@pytest.mark.parametrize(
    "chosen, colour",
    [
        (Own(side=0.5, right=0, down=0), "red"),
        (Own(side=0.5, right=1, down=0), "lime"),
        (Own(side=0.5, right=1, down=1), "blue"),
    ],
)
def test_the_square_lies_where_it_is_put(chosen, colour):
    image = Image.new("RGB", (40, 40))
    for name, corner in (("red", (0, 0)), ("lime", (20, 0)), ("blue", (20, 20))):
        image.paste(name, (*corner, corner[0] + 20, corner[1] + 20))
    assert cut(image, chosen).tobytes() == Image.new("RGB", (20, 20), colour).tobytes()


def test_the_frame_stands_around_what_is_cut():
    shown = outlined(Image.new("RGB", (2 * SHOWN, SHOWN), "black"), Own())
    assert shown.size == (SHOWN, SHOWN // 2)
    assert shown.getpixel((SHOWN // 2, SHOWN // 4)) == (0, 0, 0)  # kept
    assert min(shown.getpixel((2, 2))) > 120  # paled


def test_black_is_minus_one_and_white_is_one():
    image = Image.new("RGB", (2, 1), "white")
    image.putpixel((0, 0), (0, 255, 0))
    expected = torch.tensor([[[-1.0, 1.0]], [[1.0, 1.0]], [[-1.0, 1.0]]])[None]
    assert torch.equal(tensor(image), expected)


def test_without_a_picture_it_is_the_shipped_photograph():
    assert Own().pixels(32).shape == (1, 3, 32, 32)
    assert Own().pixels(32).std() > 0.2


def test_an_emoji_goes_by_its_name():
    assert Own(shipped="red heart").pixels(64)[0, :, 32, 32].sign().tolist() == [1, -1, -1]
    with pytest.raises(Unusable, match="shipped: expected 'photograph' or the name of an emoji, got 'red hart'"):
        Own(shipped="red hart").whole()


def test_a_mask_is_what_is_painted(tmp_path):
    drawn = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    drawn.paste((20, 20, 20, 255), (32, 0, 64, 64))
    drawn.save(tmp_path / "layer.png")
    mask = mask_of(tmp_path / "layer.png", 8)
    assert torch.equal(mask, (torch.arange(8) >= 4).float().expand(1, 1, 8, 8))
    opaque = Image.new("L", (64, 64))
    opaque.paste(255, (32, 0, 64, 64))
    opaque.save(tmp_path / "white.png")
    assert torch.equal(mask_of(tmp_path / "white.png", 8), mask)


def test_a_thin_stroke_is_not_lost(tmp_path):
    drawn = Image.new("RGBA", (320, 320), (0, 0, 0, 0))
    drawn.putpixel((100, 100), (0, 0, 0, 255))
    drawn.save(tmp_path / "layer.png")
    assert mask_of(tmp_path / "layer.png", 32).sum() == 1


@pytest.mark.parametrize("mode", ["RGBA", "L"])
def test_an_empty_mask_is_refused(tmp_path, mode):
    Image.new(mode, (64, 64)).save(tmp_path / "empty.png")
    with pytest.raises(Unusable, match="mask: nothing is painted yet"):
        mask_of(tmp_path / "empty.png", 32)
