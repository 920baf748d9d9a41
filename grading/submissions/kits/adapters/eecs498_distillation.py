"""get_loss_weights and sds_vsd_grad_diffuser, and the lines of main() that weight the gradient."""

import ast
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from .common import FILES, FOLDER, stands_for
from .eecs498_given import student_file

_GRAD_SCALE = 2.0  # seen wherever it is left out; a power of 2 costs no digit


@stands_for(lambda: student_file("distillation").get_loss_weights)
def distillation_sds_weight(t: int | Tensor, alphas_cumprod: Tensor) -> Tensor:
    before = torch.cat((torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]))
    arguments = SimpleNamespace(loss_weight_type="1m_alphas_cumprod", sigma_y=1.0)
    weights = student_file("distillation").get_loss_weights(1 - alphas_cumprod / before, arguments)
    if isinstance(t, Tensor) and t.ndim:
        return torch.stack([_number(weights[int(one)], alphas_cumprod) for one in t])
    return _number(weights[int(t)], alphas_cumprod)


def _number(weight: Any, like: Tensor) -> Tensor:
    """A tensor, an array's entry or a plain number are all right."""
    return weight if isinstance(weight, Tensor) else torch.tensor(weight, dtype=like.dtype)


@stands_for(lambda: student_file("distillation").sds_vsd_grad_diffuser)
def distillation_sds_residual(eps_pred: Tensor, noise: Tensor, t: int | Tensor, alphas_cumprod: Tensor) -> Tensor:
    if isinstance(t, Tensor) and t.ndim:
        return _one_by_one(distillation_sds_residual, eps_pred, noise, t, alphas_cumprod)
    gradient = _gradient(eps_pred, noise=noise, grad_scale=_GRAD_SCALE, generation_mode="sds")
    return _weighted(gradient, int(t), list(1 - alphas_cumprod)) / _GRAD_SCALE


@stands_for(lambda: student_file("distillation").sds_vsd_grad_diffuser)
def distillation_vsd_residual(
    eps_pretrained: Tensor, eps_lora: Tensor, t: int | Tensor, alphas_cumprod: Tensor
) -> Tensor:
    """Its scale is the weight: main()'s lines are graded in SDS."""
    if isinstance(t, Tensor) and t.ndim:
        return _one_by_one(distillation_vsd_residual, eps_pretrained, eps_lora, t, alphas_cumprod)
    scale = float(1 - alphas_cumprod[int(t)])
    noise = torch.ones_like(eps_lora)  # has no place in it
    return _gradient(
        eps_pretrained, eps_lora, noise, grad_scale=scale, generation_mode="vsd"
    ).detach()  # as main() does


def _one_by_one(residual: Any, first: Tensor, second: Tensor, t: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """The kit takes one timestep."""
    pairs = zip(first.split(1), second.split(1), t)
    return torch.cat([residual(one, other, int(at), alphas_cumprod) for one, other, at in pairs])


def _gradient(predicted: Tensor, phi: Tensor | None = None, noise: Any = None, **scale_and_mode: Any) -> Tensor:
    """The student's, with networks that are asked by the kit's own function: each is what it predicts."""
    module: Any = student_file("distillation")
    module.predict_noise0_diffuser = lambda network, *arguments, **given: network
    noisy, t = torch.zeros_like(predicted), torch.zeros(1, dtype=torch.long)
    return module.sds_vsd_grad_diffuser(predicted, noisy, noise, None, t, unet_phi=phi, **scale_and_mode)[0]


def _weighted(gradient: Tensor, t: int, loss_weights: list[Tensor]) -> Tensor:
    """The student's own lines of main(): from the gradient to the target, which lies that far from the latents."""
    path, lines = _lines()
    names = _what_they_need(path, lines)
    names |= {"grad_": gradient, "loss_weights": loss_weights, "latents_sd": torch.zeros_like(gradient)}
    names |= {"t": torch.tensor([t]), "chosen_t": t, "step": 0, "device": gradient.device}
    names["args"] = SimpleNamespace(batch_size=1, grad_scale=1.0, generation_mode="sds", device=gradient.device)
    exec(compile(lines, str(path), "exec"), names)
    return -names["target"]


def _lines() -> tuple[Path, ast.Module]:
    """They keep their place in the file."""
    file, _, span = FILES["execute"].rpartition(":")
    first, last = map(int, span.split("-"))
    text = (FOLDER / file).read_text(encoding="utf-8-sig").splitlines()[first - 1 : last]
    lines = ast.parse(textwrap.dedent("\n".join(text)))
    ast.increment_lineno(lines, first - 1)
    return FOLDER / file, lines


def _what_they_need(path: Path, lines: ast.Module) -> dict[str, Any]:
    """Of the file's own imports, functions and constants those that these lines name: the rest of it is not run."""
    top = ast.parse(path.read_text(encoding="utf-8-sig")).body
    wanted, chosen = _loaded(lines), list[ast.stmt]()
    while more := [node for node in top if node not in chosen and _bound(node) & wanted]:
        chosen += more
        wanted = wanted.union(*map(_loaded, more))
    names: dict[str, Any] = {}
    exec(compile(ast.Module([node for node in top if node in chosen], []), str(path), "exec"), names)
    return names


def _loaded(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
