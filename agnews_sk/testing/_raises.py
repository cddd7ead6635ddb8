"""How an estimator should reject its input: with the right error and a message that helps."""

import re
from collections.abc import Callable
from typing import Any

from agnews_sk.testing._outputs import ensure

Errors = tuple[type[Exception], ...]


def ensure_raises(
    call: Callable[[], Any], *words: str, errors: Errors = (TypeError, ValueError)
) -> None:
    """Raise an AssertionError unless the call raises one of the errors and names one of the words.

    An error of another type, such as an AttributeError, is not caught: the estimator did not
    reject its input but crashed on it.

    Parameters
    ----------
    call : callable
    *words : str
        The message must have one of them, or a word that begins with it, in any case.
    errors : tuple of exception types, default=(TypeError, ValueError)
    """
    try:
        call()
    except errors as error:
        message = str(error)
        named = any(re.search(rf"\b{re.escape(w)}", message, re.IGNORECASE) for w in words)
        ensure(named, f"the message names none of {', '.join(words)}: {message!r:.200}")
    else:
        ensure(False, "nothing was raised")
