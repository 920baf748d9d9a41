"""TOML files: what stands in one, or one line that says why it cannot be read."""

import sys
from pathlib import Path
from typing import Any

from .verdicts import Unusable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(path: Path) -> dict[str, Any]:
    """The document.

    Raises:
        Unusable: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: is no TOML file: {error}") from error
