"""Texts so few that each is handled alone: an operation on a column takes as long as some."""

import re
from typing import Any

import numpy as np

# Most rows that are handled one by one, in Python.
FEW_ROWS = 64
_SURROGATE = re.compile("[\ud800-\udfff]")


def few_texts(X: Any) -> list[str] | None:
    """Return a few texts as a list, without making a column of them.

    Parameters
    ----------
    X : array-like of shape (n_samples,)

    Returns
    -------
    list of str, or None
        None for whatever `check_texts` is needed for: many rows, missing or damaged texts, other
        containers.

    Examples
    --------
    >>> from agnews_sk._core.few_texts import few_texts
    >>> few_texts(("Oil", "up")), few_texts(["Oil", None])
    (['Oil', 'up'], None)
    """
    is_array = type(X) is np.ndarray and X.ndim == 1 and X.dtype == object
    if not is_array and type(X) not in (list, tuple):
        return None
    if not 0 < len(X) <= FEW_ROWS:
        return None
    texts = list(X)
    return texts if all(map(_is_text, texts)) else None


def _is_text(value: Any) -> bool:
    """Return whether a value is a `str` that has a form in UTF-8."""
    return type(value) is str and (value.isascii() or _SURROGATE.search(value) is None)
