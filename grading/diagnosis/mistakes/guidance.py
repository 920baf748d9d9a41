"""Wrong classifier-free guidance."""

from functools import partial

import torch

from . import mistake


def _guide(eps_uncond, eps_cond, scale):
    return eps_uncond + scale * (eps_cond - eps_uncond)


classifier_free_guidance = partial(mistake, "guidance.classifier_free_guidance")


@classifier_free_guidance("cond and uncond swapped")
def cfg_swapped(eps_uncond, eps_cond, scale):
    """Conditional and unconditional estimate have changed places, so guidance pushes away from the prompt."""
    return _guide(eps_cond, eps_uncond, scale)


@classifier_free_guidance(
    "c + s(c - u), or (1 + s) c - s u: the paper's w = s - 1 (Ho & Salimans, DreamFusion; seen, most asked)"
)
def cfg_paper_weight(eps_uncond, eps_cond, scale):
    """The conditional estimate comes out at scale 0. Here scale 0 is unconditional and scale 1 conditional: which
    estimate does the difference start from?
    """
    return eps_cond + scale * (eps_cond - eps_uncond)


@classifier_free_guidance("u + s · c (as printed in the EECS handout)")
def cfg_sum(eps_uncond, eps_cond, scale):
    """The scale multiplies the whole conditional estimate. It belongs to a difference."""
    return eps_uncond + scale * eps_cond


@classifier_free_guidance("sign: u - s(c - u)")
def cfg_sign(eps_uncond, eps_cond, scale):
    """The difference has the wrong sign."""
    return eps_uncond - scale * (eps_cond - eps_uncond)


@classifier_free_guidance("the base estimate missing: s(c - u)")
def cfg_difference_only(eps_uncond, eps_cond, scale):
    """Only the scaled difference is returned. What is it added to?"""
    return scale * (eps_cond - eps_uncond)


@classifier_free_guidance("shortcut 'if scale > 1 else cond' (diffusers' do_classifier_free_guidance)")
def cfg_off_up_to_scale_1(eps_uncond, eps_cond, scale):
    """The prompt counts fully for every scale up to 1. Also small, zero and negative scales follow the formula."""
    return _guide(eps_uncond, eps_cond, scale) if scale > 1 else eps_cond.clone()


@classifier_free_guidance("scale 0 taken as 'no guidance, conditional only'")
def cfg_scale_0_is_conditional(eps_uncond, eps_cond, scale):
    """Scale 0 returns the conditional estimate. Without guidance the prompt has no influence at all."""
    return _guide(eps_uncond, eps_cond, scale) if scale else eps_cond.clone()


@classifier_free_guidance("negative scales clamped to 0")
def cfg_negative_scale_clamped(eps_uncond, eps_cond, scale):
    """Negative scales are treated as 0. They are allowed and push away from the prompt."""
    return _guide(eps_uncond, eps_cond, max(scale, 0.0))


@classifier_free_guidance("scale clamped to [0, 1], interpolation only")
def cfg_interpolates_only(eps_uncond, eps_cond, scale):
    """Scales above 1 have no further effect, although guidance lives from extrapolating."""
    return _guide(eps_uncond, eps_cond, min(scale, 1.0))


@classifier_free_guidance("normalised: (u + s · c) / (1 + s)")
def cfg_normalised(eps_uncond, eps_cond, scale):
    """The result is divided by the sum of the weights, but these add up to 1 already in the right formula."""
    return (eps_uncond + scale * eps_cond) / (1 + scale) if scale != -1 else eps_uncond + scale * eps_cond


@classifier_free_guidance("7.5 hard-coded")
def cfg_scale_hard_coded(eps_uncond, eps_cond, scale):
    """The scale is ignored: it is always the same."""
    return _guide(eps_uncond, eps_cond, 7.5)


@classifier_free_guidance("guidance rescale (diffusers' rescale_noise_cfg) applied")
def cfg_rescaled(eps_uncond, eps_cond, scale):
    """The result is rescaled to the conditional estimate's spread. That is an extra that is not asked for here."""
    eps = _guide(eps_uncond, eps_cond, scale)
    dims = (1, 2, 3)
    return eps * eps_cond.std(dims, keepdim=True) / eps.std(dims, keepdim=True)


@classifier_free_guidance("first three channels only (DiT's and GLIDE's forward_with_cfg): shows at C > 3")
def cfg_three_channels(eps_uncond, eps_cond, scale):
    """Only the first three channels are guided. Latents have more channels, and all of them count."""
    guided = _guide(eps_uncond[:, :3], eps_cond[:, :3], scale)
    return torch.cat([guided, eps_cond[:, 3:]], dim=1)


@classifier_free_guidance("result clamped")
def cfg_clamped(eps_uncond, eps_cond, scale):
    """The result is cut off at [-1, 1]. Noise has no such bounds."""
    return _guide(eps_uncond, eps_cond, scale).clamp(-1, 1)


