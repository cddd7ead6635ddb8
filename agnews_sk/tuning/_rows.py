"""Checks of the rows and labels of a search."""

from collections.abc import Mapping, Set
from typing import Any


def check_rows(X: Any) -> None:
    """Reject objects that have a length but are not containers of rows.

    Parameters
    ----------
    X : container of n_samples rows

    Raises
    ------
    TypeError
        If X is a single text, a dict, a set or None.

    Examples
    --------
    >>> from agnews_sk.tuning._rows import check_rows
    >>> check_rows("Oil rises")
    Traceback (most recent call last):
    TypeError: X must have one row per text, got a single str; wrap it in a list: ['Oil rises'].
    """
    if isinstance(X, (str, bytes)):
        raise TypeError(
            f"X must have one row per text, got a single {type(X).__name__}; wrap it in a list: "
            f"[{X!r}]."
        )
    if X is None or isinstance(X, (Mapping, Set)):
        what = "None" if X is None else type(X).__name__
        raise TypeError(f"X must be a frame, a list, an array or a Series of rows, got {what}.")


def has_columns(y: Any) -> bool:
    """Return whether y has several columns, which the estimator itself must check."""
    shape: tuple[int, ...] = getattr(y, "shape", ())
    return len(shape) == 2 and shape[1] > 1
