"""Latents drawn in chunks; running sums in float64."""

import torch

CHUNK = 512


@torch.inference_mode()
def _chunks(mapping, count, z_dim, generator):
    for start in range(0, count, CHUNK):
        yield mapping(sample_z(min(CHUNK, count - start), z_dim, generator=generator))


def _mapped(mapping, count, z_dim, generator):
    return torch.cat(list(_chunks(mapping, count, z_dim, generator))).clone()


def mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    total = dtype = None
    for w in _chunks(mapping, num_samples, z_dim, generator):
        dtype = w.dtype
        total = w.double().sum(0) + (0 if total is None else total)
    return (total / num_samples).to(dtype)


def sample_z(batch_size, z_dim, from_mean=False, generator=None):
    z = torch.empty(batch_size, z_dim)
    return z.zero_() if from_mean else z.normal_(generator=generator)


def sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    return sample_w_plus(mapping, batch_size, z_dim, 1, from_mean, generator)


def sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    if from_mean:
        return mean_w(mapping, z_dim, generator=generator).expand(batch_size, num_ws, -1).clone()
    w = _mapped(mapping, batch_size * num_ws, z_dim, generator)
    return w.reshape(num_ws, batch_size, -1).transpose(0, 1)


def interpolate(latent_a, latent_b, num_frames):
    thetas = torch.arange(num_frames, dtype=latent_a.dtype, device=latent_a.device) / (num_frames - 1)
    weights = torch.stack([1 - thetas, thetas], dim=1)
    return torch.tensordot(weights, torch.stack([latent_a, latent_b]), dims=1)
