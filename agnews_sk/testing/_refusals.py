"""What a good refusal is: the right kind of error, with the right words."""

import re
from collections.abc import Callable
from typing import Any

from agnews_sk.testing._answers import ensure

Errors = tuple[type[Exception], ...]


def ensure_refuses(
    call: Callable[[], Any], *words: str, errors: Errors = (TypeError, ValueError)
) -> None:
    """Raise an AssertionError unless the call raises one of the errors and names one of the words.

    An error of another kind goes through: it is no refusal, but a crash.
    """
    try:
        call()
    except errors as error:
        message = str(error)
        named = any(re.search(rf"\b{re.escape(w)}", message, re.IGNORECASE) for w in words)
        ensure(named, f"the message names none of {', '.join(words)}: {message!r:.200}")
    else:
        ensure(False, "nothing was raised")
