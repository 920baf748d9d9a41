"""Latents from pictures: GAN inversion, scribbles, interpolation."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..differentiable import Differentiable
from ..worker.values import Seeded
from .demonstration import Shown, demonstration
from .functions import Functions
from .stage import Stage

TARGETS = ("grinning face", "neutral face", "smiling face with sunglasses", "slightly frowning face")
STEPS = 60
SLACK = 2.0  # step sizes and stopping rule are free


def _synthesis(stage: Stage):
    return lambda w: stage.stylegan.synthesis(w.to(stage.device)).float().cpu()


def _mapping(stage: Stage):
    def mapping(z: Tensor) -> Tensor:
        with torch.no_grad():
            return stage.stylegan.mapping(z.to(stage.device)).float().cpu()

    return mapping


def _invert(
    f: Functions, stage: Stage, generator_fn, latent: Tensor, target: Tensor, steps=STEPS, how="lbfgs", **weights
):
    """The submission's search under the submission's loss."""

    def loss_fn(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        features = Differentiable(stage.maps)
        return f.loss(
            "inversion.inversion_loss",
            "pred",
            "delta",
            pred=pred,
            target=target,
            delta=delta,
            features_fn=features,
            **weights,
        )

    return f.several(
        "inversion.invert",
        generator_fn=Differentiable(generator_fn),
        target=target,
        latent=latent,
        loss_fn=Differentiable(loss_fn),
        num_steps=steps,
        optimizer=how,
    )


@demonstration(
    "GAN inversion in z, w and w+",
    "latents.sample_z",
    "latents.sample_w",
    "latents.sample_w_plus",
    "inversion.inversion_loss",
    "inversion.invert",
)
def spaces(f: Functions, stage: Stage) -> Shown:
    """CMU part 1: both generators, three latent spaces, from the mean and from a random start."""
    shown = Shown()
    target, count = stage.pictures(*TARGETS), len(TARGETS)
    shown.show("targets: " + ", ".join(TARGETS), target)
    net, mapping, synthesis = stage.stylegan, _mapping(stage), _synthesis(stage)
    style_z = lambda z: net(z.to(stage.device)).float().cpu()
    vanilla = lambda z: stage.dcgan(z.to(stage.device)).float().cpu()

    def start(space: str, from_mean: bool) -> Tensor:
        settings = {"batch_size": count, "from_mean": from_mean, "generator": Seeded(stage.seed)}
        if space == "vanilla z":
            return f("latents.sample_z", z_dim=stage.dcgan.z_dim, **settings)
        if space == "z":
            return f("latents.sample_z", z_dim=net.z_dim, **settings)
        if space == "w":
            return f("latents.sample_w", mapping=mapping, z_dim=net.z_dim, **settings)
        return f("latents.sample_w_plus", mapping=mapping, z_dim=net.z_dim, num_ws=net.num_ws, **settings)

    for space, generator_fn in (("vanilla z", vanilla), ("z", style_z), ("w", synthesis), ("w+", synthesis)):
        for from_mean in (True, False):
            _, image = _invert(f, stage, generator_fn, start(space, from_mean), target)
            name = f"{space} from {'the mean' if from_mean else 'a random start'}"
            shown.show(name, image)
            shown.lower(f"{name}: error", F.mse_loss(image, target), SLACK)
    return shown


@demonstration(
    "inversion: weights and optimisers", "latents.sample_w_plus", "inversion.inversion_loss", "inversion.invert"
)
def weights(f: Functions, stage: Stage) -> Shown:
    """CMU part 1's sweeps: the perceptual weight, the weight of delta, L-BFGS against Adam."""
    shown = Shown()
    target, net = stage.pictures(*TARGETS), stage.stylegan
    latent = f(
        "latents.sample_w_plus",
        mapping=_mapping(stage),
        batch_size=len(TARGETS),
        z_dim=net.z_dim,
        num_ws=net.num_ws,
        from_mean=True,
    )
    search = partial(_invert, f, stage, _synthesis(stage), latent, target, 30)
    for weight in (0.0, 0.01, 0.1, 1.0):
        _, image = search(perceptual_weight=weight)
        shown.show(f"perceptual weight {weight:g}", image)
        shown.lower(f"perceptual weight {weight:g}: error", F.mse_loss(image, target), SLACK)
    for weight in (0.001, 0.01, 0.1):
        found, image = search(delta_weight=weight)
        shown.show(f"weight of delta {weight:g}", image)
        shown.lower(
            f"weight of delta {weight:g}: length of delta", (found - latent).flatten(1).norm(dim=1).mean(), SLACK
        )
    _, image = search(how="adam")
    shown.show("Adam", image)
    shown.lower("Adam: error", F.mse_loss(image, target), SLACK)
    return shown


@demonstration("scribble to image", "latents.sample_w", "inversion.scribble_loss", "inversion.invert")
def scribble(f: Functions, stage: Stage) -> Shown:
    """CMU part 2: only the drawn pixels count."""
    shown = Shown()
    sketch = stage.scribble
    mask = (sketch.mean(dim=1, keepdim=True) < 0.95).float()
    latent = f("latents.sample_w", mapping=_mapping(stage), batch_size=1, z_dim=stage.stylegan.z_dim, from_mean=True)

    def loss_fn(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        fit = f.loss("inversion.scribble_loss", "image", image=pred, sketch=target, mask=mask)
        return fit / mask.sum() + 0.001 * delta.square().sum(dim=(1, 2)).mean()

    _, image = f.several(
        "inversion.invert",
        generator_fn=Differentiable(_synthesis(stage)),
        target=sketch,
        latent=latent,
        loss_fn=Differentiable(loss_fn),
        num_steps=STEPS,
        optimizer="lbfgs",
    )
    shown.show("sketch, mask, image", torch.cat([sketch, 2 * mask.expand(-1, 3, -1, -1) - 1, image]))
    drawn = mask.expand_as(image).bool()
    shown.lower("error where something is drawn", (image - sketch)[drawn].abs().mean())
    shown.lower("distance to the nearest real picture", stage.strangeness(image))
    return shown


@demonstration("interpolation in 31 frames", "latents.interpolate", "inversion.inversion_loss", "inversion.invert")
def interpolation(f: Functions, stage: Stage) -> Shown:
    """CMU's bells: between two inverted faces, started from the encoder's guess."""
    shown = Shown()
    target = stage.pictures("grinning face", "slightly frowning face")
    with torch.no_grad():
        guess = stage.encoder(target.to(stage.device)).float().cpu()
    latent, _ = _invert(f, stage, _synthesis(stage), guess, target, 30)
    path = f("latents.interpolate", latent_a=latent[0], latent_b=latent[1], num_frames=31)
    with torch.no_grad():
        frames = _synthesis(stage)(path)
    shown.frames = frames
    shown.show("every fifth of 31 frames", frames[::5])
    shown.lower("error at both ends", F.mse_loss(frames[[0, -1]], target), SLACK)
    jumps = (frames[1:] - frames[:-1]).square().mean(dim=(1, 2, 3))
    shown.lower("largest step between frames, of the whole way", jumps.max() / F.mse_loss(frames[0], frames[-1]))
    return shown
