"""The task list, derived from the reference: a module's ``__all__`` holds its graded functions."""

import difflib
import importlib
import inspect
from collections.abc import Callable
from functools import cache

DIFFUSION = ("noising", "ddpm", "ddim", "guidance", "editing", "illusions", "dps", "distillation")
GAN = ("gan_losses", "augment", "latents", "inversion", "unet")
MODULES = DIFFUSION + GAN
UNGRADED = ("bells",)  # open-ended: students get stubs, a person looks at the result


@cache
def all_tasks() -> tuple[str, ...]:
    """Every graded function as "module.function", in teaching order."""
    return tuple(f"{module}.{name}" for module in MODULES for name in reference_module(module).__all__)


def reference_module(module: str):
    return importlib.import_module(f"reference.{module}")


@cache
def reference_function(task: str) -> Callable:
    module, function = task.split(".")
    return getattr(reference_module(module), function)


@cache
def parameters(task: str) -> tuple[str, ...]:
    """Argument names in the contract's order."""
    return tuple(inspect.signature(reference_function(task)).parameters)


def chosen(text: str, among: list[str]) -> list[str]:
    """The tasks that "ddim,ddpm.posterior_step" means, in teaching order; ValueError for a name that fits none."""
    wanted: set[str] = set()
    for name in filter(None, (part.strip() for part in text.split(","))):
        fitting = [task for task in among if name in (task, task.split(".")[0])]
        if not fitting:
            close = difflib.get_close_matches(name, [*MODULES, *among], n=3, cutoff=0.4)
            raise ValueError(
                f"{name}: no such module or function" + f"; did you mean {', '.join(close)}?" * bool(close)
            )
        wanted.update(fitting)
    if not wanted:
        raise ValueError(f"{text!r}: expected names such as ddim or ddpm.posterior_step")
    return [task for task in among if task in wanted]
