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
| β in a table of its own                      | no level and no stride is asked for that 1 − β cannot tell from 0 |
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...contract.profile import Profile
from ...sandbox import limits
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
    """The kit gives β as well, from which 1 − β is taken: of a level, or of a stride, with next to no signal nothing would
    be left."""
    abar = arguments["alphas_cumprod"]
    walked = pairwise([*arguments["timesteps"], -1]) if "timesteps" in arguments else [_step(arguments)]
    strides = [float(abar[t] / (abar[t_prev] if t_prev >= 0 else 1)) for t, t_prev in walked]
    return float(abar.min()) > 1e-7 and min(strides) > 1e-3


def _step(arguments: dict[str, Any]) -> tuple[int, int]:
    return arguments["t"], arguments["t_prev"]


# Asked through commands, whose own seed is everybody's own business.
_SEEDED = frozenset({"test_random_state_is_not_seeded"})
_COMMANDS = ("inversion.scribble_loss", "latents.interpolate", *(one for one in TODOS if TODOS[one].file == _IMG2IMG))

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
        **dict.fromkeys(_COMMANDS, _SEEDED),
        # The kit's target is an image that wants no gradient, and its main() runs under no_grad.
        "inversion.perceptual_loss": frozenset({"test_target_features_are_fixed"}),
        "inversion.inversion_loss": frozenset({"test_target_features_are_fixed", "test_gradient_into_delta"}),
        "noising.add_noise": _SEEDED | {"test_differentiable"},
    },
)

_LONGEST = 200  # of a module's name
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
        given = _program(folder, found[0], name)
        texts = {file: fill_blanks(text) for file, text in given.items()}
        written |= {file: text for file, text in texts.items() if text != given[file]}
        trees = {file: tree for file, text in texts.items() if (tree := parsed(text)) is not None}
        if found[0] not in trees:
            continue
        left, unreached = judge(_Code(trees))
        missing |= left
        by_hand |= {task: why for task, why in unreached.items() if task not in left}
    return Survey(files, missing, by_hand, tuple(notes), written)


def _those(folder: Path, name: str, signs: tuple[str, ...]) -> list[str]:
    """The files of this name that are the kit's; first the one that lies where the kit has it, or nearest."""
    found = []
    for path in sorted(folder.rglob(name)):
        file = path.relative_to(folder)
        if path.is_file() and all(
            sign in "\n".join(_program(folder, file.as_posix(), path.stem).values()) for sign in signs
        ):
            found.append(file)
    home = {"main.py": "gan", "img2img.py": "stable_diffusion"}[name]
    ordered = sorted(found, key=lambda path: (path.parent.name != home, len(path.parts), str(path)))
    return [path.as_posix() for path in ordered]


_GIVEN = {"LBFGS", "dataloader", "util"}  # by the kit; its adapters put stand-ins in their place


def _program(folder: Path, script: str, name: str) -> dict[str, str]:
    """A script and, of main.py, the student's own files that it is made of, which some take it apart into: their texts."""
    texts, waiting = dict[str, str](), [script]
    while waiting:
        file = waiting.pop(0)
        if file in texts or sum(map(len, texts.values())) > limits.SOURCE_BYTES:
            continue
        texts[file] = _text(folder / file)
        if name == "main":
            waiting += _imported(folder, Path(script).parent, Path(file), parsed(fill_blanks(texts[file])))
    return texts


def _text(path: Path) -> str:
    """Nothing of a file that is too long to be looked through."""
    if path.stat().st_size > limits.SOURCE_BYTES:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def _imported(folder: Path, home: Path, file: Path, tree: ast.Module | None) -> Iterator[str]:
    """The student's files that a file imports when it is run itself, as Python finds them: beside the script, at the top."""
    for node in _run_at_once(tree.body if tree is not None else []):
        if isinstance(node, ast.Import):
            modules, homes = [one.name for one in node.names], [home, Path()]
        elif isinstance(node, ast.ImportFrom):
            within = f"{node.module}." if node.module else ""
            modules = [*([node.module] if node.module else []), *(f"{within}{one.name}" for one in node.names)]
            homes = [file.parents[node.level - 1]] if 0 < node.level <= len(file.parents) else [home, Path()]
        else:
            continue
        for module in modules:
            if module.split(".")[0] not in _GIVEN and len(module) < _LONGEST:
                yield from _lying_in(folder, homes, module.replace(".", "/"))


def _lying_in(folder: Path, homes: list[Path], module: str) -> list[str]:
    """A module's file: of several the first; none that is reached through a link."""
    places = (home / name for home in homes for name in (f"{module}.py", f"{module}/__init__.py"))
    found = (place for place in places if (folder / place).is_file())
    real = (place for place in found if (folder / place).resolve() == folder.resolve() / place)
    return [place.as_posix() for place in real][:1]


