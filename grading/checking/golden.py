"""Golden fixtures: test points and the reference's float64 results, stored so that a drift of either shows.

``fixtures/golden/<module>.safetensors`` holds the tensors, ``fixtures/manifest.json`` everything else: the seed, the
versions that computed them, a hash of each file and the structure of every test point. Regenerating them with the
same seed on the same platform gives the same bytes.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import safetensors.torch
import torch
from torch import Tensor

from ..contract.functions import MODULES, all_tasks
from ..paths import FIXTURES
from ..sandbox.crossing import wire
from ..sandbox.replies import Reply
from ..verdicts import GraderFault, Unusable
from .compare import assert_close, assert_same, exact, tolerance
from .points import cases

DEFAULT_SEED = 20241206  # the day on which the EECS homework was due
AGREEMENT = 1e-9  # between platforms and versions of torch; relative to the largest value of a tensor


def build(seed: int = DEFAULT_SEED) -> dict[str, bytes]:
    """Every fixture file by its path below ``fixtures/``."""
    files: dict[str, bytes] = {}
    points: dict[str, list[Any]] = {}
    for module in MODULES:
        tensors: dict[str, Tensor] = {}
        for task in all_tasks():
            if task.startswith(f"{module}."):
                points[task] = [_store(task, label, arguments, tensors) for label, arguments in cases(task, seed)]
        files[f"golden/{module}.safetensors"] = safetensors.torch.save(tensors)
    manifest = {
        "seed": seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "points": points,
    }
    files["manifest.json"] = _as_json(manifest)
    return files


def _store(task: str, label: str, arguments: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Any]:
    return {
        "label": label,
        "arguments": wire.pack(arguments, tensors),
        "expected": wire.pack(exact(task, arguments), tensors),
    }


def stale(seed: int | None = None) -> list[str]:
    """What differs between the stored fixtures and fresh ones, beyond rounding; empty when nothing does."""
    stored = _manifest(FIXTURES)
    fresh = build(stored["seed"] if seed is None else seed)
    manifest = json.loads(fresh["manifest.json"])
    problems = [] if manifest["points"] == stored["points"] else ["manifest.json: other test points"]
    for name, content in fresh.items():
        if not name.endswith(".safetensors") or content == _read(FIXTURES, name):
            continue
        if not _all_agree(_tensors(FIXTURES, name), safetensors.torch.load(content)):
            problems.append(f"{name}: other values")
    return problems


def _all_agree(old: dict[str, Tensor], new: dict[str, Tensor]) -> bool:
    return old.keys() == new.keys() and all(_agree(old[key], new[key]) for key in new)


def _agree(old: Tensor, new: Tensor) -> bool:
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    largest = float(new.abs().max()) if new.numel() else 0.0
    return torch.allclose(old.double(), new.double(), rtol=0, atol=AGREEMENT * max(1.0, largest))


def tasks() -> set[str]:
    """The graded functions that have stored points."""
    return set(_manifest(FIXTURES)["points"])


def golden_cases(task: str, folder: Path | None = None) -> Iterator[tuple[dict[str, Any], Callable[[Reply], None]]]:
    """The stored points of one graded function: arguments, and a check for the reply to them.

    A ``folder`` holds others than those that ship. A stored result that the reference itself does not reproduce is a fault of the fixtures, never of the student.
    """
    for arguments, expected, allowed in _points(task, folder or FIXTURES):

        def check(reply: Reply, expected: Any = expected, allowed: float = allowed) -> None:
            if isinstance(expected, Tensor):
                assert_close(reply, expected, allowed, kind="value")
            else:
                assert_same(reply, expected, kind="value")

        yield arguments, check


@cache
def _points(task: str, folder: Path) -> list[tuple[dict[str, Any], Any, float]]:
    """Arguments, the stored result, and how far from it rounding may lead."""
    tensors = _tensors(folder, f"golden/{task.split('.')[0]}.safetensors")
    points: list[tuple[dict[str, Any], Any, float]] = []
    for point in _manifest(folder)["points"][task]:
        arguments, expected = wire.unpack(point["arguments"], tensors), wire.unpack(point["expected"], tensors)
        if not _reproduced(exact(task, arguments), expected):
            raise GraderFault(f"the golden fixture of {task} ({point['label']}) does not match the reference")
        points.append((arguments, expected, _allowed(task, arguments, expected)))
    return points


def _reproduced(now: Any, stored: Any) -> bool:
    return _agree(stored, now) if isinstance(stored, Tensor) else now == stored


def _allowed(task: str, arguments: dict[str, Any], expected: Any) -> float:
    if not isinstance(expected, Tensor):
        return 0.0
    return tolerance(expected, lambda nearby: exact(task, nearby), arguments) + AGREEMENT * float(expected.abs().max())


def expect_usable(folder: Path) -> None:
    """That fixtures are whole, and hold every graded function's points, is known before anything is graded."""
    try:
        manifest = _manifest(folder)
        for module in MODULES:
            _tensors(folder, f"golden/{module}.safetensors")
    except (GraderFault, KeyError) as fault:
        raise Unusable(f"--fixtures {folder}: {fault}") from fault
    missing = [task for task in all_tasks() if task not in manifest["points"]]
    if missing:
        raise Unusable(f"--fixtures {folder}: {missing[0]} has no points there: make them anew with `nox -s fixtures`")


@cache
def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(folder, "manifest.json"))
        if not {"seed", "sha256", "points"} <= manifest.keys():
            raise ValueError("it lacks seed, sha256 or points")
    except (ValueError, AttributeError) as error:
        raise GraderFault(f"{folder.name}/manifest.json is damaged: {error}; make it with `nox -s fixtures`") from error
    return manifest


@cache
def _tensors(folder: Path, name: str) -> dict[str, Tensor]:
    content = _read(folder, name)
    if hashlib.sha256(content).hexdigest() != _manifest(folder)["sha256"][name]:
        raise GraderFault(f"{folder.name}/{name} is damaged: its hash is not the manifest's")
    return safetensors.torch.load(content)


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise GraderFault(
            f"{folder.name}/{name} cannot be read: {error.strerror}; make it with `nox -s fixtures`"
        ) from error


def write(files: dict[str, bytes], folder: Path) -> list[str]:
    """Write what differs from the files that are there by more than agreement; their names.

    Another platform or version of torch rounds otherwise. Where that is all, files stay as they are to the byte, and
    with them their hashes in the manifest.
    """
    manifest, old = json.loads(files["manifest.json"]), _stored(folder)
    same = {
        name for name in manifest["sha256"] if old is not None and _same_file(folder / name, old, name, files[name])
    }
    for name in same:
        assert old is not None
        manifest["sha256"][name] = old["sha256"][name]
    if old is not None and {**manifest, "versions": old.get("versions")} == old:
        manifest["versions"] = old["versions"]
    contents = {name: content for name, content in files.items() if name not in same}
    contents["manifest.json"] = _as_json(manifest)
    written = []
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(name)
    return written


def _stored(folder: Path) -> dict[str, Any] | None:
    """The manifest that is there, if one is."""
    try:
        stored = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return stored if isinstance(stored, dict) and isinstance(stored.get("sha256"), dict) else None
    except (OSError, ValueError):
        return None


def _same_file(path: Path, stored: dict[str, Any], name: str, content: bytes) -> bool:
    """Whether a file is the one that its manifest speaks of, and agrees with fresh content."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != stored["sha256"].get(name):
        return False
    return _all_agree(safetensors.torch.load(path.read_bytes()), safetensors.torch.load(content))


def _as_json(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
