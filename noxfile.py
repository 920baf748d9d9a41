"""Every command of the project: ``nox -s NAME -- ARGUMENTS``. All sessions share one environment.

What stands here is which command a session runs; what the command does stands in ``python -m grading``. Paths among the
arguments are read from the folder in which nox was started.
"""

import hashlib
import itertools
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import nox
import nox.registry

nox.options.sessions = ["grade"]
ROOT = Path(__file__).resolve().parent
PINS = ROOT / "requirements.txt"
ENVIRONMENT = ROOT / ".nox" / "environment"
DOCS_PINS = ROOT / "docs" / "requirements.txt"
DOCS_ENVIRONMENT = ROOT / ".nox" / "docs"
STUDIO_PINS = ROOT / "grading" / "studio" / "requirements.txt"  # those above, and Gradio
STUDIO_ENVIRONMENT = ROOT / ".nox" / "studio"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"  # on Linux PyPI's torch brings gigabytes of CUDA
PATIENCE = 3  # seconds, until that index counts as out of reach

# Nox looks for uv, which no session uses, and says so in front of everything.
logging.getLogger("nox").addFilter(lambda record: not record.getMessage().startswith("uv binary not found"))

# Nox would give each session an environment of its own: gigabytes of torch, six times over.
session = nox.session(venv_backend="none")


def prepare(session: nox.Session, cuda: bool = False, folder: Path = ENVIRONMENT, more: Path | None = None) -> str:
    """The shared environment's python. The pins are installed once: a stamp says which ones the environment holds.

    With ``cuda`` they are those for a GPU, also where there is none, such as a cluster's login node. Another ``folder``
    holds another environment, of the file ``more`` that begins with the same pins.
    """
    python = str(folder / "bin" / "python")
    stamp = folder / "installed-pins"
    pinned = PINS.read_bytes() + (more.read_bytes() if more else b"")
    pins = hashlib.sha256(pinned + sys.version.encode()).hexdigest()
    cpu = f"{pins} for the CPU"
    held = stamp.read_text() if stamp.is_file() else ""
    if held != pins and (held != cpu or cuda or _has_nvidia_driver()):
        index = [] if cuda or _has_nvidia_driver() else _cpu_builds()
        session.run(sys.executable, "-m", "venv", "--clear", str(folder))
        session.run(python, "-m", "pip", "install", "--quiet", *index, "-r", str(more or PINS))
        stamp.write_text(cpu if index else pins)
    return python


def _has_nvidia_driver() -> bool:
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None


def _cpu_builds() -> list[str]:
    """Pip's options for PyTorch's index of CPU builds; none where it cannot be reached, and pip takes what it finds."""
    try:
        urllib.request.urlopen(f"{CPU_BUILDS}/torch/", timeout=PATIENCE).close()
    except OSError:
        return []
    return ["--extra-index-url", CPU_BUILDS]


