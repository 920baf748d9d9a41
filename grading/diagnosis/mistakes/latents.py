"""Wrong latents: the samplers, the mean w, the way between two codes."""

from functools import partial

import torch

from reference.latents import interpolate as right_interpolate
from reference.latents import mean_w as right_mean_w
from reference.latents import sample_w as right_w
from reference.latents import sample_w_plus as right_w_plus
from reference.latents import sample_z as right_z

from . import mistake


def _z(n, z_dim, generator):
    return torch.randn(n, z_dim, generator=generator)


@torch.no_grad()
def _mapped(mapping, n, z_dim, generator):
    return mapping(_z(n, z_dim, generator))


def _weights(num_frames, like):
    return torch.linspace(0, 1, num_frames, dtype=like.dtype).reshape(-1, *[1] * like.ndim)


def _between(weight, latent_a, latent_b):
    return (1 - weight) * latent_a + weight * latent_b


mean_w = partial(mistake, "latents.mean_w")


@mean_w("mapping of the mean: f(0)")
@torch.no_grad()
def mean_w_mapping_of_zero(mapping, z_dim, num_samples=10_000, generator=None):
    """The mean code is mapped. The mapping is not linear, so that is not the mean of the mapped codes."""
    return mapping(torch.zeros(1, z_dim))[0]


@mean_w("mapping of the mean of the draws: f(mean z)")
@torch.no_grad()
def mean_w_mapping_of_mean_draw(mapping, z_dim, num_samples=10_000, generator=None):
    """The codes are averaged before they are mapped. The order of the two matters."""
    return mapping(_z(num_samples, z_dim, generator).mean(dim=0, keepdim=True))[0]


@mean_w("mean over the wrong axis")
def mean_w_over_wrong_axis(mapping, z_dim, num_samples=10_000, generator=None):
    """The mean runs over the components of w instead of over the samples."""
    return _mapped(mapping, num_samples, z_dim, generator).mean(dim=1)


@mean_w("mean over all axes")
def mean_w_over_everything(mapping, z_dim, num_samples=10_000, generator=None):
    """Everything is averaged to a single number."""
    return _mapped(mapping, num_samples, z_dim, generator).mean()


@mean_w("keepdim: shape (1, w_dim)")
def mean_w_keeps_axis(mapping, z_dim, num_samples=10_000, generator=None):
    """The result has an axis too many."""
    return _mapped(mapping, num_samples, z_dim, generator).mean(dim=0, keepdim=True)


@mean_w("sum over the samples")
def mean_w_is_sum(mapping, z_dim, num_samples=10_000, generator=None):
    """The samples are added up, not averaged."""
    return _mapped(mapping, num_samples, z_dim, generator).sum(dim=0)


@mean_w("median over the samples")
def mean_w_is_median(mapping, z_dim, num_samples=10_000, generator=None):
    """The median is taken. The two differ where the mapped codes are skewed."""
    return _mapped(mapping, num_samples, z_dim, generator).median(dim=0).values


@mean_w("graph kept for 10,000 samples")
def mean_w_keeps_graph(mapping, z_dim, num_samples=10_000, generator=None):
    """The graph of all the samples is kept, which does not fit in memory for 10,000 of them."""
    return mapping(_z(num_samples, z_dim, generator)).mean(dim=0)


@mean_w("torch.rand for torch.randn")
@torch.no_grad()
def mean_w_uniform(mapping, z_dim, num_samples=10_000, generator=None):
    """The codes are drawn from a uniform distribution. Which one was the generator trained on?"""
    return mapping(torch.rand(num_samples, z_dim, generator=generator)).mean(dim=0)


@mean_w("z clamped (truncation)")
@torch.no_grad()
def mean_w_z_clamped(mapping, z_dim, num_samples=10_000, generator=None):
    """The codes are cut off at [-1, 1], so that the mean lacks everything far out."""
    return mapping(_z(num_samples, z_dim, generator).clamp(-1, 1)).mean(dim=0)


