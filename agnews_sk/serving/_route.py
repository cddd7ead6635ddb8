"""The route of predictions, which reads valid requests without the machinery of FastAPI."""

import json
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from agnews_sk.serving._guard import Message, Receive, Send

_JSON = (b"content-type", b"application/json")


class JsonRoute(APIRoute):
    """A route that reads the JSON body of a valid request itself.

    FastAPI resolves dependencies and creates several objects for each request, which takes longer
    than a linear model takes to predict. It still documents the route, and responds to every
    request that is not plainly valid, so that the reasons of a rejection have one source.

    Parameters
    ----------
    path : str
    endpoint : callable
        From the validated body to a response; it takes nothing else.
    body : type of BaseModel
        Validates the body.
    is_allowed : callable
        From the headers, a list of pairs of bytes, to whether all dependencies of the route would
        let the request pass.
    **options
        As FastAPI passes them.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        body: type[BaseModel],
        is_allowed: Callable[[list[tuple[bytes, bytes]]], bool],
        **options: Any,
    ) -> None:
        super().__init__(path, endpoint, **options)
        self._body = body
        self._is_allowed = is_allowed

    async def handle(self, scope: Any, receive: Receive, send: Send) -> None:
        """Respond to a valid request, or let FastAPI do so."""
        headers = scope["headers"]
        # Of several types, FastAPI takes the first one.
        kind = next((header for header in headers if header[0] == _JSON[0]), None)
        if scope["method"] != "POST" or kind != _JSON or not self._is_allowed(headers):
            await super().handle(scope, receive, send)
            return
        messages = await _read(receive)
        request = self._validated(messages)
        if request is None:
            await super().handle(scope, _replay(messages, receive), send)
            return
        response = await self.endpoint(request)
        await response(scope, receive, send)

    def _validated(self, messages: list[Message]) -> BaseModel | None:
        """Return the body that was read, or None if it is incomplete or not valid."""
        if messages[-1]["type"] != "http.request":
            return None
        content = b"".join(message.get("body", b"") for message in messages)
        try:
            return self._body.model_validate(json.loads(content))
        except (ValueError, RecursionError, ValidationError):
            return None


async def _read(receive: Receive) -> list[Message]:
    """Return the messages of a request, up to the end of its body or of the connection."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """Return a channel that gives messages again before those that are still to come."""
    left = iter(messages)

    async def replay() -> Message:
        for message in left:
            return message
        return await receive()

    return replay
