"""Whether this machine can run the GPU tier: ``ready.py PINS STAMP``, by the environment's own python.

Nothing is installed here: time on a GPU is for what needs one. What is missing is said with the command that mends it,
and the exit code is 3.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

MAKE_IT = "make it on a machine with a network, such as a login node: nox -s environment -- --cuda"
# The least driver for each CUDA major version on Linux, by NVIDIA's table of compatibility within a major version.
LEAST_DRIVER = {"11": 450, "12": 525, "13": 580}


def main(pins: Path, stamp: Path) -> int:
    why = of_environment(pins, stamp) or of_cuda()
    if why:
        print(f"run.sh: {why}", file=sys.stderr)
    return 3 if why else 0


def of_environment(pins: Path, stamp: Path) -> str:
    """Why the environment is not the one to use; nothing where it is."""
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    held = stamp.read_text() if stamp.is_file() else ""
    if held == wanted:
        return ""
    if held == f"{wanted} for the CPU":
        return f"the environment was made for the CPU: {MAKE_IT}"
    return f"the environment is not finished, or of another {pins.name} or Python: {MAKE_IT}"


def of_cuda() -> str:
    """Why torch cannot use the GPU; nothing where it can."""
    import torch

    built, driver = torch.version.cuda, driver_version()
    print(f"torch {torch.__version__}, CUDA {built}, driver {driver or 'not found'}")
    if built is None:
        return f"this torch is a build for the CPU: {MAKE_IT}"
    least = LEAST_DRIVER.get(built.split(".")[0])
    if driver and least and int(driver.split(".")[0]) < least:
        return (
            f"CUDA {built} needs driver {least} or newer, here is {driver}: another node, or a torch for an older CUDA"
        )
    if not torch.cuda.is_available():
        return "torch finds no GPU that it can use, although nvidia-smi does: is CUDA_VISIBLE_DEVICES empty?"
    return ""


def driver_version() -> str:
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(asked, capture_output=True, text=True).stdout.split("\n")[0].strip()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
