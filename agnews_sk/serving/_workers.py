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

from agnews_sk.serving._api_key import check_key
from agnews_sk.serving._app import create_app
from agnews_sk.serving._connections import (
    ACCEPTS_PER_TURN,
    BacklogSocket,
    ConnectionWatch,
    WatchedProtocol,
    limit_logs,
    sweep_forever,
)
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import FOLDER_VARIABLE
from agnews_sk.serving._models import check_models

BACKLOG = 2048
# How often in succession a worker may die before it is ready, perhaps for lack of memory.
_MAX_DEATHS_WHILE_LOADING = 3
_STARTUP_FAILURE = 3  # exit status of uvicorn for an application that fails to start
# How long idle connections stay open while the service stops: a request in transit still
# gets its response, which announces that the connection closes.
_LINGER_SECONDS = 1.0


class DrainingServer(uvicorn.Server):
    """A server that responds to all accepted requests before it stops.

    Parameters
    ----------
    config : uvicorn.Config
    watch : ConnectionWatch
    on_ready : callable
        Called as soon as requests are served.
    """

    def __init__(
        self, config: uvicorn.Config, watch: ConnectionWatch, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._watch = watch
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and to sweep connections."""
        self._watch.limit_to_open_files()
        await super().startup(sockets)
        self._sweeper = asyncio.create_task(sweep_forever(self._watch))
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept, let connections end with their current request, then close the rest.

        Connections are given a second: a request that is on its way is served, and its response
        tells the client that the connection closes.
        """
        self.config.loaded_app.state.stopping = True
        await asyncio.sleep(0.01)  # one iteration of the loop, which accepts pending connections
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
    """Serve models over HTTP until SIGTERM or SIGINT, then complete the accepted requests.

    Parameters
    ----------
    models : path or mapping of str to path
        As in `create_app`; each process loads them itself.
    host : str, default="127.0.0.1"
        Address to listen on; "0.0.0.0" is every address of this machine.
    port : int, default=8000
        0 chooses a free one.
    workers : int, default=1
        Number of processes that share the port. One that dies is replaced; one that dies repeatedly
        before it is ready ends the service.
    on_start : callable, optional
        Called with the port once it is bound. Requests are accepted from then on, and served as
        soon as the models are loaded.
    **app_options
        `limits`, `api_key`, `max_batch`, `max_wait` and `samples` of `create_app`.

    Raises
    ------
    ArtifactError
        If a model is incomplete or holds a type that is not trusted.
    FileNotFoundError
        If there is no model at a path.
    OSError
        If the port is in use, or the host is unknown.
    SystemExit
        If a worker cannot start; with the reason.
    ValueError
        If `workers` is less than 1, or the host or the key is empty.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}.")
    if not host.strip():
        raise ValueError(
            f"host must be an address, got {host!r}; '0.0.0.0' is every address of this machine."
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
        _serve_in_process(build, limits, sockets[0])
        return
    with tempfile.TemporaryDirectory(prefix="agnews-sk-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        _Workers(build, limits, sockets).run()


class _Worker(NamedTuple):
    """A process, and the pipe on which it reports that it is ready."""

    process: BaseProcess
    receiver: Connection

    def was_ready(self) -> bool:
        """Return whether the process ever reported that it is ready."""
        try:
            return self.receiver.poll() and self.receiver.recv()
        except EOFError:
            return False


class _Workers:
    """One process per socket, replaced when it dies and stopped together with this process.

    Parameters
    ----------
    build : callable
        Creates the application; it must be picklable.
    limits : Limits
    sockets : list of socket.socket
        Listening sockets of one port.
    """

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
        """Run the workers until SIGTERM or SIGINT.

        SIGINT raises KeyboardInterrupt at the end, as it would with one process.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self._workers = [self._start(one) for one in self._sockets]
            while self._stopped_by is None:
                wait([one.process.sentinel for one in self._workers], 0.2)
                self._replace_dead()
        finally:
            self._end_workers()
        if self._stopped_by == signal.SIGINT:
            raise KeyboardInterrupt

    def _stop(self, number: int, frame: Any) -> None:
        """Record the signal that stops the service; a signal handler."""
        self._stopped_by = number

    def _end_workers(self) -> None:
        """Close the sockets, ask all workers to stop, and wait for them."""
        for sock in self._sockets:
            sock.close()  # else clients would wait for an accept that never happens
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _start(self, sock: socket.socket) -> _Worker:
        """Start a worker that serves a socket."""
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_run_worker, args=(self._build, self._limits, sock, sender), daemon=True
        )
        process.start()
        sender.close()
        return _Worker(process, receiver)

    def _replace_dead(self) -> None:
        """Start a new worker for each one that has died, on the same socket.

        Connections that the dead one had not accepted wait in the socket's queue for its successor.
        """
        for i, worker in enumerate(self._workers):
            if worker.process.is_alive() or self._stopped_by is not None:
                continue
            self._check_death(i, worker)
            mark_process_dead(worker.process.pid)
            worker.receiver.close()
            self._workers[i] = self._start(self._sockets[i])

    def _check_death(self, i: int, worker: _Worker) -> None:
        """End the service if the next process would fail in the same way.

        Parameters
        ----------
        i : int
            Number of the worker.
        worker : _Worker
            A process that has ended.

        Raises
        ------
        SystemExit
            If it could not create the application, or if it and its predecessors died too often
            before they were ready.
        """
        code = worker.process.exitcode or 0
        if code == _STARTUP_FAILURE:
            sys.exit("a worker could not start; its message is above.")
        self._n_deaths_while_loading[i] += 1
        if worker.was_ready():
            self._n_deaths_while_loading[i] = 0
        if self._n_deaths_while_loading[i] >= _MAX_DEATHS_WHILE_LOADING:
            sys.exit(
                f"a worker died {_MAX_DEATHS_WHILE_LOADING} times while it loaded the models, "
                f"{_describe_exit(code)}."
            )


