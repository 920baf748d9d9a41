"""The golden fixtures: the same bytes every time, what is stored is what the reference gives, and a drift shows."""

import hashlib
import json

import pytest
import safetensors.torch
import torch

from grading.checking import golden
from grading.checking.points import cases
from grading.contract.functions import MODULES, all_tasks
from grading.sandbox.crossing import wire

from .conftest import WITH_POINTS

WITHOUT_TENSORS = {
    f"golden/{module}.safetensors"
    for module in MODULES
    if not any(task.startswith(f"{module}.") for task in WITH_POINTS)
}


@pytest.fixture(scope="module")
def built():
    return golden.build()


@pytest.fixture
def stored(built, tmp_path, monkeypatch):
    """Fresh fixtures in a folder of their own, which may be damaged."""
    golden.write(built, tmp_path)
    monkeypatch.setattr(golden, "FIXTURES", tmp_path)
    golden._manifest.cache_clear()
    golden._tensors.cache_clear()
    golden._points.cache_clear()
    yield tmp_path
    golden._manifest.cache_clear()
    golden._tensors.cache_clear()
    golden._points.cache_clear()


def change(path, edit):
    """Change stored tensors and keep the manifest's hash in step."""
    tensors = safetensors.torch.load_file(path)
    edit(tensors)
    safetensors.torch.save_file(tensors, path)
    manifest = path.parents[1] / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["sha256"][f"golden/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content), encoding="utf-8")


def test_building_twice_gives_the_same_bytes(built):
    again = golden.build()
    assert again.keys() == built.keys()
    assert all(again[name] == built[name] for name in built)


def test_the_stored_fixtures_are_fresh():
    assert golden.stale() == []


def is_image(value):
    return isinstance(value, torch.Tensor) and value.ndim == 4


def test_there_is_one_file_per_module_and_points_for_every_function(built):
    assert built.keys() == {"manifest.json", *(f"golden/{module}.safetensors" for module in MODULES)}
    points = json.loads(built["manifest.json"])["points"]
    assert points.keys() == set(all_tasks())
    for task, stored in points.items():
        labels = [label for label, _ in cases(task, golden.DEFAULT_SEED)]
        assert [point["label"] for point in stored] == labels
        assert len(labels) >= 3 or task not in WITH_POINTS


def test_a_function_without_points_has_no_points_at_all(built):
    points = json.loads(built["manifest.json"])["points"]
    assert {task for task, stored in points.items() if not stored} == set(all_tasks()) - set(WITH_POINTS)
    assert WITHOUT_TENSORS == {"golden/augment.safetensors"}
    assert all(safetensors.torch.load(built[name]) == {} for name in WITHOUT_TENSORS)


def test_the_manifest_says_how_the_files_came_about(built):
    manifest = json.loads(built["manifest.json"])
    assert manifest["seed"] == golden.DEFAULT_SEED
    assert manifest["versions"]["torch"] == torch.__version__
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in built.items() if name != "manifest.json"}
    assert manifest["sha256"] == hashes


def test_stored_files_have_the_hashes_of_the_manifest():
    manifest = json.loads((golden.FIXTURES / "manifest.json").read_text(encoding="utf-8"))
    for name, expected in manifest["sha256"].items():
        assert hashlib.sha256((golden.FIXTURES / name).read_bytes()).hexdigest() == expected


def test_another_seed_gives_other_inputs(built):
    other = golden.build(golden.DEFAULT_SEED + 1)
    assert other.keys() == built.keys()
    assert {name for name in built if other[name] == built[name]} == WITHOUT_TENSORS


def test_results_are_stored_in_float64_whatever_the_inputs(built):
    tensors = safetensors.torch.load(built["golden/ddpm.safetensors"])
    points = json.loads(built["manifest.json"])["points"]
    images = set()
    for task in ("ddpm.predict_x0", "ddpm.posterior_step", "ddpm.sample_ddpm"):
        for point in points[task]:
            assert wire.unpack(point["expected"], tensors).dtype == torch.float64
            images |= {value.dtype for value in wire.unpack(point["arguments"], tensors).values() if is_image(value)}
    assert images == {torch.float32, torch.float64}


@pytest.mark.parametrize("task", all_tasks())
def test_the_stored_points_can_be_read_back(task):
    points = list(golden.golden_cases(task))
    assert len(points) == len(list(cases(task, golden.DEFAULT_SEED)))


def test_fresh_fixtures_are_not_stale(stored):
    assert golden.stale() == []


def test_rounding_is_not_stale(stored):
    def nudge(tensors):
        for tensor in tensors.values():
            if tensor.is_floating_point():
                tensor.mul_(1 + 1e-15)

    change(stored / "golden" / "ddpm.safetensors", nudge)
    assert golden.stale() == []


def test_a_changed_value_is_stale(stored):
    change(stored / "golden" / "ddpm.safetensors", lambda tensors: tensors["0"].view(-1)[0].add_(1e-6))
    assert golden.stale() == ["golden/ddpm.safetensors: other values"]


def test_a_changed_dtype_is_stale(stored):
    change(stored / "golden" / "ddpm.safetensors", lambda tensors: tensors.update({"0": tensors["0"].float()}))
    assert golden.stale() == ["golden/ddpm.safetensors: other values"]


def test_a_missing_tensor_is_stale(stored):
    change(stored / "golden" / "ddpm.safetensors", lambda tensors: tensors.pop("0"))
    assert golden.stale() == ["golden/ddpm.safetensors: other values"]


def test_a_nan_is_stale(stored):
    change(stored / "golden" / "ddpm.safetensors", lambda tensors: tensors["0"].view(-1)[0].fill_(float("nan")))
    assert golden.stale() == ["golden/ddpm.safetensors: other values"]


def test_other_test_points_are_stale(stored):
    manifest = stored / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["points"]["ddpm.predict_x0"].pop()
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert "manifest.json: other test points" in golden.stale()


def test_another_function_is_stale(stored, monkeypatch):
    exact = golden.exact

    def other(task, arguments):
        return exact(task, arguments) + (1e-6 if task == "ddim.ddim_sigma" else 0)

    monkeypatch.setattr(golden, "all_tasks", lambda: ("ddim.ddim_sigma", "ddpm.predict_x0"))
    monkeypatch.setattr(golden, "exact", other)
    problems = golden.stale()
    assert "golden/ddim.safetensors: other values" in problems
