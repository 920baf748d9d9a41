"""CMU 16-726 HW5, beside the student's code: the contract's functions on top of gan/main.py and img2img.py.

| file               | calls                                                                            |
| ------------------ | -------------------------------------------------------------------------------- |
| ``cmu16726_gan``   | ``PerceptualLoss``, ``Criterion``, ``sample_noise``, ``optimize_para``, ``draw`` … |
| ``cmu16726_given`` | what the kit gives and these lean on: vgg19, L-BFGS, the loader, the models       |
| ``cmu16726_sd``    | ``img2img.main()``, from its noise to its last latent                             |
"""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """An adapter, by its name; of the student's two files only the one that it needs is imported."""
    part = {"inversion": "gan", "latents": "gan", "noising": "sd", "ddpm": "sd", "guidance": "sd", "editing": "sd"}
    module = part.get(name.partition("_")[0])
    if module is None:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.cmu16726_{module}"), name)
