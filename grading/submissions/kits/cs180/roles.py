"""What plays which part: functions by their names and by what they call, parameters by their names.

The spellings are those met in students' work. ``Role.meanings`` are read in order; what a parameter means is handed to
it in the worker.
"""

import ast
import re
from dataclasses import dataclass

Function = ast.FunctionDef
NETWORK = re.compile(r"\.unet\b|\bunet\(|stage_?1\(", re.IGNORECASE)

_OFF = (r"display|show|plot|verbose|save|debug|visual|return_|intermed|cache|animat|every|progress|print", "off")
_PLACE = ((r"^device$|^dev$", "device"), (r"seed", "seed"))
_LOOP = (
    _OFF,
    *_PLACE,
    (r"mask", "mask"),
    (r"stage|pipe|^model$|^unet$", "stage"),
    (r"alpha|abar|acp", "table"),
    (r"uncond|null|neg|empty", "null"),
    (r"prompt|embed|^cond|text|^p\d?$", "prompt"),
    (r"kernel|ksize", "kernel"),
    (r"sigma", "sigma"),
    (r"start|^i$|^idx$", "start"),
    (r"time_?steps|strided|^ts$|schedule", "timesteps"),
    (r"scale|gamma|guid|cfg|^w$|^s$", "scale"),
    (r"shape|size", "shape"),
)
_TWO_PROMPTS = r"^p_\w+$|^[ec]_?\d$|^(low|high|far|near|first|second)$"  # where nothing else is called a prompt
_IMAGE = (r"im|img|^x|noisy|latent|sample|noise|start|init", "image")
_ORIGINAL = (r"orig|_org|clean|known|source|test|x_?0|^im$|^image$|^img$", "original")
_ONE_STEP = (
    _OFF,
    *_PLACE,
    (r"stage|pipe|^model$|^unet$", "stage"),
    (r"alphas|table|acp", "table"),
    (r"alpha|abar", "abar"),
    (r"prompt|embed|^cond", "prompt"),
    (r"^t$|step|^ts$|^i$|level", "t"),
    (r"eps|noise_|_noise$|^noise$|pred|output", "eps"),
)
# What a helper is called that has nothing but the estimate of the clean image, and what it takes.
_CLEAN = r"^_?(clean|x_?0)_(from|est|hat|pred)(?!.*loss)\w*$|^_?(pred|est|recover)\w*_(clean|x_?0)$"
_ESTIMATE = (
    (r"alphas|table|acp", "table"),
    (r"alpha|abar|^ab?$|^a_t$", "abar"),
    (r"^t$|step|^ts$|level", "t"),
    (r"eps|nois|pred|output|^e$|^n$", "eps"),
)
_TRAINING = (
    _OFF,
    *_PLACE,
    (r"schedule|sched", "schedule"),
    (r"^p_|uncond|drop|prob", "p_uncond"),
    (r"num_?t|^t$|steps|^n_?t|^big_t$", "num_ts"),
    (r"unet|model|net|^fm$|^denoiser$|^eps", "unet"),
    (r"alpha", "abar"),
    (r"^c$|c_|class|label|^y$|cond|digit", "c"),
    (r"^x|im|data|batch|clean", "x"),
)
_SAMPLING = (
    _OFF,
    *_PLACE,
    (r"schedule|sched", "schedule"),
    (r"num_?samples|batch|^n$|^b$|num_?im", "batch"),
    (r"channel", "channels"),
    (r"scale|guid|gamma|cfg|^w$", "scale"),
    (r"num_?t|^t$|steps|^n_?t|^ts$", "num_ts"),
    (r"unet|model|net|^fm$", "unet"),
    (r"_wh|_hw|size|shape|^hw$", "shape"),
    (r"^c$|c_|class|label|^y$|cond|digit", "c"),
    (r"^x|noise|init|latent", "x"),
)
_SCHEDULE = (
    *_PLACE,
    (r"1$|start|min|low|first", "start"),
    (r"2$|end|max|high|last", "end"),
    (r"betas", "ends"),
    (r"num|^t$|steps|^n|ts$", "steps"),
)
_BUILT = (
    (r"in_?c|channels", "in_channels"),
    (r"num_?hid|hidden|dim|^d$|width|base", "num_hiddens"),
    (r"class", "num_classes"),
)
CALLED = (
    (r"drop", "dropped"),
    (r"mask|keep|uncond", "mask"),
    (r"^t$|time|^ts$|^t_", "t"),
    (r"^c$|c_|class|label|^y$|cond|digit|one_?hot", "c"),
)


@dataclass(frozen=True)
class Role:
    """A function or a class that the handout asks for."""

    names: str  # what it is called, a pattern
    meanings: tuple[tuple[str, str], ...]
    first: str = ""  # what its first parameter means, whatever its name
    loop: bool = False  # it asks the network
    classes: bool | None = None  # whether it has a parameter for the class
    network: bool = False  # it is a class
    prompts: bool = False  # it takes two prompts, maybe in one argument


