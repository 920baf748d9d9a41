"""Parts 1 and 2, in the published layout and with nothing filled in."""

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
        # TODO (Part 1): split the network
        self.model = nn.ModuleList()

    def forward(self, pred, target):
        mask = None
        if isinstance(target, tuple):
            target, mask = target
        loss = 0.0
        for net in self.model:
            pred = net(pred)
            target = net(target)
            # TODO (Part 1): compare the features
            # TODO (Part 3): with a mask
        return loss


class Criterion(nn.Module):
    def __init__(self, args, mask=False, layer=["conv_5"]):
        super().__init__()
        self.perc_wgt = args.perc_wgt
        self.l1_wgt = args.l1_wgt
        self.mask = mask
        self.perc = PerceptualLoss(layer)

    def forward(self, pred, target):
        if self.mask:
            target, mask = target
            # TODO (Part 3): loss with mask
            pass
        else:
            # TODO (Part 1): loss without mask
            pass
        return loss


def save_images(image, fname, col=8):
    image = vutils.make_grid(image.cpu().detach() / 2 + 0.5, nrow=col).numpy()
    os.makedirs(os.path.dirname(fname), exist_ok=True)
    imageio.imwrite(fname + ".png", np.clip(255 * image.transpose([1, 2, 0]), 0, 255).astype(np.uint8))


def save_gifs(image_list, fname, col=1):
    imageio.mimsave(fname + ".gif", [each.numpy() for each in image_list])


def sample_noise(dim, device, latent, model, N=1, from_mean=False):
    # TODO (Part 1): "w" and "w+"
    if latent == "z":
        vector = torch.randn(N, dim, device=device) if not from_mean else torch.zeros(N, dim, device=device)
    elif latent == "w":
        if from_mean:
            vector =
        else:
            vector =
    elif latent == "w+":
        if from_mean:
            vector =
        else:
            vector =
    else:
        raise NotImplementedError("%s is not supported" % latent)
    return vector


def optimize_para(wrapper, param, target, criterion, num_step, save_prefix=None, res=False):
    delta = torch.zeros_like(param)
    delta = delta.requires_grad_().to(device)
    optimizer = FullBatchLBFGS([delta], lr=0.1, line_search="Wolfe")
    iter_count = [0]

    def closure():
        iter_count[0] += 1
        # TODO (Part 1): the loss of this step
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
    image = wrapper(param)
    return param + delta, image


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
        # TODO (Part 3): search for the image of this sketch


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
            # TODO (B&W): the images between the two
            pass
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
    return parser.parse_args()


if __name__ == "__main__":
    args = parse_arg()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    {"project": project, "draw": draw, "interpolate": interpolate}[args.mode](args)
