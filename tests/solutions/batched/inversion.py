"""Inversion: boolean masks, einsum, the best latent seen."""

import torch


def lp_loss(pred, target, p=1, mask=None):
    powers = torch.abs(pred - target).pow(p)
    if mask is not None:
        powers = powers[mask.bool().expand_as(powers)]
    return powers.sum() / max(1, powers.numel())


def perceptual_loss(pred, target, features_fn):
    targets = [features.detach() for features in features_fn(target.detach())]
    return sum((a - b).square().mean() for a, b in zip(features_fn(pred), targets, strict=True))


def delta_penalty(delta):
    flat = delta.reshape(delta.shape[0], -1)
    return torch.einsum("nd,nd->", flat, flat) / delta.shape[0]


def inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    def seen(image):
        return image if mask is None else image.masked_fill(mask == 0, 0)

    terms = [l1_weight * lp_loss(pred, target, mask=mask)]
    terms += [perceptual_weight * perceptual_loss(seen(pred), seen(target), features_fn)]
    terms += [delta_weight * delta_penalty(delta)]
    return torch.stack(terms).sum()


def invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    start = latent.detach()
    delta = torch.nn.Parameter(torch.zeros_like(start))
    best = {"loss": float("inf"), "delta": torch.zeros_like(start)}

    def evaluate():
        with torch.enable_grad():
            loss = loss_fn(generator_fn(start + delta), target, delta)
            delta.grad = torch.autograd.grad(loss, delta)[0]
        if loss.item() < best["loss"]:
            best.update(loss=loss.item(), delta=delta.detach().clone())
        return loss

    if optimizer == "lbfgs":
        search = torch.optim.LBFGS(
            [delta],
            lr=0.8,
            max_iter=num_steps,
            max_eval=4 * num_steps,
            history_size=20,
            tolerance_grad=1e-9,
            tolerance_change=1e-12,
            line_search_fn="strong_wolfe",
        )
        search.step(evaluate)
    elif optimizer == "adam":
        search = torch.optim.Adam([delta], lr=0.2, betas=(0.9, 0.99))
        for step in range(num_steps):
            search.param_groups[0]["lr"] = 0.2 * 0.5 ** (10 * step / num_steps)
            search.step(evaluate)
        evaluate()
    else:
        raise ValueError(f"optimizer is {optimizer!r}, expected 'lbfgs' or 'adam'")
    found = start + best["delta"]
    with torch.no_grad():
        return found, generator_fn(found)


def scribble_loss(image, sketch, mask):
    return torch.where(mask.bool(), image - sketch, 0.0).flatten(1).norm(p=1, dim=1).mean()


def gram_matrix(features):
    return torch.einsum("bchw,bdhw->bcd", features, features) / features.shape[1:].numel()
