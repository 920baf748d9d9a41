"""Build the site: a page for each formula, derivations, guides. The students' pages have stubs, the staff's the reference."""

import argparse
import shutil
from importlib.util import find_spec
from pathlib import Path

from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "build the site: formulas, derivations, guides"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--students", action="store_true", help="with stubs in the place of solutions (the default)")
    whose.add_argument("--staff", action="store_true", help="with the reference, line by line; not to be handed out")
    whose.add_argument("--pictures", action="store_true", help="instead make docs/pictures/ anew: what mistakes do")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/docs/students or runs/docs/staff")


def run(arguments: argparse.Namespace) -> int:
    """0 when it is built, 1 where Sphinx has a warning."""
    _arguments.expect_checkout("docs")
    if arguments.pictures:
        _arguments.expect_extra("--pictures", "smoke", "PIL", "diffusers")
        from ..site.pictures import make
        from ..site.traps import PICTURES

        make(PICTURES)
        return DONE
    if find_spec("sphinx") is None:
        raise Unusable("docs: Sphinx is not here; `nox -s docs` brings it, in an environment of its own")
    from ..site.build import build

    out = arguments.out or Path("runs") / "docs" / ("staff" if arguments.staff else "students")
    _refuse_work(out)
    code = build(out, arguments.staff)
    print(f"{out / 'index.html'} is built, for {'the staff' if arguments.staff else 'students'}")
    return AMISS if code else DONE


def _refuse_work(out: Path) -> None:
    """A site that was built before makes place; anything else is not ours to remove."""
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not (out / "objects.inv").is_file()):
        raise Unusable(f"--out {out}: expected a new folder, or one with a site that was built before")
    shutil.rmtree(out)
