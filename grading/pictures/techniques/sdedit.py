"""Pictures from pictures: SDEdit, inpainting, prompted editing."""

import torch
import torch.nn.functional as F

from .demonstration import Shown, demonstration
from .functions import Functions
from .sampling import guided
from .stage import PROMPTS, Stage

STARTS = (1, 3, 5, 7, 10, 20)
TIMESTEPS = list(range(960, -1, -40))  # 25 of 1000


@demonstration("SDEdit of a photograph and of a scribble", "editing.sdedit")
def sdedit(f: Functions, stage: Stage) -> Shown:
    """CS180 1.7: the later the start, the closer to what went in."""
    shown = Shown()
    for name, image in (("photograph", stage.photo), ("scribble", stage.scribble)):
        edits = [
            f(
                "editing.sdedit",
                eps_model=stage.unconditional,
                image=image,
                noise=stage.noise(1, 3, 32, 32, name="sdedit"),
                start=start,
                timesteps=TIMESTEPS,
                alphas_cumprod=stage.schedule,
                noise_fn=stage.noise_fn(f"{name} {start}"),
            )
            for start in STARTS
        ]
        shown.show(f"{name}: starts {', '.join(map(str, STARTS))}, original", torch.cat([*edits, image]))
        errors = [float(F.mse_loss(edit, image)) for edit in edits]
        shown.lower(f"{name}: change from start 20", errors[-1])
        shown.higher(f"{name}: change from start 1", errors[0])
        shown.lower(f"{name}: distance of edits to the nearest real picture", stage.strangeness(torch.cat(edits[:3])))
    return shown


@demonstration("prompted editing", "editing.sdedit", "guidance.guided_eps")
def prompted_editing(f: Functions, stage: Stage) -> Shown:
    """CMU part 3 and CS180 1.7.3: two amounts of noise, two strengths of guidance."""
    shown = Shown()
    prompts = ("grinning face", "lion face", "basketball", "full moon with face")
    image = stage.scribble.expand(4, -1, -1, -1)
    for start in (6, 11):
        for scale in (2.0, 6.0):
            edited = f(
                "editing.sdedit",
                eps_model=guided(f, stage, prompts, scale),
                image=image,
                noise=stage.noise(4, 3, 32, 32, name="edit"),
                start=start,
                timesteps=TIMESTEPS,
                alphas_cumprod=stage.schedule,
                noise_fn=stage.noise_fn(f"edit {start} {scale}"),
            )
            shown.show(f"scribble to {', '.join(prompts)}; start {start}, guidance {scale:g}", edited)
            shown.higher(f"likeness to the prompts, start {start}, guidance {scale:g}", stage.likeness(edited, prompts))
            shown.lower(f"change, start {start}, guidance {scale:g}", F.mse_loss(edited, image))
    return shown


@demonstration("inpainting", "editing.inpaint")
def inpainting(f: Functions, stage: Stage) -> Shown:
    """CS180 1.7.2: the right half of each picture anew."""
    shown = Shown()
    original = stage.pictures(*PROMPTS)
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 16:] = 1
    x0 = f(
        "editing.inpaint",
        eps_model=stage.prompted(PROMPTS),
        x_T=stage.noise(*original.shape, name="x_T"),
        x_orig=original,
        edit_mask=mask,
        timesteps=list(range(980, -1, -20)),
        alphas_cumprod=stage.schedule,
        noise_fn=stage.noise_fn("inpaint"),
    )
    shown.show("the left half is kept", original * (1 - mask) + mask)
    shown.show("inpainted", x0)
    kept, drawn = (1 - mask).expand_as(x0).bool(), mask.expand_as(x0).bool()
    shown.lower("change where the picture is kept", F.mse_loss(x0[kept], original[kept]))
    shown.lower("difference to the hidden half", F.mse_loss(x0[drawn].clamp(-1, 1), original[drawn]))
    shown.higher("likeness to the whole picture", stage.likeness(x0, PROMPTS))
    return shown
