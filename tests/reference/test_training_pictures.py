"""What generators are trained on: shipped sets at each resolution, the font's emoji, a folder of one's own."""

import importlib

import numpy as np
import pytest
import torch
from PIL import Image

from reference.data import load
from reference.data.emoji import MissingSourceError
from reference.training.gan import r1_weight
from reference.training.pictures import real_pictures

sets = importlib.import_module("reference.data.sets")


@pytest.fixture
def folder(tmp_path):
    """Nine pictures: wide ones whose middle square is blue, one that is transparent, one turned by the camera."""
    for k in range(7):
        picture = Image.new("RGB", (90, 40), "red")
        picture.paste("blue", (25, 0, 65, 40))
        picture.save(tmp_path / f"a{k}.png")
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "b.png")
    turned = Image.new("RGB", (60, 60), "black")
    turned.paste("green", (0, 0, 60, 30))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    turned.save(tmp_path / "c.jpg", exif=exif)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize("data", ["faces", "animals", "garments"])
@pytest.mark.parametrize("resolution", [32, 64])
def test_the_shipped_sets(data, resolution):
    pictures = real_pictures(data, resolution)
    assert pictures.dtype == torch.float32
    assert pictures.shape[1:] == (3, resolution, resolution)
    assert pictures.min() >= -1
    assert pictures.max() == 1
    assert (pictures[:, :, 0, 0] > 0.9).float().mean() > 0.95, "they stand on white"


def test_animals_are_heads():
    animals = load("animals", "all")
    assert {"cat face", "weary cat face", "panda face", "koala", "owl"} <= set(animals.prompts)
    assert not {"cat", "dragon face", "cow", "grinning face"} & set(animals.prompts)
    assert animals.classes == ("cat", "animal")


def test_garments_are_fashion_with_a_margin():
    garments, fashion = real_pictures("garments", 32), load("fashion").floats()
    assert torch.equal(garments[:, :1, 2:-2, 2:-2], 1 - 2 * fashion)


def test_emoji_at_128_pixels_are_drawn_from_the_font(monkeypatch):
    """Without the font itself: each picture asks for the character that the manifest names."""
    drawn = []

    def draw(character, font, size):
        drawn.append(character)
        return np.full((size, size, 3), len(drawn) % 256, np.uint8)

    monkeypatch.setattr(sets, "open_font", lambda path: None)
    monkeypatch.setattr(sets, "draw", draw)
    faces = load("faces", size=128)
    assert faces.images.shape == (92, 3, 128, 128)
    assert (drawn[0], faces.prompts[0], faces.images[0].unique().tolist()) == ("😀", "grinning face", [1])
    assert faces.prompts == load("faces").prompts


def test_emoji_at_128_pixels_without_the_font_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sets, "FONT", tmp_path / "none.ttf")
    with pytest.raises(MissingSourceError, match=r"none\.ttf.*apt-get install fonts-noto-color-emoji.*--data FOLDER"):
        real_pictures("animals", 128)


def test_a_folder_of_ones_own(folder):
    pictures = real_pictures(str(folder), 64)
    assert pictures.shape == (9, 3, 64, 64)
    blue = torch.tensor([-1.0, -1.0, 1.0])[:, None, None]
    assert torch.equal(pictures[0][:, :, 4:-4], blue.expand(3, 64, 56)), "the middle square"
    assert (pictures[7] == 1).all(), "what is transparent is white"
    top, bottom = pictures[8][:, 8].mean(1), pictures[8][:, -8].mean(1)
    assert top[1] < -0.9 < bottom[1], "as the camera was held"


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match=r"^data: expected one of digits, .*garments, or a folder .*got 'horses'"):
        real_pictures("horses", 32)
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(ValueError, match=r"^data: expected at least 8 pictures in .*, got 0"):
        real_pictures(str(tmp_path), 32)


def test_r1_follows_pixels_and_batch():
    assert r1_weight(32, 16) == 1
    assert r1_weight(128, 16) / r1_weight(64, 16) == 4
    assert r1_weight(64, 16) / r1_weight(64, 32) == 2
