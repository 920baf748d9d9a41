"""Classifier-free guidance."""

from collections.abc import Mapping
from typing import Any

from ..scope import Source
from . import symbols
from .levels import at


def network(a: Mapping[str, Any]) -> Any:
    """ε(x_t, t, c)."""
    return lambda x, t, cond: a["model"](x, int(t), cond)


ASKED: dict[str, Source] = {"ε": network, "ε_θ": network, "x_t": "x_t", "t": "t"}

SYMBOLS = {
    "classifier_free_guidance": symbols(
        {"ε_u": "eps_uncond", "ε_c": "eps_cond", "s": "scale"}, ("ε",), at("guidance.classifier_free_guidance")
    ),
    "guided_eps": symbols(ASKED | {"c": "cond", "∅": "null_cond", "s": "scale"}, ("ε",), at("guidance.guided_eps")),
}
