#!/usr/bin/env bash
# Once, as root, when Gradescope makes the image. On Linux PyPI's torch brings gigabytes of CUDA: PyTorch's index has a CPU build.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv libseccomp2
python3 -m venv "$root/venv"
"$root/venv/bin/pip" install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r "$root/source/requirements.txt"
"$root/venv/bin/python" -m compileall -q "$root/source/grading" "$root/source/reference"
