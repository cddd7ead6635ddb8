"""Close connections that send no request, so that they do not keep other clients out.

A client that opens many connections and sends nothing, or sends one byte per second, would exhaust
all open files of the process. uvicorn bounds idle connections after a response only.
"""

import asyncio
import logging
import os
import socket
import sys
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from agnews_sk.serving._limits import Limits

_log = logging.getLogger("agnews_sk.serving")

# Connections that asyncio accepts per turn of the event loop: more could use up all open files.
ACCEPTS_PER_TURN = 16
# Open files that a process needs besides its connections.
_OTHER_FILES = 32
_FEWEST_CONNECTIONS = 8
_SECONDS_BETWEEN_LINES = 10.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)

# A connection waits for a request, then for its response, or for the client to read its end.
WAITING, RESPONDING, CLOSING = "waiting", "responding", "closing"


class ConnectionWatch:
    """The connections of a process, each with its phase and since when.

    A connection is in one of three phases. It is WAITING until the header of a request is complete,
    RESPONDING until its response is sent, and CLOSING until the client has read the last one. Each
    phase has a longest time, from the limits.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self._seconds = {
            WAITING: limits.max_header_seconds,
            RESPONDING: limits.max_seconds + limits.max_header_seconds,
            CLOSING: limits.max_header_seconds,
        }
        # By phase; connections that have been in it longest come first.
        self._since: dict[str, dict[WatchedProtocol, float]] = {name: {} for name in self._seconds}
        self._max_connections = limits.max_connections
        self._n_late, self._n_crowded = 0, 0
        self._last_line = float("-inf")

    def limit_to_open_files(self) -> None:
        """Lower the limit of connections to the files that the process may still open.

        Call it after all other files are open.
        """
        self._max_connections = max_open_connections(self._max_connections)

    def admit(self, connection: "WatchedProtocol") -> None:
        """Add a new connection; if there are too many, close the one that has waited longest.

        Connections that are being closed go first, then those that wait for a request. If all
        others are being responded to, the new one gets a 503.
        """
        self.enter(connection, WAITING)
        if sum(map(len, self._since.values())) <= self._max_connections:
            return
        self._n_crowded += 1
        # There is one too many: this one if all others are being responded to.
        oldest = next(iter(self._since[CLOSING] or self._since[WAITING]))
        if oldest is connection:
            connection.transport.write(_BUSY)
            self._close(connection)
        else:
            oldest.transport.abort()
            self.forget(oldest)

    def enter(self, connection: "WatchedProtocol", phase: str) -> None:
        """Record the phase of a connection.

        Parameters
        ----------
        connection : WatchedProtocol
        phase : {WAITING, RESPONDING, CLOSING}
        """
        self.forget(connection)
        self._since[phase][connection] = connection.loop.time()
        connection.phase = phase

    def forget(self, connection: "WatchedProtocol") -> None:
        """Remove a connection that is lost."""
        for connections in self._since.values():
            connections.pop(connection, None)

    def sweep(self, now: float) -> None:
        """Close connections that have waited too long, and log from time to time how many.

        Parameters
        ----------
        now : float
            Time by the clock of the event loop.
        """
        for connection in self._late(RESPONDING, now) + self._late(CLOSING, now):
            connection.transport.abort()
            self.forget(connection)
        for connection in self._late(WAITING, now):
            self._close(connection)
            self._n_late += 1
        if (self._n_late or self._n_crowded) and now - self._last_line > _SECONDS_BETWEEN_LINES:
            _log.warning(
                "closed %d connections without a request for %g s, and %d beyond the %d that fit.",
                self._n_late,
                self._seconds[WAITING],
                self._n_crowded,
                self._max_connections,
            )
            self._n_late, self._n_crowded, self._last_line = 0, 0, now

    def _late(self, phase: str, now: float) -> list["WatchedProtocol"]:
        """Return the connections that have been in a phase for too long.

        They are in the order in which they entered it, so that the search stops at the first in
        time.

        Parameters
        ----------
        phase : {WAITING, RESPONDING, CLOSING}
        now : float
            Time by the clock of the event loop.

        Returns
        -------
        list of WatchedProtocol
        """
        late = []
        for connection, since in self._since[phase].items():
            if now - since < self._seconds[phase]:
                break
            late.append(connection)
        return late

    def _close(self, connection: "WatchedProtocol") -> None:
        """Close a connection after the client has read what was sent, or a few seconds."""
        connection.transport.close()
        self.enter(connection, CLOSING)


class WatchedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """A connection of uvicorn that reports its phase.

    Parameters
    ----------
    watch : ConnectionWatch
    **options
        As uvicorn passes them.
    """

    def __init__(self, *, watch: ConnectionWatch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch
        self.phase = WAITING

    def connection_made(self, transport: Any) -> None:
        """Start waiting for a request."""
        super().connection_made(transport)
        self._watch.admit(self)

    def data_received(self, data: bytes) -> None:
        """Wait for a response as soon as the header of a request is complete."""
        super().data_received(data)
        if self.phase == WAITING and self._is_responding:
            self._watch.enter(self, RESPONDING)

    def on_response_complete(self) -> None:
        """Wait for the next request, which may have arrived already."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch.enter(self, CLOSING)
        else:
            self._watch.enter(self, RESPONDING if self._is_responding else WAITING)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        self._watch.forget(self)

    @property
    def _is_responding(self) -> bool:
        """Whether a request is complete and its response is not."""
        return self.cycle is not None and not self.cycle.response_complete


