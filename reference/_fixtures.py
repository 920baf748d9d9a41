"""Where data and trained networks lie: beside the package in a checkout, below ``grading/`` where it is installed."""

from pathlib import Path

_ROOT = Path(__file__).parents[1]
_INSTALLED = _ROOT / "grading" / "_fixtures"
FIXTURES = _INSTALLED if _INSTALLED.is_dir() else _ROOT / "fixtures"
