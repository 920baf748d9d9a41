"""Wrong editing: SDEdit and RePaint inpainting."""

from functools import partial

import torch

from reference.ddpm import posterior_step, predict_x0, sample_ddpm
from reference.editing import repaint_blend as right_blend
from reference.editing import sdedit as right_sdedit
from reference.noising import add_noise

from . import mistake


def _noised(x, noise, t, alphas_cumprod):
    return x if t == -1 else add_noise(x, noise, t, alphas_cumprod)


def _choose(edit_mask, new, known):
    return edit_mask * new + (1 - edit_mask) * known


def _inpaint(
    eps_model,
    x_T,
    x_orig,
    edit_mask,
    timesteps,
    alphas_cumprod,
    noise_fn,
    step_noise=None,
    blend=right_blend,
    last=True,
):
    """The right loop; parts can be exchanged, and blend gets what it needs by name."""
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        noise = noise_fn(x_t) if step_noise is None else step_noise
        x_t = posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
        if last or t_prev >= 0:
            x_t = blend(x_t, x_orig, edit_mask, noise_fn(x_t), t_prev, alphas_cumprod)
    return x_t


sdedit = partial(mistake, "editing.sdedit")


@sdedit("noised to timesteps[0], denoised from start (seen)")
def sdedit_noised_to_the_top(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The image is noised to the highest level, but the chain begins further down. Both belong to the same timestep."""
    x_t = add_noise(image, noise, timesteps[0], alphas_cumprod)
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("denoised over all timesteps, start ignored in the chain")
def sdedit_whole_chain(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The image is noised to the right level, but the whole chain is run from the top."""
    x_t = add_noise(image, noise, timesteps[start], alphas_cumprod)
    return sample_ddpm(eps_model, x_t, timesteps, alphas_cumprod, noise_fn)


@sdedit("index used as the timestep")
def sdedit_index_as_timestep(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """start is used as a timestep when the image is noised. It is a position in the list."""
    x_t = add_noise(image, noise, start, alphas_cumprod)
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("strength inverted: start counted from the clean end")
def sdedit_counted_from_the_end(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """A larger start gives more noise here. The list falls, so it should be the other way round."""
    start = len(timesteps) - 1 - start
    return right_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn)


@sdedit("no noise at all")
def sdedit_without_noise(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The image goes into the chain without any noise, while the network expects the level of the timestep."""
    return sample_ddpm(eps_model, image, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("√abar · image only")
def sdedit_only_scaled(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The image is scaled down but the noise is not added."""
    zeros = torch.zeros_like(noise)
    return right_sdedit(eps_model, image, zeros, start, timesteps, alphas_cumprod, noise_fn)


@sdedit("pure noise start")
def sdedit_from_pure_noise(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain starts from pure noise, so nothing of the image can survive."""
    return sample_ddpm(eps_model, noise, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("VE noise (x + sigma · eps) into a VP model (SDEdit's paper has both)")
def sdedit_variance_exploding(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The noise is added on top of the unscaled image. This model was trained on images that are scaled down."""
    x_t = image + (1 - alphas_cumprod[timesteps[start]]).sqrt() * noise
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("1 - abar without root")
def sdedit_variance_as_std(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The variance stands where the standard deviation of the noise belongs."""
    abar_t = alphas_cumprod[timesteps[start]]
    x_t = abar_t.sqrt() * image + (1 - abar_t) * noise
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("denoised from timesteps[start + 1:] (off by one)")
def sdedit_chain_one_late(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain begins one entry too late: the first step starts at the very level the image was noised to."""
    x_t = add_noise(image, noise, timesteps[start], alphas_cumprod)
    rest = timesteps[start + 1 :]
    return sample_ddpm(eps_model, x_t, rest, alphas_cumprod, noise_fn) if rest else x_t


@sdedit("noised to timesteps[start + 1] (off by one, seen: official SDEdit, labml)")
def sdedit_noised_one_low(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The image is noised to the level where the first step ends instead of where it begins."""
    x_t = _noised(image, noise, [*timesteps, -1][start + 1], alphas_cumprod)
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn)


@sdedit("noise_fn used for the start, noise ignored")
def sdedit_draws_the_start(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The noise for the start is drawn inside. It is an argument."""
    return right_sdedit(eps_model, image, noise_fn(image), start, timesteps, alphas_cumprod, noise_fn)


@sdedit("noise argument reused as the steps' noise")
def sdedit_noise_reused(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The noise of the start is used again in every step. The steps need fresh draws."""
    return right_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, lambda x: noise)


@sdedit("noise_fn not passed on")
def sdedit_noise_fn_ignored(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain's noise does not come from noise_fn."""
    return right_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod)


@sdedit("deterministic chain (DDIM, or zero noise)")
def sdedit_deterministic_chain(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain is not random. SDEdit is followed by DDPM steps here."""
    return right_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, torch.zeros_like)


@sdedit("one-step estimate at timesteps[start]")
def sdedit_one_step(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The clean image is estimated in one jump. It takes the rest of the chain."""
    return right_sdedit(eps_model, image, noise, 0, timesteps[start : start + 1], alphas_cumprod, noise_fn)


@sdedit("last step missing")
def sdedit_stops_early(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain ends before the clean image is reached."""
    x_t = add_noise(image, noise, timesteps[start], alphas_cumprod)
    rest = timesteps[start:]
    for t, t_prev in zip(rest[:-1], rest[1:]):
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        x_t = posterior_step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
    return x_t


@sdedit("clip_x0=True passed on")
def sdedit_clips(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The estimates are cut off to [-1, 1], which nobody asked for."""
    x_t = add_noise(image, noise, timesteps[start], alphas_cumprod)
    return sample_ddpm(eps_model, x_t, timesteps[start:], alphas_cumprod, noise_fn, True)


@sdedit("image changed in place")
def sdedit_changes_image(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The caller's image is overwritten. Watch out for operations that work in place."""
    return image.copy_(right_sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn))


@sdedit("del timesteps[:start] on the caller's list")
def sdedit_changes_timesteps(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The caller's list of timesteps is shortened by the call."""
    del timesteps[:start]
    return right_sdedit(eps_model, image, noise, 0, timesteps, alphas_cumprod, noise_fn)


repaint_blend = partial(mistake, "editing.repaint_blend")


@repaint_blend("mask inverted (RePaint, diffusers and SDEdit: 1 = keep)")
def repaint_blend_mask_inverted(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The wrong side of the mask is kept. Here 1 marks new content: see the argument's name."""
    return right_blend(x_prev, x_orig, 1 - edit_mask, noise, t_prev, alphas_cumprod)


@repaint_blend("clean pixels pasted without noise")
def repaint_blend_clean_pixels(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part is pasted in without noise, next to content that is still noisy."""
    return _choose(edit_mask, x_prev, x_orig)


@repaint_blend("1 - abar without root (seen: RePaint's Algorithm 1 as printed, early diffusers)")
def repaint_blend_variance_as_std(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part is scaled with a variance instead of with a standard deviation."""
    abar_prev = alphas_cumprod[t_prev] if t_prev >= 0 else 1.0
    return _choose(edit_mask, x_prev, abar_prev**0.5 * x_orig + (1 - abar_prev) * noise)


@repaint_blend("signal not scaled (VE noise)")
def repaint_blend_image_not_scaled(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part keeps its full brightness while noise is added. This process scales the image down."""
    abar_prev = alphas_cumprod[t_prev] if t_prev >= 0 else 1.0
    return _choose(edit_mask, x_prev, x_orig + (1 - abar_prev) ** 0.5 * noise)


@repaint_blend("alphas_cumprod[-1] at t_prev = -1: the known part ends as noise (seen)")
def repaint_blend_index_wraps(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """On the last blend the table is read at index -1, its noisiest entry. What is the clean image's level?"""
    abar_prev = alphas_cumprod[t_prev]
    return _choose(edit_mask, x_prev, abar_prev.sqrt() * x_orig + (1 - abar_prev).sqrt() * noise)


@repaint_blend("alphas_cumprod[0] at t_prev = -1")
def repaint_blend_ends_at_index_0(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """After the last step the known part still has the noise of index 0. The original should come back exactly."""
    return right_blend(x_prev, x_orig, edit_mask, noise, max(t_prev, 0), alphas_cumprod)


@repaint_blend("level t_prev + 1: t for t_prev with single steps (seen: official SDEdit, labml, early diffusers)")
def repaint_blend_one_level_up(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part is one level too noisy. Which level has x_prev reached?"""
    return right_blend(x_prev, x_orig, edit_mask, noise, min(t_prev + 1, len(alphas_cumprod) - 1), alphas_cumprod)


@repaint_blend("level t_prev - 1 (1-based timesteps)")
def repaint_blend_one_level_down(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part is one level too clean: the table starts counting at 0."""
    return right_blend(x_prev, x_orig, edit_mask, noise, max(t_prev - 1, -1), alphas_cumprod)


@repaint_blend("t_prev = 0 treated as the clean image")
def repaint_blend_zero_is_clean(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """At timestep 0 the known part is pasted in clean. Index 0 is already one step of noise."""
    return right_blend(x_prev, x_orig, edit_mask, noise, t_prev if t_prev > 0 else -1, alphas_cumprod)


@repaint_blend("noise added after the blend, to both sides")
def repaint_blend_noises_both(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The new content is noised as well. It is already at the right level."""
    return _noised(_choose(edit_mask, x_prev, x_orig), noise, t_prev, alphas_cumprod)


@repaint_blend("x_prev noised instead of x_orig")
def repaint_blend_noises_new_content(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The wrong image is noised: the new content changes level and the original stays clean."""
    return _choose(edit_mask, _noised(x_prev, noise, t_prev, alphas_cumprod), x_orig)


@repaint_blend("(1 - mask) missing: m · x_prev + known")
def repaint_blend_known_not_masked(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The known part is added without cutting out the edited region."""
    return edit_mask * x_prev + _noised(x_orig, noise, t_prev, alphas_cumprod)


@repaint_blend("edit_mask[:1] for the whole batch")
def repaint_blend_first_mask_for_all(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The first sample's mask is used for the whole batch. A mask may differ from sample to sample."""
    return right_blend(x_prev, x_orig, edit_mask[:1], noise, t_prev, alphas_cumprod)


@repaint_blend("edit_mask[:, :1] for all channels")
def repaint_blend_first_channel_for_all(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The first channel's mask is used for all channels. A mask may differ from channel to channel."""
    return right_blend(x_prev, x_orig, edit_mask[:, :1], noise, t_prev, alphas_cumprod)


@repaint_blend("torch.randn_like inside, noise ignored")
def repaint_blend_draws_its_own(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The noise is drawn inside. It is an argument."""
    return right_blend(x_prev, x_orig, edit_mask, torch.randn_like(noise), t_prev, alphas_cumprod)


@repaint_blend("x_prev changed in place (masked assignment)")
def repaint_blend_changes_x_prev(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """The caller's x_prev is overwritten. Watch out for operations that work in place."""
    return x_prev.copy_(right_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod))


@repaint_blend("weights cast to float32")
def repaint_blend_in_float32(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    """Float64 images come out with the accuracy of float32."""
    known = _noised(x_orig.float(), noise.float(), t_prev, alphas_cumprod.float())
    return _choose(edit_mask, x_prev, known.to(x_prev.dtype))


inpaint = partial(mistake, "editing.inpaint")


@inpaint("mask inverted (RePaint, diffusers: 1 = keep)")
def inpaint_mask_inverted(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The wrong side of the mask is regenerated. Here 1 marks new content."""
    return _inpaint(eps_model, x_T, x_orig, 1 - edit_mask, timesteps, alphas_cumprod, noise_fn)


@inpaint("known region at level t instead of t_prev (seen: official SDEdit, labml, early diffusers)")
def inpaint_known_at_t(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The known part is put back at the level where the step began. Where has the step led?"""
    before = dict(zip([*timesteps[1:], -1], timesteps))

    def blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
        return right_blend(x_prev, x_orig, edit_mask, noise, before[t_prev], alphas_cumprod)

    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("known region at level t on the last step only")
def inpaint_last_blend_noisy(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """Only the last known part is wrong: it is put back at the last timestep's level instead of clean."""

    def blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
        level = timesteps[-1] if t_prev == -1 else t_prev
        return right_blend(x_prev, x_orig, edit_mask, noise, level, alphas_cumprod)

    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("alphas_cumprod[-1] on the last blend (seen)")
def inpaint_last_blend_wraps(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The last blend reads the table at index -1, its noisiest entry: the known part ends as noise."""
    blend = repaint_blend_index_wraps
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("no blend after the last step")
def inpaint_no_last_blend(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """After the last step the known part is not put back, so it differs from the original."""
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, last=False)


@inpaint("blend only after the last step (paste at the end)")
def inpaint_only_last_blend(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The known part is put back only at the very end, so the new content never sees it."""
    x_0 = sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn)
    return _choose(edit_mask, x_0, x_orig)


@inpaint("clean pixels pasted without noise at every step")
def inpaint_clean_pixels(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The known part is pasted in clean while the rest is still noisy."""
    blend = repaint_blend_clean_pixels
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("1 - abar without root (RePaint's Algorithm 1 as printed)")
def inpaint_variance_as_std(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The known part's noise has the wrong strength: a root is missing."""
    blend = repaint_blend_variance_as_std
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("the step's noise reused for the known region (seen)")
def inpaint_noise_shared(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """Step and blend share one draw of noise. They have to be independent."""
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        noise = noise_fn(x_t)
        x_t = posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
        x_t = right_blend(x_t, x_orig, edit_mask, noise, t_prev, alphas_cumprod)
    return x_t


@inpaint("one blend noise for the whole chain")
def inpaint_blend_noise_drawn_once(
    eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like
):
    """The known part gets the same noise after every step. Each blend needs a fresh draw."""
    fixed = noise_fn(x_T)

    def blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
        return right_blend(x_prev, x_orig, edit_mask, fixed, t_prev, alphas_cumprod)

    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("x_T reused as the known region's noise")
def inpaint_start_as_blend_noise(
    eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like
):
    """The known part is noised with the starting noise. Each blend needs a draw of its own."""

    def blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
        return right_blend(x_prev, x_orig, edit_mask, x_T, t_prev, alphas_cumprod)

    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)


@inpaint("one step noise for the whole chain")
def inpaint_step_noise_drawn_once(
    eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like
):
    """All DDPM steps use the same noise. Each needs a fresh draw."""
    fixed = noise_fn(x_T)
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, step_noise=fixed)


@inpaint("deterministic steps: only the blend draws")
def inpaint_steps_without_noise(
    eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like
):
    """The DDPM steps add no noise."""
    zeros = torch.zeros_like(x_T)
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, step_noise=zeros)


@inpaint("torch.randn_like hard-coded")
def inpaint_noise_fn_ignored(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The noise does not come from noise_fn, so a caller cannot control it."""
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, torch.randn_like)


@inpaint("x0 blended instead of x_(t_prev)")
def inpaint_blends_estimate(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The original is blended into the estimate of the clean image, before the step. It belongs into the result of the
    step.
    """
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x0 = _choose(edit_mask, predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod), x_orig)
        x_t = posterior_step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
    return x_t


@inpaint("blend at level t before each step, none after the last")
def inpaint_blends_before_step(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The blend comes before the step instead of after it."""
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x_t = right_blend(x_t, x_orig, edit_mask, noise_fn(x_t), t, alphas_cumprod)
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        x_t = posterior_step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
    return x_t


@inpaint("x_T blended with the noised original at the start")
def inpaint_blends_start(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """Besides the blends after the steps there is one before the first. x_T is used as it comes."""
    x_T = right_blend(x_T, x_orig, edit_mask, noise_fn(x_T), timesteps[0], alphas_cumprod)
    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn)


@inpaint("last step missing")
def inpaint_stops_early(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The chain stops before the clean image is reached."""
    x_t = x_T
    for t, t_prev in zip(timesteps[:-1], timesteps[1:]):
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        x_t = posterior_step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
        x_t = right_blend(x_t, x_orig, edit_mask, noise_fn(x_t), t_prev, alphas_cumprod)
    return x_t


@inpaint("x0 clipped")
def inpaint_clips(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The estimates are cut off to [-1, 1], which nobody asked for."""
    x_t = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod).clamp(-1, 1)
        x_t = posterior_step(x_t, x0, noise_fn(x_t), t, t_prev, alphas_cumprod)
        x_t = right_blend(x_t, x_orig, edit_mask, noise_fn(x_t), t_prev, alphas_cumprod)
    return x_t


@inpaint("x_T changed in place")
def inpaint_changes_start(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The caller's starting noise is overwritten. Watch out for operations that work in place."""
    return x_T.copy_(_inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn))


@inpaint("x_orig overwritten by the noised original")
def inpaint_changes_original(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    """The caller's original is replaced by a noised one during the loop, and gets noisier with every step."""

    def blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
        x_orig.copy_(_noised(x_orig, noise, t_prev, alphas_cumprod))
        return _choose(edit_mask, x_prev, x_orig)

    return _inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn, blend=blend)
