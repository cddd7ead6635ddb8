"""The environment of a result: date, versions and hardware."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("agnews_sk", "scikit-learn", "numpy", "scipy", "torch", "transformers")


def describe_environment() -> dict[str, str]:
    """Return the date, versions and hardware of this process.

    Returns
    -------
    dict of str to str
        `date` (UTC), `python`, a version per package or "not installed", `system`, `processor`,
        `cores` that this process may use, and `gpu` or "none".

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
    """Return the version of an installed distribution."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _n_cores() -> int | None:
    """Return the number of cores that this process may use, which may be fewer than there are."""
    # os.process_cpu_count of Python 3.13
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor() -> str:
    """Return the model name of the processor, on Linux from /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _gpu() -> str:
    """Return the name of the current GPU of torch, without importing torch for it."""
    torch = sys.modules.get("torch")  # a process without torch has used no GPU
    if torch is None or not torch.cuda.is_available():
        return "none"
    return torch.cuda.get_device_name()
