"""Look-ups in float64, whatever the image's dtype."""

import torch


def lookup(t, alphas_cumprod):
    """abar for an int or a batch of timesteps, (1, 1, 1, 1) or (B, 1, 1, 1), float64; 1 for -1."""
    table = torch.cat([alphas_cumprod.double(), alphas_cumprod.new_ones(1, dtype=torch.float64)])
    return table[torch.as_tensor(t, device=table.device)].reshape(-1, 1, 1, 1)


def pairwise(timesteps):
    return list(zip(timesteps, timesteps[1:] + [-1]))
