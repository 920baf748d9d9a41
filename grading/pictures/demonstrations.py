"""All demonstrations: importing a technique registers its own.

The order of the report is that of ``fixtures/smoke.json``; what has no expected values yet comes last.
"""

from importlib import import_module
from pkgutil import iter_modules

from . import techniques
from .demonstration import DEMONSTRATIONS, expected_values

__all__ = ["DEMONSTRATIONS"]

for _module in iter_modules(techniques.__path__, f"{techniques.__name__}."):
    import_module(_module.name)

_PLACES = {name: place for place, name in enumerate(expected_values())}
DEMONSTRATIONS.sort(key=lambda one: _PLACES.get(one.name, len(_PLACES)))
