"""The networks of part B, with labels one-hot and time as (N, 1)."""

import torch
from torch import nn


def block(inside, outside, stride=1):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, stride, 1), nn.BatchNorm2d(outside), nn.GELU())


def up_block(inside, outside):
    return nn.Sequential(nn.ConvTranspose2d(inside, outside, 4, 2, 1), nn.BatchNorm2d(outside), nn.GELU())


def embedding(inside, outside):
    return nn.Sequential(nn.Linear(inside, outside), nn.GELU(), nn.Linear(outside, outside))


class UNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        d = num_hiddens
        self.start, self.down1, self.down2 = block(in_channels, d), block(d, d, 2), block(d, 2 * d, 2)
        self.flat, self.unflat = nn.AvgPool2d(7), nn.ConvTranspose2d(2 * d, 2 * d, 7, 7)
        self.up1, self.up2 = up_block(4 * d, d), up_block(2 * d, d)
        self.end = nn.Sequential(block(2 * d, d), nn.Conv2d(d, in_channels, 3, 1, 1))

    def forward(self, x, deep=1.0, shallow=1.0, deep_shift=0.0, shallow_shift=0.0):
        first = self.start(x)
        second = self.down1(first)
        third = self.down2(second)
        z = self.unflat(nn.functional.gelu(self.flat(third))) * deep + deep_shift
        y = self.up1(torch.cat((third, z), 1)) * shallow + shallow_shift
        y = self.up2(torch.cat((second, y), 1))
        return self.end(torch.cat((first, y), 1))


class TimeConditionedUNet(UNet):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__(in_channels, num_hiddens)
        self.t1, self.t2 = embedding(1, 2 * num_hiddens), embedding(1, num_hiddens)

    def forward(self, x, t):
        """t: (N, 1)"""
        t1, t2 = (one(t).unsqueeze(-1).unsqueeze(-1) for one in (self.t1, self.t2))
        return super().forward(x, deep_shift=t1, shallow_shift=t2)


class ClassConditionedUNet(UNet):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__(in_channels, num_hiddens)
        self.t1, self.t2 = embedding(1, 2 * num_hiddens), embedding(1, num_hiddens)
        self.c1, self.c2 = embedding(num_classes, 2 * num_hiddens), embedding(num_classes, num_hiddens)

    def forward(self, x, t, c):
        """t: (N, 1), c: (N, 10), zeros where there is no class"""
        t1, t2 = (one(t).unsqueeze(-1).unsqueeze(-1) for one in (self.t1, self.t2))
        c1, c2 = (one(c).unsqueeze(-1).unsqueeze(-1) for one in (self.c1, self.c2))
        return super().forward(x, c1, c2, t1, t2)
