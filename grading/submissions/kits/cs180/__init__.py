"""CS180 Project 5 (Berkeley): a notebook on DeepFloyd, and one on networks of the student's own.

| file       | holds                                                                                        |
| ---------- | -------------------------------------------------------------------------------------------- |
| ``tasks``  | the handout's parts by graded function, with the notebook's names and equations               |
| ``roles``  | how functions and their parameters are called in students' work                               |
| ``sources``, ``survey``, ``unfilled`` | what lies in a submission, and what of it is as the course gave it         |
"""

from typing import Any

from ....contract.profile import Profile
from ..kit import Kit
from .survey import FLOW, survey
from .tasks import TODOS


def _three_channels(*names: str) -> Any:
    return lambda arguments: all(arguments[name].shape[1] <= 3 for name in names)


def _blurred_as_recommended(arguments: dict[str, Any]) -> bool:
    """With the handout's kernel, on images that are large enough for it."""
    asked = arguments.get("kernel_size", 33), arguments.get("sigma", 2.0)
    x_t = arguments["x_t"]
    return asked == (33, 2.0) and min(x_t.shape[2:]) > 16 and x_t.shape[1] <= 3


def _evenly_spaced(arguments: dict[str, Any]) -> bool:
    betas = arguments["betas"].tolist()
    stride = (betas[-1] - betas[0]) / max(1, len(betas) - 1)
    return stride > 0 and all(abs(beta - betas[0] - i * stride) <= 1e-12 * beta for i, beta in enumerate(betas))


def _digits(arguments: dict[str, Any]) -> bool:
    """One channel, ten classes."""
    return arguments.get("in_channels", 1) == 1 and arguments.get("num_classes", 10) == 10


def _above_zero(arguments: dict[str, Any]) -> bool:
    """A timestep that is counted from 1 and told as it is cannot be known from a fraction where all of them are the first."""
    return bool(arguments["t"].any())


_UNDER_NO_GRAD = frozenset({"test_differentiable"})
_SWITCHED = frozenset({"test_networks_stay_in_their_mode"})  # the skeleton's own lines do
_NETWORK = frozenset({"test_defaults", "test_number_of_classes"})  # the skeleton has no defaults

KIT = Kit(
    name="cs180",
    title="CS180 Project 5",
    course=FLOW,
    todos=TODOS,
    survey=survey,
    profile=Profile(
        takes={
            "noising.add_noise": _three_channels("x0"),
            "ddpm.predict_x0": _three_channels("x_t"),
            "ddpm.posterior_step": _three_channels("x_t"),
            "guidance.guided_eps": _three_channels("x_t"),
            "editing.repaint_blend": _three_channels("x_prev"),
            "illusions.anagram_eps": _three_channels("x_t"),
            "illusions.hybrid_eps": _blurred_as_recommended,
            "noising.cumulative_alphas": _evenly_spaced,
            "unet.ddpm_loss": _above_zero,
            "unet.class_ddpm_loss": _above_zero,
            "unet.UnconditionalUNet": _digits,
            "unet.TimeConditionalUNet": _digits,
            "unet.ClassConditionalUNet": _digits,
            "flow.sample_flow": lambda arguments: (
                arguments.get("num_steps", 50) >= 10
            ),  # a sampler may keep every tenth
        },
        without={
            **dict.fromkeys(
                ("flow.sample_flow", "flow.guided_velocity", "flow.flow_loss", "flow.class_flow_loss"), _SWITCHED
            ),
            "noising.add_noise": _UNDER_NO_GRAD,
            "ddpm.predict_x0": _UNDER_NO_GRAD,
            "guidance.guided_eps": frozenset({"test_number_of_evaluations"}),
            "unet.UnconditionalUNet": _NETWORK,
            "unet.TimeConditionalUNet": _NETWORK,
            "unet.ClassConditionalUNet": _NETWORK,
        },
    ),
)
