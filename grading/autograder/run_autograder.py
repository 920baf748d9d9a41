#!/usr/bin/env python3
"""Grade what was handed in, and leave a results.json whatever happens.

When Gradescope's own time is up it shows nothing at all: the grader gets a part of it, and is ended some time after that.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("AUTOGRADER", "/autograder"))
SOURCE, SUBMISSION, RESULTS = ROOT / "source", ROOT / "submission", ROOT / "results" / "results.json"
EXIT_CODES = (0, 2, 3)  # of a grader that came to its end
GRADED_BY, ENDED_BY = 0.85, 0.95  # parts of the limit
AT_FAULT = "The grader is at fault, and nobody loses a point by it: the course's staff will have this graded again."
NOT_ALL = "Not everything was graded: the grader was ended before."


def main() -> None:
    settings = json.loads((SOURCE / "autograder.json").read_text(encoding="utf-8"))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    seconds = 60 * settings["minutes"]
    command = [ROOT / "venv" / "bin" / "python", "-m", "grading", "grade", SUBMISSION, "--json", RESULTS]
    command += ["--form", "gradescope-html", "--deadline", GRADED_BY * seconds, *settings["arguments"]]
    metadata = ROOT / "submission_metadata.json"
    if metadata.is_file():
        command += ["--metadata", metadata]
    why, ended = graded(list(map(str, command)), ENDED_BY * seconds, settings["processors"])
    if not left(ended):
        write(why)


def graded(command: list[str], seconds: float, processors: int) -> tuple[str, bool]:
    """Run the grader: what it complains of, and whether it came to its end. Each further processor takes memory."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])
    variables = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    try:
        run = subprocess.run(
            command, cwd=SOURCE, env=variables, stderr=subprocess.PIPE, text=True, errors="replace", timeout=seconds
        )
        why, ended = run.stderr.strip(), run.returncode in EXIT_CODES
    except subprocess.TimeoutExpired:
        why, ended = f"it took more than {seconds:g} seconds", False
    except OSError as error:
        why, ended = f"it cannot be run: {error}", False
    print(why, file=sys.stderr)  # for the staff
    return why, ended


def left(ended: bool) -> bool:
    """Whether there is a result; where the grader did not come to its end, that is said in it."""
    try:
        document = json.loads(RESULTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not ended:
        document["output"] = f"<p>{NOT_ALL}</p>\n{document['output']}"
        RESULTS.write_text(json.dumps(document), encoding="utf-8")
    return True


def write(why: str) -> None:
    """What stands in place of a result: no points for what cannot be used, else nothing that counts."""
    unusable = why.rpartition(f"grade: {SUBMISSION}: ")[2] if f"grade: {SUBMISSION}: " in why else ""
    told: dict[str, object] = {"output": unusable or AT_FAULT, "output_format": "text", "visibility": "visible"}
    if unusable:
        told["score"] = 0
    else:
        told["tests"] = [{"name": "not graded", "output": AT_FAULT}]
    RESULTS.write_text(json.dumps(told | {"stdout_visibility": "hidden"}), encoding="utf-8")


if __name__ == "__main__":
    main()
