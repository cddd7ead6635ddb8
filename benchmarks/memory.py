"""The memory of a process that a benchmark starts."""

import threading
from contextlib import contextmanager
from pathlib import Path

SECONDS_BETWEEN = 0.02


def peak_bytes():
    """Return the most memory that this process has had since it began, on Linux.

    `ru_maxrss` would begin with that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


@contextmanager
def peak_of_own():
    """Yield a list, which gets the most bytes within the block that are no pages of mapped files.

    The operating system takes those of files back where it needs their memory. On Linux.
    """
    ended, found, peak = threading.Event(), [], 0

    def watch():
        nonlocal peak
        while not ended.wait(SECONDS_BETWEEN):
            status = Path("/proc/self/status").read_text()
            peak = max(peak, 1024 * int(status.split("RssAnon:")[1].split()[0]))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        found.append(peak)
