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
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from agnews_sk.serving._app import check_key, create_app
from agnews_sk.serving._connections import (
    ACCEPTS_PER_TURN,
    ConnectionWatch,
    Door,
    WatchedProtocol,
    limit_logs,
    sweep_forever,
)
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import FOLDER_VARIABLE
from agnews_sk.serving._models import check_models

_BACKLOG = 2048
# So often in a row a worker may die before it is ready, for want of memory perhaps.
_MOST_DEATHS_WHILE_LOADING = 3
_STARTUP_FAILURE = 3  # the exit status with which uvicorn, too, gives up an application
# How long idle connections stay open while the service stops: a request that is on its way still
# gets its answer, and with it the word that the connection closes.
_LINGER_SECONDS = 1.0


class DrainingServer(uvicorn.Server):
    """A server that answers what it took before it goes, and waits for nobody for long.

    Parameters
    ----------
    config : uvicorn.Config
    watch : ConnectionWatch
    on_ready : callable
        Called once requests are answered.
    """

    def __init__(
        self, config: uvicorn.Config, watch: ConnectionWatch, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._watch = watch
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and to look after the connections."""
        self._watch.mind_open_files()
        await super().startup(sockets)
        self._sweeper = asyncio.create_task(sweep_forever(self._watch))
        self._on_ready()

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
        self._sweeper.cancel()


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
        Processes that share the port. One that dies is replaced; one that dies time and again
        before it is ready ends the service.
    on_start : callable, optional
        Called with the port once it is taken; requests are then accepted, and answered as soon as
        the models are loaded.
    **app_options
        As `create_app` takes them: `limits`, `api_key`, `max_batch`, `max_wait`.

    Raises
    ------
    ArtifactError
        If a model is not whole or holds what is not trusted.
    FileNotFoundError
        If there is no model at a path.
    OSError
        If the port is taken, or there is no such host.
    SystemExit
        If a worker cannot start; with the reason.
    ValueError
        If `workers` is less than 1, or the host or the key is empty.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}.")
    if not host.strip():
        raise ValueError(
            f"host must be an address, got {host!r}; '0.0.0.0' is every one of this machine."
        )
    check_key(app_options.get("api_key"))
    check_models(models)
    _share_cores(workers)
    sockets = _listen(host, port, workers)
    if on_start is not None:
        on_start(sockets[0].getsockname()[1])
    build = partial(create_app, models, **app_options)
    limits = app_options.get("limits") or Limits()
    if workers == 1:
        _serve_here(build, limits, sockets[0])
        return
    with tempfile.TemporaryDirectory(prefix="agnews-sk-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        _Workers(build, limits, sockets).run()


class _Worker(NamedTuple):
    """A process, and what it says once it is ready."""

    process: BaseProcess
    said: Connection

    def was_ready(self) -> bool:
        try:
            return self.said.poll() and self.said.recv()
        except EOFError:
            return False


class _Workers:
    """One process a socket, replaced when it dies, told to stop when we are."""

    def __init__(
        self, build: Callable[[], Any], limits: Limits, sockets: list[socket.socket]
    ) -> None:
        self._build = build
        self._limits = limits
        self._sockets = sockets
        self._stopped_by: int | None = None
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._n_deaths_while_loading = [0] * len(sockets)

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self._workers = [self._start(one) for one in self._sockets]
            while self._stopped_by is None:
                wait([one.process.sentinel for one in self._workers], 0.2)
                self._replace_the_dead()
        finally:
            self._end_workers()
        if self._stopped_by == signal.SIGINT:
            raise KeyboardInterrupt

    def _stop(self, number: int, frame: Any) -> None:
        self._stopped_by = number

    def _end_workers(self) -> None:
        for sock in self._sockets:
            sock.close()  # or a client would wait at a door that nobody opens
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _start(self, sock: socket.socket) -> _Worker:
        said, say = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_work, args=(self._build, self._limits, sock, say), daemon=True
        )
        process.start()
        say.close()
        return _Worker(process, said)

    def _replace_the_dead(self) -> None:
        for i, worker in enumerate(self._workers):
            if worker.process.is_alive() or self._stopped_by is not None:
                continue
            self._check_death(i, worker)
            mark_process_dead(worker.process.pid)
            worker.said.close()
            self._workers[i] = self._start(self._sockets[i])

    def _check_death(self, i: int, worker: _Worker) -> None:
        """End the service if the next process would not fare better."""
        code = worker.process.exitcode or 0
        if code == _STARTUP_FAILURE:
            sys.exit("a worker could not start; its message is above.")
        self._n_deaths_while_loading[i] += 1
        if worker.was_ready():
            self._n_deaths_while_loading[i] = 0
        if self._n_deaths_while_loading[i] >= _MOST_DEATHS_WHILE_LOADING:
            sys.exit(
                f"a worker died {_MOST_DEATHS_WHILE_LOADING} times while it loaded the models, "
                f"{_described(code)}."
            )


def _described(exit_code: int) -> str:
    if exit_code >= 0:
        return f"with exit status {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"by {name}" + (", perhaps for want of memory" if name == "SIGKILL" else "")


def _work(build: Callable[[], Any], limits: Limits, sock: socket.socket, say: Connection) -> None:
    """Serve in a process of its own; one that cannot build the application is not replaced."""

    def build_or_exit() -> Any:
        try:
            return build()
        except Exception as error:
            message = " ".join(str(error).split())
            print(f"{type(error).__name__}: {message}", file=sys.stderr)
            sys.exit(_STARTUP_FAILURE)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which gets it too, tells us
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    _serve_here(build_or_exit, limits, sock, lambda: say.send(True))


def _stop_with_parent() -> None:
    """Stop if the parent is gone, or nobody could."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_here(
    build: Callable[[], Any],
    limits: Limits,
    sock: socket.socket,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    make_server(build, limits, on_ready).run(sockets=[Door(sock, _BACKLOG)])


def make_server(
    build: Callable[[], Any], limits: Limits, on_ready: Callable[[], None] = lambda: None
) -> DrainingServer:
    """Return what serves an application on sockets and bounds its connections and its log.

    Parameters
    ----------
    build : callable
        Makes the application, with `create_app`, once signals are heard: who connects meanwhile is
        answered even if the service is told to stop.
    limits : Limits
    on_ready : callable, optional
        Called once requests are answered.

    Returns
    -------
    DrainingServer
    """
    watch = ConnectionWatch(limits)
    config = uvicorn.Config(
        build,
        factory=True,
        http=partial(WatchedProtocol, watch=watch),  # type: ignore[arg-type]
        ws="none",
        backlog=ACCEPTS_PER_TURN,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # or `loaded_app` would be uvicorn's, not ours
    )
    limit_logs()
    return DrainingServer(config, watch, on_ready)


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
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"cannot listen on {host!r}, port {port}: {reason}.") from error
    sock.set_inheritable(True)
    return sock


def _share_cores(workers: int) -> None:
    """Leave each process its share of the cores, unless the user said otherwise."""
    share = str(max((os.cpu_count() or 1) // workers, 1))
    for variable in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, share)
