"""All demonstrations, in the order of the report; importing a family registers its members."""

from . import distillation, editing, illusions, inversion, restoration, sampling  # noqa: F401
from .demonstration import DEMONSTRATIONS

__all__ = ["DEMONSTRATIONS"]
