"""Run the application in processes that share a port, and stop them without losing a request."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from agnews_sk.serving._app import create_app
from agnews_sk.serving._metrics import FOLDER_VARIABLE

_BACKLOG = 2048
_STARTUP_FAILURE = 3  # the exit status with which uvicorn, too, gives up an application
# How long idle connections stay open while the service stops: a request that is on its way still
# gets its answer, and with it the word that the connection closes.
_LINGER_SECONDS = 1.0


class DrainingServer(uvicorn.Server):
    """A server that answers what it took before it goes."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept, let connections end with their current request, then close the rest."""
        self.config.loaded_app.state.stopping = True
        await asyncio.sleep(0.01)  # a turn of the loop, which accepts what has already connected
        for server in self.servers:
            server.close()
        deadline = time.monotonic() + _LINGER_SECONDS
        while self.server_state.connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(
    models: Any,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    on_start: Callable[[int], None] | None = None,
    **app_options: Any,
) -> None:
    """Serve models over HTTP until SIGTERM or SIGINT, then finish what was taken.

    Parameters
    ----------
    models : path or mapping of str to path
        As in `create_app`; each process loads them for itself.
    host : str, default="127.0.0.1"
        Address to listen on; "0.0.0.0" is every one of this machine.
    port : int, default=8000
        0 takes a free one.
    workers : int, default=1
        Processes that share the port. One that dies is replaced.
    on_start : callable, optional
        Called with the port once it is taken; requests are then accepted, and answered as soon as
        the models are loaded.
    **app_options
        As `create_app` takes them: `limits`, `api_key`, `max_batch`, `max_wait`.

    Raises
    ------
    OSError
        If the port is taken.
    ValueError
        If `workers` is less than 1.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}.")
    _share_cores(workers)
    sockets = _listen(host, port, workers)
    if on_start is not None:
        on_start(sockets[0].getsockname()[1])
    build = partial(create_app, models, **app_options)
    if workers == 1:
        _serve_here(build, sockets[0])
        return
    with tempfile.TemporaryDirectory(prefix="agnews-sk-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        _Workers(build, sockets).run()


class _Workers:
    """One process a socket, replaced when it dies, told to stop when we are."""

    def __init__(self, build: Callable[[], Any], sockets: list[socket.socket]) -> None:
        self._build = build
        self._sockets = sockets
        self._stopping = False
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = []

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._processes = [self._start(one) for one in self._sockets]
        while not self._stopping:
            wait([one.sentinel for one in self._processes], 0.2)
            self._replace_the_dead()
        for sock in self._sockets:
            sock.close()  # or a client would wait at a door that nobody opens
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    def _stop(self, number: int, frame: Any) -> None:
        self._stopping = True

    def _start(self, sock: socket.socket) -> BaseProcess:
        process = self._context.Process(target=_work, args=(self._build, sock), daemon=True)
        process.start()
        return process

    def _replace_the_dead(self) -> None:
        for i, process in enumerate(self._processes):
            if process.is_alive() or self._stopping:
                continue
            if process.exitcode == _STARTUP_FAILURE:
                sys.exit("a worker could not start; its message is above.")
            mark_process_dead(process.pid)
            self._processes[i] = self._start(self._sockets[i])


def _work(build: Callable[[], Any], sock: socket.socket) -> None:
    """Serve in a process of its own; one that cannot build the application is not replaced."""

    def build_or_exit() -> Any:
        try:
            return build()
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            sys.exit(_STARTUP_FAILURE)

    threading.Thread(target=_stop_with_parent, daemon=True).start()
    _serve_here(build_or_exit, sock)


def _stop_with_parent() -> None:
    """Stop if the parent is gone, or nobody could."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_here(build: Callable[[], Any], sock: socket.socket) -> None:
    config = uvicorn.Config(
        build,
        factory=True,
        backlog=_BACKLOG,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # or `loaded_app` would be uvicorn's, not ours
    )
    DrainingServer(config).run(sockets=[sock])


def _listen(host: str, port: int, n_sockets: int) -> list[socket.socket]:
    """Return sockets of one port, between which Linux spreads connections; elsewhere one for all.

    Bound here, so that a port that is taken is seen at once, and that connections of a worker that
    died wait for its successor.
    """
    if n_sockets == 1 or sys.platform != "linux":
        return [_bind(host, port)] * n_sockets
    _bind(host, port).close()  # a port that other processes share could be joined unseen
    first = _bind(host, port, share=True)
    port = first.getsockname()[1]
    return [first, *(_bind(host, port, share=True) for _ in range(n_sockets - 1))]


def _bind(host: str, port: int, *, share: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By this protocol asyncio knows to send an answer at once, without waiting to fill a packet.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    sock.listen(_BACKLOG)
    sock.set_inheritable(True)
    return sock


def _share_cores(workers: int) -> None:
    """Leave each process its share of the cores, unless the user said otherwise."""
    share = str(max((os.cpu_count() or 1) // workers, 1))
    for variable in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, share)
