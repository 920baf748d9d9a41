"""The data room: small sets of pictures that ship with the repository, and the full ones where they are installed.

``grids`` lays pictures side by side, ``draws`` names random draws.
"""

from .sets import SETS, Pictures, load, photo

__all__ = ["Pictures", "load", "photo", "SETS"]
