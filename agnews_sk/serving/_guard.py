"""What every request meets first: limits of size and time, counting, and the end of service."""

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
    """ASGI middleware that bounds body and time of a request, and counts it.

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
        """Serve a request, or hand on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._limits.body_bytes)
        if scope["method"] == "HEAD":
            # In a copy: the server still has to know that the answer has no body.
            scope = {**scope, "method": "GET"}
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, request.receive, request.send)
        except TimeoutError:
            await request.answer_late(scope)
        except Exception:
            _log.exception("a request to %s failed", scope["path"])
            await request.answer_failed(scope)
        finally:
            self._count(scope, request.status, time.perf_counter() - start)

    def _count(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        # The route's path, not the client's, or a client could make us count without end.
        path = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(path, str(status)).inc()
        if path == "/predict":
            self._metrics.seconds.observe(seconds)


class _Request:
    """One request on its way in and its answer on the way out."""

    def __init__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, max_bytes: int
    ) -> None:
        self._state = scope["app"].state
        self._receive, self._send = receive, send
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._came_whole = False
        self._without_body = scope["method"] == "HEAD"
        self.status = 0
        length = dict(scope["headers"]).get(b"content-length", b"0")
        self._declared = int(length) if length.isdigit() else 0

    async def receive(self) -> Message:
        if self._declared > self._max_bytes:
            raise self._too_large()
        message = await self._receive()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._max_bytes:
            raise self._too_large()
        self._came_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._state.stopping:  # the client opens its next connection elsewhere
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def answer_late(self, scope: MutableMapping[str, Any]) -> None:
        if self.status:
            return
        headers = {"Retry-After": "1"}
        if not self._came_whole:
            headers["Connection"] = "close"  # or the rest of the body would be waited for
        answer = JSONResponse(
            {"detail": "the request took too long."}, 503 if self._came_whole else 408, headers
        )
        await answer(scope, self._receive, self.send)

    async def answer_failed(self, scope: MutableMapping[str, Any]) -> None:
        if self.status:
            return
        detail = "the service failed; the request may be at fault."
        await JSONResponse({"detail": detail}, 500)(scope, self._receive, self.send)

    def _too_large(self) -> HTTPException:
        detail = f"the body is larger than {self._max_bytes} bytes."
        return HTTPException(413, detail, {"Connection": "close"})
