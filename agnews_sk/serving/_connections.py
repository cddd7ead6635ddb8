"""Close connections that are waited for in vain, so that they keep nobody else out."""

import asyncio
import logging
import os
import socket
import sys
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from agnews_sk.serving._limits import Limits

_log = logging.getLogger("agnews_sk.serving")

# What asyncio accepts before it lets us look. A longer turn could use up all open files.
ACCEPTS_PER_TURN = 16
# Open files that a process needs besides its connections.
_OTHER_FILES = 32
_FEWEST_CONNECTIONS = 8
_SECONDS_BETWEEN_LINES = 10.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)

# A connection waits for a request, then for its answer, or for the client to read the rest of one.
WAITING, ANSWERING, CLOSING = "waiting", "answering", "closing"


class ConnectionWatch:
    """Which connections a process has, what each waits for, and since when.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self._seconds = {
            WAITING: limits.header_seconds,
            ANSWERING: limits.seconds + limits.header_seconds,
            CLOSING: limits.header_seconds,
        }
        # By phase, those that have been in it longest first.
        self._since: dict[str, dict[WatchedProtocol, float]] = {name: {} for name in self._seconds}
        self._most = limits.connections
        self._n_late, self._n_crowded = 0, 0
        self._last_line = float("-inf")

    def mind_open_files(self) -> None:
        """Take no more connections than there can be files, now that all others are open."""
        self._most = most_connections(self._most)

    def admit(self, connection: "WatchedProtocol") -> None:
        """Take a new connection; where there are too many, another leaves, or this one."""
        self.enter(connection, WAITING)
        if sum(map(len, self._since.values())) <= self._most:
            return
        self._n_crowded += 1
        # There is one more than may be, which is this one if all others are being answered.
        oldest = next(iter(self._since[CLOSING] or self._since[WAITING]))
        if oldest is connection:
            connection.transport.write(_BUSY)
            self._close(connection)
        else:
            oldest.transport.abort()
            self.forget(oldest)

    def enter(self, connection: "WatchedProtocol", phase: str) -> None:
        """Note what a connection waits for from now on."""
        self.forget(connection)
        self._since[phase][connection] = connection.loop.time()
        connection.phase = phase

    def forget(self, connection: "WatchedProtocol") -> None:
        """Take a connection out that is lost."""
        for connections in self._since.values():
            connections.pop(connection, None)

    def sweep(self, now: float) -> None:
        """Close what has waited too long, and say now and then how many that were."""
        for connection in self._late(ANSWERING, now) + self._late(CLOSING, now):
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
                self._most,
            )
            self._n_late, self._n_crowded, self._last_line = 0, 0, now

    def _late(self, phase: str, now: float) -> list["WatchedProtocol"]:
        late = []
        for connection, since in self._since[phase].items():
            if now - since < self._seconds[phase]:
                break
            late.append(connection)
        return late

    def _close(self, connection: "WatchedProtocol") -> None:
        """Close once the client has read what was sent, for which it has some seconds."""
        connection.transport.close()
        self.enter(connection, CLOSING)


class WatchedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """A connection of uvicorn's that tells what it waits for.

    Parameters
    ----------
    watch : ConnectionWatch
    **options
        As uvicorn gives them.
    """

    def __init__(self, *, watch: ConnectionWatch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch
        self.phase = WAITING

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._watch.admit(self)

    def data_received(self, data: bytes) -> None:
        """Wait for an answer once the head of a request is there, however slowly it came."""
        super().data_received(data)
        if self.phase == WAITING and self._answering:
            self._watch.enter(self, ANSWERING)

    def on_response_complete(self) -> None:
        """Wait for the next request, which may be there already."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch.enter(self, CLOSING)
        else:
            self._watch.enter(self, ANSWERING if self._answering else WAITING)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._watch.forget(self)

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete


class Door(socket.socket):
    """A listening socket whose queue is as long as ours, whatever asyncio asks for.

    asyncio takes one number for the length of the queue and for how many connections it accepts
    in a turn, of which the first is to be long and the second short.
    """

    def __init__(self, sock: socket.socket, queue: int) -> None:
        super().__init__(sock.family, sock.type, sock.proto, sock.detach())
        self._queue = queue

    def listen(self, backlog: int = 0, /) -> None:
        """Listen with the queue that was given at first."""
        super().listen(self._queue)


def most_connections(wanted: int) -> int:
    """Return how many connections this process can have at a time.

    Parameters
    ----------
    wanted : int

    Returns
    -------
    int
        No more than the files that it may still open.
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
    """Look after the connections every half a second."""
    while True:
        watch.sweep(asyncio.get_running_loop().time())
        await asyncio.sleep(0.5)


class RateLimit(logging.Filter):
    """Let a line of the code log some records, and count those beyond.

    Parameters
    ----------
    most : int, default=5
        Records of one line of the code in that time.
    seconds : float, default=10.0
    """

    def __init__(self, most: int = 5, seconds: float = _SECONDS_BETWEEN_LINES) -> None:
        super().__init__()
        self._most, self._seconds = most, seconds
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log a record, after it was told how many were not."""
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
    """Bound what a stranger can have written to the log, whatever they send."""
    limit = RateLimit()
    for name in ("agnews_sk.serving", "asyncio", "uvicorn.error"):
        log = logging.getLogger(name)
        for earlier in [one for one in log.filters if isinstance(one, RateLimit)]:
            log.removeFilter(earlier)
        log.addFilter(limit)
