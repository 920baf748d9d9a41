"""EECS 498-014's homework 5 (Michigan): two schedulers, score distillation, a StyleGAN2 loss and a cutout to fill in.

Its TODOs are variables that are None. The kit gives the noise's variance, the guidance, the loops and the gradients, so
these are not graded. What is handed in is the kit edited in place, the changed files alone, or both beside each other;
or the kit as it was given, and a class of the student's own that derives from the kit's. A notebook may hold the cutout.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...contract.profile import Profile
from .blanks import Blank, blocks, find, top_level
from .kit import Kit, Survey, Todo
from .parsing import parsed

MOST_BYTES = 1 << 20  # of one file; a longer one is data

# --- its files ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A file of the kit: where the kit has it, how it is known wherever it lies, and what is blank in it."""

    path: str
    word: str  # that is in its text
    known: Callable[[ast.Module], bool]
    blanks: dict[str, tuple[Blank, ...]]  # by graded function
    own: str = ""  # what the file that the kit was made from has not: other courses hand that out

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def method(self) -> tuple[str, str]:
        """The class and its method that hold the blanks; no class where they are in functions."""
        first = next(iter(self.blanks.values()))[0].function
        holder, _, name = first.rpartition(".")
        return holder, name


def _defines(name: str) -> Callable[[ast.Module], bool]:
    return lambda tree: name in top_level(tree)


_WEIGHTED = "distillation.sds_residual"  # whose gradient main() weights
_LOSS = "StyleGAN2Loss.accumulate_gradients"
FILES = {
    "ddpm": _File(
        "scheduler/DDPM_scheduler.py",
        "DDPMScheduler",
        _defines("DDPMScheduler"),
        {
            "ddpm.predict_x0": (Blank("DDPMScheduler.step", "pred_original_sample"),),
            "ddpm.posterior_step": (Blank("DDPMScheduler.step", "pred_prev_sample"),),
        },
    ),
    "ddim": _File(
        "scheduler/DDIM_scheduler.py",
        "DDIMScheduler",
        _defines("DDIMScheduler"),
        {
            "ddim.ddim_step": (
                Blank("DDIMScheduler.step", "pred_original_sample"),
                Blank("DDIMScheduler.step", "prev_sample", outside="use_DPS"),
            ),
            "dps.dps_step": (Blank("DDIMScheduler.step", "prev_sample", inside="use_DPS"),),
        },
    ),
    "distillation": _File(
        "utils/sds_vsd_utils.py",
        "sds_vsd_grad_diffuser",
        _defines("sds_vsd_grad_diffuser"),
        {
            "distillation.sds_weight": (Blank("get_loss_weights", "weight"),),
            _WEIGHTED: (Blank("sds_vsd_grad_diffuser", "grad_", inside="sds"),),
            "distillation.vsd_residual": (Blank("sds_vsd_grad_diffuser", "grad_", inside="vsd"),),
        },
    ),
    "execute": _File(
        "execute_SDS_VSD.py",
        "sds_vsd_grad_diffuser",
        lambda tree: {"main", "get_parser"} <= top_level(tree),
        {_WEIGHTED: (Blank("main", "grad_"),)},
    ),
    "gan_losses": _File(
        "training/loss.py",
        "StyleGAN2Loss",
        _defines("StyleGAN2Loss"),
        {
            "gan_losses.generator_loss": (Blank(_LOSS, "loss_Gmain"),),
            "gan_losses.discriminator_loss": (
                Blank(_LOSS, "loss_Dgen"),
                Blank(_LOSS, "correct_input_to_discriminator_in_discriminator_loss"),
                Blank(_LOSS, "loss_Dreal"),
            ),
            "gan_losses.r1_penalty": (Blank(_LOSS, "loss_Dr1"),),
        },
        own="correct_input_to_discriminator",
    ),
    "augment": _File(
        "DiffAugment_pytorch.py",
        "DiffAugment",
        _defines("DiffAugment"),
        {"augment.rand_cutout": (Blank("rand_cutout"),)},
        own="import cv2",
    ),
}

