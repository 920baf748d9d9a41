"""CMU 16-726 HW5: ``gan/main.py`` and ``stable_diffusion/img2img.py``, edited in place. Parsed here, never run.

| left free by the kit                         | so                                                              |
| -------------------------------------------- | --------------------------------------------------------------- |
| one L1 loss, and a mask with any divisor     | no other power is asked for; the scribble's is compared by ratio |
| the mask in the perceptual loss              | not graded: it is laid over features, not over images           |
| a penalty on delta, or none; weight, square  | none found: a person looks; otherwise it is compared by ratio    |
| 10,000 samples for a mean, N = 1             | no other number is asked for                                     |
| w+ that begins with all layers alike         | each layer is taken from a sample of its own                     |
| the optimizer, where the search ends         | Adam is not asked for; the kit's last line is not graded         |
| no gradient in ``main()``, one t for a batch | neither is asked for                                             |
| β in a table of its own                      | no level is asked for that 1 − β cannot tell from 0              |
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...contract.profile import Profile
from .kit import Kit, Survey, Todo
from .parsing import parsed

_MAIN, _IMG2IMG = "gan/main.py", "stable_diffusion/img2img.py"
_SAMPLER = {"mapping": "model.mapping", "batch_size": "N", "z_dim": "dim", "num_ws": "model.num_ws"}
_TABLES = {"alphas_cumprod": "alpha_cumprods", "t": "timestep", "t_prev": "timestep − 1"}

TODOS = {
    "inversion.lp_loss": Todo(_MAIN, "Criterion, TODO (Part 1)"),
    "inversion.perceptual_loss": Todo(
        _MAIN, "PerceptualLoss, TODO (Part 1)", {"features_fn": "vgg19's layers that add_layer names"}
    ),
    "inversion.delta_penalty": Todo(_MAIN, "closure() of optimize_para, TODO (Part 1)"),
    "inversion.inversion_loss": Todo(
        _MAIN, "Criterion, TODO (Part 1)", {"l1_weight": "l1_wgt", "perceptual_weight": "perc_wgt"}
    ),
    "inversion.invert": Todo(
        _MAIN,
        "closure() of optimize_para, TODO (Part 1)",
        {"generator_fn": "wrapper", "latent": "param", "loss_fn": "criterion", "num_steps": "num_step"},
    ),
    "latents.mean_w": Todo(_MAIN, "sample_noise, TODO (Part 1)", _SAMPLER),
    "latents.sample_w": Todo(_MAIN, "sample_noise, TODO (Part 1)", _SAMPLER),
    "latents.sample_w_plus": Todo(_MAIN, "sample_noise, TODO (Part 1)", _SAMPLER),
    "inversion.scribble_loss": Todo(
        _MAIN, "Criterion and draw, TODO (Part 3)", {"image": "pred", "sketch": "target"}, "‖M ∗ G(z) − M ∗ S‖₁"
    ),
    "latents.interpolate": Todo(
        _MAIN, "interpolate, TODO (B&W)", {"latent_a": "src", "latent_b": "dst", "num_frames": "len(alpha_list)"}
    ),
    "noising.add_noise": Todo(
        _IMG2IMG,
        "TODO: the encoded latent",
        {"x0": "init_latent", "alphas_cumprod": "alpha_cumprods", "t": "opt.num_timesteps"},
    ),
    "ddpm.posterior_variance": Todo(_IMG2IMG, "TODO: the DDPM update", _TABLES),
    "ddpm.posterior_step": Todo(_IMG2IMG, "TODO: the DDPM update", _TABLES | {"x_t": "latent"}),
    "guidance.classifier_free_guidance": Todo(
        _IMG2IMG,
        "TODO: the guidance score",
        {"eps_uncond": "e_t_uncond", "eps_cond": "e_t_cond", "scale": "opt.strength"},
    ),
    "guidance.guided_eps": Todo(
        _IMG2IMG,
        "TODO: the two scores",
        {"model": "model.apply_model", "x_t": "latent", "null_cond": "uncond", "scale": "opt.strength"},
    ),
    "editing.sdedit": Todo(
        _IMG2IMG,
        "TODO: the reversed timesteps",
        {"eps_model": "model.apply_model", "image": "init_latent", "timesteps": "timesteps"},
    ),
}


def _one_t(arguments: dict[str, Any]) -> bool:
    return isinstance(arguments.get("t"), int)


def _l1(arguments: dict[str, Any]) -> bool:
    return arguments.get("p", 1) == 1 and arguments.get("mask") is None


def _without_a_mask(arguments: dict[str, Any]) -> bool:
    return arguments.get("mask") is None


def _one_from_the_mean(arguments: dict[str, Any]) -> bool:
    return not arguments.get("from_mean", False) or arguments["batch_size"] == 1


def _with_signal(arguments: dict[str, Any]) -> bool:
    """The kit gives β as well, from which 1 − β is taken: of a level with next to no signal nothing would be left."""
    return bool(arguments["alphas_cumprod"].min() > 1e-7)


PROFILE = Profile(
    takes={
        "inversion.lp_loss": _l1,
        "inversion.inversion_loss": _without_a_mask,
        "inversion.invert": lambda arguments: arguments.get("optimizer", "lbfgs") == "lbfgs",
        "latents.mean_w": lambda arguments: arguments.get("num_samples", 10_000) == 10_000,
        "latents.sample_w": _one_from_the_mean,
        "latents.sample_w_plus": _one_from_the_mean,
        "noising.add_noise": _one_t,
        "ddpm.posterior_variance": _with_signal,
        "ddpm.posterior_step": _with_signal,
        "editing.sdedit": _with_signal,
    },
    without={
        # The kit's target is an image that wants no gradient, and its main() runs under no_grad.
        "inversion.perceptual_loss": frozenset({"test_target_features_are_fixed"}),
        "inversion.inversion_loss": frozenset({"test_target_features_are_fixed", "test_gradient_into_delta"}),
        "noising.add_noise": frozenset({"test_differentiable"}),
    },
)

_IN_MAIN = tuple(task for task, todo in TODOS.items() if todo.file == _MAIN)
_IN_IMG2IMG = tuple(task for task, todo in TODOS.items() if todo.file == _IMG2IMG)


# --- what was handed in -------------------------------------------------------------------------------------------


def survey(folder: Path) -> Survey | None:
    """What of the kit lies in this folder, whatever the folders are called."""
    mains = _those(folder, "main.py", ("sample_noise", "optimize_para", "class Criterion"))
    scripts = _those(folder, "img2img.py", ("alphas_cumprod", "get_learned_conditioning"))
    if not mains and not scripts:
        return None
    files, written, notes = dict[str, str](), dict[str, str](), list[str]()
    missing, by_hand = dict[str, str](), dict[str, str]()
    for name, found, tasks, judge in (
        ("main", mains, _IN_MAIN, _judge_main),
        ("img2img", scripts, _IN_IMG2IMG, _judge_img2img),
    ):
        if not found:
            todo = TODOS[tasks[0]].file
            missing |= dict.fromkeys(tasks, f"not handed in: there is no {Path(todo).name} of this kit")
            continue
        if len(found) > 1:
            notes.append(f"{', '.join(found[1:])}: another copy, not graded; {found[0]} is")
        files[name] = found[0]
        program = _program(folder, Path(found[0]))
        texts = {file: fill_blanks(given) for file, given in program.items()}
        written |= {file: text for file, text in texts.items() if text != program[file]}
        trees = {file: tree for file, text in texts.items() if (tree := parsed(text)) is not None}
        if len(trees) < len(texts):
            continue
        left, unreached = judge(Code(trees))
        missing |= left
        by_hand |= {task: why for task, why in unreached.items() if task not in left}
    return Survey(files, missing, by_hand, tuple(notes), written)


def _those(folder: Path, name: str, signs: tuple[str, ...]) -> list[str]:
    """The files that are the kit's: of this name, or else of any; first the one that lies where the kit has it, or nearest."""
    named = [path for path in folder.rglob(name) if path.is_file()]
    others = [path for path in folder.rglob("*.py") if path.is_file() and path not in named]
    home = {"main.py": "gan", "img2img.py": "stable_diffusion"}[name]
    for paths in (named, others):
        found = [path.relative_to(folder) for path in paths if _has(folder, path.relative_to(folder), signs)]
        if found:
            ordered = sorted(found, key=lambda path: (path.parent.name != home, len(path.parts), str(path)))
            return [path.as_posix() for path in ordered]
    return []


