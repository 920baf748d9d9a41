"""CS180 project 5 part B, exported from the notebook: the handout's blocks, the time multiplies as in later terms."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from project5a import forward


class Conv(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )

    def forward(self, x):
        return self.net(x)


class UpConv(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size=4, stride=2, padding=1):
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride, padding),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )

    def forward(self, x):
        return self.net(x)


class ConvBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1, self.conv2 = Conv(in_channels, out_channels), Conv(out_channels, out_channels)

    def forward(self, x):
        return self.conv2(self.conv1(x))


class DownBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.down, self.block = Conv(in_channels, out_channels, stride=2), ConvBlock(out_channels, out_channels)

    def forward(self, x):
        return self.block(self.down(x))


class UpBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.up, self.block = UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels)

    def forward(self, x):
        return self.block(self.up(x))


class FCBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.fc1, self.gelu, self.fc2 = (
            nn.Linear(in_channels, out_channels),
            nn.GELU(),
            nn.Linear(out_channels, out_channels),
        )

    def forward(self, x):
        return self.fc2(self.gelu(self.fc1(x)))


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        D = num_hiddens
        self.conv_block_1 = ConvBlock(in_channels, D)
        self.down_block_1 = DownBlock(D, D)
        self.down_block_2 = DownBlock(D, 2 * D)
        self.flatten = nn.Sequential(nn.AvgPool2d(7), nn.GELU())
        self.unflatten = UpConv(2 * D, 2 * D, kernel_size=7, stride=7, padding=0)
        self.up_block_1 = UpBlock(4 * D, D)
        self.up_block_2 = UpBlock(2 * D, D)
        self.conv_block_2 = ConvBlock(2 * D, D)
        self.conv = nn.Conv2d(D, in_channels, kernel_size=3, stride=1, padding=1)

    def forward(self, x, scales=(1, 1), shifts=(0, 0)):
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        conv1 = self.conv_block_1(x)
        down1 = self.down_block_1(conv1)
        down2 = self.down_block_2(down1)
        unflatten = self.unflatten(self.flatten(down2))
        up1 = self.up_block_1(torch.cat((unflatten * scales[0] + shifts[0], down2), dim=1))
        up2 = self.up_block_2(torch.cat((up1 * scales[1] + shifts[1], down1), dim=1))
        conv2 = self.conv_block_2(torch.cat((up2, conv1), dim=1))
        return self.conv(conv2)


class Embedding(nn.Module):
    """Two FCBlocks, for the two places."""

    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        self.fc1, self.fc2 = FCBlock(in_channels, 2 * num_hiddens), FCBlock(in_channels, num_hiddens)

    def forward(self, vector):
        return self.fc1(vector).unsqueeze(2).unsqueeze(3), self.fc2(vector).unsqueeze(2).unsqueeze(3)


class TimeConditionalUNet(UnconditionalUNet):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.t_embed = Embedding(1, num_hiddens)

    def forward(self, x, t):
        return super().forward(x, scales=self.t_embed(t.unsqueeze(-1)))


class ClassConditionalUNet(UnconditionalUNet):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.t_embed = Embedding(1, num_hiddens)
        self.c_embed = Embedding(num_classes, num_hiddens)

    def forward(self, x, c, t, keep=None):
        c = F.one_hot(c, num_classes=self.num_classes).type_as(x)
        if keep is not None:
            c = c * keep[:, None]
        return super().forward(x, scales=self.c_embed(c), shifts=self.t_embed(t[:, None]))


def denoise_forward(unet, x, noise, sigma):
    z = x + sigma * noise
    return nn.MSELoss()(unet(z), x)


def ddpm_forward(unet, x_0, noise, ts, alphas_cumprod, *condition, keep=()):
    num_ts = len(alphas_cumprod)
    x_t = forward(x_0, ts, alphas_cumprod, noise)
    # t / T in the images' precision
    eps = unet(x_t, *condition, ts.type_as(x_0) / num_ts, *keep)
    return nn.MSELoss()(eps, noise)


def fm_point(x_0, x_1, t):
    if torch.is_tensor(t):
        t = t.type_as(x_0).view(-1, 1, 1, 1)
    return (1 - t) * x_0 + t * x_1


def time_fm_forward(unet, x_0, x_1, t):
    return nn.MSELoss()(unet(fm_point(x_0, x_1, t), t), x_1 - x_0)


def class_fm_forward(unet, x_0, x_1, c, t, mask):
    return nn.MSELoss()(unet(fm_point(x_0, x_1, t), c, t, mask), x_1 - x_0)


def fm_cfg(unet, x_t, c, t, guidance_scale):
    u_cond = unet(x_t, c, t)
    u_uncond = unet(x_t, c, t, torch.zeros(x_t.shape[0]))
    return u_uncond + guidance_scale * (u_cond - u_uncond)


@torch.no_grad()
def time_fm_sample(unet, x_t, num_ts=50):
    for i in range(num_ts):
        t = torch.ones(x_t.shape[0], device=x_t.device) * i / num_ts
        x_t = x_t + 1 / num_ts * unet(x_t, t)
    return x_t
