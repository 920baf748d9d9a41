"""The GPU tier: a run of it ends at once where there is no CUDA; memory and time of every run are recorded.

``runs/gpu/gpu-runs.json`` holds one record per test, and the terminal shows the longest as a table; the setting
``GPU_RUNS`` names another folder.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import pytest
import torch
from rich.console import Console
from rich.table import Table

from grading.paths import ROOT
from grading.sandbox.fork_server import ForkServer

RUNS = Path(os.environ.get("GPU_RUNS", ROOT / "runs" / "gpu"))
MIB = 2**20
SHOWN = 40  # rows of the table
_records: list[dict] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """Nothing but skipped tests would look like success. A run that has other tests as well goes on, and skips these."""
    if (
        session.items
        and all(item.get_closest_marker("gpu") for item in session.items)
        and not torch.cuda.is_available()
    ):
        pytest.exit(f"nothing was run: {_why_not()}", returncode=2)


def _why_not():
    if torch.version.cuda is None:
        return f"needs a CUDA device, and torch {torch.__version__} has no CUDA in it"
    return f"needs a CUDA device, and there is none that CUDA {torch.version.cuda} can use"


@pytest.fixture(scope="session", autouse=True)
def cuda():
    """Skips everything here without a GPU; with one, float32 is float32: no TF32 in what is compared with the CPU."""
    if not torch.cuda.is_available():
        pytest.skip(_why_not())
    # cuBLAS is bitwise repeatable only with a workspace of its own, which it looks up when it is first called.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return "cuda"


@pytest.fixture(scope="session")
def fork_server():
    with ForkServer() as fork_server:
        yield fork_server


@pytest.fixture
def pictures():
    """The folder that receives pictures for a person to look at."""
    RUNS.mkdir(parents=True, exist_ok=True)
    return RUNS


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Measure one test's body."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    start, outcome = time.monotonic(), "failed"
    try:
        result = yield
        outcome = "passed"
        return result
    except pytest.skip.Exception:
        outcome = "skipped"
        raise
    finally:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        _records.append(
            {
                "test": item.nodeid,
                "outcome": outcome,
                "seconds": round(time.monotonic() - start, 2),
                "gpu_peak_mib": round(torch.cuda.max_memory_allocated() / MIB, 1),
                "host_peak_mib": round(_host_peak() / MIB),  # of the process so far
            }
        )


def _host_peak() -> int:
    """Bytes; the kernel counts in KiB, except on macOS."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pytest_sessionfinish():
    if not _records:
        return
    RUNS.mkdir(parents=True, exist_ok=True)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    about = {"device": device, "torch": torch.__version__, "runs": _records}
    (RUNS / "gpu-runs.json").write_text(json.dumps(about, indent=1) + "\n")


def pytest_terminal_summary(terminalreporter):
    if not _records:
        return
    table = Table("test", "outcome", "s", "GPU MiB", "host MiB", title=f"peak memory and time: {RUNS}")
    for one in sorted(_records, key=lambda one: -one["seconds"])[:SHOWN]:
        name = one["test"].removeprefix("tests/gpu/")
        table.add_row(name, one["outcome"], *(f"{one[key]:g}" for key in ("seconds", "gpu_peak_mib", "host_peak_mib")))
    Console(file=terminalreporter._tw._file, width=160, highlight=False, markup=False).print(table)
