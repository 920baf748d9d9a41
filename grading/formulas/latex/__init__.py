"""LaTeX as formulas of this field are written in it: signs, grammar, tree. Nothing here knows a formula's meaning."""

from .parsing import parse
from .tree import NotUnderstood

__all__ = ["NotUnderstood", "parse"]
