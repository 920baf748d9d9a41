"""All demonstrations, in the order of the report; importing a family registers its members."""

from . import distillation, editing, illusions, inversion, restoration, sampling
from .demonstration import DEMONSTRATIONS

__all__ = ["DEMONSTRATIONS"]

_FAMILIES = [family.__name__ for family in (sampling, editing, illusions, restoration, distillation, inversion)]
DEMONSTRATIONS.sort(key=lambda one: _FAMILIES.index(one.run.__module__))
