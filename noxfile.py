"""Every command of the project: ``nox -s NAME -- ARGUMENTS``. All sessions share one environment.

What stands here is which command a session runs; what the command does stands in ``python -m grading``.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import nox

nox.options.sessions = ["grade"]
ROOT = Path(__file__).parent
PINS = ROOT / "requirements.txt"
ENVIRONMENT = ROOT / ".nox" / "environment"


# Nox would give each session an environment of its own: gigabytes of torch, six times over.
session = nox.session(venv_backend="none")


def prepare(session: nox.Session) -> str:
    """The shared environment's python. The pins are installed once: a stamp says which ones the environment holds."""
    python = str(ENVIRONMENT / "bin" / "python")
    stamp = ENVIRONMENT / "installed-pins"
    pins = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != pins:
        session.run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        session.run(python, "-m", "pip", "install", "--quiet", "-r", str(PINS))
        stamp.write_text(pins)
    return python


def grading(session: nox.Session, command: str) -> None:
    code = subprocess.run([prepare(session), "-m", "grading", command, *session.posargs]).returncode
    if code:
        sys.exit(code)  # session.run would turn every code into 1; 2 and 3 say whose fault it was


@session
def grade(session: nox.Session) -> None:
    """Grade a submission: nox -s grade -- PATH [--course NAME] [--only ddpm,…] [--json FILE] [--seed N] [--hints …]."""
    grading(session, "grade")


@session
def stubs(session: nox.Session) -> None:
    """Make student_stubs/ from reference/; with -- --check only say whether they are stale."""
    grading(session, "stubs")


@session
def fixtures(session: nox.Session) -> None:
    """Make the golden fixtures; -- --check, or -- --seed N --out DIR."""
    grading(session, "fixtures")


@session
def tests(session: nox.Session) -> None:
    """The project's own tests; the reference's once more with its shape annotations checked."""
    pytest = [prepare(session), "-m", "pytest", "-q"]
    if session.posargs:
        session.run(*pytest, *session.posargs)
        return
    # One thread each: the tests run side by side.
    environment = {"OMP_NUM_THREADS": "1"}
    hook = "--jaxtyping-packages=reference,beartype.beartype"
    session.run(*pytest, "tests/reference", hook, "-m", "not bad_input", env=environment)
    session.run(*pytest, "-n", "auto", "--maxprocesses", "8", env=environment)


@session
def smoke(session: nox.Session) -> None:
    """The courses' pictures, made with a submission's functions: nox -s smoke -- PATH [--only WORD,…] [--out DIR]."""
    grading(session, "smoke")


@session
def weights(session: nox.Session) -> None:
    """Fetch the courses' pretrained weights ahead of time: nox -s weights [-- NAME …] [--list]."""
    grading(session, "weights")


@session
def gpu(session: nox.Session) -> None:
    """The GPU tier: everything on CUDA, and the real weights where they are present."""
    session.run(prepare(session), "-m", "pytest", "-m", "gpu", "tests/gpu", "-rs", *session.posargs)


@session
def audit(session: nox.Session) -> None:
    """How good the grader is, measured: nox -s audit -- [--only MODULE[.FUNCTION],…] [--out DIR] [--seed N] [--all]."""
    grading(session, "audit")


@session
def train(session: nox.Session) -> None:
    """Train a model as the one that ships was: nox -s train -- NAME [--outdir DIR] [--steps N] …; -- --help."""
    session.run(prepare(session), "-m", "reference.training", *session.posargs)


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
    session.run(python, "-m", "grading", "fixtures", "--check")
