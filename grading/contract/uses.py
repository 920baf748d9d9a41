"""Which graded functions the formula of another is made of: what a solution may call to compute it.

The direction is the formula's own, so that nothing that computes a function, or that is made of it, stands in its row.
"""

from functools import cache

from .functions import all_tasks

_MADE_OF = {
    "ddpm.posterior_step": ("ddpm.posterior_variance",),
    "ddpm.sample_ddpm": ("ddpm.predict_x0", "ddpm.posterior_step"),
    "ddim.ddim_sigma": ("ddpm.posterior_variance",),
    "ddim.ddim_step": ("ddpm.predict_x0", "ddim.ddim_sigma"),
    "ddim.sample_ddim": ("ddim.ddim_step",),
    "guidance.guided_eps": ("guidance.classifier_free_guidance",),
    "editing.sdedit": ("noising.add_noise", "ddpm.sample_ddpm"),
    "editing.repaint_blend": ("noising.add_noise",),
    "editing.inpaint": ("ddpm.predict_x0", "ddpm.posterior_step", "editing.repaint_blend"),
    "illusions.lowpass": ("illusions.gaussian_kernel1d",),
    "illusions.hybrid_eps": ("illusions.lowpass",),
    "dps.dps_step": ("dps.dps_gradient",),
    "dps.sample_dps": ("ddim.ddim_step", "dps.dps_step"),
    "distillation.sds_residual": ("distillation.sds_weight",),
    "distillation.vsd_residual": ("distillation.sds_weight",),
    "augment.diff_augment": ("augment.rand_cutout",),
    "latents.mean_w": ("latents.sample_z",),
    "latents.sample_w": ("latents.mean_w",),
    "latents.sample_w_plus": ("latents.sample_w",),
    "inversion.inversion_loss": ("inversion.lp_loss", "inversion.perceptual_loss", "inversion.delta_penalty"),
    "unet.ddpm_loss": ("noising.add_noise",),
    "unet.class_ddpm_loss": ("noising.add_noise",),
    "flow.sample_flow": ("flow.flow_step",),
    "flow.guided_velocity": ("guidance.classifier_free_guidance",),
    "flow.flow_loss": ("flow.flow_interpolate", "flow.flow_velocity"),
    "flow.class_flow_loss": ("flow.flow_interpolate", "flow.flow_velocity"),
    "bells.sketch_loss": ("bells.soft_edges",),
    "bells.warp_loss": ("bells.warp",),
    "bells.invert_best_of": ("inversion.invert",),
}


@cache
def used_by(task: str) -> tuple[str, ...]:
    """The graded functions that this one may call, directly or through another, in teaching order."""
    reached: set[str] = set()
    for one in _MADE_OF.get(task, ()):
        reached |= {one, *used_by(one)}
    return tuple(one for one in all_tasks() if one in reached)
