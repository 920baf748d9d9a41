"""The shipped models' cards: none is missing, none is stale, and what the digits have to be like they are."""

import json

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from reference import networks
from reference.networks.storage import decoded, encoded
from reference.training import cards
from reference.training.measures import FIGURES, MEASURES
from reference.training.recipes import RECIPES

SHIPPED = sorted(path.stem for path in networks.MODELS.glob("*.safetensors"))
MEASURED = json.loads(cards.QUALITY.read_text())
RECOGNISED = 0.95  # of guided digits
MOST = 25e6  # bytes that ship, cards and pictures among them


@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_says_what_was_measured_of_the_file_beside_it(name):
    path = networks.MODELS / f"{name}.safetensors"
    parameters = sum(parameter.numel() for parameter in networks.load(name).parameters())
    text = cards.card(name, networks.training_of(path), parameters, path.stat().st_size, MEASURED[name])
    assert path.with_suffix(".md").read_text() == text
    for picture in [path.with_suffix(".png"), path.with_name(f"{name}-figure.png")][: 1 + (name in FIGURES)]:
        assert Image.open(picture).format == "PNG"
        assert f"({picture.name})" in text


def test_the_contents_list_every_model():
    assert (networks.MODELS / "README.md").read_text() == cards.contents()
    assert set(SHIPPED) == set(RECIPES) == set(MEASURES)


def test_all_models_together_are_small():
    assert sum(path.stat().st_size for path in networks.MODELS.iterdir()) < MOST


@pytest.mark.parametrize("name", SHIPPED)
def test_models_are_stored_as_the_recipe_stores_them(name):
    with safe_open(networks.MODELS / f"{name}.safetensors", "pt") as file:
        keys = file.keys()  # it is no dictionary, and does not iterate
        stored = {key: file.get_tensor(key) for key in keys}
    again = encoded(decoded(stored))
    assert {key: one.dtype for key, one in again.items()} == {key: one.dtype for key, one in stored.items()}
    assert all(torch.equal(again[key], one) for key, one in stored.items() if one.dtype != torch.float32)


@pytest.mark.parametrize("name", ["class", "flow"])
def test_guided_digits_are_recognised(name):
    rates = {label: rate for label, rate in MEASURED[name].items() if label.startswith("recognition rate")}
    assert rates
    for rate in rates.values():
        assert (rate[name] if isinstance(rate, dict) else rate) >= RECOGNISED


@pytest.mark.parametrize("name", ["encoder", "animals-encoder"])
def test_an_encoder_knows_more_than_the_mean(name):
    for split, errors in MEASURED[name].items():
        guess, mean = errors.values()
        assert guess < (0.6 if "train" in split else 0.9) * mean
