"""Where things lie."""

from pathlib import Path

ROOT = (
    Path(__file__).resolve().parents[1]
)  # holds grading/ and reference/: a checkout, or where the package is installed
INSTALLED = not (ROOT / "pyproject.toml").is_file()  # among other packages, not in a checkout
FIXTURES = ROOT / "fixtures"
STUBS = ROOT / "student_stubs"
CHECKS = Path(__file__).parent / "checking" / "checks"
COURSES = Path(__file__).parent / "contract" / "courses"
SECRET = (ROOT / "grading", ROOT / "reference") if INSTALLED else (ROOT,)  # what student code must not read
