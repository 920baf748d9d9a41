"""Latents; w is a w+ of one layer."""

import torch


def _normal(*shape, generator):
    return torch.randn(shape, generator=generator, device=generator.device if generator else None)


@torch.no_grad()
def mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    return torch.einsum("nd->d", mapping(_normal(num_samples, z_dim, generator=generator))) / num_samples


def sample_z(batch_size, z_dim, from_mean=False, generator=None):
    return _normal(batch_size, z_dim, generator=generator) if not from_mean else torch.zeros(batch_size, z_dim)


def sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    return sample_w_plus(mapping, batch_size, z_dim, 1, from_mean, generator)


@torch.no_grad()
def sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    if from_mean:
        return mean_w(mapping, z_dim, generator=generator).expand(batch_size, num_ws, -1)
    z = _normal(batch_size, num_ws, z_dim, generator=generator)
    return mapping(z.flatten(0, 1)).unflatten(0, (batch_size, num_ws))


def interpolate(latent_a, latent_b, num_frames):
    weights = torch.arange(num_frames, dtype=latent_a.dtype, device=latent_a.device) / (num_frames - 1)
    return torch.func.vmap(torch.lerp, in_dims=(None, None, 0))(latent_a, latent_b, weights)