def _run_at_once(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module that are run when it is, those within ``if`` and ``try`` as well."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _run_at_once([one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)])


_NO_VALUE = re.compile(r"^([ \t]*\w[\w, ]*=)[ \t]*(#.*)?$")
_OPENS = re.compile(r"^[ \t]*(with|for|if|else|elif|while|try|def)\b.*:[ \t]*(#.*)?$")


def fill_blanks(text: str) -> str:
    """A text that parses, line by line the same: as given, the kit ends lines after the equals sign, and blocks empty."""
    lines = text.split("\n")
    if parsed(text) is not None:
        return text
    following = 0  # the indent of the next line that says something
    for i, line in reversed(list(enumerate(lines))):
        blank = _NO_VALUE.match(line)
        if blank:
            lines[i] = f"{blank[1]} ..."
        elif _OPENS.match(line) and _indent(line) >= following:
            lines[i] = f"{line.split('#')[0].rstrip()} pass"
        if line.strip() and not line.lstrip().startswith("#"):
            following = _indent(line)
    return "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


# --- what is left as it was given ---------------------------------------------------------------------------------


class _Code:
    """The syntax trees of one program by file, the script's first."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.trees, self.first = trees, next(iter(trees))
        self._files = {node: file for file, tree in trees.items() for node in ast.walk(tree)}

    def place(self, node: ast.AST) -> str:
        return f"{self._files[node]}:{node.lineno}"  # type: ignore[attr-defined]

    def function(self, name: str) -> ast.FunctionDef | None:
        return next((found for tree in self._asked_for(name) if (found := _function(tree, name)) is not None), None)

    def method(self, owner: str, name: str) -> ast.FunctionDef | None:
        return next(
            (found for tree in self._asked_for(owner) if (found := _method(tree, owner, name)) is not None), None
        )

    def calls(self, function: ast.FunctionDef, name: str) -> bool:
        """Whether a function calls this one, itself or through functions of the program that it calls."""
        others = {one.id for one in ast.walk(function) if isinstance(one, ast.Name)} - {function.name}
        return any(_calls(one, name) for one in (function, *map(self.function, others)))

    def _asked_for(self, name: str) -> list[ast.Module]:
        """The script, the file that it takes this name from, and all others."""
        taken = (
            (node.module or "").split(".")[-1]
            for node in ast.walk(self.trees[self.first])
            if isinstance(node, ast.ImportFrom) and name in {one.name for one in node.names}
        )
        stems = [Path(self.first).stem, *taken]
        rank = lambda file: min((i for i, stem in enumerate(stems) if Path(file).stem == stem), default=len(stems))
        return [self.trees[file] for file in sorted(self.trees, key=rank)]


def _judge_main(code: _Code) -> tuple[dict[str, str], dict[str, str]]:
    """Of main.py: the tasks that are left as given, and those that cannot be reached."""
    left, unreached = dict[str, str](), dict[str, str]()

    def blank(node: ast.FunctionDef | None, what: str, *tasks: str) -> None:
        where = f"{code.place(node)}, " if node is not None else f"{code.first}: "
        left.update(dict.fromkeys(tasks, f"{where}{what}"))

    features, loss = code.method("PerceptualLoss", "forward"), code.method("Criterion", "forward")
    if features is None or not any(_adds(node, "loss") for node in ast.walk(features)):
        blank(features, "PerceptualLoss compares no features", "inversion.perceptual_loss")
    masked, plain = _branches(loss)
    if not _says_loss(plain):
        blank(loss, "Criterion has no loss without a mask", "inversion.lp_loss", "inversion.inversion_loss")
    if not _says_loss(masked):
        blank(loss, "Criterion has no loss with a mask", "inversion.scribble_loss")
    search, draw = code.function("optimize_para"), code.function("draw")
    closure = _function(search, "closure") or search
    if search is None or not _calls(closure, "wrapper"):
        blank(closure, "closure() makes no image", "inversion.invert", "inversion.delta_penalty")
    elif not _penalises_delta(search, loss):
        unreached["inversion.delta_penalty"] = (
            f"{code.place(search)}, no penalty on delta found; the handout leaves it open"
        )
    if draw is None or not _calls(draw, "optimize_para"):
        blank(draw, "draw() does not search for an image", "inversion.scribble_loss")
    sample = code.function("sample_noise")
    for latent, tasks in {"w": ("latents.mean_w", "latents.sample_w"), "w+": ("latents.sample_w_plus",)}.items():
        bodies = _bodies_for(sample, latent)
        for task, from_mean in zip(tasks, (True, False) if latent == "w" else (False,)):
            if sample is None or (bodies and all(map(_nothing, bodies[from_mean]))):
                blank(sample, f'sample_noise has no vector for "{latent}"', task)
    film = code.function("interpolate")
    if film is None or not (_calls(film, "wrapper") or any(_adds(node, "image_list") for node in ast.walk(film))):
        blank(film, "interpolate() makes no images between the two", "latents.interpolate")
    elif not code.calls(film, "linspace"):
        unreached["latents.interpolate"] = f"{code.place(film)}, interpolate() does not take its frames from linspace"
    return left, unreached


def _judge_img2img(code: _Code) -> tuple[dict[str, str], dict[str, str]]:
    """The same of img2img.py. What stands after something that is not written in cannot run."""
    main = code.function("main")
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
    told = [one for one in ast.walk(closure) if isinstance(one, ast.Call) and _goes_nowhere(one)]
    left_out = {id(node) for one in told for node in ast.walk(one)}
    return any(
        isinstance(node, ast.Call | ast.BinOp) and "delta" in _names(node) and not _moves_the_latent(node)
        for node in ast.walk(closure)
        if id(node) not in left_out and not _within_the_image(closure, node)
    )


def _goes_nowhere(call: ast.Call) -> bool:
    """What is printed, logged or set to zero is no part of a loss."""
    return ast.unparse(call.func).split(".")[-1] in _NOWHERE


_NOWHERE = {"print", "log", "info", "debug", "write", "add_scalar", "set_description", "set_postfix", "zero_"}


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
                return {True: inner.body, False: inner.orelse or node.body[:number] + node.body[number + 1 :]}
    return {}


def _nothing(statement: ast.stmt) -> bool:
    """Whether it is left as it was given, or says nothing."""
    left = isinstance(statement, ast.Assign | ast.Expr) and _empty(statement.value)
    return left or isinstance(statement, ast.Pass)


KIT = Kit("cmu16726", "CMU 16-726 HW5", "cmu16726-hw5", TODOS, survey, PROFILE)