@classifier_free_guidance("eps_uncond changed in place (+=)")
def cfg_changes_uncond(eps_uncond, eps_cond, scale):
    """The caller's unconditional estimate is overwritten. Watch out for operations that work in place."""
    eps_uncond += scale * (eps_cond - eps_uncond)
    return eps_uncond


@classifier_free_guidance("eps_cond changed in place (-=)")
def cfg_changes_cond(eps_uncond, eps_cond, scale):
    """The caller's conditional estimate is overwritten. Watch out for operations that work in place."""
    eps_cond -= eps_uncond
    return eps_uncond + scale * eps_cond


@classifier_free_guidance("computed in float32, cast back")
def cfg_in_float32(eps_uncond, eps_cond, scale):
    """Float64 estimates come out with the accuracy of float32."""
    return _guide(eps_uncond.float(), eps_cond.float(), scale).to(eps_cond.dtype)


@classifier_free_guidance("scale truncated to an int")
def cfg_scale_truncated(eps_uncond, eps_cond, scale):
    """Whole scales are right, fractions are not. A scale need not be a whole number."""
    return _guide(eps_uncond, eps_cond, int(scale))


guided_eps = partial(mistake, "guidance.guided_eps")


@guided_eps("cond and uncond swapped; or the doubled batch's order reversed against the concatenation")
def guided_eps_swapped(model, x_t, t, cond, null_cond, scale):
    """The two estimates have changed places: guidance pushes away from the prompt. With a doubled batch, take the
    halves apart in the order in which they were put together.
    """
    return _guide(model(x_t, t, cond), model(x_t, t, null_cond), scale)


@guided_eps("repeat_interleave against chunk: silent at B = 1")
def guided_eps_interleaved(model, x_t, t, cond, null_cond, scale):
    """The doubled batch is interleaved, the split takes halves: samples get mixed up as soon as there are more than
    one.
    """
    conds = torch.stack([null_cond, cond], dim=1).flatten(0, 1)
    both = model(x_t.repeat_interleave(2, dim=0), t, conds)
    eps_uncond, eps_cond = both.chunk(2)
    return _guide(eps_uncond, eps_cond, scale)


@guided_eps("repeat_interleave for the images, cat for the conditions: silent at B = 1")
def guided_eps_images_interleaved(model, x_t, t, cond, null_cond, scale):
    """The images are repeated one by one, the conditions as a block, so images and prompts do not match."""
    both = model(x_t.repeat_interleave(2, dim=0), t, torch.cat([null_cond, cond]))
    eps_uncond, eps_cond = both.chunk(2)
    return _guide(eps_uncond, eps_cond, scale)


@guided_eps("zeros for null_cond")
def guided_eps_zeros_for_null(model, x_t, t, cond, null_cond, scale):
    """The unconditional estimate is made with zeros. Which condition stands for 'no prompt' is an argument."""
    return _guide(model(x_t, t, torch.zeros_like(cond)), model(x_t, t, cond), scale)


@guided_eps("'unconditional' = the other prompts of the batch (rolled)")
def guided_eps_other_prompt_for_null(model, x_t, t, cond, null_cond, scale):
    """The unconditional estimate gets another sample's condition: the batch is out of order."""
    return _guide(model(x_t, t, cond.roll(1, 0)), model(x_t, t, cond), scale)


@guided_eps("cond[:1] expanded over the batch")
def guided_eps_first_prompt_for_all(model, x_t, t, cond, null_cond, scale):
    """All samples get the first sample's prompt."""
    return _guide(model(x_t, t, null_cond), model(x_t, t, cond[:1].expand_as(cond)), scale)


@guided_eps("null_cond[:1] expanded over the batch: silent when all rows are equal")
def guided_eps_first_null_for_all(model, x_t, t, cond, null_cond, scale):
    """All samples get the first sample's null condition."""
    return _guide(model(x_t, t, null_cond[:1].expand_as(null_cond)), model(x_t, t, cond), scale)


@guided_eps("c + s(c - u)")
def guided_eps_paper_weight(model, x_t, t, cond, null_cond, scale):
    """At scale 0 the conditional estimate should not be reached: the scale starts from the other one."""
    eps_uncond, eps_cond = model(x_t, t, null_cond), model(x_t, t, cond)
    return eps_cond + scale * (eps_cond - eps_uncond)


@guided_eps("u + s · c (as printed in the EECS handout)")
def guided_eps_sum(model, x_t, t, cond, null_cond, scale):
    """The scale multiplies the whole conditional estimate. It belongs to a difference."""
    return model(x_t, t, null_cond) + scale * model(x_t, t, cond)


