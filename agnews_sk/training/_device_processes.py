"""Start, watch and end the processes of the further devices of a training run."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from agnews_sk.training._device_worker import STOP, work

# How long the others may take to end once one has ended, before they are killed.
_GRACE_SECONDS = 10.0


class DeviceProcesses:
    """The processes of ranks 1 and above; rank 0 is the one that started them.

    Parameters
    ----------
    n_devices : int
    folder : pathlib.Path
        Holds their `Job`.

    Notes
    -----
    They are started by "spawn": a process that has used CUDA, or threads, cannot be forked. So
    each of them imports the main module of the program.
    """

    def __init__(self, n_devices: int, folder: Path) -> None:
        self._n_devices = n_devices
        self._folder = folder
        self._processes: list[BaseProcess] = []
        self._connections: list[Connection] = []
        self._errors: dict[int, tuple[float, str]] = {}
        self._is_ready = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the processes, wait until all are ready, and end them after the block."""
        try:
            self._start()
            self._wait_until_ready()
            yield
            with suppress(OSError):
                self.send([STOP] * len(self._connections))
            self._join()
        finally:
            self._end()

    def send(self, orders: list[Any]) -> None:
        """Send each process an order, in the order of their ranks."""
        for connection, order in zip(self._connections, orders, strict=True):
            connection.send(order)

    def check(self) -> None:
        """Raise a RuntimeError that names the rank if a process has ended."""
        if any(process.exitcode is not None for process in self._processes):
            raise self._failure()

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Within the block, turn errors of what several processes do into one that names a rank.

        Raises
        ------
        RuntimeError
            If a process has ended or failed, or does within some seconds.
        """
        try:
            yield
        except (RuntimeError, OSError, EOFError) as error:
            if not self._finds_failure():
                raise
            raise self._failure() from error

    def _start(self) -> None:
        """Start all processes."""
        with _known_start_method():
            for rank in range(1, self._n_devices):
                self._start_one(rank)

    def _start_one(self, rank: int) -> None:
        """Start the process of a rank."""
        context = multiprocessing.get_context("spawn")
        connection, theirs = context.Pipe()
        process = context.Process(
            target=work,
            args=(rank, self._n_devices, str(self._folder), theirs),
            name=f"agnews_sk-rank-{rank}",
            daemon=True,
        )
        process.start()
        theirs.close()
        self._processes.append(process)
        self._connections.append(connection)

    def _wait_until_ready(self) -> None:
        """Wait until each process has sent that it is ready, or raise if one ends before."""
        for process, connection in zip(self._processes, self._connections, strict=True):
            wait([connection, process.sentinel])
            with self.explaining():
                self._read_ready(connection)
        self._is_ready = True

    def _finds_failure(self) -> bool:
        """Wait some seconds for a process to fail or end, and return whether one does."""
        sentinels = [process.sentinel for process in self._processes]
        # The message of a process that fails comes before its end, as does a closed connection.
        wait([*sentinels, *self._connections], _GRACE_SECONDS)
        self._read_errors()
        if self._errors:
            return True
        ended = wait(sentinels, _GRACE_SECONDS)
        for process in self._processes:
            if process.sentinel in ended:
                process.join()  # a sentinel comes before the exit code
        return bool(ended)

    def _failure(self) -> RuntimeError:
        """Return the error that names the process which ended first, and why it did."""
        self._read_errors()
        codes = {rank: process.exitcode for rank, process in enumerate(self._processes, 1)}
        ended = [rank for rank, code in codes.items() if code is not None]
        # A killed process leaves no message; the others fail because of it.
        silent = [rank for rank in ended if rank not in self._errors]
        rank = min(silent or self._errors, key=lambda rank: self._errors.get(rank, (0.0, ""))[0])
        return RuntimeError(
            f"training on {self._n_devices} devices ended: rank {rank} "
            f"{self._reason(rank, codes[rank])}. With checkpoint_dir, the same fit resumes."
        )

    def _reason(self, rank: int, code: int | None) -> str:
        """Return what happened to a process."""
        if rank in self._errors:
            return f"failed with {self._errors[rank][1]}"
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        if self._is_ready:
            return f"ended with exit code {code}"
        return (
            f"ended with exit code {code} before it was ready: it imports the main module of the "
            "program, which must fit below `if __name__ == '__main__':`, and be a file"
        )

    def _read_ready(self, connection: Connection) -> None:
        """Read that a process is ready, or raise an OSError."""
        received = connection.recv()
        if received is not None:
            self._errors[self._connections.index(connection) + 1] = received
            raise OSError("a process failed before it was ready")

    def _read_errors(self) -> None:
        """Read the messages of the processes that have failed."""
        for rank, connection in enumerate(self._connections, 1):
            with suppress(EOFError, OSError):
                while connection.poll():
                    received = connection.recv()
                    if received is not None:
                        self._errors[rank] = received

    def _join(self) -> None:
        """Wait until the processes have ended, but not forever."""
        deadline = time.monotonic() + _GRACE_SECONDS
        for process in self._processes:
            process.join(max(deadline - time.monotonic(), 0))

    def _end(self) -> None:
        """Kill the processes that are left, and close everything."""
        for process, connection in zip(self._processes, self._connections, strict=True):
            process.kill()
            process.join()
            connection.close()
            process.close()


@contextmanager
def _known_start_method() -> Iterator[None]:
    """Within the block, processes start by default in a way that a new process knows too.

    It takes over the name of the default way, and in joblib's processes that is one of joblib's,
    which it does not know.
    """
    before = multiprocessing.get_start_method(allow_none=True)
    if before is None or before in multiprocessing.get_all_start_methods():
        yield
        return
    multiprocessing.set_start_method("spawn", force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)