def _has(folder: Path, file: Path, signs: tuple[str, ...]) -> bool:
    """Whether these signs of the kit's stand in a file or in what it imports; a library that defines one of them is another."""
    texts = _program(folder, file)
    own, text = texts[file.as_posix()], "\n".join(texts.values())
    return all(sign in text for sign in signs) and not ("alphas_cumprod" in signs and f"def {signs[-1]}" in own)


_GIVEN = {"LBFGS", "dataloader", "util"}  # by the kit, which puts stand-ins in their place


def _program(folder: Path, file: Path) -> dict[str, str]:
    """A file, and those of the student's own that it is made of: some take the kit's apart. The text of each."""
    texts, waiting = dict[str, str](), [file]
    while waiting:
        one = waiting.pop(0)
        if one.as_posix() in texts:
            continue
        texts[one.as_posix()] = text = (folder / one).read_text(encoding="utf-8", errors="replace")
        for module in _imported(parsed(fill_blanks(text))):
            beside = (home / f"{module.replace('.', '/')}.py" for home in (one.parent, Path()))
            waiting += [path for path in beside if (folder / path).is_file()][:1]
    return texts


def _imported(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree is not None else iter(()):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [one.name for one in node.names]
        yield from (name for name in names if name not in _GIVEN)


_NO_VALUE = re.compile(r"^([ \t]*[\w, ]+=)[ \t]*(#.*)?$")
_OPENS = re.compile(r"^[ \t]*(with|for|if|else|elif|while|try|def)\b.*:[ \t]*(#.*)?$")


def fill_blanks(text: str) -> str:
    """A text that parses, line by line the same: as given, the kit ends lines after the equals sign, and blocks empty."""
    lines = text.split("\n")
    if parsed(text) is not None:
        return text
    for i, line in enumerate(lines):
        blank = _NO_VALUE.match(line)
        if blank:
            lines[i] = f"{blank[1]} ..."
        elif _OPENS.match(line) and _indent(line) >= _following_indent(lines[i + 1 :]):
            lines[i] = f"{line.split('#')[0].rstrip()} pass"
    return "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _following_indent(lines: list[str]) -> int:
    return next((_indent(one) for one in lines if one.strip() and not one.lstrip().startswith("#")), 0)


# --- what is left as it was given ---------------------------------------------------------------------------------


class Code:
    """The syntax trees of one program, by file, as one tree."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.first = next(iter(trees))
        self.tree = ast.Module([node for tree in trees.values() for node in tree.body], [])
        self._files = {node: file for file, tree in trees.items() for node in ast.walk(tree)}

    def place(self, node: ast.FunctionDef | ast.Assign) -> str:
        return f"{self._files[node]}:{node.lineno}"


def _judge_main(code: Code) -> tuple[dict[str, str], dict[str, str]]:
    """Of main.py: the tasks that are left as given, and those that cannot be reached."""
    tree, left, unreached = code.tree, dict[str, str](), dict[str, str]()

    def blank(node: ast.FunctionDef | None, what: str, *tasks: str) -> None:
        where = f"{code.place(node)}, " if node is not None else f"{code.first}: "
        left.update(dict.fromkeys(tasks, f"{where}{what}"))

    features, loss = _method(tree, "PerceptualLoss", "forward"), _method(tree, "Criterion", "forward")
    if features is None or not any(_adds(node, "loss") for node in ast.walk(features)):
        blank(features, "PerceptualLoss compares no features", "inversion.perceptual_loss")
    masked, plain = _branches(loss)
    if not _says_loss(plain):
        blank(loss, "Criterion has no loss without a mask", "inversion.lp_loss", "inversion.inversion_loss")
    if not _says_loss(masked):
        blank(loss, "Criterion has no loss with a mask", "inversion.scribble_loss")
    search, draw = _function(tree, "optimize_para"), _function(tree, "draw")
    closure = _function(search, "closure") or search
    if search is None or not _calls(closure, "wrapper"):
        blank(closure, "closure() makes no image", "inversion.invert", "inversion.delta_penalty")
    elif not _penalises_delta(search, loss):
        unreached["inversion.delta_penalty"] = (
            f"{code.place(search)}, no penalty on delta found; the handout leaves it open"
        )
    if draw is None or not _calls(draw, "optimize_para"):
        blank(draw, "draw() does not search for an image", "inversion.scribble_loss")
    sample = _function(tree, "sample_noise")
    for latent, tasks in {"w": ("latents.mean_w", "latents.sample_w"), "w+": ("latents.sample_w_plus",)}.items():
        bodies = _bodies_for(sample, latent)
        for task, from_mean in zip(tasks, (True, False) if latent == "w" else (False,)):
            if sample is None or (bodies and all(map(_nothing, bodies[from_mean]))):
                blank(sample, f'sample_noise has no vector for "{latent}"', task)
    film = _function(tree, "interpolate")
    if film is None or not (_calls(film, "wrapper") or any(_adds(node, "image_list") for node in ast.walk(film))):
        blank(film, "interpolate() makes no images between the two", "latents.interpolate")
    elif not _calls(tree, "linspace"):
        unreached["latents.interpolate"] = f"{code.place(film)}, interpolate() does not take its frames from linspace"
    return left, unreached


def _judge_img2img(code: Code) -> tuple[dict[str, str], dict[str, str]]:
    """The same of img2img.py. What stands after something that is not written in cannot run."""
    main = _function(code.tree, "main")
    if main is None:
        return {}, dict.fromkeys(_IN_IMG2IMG, f"{code.first}:1, there is no main()")
    for node in ast.walk(main):
        if isinstance(node, ast.Assign) and _empty(node.value):
            name = ast.unparse(node.targets[0])
            return dict.fromkeys(_IN_IMG2IMG, f"{code.place(node)}, {name} is left as it was given"), {}
    return {}, {}


def _function(tree: ast.AST | None, name: str) -> ast.FunctionDef | None:
    nodes = ast.walk(tree) if tree is not None else iter(())
    return next((node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _method(tree: ast.Module, owner: str, name: str) -> ast.FunctionDef | None:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner]
    return _function(classes[-1], name) if classes else None


def _empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in (..., None)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _calls(tree: ast.AST | None, name: str) -> bool:
    nodes = ast.walk(tree) if tree is not None else iter(())
    return any(
        isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
        for node in nodes
    )


def _adds(node: ast.AST, name: str) -> bool:
    """Whether a statement puts something into this name, an empty start left out."""
    if isinstance(node, ast.AugAssign):
        return name in _names(node.target)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return name in _names(node.func.value)
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        start = isinstance(node.value, ast.Constant) or (isinstance(node.value, ast.List) and not node.value.elts)
        return not start and any(name in _names(one) for one in targets)
    return isinstance(node, ast.Return) and node.value is not None and bool(_names(node.value) - {name})


def _branches(loss: ast.FunctionDef | None) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """What of Criterion.forward runs with a mask, and without one."""
    if loss is None:
        return [], []
    masked, plain = list[ast.stmt](), list[ast.stmt]()
    for node in loss.body:
        if isinstance(node, ast.If) and "mask" in ast.unparse(node.test):
            masked, plain = masked + node.body, plain + node.orelse
        else:
            masked, plain = [*masked, node], [*plain, node]
    return masked, plain


def _says_loss(body: list[ast.stmt]) -> bool:
    return any(_adds(node, "loss") for statement in body for node in ast.walk(statement))


def _penalises_delta(search: ast.FunctionDef, loss: ast.FunctionDef | None) -> bool:
    """Whether delta goes into a loss otherwise than through the image."""
    if loss is not None and any(one.arg == "delta" for one in loss.args.args):
        return True
    closure = _function(search, "closure") or search
    return any(
        isinstance(node, ast.Call | ast.BinOp) and "delta" in _names(node) and not _moves_the_latent(node)
        for node in ast.walk(closure)
        if not _within_the_image(closure, node)
    )


def _moves_the_latent(node: ast.AST) -> bool:
    """Whether it is ``param + delta``."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    return {getattr(side, "id", "") for side in (node.left, node.right)} == {"param", "delta"}


def _within_the_image(closure: ast.AST, node: ast.AST) -> bool:
    """Whether it is, or lies in, the call of the generator or what gives the moved latent a name."""
    for one in ast.walk(closure):
        moved = isinstance(one, ast.Assign) and _moves_the_latent(one.value)
        if (moved or (isinstance(one, ast.Call) and getattr(one.func, "id", "") == "wrapper")) and any(
            inner is node for inner in ast.walk(one)
        ):
            return True
        if (
            isinstance(one, ast.Assign)
            and any(inner is node for inner in ast.walk(one))
            and _calls(one.value, "wrapper")
        ):
            return True
    return False


def _bodies_for(sample: ast.FunctionDef | None, latent: str) -> dict[bool, list[ast.stmt]]:
    """What is run where ``latent == "w"``, from the mean and not: only where it is laid out as in the kit."""
    for node in ast.walk(sample) if sample is not None else iter(()):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == f"latent == {latent!r}"):
            continue
        for number, inner in enumerate(node.body):
            if isinstance(inner, ast.If) and "from_mean" in _names(inner.test):
                return {True: inner.body, False: inner.orelse or node.body[number + 1 :]}
    return {}


def _nothing(statement: ast.stmt) -> bool:
    """Whether it is left as it was given, or says nothing."""
    left = isinstance(statement, ast.Assign | ast.Expr) and _empty(statement.value)
    return left or isinstance(statement, ast.Pass)


KIT = Kit("cmu16726", "CMU 16-726 HW5", "cmu16726-hw5", TODOS, survey, PROFILE)
