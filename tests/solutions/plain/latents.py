"""Latents, everything in one call of the mapping."""

import torch


def sample_z(batch_size, z_dim, from_mean=False, generator=None):
    if from_mean:
        return torch.zeros(batch_size, z_dim)
    return torch.randn(batch_size, z_dim, generator=generator)


def mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    with torch.no_grad():
        z = sample_z(num_samples, z_dim, generator=generator)
        return mapping(z).mean(0)


def sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    if from_mean:
        w = mean_w(mapping, z_dim, generator=generator)
        return w.expand(batch_size, 1, -1)
    with torch.no_grad():
        return mapping(sample_z(batch_size, z_dim, generator=generator)).unsqueeze(1)


def sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    if from_mean:
        return sample_w(mapping, batch_size, z_dim, True, generator).repeat(1, num_ws, 1)
    with torch.no_grad():
        z = torch.randn(batch_size * num_ws, z_dim, generator=generator)
        return mapping(z).view(batch_size, num_ws, -1)


def interpolate(latent_a, latent_b, num_frames):
    thetas = [i / (num_frames - 1) for i in range(num_frames)]
    return torch.stack([(1 - theta) * latent_a + theta * latent_b for theta in thetas])
