"""What is known of each function before it is read: the terms it may be made of, and where to look.

| function                          | reading                                                       | file                |
| --------------------------------- | ------------------------------------------------------------- | ------------------- |
| made of the noise schedule        | weights as products of powers of ᾱ_t, ᾱ_prev, β, η            | ``schedule``        |
| made of estimates or gradients    | weights of named terms in scale, norms and sizes              | ``combinations``    |
| schedules, kernel, blur, frames,  | a few choices, of which one or two are wrong                  | ``betas``,          |
| losses on features or of networks |                                                               | ``tables``,         |
|                                   |                                                               | ``taps``, ``blurs``,|
|                                   |                                                               | ``layers``, ``fits``|
|                                   |                                                               | ``velocities``,     |
|                                   |                                                               | ``warps``           |
| Euler's steps                     | times, lengths and number of steps, one or two of them wrong  | ``euler``           |
| of flow matching                  | weights of images in t and t_next                             | ``flow``            |
| losses                            | a reduction of one among several terms, its power and factor  | ``losses``          |
| of logits                         | a function of one logit, recovered by itself                  | ``logits``          |
| kernel                            | exponent and normalisation, recovered from its taps           | ``kernels``         |
| random ones                       | what is drawn, how and how often, where that is beyond chance | ``cutout``,         |
|                                   |                                                               | ``augmentations``,  |
|                                   |                                                               | ``samplers``        |
| encoder_loss                      | what each weight multiplies                                   | ``weighted``        |
| invert                            | which latents it visits, what it tells its loss               | ``searches``        |
| networks                          | which argument of which sample acts on what comes out         | ``networks``        |
"""

from collections.abc import Callable

from ....verdicts import Finding
from ..evidence import Answer, Ask
from ..variants import Family
from . import (
    augmentations,
    betas,
    blurs,
    combinations,
    cutout,
    euler,
    fits,
    flow,
    layers,
    samplers,
    schedule,
    searches,
    tables,
    taps,
    velocities,
    warps,
    weighted,
)
from .networks import CONDITIONS as NETWORKS
from .networks import read_network

FAMILIES: dict[str, Family] = {
    **betas.BETAS,
    **tables.TABLES,
    **fits.FITS,
    **velocities.VELOCITIES,
    **layers.LAYERS,
    **warps.WARPS,
    "illusions.gaussian_kernel1d": taps.GAUSSIAN,
    "illusions.lowpass": blurs.BLUR,
    "flow.sample_flow": euler.EULER,
}
SUMS = schedule.FORMULAS | combinations.FORMULAS | flow.FORMULAS
STATISTICS: dict[str, Callable[[Ask, list[Answer]], list[Finding]]] = {
    "augment.rand_cutout": cutout.read_cutout,
    "augment.diff_augment": augmentations.read_augmentation,
    "latents.mean_w": samplers.read_mean_w,
    "latents.sample_z": samplers.read_sample_z,
    "latents.sample_w": samplers.read_sample_w,
    "latents.sample_w_plus": samplers.read_sample_w_plus,
    "inversion.invert": searches.read_search,
    "bells.encoder_loss": weighted.read_encoder_loss,
}

__all__ = ["FAMILIES", "NETWORKS", "STATISTICS", "SUMS", "read_network"]
