"""KAIST CS492(D), Diffusion Models and Their Applications (Fall 2024): programming assignments 1 and 2.

The worked example of README.md: a kit whose TODOs are methods with arguments of their own.

| the kit's                                                      | is the contract's       |
| -------------------------------------------------------------- | ----------------------- |
| ``image_diffusion_todo/scheduler.py``, ``DDPMScheduler.add_noise`` | ``noising.add_noise``   |
| ``image_diffusion_todo/scheduler.py``, ``DDPMScheduler.step``      | ``ddpm.posterior_step`` |
| ``2d_plot_diffusion_todo/ddpm.py``, ``DiffusionModule.compute_loss``  | ``unet.ddpm_loss``      |
| ``2d_plot_diffusion_todo/ddpm.py``, ``DiffusionModule.ddim_p_sample`` | ``ddim.ddim_step``      |
"""

import ast
from pathlib import Path
from typing import Any

from ...contract.profile import Profile
from .kit import Kit, Survey, Todo
from .parsing import parsed

_SCHEDULER, _MODULE = "image_diffusion_todo/scheduler.py", "2d_plot_diffusion_todo/ddpm.py"
_TODOS = {
    "noising.add_noise": Todo(_SCHEDULER, "DDPMScheduler.add_noise", {"x0": "x_0", "noise": "eps"}),
    "ddpm.posterior_step": Todo(
        _SCHEDULER,
        "DDPMScheduler.step",
        {"eps": "eps_theta", "x0": "what x_t and eps_theta give"},
        "Algorithm 2, line 4",
    ),
    "unet.ddpm_loss": Todo(_MODULE, "DiffusionModule.compute_loss", {"model": "self.network"}, "eq. 14 of DDPM"),
    "ddim.ddim_step": Todo(_MODULE, "DiffusionModule.ddim_p_sample", {"x_t": "xt", "eps": "the network's output"}),
}
_ASKS = {
    "scheduler": ("DDPMScheduler", {"noising.add_noise": "add_noise", "ddpm.posterior_step": "step"}),
    "ddpm": ("DiffusionModule", {"unet.ddpm_loss": "compute_loss", "ddim.ddim_step": "ddim_p_sample"}),
}


def _survey(folder: Path) -> Survey | None:
    """The two files, wherever they lie: each is known by the class and methods that the kit gives it, or some of them."""
    files: dict[str, str] = {}
    missing: dict[str, str] = {}
    notes: list[str] = []
    for name, (kind, asked) in _ASKS.items():
        found = [path for path in _by_depth(folder, f"{name}.py") if set(asked.values()) & _methods(path, kind)]
        if found:
            files[name] = str(found[0].relative_to(folder))
            there = _methods(found[0], kind)
            lacks = {
                task: f"{files[name]} has no {kind}.{method}" for task, method in asked.items() if method not in there
            }
        else:
            lacks = {task: f"there is no {_TODOS[task].file}" for task in asked}
        missing |= {task: f"not handed in: {why}" for task, why in lacks.items()}
        if len(found) > 1:
            others = ", ".join(str(path.relative_to(folder)) for path in found[1:])
            notes.append(f"{files[name]} is graded; there are other copies: {others}")
    if not files:
        return None
    return Survey(files, missing, notes=tuple(notes))


def _by_depth(folder: Path, name: str) -> list[Path]:
    return sorted(folder.rglob(name), key=lambda path: (len(path.parts), str(path)))


def _methods(path: Path, kind: str) -> set[str]:
    tree = parsed(path.read_bytes()) if path.is_file() else None
    return {
        method.name
        for node in (tree.body if tree is not None else [])
        if isinstance(node, ast.ClassDef) and node.name == kind
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    }


def _one_step(arguments: dict[str, Any]) -> bool:
    """The kit's chain visits every timestep; its method is not told where it goes."""
    return arguments["t_prev"] == arguments["t"] - 1


KIT = Kit(
    name="kaist492d",
    title="The kit of KAIST CS492(D)",
    course="kaist-cs492d",
    todos=_TODOS,
    survey=_survey,
    profile=Profile(takes={"ddpm.posterior_step": _one_step}),
)
