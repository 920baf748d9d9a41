"""The shipped models' cards: none is missing, none is stale, and what the digits have to be like they are."""

import json

import pytest
from PIL import Image

from reference import networks
from reference.training import cards
from reference.training.measures import FIGURES, MEASURES
from reference.training.recipes import RECIPES

SHIPPED = sorted(path.stem for path in networks.MODELS.glob("*.safetensors"))
MEASURED = json.loads(cards.QUALITY.read_text())
RECOGNISED = 0.95  # of guided digits


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
