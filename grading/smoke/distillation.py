"""Pictures by gradient descent: score distillation, and its variational form with a LoRA."""

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.data.draws import seeded

from .demonstration import Shown, demonstration
from .functions import Functions
from .stage import Stage

PROMPTS = ("red heart", "basketball", "red apple", "grinning face")
STEPS = 120
LEARNING_RATE = 0.06
SHOWN = (20, 60, STEPS)


@demonstration(
    "SDS at guidance 7.5 and 100",
    "noising.add_noise",
    "guidance.classifier_free_guidance",
    "distillation.sds_residual",
    "distillation.surrogate_loss",
)
def sds(f: Functions, stage: Stage) -> Shown:
    """EECS part B: the pixels themselves are optimised."""
    shown = Shown()
    for scale in (7.5, 100.0):

        def residual(x_t: Tensor, noise: Tensor, t: int, scale: float = scale) -> Tensor:
            eps = _guided(f, stage, x_t, t, scale)
            return f("distillation.sds_residual", eps_pred=eps, noise=noise, t=t, alphas_cumprod=stage.schedule)

        _distil(f, stage, f"SDS, guidance {scale:g}", residual, lambda x_t, noise, t: None, shown)
    return shown


@demonstration(
    "VSD at guidance 7.5 with a LoRA",
    "noising.add_noise",
    "guidance.classifier_free_guidance",
    "distillation.vsd_residual",
    "distillation.surrogate_loss",
)
def vsd(f: Functions, stage: Stage) -> Shown:
    """The LoRA learns what the pictures look like now; the residual leads from there to the pretrained network."""
    from peft import LoraConfig

    shown = Shown()
    unet = stage.unet.unet
    unet.add_adapter(LoraConfig(r=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]), "vsd")
    lora = [parameter for name, parameter in unet.named_parameters() if ".vsd." in name]
    optimizer = torch.optim.Adam([parameter.requires_grad_() for parameter in lora], lr=1e-3)
    cond = stage.embed(*PROMPTS)

    def residual(x_t: Tensor, noise: Tensor, t: int) -> Tensor:
        unet.disable_adapters()
        pretrained = _guided(f, stage, x_t, t, 7.5)
        unet.enable_adapters()
        with torch.no_grad():
            own = stage.eps(x_t, t, cond)
        return f(
            "distillation.vsd_residual", eps_pretrained=pretrained, eps_lora=own, t=t, alphas_cumprod=stage.schedule
        )

    def learn(x_t: Tensor, noise: Tensor, t: int) -> None:
        optimizer.zero_grad()
        F.mse_loss(stage.eps(x_t, t, cond), noise).backward()
        optimizer.step()

    try:
        _distil(f, stage, "VSD, guidance 7.5", residual, learn, shown)
    finally:
        unet.delete_adapters("vsd")
    return shown


def _guided(f: Functions, stage: Stage, x_t: Tensor, t: int, scale: float) -> Tensor:
    cond = torch.cat([stage.null(len(PROMPTS)), stage.embed(*PROMPTS)])
    with torch.no_grad():
        null, asked = stage.eps(torch.cat([x_t, x_t]), t, cond).chunk(2)
    return f("guidance.classifier_free_guidance", eps_uncond=null, eps_cond=asked, scale=scale)


def _distil(f: Functions, stage: Stage, name: str, residual, learn, shown: Shown) -> None:
    """Adam on the pixels from grey; ``learn`` is given the same noisy pictures afterwards."""
    x = (0.1 * stage.noise(len(PROMPTS), 3, 32, 32, name="start")).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=LEARNING_RATE, betas=(0.9, 0.99))
    random = seeded("cpu", stage.seed, name)
    progress = []
    for step in range(1, STEPS + 1):
        # From coarse to fine: large t first.
        highest = int(980 - 500 * (step - 1) / STEPS)
        t = int(torch.randint(20, highest, (), generator=random))
        noise = torch.randn(x.shape, generator=random)
        x_t = f("noising.add_noise", x0=x.detach(), noise=noise, t=t, alphas_cumprod=stage.schedule)
        loss = f.loss("distillation.surrogate_loss", "x", x=x, residual=residual(x_t, noise, t))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-1.2, 1.2)
        learn(x_t, noise, t)
        if step in SHOWN:
            progress.append(x.detach().clone())
    shown.show(f"{name}: steps {', '.join(map(str, SHOWN))}", torch.cat(progress))
    shown.higher(f"{name}: likeness to the prompts' pictures", stage.likeness(x.detach(), PROMPTS))
    shown.lower(
        f"{name}: distance to the prompts' pictures", F.mse_loss(x.detach().clamp(-1, 1), stage.pictures(*PROMPTS))
    )