def prepare_docs(session: nox.Session) -> str:
    """The python of the site's own environment, which holds Sphinx and no torch."""
    if sys.version_info < (3, 11):
        session.error("docs: the site is built with Python 3.11 or newer")
    python = str(DOCS_ENVIRONMENT / "bin" / "python")
    stamp = DOCS_ENVIRONMENT / "installed-pins"
    pins = hashlib.sha256(DOCS_PINS.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != pins:
        session.run(sys.executable, "-m", "venv", "--clear", str(DOCS_ENVIRONMENT))
        session.run(python, "-m", "pip", "install", "--quiet", "-r", str(DOCS_PINS))
        stamp.write_text(pins)
    return python


def prepare_studio(session: nox.Session) -> str:
    """The python of the studio's own environment: everything, and Gradio with the fifty packages that it brings."""
    return prepare(session, folder=STUDIO_ENVIRONMENT, more=STUDIO_PINS)


def run(session: nox.Session, folder: str | Path, *arguments: str, python: str = "") -> None:
    """Run python in a folder. Its exit code is nox's: session.run would turn 2 and 3, which say whose fault it was, into 1."""
    python = python or prepare(session)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # Safe: a folder called grading or reference where nox was started is not the project's.
    variables = os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    with subprocess.Popen([python, *arguments], cwd=folder, env=variables) as process:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too, and it ends in its own way
        code = process.wait()
        signal.signal(signal.SIGINT, before)
    if code:
        sys.exit(code)


def grading(session: nox.Session, command: str) -> None:
    run(session, session.invoked_from, "-m", "grading", command, *session.posargs)


@session
def grade(session: nox.Session) -> None:
    """Grade a submission: nox -s grade -- FOLDER|ZIP|NOTEBOOK|… [--course NAME] [--only ddpm,…] [--json FILE] [--seed N] [--hints …]."""
    grading(session, "grade")


@session(name="class")
def class_(session: nox.Session) -> None:
    """Grade a whole class: nox -s class -- HAND_INS --out DIR [--course NAME] [--jobs N] [--seed N] [--hints …] …."""
    grading(session, "class")


@session
def environment(session: nox.Session) -> None:
    """Only make the environment. -- --cuda: for a GPU, on a login node, whose jobs find it and install nothing."""
    if set(session.posargs) - {"--cuda"}:
        session.error(f"environment: expected --cuda or nothing, got {' '.join(session.posargs)}")
    prepare(session, cuda="--cuda" in session.posargs)


@session
def gradebook(session: nox.Session) -> None:
    """A class's grades or feedback for Canvas or Moodle, or other forms: nox -s gradebook -- GRADED FORM [FILE] --out PATH."""
    grading(session, "gradebook")


@session
def compare(session: nox.Session) -> None:
    """Two runs over the same hand-ins, who changed, where, why: nox -s compare -- BEFORE AFTER."""
    grading(session, "compare")


@session
def autograder(session: nox.Session) -> None:
    """Gradescope's autograder.zip: nox -s autograder -- --course NAME [--minutes N] [--secret FILE] [--fixtures DIR] …."""
    grading(session, "autograder")


@session
def handout(session: nox.Session) -> None:
    """The zip that students work in, without the answers: nox -s handout -- --course NAME [--kit] [--out FILE]."""
    grading(session, "handout")


@session
def docs(session: nox.Session) -> None:
    """The site: nox -s docs -- [--students | --staff] [--out DIR]; -- --pictures makes what mistakes do anew."""
    python = "" if "--pictures" in session.posargs else prepare_docs(session)
    run(session, session.invoked_from, "-m", "grading", "docs", *session.posargs, python=python)


@session
def stubs(session: nox.Session) -> None:
    """Make a folder to work in: nox -s stubs -- [FOLDER]; -- --refresh makes student_stubs/ anew, -- --check looks at it."""
    grading(session, "stubs")


@session
def contract(session: nox.Session) -> None:
    """The graded functions; with -- --check, what each of them lacks."""
    grading(session, "contract")


@session
def formula(session: nox.Session) -> None:
    """Whether a handout's formula agrees with a function: nox -s formula -- 'LATEX' --task MODULE.FUNCTION [--course NAME | --symbols FILE]."""
    grading(session, "formula")


@session
def fixtures(session: nox.Session) -> None:
    """Make the golden fixtures; -- --check, or -- --seed N --out DIR."""
    grading(session, "fixtures")


@session
def tests(session: nox.Session) -> None:
    """The project's own tests, or what is asked for: nox -s tests -- [tests/grading/test_cli.py …] [-m slow] …."""
    # Tests take from milliseconds to minutes: who has none left takes some of another process.
    asked = session.posargs or ["-n", "auto", "--maxprocesses", "8", "--dist", "worksteal"]
    # One thread each: the tests run side by side.
    session.run(prepare(session), "-m", "pytest", "-q", *asked, env={"OMP_NUM_THREADS": "1"})


@session
def smoke(session: nox.Session) -> None:
    """The courses' pictures, made with a submission's functions: nox -s smoke -- PATH [--only WORD,…] [--out DIR]."""
    grading(session, "smoke")


@session
def studio(session: nox.Session) -> None:
    """The techniques by hand, on a page: nox -s studio -- [PATH] [--port N] [--host ADDRESS]; -- … --make TAB --out FILE."""
    run(session, session.invoked_from, "-m", "grading", "studio", *session.posargs, python=prepare_studio(session))


@session
def studio_tests(session: nox.Session) -> None:
    """The studio's page, in a browser; its recipes are among the tests. nox -s studio_tests [-- -k draw …]."""
    run(
        session,
        ROOT,
        "-m",
        "pytest",
        "-q",
        "-m",
        "studio",
        "tests/grading",
        *session.posargs,
        python=prepare_studio(session),
    )


@session
def weights(session: nox.Session) -> None:
    """Fetch the courses' pretrained weights ahead of time: nox -s weights -- NAME …; without a name it lists them."""
    grading(session, "weights")


@session
def gpu(session: nox.Session) -> None:
    """The GPU tier: everything on CUDA, and the real weights where they are present. Without CUDA it ends with 2."""
    run(session, ROOT, "-m", "pytest", "-m", "gpu", "tests/gpu", "-rs", *session.posargs)


@session
def audit(session: nox.Session) -> None:
    """How good the grader is, measured: nox -s audit -- [--quick] [--only MODULE[.FUNCTION],…] [--out DIR] [--sample N] …."""
    grading(session, "audit")


@session
def train(session: nox.Session) -> None:
    """Train a model as the one that ships was: nox -s train -- NAME [--outdir DIR] [--steps N] …; -- --help."""
    run(session, session.invoked_from, "-m", "reference.training", *session.posargs)


@session
def bench(session: nox.Session) -> None:
    """Timings as ratios, and a report: nox -s bench -- [PATH] [--only WORD,…] [--out DIR] [--device cpu|cuda]."""
    grading(session, "bench")


@session
def lint(session: nox.Session) -> None:
    """Format, rules, types, and that nothing generated is stale."""
    python = prepare(session)
    session.run(python, "-m", "ruff", "format", "--check", ".")
    session.run(python, "-m", "ruff", "check", ".")
    session.run(python, "-m", "mypy")
    session.run(python, "-m", "grading", "stubs", "--check")
    session.run(python, "-m", "grading", "contract", "--check")
    session.run(python, "-m", "grading", "fixtures", "--check")


@session
def coverage(session: nox.Session) -> None:
    """Which lines no test runs: nox -s coverage [-- tests/grading/test_golden.py …]; a page in runs/coverage/."""
    tests = session.posargs or ["tests/reference", "tests/grading"]
    report = ["--cov", "--cov-report=term:skip-covered", "--cov-report=html"]
    environment = {"OMP_NUM_THREADS": "1"}
    session.run(prepare(session), "-m", "pytest", "-q", "-n", "auto", *report, *tests, env=environment)


def _refuse_unknown_sessions(words: list[str]) -> None:
    """To nox, ``nox -s grade my_homework`` names a second session, and ends with 3: here, the grader's fault."""
    words = list(itertools.takewhile(lambda word: word != "--", words))
    flag = next((i for i, word in enumerate(words) if word in ("-s", "-e", "--session", "--sessions")), len(words))
    for i, word in itertools.takewhile(lambda one: not one[1].startswith("-"), enumerate(words[flag + 1 :], flag + 1)):
        if word not in nox.registry.get():
            meant = ["nox", *words[:i], "--", *words[i:]]
            why = (
                f"what a session is given stands behind --: {shlex.join(meant)}"
                if i > flag + 1
                else "nox -l lists them"
            )
            print(f"nox: there is no session {word}; {why}", file=sys.stderr)
            sys.exit(2)


_refuse_unknown_sessions(sys.argv[1:])
