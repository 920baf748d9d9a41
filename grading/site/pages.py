"""The pages of the graded functions, of their modules, and the lists of them, as reStructuredText."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..contract.docstrings import as_latex, formulas_in, letters, symbol_rows, symbols_by_name
from ..contract.functions import all_tasks, function
from ..contract.uses import used_by
from . import docstring, handouts, lines, symbols, traps
from .definitions import Definition, Module, modules
from .rst import definitions, heading, plain, prose, table

_HERE = Path(__file__).resolve().parent
# What is derived on a page of its own, and where.
DERIVED = {
    "ddpm.posterior_variance": "posterior",
    "ddpm.posterior_step": "posterior",
    "ddim.ddim_sigma": "ddim",
    "ddim.ddim_step": "ddim",
    "guidance.classifier_free_guidance": "guidance",
    "guidance.guided_eps": "guidance",
    "dps.dps_gradient": "dps",
    "dps.dps_step": "dps",
    "distillation.sds_residual": "sds",
    "distillation.surrogate_loss": "sds",
    "gan_losses.r1_penalty": "r1",
    "flow.flow_velocity": "flow",
    "flow.flow_loss": "flow",
}


def pages(staff: bool) -> dict[str, str]:
    """Every page by its path in the site's sources."""
    files = {}
    found = modules(staff)
    for module in found:
        files[f"formulas/{module.name}/index.rst"] = _module_page(module)
        for definition in module.definitions.values():
            files[f"formulas/{definition.task.replace('.', '/')}.rst"] = _function_page(definition, module, staff)
    files["formulas/index.rst"] = _list_of(found)
    return files


def _function_page(definition: Definition, module: Module, staff: bool) -> str:
    task, record = definition.task, function(definition.task)
    d = docstring.parsed(definition.docstring)
    table = symbol_rows(module.docstring)
    known = traps.traps_of(task)
    shown = [one for one in known if one.picture]
    return _template("function.rst", staff).render(
        task=task,
        module=module.name,
        name=record.name,
        signature=record.signature,
        network=record.network,
        d=d,
        derivation=f"/derivations/{DERIVED[task]}" if task in DERIVED else "",
        symbol_head=_titled(symbols.HEAD),
        symbols=_typeset(symbols.needed(table, record.parameters, formulas_in(d.text))),
        **_places(task, d.sources),
        printed=handouts.printed(task),
        source=definition.source,
        blocks=lines.blocks(definition, symbols_by_name(table)) if staff else [],
        right=traps.RIGHT,
        caption=traps.caption(task),
        traps=shown,
        unseen=[one for one in known if one not in shown],
        uses=used_by(task),
        used_in=[one for one in all_tasks() if task in used_by(one)],
    )


def _module_page(module: Module) -> str:
    summary, _, text = symbols.without_table(module.docstring).partition("\n\n")
    return _template("module.rst").render(
        name=module.name,
        summary=" ".join(summary.split()),
        functions=[task.split(".")[1] for task in module.definitions],
        symbol_head=_titled(symbols.HEAD),
        symbols=_typeset(symbol_rows(module.docstring)),
        text=text.strip(),
        given=[(name, docstring.parsed(told)) for name, told in module.given.items()],
    )


def _list_of(found: Iterable[Module]) -> str:
    entries = "\n".join(f"   {module.name}/index" for module in found)
    return f"{heading('Formulas', '=')}\n\n.. toctree::\n   :maxdepth: 2\n\n{entries}\n"


def _places(task: str, sources: list[str]) -> dict[str, list]:
    """The courses side by side, a row for the equations and one for the tasks."""
    places = handouts.places(task, sources)
    rows = [("equation", *("; ".join(one.equations) or "–" for one in places))]
    rows += [("asked for in", *("; ".join(map(plain, one.tasks)) or "–" for one in places))]
    return {"place_head": ["Where", *(one.title for one in places)], "places": rows}


def _typeset(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(_math(math), *map(_cell, rest)) for math, *rest in rows]


def _math(cell: str) -> str:
    return ", ".join(f":math:`{as_latex(one)}`" for one in letters(cell) if one)


def _cell(text: str) -> str:
    return text.replace(r"\|", "|")


def _titled(names: Iterable[str]) -> list[str]:
    return [name.capitalize() for name in names]


@cache
def _template(name: str, staff: bool = False):
    made = Environment(
        loader=FileSystemLoader(_HERE),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"heading": heading, "plain": plain, "prose": prose, "told": _staff_told if staff else _told}
    made.globals |= {"table": table, "definitions": definitions}
    return made.get_template(name)


def _told(trap: traps.Trap) -> str:
    return plain(trap.student)


def _staff_told(trap: traps.Trap) -> str:
    return f"**{plain(trap.staff)}.** {plain(trap.student)}"
