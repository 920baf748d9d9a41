"""A page in the browser on which the techniques are tried by hand, with right functions or a submission's beside them."""

import argparse
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

from ..sandbox.fork_server import ForkServer
from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "a page on which the techniques are tried by hand, with a submission's functions or right ones"
WHOSE = ("reference", "yours", "both")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, help="a submission; default: the reference alone")
    parser.add_argument("--host", default="127.0.0.1", help="who is served; default: this machine only (%(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="default: %(default)s")
    parser.add_argument("--device", default="cpu", help="where the networks run; default: cpu")
    without = parser.add_argument_group("without the page: one result as a file, as the page's Save tells it")
    without.add_argument("--make", metavar="TAB", help="sample, draw, …")
    without.add_argument("--set", nargs="+", default=[], action="extend", metavar="NAME=VALUE", help="its settings")
    without.add_argument("--whose", choices=WHOSE, help="default: both, where there is a submission")
    without.add_argument("--out", type=Path, default=Path("studio.png"), metavar="FILE", help="default: %(default)s")
    parser.add_argument("--demo", action="store_true", help="instead record fixtures/gallery/studio.gif anew")


def run(arguments: argparse.Namespace) -> int:
    """0; with ``--make`` 1 if a side could not be made."""
    if not arguments.make and find_spec("gradio") is None:
        raise Unusable(
            "studio: Gradio is not here; `nox -s studio` brings it, in an environment of its own; so does the extra studio"
        )
    _arguments.expect_extra("studio", "studio", "PIL", "diffusers")
    if arguments.demo:
        _arguments.expect_checkout("--demo")
        from ..studio.demo import record

        print(record())
        return DONE
    with ForkServer() if arguments.path else nullcontext() as fork_server:
        from ..studio.whose import Submitted
        from ..submissions import opened

        if arguments.path:
            with opened(arguments.path):  # whether it can be is known before anybody waits for a page
                pass
        submitted = Submitted(arguments.path, fork_server)
        if arguments.make:
            return _make(arguments, submitted)
        from ..studio.app import serve

        serve(submitted, arguments.host, arguments.port, arguments.device)
        return DONE


def _make(arguments: argparse.Namespace, submitted) -> int:
    from rich.console import Console

    from ..studio.recipes import recipe
    from ..studio.saved import save
    from ..studio.settings import read
    from ..studio.work import Work
    from ..studio.worlds import Worlds

    _arguments.result_file("--out", arguments.out)
    making, worlds = recipe(arguments.make), Worlds(arguments.device)
    settings = read(making.Settings, arguments.set)
    sides = submitted.sides(arguments.whose or "both")
    work = Work(submitted, sides, lambda f, tell, begun: making.make(settings, f, worlds, tell, begun))
    console = Console(highlight=False)
    with console.status("") as status:
        for _ in work.watch():
            status.update(", ".join(f"{side.name} {side.done:.0%}" for side in work.sides))
    for side in work.sides:
        for said in filter(None, (side.trouble, side.note)):
            console.print(f"{side.name}: {said}", markup=False)
        for name, measure in (side.made.measures if side.made else {}).items():
            console.print(f"{side.name}: {name} {measure.value:.3g}", markup=False)
    for file in save(work, arguments.out):
        console.print(f"{file}", markup=False)
    return AMISS if any(side.trouble for side in work.sides) else DONE
