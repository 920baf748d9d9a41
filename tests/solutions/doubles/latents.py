"""Latents in float64, the mean as a running one; w is mapped sample by sample."""

import torch

CHUNK = 1000


def _normal(rows, columns, generator):
    device = None if generator is None else generator.device
    return torch.empty(rows, columns, dtype=torch.float32, device=device).normal_(0.0, 1.0, generator=generator)


@torch.no_grad()
def mean_w(mapping, z_dim, num_samples=10_000, generator=None):
    mean, seen = None, 0
    while seen < num_samples:
        w = mapping(_normal(min(CHUNK, num_samples - seen), z_dim, generator))
        dtype = w.dtype
        if mean is None:
            mean = torch.zeros(w.shape[1], dtype=torch.float64, device=w.device)
        seen += w.shape[0]
        mean.add_(w.double().mean(0).sub_(mean), alpha=w.shape[0] / seen)
    return mean.to(dtype)


def sample_z(batch_size, z_dim, from_mean=False, generator=None):
    z = _normal(batch_size, z_dim, generator)
    return z.mul_(0.0).abs_() if from_mean else z


@torch.no_grad()
def sample_w(mapping, batch_size, z_dim, from_mean=False, generator=None):
    if from_mean:
        mean = mean_w(mapping, z_dim, generator=generator)
        return torch.stack([mean.clone().unsqueeze(0) for _ in range(batch_size)])
    return torch.stack([mapping(_normal(1, z_dim, generator)) for _ in range(batch_size)])


@torch.no_grad()
def sample_w_plus(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
    if from_mean:
        layers = [sample_w(mapping, batch_size, z_dim, True, generator)] * num_ws
        return torch.cat(layers, dim=1)
    return torch.stack([mapping(_normal(num_ws, z_dim, generator)) for _ in range(batch_size)])


def interpolate(latent_a, latent_b, num_frames):
    frames = []
    for k in range(num_frames):
        frame = latent_a.clone().to(torch.float64)
        frames.append(frame.lerp_(latent_b.to(torch.float64), k / (num_frames - 1)))
    return torch.stack(frames).to(latent_a.dtype)