# --- what was handed in -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Copy:
    """One file of a submission that is a file of the kit."""

    file: _File
    path: str  # in the submission
    text: str
    tree: ast.Module | None  # None where it does not parse: running it says why
    derived: str = ""  # the student's own class, if one that derives from the kit's has its method

    @property
    def place(self) -> str:
        """As adapters find it: the file, and the class that is another than the kit's."""
        return f"{self.path}:{self.derived}" if self.derived else self.path

    def unfilled(self, task: str) -> str:
        """Why this file holds nothing to grade of a function; empty where it does."""
        if self.tree is None:
            return ""
        for blank in self.file.blanks.get(task, ()):
            if self.derived:
                blank = replace(blank, function=f"{self.derived}.{self.file.method[1]}")
            if find(self.tree, blank.function) is None:
                if blank.function in _imported(self.tree):
                    continue  # it is written elsewhere
                return f"{self.path} defines no {blank.function}"
            line = blank.unfilled(self.tree)
            if line is not None:
                return f"{self.path}:{line}: {blank.variable or blank.function} is not filled in"
        return ""

    @property
    def blank(self) -> int:
        """How much of it is as the kit gave it."""
        return sum(bool(self.unfilled(task)) for task in self.file.blanks)


def survey(folder: Path) -> Survey | None:
    """What of the kit lies in a folder; None where nothing does."""
    copies = _copies(folder)
    taken = {name: found[0] for name, found in copies.items() if found}
    if not any(copy.file.own in copy.text for copy in taken.values()):
        return None
    if "augment" not in taken or taken["augment"].blank:
        cutout = _cutout_elsewhere(folder)
        if cutout is not None:
            copies["augment"].insert(0, cutout)
            taken["augment"] = cutout
    files, by_hand = {name: copy.place for name, copy in taken.items()}, dict[str, str]()
    missing = dict(_missing(taken))
    if _WEIGHTED not in missing:
        lines = _weighting(taken["execute"].tree) if "execute" in taken else None
        if lines is None:
            by_hand[_WEIGHTED] = _unreached(taken)
        else:
            files["execute"] += f":{lines[0]}-{lines[1]}"
    absent = [file.name for name, file in FILES.items() if name not in taken]
    notes = [f"not handed in: {', '.join(absent)}"] * bool(absent) + list(_said_of_copies(copies))
    return Survey(files, missing, by_hand, tuple(notes))


def _missing(taken: dict[str, _Copy]) -> Iterator[tuple[str, str]]:
    """What is not handed in, or not filled in, and why."""
    for name, file in FILES.items():
        for task in file.blanks:
            if name in taken:
                if why := taken[name].unfilled(task):
                    yield task, why
            elif name != "execute":  # the rest of its function may be there
                yield task, f"{file.name} is not handed in"


def _copies(folder: Path) -> dict[str, list[_Copy]]:
    """Every file of the kit, the copy that is graded first."""
    found: dict[str, list[_Copy]] = {name: [] for name in FILES}
    others: list[tuple[str, _Copy]] = []
    for path in sorted(folder.rglob("*.py")):
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            continue
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        named = [name for name, file in FILES.items() if file.word in text]
        tree = parsed(text) if named else None
        for name in named:
            copy = _Copy(FILES[name], path.relative_to(folder).as_posix(), text, tree)
            if path.name == copy.file.name if tree is None else copy.file.known(tree):
                found[name].append(copy)
            others.append((name, copy))
    for name, copy in others:
        if derived := _deriving(copy, {Path(given.path).stem for given in found[name]}):
            found[name].append(replace(copy, derived=derived))
    return {name: sorted(copies, key=_preference) if len(copies) > 1 else copies for name, copies in found.items()}


def _preference(copy: _Copy) -> tuple[Any, ...]:
    """What is filled in before what is as it was given; then the kit's own classes, and its own layout."""
    layout = f"/{copy.path}".endswith(f"/{copy.file.path}")
    return copy.blank, bool(copy.derived), not layout, copy.path.count("/"), copy.path


