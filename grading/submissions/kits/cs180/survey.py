"""What of the notebook lies in a submission, in whatever layout. Nothing is run: everything is parsed."""

import ast
import builtins
import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..kit import Survey
from ..parsing import of_the_contract
from .cells import Formula, Unreached, assignment, denoiser_loss, one_step
from .roles import CALLED, NETWORK, ROLES, Role, given, meaning, parameters
from .sources import Source, sources
from .tasks import CELLS, EDITED, TASKS, TRAINED
from .unfilled import bound, unfilled

DDPM, FLOW = "cs180-proj5", "cs180-proj5-fm"
_OF_PART_A = re.compile(r"stage_?1|deepfloyd", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A function or a class that plays a role."""

    source: Source
    name: str  # "forward", or "DiffusionProcess.forward"
    node: ast.FunctionDef | ast.ClassDef
    again: bool = False  # a later definition of the same file has the same name

    @property
    def place(self) -> str:
        return self.source.place(self.node.lineno)


@dataclass
class Found:
    """What has been found out about the parts."""

    files: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)  # role → what is not filled in
    out_of_reach: dict[str, str] = field(default_factory=dict)  # role → why


def survey(folder: Path) -> Survey | None:
    found, notes = sources(folder)
    parts = {role: _choose(role, list(_candidates(role, found))) for role in ROLES}
    there = {role: one for role, one in parts.items() if one is not None}
    if not _is_this_kit(there):
        return None
    known = set().union(*(bound(source.tree) for source in found))
    read = _read(there, known)
    missing, by_hand = _tasks(there, read, found)
    written = {source.file: source.text for source in found if source.origin or source.broken}
    graded = {role: one for role, one in there.items() if role != "estimate" or _stands_in(read)}
    notes += [_twice(role, list(_candidates(role, found)), one) for role, one in graded.items()]
    course = DDPM if {"schedule", "time_loss", "class_loss"} & set(there) and not _has_flow(there) else FLOW
    return Survey(read.files, missing, by_hand, tuple(filter(None, notes)), written, course)


def _is_this_kit(there: dict[str, Part]) -> bool:
    """Whatever asks DeepFloyd, or has part B's names; other courses inpaint, too."""
    loops = [part for role, part in there.items() if ROLES[role].loop and "stage_1" in part.source.text]
    losses = {"time_loss", "class_loss", "time_flow_loss", "class_flow_loss"} & set(there)
    return bool(loops or losses or {"denoise", "denoise_cfg", "time_unet", "class_unet"} & set(there))


def _has_flow(there: dict[str, Part]) -> bool:
    return any("flow" in role for role in there)


def _candidates(role: str, found: list[Source]) -> Iterator[Part]:
    """Whatever may play a role, in the order of the files and of their lines; lambdas where nothing else does."""
    defined = list(_playing(role, found, _definitions))
    yield from defined or (one for one in _playing(role, found, _lambdas) if _noises(role, one))


def _playing(role: str, found: list[Source], definitions: Callable[[Source], Iterator[Part]]) -> Iterator[Part]:
    for source in found:
        same: dict[str, int] = {}
        parts = [part for part in definitions(source) if _plays(ROLES[role], part)]
        for part in parts:
            same[part.name] = part.node.lineno
        last = {part.name: part.node.lineno for part in definitions(source) if "." not in part.name}
        for part in parts:
            again = "." not in part.name and last[part.name] != part.node.lineno
            if same[part.name] == part.node.lineno:  # the last one that plays it
                yield Part(source, part.name, part.node, again)


def _noises(role: str, part: Part) -> bool:
    """Lambdas have names like ``noise_image`` for anything: those of part A compute with the table, or ask the network."""
    text = ast.unparse(part.node)
    return role not in ("forward", "one_step") or bool(re.search(r"alpha|abar|ᾱ", text) or NETWORK.search(text))


def _definitions(source: Source) -> Iterator[Part]:
    networks = _networks(source)
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield Part(source, node.name, node)
        if isinstance(node, ast.ClassDef) and node.name not in networks:
            yield from (
                Part(source, f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef)
            )


def _lambdas(source: Source) -> Iterator[Part]:
    """``forward = lambda im, t: …`` as the function that it is."""
    for node in source.tree.body:
        names, value = assignment(node) or ((), None)
        if isinstance(value, ast.Lambda):
            body: list[ast.stmt] = [ast.copy_location(ast.Return(value.body), node)]
            for name in sorted(names):
                made = ast.FunctionDef(name, value.args, body, decorator_list=[])
                yield Part(source, name, ast.copy_location(made, node))


def _networks(source: Source) -> set[str]:
    """The classes that are networks, and those made from them: their forward() is another one."""
    names = {"Module", "Sequential"}
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).split(".") for base in node.bases]
            if any("nn" in base[:-1] or base[-1] in names for base in bases):
                names.add(node.name)
    return names


