#!/usr/bin/env bash
# The GPU tier on whatever machine has a GPU: GreatLakes' job and the EC2 set-up both call this. It installs nothing and
# needs no network: `nox -s environment -- --cuda` has made the environment, `nox -s weights -- NAME …` fetched weights.
#
#   grading/cluster/run.sh [SUBMISSION]        default: reference
#
# RESULTS (default runs/gpu) receives gpu-runs.json (peak memory and time of every test), gpu.xml, the smoke run's page
# and runs.json: command, exit code, seconds and peak host memory of each step. A step that fails does not stop the next;
# the exit code is that of the first one that failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! nvidia-smi -L 2>/dev/null; then
    echo "run.sh: no GPU here (nvidia-smi finds none): start it in a job with --gpus=1, or on an instance with a driver" >&2
    exit 3
fi

submission=${1:-reference}
results=${RESULTS:-runs/gpu}
python=.nox/environment/bin/python
if [[ ! -x $python ]]; then
    echo "run.sh: there is no environment here: make it on a machine with a network, such as a login node:" \
        "nox -s environment -- --cuda" >&2
    exit 3
fi
"$python" grading/cluster/ready.py requirements.txt .nox/environment/installed-pins || exit
export HF_HUB_OFFLINE=1 PYTHONPATH=$PWD
mkdir -p "$results"
results=$(cd "$results" && pwd)
steps=()
code=0

# step NAME COMMAND …: run it, and note how it went.
step() {
    local name=$1 start=$SECONDS status=0
    shift
    echo "== $name: $*"
    "$python" grading/cluster/measured.py "$results/$name.json" "$@" || status=$?
    if ((status && !code)); then code=$status; fi
    echo "== $name ended with $status after $((SECONDS - start)) s"
    steps+=("$results/$name.json")
    return "$status"
}

step weights "$python" -m grading weights --list
GPU_RUNS=$results step tests "$python" -m pytest -m gpu tests/gpu -rs --junitxml="$results/gpu.xml"
step smoke "$python" -m grading smoke "$submission" --device cuda --out "$results/smoke"

"$python" - "$results/runs.json" "${steps[@]}" <<'EOF'
import json, sys
with open(sys.argv[1], "w") as file:
    json.dump([json.load(open(one)) for one in sys.argv[2:]], file, indent=1)
EOF
echo "== results: $results"
exit "$code"
