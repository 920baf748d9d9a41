"""CMU 16-726 HW5, beside the student's code: the contract's functions on top of gan/main.py and img2img.py.

| file               | calls                                                                            |
| ------------------ | -------------------------------------------------------------------------------- |
| ``cmu16726_gan``   | ``PerceptualLoss``, ``Criterion``, ``sample_noise``, ``optimize_para``, ``draw`` … |
| ``cmu16726_given`` | what the kit gives and these lean on: vgg19, L-BFGS, the loader, the models       |
| ``cmu16726_sd``    | ``img2img.main()``, from its noise to its last latent                             |
"""

from .cmu16726_gan import (
    inversion_delta_penalty,
    inversion_inversion_loss,
    inversion_invert,
    inversion_lp_loss,
    inversion_perceptual_loss,
    inversion_scribble_loss,
    latents_interpolate,
    latents_mean_w,
    latents_sample_w,
    latents_sample_w_plus,
)
from .cmu16726_sd import (
    ddpm_posterior_step,
    ddpm_posterior_variance,
    editing_sdedit,
    guidance_classifier_free_guidance,
    guidance_guided_eps,
    noising_add_noise,
)

__all__ = [
    "ddpm_posterior_step",
    "ddpm_posterior_variance",
    "editing_sdedit",
    "guidance_classifier_free_guidance",
    "guidance_guided_eps",
    "inversion_delta_penalty",
    "inversion_inversion_loss",
    "inversion_invert",
    "inversion_lp_loss",
    "inversion_perceptual_loss",
    "inversion_scribble_loss",
    "latents_interpolate",
    "latents_mean_w",
    "latents_sample_w",
    "latents_sample_w_plus",
    "noising_add_noise",
]
