"""How a result was made: versions and hardware."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("agnews_sk", "scikit-learn", "numpy", "scipy", "torch", "transformers")


def describe_environment() -> dict[str, str]:
    """Return when, with which versions and on what hardware this process runs.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> from agnews_sk.evaluation._provenance import describe_environment
    >>> "scikit-learn" in describe_environment()
    True
    """
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(_n_cores()),
        "gpu": _gpu(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _n_cores() -> int | None:
    # os.process_cpu_count of Python 3.13
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _gpu() -> str:
    torch = sys.modules.get("torch")  # what never loaded torch used no GPU
    if torch is None or not torch.cuda.is_available():
        return "none"
    return torch.cuda.get_device_name()
