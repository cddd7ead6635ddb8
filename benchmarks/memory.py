"""The memory of a process that a benchmark starts."""

from pathlib import Path


def peak_bytes():
    """Return the most memory that this process has had since it began, on Linux.

    `ru_maxrss` would begin with that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])