def _plays(role: Role, part: Part) -> bool:
    name = part.name.split(".")[-1]
    if role.network != isinstance(part.node, ast.ClassDef):
        return False
    if not re.search(role.names, name, re.IGNORECASE if role.network else 0):
        return False
    if isinstance(part.node, ast.ClassDef):
        own = any(isinstance(one, ast.FunctionDef) for one in part.node.body)
        return own and {"__init__", "forward"} <= set(_methods(part.source, part.node))
    if of_the_contract(part.node):
        return False
    if role.loop and not (_asks(part.source, part.node) or _names_timesteps(part.node)):
        return False
    if role.classes is not None:
        means = {meaning(one, role.meanings) for one in parameters(part.node)[0]}
        return role.classes == bool({"c", "p_uncond"} & means)
    return True


def _methods(source: Source, node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """A class's own methods, and those of classes of the same file that it is made from."""
    classes = {one.name: one for one in source.tree.body if isinstance(one, ast.ClassDef) and one is not node}
    bases = [classes[name] for base in node.bases if (name := ast.unparse(base)) in classes]
    found: dict[str, ast.FunctionDef] = {}
    for base in reversed([one for one in bases if one.lineno < node.lineno]):
        found |= _methods(source, base)
    return found | {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}


def _asks(source: Source, node: ast.AST) -> bool:
    """Whether it asks the network, itself or through what is defined in its file."""
    text = ast.unparse(node)
    return bool(NETWORK.search(text)) or any(re.search(rf"\b{name}\(", text) for name in _asking(source))


@functools.lru_cache
def _asking(source: Source) -> frozenset[str]:
    functions = [one for one in ast.walk(source.tree) if isinstance(one, ast.FunctionDef) and one.name[:2] != "__"]
    lambdas = [part.node for part in _lambdas(source)]
    texts = [(one.name, ast.unparse(one)) for one in (*functions, *lambdas)]
    found = {name for name, text in texts if NETWORK.search(text)}
    while True:
        more = {name for name, text in texts if any(re.search(rf"\b{one}\(", text) for one in found)} - found
        if not more:
            return frozenset(found)
        found |= more


def _names_timesteps(node: ast.FunctionDef) -> bool:
    """The skeleton of a loop, whose call of the network may be among what is to be written."""
    return "timesteps" in parameters(node)[0]


def _choose(role: str, candidates: list[Part]) -> Part | None:
    """The last one of the first notebook that has one, of the first file where none has; of those whose parameters are known."""
    candidates = [one for one in candidates if not given(ROLES[role], _built(one))[1]] or candidates
    first = next((one for one in candidates if one.source.origin), candidates[0] if candidates else None)
    return None if first is None else [one for one in candidates if one.source is first.source][-1]


def _built(part: Part) -> ast.FunctionDef:
    """What is called with the role's parameters: of a class its constructor."""
    return part.node if isinstance(part.node, ast.FunctionDef) else _methods(part.source, part.node)["__init__"]


def _twice(role: str, candidates: list[Part], chosen: Part) -> str:
    elsewhere = (one.place for one in candidates if one.source is not chosen.source)
    others = [place for place in elsewhere if place != chosen.place]  # a notebook that another one runs is the same
    return f"{chosen.name} is there more than once: {chosen.place} is graded, not {', '.join(others)}" if others else ""


def _read(there: dict[str, Part], known: set[str]) -> Found:
    read = Found()
    for role, part in there.items():
        functions = (
            [_methods(part.source, part.node)[name] for name in ("__init__", "forward")]
            if isinstance(part.node, ast.ClassDef)
            else [part.node]
        )
        plain = (
            isinstance(part.node, ast.ClassDef) and "Module" in ast.unparse(part.node.bases[0])
            if functions[1:]
            else False
        )
        why = next((said for one in functions if (said := _empty(one, known, plain))), "")
        if why:
            read.empty[role] = f"{part.place}, {part.name}: {why}"
        means, unknown = given(ROLES[role], _built(part))
        if unknown:
            read.out_of_reach[role] = f"{part.place}, {part.name}: what is `{unknown[0]}`?"
        if role == "class_unet" and (star := _star(functions[-1])):
            read.out_of_reach[role] = f"{part.place}, {part.name}.forward: what is in `{star}`?"
        described = {"file": part.source.file, "name": part.name, "line": part.node.lineno, "again": part.again}
        read.files[role] = json.dumps(described | {"given": means} | _called(functions, role))
    return read


def _empty(function: ast.FunctionDef, known: set[str], plain: bool) -> str:
    """A constructor without anything but super() is one of an empty network, where nothing is inherited."""
    if plain and function.name == "__init__" and all("super(" in ast.unparse(node) for node in _statements(function)):
        return "nothing is written"
    return unfilled(function, known)


def _statements(function: ast.FunctionDef) -> list[ast.stmt]:
    plain = (one for one in function.body if not isinstance(one, ast.Pass))
    return [one for one in plain if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]


def _called(functions: list[ast.FunctionDef], role: str) -> dict[str, dict[str, str]]:
    """How a network's forward() calls its arguments, in order."""
    if not ROLES[role].network:
        return {}
    forward = next(one for one in functions if one.name == "forward")
    names, optional = parameters(forward)
    means = {name: "x" if i == 0 else meaning(name, CALLED) for i, name in enumerate(names)}
    called = {name: found for name, found in means.items() if found or name not in optional}
    return {"forward": _handed_on(forward, role, called)}


_TAKES = {"unconditional_unet": ("x",), "time_unet": ("x", "t")}  # in which order; with classes there are several


def _handed_on(forward: ast.FunctionDef, role: str, called: dict[str, str]) -> dict[str, str]:
    """What a forward() takes without a name of its own, ``*given`` or ``**given``: the image and the time are called so."""
    left = [means for means in _TAKES.get(role, ()) if means not in called.values()]
    if forward.args.vararg is not None:
        return called | {f"*{means}": means for means in left}
    return called | ({means: means for means in left} if forward.args.kwarg is not None else {})


def _star(forward: ast.FunctionDef) -> str:
    """``*given`` or ``**given``, where fewer than an image, a class and a time have names of their own."""
    arguments = forward.args
    star = arguments.vararg or arguments.kwarg
    return f"*{star.arg}" if star is not None and len(parameters(forward)[0]) < 3 else ""


def _tasks(there: dict[str, Part], read: Found, found: list[Source]) -> tuple[dict[str, str], dict[str, str]]:
    """Tasks that are not handed in, and those that a person has to look at."""
    missing, by_hand = dict[str, str](), dict[str, str]()
    for task, role in TASKS.items():
        if role in read.empty:
            missing[task] = read.empty[role]
        elif role in read.out_of_reach:
            by_hand[task] = read.out_of_reach[role]
        elif role in there:
            continue
        elif task in TRAINED and (place := _trained(TRAINED[task][1], there, read, found)):
            by_hand[task] = f"{place}, {TRAINED[task][0]}"
        elif role in _BARE and (bare := _bare(role, found)):
            by_hand[task] = f"{bare}, a loop that is no function"
        elif task not in CELLS or CELLS[task][2] not in there:
            if made := _made(role if task not in CELLS else CELLS[task][2], found):
                by_hand[task] = f"{made}, what is made there"
            else:
                missing[task] = _broken(role, found) or "not handed in: nothing of this name was found"
        else:
            _, what, beside = CELLS[task]
            cell = _cell(task, found, there)
            if isinstance(cell, Formula):
                read.files[role] = json.dumps(
                    {
                        "file": cell.source.file,
                        "line": cell.line,
                        "name": cell.result,
                        "lines": cell.lines,
                        "given": cell.given,
                    }
                )
            elif task == "ddpm.predict_x0" and _has_the_estimate(there, read):
                read.files[role] = read.files["estimate"]
            elif cell is not None and cell.written:
                by_hand[task] = f"{cell.place}, {what}"
            elif cell is not None or beside in read.empty:
                missing[task] = (
                    f"{cell.place}: {what} is not filled in" if cell is not None else f"not filled in: {what}"
                )
            else:
                place = _trained(beside, there, read, found)
                by_hand[task] = f"{place}, {what}" if place else f"{what} was not found"
    return missing, by_hand


def _has_the_estimate(there: dict[str, Part], read: Found) -> bool:
    """Whether a helper of part A's computes the clean image, from an image, its noise and one level, and nothing else."""
    part = there.get("estimate")
    if part is None or {"estimate"} & {*read.empty, *read.out_of_reach} or not _OF_PART_A.search(part.source.text):
        return False
    means = json.loads(read.files["estimate"])["given"]
    return sorted(means.values()) in (["abar", "eps", "image"], ["eps", "image", "t"], ["eps", "image", "t", "table"])


def _stands_in(read: Found) -> bool:
    return read.files.get("one_step") == read.files["estimate"]


def _trained(network: str, there: dict[str, Part], read: Found, found: list[Source]) -> str:
    """Where a network that is written is made, in a file that trains; nothing where none does."""
    if network not in there or network in read.empty:
        return ""
    name = there[network].name
    for source in found:
        if "backward" not in source.text:  # to look through a tree takes a hundred times as long
            continue
        calls = [one for one in ast.walk(source.tree) if isinstance(one, ast.Call)]
        made = [one.lineno for one in calls if ast.unparse(one.func).split(".")[-1] == name]
        if made and any(isinstance(one.func, ast.Attribute) and one.func.attr == "backward" for one in calls):
            return source.place(made[0])
    return ""


_BARE = {"inpaint": r"mask", "flip": r"flip(ud|lr)?\(", "hybrid": r"blur|low_?pass"}  # what such a loop mentions


def _bare(role: str, found: list[Source]) -> str:
    """Where such a loop stands in a cell, or at a file's top, without a function around it."""
    for source in found:
        if _OF_PART_A.search(source.text):
            for one in source.tree.body:
                text = ast.unparse(one) if isinstance(one, ast.For | ast.While | ast.With) else ""
                if re.search(_BARE[role], text, re.IGNORECASE) and _asks(source, one):
                    return source.place(one.lineno)
    return ""


def _made(role: str, found: list[Source]) -> str:
    """Where something of that name is made of functions by a call: by a factory or a decorator, or as a ``partial``."""
    if role not in ROLES or ROLES[role].network:
        return ""
    for source in found:
        if _is_of_part_a(role) and not _OF_PART_A.search(source.text):
            continue
        for one in source.tree.body:
            names, call = assignment(one) or ((), None)
            named = any(re.search(ROLES[role].names, name) for name in names)
            if named and isinstance(call, ast.Call) and _makes_a_function(source, call):
                return source.place(one.lineno)
    return ""


def _is_of_part_a(role: str) -> bool:
    return ROLES[role].loop or role in ("forward", "one_step")


def _makes_a_function(source: Source, call: ast.Call) -> bool:
    """It is handed a function and is no such function itself, or what it calls has one inside."""
    own, factories = _functions(source)
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    if called in vars(builtins):  # map() and its like give values
        return False
    return called in factories or (
        called not in own and any(isinstance(one, ast.Name) and one.id in own for one in call.args)
    )


@functools.lru_cache
def _functions(source: Source) -> tuple[frozenset[str], frozenset[str]]:
    """The functions of a file, and those of them that hand back one that they make."""
    functions = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
    made = (ast.FunctionDef, ast.Lambda)
    factories = {
        name: {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef) and one is not node}
        for name, node in functions.items()
    }
    handing = {
        name
        for name, node in functions.items()
        for one in ast.walk(node)
        if isinstance(one, ast.Return)
        and (isinstance(one.value, made) or (isinstance(one.value, ast.Name) and one.value.id in factories[name]))
    }
    return frozenset(functions) | {part.name for part in _lambdas(source)}, frozenset(handing)


