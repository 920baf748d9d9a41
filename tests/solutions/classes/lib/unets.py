"""A UNet with bilinear up-sampling and strided convolutions; class vectors from a table."""

import torch
from torch import nn


class Stage(nn.Sequential):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1),
            nn.BatchNorm2d(out_channels),
            nn.LeakyReLU(0.1),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1),
            nn.BatchNorm2d(out_channels),
            nn.LeakyReLU(0.1),
        )


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        d = num_hiddens
        self.first = Stage(in_channels, d)
        self.second = Stage(d, 2 * d, stride=2)
        self.third = Stage(2 * d, 4 * d, stride=2)
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.fourth = Stage(6 * d, 2 * d)
        self.fifth = Stage(3 * d, d)
        self.last = nn.Conv2d(d, in_channels, 1)

    def forward(self, x, condition=None):
        a = self.first(x)
        b = self.second(a)
        c = self.third(b)
        if condition is not None:
            c = condition(c)
        b = self.fourth(torch.cat([self.grow(c), b], dim=1))
        a = self.fifth(torch.cat([self.grow(b), a], dim=1))
        return self.last(a)


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__()
        self.body = UnconditionalUNet(in_channels, num_hiddens)
        self.clock = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 4 * num_hiddens))

    def forward(self, x, t):
        gain = self.clock(t.unsqueeze(1))
        return self.body(x, lambda h: h * gain[..., None, None])


class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__()
        self.body = UnconditionalUNet(in_channels, num_hiddens)
        self.clock = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 4 * num_hiddens))
        # A row of the table is what a linear layer without bias makes of a one-hot vector.
        self.table = nn.Embedding(num_classes, 4 * num_hiddens)

    def forward(self, x, c, t, keep=None):
        shift = self.table(c)
        if keep is not None:
            shift = shift * keep.unsqueeze(1)
        gain = self.clock(t.unsqueeze(1))
        return self.body(x, lambda h: h * gain[..., None, None] + shift[..., None, None])


class TrainingLoss:
    def __init__(self, model, x0, noise):
        self.model, self.x0, self.noise = model, x0, noise

    def denoiser(self, sigma):
        return nn.functional.mse_loss(self.model(torch.add(self.x0, self.noise, alpha=sigma)), self.x0)

    def epsilon(self, x_t, t, total, labels=None, keep=None):
        fraction = torch.true_divide(t.to(self.x0.dtype), total)
        answer = self.model(x_t, fraction) if labels is None else self.model(x_t, labels, fraction, keep)
        return nn.functional.mse_loss(answer, self.noise)
