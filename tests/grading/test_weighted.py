"""What is said of the weights of a loss holds of every loss that gives the same numbers."""

import math

import pytest

from grading.diagnosis.readback.known.weighted import read_encoder_loss

LATENT, IMAGE = 0.7, 0.2


def told(loss):
    """What is read of a loss of two weights."""
    ask = lambda latent_weight, image_weight, **_: loss(latent_weight, image_weight)
    return [finding.staff for finding in read_encoder_loss(ask, [])]


def test_weights_that_are_exchanged():
    """Whatever the errors are: where every latent makes the same image only one of them is 0."""

    def ask(encoder, generator_fn, latent, latent_weight, image_weight):
        same_image = not hasattr(generator_fn, "name")
        return image_weight * LATENT + (0 if same_image else latent_weight * IMAGE)

    (finding,) = read_encoder_loss(ask, [])
    assert finding.student.startswith("Here the two weights are exchanged: latent_weight multiplies the image's term")


@pytest.mark.parametrize(
    "loss, said",
    [
        (lambda a, b: a * LATENT + b * IMAGE, []),
        (lambda a, b: a * LATENT + IMAGE, ["a part of it has no weight"]),
        (lambda a, b: a * (LATENT + b * IMAGE), ["the image's term is multiplied by latent_weight as well"]),
        (lambda a, b: b * (a * LATENT + IMAGE), ["the latent's term is multiplied by image_weight as well"]),
        (lambda a, b: a * b * (LATENT + IMAGE), ["both terms are multiplied by both weights"]),
        (lambda a, b: a**2 * LATENT + b * IMAGE, ["latent_weight is squared"]),
        (lambda a, b: a * LATENT + math.sqrt(b) * IMAGE, ["image_weight is rooted"]),
        (lambda a, b: bool(a) * LATENT + b * IMAGE, ["latent_weight counts only as 0 or not 0"]),
        (
            lambda a, b: a * LATENT - b * IMAGE,
            ["the image's term is negative: it has a minus sign, or its differences"],
        ),
    ],
)
def test_what_a_weight_multiplies(loss, said):
    found = told(loss)
    assert len(found) == len(said) and all(part in one for part, one in zip(said, found)), found


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, b: (a * LATENT + b * IMAGE) / (a + b) if a + b else math.nan,
        lambda a, b: (a * LATENT + b * IMAGE) / (a + b + 1e-8),
        lambda a, b: (LATENT / a if a else math.inf) + b * IMAGE,
        lambda a, b: 0.0,
    ],
    ids=["a weighted mean", "one that is kept from 0", "a quotient", "always 0"],
)
def test_of_what_is_no_sum_of_weighted_terms_nothing_is_said(loss):
    assert told(loss) == []
