"""The handout's UNets, block by block: 28 x 28 only."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from noising import add_noise


class Conv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 1, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class DownConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class UpConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class Flatten(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(7)

    def forward(self, x):
        return F.gelu(self.pool(x))


class Unflatten(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, in_channels, 7, 7, 0)
        self.bn = nn.BatchNorm2d(in_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class ConvBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(Conv(in_channels, out_channels), Conv(out_channels, out_channels))


class DownBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class UpBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class FCBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.fc1 = nn.Linear(in_channels, out_channels)
        self.fc2 = nn.Linear(out_channels, out_channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        D = num_hiddens
        self.conv1 = ConvBlock(in_channels, D)
        self.down1 = DownBlock(D, D)
        self.down2 = DownBlock(D, 2 * D)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * D)
        self.up1 = UpBlock(4 * D, D)
        self.up2 = UpBlock(2 * D, D)
        self.conv2 = ConvBlock(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, 3, 1, 1)

    def forward(self, x):
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        x1 = self.conv1(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.unflatten(self.flatten(x3))
        x5 = self.up1(torch.cat([x4, x3], 1))
        x6 = self.up2(torch.cat([x5, x2], 1))
        return self.out(self.conv2(torch.cat([x6, x1], 1)))


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__()
        self.unet = UnconditionalUNet(in_channels, num_hiddens)
        self.fc1_t = FCBlock(1, 2 * num_hiddens)
        self.fc2_t = FCBlock(1, num_hiddens)

    def forward(self, x, t):
        t = t.view(-1, 1)
        u = self.unet
        x1 = u.conv1(x)
        x2 = u.down1(x1)
        x3 = u.down2(x2)
        x4 = u.unflatten(u.flatten(x3)) + self.fc1_t(t)[:, :, None, None]
        x5 = u.up1(torch.cat([x4, x3], 1)) + self.fc2_t(t)[:, :, None, None]
        x6 = u.up2(torch.cat([x5, x2], 1))
        return u.out(u.conv2(torch.cat([x6, x1], 1)))


class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__()
        self.num_classes = num_classes
        self.unet = UnconditionalUNet(in_channels, num_hiddens)
        self.fc1_t = FCBlock(1, 2 * num_hiddens)
        self.fc2_t = FCBlock(1, num_hiddens)
        self.fc1_c = FCBlock(num_classes, 2 * num_hiddens)
        self.fc2_c = FCBlock(num_classes, num_hiddens)

    def forward(self, x, c, t, keep=None):
        t = t.view(-1, 1)
        c = F.one_hot(c, self.num_classes).to(x.dtype)
        if keep is not None:
            c = c * keep.view(-1, 1)
        t1, t2 = self.fc1_t(t)[:, :, None, None], self.fc2_t(t)[:, :, None, None]
        c1, c2 = self.fc1_c(c)[:, :, None, None], self.fc2_c(c)[:, :, None, None]
        u = self.unet
        x1 = u.conv1(x)
        x2 = u.down1(x1)
        x3 = u.down2(x2)
        x4 = c1 * u.unflatten(u.flatten(x3)) + t1
        x5 = c2 * u.up1(torch.cat([x4, x3], 1)) + t2
        x6 = u.up2(torch.cat([x5, x2], 1))
        return u.out(u.conv2(torch.cat([x6, x1], 1)))


def denoiser_loss(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise), x0)


def ddpm_loss(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, t.to(x0.dtype) / len(alphas_cumprod)), noise)


def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, t.to(x0.dtype) / len(alphas_cumprod), keep), noise)
