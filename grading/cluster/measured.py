"""``measured.py FILE COMMAND …``: run a command, and write what it took to FILE. Any Python runs it, without packages."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def main(file: Path, command: list[str]) -> int:
    """The command's exit code."""
    start = time.monotonic()
    code = subprocess.run(command).returncode
    taken = {
        "command": command,
        "code": code,
        "seconds": round(time.monotonic() - start, 1),
        # of the largest process among the command and its children; KiB on Linux
        "host_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    file.write_text(json.dumps(taken, indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
