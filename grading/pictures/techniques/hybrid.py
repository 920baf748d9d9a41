"""Two prompts in one picture: visual anagrams and hybrid images."""

import torch

from .demonstration import Shown, demonstration
from .functions import Functions
from .sampling import guided_network
from .stage import Stage

TIMESTEPS = list(range(975, -1, -25))


@demonstration("visual anagram", "illusions.anagram_eps", "ddpm.sample_ddpm")
def anagram(f: Functions, stage: Stage) -> Shown:
    """CS180 1.8: one prompt upright, the other upside down."""
    shown = Shown()
    upright = ("turtle", "strawberry", "hot pepper", "red heart")
    flipped = ("deciduous tree", "hibiscus", "rose", "cat face")
    model = guided_network(stage)
    first, second = stage.embed(*upright), stage.embed(*flipped)

    def eps_model(x_t, t):
        return f("illusions.anagram_eps", model=model, x_t=x_t, t=t, cond_upright=first, cond_flipped=second)

    x0 = _sample(f, stage, eps_model)
    shown.show("upright: " + ", ".join(upright), x0)
    shown.show("upside down: " + ", ".join(flipped), x0.flip(2))
    shown.higher("upright: preference for its prompts over the other ones", stage.preference(x0, upright, flipped))
    shown.higher("upside down: the same", stage.preference(x0.flip(2), flipped, upright))
    return shown


@demonstration("hybrid image", "illusions.hybrid_eps", "illusions.lowpass", "ddpm.sample_ddpm")
def hybrid(f: Functions, stage: Stage) -> Shown:
    """CS180 1.9: one prompt from afar, the other from near."""
    shown = Shown()
    far = ("red heart", "hibiscus", "grinning face", "red apple")
    near = ("cat face", "panda face", "soccer ball", "dog face")
    model = guided_network(stage)
    low, high = stage.embed(*far), stage.embed(*near)

    def eps_model(x_t, t):
        return f(
            "illusions.hybrid_eps", model=model, x_t=x_t, t=t, cond_low=low, cond_high=high, kernel_size=9, sigma=1.5
        )

    x0 = _sample(f, stage, eps_model)
    blurred = f("illusions.lowpass", x=x0, kernel_size=9, sigma=1.5)
    shown.show("near: " + ", ".join(near), x0)
    shown.show("far (blurred): " + ", ".join(far), blurred)
    real_far = f("illusions.lowpass", x=stage.pictures(*far), kernel_size=9, sigma=1.5)
    real_near = f("illusions.lowpass", x=stage.pictures(*near), kernel_size=9, sigma=1.5)
    shown.lower("low frequencies: distance to the far picture's", (blurred - real_far).square().mean())
    shown.higher("low frequencies: distance to the near picture's", (blurred - real_near).square().mean())
    details = _correlation(x0 - blurred, stage.pictures(*near) - real_near)
    shown.higher("high frequencies: correlation with the near picture's", details)
    return shown


def _sample(f: Functions, stage: Stage, eps_model) -> torch.Tensor:
    return f(
        "ddpm.sample_ddpm",
        eps_model=eps_model,
        x_T=stage.noise(4, 3, 32, 32, name="x_T"),
        timesteps=TIMESTEPS,
        alphas_cumprod=stage.schedule,
        noise_fn=stage.noise_fn("illusion"),
        clip_x0=True,
    )


def _correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    a, b = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (a, b))
    return torch.nn.functional.cosine_similarity(a, b).mean()
