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
    # TODO: 25 to 50 % of the height and of the width, anywhere
    B, _, H, W = x.shape
    cut_h = torch.randint(int(0.25 * H), int(0.5 * H) + 1, (B, 1, 1), device=x.device)
    cut_w = torch.randint(int(0.25 * W), int(0.5 * W) + 1, (B, 1, 1), device=x.device)
    top = (torch.rand(B, 1, 1, device=x.device) * (H - cut_h + 1)).long()
    left = (torch.rand(B, 1, 1, device=x.device) * (W - cut_w + 1)).long()
    rows = torch.arange(H, device=x.device).view(1, H, 1)
    columns = torch.arange(W, device=x.device).view(1, 1, W)
    box = (rows >= top) & (rows < top + cut_h) & (columns >= left) & (columns < left + cut_w)
    return x * (~box).unsqueeze(1).to(x.dtype)


AUGMENT_FNS = {"color": [rand_brightness], "cutout": [rand_cutout]}


if __name__ == "__main__":
    image = torch.from_numpy(np.array(cv2.imread("0.png"), dtype=np.float32)[None].transpose(0, 3, 1, 2))
    cv2.imwrite("cutout.png", rand_cutout(image)[0].numpy().transpose(1, 2, 0))