@guided_eps("guidance on the embeddings: silent for a network linear in cond")
def guided_eps_blends_conditions(model, x_t, t, cond, null_cond, scale):
    """The conditions are blended before the network sees them. It is the network's two estimates that are combined."""
    return model(x_t, t, _guide(null_cond, cond, scale))


@guided_eps("null estimate evaluated twice, or the doubled batch once for each half")
def guided_eps_three_evaluations(model, x_t, t, cond, null_cond, scale):
    """The network is evaluated more often than needed, which costs time. Keep an estimate that is used twice."""
    return model(x_t, t, null_cond) + scale * (model(x_t, t, cond) - model(x_t, t, null_cond))


@guided_eps("'if scale > 1 else cond' (diffusers)")
def guided_eps_off_up_to_scale_1(model, x_t, t, cond, null_cond, scale):
    """Guidance is switched off for scales up to 1, where the conditional estimate comes back. Scales below 1 follow the
    formula too.
    """
    eps_cond = model(x_t, t, cond)
    return _guide(model(x_t, t, null_cond), eps_cond, scale) if scale > 1 else eps_cond


@guided_eps("'if scale <= 0: return uncond'")
def guided_eps_off_below_0(model, x_t, t, cond, null_cond, scale):
    """Scales of 0 and below are treated as unconditional. Negative scales are allowed: they push away."""
    eps_uncond = model(x_t, t, null_cond)
    return _guide(eps_uncond, model(x_t, t, cond), scale) if scale > 0 else eps_uncond


@guided_eps("no guidance, or cond given to both evaluations")
def guided_eps_conditional_only(model, x_t, t, cond, null_cond, scale):
    """The scale has no effect: only the prompt's estimate comes back. Who gets the null condition?"""
    return model(x_t, t, cond)


@guided_eps("null estimate at t = 0")
def guided_eps_null_at_timestep_0(model, x_t, t, cond, null_cond, scale):
    """The network is told another timestep than the image has."""
    return _guide(model(x_t, 0, null_cond), model(x_t, t, cond), scale)


@guided_eps("fresh noise or zeros as the null estimate's image")
def guided_eps_null_of_blank_image(model, x_t, t, cond, null_cond, scale):
    """The null estimate is made from another image. Both estimates are about the same x_t."""
    return _guide(model(torch.zeros_like(x_t), t, null_cond), model(x_t, t, cond), scale)


@guided_eps("result concatenated with itself to (2B, C, H, W) (GLIDE's and DiT's model_fn)")
def guided_eps_returns_doubled_batch(model, x_t, t, cond, null_cond, scale):
    """The whole doubled batch comes back. One estimate per sample is asked for."""
    both = model(torch.cat([x_t, x_t]), t, torch.cat([null_cond, cond]))
    eps = _guide(both[: len(x_t)], both[len(x_t) :], scale)
    return torch.cat([eps, eps])


@guided_eps("chunk(2, dim=1), or every other row of the doubled batch")
def guided_eps_splits_channels(model, x_t, t, cond, null_cond, scale):
    """The doubled batch is taken apart at the wrong place: its first half belongs to one condition, its second to the other."""
    both = torch.cat([model(x_t, t, null_cond), model(x_t, t, cond)], dim=0)
    both = both.reshape(len(x_t), 2 * x_t.shape[1], *x_t.shape[2:])
    eps_uncond, eps_cond = both.chunk(2, dim=1)
    return _guide(eps_uncond, eps_cond, scale)


def _three_guided(eps_uncond, eps_cond, scale, rest):
    return torch.cat([_guide(eps_uncond[:, :3], eps_cond[:, :3], scale), rest[:, 3:]], dim=1)


@guided_eps("first three channels only, the others as with the prompt (DiT's and GLIDE's forward_with_cfg)")
def guided_eps_three_channels(model, x_t, t, cond, null_cond, scale):
    """Only the first three channels are guided, the others come as the prompt has them. Latents have more channels."""
    eps_uncond, eps_cond = model(x_t, t, null_cond), model(x_t, t, cond)
    return _three_guided(eps_uncond, eps_cond, scale, rest=eps_cond)


@guided_eps("first three channels only, the others as without the prompt")
def guided_eps_three_channels_of_null(model, x_t, t, cond, null_cond, scale):
    """Only the first three channels are guided, the others come as without a prompt. Latents have more channels."""
    eps_uncond, eps_cond = model(x_t, t, null_cond), model(x_t, t, cond)
    return _three_guided(eps_uncond, eps_cond, scale, rest=eps_uncond)


@guided_eps("result written into x_t")
def guided_eps_changes_x_t(model, x_t, t, cond, null_cond, scale):
    """x_t is changed by the call. Watch out for operations that work in place."""
    return x_t.copy_(_guide(model(x_t, t, null_cond), model(x_t, t, cond), scale))
