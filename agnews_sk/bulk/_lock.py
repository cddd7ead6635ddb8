"""One run at a time on an output, however many processes and machines try."""

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
def only_run(output: Path, model: str | Path) -> Iterator[None]:
    """Keep other runs from an output until the block ends, or this process does.

    Parameters
    ----------
    output : path
        The lock is on `OUTPUT.lock` beside it.
    model : str or path
        What the other runs are told.

    Raises
    ------
    BlockingIOError
        If another run writes this output; the message names it.
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
    """Open and lock the file of this name."""
    while True:
        descriptor = _opened(path)
        try:
            if not _try_lock(descriptor):
                raise BlockingIOError(f"{output} is being written by {_holder(descriptor)}.")
            # Whoever had the lock may have removed the file since we opened it.
            if _is_still(path, descriptor):
                _check_ours(path, descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OSError(f"{path.parent} cannot be written to: {error.strerror}.") from error


def _check_ours(path: Path, descriptor: int) -> None:
    if os.fstat(descriptor).st_size and not _read(descriptor):
        raise ValueError(f"{path} is not of an earlier run; give the output another name.")


def _write(descriptor: int, model: str | Path) -> None:
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
    """Return what a run wrote of itself; nothing if it has not yet, or nobody of ours did."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(descriptor, 2**16))
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("format") == _FORMAT else {}


def _holder(descriptor: int) -> str:
    found = _read(descriptor)
    if not found:
        return "another run"
    return (
        f"another run since {found['since']}: process {found['process']} on {found['host']}, "
        f"model {found['model']}; wait for it, or give the output another name"
    )


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        """Lock a byte behind the content, so that the others can read this."""
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
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
