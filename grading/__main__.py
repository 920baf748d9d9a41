"""The command line: ``python -m grading COMMAND …``, installed as ``grading COMMAND …``. Each command is a file of ``commands/``."""

import argparse
import gc
import importlib
import os
import sys
import traceback
from pathlib import Path

from .blackout import blacked_out
from .commands import AT_FAULT, COMMANDS, DONE, UNUSABLE
from .verdicts import GraderFault, Unusable

_OBJECTS = 10_000  # of what is loaded nothing is garbage: to look for some every 700 objects takes a fifth of the start


def main(argv: list[str] | None = None) -> int:
    """The exit code: 0 done, 1 done and something is not as it should be, 2 unusable arguments, 3 the grader's fault."""
    gc.set_threshold(_OBJECTS)
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except Unusable as error:
        print(f"{arguments.command}: {blacked_out(str(error))}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is flushed at the end, neither
        return DONE
    except KeyboardInterrupt:
        print(f"{arguments.command}: interrupted", file=sys.stderr)
        return 130
    except GraderFault as fault:
        print(f"{arguments.command}: the grader is at fault: {blacked_out(str(fault))}", file=sys.stderr)
        return AT_FAULT
    except Exception as error:
        print(f"{arguments.command}: the grader is at fault: {_in_one_line(error)}", file=sys.stderr)
        if os.environ.get("GRADING_TRACEBACK"):
            traceback.print_exc()
        else:
            print("GRADING_TRACEBACK=1 shows where; nobody loses a point by it", file=sys.stderr)
        return AT_FAULT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grading", description="Grade generative-model homework.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = importlib.import_module(f".commands.{name}", __package__)
        said = name.rstrip("_")  # ``class_``: a module cannot have the name of a keyword
        one = commands.add_parser(said, help=command.HELP, description=command.__doc__)
        command.add_arguments(one)
        one.set_defaults(run=command.run, command=said)
    return parser


def _in_one_line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return blacked_out(" ".join(f"{type(error).__name__}: {error}".split())[:500]) + where


if __name__ == "__main__":
    sys.exit(main())
