"""What part B of 2024 has in the place of the flow's functions."""

import torch


def ddpm_schedule(beta1: float, beta2: float, num_ts: int) -> dict:
    assert beta1 < beta2 < 1.0, "Expect beta1 < beta2 < 1.0."
    # ===== your code here! =====
    raise NotImplementedError()


def ddpm_forward(unet, ddpm_schedule: dict, x_0, num_ts: int):
    unet.train()
    # ===== your code here! =====
    raise NotImplementedError()


def ddpm_forward_class(unet, ddpm_schedule: dict, x_0, c, p_uncond: float, num_ts: int):
    unet.train()
    # ===== your code here! =====
    raise NotImplementedError()
