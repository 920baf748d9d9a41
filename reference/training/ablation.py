"""The handout's comparison of GAN settings: ``python -m reference.training.ablation RUN [RUN …]``.

Each RUN is the folder of a ``stylegan`` training. Writes ``fixtures/models/ablation.md`` and ``ablation.png``: the same
measures as on the model's card for each setting, how near the generator comes to faces that it has never seen, and two
rows of fakes each.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from .. import data, networks
from ..data.draws import seeded
from ..data.grids import save_grid
from ..inversion import invert
from ..latents import mean_w
from .measures import MEASURES

__all__ = ["error_of_inversion", "main", "setting"]

COLUMNS = 12
SEARCH = 60  # steps of L-BFGS


def setting(options: dict[str, Any]) -> str:
    """The name of a run's setting.

    >>> setting({"use_r1_regularization": True, "use_diffaug": True, "gamma": 0.1})
    'R1 (γ = 0.1) + DiffAugment'
    """
    r1 = f"R1 (γ = {options['gamma']:g})"
    parts = [name for name, flag in ((r1, "use_r1_regularization"), ("DiffAugment", "use_diffaug")) if options[flag]]
    return " + ".join(parts) or "plain"


def error_of_inversion(generator: Any, steps: int = SEARCH) -> float:
    """The mean squared error of held-out faces, each made from the best w that a search from the mean finds.

    What a generator that knows its training pictures by heart does not do well.
    """
    faces = data.load("faces", "test", size=32).floats(-1, 1)
    start = mean_w(generator.mapping, generator.z_dim, generator=seeded("cpu", "mean")).expand(len(faces), 1, -1)
    _, images = invert(
        lambda w: generator.synthesis(w.expand(-1, generator.num_ws, -1)),
        faces,
        start.clone(),
        lambda pred, target, delta: (pred - target).square().mean(),
        num_steps=steps,
    )
    return float((images - faces).square().mean())


def main(runs: list[str]) -> None:
    """Measure each run's model and write the table and the picture."""
    rows, pictures = [], []
    scale: dict[str, float] = {}
    for run in map(Path, runs):
        training = networks.training_of(run / "model.safetensors")
        model = networks.load(run / "model.safetensors")
        numbers, fakes, _ = MEASURES["stylegan"](model)
        scale = numbers["Fréchet distance"]
        name, steps = setting(training["options"]), training["options"]["steps"]
        nearest = numbers["mean distance of features to the nearest real face"]
        spread = numbers["spread: mean distance between two fakes"]
        rows.append(
            f"| {name} | {steps:,} | {scale['fake']:.4g} | {nearest:.4g} | {spread:.4g} "
            f"| {error_of_inversion(model):.3g} |"
        )
        pictures.append(fakes[: 2 * COLUMNS])
        print(rows[-1])
    table = "\n".join(rows)
    text = f"""# The few-shot GAN in the handout's settings

| setting | steps | Fréchet distance | to the nearest real face | between two fakes | inversion error, held-out faces |
| --- | --- | --- | --- | --- | --- |
{table}

On the same scale real faces are {scale["real"]:.4g} from real faces, noise {scale["noise"]:.4g}.

![two rows of fakes for each setting, in the table's order](ablation.png)
"""
    (networks.MODELS / "ablation.md").write_text(text)
    save_grid(torch.cat(pictures), networks.MODELS / "ablation.png", COLUMNS)


if __name__ == "__main__":
    main(sys.argv[1:])
