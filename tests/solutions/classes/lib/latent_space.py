"""Latent spaces of a mapping network."""

import torch


class LatentSpace:
    def __init__(self, mapping, z_dim, generator=None):
        self.mapping, self.z_dim, self.generator = mapping, z_dim, generator

    def z(self, count):
        return torch.stack([torch.randn(self.z_dim, generator=self.generator) for _ in range(count)])

    @torch.no_grad()
    def w(self, count):
        return self.mapping(self.z(count))

    def w_plus(self, count, layers):
        """Layer by layer."""
        return torch.stack([self.w(count) for _ in range(layers)], dim=1)

    @torch.no_grad()
    def mean(self, num_samples=10_000):
        mean, seen = 0.0, 0
        while seen < num_samples:
            n = min(4096, num_samples - seen)
            w = self.mapping(torch.randn(n, self.z_dim, generator=self.generator))
            mean = mean + (w - mean).sum(dim=0) / (seen + n)  # running mean
            seen += n
        return mean
