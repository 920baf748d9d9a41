"""Where your functions are written, unless it is a notebook: in the files of ``homework/``, or in those of a kit."""

from __future__ import annotations

from .course import SETTINGS
from .files import Files
from .kit import Kit

OWN = Kit(SETTINGS["kit"]) if SETTINGS["kit"] else Files()