class BacklogSocket(socket.socket):
    """A listening socket whose backlog is fixed, regardless of what asyncio asks for.

    asyncio uses one number both for the length of the queue of the system, which should be long,
    and for how many connections it accepts per turn of the event loop, which should be few.

    Parameters
    ----------
    sock : socket.socket
        Listening socket; this object takes its file descriptor.
    backlog : int
        Length of the queue of connections that are not accepted yet.
    """

    def __init__(self, sock: socket.socket, backlog: int) -> None:
        super().__init__(sock.family, sock.type, sock.proto, sock.detach())
        self._backlog = backlog

    def listen(self, backlog: int = 0, /) -> None:
        """Listen with the fixed backlog; the argument is ignored."""
        super().listen(self._backlog)


def max_open_connections(wanted: int) -> int:
    """Return how many connections this process can have at a time.

    Parameters
    ----------
    wanted : int

    Returns
    -------
    int
        At most the number of files that it may still open.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return wanted
    left = allowed - len(os.listdir("/dev/fd")) - _OTHER_FILES - 2 * ACCEPTS_PER_TURN
    return max(min(wanted, left), _FEWEST_CONNECTIONS)


async def sweep_forever(watch: ConnectionWatch) -> None:
    """Sweep the connections every half a second."""
    while True:
        watch.sweep(asyncio.get_running_loop().time())
        await asyncio.sleep(0.5)


class RateLimit(logging.Filter):
    """Let each line of code log a few records per period, and count the rest.

    Parameters
    ----------
    most : int, default=5
        Records per line of code and period.
    seconds : float, default=10.0
        Length of the period.
    """

    def __init__(self, most: int = 5, seconds: float = _SECONDS_BETWEEN_LINES) -> None:
        super().__init__()
        self._most, self._seconds = most, seconds
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record; the first of a period reports how many were dropped."""
        place = record.pathname, record.lineno
        since, n_seen = self._seen.get(place, (record.created, 0))
        if record.created - since >= self._seconds:
            if n_seen > self._most:
                record.msg = f"{record.getMessage()} ({n_seen - self._most} more like it before)"
                record.args = ()
            since, n_seen = record.created, 0
        self._seen[place] = since, n_seen + 1
        return n_seen < self._most


def limit_logs() -> None:
    """Limit the log, so that clients cannot fill the disk with errors that they provoke."""
    limit = RateLimit()
    for name in ("agnews_sk.serving", "asyncio", "uvicorn.error"):
        log = logging.getLogger(name)
        for earlier in [one for one in log.filters if isinstance(one, RateLimit)]:
            log.removeFilter(earlier)
        log.addFilter(limit)
