"""What an optimiser's search does where its options are left out."""

from typing import Any

import torch

from ...sandbox.crossing.values import Probe
from ...sandbox.student import Student
from ..compare import alike
from ..points import Draw

_SAME_SEARCH = 1e-6  # relative


def curved_valley(draw: Draw) -> dict[str, Any]:
    """A search that takes hundreds of steps."""
    start = torch.tensor([-1.2, 1.0], dtype=torch.float64) + 0.2 * draw.image(2, 3, 2)
    target = Probe("CurvedValley")(torch.ones(2, 3, 2, dtype=torch.float64))
    rest = {"target": target, "latent": start, "loss_fn": Probe("WeightedError")}
    return {"generator_fn": Probe("CurvedValley")} | rest


def assert_defaults_of_a_search(student: Student, given: dict[str, Any]) -> None:
    """By default L-BFGS searches, for 1000 steps. ``given`` is a search that takes hundreds, without its options."""
    few = given | {"num_steps": 3}
    default, lbfgs, adam = student(**few), student(**few, optimizer="lbfgs"), student(**few, optimizer="adam")
    if alike(lbfgs.value, adam.value, _SAME_SEARCH):
        raise adam.fail("optimizer makes no difference", "another search for adam than for lbfgs")
    if not alike(default.value, lbfgs.value, _SAME_SEARCH):
        raise default.fail("without optimizer it is not L-BFGS that searches", "as for lbfgs", kind="default")
    if student.default_of("num_steps") == 1000:
        return  # left out or handed over, it is the same call
    many = given | {"optimizer": "adam"}
    default = student(**many, recorded=False)
    if default.asked - 1000 != adam.asked - 3:  # it stops by itself, as it may, or has another default
        longest = student(**many, num_steps=1000, recorded=False)
        if default.asked != longest.asked or not alike(default.value, longest.value, _SAME_SEARCH):
            got = f"{default.asked} images, {longest.asked} with num_steps=1000"
            raise default.fail("without num_steps the search has another length", "1000 steps", got, kind="default")
