"""Parts 1 and 2: helper functions, and a criterion that is told delta."""

import argparse
import os

import imageio
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.utils as vutils
from dataloader import get_data_loader
from LBFGS import FullBatchLBFGS
from torchvision.models import vgg19


def build_model(name):
    return torch.load("pretrained/%s.ckpt" % name), 100


class Wrapper(nn.Module):
    def __init__(self, args, model, z_dim):
        super().__init__()
        self.model, self.z_dim, self.latent = model, z_dim, args.latent

    def forward(self, param):
        if self.latent == "z":
            return self.model(param, None)
        if self.latent == "w":
            param = param.repeat(1, self.model.mapping.num_ws, 1)
        return self.model.synthesis(param)


class Normalization(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = torch.tensor(mean).view(-1, 1, 1)
        self.std = torch.tensor(std).view(-1, 1, 1)

    def forward(self, img):
        return (img - self.mean) / self.std


class PerceptualLoss(nn.Module):
    def __init__(self, add_layer=["conv_5"]):
        super().__init__()
        norm = Normalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        cnn = vgg19(pretrained=True).features.to(device).eval()
        self.layers, self.norm, self.cnn = add_layer, norm, cnn

    def features(self, x):
        found, x, number = {}, self.norm(x), 0
        for layer in self.cnn:
            x = layer(x)
            if isinstance(layer, nn.Conv2d):
                number += 1
                found["conv_%d" % number] = x
        return [found[name] for name in self.layers]

    def forward(self, pred, target):
        mask = None
        if isinstance(target, tuple):
            target, mask = target
        with torch.no_grad():
            wanted = self.features(target)
        return sum(self.compare(a, b, mask) for a, b in zip(self.features(pred), wanted))

    def compare(self, a, b, mask):
        error = F.mse_loss(a, b, reduction="none")
        return error.mean() if mask is None else (error * F.interpolate(mask, a.shape[-2:])).mean()


class Criterion(nn.Module):
    def __init__(self, args, mask=False, layer=["conv_5"]):
        super().__init__()
        self.perc_wgt = args.perc_wgt
        self.l1_wgt = args.l1_wgt
        self.mask = mask
        self.reg_wgt = args.reg_wgt
        self.perc = PerceptualLoss(layer)

    def forward(self, pred, target, delta):
        if self.mask:
            target, mask = target
            counted = mask.expand_as(pred).sum().clamp(min=1)
            loss = self.l1_wgt * (mask * pred - mask * target).abs().sum() / counted
            loss = loss + self.perc_wgt * self.perc(pred, (target, mask))
        else:
            loss = self.l1_wgt * nn.L1Loss()(pred, target) + self.perc_wgt * self.perc(pred, target)
        loss = loss + self.reg_wgt * delta.square().mean()
        return loss


def save_images(image, fname, col=8):
    image = vutils.make_grid(image.cpu().detach() / 2 + 0.5, nrow=col).numpy()
    os.makedirs(os.path.dirname(fname), exist_ok=True)
    imageio.imwrite(fname + ".png", np.clip(255 * image.transpose([1, 2, 0]), 0, 255).astype(np.uint8))


def save_gifs(image_list, fname, col=1):
    imageio.mimsave(fname + ".gif", [each.numpy() for each in image_list])


def mapped(model, n, dim):
    return model.mapping(torch.from_numpy(np.random.randn(n, dim)).float().to(device), None)


def sample_noise(dim, device, latent, model, N=1, from_mean=False):
    # TODO (Part 1): "w" and "w+"
    if latent == "z":
        vector = torch.randn(N, dim, device=device) if not from_mean else torch.zeros(N, dim, device=device)
    elif latent == "w":
        if from_mean:
            total = sum(mapped(model, 1000, dim).sum(0) for _ in range(10))
            vector = (total / 10000)[None, :1].expand(N, 1, dim)
        else:
            vector = mapped(model, N, dim)[:, 0].unsqueeze(1)
    elif latent == "w+":
        if from_mean:
            vector = mapped(model, 10000, dim).mean(dim=0).unsqueeze(0)
        else:
            vector = torch.stack([mapped(model, N, dim)[:, k] for k in range(model.num_ws)], dim=1)
    else:
        raise NotImplementedError("%s is not supported" % latent)
    return vector


def optimize_para(wrapper, param, target, criterion, num_step, save_prefix=None, res=False):
    delta = torch.zeros_like(param)
    delta = delta.requires_grad_().to(device)
    optimizer = FullBatchLBFGS([delta], lr=0.1)
    iter_count = [0]

    def closure():
        iter_count[0] += 1
        optimizer.zero_grad()
        moved = param + delta
        image = wrapper(moved)
        loss = criterion(image, target, delta)
        if iter_count[0] % 250 == 0:
            print("iter count {} loss {:4f}".format(iter_count, loss.item()))
            if save_prefix is not None:
                save_images(image.data.clamp_(-1, 1), save_prefix + "_%d" % iter_count[0])
        return loss

    loss = closure()
    loss.backward()
    while iter_count[0] <= num_step:
        options = {"closure": closure, "max_ls": 10}
        loss, _, lr, _, F_eval, G_eval, _, _ = optimizer.step(options)
    image = wrapper(param + delta)
    return (param + delta).detach(), image.detach()


def project(args):
    loader = get_data_loader(args.input, args.resolution, is_train=False)
    model, z_dim = build_model(args.model)
    wrapper = Wrapper(args, model, z_dim)
    criterion = Criterion(args)
    for idx, (data, _) in enumerate(loader):
        param = sample_noise(z_dim, device, args.latent, model)
        optimize_para(wrapper, param, data.to(device), criterion, args.n_iters, "output/project/%d" % idx)


def draw(args):
    model, z_dim = build_model(args.model)
    wrapper = Wrapper(args, model, z_dim)
    loader = get_data_loader(args.input, args.resolution, alpha=True)
    criterion = Criterion(args, True)
    for idx, (rgb, mask) in enumerate(loader):
        rgb, mask = rgb.to(device), mask.to(device)
        save_images(rgb, "output/draw/%d_data" % idx, 1)
        save_images(mask, "output/draw/%d_mask" % idx, 1)
        z = sample_noise(z_dim, device, args.latent, model, from_mean=True)
        found, out = optimize_para(wrapper, z, target=(rgb, mask), criterion=criterion, num_step=args.n_iters)
        save_images(out, "output/draw/%d" % idx, 1)


def interpolate(args):
    model, z_dim = build_model(args.model)
    wrapper = Wrapper(args, model, z_dim)
    loader = get_data_loader(args.input, args.resolution)
    criterion = Criterion(args)
    for idx, (image, _) in enumerate(loader):
        target = image.to(device)
        param = sample_noise(z_dim, device, args.latent, model, from_mean=True)
        param, recon = optimize_para(wrapper, param, target, criterion, args.n_iters)
        save_images(recon, "output/interpolate/%d" % idx)
        if idx % 2 == 0:
            src = param
            continue
        dst = param
        alpha_list = np.linspace(0, 1, 50)
        image_list = []
        with torch.no_grad():
            for i in range(len(alpha_list)):
                step = alpha_list[i] * (dst - src)
                image_list.append(wrapper(src + step).clamp(-1, 1))
        save_gifs(image_list, "output/interpolate/%d" % idx)
        if idx >= 3:
            break


def parse_arg():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=str, default="stylegan", choices=["vanilla", "stylegan"])
    parser.add_argument("--mode", type=str, default="sample", choices=["sample", "project", "draw", "interpolate"])
    parser.add_argument("--latent", type=str, default="z", choices=["z", "w", "w+"])
    parser.add_argument("--n_iters", type=int, default=1000)
    parser.add_argument("--perc_wgt", type=float, default=0.01)
    parser.add_argument("--l1_wgt", type=float, default=10.0)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--input", type=str, default="data/cat/*.png")
    parser.add_argument("--reg_wgt", type=float, default=1e-3)
    return parser.parse_args()


if __name__ == "__main__":
    args = parse_arg()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    {"project": project, "draw": draw, "interpolate": interpolate}[args.mode](args)
