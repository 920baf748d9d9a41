"""16-726 HW5: projection into a GAN's latent spaces."""

import torch
import torch.nn as nn

from .LBFGS import FullBatchLBFGS


class PerceptualLoss(nn.Module):
    """Mean squared distance per chosen layer."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.l2 = nn.MSELoss()

    def forward(self, pred, target):
        loss = torch.zeros((), dtype=pred.dtype, device=pred.device)
        pred_feat, target_feat = self.model(pred), self.model(target.detach())
        for i in range(len(pred_feat)):
            loss = loss + self.l2(pred_feat[i], target_feat[i].detach())
        return loss


class LpLoss(nn.Module):
    def __init__(self, p=1):
        super().__init__()
        self.p = p

    def forward(self, pred, target, mask=None):
        if mask is None:
            mask = torch.ones_like(target)
        mask = mask.expand(pred.shape)
        n = torch.count_nonzero(mask)
        if n == 0:
            return (pred * 0).sum()
        # out of the mask a difference of exactly 0, so that nothing of it is left
        diff = torch.where(mask > 0, pred - target, torch.zeros_like(pred))
        return torch.sum(torch.abs(diff) ** self.p) / n


class Criterion(nn.Module):
    def __init__(self, features, l1_wgt, perc_wgt, reg_wgt, mask=False):
        super().__init__()
        self.l1_wgt, self.perc_wgt, self.reg_wgt, self.mask = l1_wgt, perc_wgt, reg_wgt, mask
        self.lp, self.perc = LpLoss(1), PerceptualLoss(features)

    def forward(self, pred, target, delta):
        """With a mask, target is a pair (target, mask)."""
        if self.mask:
            target, mask = target
            l1 = self.lp(pred, target, mask)
            perc = self.perc(pred * mask, target * mask) if self.perc_wgt else 0
        else:
            l1 = self.lp(pred, target)
            perc = self.perc(pred, target) if self.perc_wgt else 0
        loss = self.l1_wgt * l1 + self.perc_wgt * perc
        if self.reg_wgt > 0:
            loss = loss + self.reg_wgt * l2_reg(delta)
        return loss


def l2_reg(delta):
    return torch.linalg.vector_norm(delta.flatten(1), dim=1).pow(2).mean() if delta.any() else (delta * delta).sum()


def style_gram(input):
    a, b, c, d = input.size()  # a = batch size
    features = input.reshape(a, b, c * d)
    G = torch.matmul(features, features.permute(0, 2, 1))
    return G.div(b * c * d)


def sample_noise(dim, latent, mapping=None, N=1, num_ws=1, from_mean=False, generator=None, num_mean=10000):
    """Sample noise of z, w or w+."""
    device = None if generator is None else generator.device
    if latent == "z":
        vector = torch.randn(N, dim, generator=generator, device=device) if not from_mean else torch.zeros(N, dim)
    elif latent in ("w", "w+"):
        layers = num_ws if latent == "w+" else 1
        with torch.no_grad():
            if from_mean:
                z = torch.randn(num_mean, dim, generator=generator, device=device)
                vector = torch.mean(mapping(z), dim=0, keepdim=True)
                vector = vector.unsqueeze(1).repeat(N, layers, 1)
            else:
                # one call of the mapping for every layer
                vector = [mapping(torch.randn(N, dim, generator=generator, device=device)) for _ in range(layers)]
                vector = torch.stack(vector, dim=1)
    else:
        raise NotImplementedError("%s is not supported" % latent)
    return vector


def optimize_para(wrapper, param, target, criterion, num_step, optimizer):
    """wrapper: image = wrapper(param); param: where the search starts."""
    delta = torch.zeros_like(param)
    delta = delta.requires_grad_().to(param.device)
    if optimizer == "lbfgs":
        optim = FullBatchLBFGS([delta], lr=1.0)

        def closure():
            with torch.enable_grad():
                return criterion(wrapper(param + delta), target, delta)

        obj = optim.start(closure)
        for _ in range(num_step):
            obj, done = optim.step(closure, obj)
            if done:
                break
    elif optimizer == "adam":
        optim = torch.optim.Adam([delta], lr=0.1, betas=(0.9, 0.999))
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optim, max_lr=0.3, total_steps=num_step + 1)
        for _ in range(num_step):
            with torch.enable_grad():
                loss = criterion(wrapper(param + delta), target, delta)
            (delta.grad,) = torch.autograd.grad(loss, delta)
            optim.step()
            scheduler.step()
    else:
        raise ValueError("optimizer %s is not supported" % optimizer)
    with torch.no_grad():
        param = param + delta.detach()
        image = wrapper(param)
    return param, image


def interpolate(alpha_src, alpha_dst, num_frames):
    """theta counts from the source: 1 is the first image."""
    images = []
    for theta in torch.linspace(1, 0, num_frames, dtype=alpha_src.dtype, device=alpha_src.device):
        images.append(theta * alpha_src + (1 - theta) * alpha_dst)
    return torch.stack(images)


def draw_loss(image, sketch, mask):
    per_image = torch.sum(torch.abs(mask * image - mask * sketch), dim=(1, 2, 3))
    return torch.mean(per_image)
