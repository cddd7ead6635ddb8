"""The API key that clients must send: which keys are possible, and how a request is checked."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader


def check_key(api_key: str | None) -> None:
    """Reject an API key that is empty, or that no request can send.

    Parameters
    ----------
    api_key : str or None
        None requires no key.

    Raises
    ------
    ValueError
        If it is empty, begins or ends with whitespace, or has a character that a header cannot
        have.
    """
    if api_key is None:
        return
    if not api_key:
        raise ValueError(
            "api_key (--api-key, AGNEWS_SK_API_KEY) must not be empty, got an empty string; pass "
            "None, or unset the variable, to require no key."
        )
    if api_key != api_key.strip() or not api_key.isprintable():
        raise ValueError(
            "api_key (--api-key, AGNEWS_SK_API_KEY) must fit in a header: it begins or ends with "
            "whitespace, or has a character that cannot be printed."
        )


def has_key(api_key: str | None, headers: list[tuple[bytes, bytes]]) -> bool:
    """Return whether a request has the key, or needs none.

    The comparison takes the same time for every wrong key, so that timing does not reveal a prefix.

    Parameters
    ----------
    api_key : str or None
    headers : list of (bytes, bytes)
        Names in lower case, and values.

    Returns
    -------
    bool
    """
    if api_key is None:
        return True
    given = next((value for name, value in headers if name == b"x-api-key"), b"")
    return secrets.compare_digest(given, api_key.encode())


def key_check(api_key: str) -> Callable[..., Any]:
    """Return a dependency of FastAPI that rejects a request without the header `X-API-Key`.

    Parameters
    ----------
    api_key : str

    Returns
    -------
    callable
        Raises a 401 without the key.
    """
    header = APIKeyHeader(name="X-API-Key", auto_error=False)

    async def check(request: Request, _: Annotated[str | None, Depends(header)]) -> None:
        """Reject a request without the key by 401."""
        if not has_key(api_key, request.scope["headers"]):
            raise HTTPException(
                401, "the header X-API-Key is missing or wrong.", {"WWW-Authenticate": "APIKey"}
            )

    return check
