"""The responses to requests that are rejected."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from agnews_sk.serving._schemas import Problem

_MAX_REASONS = 20
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not JSON."},
    401: {"model": Problem, "description": "No API key, or a wrong one."},
    408: {"model": Problem, "description": "The body was sent too slowly."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "Not a valid request, or above a limit."},
    429: {"model": Problem, "description": "Too many texts are waiting; retry later."},
    503: {"model": Problem, "description": "Too slow, or not ready."},
}
"""The documented responses, by status."""


async def respond_invalid(request: Request, error: Any) -> Response:
    """Return a 422 with the place and the reason of the first errors in a request.

    Parameters
    ----------
    request : fastapi.Request
    error : RequestValidationError

    Returns
    -------
    JSONResponse
        The invalid input itself is left out, as it may be anything.
    """
    # Without the input, which may have values that JSON cannot hold, such as NaN or surrogates.
    found = [
        {"where": ".".join(map(str, one["loc"])), "message": one["msg"]}
        for one in error.errors()[:_MAX_REASONS]
    ]
    return JSONResponse({"detail": found}, 422)
