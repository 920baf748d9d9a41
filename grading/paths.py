"""Where things lie: in a checkout beside the packages, in an installed package below ``grading/`` (see pyproject.toml)."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parent  # holds grading/ and reference/: a checkout, or the folder of all libraries
INSTALLED = (_HERE / "_fixtures").is_dir()  # a wheel was built, and has put them there
FIXTURES = _HERE / "_fixtures" if INSTALLED else ROOT / "fixtures"
STUBS = _HERE / "_student_stubs" if INSTALLED else ROOT / "student_stubs"
CHECKS = _HERE / "checking" / "checks"
KIT_PACKAGE = "grading_kit"  # what a course kit's adapters are called in a copy of a submission
A_KITS_FILE = "a file of the kit"  # what is imported there; which one, its adapters know
COURSES = _HERE / "contract" / "courses"
SECRET = (_HERE, ROOT / "reference") if INSTALLED else (ROOT,)  # what student code must not read
