"""A step of score distillation: alone, through the network's Jacobian, and with a LoRA that learns."""

import pytest
import torch

from reference import networks
from reference.data.draws import seeded
from reference.guidance import classifier_free_guidance
from reference.networks.schedules import EMOJI_SCHEDULE

from ..pictures.techniques.vsd import LoRA
from ..pictures.worlds.shipped import PROMPTS

SCALE = 7.5
COUNT = 4
STEPS = 5


@pytest.mark.benchmark(group="SDS against VSD")
def test_distillation(bench):
    """EECS part B's 2-D form: the pixels are the parameters. A LoRA as in the smoke run."""
    settings, code = bench.settings, bench.settings.code
    here, steps = code.device, 1 if settings.quick else STEPS
    network = networks.load("emoji", settings.device)
    cond = network.embed(PROMPTS[:COUNT]).detach()
    null = network.embed([""] * COUNT).detach()
    schedule = EMOJI_SCHEDULE.to(here)
    passes = {"forward": 0, "backward": 0}  # of one picture through the network

    def eps(x_t, t, cond):
        passes["forward"] += len(x_t)
        return network(x_t, t, cond)

    lora = LoRA(network.unet, eps, 1e-3)

    def guided(x_t, t):
        unconditional, asked = eps(torch.cat([x_t, x_t]), t, torch.cat([null, cond])).chunk(2)
        return classifier_free_guidance(unconditional, asked, SCALE)

    def sds(x, x_t, noise, t):
        with torch.no_grad():
            eps_pred = guided(x_t.to(settings.device), t).to(here)
        return code("distillation.sds_residual", eps_pred=eps_pred, noise=noise, t=t, alphas_cumprod=schedule)

    def sds_with_jacobian(x, x_t, noise, t):
        """DreamFusion Eq. 2, EECS Eq. 12: the residual times ∂ε̂ / ∂x_t, which SDS leaves out."""
        leaf = x_t.to(settings.device).requires_grad_()
        eps_pred = guided(leaf, t)
        passes["backward"] += 2 * len(x_t)
        residual = code(
            "distillation.sds_residual", eps_pred=eps_pred.detach().to(here), noise=noise, t=t, alphas_cumprod=schedule
        )
        (gradient,) = torch.autograd.grad(eps_pred, leaf, residual.to(settings.device))
        return gradient.to(here)

    def vsd(x, x_t, noise, t):
        x_t, noise = x_t.to(settings.device), noise.to(settings.device)
        with torch.no_grad():
            pretrained = guided(x_t, t).to(here)
        own = lora.eps(x_t, t, cond).to(here)
        lora.learn(x_t, noise, t, cond)
        passes["backward"] += len(x_t)
        return code("distillation.vsd_residual", eps_pretrained=pretrained, eps_lora=own, t=t, alphas_cumprod=schedule)

    def optimise(residual):
        random = seeded(here, settings.seed, "distillation")
        x = torch.zeros(COUNT, 3, 32, 32, device=here, requires_grad=True)
        optimizer = torch.optim.Adam([x], lr=0.06)
        passes.update(forward=0, backward=0)
        for step in range(steps):
            noise = torch.randn(x.shape, generator=random, device=here)
            t = 900 - 100 * step
            x_t = code("noising.add_noise", x0=x.detach(), noise=noise, t=t, alphas_cumprod=schedule)
            # The surrogate's gradient, residual / B, is set as it is: the same for all.
            x.grad = residual(x, x_t, noise, t) / COUNT
            optimizer.step()
        return x.detach(), dict(passes)

    residuals = {"SDS": sds, "SDS through the network's Jacobian": sds_with_jacobian, "VSD with its LoRA": vsd}
    with lora:
        rounds = bench.race({name: lambda run=run: optimise(run) for name, run in residuals.items()}, rounds=3)
    for name, results in rounds.items():
        x, counts = results[-1]
        assert x.isfinite().all() and x.abs().max() > 0
        bench.note(name, **{f"{way} passes a step": count / steps / COUNT for way, count in counts.items()})
    bench.facts(
        about=f"{steps} steps for {COUNT} prompts at guidance {SCALE}, emoji UNet; passes are those of one picture",
        steps=steps,
    )