ROLES = {
    "forward": Role(r"^(forward|forward_process|forward_diffusion|forward_noise|add_noise|noise_image|q_sample)$", _ONE_STEP, "image"),
    "one_step": Role(r"^(?!.*(train|fit|learn|loss)).*(one_?step|denoise_one|single_step)", _ONE_STEP, "image"),
    "estimate": Role(_CLEAN, _ESTIMATE, "image"),
    "denoise": Role(r"^iterative(ly)?_denois(e|ing)$|^denoise_iter", (*_LOOP, _IMAGE), loop=True),
    "denoise_cfg": Role(r"^iterative(ly)?_denois(e|ing)_(with_)?(cfg|guid)(?!\w*(paint|flip|anagram|hybrid))\w*$|^cfg_\w*denois|^denoise_cfg", (*_LOOP, _IMAGE), loop=True),
    "inpaint": Role(r"inpaint|repaint", (*_LOOP, _ORIGINAL, _IMAGE), loop=True),
    "flip": Role(r"flip|anagram|upside|^make_illusion", (*_LOOP, _IMAGE), loop=True, prompts=True),
    "hybrid": Role(r"hybrid", (*_LOOP, _IMAGE), loop=True, prompts=True),
    "schedule": Role(r"ddpm_schedule|^\w*schedule$|beta_schedule", _SCHEDULE),
    "time_loss": Role(r"ddpm\w*forward|forward\w*ddpm|ddpm\w*loss", _TRAINING, classes=False),
    "class_loss": Role(r"ddpm\w*forward|forward\w*ddpm|ddpm\w*loss", _TRAINING, classes=True),
    "time_flow_loss": Role(r"(fm|flow)\w*(forward|loss)", _TRAINING, classes=False),
    "class_flow_loss": Role(r"(fm|flow)\w*(forward|loss)", _TRAINING, classes=True),
    "time_flow_sample": Role(r"(fm|flow)\w*sampl|sample\w*(fm|flow)", _SAMPLING, classes=False),
    "class_flow_sample": Role(r"(fm|flow)\w*sampl|sample\w*(fm|flow)", _SAMPLING, classes=True),
    "unconditional_unet": Role(r"^(Uncond\w*|Simple|Denois\w*|Basic|OneStep)?_?UNet$", _BUILT, network=True),
    "time_unet": Role(r"time\w*unet", _BUILT, network=True),
    "class_unet": Role(r"class\w*unet", _BUILT, network=True),
}  # fmt: skip


def meaning(name: str, meanings: tuple[tuple[str, str], ...]) -> str:
    return next((means for pattern, means in meanings if re.search(pattern, name.lower())), "")


def parameters(function: Function) -> tuple[list[str], set[str]]:
    """The names of a function's parameters without self, and those that may be left out."""
    arguments = function.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    optional = set(positional[len(positional) - len(arguments.defaults) :])
    optional |= {one.arg for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is not None}
    names = [*positional, *(one.arg for one in arguments.kwonlyargs)]
    return [name for name in names if name != "self"], optional


def given(role: Role, function: Function) -> tuple[dict[str, str], list[str]]:
    """What each parameter means, and those that have to be given and mean nothing that is known."""
    names, optional = parameters(function)
    found = {name: meaning(name, role.meanings) for name in names}
    if role.prompts and "prompt" not in found.values():
        found |= dict.fromkeys(_two_prompts(names, found, optional), "prompt")
    if role.first and names:
        found[names[0]] = role.first
    _tell_apart(found)
    if role.prompts:
        found = {name: "both" if means == "prompt" else means for name, means in found.items()}
    unknown = [name for name in names if not found[name] and name not in optional]
    return {
        name: means for name, means in found.items() if means and not (name in optional and means in _LEFT)
    }, unknown


def _two_prompts(names: list[str], found: dict[str, str], optional: set[str]) -> list[str]:
    """Two parameters that can be nothing but the two prompts."""
    left = [name for name in names if not found[name] and name not in optional]
    prompts = [name for name in left if re.search(_TWO_PROMPTS, name.lower())]
    return prompts if len(prompts) == 2 else []


_LEFT = ("kernel", "sigma", "device", "shape", "seed")  # their defaults are the student's choice


def _tell_apart(found: dict[str, str]) -> None:
    """Several parameters of one meaning: two prompts, an original and a start."""
    prompts = [name for name, means in found.items() if means == "prompt"]
    if len(prompts) > 1:
        named = {which: [n for n in prompts if re.search(which, n.lower())] for which in ("low|far", "high|near")}
        if all(len(one) == 1 for one in named.values()):
            found[named["low|far"][0]], found[named["high|near"][0]] = "low", "high"
        else:
            found[prompts[0]], found[prompts[1]] = "first", "second"
    originals = [name for name, means in found.items() if means == "original"]
    for name in originals[:-1] if len(originals) > 1 and "image" not in found.values() else []:
        found[name] = "image"
