"""An export of the notebook of part B as it is since 2025: flow matching."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
train_set = MNIST("data", train=True, download=True, transform=ToTensor())
loader = DataLoader(train_set, batch_size=256, shuffle=True)


class Conv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, 1, 1), nn.BatchNorm2d(out_channels), nn.GELU())

    def forward(self, x):
        return self.net(x)


class DownConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, 2, 1), nn.BatchNorm2d(out_channels), nn.GELU())

    def forward(self, x):
        return self.net(x)


class UpConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1), nn.BatchNorm2d(out_channels), nn.GELU()
        )

    def forward(self, x):
        return self.net(x)


class FCBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(in_channels, out_channels), nn.GELU(), nn.Linear(out_channels, out_channels))

    def forward(self, x):
        return self.net(x)


class Backbone(nn.Module):
    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        self.first = Conv(in_channels, num_hiddens)
        self.down1 = DownConv(num_hiddens, num_hiddens)
        self.down2 = DownConv(num_hiddens, 2 * num_hiddens)
        self.flatten = nn.Sequential(nn.AvgPool2d(7), nn.GELU())
        self.unflatten = nn.Sequential(nn.ConvTranspose2d(2 * num_hiddens, 2 * num_hiddens, 7, 7, 0), nn.GELU())
        self.up1 = UpConv(4 * num_hiddens, num_hiddens)
        self.up2 = UpConv(2 * num_hiddens, num_hiddens)
        self.last = nn.Sequential(
            Conv(2 * num_hiddens, num_hiddens), nn.Conv2d(num_hiddens, in_channels, 3, 1, 1)
        )

    def run(self, x, deep=lambda z: z, shallow=lambda z: z):
        x0 = self.first(x)
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        middle = deep(self.unflatten(self.flatten(x2)))
        up = shallow(self.up1(torch.cat([middle, x2], 1)))
        return self.last(torch.cat([self.up2(torch.cat([up, x1], 1)), x0], 1))


class UnconditionalUNet(Backbone):
    def __init__(self, in_channels: int, num_hiddens: int):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        return self.run(x)


denoiser = UnconditionalUNet(1, 128).to(device)
optimizer = torch.optim.Adam(denoiser.parameters(), 1e-4)
for epoch in range(5):
    for x, _ in loader:
        z = x + 0.5 * torch.randn_like(x)
        loss = F.mse_loss(denoiser(z.to(device)), x.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class TimeConditionalUNet(Backbone):
    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int):
        super().__init__(in_channels, num_hiddens)
        self.fc1, self.fc2 = FCBlock(1, 2 * num_hiddens), FCBlock(1, num_hiddens)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        t = t.view(-1, 1).float()
        t1, t2 = self.fc1(t)[:, :, None, None], self.fc2(t)[:, :, None, None]
        return self.run(x, lambda z: z * t1, lambda z: z * t2)


def time_fm_forward(unet, x_1, num_ts):
    unet.train()
    x_0 = torch.randn_like(x_1)
    t = torch.rand(x_1.shape[0], 1, 1, 1, device=x_1.device)
    x_t = (1 - t) * x_0 + t * x_1
    return F.mse_loss(unet(x_t, t), x_1 - x_0)


@torch.inference_mode()
def time_fm_sample(unet, img_wh, num_ts, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    x = torch.randn(1, 1, *img_wh, device=device)
    cache = []
    for i in range(num_ts):
        t = torch.full((x.shape[0],), i / num_ts, device=device)
        x = x + unet(x, t) / num_ts
        if i % (num_ts // 10) == 0:
            cache.append(x)
    return x, torch.stack(cache, dim=1)


class ClassConditionalUNet(Backbone):
    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.t1, self.t2 = FCBlock(1, 2 * num_hiddens), FCBlock(1, num_hiddens)
        self.c1, self.c2 = FCBlock(num_classes, 2 * num_hiddens), FCBlock(num_classes, num_hiddens)

    def forward(self, x, c, t, mask=None):
        c = F.one_hot(c, self.num_classes).float()
        if mask is not None:
            c = c * mask.view(-1, 1)
        t = t.view(-1, 1)
        t1, t2 = self.t1(t)[:, :, None, None], self.t2(t)[:, :, None, None]
        c1, c2 = self.c1(c)[:, :, None, None], self.c2(c)[:, :, None, None]
        return self.run(x, lambda z: c1 * z + t1, lambda z: c2 * z + t2)


def class_fm_forward(unet, x_1, c, p_uncond, num_ts):
    unet.train()
    mask = (torch.rand(x_1.shape[0], device=x_1.device) > p_uncond).float()
    x_0 = torch.randn_like(x_1)
    t = torch.rand(x_1.shape[0], device=x_1.device)
    x_t = (1 - t.view(-1, 1, 1, 1)) * x_0 + t.view(-1, 1, 1, 1) * x_1
    return F.mse_loss(unet(x_t, c, t, mask), x_1 - x_0)


@torch.inference_mode()
def class_fm_sample(unet, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    x = torch.randn(len(c), 1, *img_wh).to(c.device)
    for i in range(num_ts):
        t = torch.full((len(c),), i / num_ts, device=c.device)
        conditional = unet(x, c, t, torch.ones(len(c), device=c.device))
        unconditional = unet(x, c, t, torch.zeros(len(c), device=c.device))
        x = x + (unconditional + guidance_scale * (conditional - unconditional)) / num_ts
    return x
