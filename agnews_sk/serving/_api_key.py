"""The API key that clients must send: which keys are possible, and how a request is checked."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException
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


def key_check(api_key: str) -> Callable[..., Any]:
    """Return a dependency of FastAPI that compares the header `X-API-Key` with a key.

    The comparison takes the same time for every wrong key, so that timing does not reveal a prefix.

    Parameters
    ----------
    api_key : str

    Returns
    -------
    callable
        Raises a 401 without the key.
    """
    header = APIKeyHeader(name="X-API-Key", auto_error=False)
    expected = api_key.encode()

    async def check(given: Annotated[str | None, Depends(header)]) -> None:
        """Reject a request without the key by 401."""
        # Headers are decoded as Latin-1, regardless of the encoding of the client.
        if not secrets.compare_digest((given or "").encode("latin-1"), expected):
            raise HTTPException(
                401, "the header X-API-Key is missing or wrong.", {"WWW-Authenticate": "APIKey"}
            )

    return check
