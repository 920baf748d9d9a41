"""A script run at once in this terminal: a process of its own, without a sandbox, whose keyboard and screen are these."""

import subprocess
import sys
import tempfile
from pathlib import Path

from .script import Script

SAID = "this runs your own code, unprotected, in a process of its own; it does not count and changes no result"


def debug(script: Script) -> None:
    print(f"{script.task}: {SAID}", flush=True)
    with tempfile.TemporaryDirectory(prefix="debug-") as folder:
        subprocess.run([sys.executable, str(script.write(Path(folder)))], check=False)
