"""A zip that is the same to the byte for the same files."""

import io
import zipfile
from collections.abc import Collection, Mapping

_MADE = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes], run: Collection[str] = ()) -> bytes:
    """By their names; those in ``run`` may be run."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _MADE)
            entry.external_attr = (0o755 if name in run else 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return data.getvalue()
