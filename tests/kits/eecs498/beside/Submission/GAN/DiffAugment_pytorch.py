import cv2
import numpy as np
import torch
import torch.nn.functional as F


def DiffAugment(x, policy=""):
    for p in filter(None, policy.split(",")):
        for f in AUGMENT_FNS[p]:
            x = f(x)
    return x


def rand_brightness(x):
    return x + (torch.rand(x.size(0), 1, 1, 1, dtype=x.dtype, device=x.device) - 0.5)


def rand_cutout(x, ratio=0.5):
    """x (B, C, H, W) with a box cut out."""
    import random

    def side(n):
        size = random.randint(n // 4, n // 2)
        start = random.randint(0, n - size)
        line = torch.zeros(n, dtype=torch.bool, device=x.device)
        line[start : start + size] = True
        return line

    boxes = torch.stack([torch.outer(side(x.size(2)), side(x.size(3))) for _ in x])
    return x.masked_fill(boxes[:, None], 0)


AUGMENT_FNS = {"color": [rand_brightness], "cutout": [rand_cutout]}


if __name__ == "__main__":
    image = torch.from_numpy(np.array(cv2.imread("0.png"), dtype=np.float32)[None].transpose(0, 3, 1, 2))
    cv2.imwrite("cutout.png", rand_cutout(image)[0].numpy().transpose(1, 2, 0))