@mean_w("a single draw")
def mean_w_single_draw(mapping, z_dim, num_samples=10_000, generator=None):
    """Only one code is drawn, so the result is any w rather than the mean."""
    return _mapped(mapping, 1, z_dim, generator)[0]


@mean_w("num_samples ignored: always 10,000")
def mean_w_num_samples_ignored(mapping, z_dim, num_samples=10_000, generator=None):
    """The number of samples that is asked for is not used."""
    return _mapped(mapping, 10_000, z_dim, generator).mean(dim=0)


@mean_w("chunks of 1000, the remainder dropped (num_samples // 1000)")
def mean_w_remainder_dropped(mapping, z_dim, num_samples=10_000, generator=None):
    """The samples come in portions, and the last one is left out when it is not full."""
    total = sum(_mapped(mapping, 1000, z_dim, generator).sum(dim=0) for _ in range(num_samples // 1000))
    return torch.as_tensor(total) / num_samples


@mean_w("generator rewound for each chunk")
def mean_w_same_chunk_repeated(mapping, z_dim, num_samples=10_000, generator=None):
    """The samples come in portions, and all portions use the same random numbers."""
    return _mapped(mapping, max(1, num_samples // 100), z_dim, generator).mean(dim=0)


@mean_w("generator ignored")
def mean_w_generator_ignored(mapping, z_dim, num_samples=10_000, generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix the mean."""
    return _mapped(mapping, num_samples, z_dim, None).mean(dim=0)


@mean_w("torch.manual_seed(0) inside: global random state changed, generator ignored")
def mean_w_seeds_global_state(mapping, z_dim, num_samples=10_000, generator=None):
    """The global random numbers are re-seeded, which changes every other draw of the program."""
    torch.manual_seed(0)
    return _mapped(mapping, num_samples, z_dim, None).mean(dim=0)


sample_z = partial(mistake, "latents.sample_z")


@sample_z("torch.rand for torch.randn")
def sample_z_uniform(batch_size, z_dim, from_mean=False, generator=None):
    """The codes are drawn from a uniform distribution. Which one was the generator trained on?"""
    return torch.zeros(batch_size, z_dim) if from_mean else torch.rand(batch_size, z_dim, generator=generator)


@sample_z("2 · torch.rand - 1")
def sample_z_uniform_signed(batch_size, z_dim, from_mean=False, generator=None):
    """The codes are spread evenly over [-1, 1]. Which distribution was the generator trained on?"""
    return torch.zeros(batch_size, z_dim) if from_mean else 2 * torch.rand(batch_size, z_dim, generator=generator) - 1


@sample_z("clamped to [-2, 2]")
def sample_z_truncated(batch_size, z_dim, from_mean=False, generator=None):
    """The codes are cut off at two deviations. Nobody asked for truncation."""
    return right_z(batch_size, z_dim, from_mean, generator).clamp(-2, 2)


@sample_z("normalize_2nd_moment applied to z")
def sample_z_normalised(batch_size, z_dim, from_mean=False, generator=None):
    """Each code is scaled to one length. That is the mapping network's part, if anyone's."""
    z = right_z(batch_size, z_dim, from_mean, generator)
    return z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


@sample_z("standard deviation 0.5 (a variance or a truncation factor multiplied in)")
def sample_z_too_narrow(batch_size, z_dim, from_mean=False, generator=None):
    """The codes are drawn too near to the mean: what is their deviation?"""
    return 0.5 * right_z(batch_size, z_dim, from_mean, generator)


@sample_z("one z repeated")
def sample_z_repeated(batch_size, z_dim, from_mean=False, generator=None):
    """All samples of the batch share one code. Each draws its own."""
    return right_z(1, z_dim, from_mean, generator).repeat(batch_size, 1)


@sample_z("(N, 1) draws expanded over z_dim")
def sample_z_one_number_per_sample(batch_size, z_dim, from_mean=False, generator=None):
    """All components of a code are the same number."""
    return right_z(batch_size, 1, from_mean, generator).repeat(1, z_dim)


@sample_z("shape (z_dim, N)")
def sample_z_transposed(batch_size, z_dim, from_mean=False, generator=None):
    """The axes have changed places."""
    return right_z(batch_size, z_dim, from_mean, generator).T


@sample_z("shape (N, 1, z_dim)")
def sample_z_layer_axis(batch_size, z_dim, from_mean=False, generator=None):
    """z has no axis for the layers; w has."""
    return right_z(batch_size, z_dim, from_mean, generator)[:, None]


@sample_z("from_mean ignores N (seen)")
def sample_z_mean_ignores_batch(batch_size, z_dim, from_mean=False, generator=None):
    """The mean comes only once, whatever the batch size."""
    return right_z(1 if from_mean else batch_size, z_dim, from_mean, generator)


@sample_z("from_mean ignored")
def sample_z_from_mean_ignored(batch_size, z_dim, from_mean=False, generator=None):
    """Random codes come although the mean is asked for."""
    return right_z(batch_size, z_dim, False, generator)


@sample_z("from_mean: mean of random draws")
def sample_z_mean_of_draws(batch_size, z_dim, from_mean=False, generator=None):
    """The mean is estimated from random draws. For z it is known exactly."""
    if from_mean:
        return _z(10_000, z_dim, generator).mean(dim=0).repeat(batch_size, 1)
    return right_z(batch_size, z_dim, False, generator)


@sample_z("from_mean: ones")
def sample_z_mean_is_one(batch_size, z_dim, from_mean=False, generator=None):
    """The mean has the value 1 everywhere: what is the mean of a standard normal?"""
    return torch.ones(batch_size, z_dim) if from_mean else right_z(batch_size, z_dim, False, generator)


@sample_z("from_mean inverted")
def sample_z_from_mean_inverted(batch_size, z_dim, from_mean=False, generator=None):
    """Random codes come when the mean is asked for, and the mean when it is not."""
    return right_z(batch_size, z_dim, not from_mean, generator)


@sample_z("generator ignored")
def sample_z_generator_ignored(batch_size, z_dim, from_mean=False, generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix them."""
    return right_z(batch_size, z_dim, from_mean, None)


@sample_z("torch.manual_seed(0) inside")
def sample_z_seeds_global_state(batch_size, z_dim, from_mean=False, generator=None):
    """The global random numbers are re-seeded, so every call gives the same codes."""
    torch.manual_seed(0)
    return right_z(batch_size, z_dim, from_mean, None)


@sample_z("generator.manual_seed(generator.initial_seed()) in every call")
def sample_z_rewinds_generator(batch_size, z_dim, from_mean=False, generator=None):
    """Calls with one generator always give the same codes: its seed is set anew each time."""
    if generator is not None:
        generator.manual_seed(generator.initial_seed())
    return right_z(batch_size, z_dim, from_mean, generator)


sample_w = partial(mistake, "latents.sample_w")


@sample_w("shape (N, w_dim), which only works for N = 1 (seen)")
def sample_w_without_layer_axis(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The axis for the layers is missing. A generator that indexes layers reads the batch as layers then."""
    return right_w(mapping, batch_size, z_dim, from_mean, generator)[:, 0]


@sample_w("shape (1, N, w_dim): unsqueeze(0)")
def sample_w_axes_swapped(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """Batch and layers have changed places."""
    return right_w(mapping, batch_size, z_dim, from_mean, generator).transpose(0, 1)


@sample_w("w already broadcast to 18 layers")
def sample_w_broadcast_to_layers(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The codes are already repeated for every layer. That is left to the generator."""
    return right_w(mapping, batch_size, z_dim, from_mean, generator).repeat(1, 18, 1)


@sample_w("from_mean ignores N (seen)")
def sample_w_mean_ignores_batch(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The mean comes only once, whatever the batch size."""
    return right_w(mapping, 1 if from_mean else batch_size, z_dim, from_mean, generator)


@sample_w("from_mean: mapping of the mean, f(0)")
@torch.no_grad()
def sample_w_mapping_of_zero(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The mean code is mapped. The mean of mapped codes is asked for."""
    if from_mean:
        return mapping(torch.zeros(batch_size, z_dim))[:, None]
    return right_w(mapping, batch_size, z_dim, False, generator)


@sample_w("from_mean: mean over the batch's own draws")
def sample_w_mean_of_batch(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The mean is taken over as many draws as there are samples, which is far too few."""
    w = right_w(mapping, batch_size, z_dim, False, generator)
    return w.mean(dim=0, keepdim=True).repeat(batch_size, 1, 1) if from_mean else w


@sample_w("from_mean ignored")
def sample_w_from_mean_ignored(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """Random codes come although the mean is asked for."""
    return right_w(mapping, batch_size, z_dim, False, generator)


@sample_w("always the mean")
def sample_w_always_mean(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The mean comes although random codes are asked for."""
    return right_w(mapping, batch_size, z_dim, True, generator)


@sample_w("one w repeated for the batch")
def sample_w_same_for_batch(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """All samples of the batch share one code. Each draws its own."""
    return right_w(mapping, 1, z_dim, from_mean, generator).repeat(batch_size, 1, 1)


@sample_w("z returned")
def sample_w_unmapped(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The codes have not gone through the mapping."""
    if from_mean:
        return right_w(mapping, batch_size, z_dim, True, generator)
    return _z(batch_size, z_dim, generator)[:, None]


@sample_w("truncation trick, ψ = 0.7")
def sample_w_truncated(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The codes are drawn towards the mean. Nobody asked for truncation."""
    w = right_w(mapping, batch_size, z_dim, from_mean, generator)
    return w if from_mean else torch.lerp(right_mean_w(mapping, z_dim, generator=generator).expand_as(w), w, 0.7)


@sample_w("torch.rand for torch.randn")
@torch.no_grad()
def sample_w_uniform(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The codes that are mapped come from a uniform distribution."""
    if from_mean:
        return right_w(mapping, batch_size, z_dim, True, generator)
    return mapping(torch.rand(batch_size, z_dim, generator=generator))[:, None]


@sample_w("generator ignored")
def sample_w_generator_ignored(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix them."""
    return right_w(mapping, batch_size, z_dim, from_mean, None)


@sample_w("generator not passed on to mean_w")
def sample_w_generator_not_for_mean(mapping, batch_size, z_dim, from_mean=False, generator=None):
    """The draws come from the generator, but the mean's samples do not."""
    return right_w(mapping, batch_size, z_dim, from_mean, None if from_mean else generator)


sample_w_plus = partial(mistake, "latents.sample_w_plus")


@sample_w_plus("one w repeated in every layer (seen; StyleGAN2-ADA's mapping)")
def sample_w_plus_one_w_repeated(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """All layers share one code, which makes this a w. In w+ every layer has its own."""
    return right_w(mapping, batch_size, z_dim, from_mean, generator).repeat(1, num_ws, 1)


@sample_w_plus("one w+ repeated for the batch")
def sample_w_plus_same_for_batch(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """All samples of the batch share their codes: the layers differ, the samples do not."""
    return right_w_plus(mapping, 1, z_dim, num_ws, from_mean, generator).repeat(batch_size, 1, 1)


@sample_w_plus("shape (num_ws, N, w_dim)")
def sample_w_plus_axes_swapped(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """Batch and layers have changed places."""
    return right_w_plus(mapping, batch_size, z_dim, num_ws, from_mean, generator).transpose(0, 1)


@sample_w_plus("num_ws ignored: shape (N, 1, w_dim)")
def sample_w_plus_num_ws_ignored(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """There is only one layer's code in the result."""
    return right_w(mapping, batch_size, z_dim, from_mean, generator)


@sample_w_plus("shape (N, num_ws · w_dim)")
def sample_w_plus_flattened(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """Layers and components are one axis here. They are two."""
    return right_w_plus(mapping, batch_size, z_dim, num_ws, from_mean, generator).flatten(1)


@sample_w_plus("N draws rolled along the batch from layer to layer")
def sample_w_plus_rolled(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """Samples borrow each other's codes: the same ones appear again in other layers of other samples."""
    w = right_w(mapping, batch_size, z_dim, from_mean, generator)
    return torch.cat([w.roll(layer, dims=0) for layer in range(num_ws)], dim=1)


@sample_w_plus("style mixing with one crossover")
def sample_w_plus_two_codes(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """There are two codes per sample, each for half of the layers. Every layer has its own."""
    w = right_w_plus(mapping, batch_size, z_dim, 2, from_mean, generator)
    return w[:, [int(2 * layer >= num_ws) for layer in range(num_ws)]]


@sample_w_plus("interpolated over the layers")
def sample_w_plus_interpolated(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The layers' codes lie on a line between two draws. Every layer draws its own."""
    first, last = right_w_plus(mapping, batch_size, z_dim, 2, from_mean, generator).split(1, dim=1)
    return torch.lerp(first, last, torch.linspace(0, 1, num_ws, dtype=first.dtype)[:, None])


@sample_w_plus("z returned")
def sample_w_plus_unmapped(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The codes have not gone through the mapping."""
    if from_mean:
        return right_w_plus(mapping, batch_size, z_dim, num_ws, True, generator)
    return torch.randn(batch_size, num_ws, z_dim, generator=generator)


@sample_w_plus("from_mean ignores N (seen)")
def sample_w_plus_mean_ignores_batch(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The mean comes only once, whatever the batch size."""
    return right_w_plus(mapping, 1 if from_mean else batch_size, z_dim, num_ws, from_mean, generator)


@sample_w_plus("from_mean ignores num_ws")
def sample_w_plus_mean_ignores_layers(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The mean comes for one layer only."""
    return right_w_plus(mapping, batch_size, z_dim, 1 if from_mean else num_ws, from_mean, generator)


@sample_w_plus("from_mean: mapping of the mean, f(0)")
@torch.no_grad()
def sample_w_plus_mapping_of_zero(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The mean code is mapped. The mean of mapped codes is asked for."""
    if from_mean:
        return mapping(torch.zeros(1, z_dim)).repeat(batch_size, num_ws, 1)
    return right_w_plus(mapping, batch_size, z_dim, num_ws, False, generator)


@sample_w_plus("from_mean: mean over the layers' own draws")
def sample_w_plus_mean_of_layers(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The mean is taken over this sample's layers, which are far too few draws."""
    w = right_w_plus(mapping, batch_size, z_dim, num_ws, False, generator)
    return w.mean(dim=1, keepdim=True).repeat(1, num_ws, 1) if from_mean else w


@sample_w_plus("from_mean ignored")
def sample_w_plus_from_mean_ignored(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """Random codes come although the mean is asked for."""
    return right_w_plus(mapping, batch_size, z_dim, num_ws, False, generator)


@sample_w_plus("generator ignored")
def sample_w_plus_generator_ignored(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix them."""
    return right_w_plus(mapping, batch_size, z_dim, num_ws, from_mean, None)


@sample_w_plus("generator not passed on to mean_w")
def sample_w_plus_generator_not_for_mean(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    """The draws come from the generator, but the mean's samples do not."""
    return right_w_plus(mapping, batch_size, z_dim, num_ws, from_mean, None if from_mean else generator)


interpolate = partial(mistake, "latents.interpolate")


@interpolate("reversed (seen; CMU's θ = 1 is the first image)")
def interpolate_reversed(latent_a, latent_b, num_frames):
    """The way leads from the second latent to the first."""
    return right_interpolate(latent_b, latent_a, num_frames)


@interpolate("last frame missing: k / n")
def interpolate_last_frame_missing(latent_a, latent_b, num_frames):
    """The second latent is never reached. Both ends are frames: how many steps lie between n of them?"""
    return right_interpolate(latent_a, latent_b, num_frames + 1)[:-1]


@interpolate("first frame missing: (k + 1) / n")
def interpolate_first_frame_missing(latent_a, latent_b, num_frames):
    """The first latent is left out. Both ends are frames."""
    return right_interpolate(latent_a, latent_b, num_frames + 1)[1:]


@interpolate("(k + 1/2) / n")
def interpolate_both_ends_missing(latent_a, latent_b, num_frames):
    """Neither end is reached: the frames stand in the middle of their intervals."""
    return right_interpolate(latent_a, latent_b, 2 * num_frames + 1)[1::2]


@interpolate("n + 1 frames")
def interpolate_one_frame_too_many(latent_a, latent_b, num_frames):
    """There is a frame too many."""
    return right_interpolate(latent_a, latent_b, num_frames + 1)


@interpolate("shape (N, num_frames, …): stacked along dim 1")
def interpolate_frames_second(latent_a, latent_b, num_frames):
    """The axis of the frames stands behind that of the batch."""
    return right_interpolate(latent_a, latent_b, num_frames).transpose(0, 1)


@interpolate("torch.cat for torch.stack")
def interpolate_concatenated(latent_a, latent_b, num_frames):
    """Frames and batch are joined in one axis."""
    return right_interpolate(latent_a, latent_b, num_frames).flatten(0, 1)


@interpolate("weights (n, 1, 1): an error or a wrong shape for (N, L, w_dim)")
def interpolate_for_two_axes(latent_a, latent_b, num_frames):
    """The weights are reshaped for latents with two axes. w and w+ have three."""
    return _between(torch.linspace(0, 1, num_frames, dtype=latent_a.dtype).reshape(-1, 1, 1), latent_a, latent_b)


@interpolate("weights (n,) unreshaped: an error, or silent where the width is n or 1")
def interpolate_weights_along_width(latent_a, latent_b, num_frames):
    """The weights line up with the last axis of the latents instead of with an axis of their own."""
    return _between(torch.linspace(0, 1, num_frames, dtype=latent_a.dtype), latent_a, latent_b)


@interpolate("k // (n - 1)")
def interpolate_integer_weights(latent_a, latent_b, num_frames):
    """Whole numbers are divided to a whole number, so the picture jumps at the last frame."""
    return _between(_weights(num_frames, latent_a).floor(), latent_a, latent_b)


@interpolate("slerp")
def interpolate_on_sphere(latent_a, latent_b, num_frames):
    """The frames follow the sphere. A straight line is asked for."""
    weight = _weights(num_frames, latent_a)
    a, b = (latent / latent.norm(dim=-1, keepdim=True) for latent in (latent_a, latent_b))
    angle = (a * b).sum(dim=-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6).acos()
    return (((1 - weight) * angle).sin() * latent_a + (weight * angle).sin() * latent_b) / angle.sin()


@interpolate("eased weights (smoothstep)")
def interpolate_eased(latent_a, latent_b, num_frames):
    """The frames speed up and slow down. They stand at even distances."""
    weight = _weights(num_frames, latent_a)
    return _between(weight * weight * (3 - 2 * weight), latent_a, latent_b)


@interpolate("a + θ b")
def interpolate_first_not_faded(latent_a, latent_b, num_frames):
    """The first latent stays in all frames with its full weight."""
    return latent_a + _weights(num_frames, latent_a) * latent_b


@interpolate("a + θ (a - b)")
def interpolate_wrong_direction(latent_a, latent_b, num_frames):
    """The way leads off in the opposite direction. Look at the sign of the difference."""
    return latent_a + _weights(num_frames, latent_a) * (latent_a - latent_b)


@interpolate("latent[0] for the whole batch")
def interpolate_first_sample_only(latent_a, latent_b, num_frames):
    """Every sample of the batch goes the first one's way."""
    frames = right_interpolate(latent_a, latent_b, num_frames)
    return frames[:, :1].expand_as(frames).clone()


@interpolate("latent_a changed in place (+= step)")
def interpolate_in_place(latent_a, latent_b, num_frames):
    """The first latent is overwritten on the way. Watch out for operations that work in place."""
    frames, step = [], (latent_b - latent_a).detach() / (num_frames - 1)
    with torch.no_grad():
        for _ in range(num_frames):
            frames.append(latent_a.clone())
            latent_a += step
    return torch.stack(frames)


@interpolate("always float32")
def interpolate_always_float32(latent_a, latent_b, num_frames):
    """The latents lose precision: the result has another dtype than they have."""
    return right_interpolate(latent_a.float(), latent_b.float(), num_frames)
