"""What the figures were measured on, and with."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import psutil
import torch

from .contest import Settings

__all__ = ["machine"]

PACKAGES = ("torch", "diffusers", "numpy", "pytest-benchmark")


def machine(settings: Settings) -> dict[str, Any]:
    """Hardware, versions and the run's settings, as the report prints them."""
    gpu = torch.cuda.get_device_properties(settings.device) if settings.device != "cpu" else None
    return {
        "processor": _processor(),
        "cores": f"{psutil.cpu_count(logical=False) or '?'} cores, {psutil.cpu_count()} threads",
        "load at the end": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "GPU": f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB" if gpu else "not used",
        "threads of torch": 1,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "CUDA": torch.version.cuda or "none",
        "seed": settings.seed,
        "device": settings.device,
        "code": f"{settings.submission.name}/, isolated" if settings.submission else "the reference",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
