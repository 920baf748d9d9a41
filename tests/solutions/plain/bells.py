import torch
import torch.nn.functional as F

from .inversion import invert


def soft_edges(image, epsilon=1e-3):
    """Sobel on the grey image."""
    gray = F.pad(image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], dtype=image.dtype, device=image.device)
    dx = F.conv2d(gray, sobel[None, None] / 8)
    dy = F.conv2d(gray, sobel.t()[None, None] / 8)
    return torch.sqrt(dx**2 + dy**2 + epsilon**2) - epsilon


def sketch_loss(image, sketch, mask):
    difference = mask[:, :1] * (soft_edges(image) - soft_edges(sketch))
    return difference.pow(2).sum((1, 2, 3)).mean()


def warp(image, flow):
    B, C, H, W = image.shape
    y = torch.arange(H, device=image.device).view(1, H, 1) + flow[:, 0]
    x = torch.arange(W, device=image.device).view(1, 1, W) + flow[:, 1]
    y, x = y.clamp(0, H - 1), x.clamp(0, W - 1)
    y0, x0 = y.detach().floor().long().clamp(max=max(H - 2, 0)), x.detach().floor().long().clamp(max=max(W - 2, 0))
    y1, x1 = (y0 + 1).clamp(max=H - 1), (x0 + 1).clamp(max=W - 1)
    wy, wx = (y - y0).unsqueeze(1), (x - x0).unsqueeze(1)
    flat = image.flatten(2)

    def pick(rows, columns):
        index = (rows * W + columns).flatten(1).unsqueeze(1).expand(B, C, H * W)
        return flat.gather(2, index).view(B, C, H, W)

    top = pick(y0, x0) * (1 - wx) + pick(y0, x1) * wx
    bottom = pick(y1, x0) * (1 - wx) + pick(y1, x1) * wx
    return top * (1 - wy) + bottom * wy


def warp_loss(image, source, flow, mask):
    return ((image - warp(source, flow)).abs() * mask).flatten(1).sum(1).mean()


def encoder_loss(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
    latent = latent.detach()
    image = generator_fn(latent).detach()
    guess = encoder(image)
    return latent_weight * F.mse_loss(guess, latent) + image_weight * F.l1_loss(generator_fn(guess), image)


def encoder_start(encoder, target):
    return encoder(target).detach()


def invert_best_of(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
    best, best_loss = None, None
    for latent in latents:
        found, image = invert(generator_fn, target, latent, loss_fn, num_steps, optimizer)
        loss = loss_fn(image, target, found - latent).item()
        if best is None or loss < best_loss or best_loss != best_loss:
            best, best_loss = (found.detach(), image.detach()), loss
    return best