def _deriving(copy: _Copy, given: set[str]) -> str:
    """The last class of a file that derives from the kit's and fills in its method; nothing where there is none.

    ``given``: the modules of the submission that define the kit's class. One of the same name is in diffusers, too.
    """
    holder, method = copy.file.method
    if copy.tree is None or not holder or not given:
        return ""
    variables = {blank.variable for blanks in copy.file.blanks.values() for blank in blanks}
    known, modules, found = {holder} if copy.file.known(copy.tree) else set[str](), set[str](), ""
    for node in copy.tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] in given:
            known |= {alias.asname or alias.name for alias in node.names if alias.name == holder}
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules |= {one.asname or one.name for one in node.names if one.name.rpartition(".")[2] in given}
        if not isinstance(node, ast.ClassDef):
            continue
        bases = {ast.unparse(base) for base in node.bases if isinstance(base, ast.Name | ast.Attribute)}
        if bases & (known | {f"{module}.{holder}" for module in modules}):
            own = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == method]
            stored = {one.id for one in ast.walk(own[-1]) if isinstance(one, ast.Name)} if own else set()
            found = node.name if stored & variables else found
    return found


def _imported(tree: ast.Module) -> set[str]:
    """The names that a file has from others."""
    froms = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in froms for alias in node.names}


def _cutout_elsewhere(folder: Path) -> _Copy | None:
    """A cutout that is filled in, in another file than the kit's or in a notebook, which is a folder of cells here."""
    cells = [path for path in folder.rglob("*.ipynb/cell *") if path.name.removeprefix("cell ").isdigit()]
    cells.sort(key=lambda path: (path.parent, -int(path.name.removeprefix("cell "))))  # the last definition counts
    for path in [*sorted(folder.rglob("*.py")), *cells]:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            continue
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        tree = parsed(text) if "rand_cutout" in text else None
        if tree is not None and find(tree, "rand_cutout") is not None:
            place = path if path.suffix == ".py" else path.parent
            copy = _Copy(FILES["augment"], place.relative_to(folder).as_posix(), text, tree)
            if not copy.blank:
                return copy
    return None


def _said_of_copies(copies: dict[str, list[_Copy]]) -> Iterator[str]:
    """Which of several was graded. What is the same is said in one breath."""
    same: list[str] = []
    for first, *others in filter(None, copies.values()):
        others = [other for other in others if other.path != first.path]  # two classes of one file
        same += [other.path for other in others if other.text == first.text]
        for other in others:
            if other.text != first.text:
                yield f"{first.path} was graded, and not {other.path}, which differs from it"
    if same:
        yield f"handed in twice, word for word: {', '.join(same)}"


def _weighting(tree: ast.Module | None) -> tuple[int, int] | None:
    """The lines between the gradient and the target that is made of it, that one included: where it is weighted."""
    for block in blocks(tree) if tree is not None else ():
        start = [i for i, node in enumerate(block) if isinstance(node, ast.Assign) and _is_the_gradient(node)]
        end = [i for i, node in enumerate(block) if isinstance(node, ast.Assign) and _names(node.targets) == {"target"}]
        if start and end and start[0] < end[-1]:
            return block[start[0] + 1].lineno, block[end[-1]].end_lineno or 0
    return None


def _is_the_gradient(node: ast.Assign) -> bool:
    return _asks_for_it(node.value) and "grad_" in _names(node.targets)


