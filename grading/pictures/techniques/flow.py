"""Flow matching: from noise to a digit along a velocity, in few steps and in many, and how straight the way is."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.networks.quality import straightness

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.digits import LIKENESS, STRANGENESS, Digits
from ..worlds.shipped import Shipped

__all__ = ["VelocityModel", "followed", "guided", "sampled", "told"]

VelocityModel = Callable[[Tensor, Tensor], Tensor]  # of x_t and t, one time per sample
GUIDANCE = 5.0  # CS180's
TO_THE_DIGIT = "the mean squared difference to the real digit that the straight way ends at"
STRAIGHT = "the distance from end to end over the length of the way; 1 is straight"
LEGS = 8  # into which a way is divided where it is shown


def guided(f: Functions, world: Digits, labels: Tensor, scale: float = GUIDANCE) -> VelocityModel:
    """The network with these classes, guided by the submission."""
    return lambda x_t, t: f("flow.guided_velocity", model=world.velocity, x_t=x_t, labels=labels, t=t, scale=scale)


def told(world: Digits, labels: Tensor) -> VelocityModel:
    """The network with these classes, unguided, for techniques that are about something else."""
    return lambda x_t, t: world.velocity(x_t, labels, t)


def sampled(f: Functions, v_model: VelocityModel, x0: Tensor, steps: int) -> Tensor:
    """x_1 of x_0, by Euler steps."""
    return f("flow.sample_flow", v_model=v_model, x0=x0, num_steps=steps)


def followed(f: Functions, v_model: VelocityModel, x0: Tensor, legs: int) -> tuple[Tensor, Tensor]:
    """The points of a way, and where its velocity leads from each of them in one step: (legs + 1, B, …), (legs, B, …)."""
    points, ends = [x0], []
    for i in range(legs):
        t, t_next = i / legs, (i + 1) / legs
        v = v_model(points[-1], torch.full((len(x0),), t))
        ends.append(f("flow.flow_step", x_t=points[-1], v=v, t=t, t_next=1.0))
        points.append(f("flow.flow_step", x_t=points[-1], v=v, t=t, t_next=t_next))
    return torch.stack(points), torch.stack(ends)


@demonstration("flow matching in 5, 10, 25 and 50 steps", "flow.sample_flow", "flow.guided_velocity")
def steps(f: Functions, world: Shipped) -> Shown:
    """CS180 part B 2.6: the same noise, more and more Euler steps."""
    shown, digits, labels = Shown(), world.digits, torch.arange(10)
    for number in (5, 10, 25, 50):
        x1 = sampled(f, guided(f, digits, labels), digits.noise(10, "x_0"), number)
        shown.show(f"Euler, {number} steps, guidance {GUIDANCE:g}", x1)
        shown.higher(f"likeness to the digits asked for, {number} steps", digits.likeness(x1, labels), LIKENESS)
        shown.lower(f"distance to the nearest real digit, {number} steps", digits.strangeness(x1), STRANGENESS)
    return shown


@demonstration(
    "flow matching: ways from noise to digits", "flow.flow_interpolate", "flow.flow_velocity", "flow.flow_step"
)
def ways(f: Functions, world: Shipped) -> Shown:
    """From noise to a real digit by a straight line; from the same noise by the network, and where it is heading."""
    shown, digits, labels = Shown(), world.digits, torch.tensor([0, 3, 7])
    x0, x1, v_model = digits.noise(3, "x_0"), digits.real(labels), told(digits, labels)
    times = [i / LEGS for i in range(LEGS + 1)]
    straight = torch.stack([f("flow.flow_interpolate", x0=x0, x1=x1, t=t) for t in times])
    points, ends = followed(f, v_model, x0, LEGS)
    for i, label in enumerate(labels.tolist()):
        shown.show(f"{label}: a straight way to a real one, t = 0 … 1", straight[:, i])
        shown.show("the way of the network", points[:, i])
        shown.show("where it is heading, t = 0 … 7/8", ends[:, i])
    velocities: dict[str, VelocityModel] = {
        "the straight way's": lambda x_t, t: f("flow.flow_velocity", x0=x0, x1=x1),
        "the network's": v_model,
    }
    for whose, velocity in velocities.items():
        for t in (0.25, 0.75):
            x_t = straight[times.index(t)]
            end = f("flow.flow_step", x_t=x_t, v=velocity(x_t, torch.full((3,), t)), t=t, t_next=1.0)
            error = F.mse_loss(end.clamp(0, 1), x1)
            shown.lower(f"error of one step along {whose} velocity from t = {t:g}", error, TO_THE_DIGIT)
    shown.higher("straightness of the network's ways", straightness(points), STRAIGHT)
    return shown