def _describe_exit(exit_code: int) -> str:
    """Return how a process ended, by its exit status or by a signal, for a message."""
    if exit_code >= 0:
        return f"with exit status {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"by {name}" + (", perhaps for lack of memory" if name == "SIGKILL" else "")


def _run_worker(
    build: Callable[[], Any], limits: Limits, sock: socket.socket, sender: Connection
) -> None:
    """Serve a socket in its own process.

    A worker that cannot create the application prints why and exits with its own status: a
    successor would fail too.

    Parameters
    ----------
    build : callable
        Creates the application.
    limits : Limits
    sock : socket.socket
    sender : Connection
        Receives True once requests are served.
    """

    def build_or_exit() -> Any:
        """Create the application, or end the process with the reason in one line."""
        try:
            return build()
        except Exception as error:
            message = " ".join(str(error).split())
            print(f"{type(error).__name__}: {message}", file=sys.stderr)
            sys.exit(_STARTUP_FAILURE)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and sends SIGTERM
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    _serve_in_process(build_or_exit, limits, sock, lambda: sender.send(True))


def _stop_with_parent() -> None:
    """Stop this process when its parent ends, in any way: nothing else would stop it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_in_process(
    build: Callable[[], Any],
    limits: Limits,
    sock: socket.socket,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve an application on a socket in this process, until a signal."""
    make_server(build, limits, on_ready).run(sockets=[BacklogSocket(sock, BACKLOG)])


def make_server(
    build: Callable[[], Any], limits: Limits, on_ready: Callable[[], None] = lambda: None
) -> DrainingServer:
    """Return a server of an application that limits its connections and its log.

    Parameters
    ----------
    build : callable
        Creates the application. It is called after signal handlers are set, so that a service that
        is stopped while it loads models still responds to clients that connect until then.
    limits : Limits
    on_ready : callable, optional
        Called as soon as requests are served.

    Returns
    -------
    DrainingServer
    """
    watch = ConnectionWatch(limits)
    config = uvicorn.Config(
        build,
        factory=True,
        http=partial(WatchedProtocol, watch=watch),  # type: ignore[arg-type]
        loop="asyncio",  # uvloop ignores the backlog of `BacklogSocket`, and accepts without limit
        ws="none",
        backlog=ACCEPTS_PER_TURN,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # else `loaded_app` would be a wrapper of uvicorn's
    )
    limit_logs()
    return DrainingServer(config, watch, on_ready)


def _listen(host: str, port: int, n_sockets: int) -> list[socket.socket]:
    """Return listening sockets of one port: one per worker on Linux, which distributes connections.

    They are bound here, so that a port in use is reported at once, and that connections of a worker
    that died wait for its successor. Elsewhere all workers share one socket.

    Parameters
    ----------
    host : str
    port : int
    n_sockets : int

    Returns
    -------
    list of socket.socket
    """
    if n_sockets == 1 or sys.platform != "linux":
        return [bind(host, port)] * n_sockets
    bind(host, port).close()  # fails if other processes share the port, which SO_REUSEPORT hides
    first = bind(host, port, share=True)
    port = first.getsockname()[1]
    return [first, *(bind(host, port, share=True) for _ in range(n_sockets - 1))]


def bind(host: str, port: int, *, share: bool = False) -> socket.socket:
    """Return a listening socket, inheritable by workers.

    Parameters
    ----------
    host : str
        IPv6 if it has a colon.
    port : int
    share : bool, default=False
        Whether other sockets may listen on the same port.

    Raises
    ------
    OSError
        With the host, the port and the reason.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol given, asyncio sets TCP_NODELAY: responses do not wait to fill a packet.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"cannot listen on {host!r}, port {port}: {reason}.") from error
    sock.set_inheritable(True)
    return sock


def _share_cores(workers: int) -> None:
    """Give each process its share of the cores, unless the user has set the variables."""
    share = str(max((os.cpu_count() or 1) // workers, 1))
    for variable in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, share)