def _asks_for_it(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "sds_vsd_grad_diffuser"


def _names(targets: list[ast.expr]) -> set[str]:
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


def _unreached(taken: dict[str, _Copy]) -> str:
    """Where a person looks at the weighted gradient."""
    utils = taken["distillation"]
    function = find(utils.tree, "sds_vsd_grad_diffuser") if utils.tree is not None else None
    here = f"{utils.path}:{function.lineno if function is not None else 1}"
    if "execute" not in taken:
        return f"{here}; {FILES['execute'].name}, where the gradient is weighted, is not handed in"
    execute = taken["execute"]
    asked = (node for node in ast.walk(execute.tree) if _asks_for_it(node)) if execute.tree is not None else iter(())
    line = getattr(next(asked, None), "lineno", 1)
    return f"{execute.path}:{line}, after which the gradient is weighted; and {here}"


# --- what the kit leaves free -------------------------------------------------------------------------------------


def _hides_pixels(arguments: dict[str, Any]) -> bool:
    """Inpainting is the only measurement that the kit makes: a student may multiply by its mask."""
    return getattr(arguments["operator"], "name", "") in ("drop_pixels", "keep_everything")


def _as_many(arguments: dict[str, Any]) -> bool:
    """There are as many fakes in a batch as real images: the kit adds up their losses, one by one."""
    real, fake = (getattr(arguments[name], "tensor", arguments[name]) for name in ("real_logits", "fake_logits"))
    return len(real) == len(fake)


_PROFILE = Profile(
    takes={
        "dps.dps_step": _hides_pixels,
        "gan_losses.discriminator_loss": _as_many,
        "augment.rand_cutout": lambda arguments: arguments.get("ratio_range", (0.25, 0.5)) == (0.25, 0.5),
    },
    without={
        "ddpm.predict_x0": frozenset({"test_differentiable"}),  # the pipeline stands under no_grad
    },
)

_LEVELS = {
    "ᾱ_t": "alpha_prod_t",
    "ᾱ_prev": "alpha_prod_t_prev",
    "1−ᾱ_t": "beta_prod_t",
    "abar_t": "alpha_prod_t",
    "abar_prev": "alpha_prod_t_prev",
    "alphas_cumprod": "self.alphas_cumprod",
}
_TODOS = {
    "ddpm.predict_x0": Todo(
        "scheduler/DDPM_scheduler.py",
        "TODO #1 and #2",
        {"x_t": "sample", "eps": "model_output", "x0": "pred_original_sample"} | _LEVELS,
        "formula 1",
    ),
    "ddpm.posterior_step": Todo(
        "scheduler/DDPM_scheduler.py",
        "TODO #1 and #3",
        {"x_t": "sample", "x0": "pred_original_sample", "t_prev": "prev_t", "β": "current_beta_t"}
        | _LEVELS
        | {"1−ᾱ_prev": "beta_prod_t_prev"},
        "formulas 2 to 8",
    ),
    "ddim.ddim_step": Todo(
        "scheduler/DDIM_scheduler.py",
        "TODO #1 and #2",
        {"x_t": "sample", "eps": "model_output", "t_prev": "prev_timestep", "sigma": "sigma_t"} | _LEVELS,
        "formula 9",
    ),
    "dps.dps_step": Todo(
        "scheduler/DDIM_scheduler.py",
        "TODO #3",
        {"x_t": "sample", "x0_hat": "pred_original_sample", "x_prev": "prev_sample", "scale": "DPS_scale"},
        "formula 11",
    ),
    "distillation.sds_weight": Todo(
        "utils/sds_vsd_utils.py",
        "TODO #2",
        {"abar": "alphas_cumprod", "ᾱ_t": "alphas_cumprod[t]"},
        "formulas 14, 15",
    ),
    "distillation.sds_residual": Todo(
        "utils/sds_vsd_utils.py and execute_SDS_VSD.py",
        "TODO #1 of each",
        {"eps_pred": "noise_pred", "noise": "noise_pred_phi", "w": "loss_weights[t]"},
        "formula 16",
    ),
    "distillation.vsd_residual": Todo(
        "utils/sds_vsd_utils.py",
        "TODO #3",
        {"eps_pretrained": "noise_pred", "eps_lora": "noise_pred_phi", "w": "grad_scale"},
        "formula 17",
    ),
    "gan_losses.generator_loss": Todo(
        "training/loss.py", "TODO #1", {"fake_logits": "gen_logits"}, "formula 1 of part A"
    ),
    "gan_losses.discriminator_loss": Todo(
        "training/loss.py", "TODO #2, #3 and #4", {"fake_logits": "gen_logits"}, "formula 2 of part A"
    ),
    "gan_losses.r1_penalty": Todo("training/loss.py", "TODO #5", {"gamma": "self.r1_gamma"}, "formula 3 of part A"),
    "augment.rand_cutout": Todo("DiffAugment_pytorch.py", "rand_cutout"),
}

KIT = Kit("eecs498", "EECS 498-014 HW5's kit", "eecs498-hw5", _TODOS, survey, _PROFILE)
