"""Measure times as ratios, and answer the handouts' questions about them."""

import argparse
from pathlib import Path

from ..sandbox.fork_server import ForkServer
from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "measure times as ratios, and answer the handouts' questions about them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, help="a submission; default: the reference, without isolation")
    parser.add_argument("--only", default="", metavar="WORD,…", help="measurements with one of these in their names")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), metavar="DIR", help="default: runs/bench")
    parser.add_argument("--seed", type=int, default=0, help="of all noise; default: 0")
    parser.add_argument("--device", default="cpu", help="cpu or cuda; default: cpu")


def run(arguments: argparse.Namespace) -> int:
    """0 if everything was measured, 1 otherwise."""
    _arguments.expect_checkout("bench")
    with ForkServer() as fork_server:
        if arguments.path is None:
            return _bench(fork_server, arguments, None)
        from ..submissions import opened

        with opened(arguments.path) as submission:
            return _bench(fork_server, arguments, submission.folder)


def _bench(fork_server: ForkServer, arguments: argparse.Namespace, code: Path | None) -> int:
    import torch
    from rich.console import Console

    from ..bench import report
    from ..bench.answers import answers
    from ..bench.claims import NOT_MEASURED, claims
    from ..bench.code import Direct, Isolated
    from ..bench.contest import Settings
    from ..bench.measured import Measured
    from ..bench.run import measure

    console = Console(highlight=False, soft_wrap=True)
    device, out = arguments.device, _arguments.folder("--out", arguments.out)
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise Unusable(f"--device {device}: {str(error).splitlines()[0]}") from None
    measured_code = Direct(device) if code is None else Isolated(fork_server, code)
    settings = Settings(measured_code, device, arguments.seed, fork_server=fork_server, submission=code)
    document = measure(settings, arguments.only, out, console)
    report.write(document, out)
    measured = Measured(document)
    for answer in answers(measured):
        if answer.measured:
            console.print(f"\n[dim]{answer.source}[/]\n{answer.sentence}")
    for claim in claims(measured):
        if claim.verdict != NOT_MEASURED:
            console.print(f"\n[bold]{claim.verdict}[/] {claim.sentence}")
    for problem in measured.problems:
        console.print(f"[red]not measured[/] {problem['group']}: {problem['reason']}")
    console.print(f"\n{out / 'index.html'}, report.md and results.json", markup=False)
    return AMISS if measured.problems else DONE
