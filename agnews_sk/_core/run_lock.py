"""A lock on the output, so that one run at a time writes it, on one machine or on several."""

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

_FORMAT = "agnews_sk bulk lock"


@contextmanager
def output_lock(output: Path, model: str | Path) -> Iterator[None]:
    """Hold the lock on an output until the block ends, or this process does.

    Parameters
    ----------
    output : path
        The lock is on the file `OUTPUT.lock` next to it.
    model : str or path
        Named in the message that other runs show.

    Raises
    ------
    BlockingIOError
        If another run holds the lock; the message says which one.
    OSError
        If the folder cannot be written to.
    """
    path = output.with_name(f"{output.name}.lock")
    descriptor = _locked(path, output)
    try:
        _write(descriptor, model)
        yield
    finally:
        with suppress(OSError):  # Windows keeps a file that is open
            path.unlink()
        os.close(descriptor)


def _locked(path: Path, output: Path) -> int:
    """Open and lock a file.

    Parameters
    ----------
    path : path
        The file, made if it does not exist.
    output : path
        For the message.

    Returns
    -------
    int
        File descriptor; the lock lasts until it is closed, or the process ends.

    Raises
    ------
    BlockingIOError
        If another process holds the lock.
    """
    while True:
        descriptor = _opened(path)
        try:
            if not _try_lock(descriptor):
                raise BlockingIOError(f"{output} is being written by {_holder(descriptor)}.")
            # The run that held the lock may have deleted the file since we opened it.
            if _is_still(path, descriptor):
                _check_ours(path, descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: Path) -> int:
    """Open the file of the lock, made with its folder if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OSError(f"{path.parent} cannot be written to: {error.strerror}.") from error


def _check_ours(path: Path, descriptor: int) -> None:
    """Reject a file of this name that no run has written."""
    if os.fstat(descriptor).st_size and not _read(descriptor):
        raise ValueError(
            f"{path} was not made by an earlier run; choose another name for the output."
        )


def _write(descriptor: int, model: str | Path) -> None:
    """Write which run holds the lock, for the messages of others."""
    ours = {
        "format": _FORMAT,
        "model": str(Path(model).absolute()),
        "process": os.getpid(),
        "host": platform.node(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(ours).encode())


def _read(descriptor: int) -> dict[str, Any]:
    """Return what the run that holds the lock wrote.

    Parameters
    ----------
    descriptor : int

    Returns
    -------
    dict of str to object
        Empty if the run has not written yet, or no run wrote the file.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(descriptor, 2**16))
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("format") == _FORMAT else {}


def _holder(descriptor: int) -> str:
    """Return a description of the run that holds the lock."""
    found = _read(descriptor)
    if not found:
        return "another run"
    return (
        f"another run since {found['since']}: process {found['process']} on {found['host']}, "
        f"model {found['model']}; wait for it, or choose another name for the output"
    )


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the open file is still the one of this name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        """Lock a byte after the content, so that other runs can read the content."""
        os.lseek(descriptor, 2**20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        """Lock the file, or return False if another process has."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