def _broken(role: str, found: list[Source]) -> str:
    """Where something of that name is which does not parse, as in the skeleton."""
    for source in found:
        for line, begins, why in source.broken:
            name = re.match(r"(?:def|class)\s+(\w+)", begins)
            if name is not None and role in ROLES and re.search(ROLES[role].names, name[1]):
                return f"{source.place(line)}, {name[1]}: {why}"
    return ""


def _cell(task: str, found: list[Source], there: dict[str, Part]) -> Formula | Unreached | None:
    names = {
        part.name for role, part in there.items() if role != "estimate"
    }  # such a helper may ask the network itself
    if task == "ddpm.predict_x0":
        return one_step([source for source in found if _OF_PART_A.search(source.text)] or found, names)
    if task == "unet.denoiser_loss":
        return denoiser_loss(found, names)
    place = _edit(found, there["forward"].name if "forward" in there else "")
    return Unreached(place, True) if place else None


def _edit(found: list[Source], forward: str) -> str:
    """Where guidance denoises: of several places the first beside which an image is noised, in one cell, function or loop."""
    first = ""
    for source in found:
        noised = _called_in(source, rf"(^|\.){forward.split('.')[-1]}$") if forward else []
        blocks = [one for one in ast.walk(source.tree) if isinstance(one, ast.FunctionDef | ast.For)]
        for line in _called_in(source, EDITED):
            place = source.place(line)
            around = [range(one.lineno, (one.end_lineno or 0) + 1) for one in blocks]
            in_block = any(line in block and other in block for block in around for other in noised)
            cells = {source.place(other).rpartition(":")[0] for other in noised} if source.origin else set()
            if in_block or place.rpartition(":")[0] in cells:
                return place
            first = first or place
    return first


def _called_in(source: Source, name: str) -> list[int]:
    """The lines in which a function of this name is called, a pattern."""
    calls = (one for one in ast.walk(source.tree) if isinstance(one, ast.Call))
    return sorted(one.lineno for one in calls if re.search(name, ast.unparse(one.func)))
