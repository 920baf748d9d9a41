"""Inversion; sums run over lists of kept values, and the search itself is in float64."""

import torch

from _doubles import own


def lp_loss(pred, target, p=1, mask=None):
    a, b = own(pred), own(target)
    if mask is not None:
        chosen = mask.expand(pred.shape).to(torch.bool)
        a, b = torch.masked_select(a, chosen), torch.masked_select(b, chosen)
    if a.numel() == 0:
        return torch.zeros((), dtype=pred.dtype, device=pred.device)
    return torch.abs(a - b).pow(p).mean().to(pred.dtype)


def perceptual_loss(pred, target, features_fn):
    layers = {}
    for i, feature in enumerate(features_fn(target.detach().clone())):
        layers[i] = own(feature.detach())
    total = torch.zeros((), dtype=torch.float64, device=pred.device)
    for i, feature in enumerate(features_fn(pred)):
        total = total + (own(feature) - layers[i]).square().sum() / feature.numel()
    return total.to(pred.dtype)


def delta_penalty(delta):
    squares = [torch.sum(own(d).pow(2)) for d in delta]
    return (sum(squares) / len(squares)).to(delta.dtype)


def inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    def hidden(image):
        copy = image.clone()
        return copy if mask is None else copy.masked_fill_(mask.expand(image.shape) == 0, 0.0)

    losses = {
        "l1": l1_weight * lp_loss(pred, target, 1, mask),
        "perceptual": perceptual_weight * perceptual_loss(hidden(pred), hidden(target), features_fn),
        "delta": delta_weight * delta_penalty(delta),
    }
    return sum(losses.values())


class Adam:
    """Written out, on one float64 tensor."""

    def __init__(self, shape, device, betas=(0.9, 0.95)):
        self.first = torch.zeros(shape, dtype=torch.float64, device=device)
        self.second = torch.zeros(shape, dtype=torch.float64, device=device)
        self.betas, self.count = betas, 0

    def step(self, delta, gradient, rate):
        self.count += 1
        self.first.lerp_(gradient, 1 - self.betas[0])
        self.second.mul_(self.betas[1]).addcmul_(gradient, gradient, value=1 - self.betas[1])
        first = self.first / (1 - self.betas[0] ** self.count)
        second = self.second / (1 - self.betas[1] ** self.count)
        delta.addcdiv_(first, second.sqrt_().add_(1e-10), value=-rate)


def invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    start, dtype = own(latent.detach()), latent.dtype

    def evaluate(delta):
        with torch.enable_grad():
            leaf = delta.detach().clone().requires_grad_()
            rounded = leaf.to(dtype)
            loss = loss_fn(generator_fn((start + leaf).to(dtype)), target, rounded)
            return loss.detach(), torch.autograd.grad(loss, leaf)[0]

    def by_adam(delta):
        adam = Adam(delta.shape, delta.device)
        for k in range(num_steps):
            adam.step(delta, evaluate(delta)[1], rate=0.3 * (1 - k / num_steps) ** 1.5)

    def by_lbfgs(delta):
        delta.requires_grad_(True)
        search = torch.optim.LBFGS(
            [delta],
            max_iter=1,
            max_eval=25,
            history_size=15,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )

        def closure():
            loss, delta.grad = evaluate(delta)
            return loss

        before = None
        for _ in range(num_steps):
            search.step(closure)
            if before is not None and torch.equal(before, delta.detach()):
                break
            before = delta.detach().clone()

    delta = torch.zeros_like(start)
    {"adam": by_adam, "lbfgs": by_lbfgs}[optimizer](delta)
    found = (start + delta.detach()).to(dtype)
    with torch.no_grad():
        return found, generator_fn(found)


def scribble_loss(image, sketch, mask):
    total = torch.zeros((), dtype=torch.float64, device=image.device)
    masks = mask.expand(image.shape)
    for i in range(image.shape[0]):
        total = total + (own(image[i]).mul_(masks[i]) - own(sketch[i]).mul_(masks[i])).abs().sum()
    return (total / image.shape[0]).to(image.dtype)


def gram_matrix(features):
    batch, channels, height, width = features.shape
    grams = []
    for b in range(batch):
        flat = own(features[b]).reshape(channels, height * width)
        grams.append(torch.mm(flat, flat.t()).div_(channels * height * width))
    return torch.stack(grams).to(features.dtype)
