"""Middleware that every request passes first: limits of size and time, metrics, and shutdown."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import HTTPException
from starlette.responses import JSONResponse

from agnews_sk.serving._limits import Limits
from agnews_sk.serving._metrics import Metrics

_log = logging.getLogger("agnews_sk.serving")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Guard:
    """ASGI middleware that limits the body and the time of a request, and counts it.

    Parameters
    ----------
    app : ASGI application
    limits : Limits
    metrics : Metrics
    """

    def __init__(self, app: App, *, limits: Limits, metrics: Metrics) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve an HTTP request; pass on everything else, such as the start of the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._limits.max_body_bytes)
        if scope["method"] == "HEAD":
            # In a copy: the server must still know that the response has no body.
            scope = {**scope, "method": "GET"}
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._limits.max_seconds):
                await self._app(scope, request.receive, request.send)
        except TimeoutError:
            await request.respond_timeout(scope)
        except Exception:
            _log.exception("a request to %s failed", scope["path"])
            await request.respond_error(scope)
        finally:
            self._count(scope, request.status, time.perf_counter() - start)

    def _count(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count a request by its route and status, and record its time if it was to `/predict`.

        Parameters
        ----------
        scope : mapping
            ASGI scope, in which the router has set the route if there is one.
        status : int
        seconds : float
        """
        # The path of the route: any path would let a client create endless time series.
        path = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(path, str(status)).inc()
        if path == "/predict":
            self._metrics.seconds.observe(seconds)


class _Request:
    """The body of a request, and its response.

    Parameters
    ----------
    scope : mapping
        ASGI scope of the request.
    receive, send : callable
        ASGI channels.
    max_bytes : int
        Size of the body.

    Attributes
    ----------
    status : int
        Status of the response; 0 before it starts.
    """

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, max_bytes: int
    ) -> None:
        self._state = scope["app"].state
        self._receive, self._send = receive, send
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._is_complete = False
        self._without_body = scope["method"] == "HEAD"
        self.status = 0
        length = dict(scope["headers"]).get(b"content-length", b"0")
        self._declared = int(length) if length.isdigit() else 0

    async def receive(self) -> Message:
        """Return the next part of the body, or reject the request if the body is too large.

        A declared length is rejected before any of the body is read.
        """
        if self._declared > self._max_bytes:
            raise self._too_large()
        message = await self._receive()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._max_bytes:
            raise self._too_large()
        self._is_complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the response, without a body for HEAD; at shutdown, close after it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._state.stopping:  # the client then opens its next connection elsewhere
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def respond_timeout(self, scope: MutableMapping[str, Any]) -> None:
        """Respond 503 to a request that took too long, or 408 if its body has not arrived.

        If the response has started, it cannot be changed any more.
        """
        if self.status:
            return
        headers = {"Retry-After": "1"}
        if not self._is_complete:
            headers["Connection"] = "close"  # the rest of the body is not awaited
        response = JSONResponse(
            {"detail": "the request took too long."}, 503 if self._is_complete else 408, headers
        )
        await response(scope, self._receive, self.send)

    async def respond_error(self, scope: MutableMapping[str, Any]) -> None:
        """Respond 500 without details, which are in the log, unless the response has started."""
        if self.status:
            return
        detail = "internal server error; the request may have caused it."
        await JSONResponse({"detail": detail}, 500)(scope, self._receive, self.send)

    def _too_large(self) -> HTTPException:
        """Return a 413 that closes the connection, as the rest of the body is not read."""
        detail = f"the body is larger than {self._max_bytes} bytes."
        return HTTPException(413, detail, {"Connection": "close"})
