"""Flow matching as a path, a loss on it and an integrator."""

import torch
from torch import nn

from .guidance import ClassifierFreeGuidance


class StraightPath:
    def __init__(self, noise, data):
        self.noise, self.data = noise, data

    @property
    def velocity(self):
        return self.data - self.noise

    def at(self, t):
        if isinstance(t, torch.Tensor):
            t = t.to(self.noise.dtype).view(t.shape[0], 1, 1, 1)
        return self.noise + t * self.velocity

    def loss(self, model, t, *condition):
        x_t = self.at(t)
        answer = model(x_t, condition[0], t, condition[1]) if condition else model(x_t, t)
        return nn.MSELoss()(answer, self.velocity)


class Euler:
    def __init__(self, v_model, num_steps):
        self.v_model, self.num_steps = v_model, num_steps

    @staticmethod
    def step(x_t, v, length):
        return x_t + length * v

    def run(self, x):
        with torch.no_grad():
            for i in range(self.num_steps):
                t = torch.tensor(i / self.num_steps, dtype=x.dtype, device=x.device).expand(x.shape[0])
                x = self.step(x, self.v_model(x, t), 1 / self.num_steps)
        return x


class GuidedField:
    """A class-conditioned network with a scale, asked without its class only where that counts."""

    def __init__(self, model, labels, scale):
        self.model, self.labels, self.guidance = model, labels, ClassifierFreeGuidance(scale)

    def asked(self, x_t, t, keep):
        return self.model(x_t, self.labels, t, keep)

    def __call__(self, x_t, t):
        return self.guidance(self.asked, x_t, t, torch.ones_like(t), torch.zeros_like(t))
