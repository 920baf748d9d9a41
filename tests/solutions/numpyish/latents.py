"""Latents sample by sample and layer by layer; means by numpy."""

import numpy as np
import torch


def sample_z(batch_size, z_dim, from_mean=False, generator=None):
    z = torch.from_numpy(np.zeros((batch_size, z_dim), dtype=np.float32))
    if not from_mean:
        for i in range(batch_size):
            z[i] = torch.randn(z_dim, generator=generator)
    return z


def mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    w = mapping(sample_z(num_samples, z_dim, generator=generator)).detach()
    return torch.as_tensor(w.cpu().numpy().mean(axis=0), device=w.device)


def sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    if from_mean:
        w = mean_w(mapping, z_dim, generator=generator)
        return torch.stack([w.reshape(1, -1) for _ in range(batch_size)])
    return mapping(sample_z(batch_size, z_dim, generator=generator)).detach()[:, None, :]


def sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    if from_mean:
        w = sample_w(mapping, batch_size, z_dim, True, generator)
        return torch.cat([w] * num_ws, dim=1)
    samples = []
    for _ in range(batch_size):
        samples.append(mapping(sample_z(num_ws, z_dim, generator=generator)).detach())
    return torch.stack(samples)


def interpolate(latent_a, latent_b, num_frames):
    frames = []
    for theta in np.linspace(0.0, 1.0, num_frames):
        frames.append(torch.lerp(latent_a, latent_b, float(theta)))
    return torch.stack(frames)
