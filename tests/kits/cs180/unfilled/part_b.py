"""The notebook of part B as the course gives it."""

import torch
import torch.nn as nn

device = "cuda"


class Conv(nn.Module):
    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        # ===== your code here! =====

    def forward(self, x):
        raise NotImplementedError()


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels: int, num_hiddens: int):
        super().__init__()
        # ===== your code here! =====

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        raise NotImplementedError()


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int):
        super().__init__()
        # ===== your code here! =====

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """t: (N,) normalized time"""
        raise NotImplementedError()


class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int):
        super().__init__()

    def forward(self, x, c, t, mask=None):
        raise NotImplementedError()


def time_fm_forward(unet, x_1, num_ts):
    """Algorithm 1"""
    unet.train()
    # ===== your code here! =====
    raise NotImplementedError()


@torch.inference_mode()
def time_fm_sample(unet, img_wh, num_ts, seed=0):
    unet.eval()
    # ===== your code here! =====
    raise NotImplementedError()


def class_fm_forward(unet, x_1, c, p_uncond, num_ts):
    unet.train()
    # ===== your code here! =====
    raise NotImplementedError()


@torch.inference_mode()
def class_fm_sample(unet, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    unet.eval()
    # ===== your code here! =====
    raise NotImplementedError()
