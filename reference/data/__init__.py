"""The data room: small sets of pictures that ship with the repository, and the full ones where they are installed."""

from .sets import SETS, Pictures, load, photo

__all__ = ["Pictures", "load", "photo", "SETS"]
