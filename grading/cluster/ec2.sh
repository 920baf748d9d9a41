#!/usr/bin/env bash
# The GPU tier on an EC2 instance: run it once there, from the project folder, as a user who may use sudo.
#
#   [WEIGHTS="faces stable-diffusion …"] grading/cluster/ec2.sh [SUBMISSION]
#
# Made for a g5.xlarge (one A10G, 24 GB; 16 GB of memory) with 150 GB of disk and an "AWS Deep Learning Base AMI with
# Single CUDA (Ubuntu 22.04)", which brings NVIDIA's driver. On plain Ubuntu it installs the driver, which needs one
# restart. CUDA itself is not needed: PyPI's torch brings its own. DeepFloyd's text encoder wants 32 GB of memory, so a g5.2xlarge.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sudo apt-get update -qq
sudo apt-get install -y -qq python3-venv python3-dev build-essential
if ! command -v nvidia-smi >/dev/null; then
    sudo apt-get install -y -qq ubuntu-drivers-common
    sudo ubuntu-drivers install
    echo "ec2.sh: NVIDIA's driver is installed; restart (sudo reboot), then run this again" >&2
    exit 4
fi
python3 -m venv .nox/bootstrap
.nox/bootstrap/bin/pip install --quiet nox
.nox/bootstrap/bin/nox -s environment -- --cuda
# Those that cannot be had, such as DeepFloyd without a token, are skipped by the tests. All of them are 25 GB: none unasked.
# shellcheck disable=SC2086
if [[ -n ${WEIGHTS:-} ]]; then .nox/bootstrap/bin/nox -s weights -- $WEIGHTS || true; fi
exec grading/cluster/run.sh "$@"
