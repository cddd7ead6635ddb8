"""Labels of some rows of a pool, and positions of rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.validation import check_labels, n_rows

_SETS = (list, tuple, set, frozenset, np.ndarray)


def partial_labels(y: Any, X: Any, *, name: str = "y") -> np.ndarray:
    """Return labels of any container as objects, None where there is none.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        Rows without a label have None, NaN or pandas' NA; None for no label at all.
    X : array-like of shape (n_samples, ...)
    name : str, default="y"
        In messages.

    Returns
    -------
    ndarray of object of shape (n_samples,)

    Raises
    ------
    TypeError, ValueError
        If lengths differ, or what is there are no labels, one per row.
    """
    n = n_rows(X)
    labels = np.full(n, None, dtype=object)
    if y is None:
        return labels
    values = list(y)
    if len(values) != n:
        raise ValueError(
            f"{name} must have one label or None per row of X, {n}, got {len(values)}."
        )
    known = np.array([not _is_missing(value) for value in values], dtype=bool)
    labels[known] = plain_labels([value for value, one in zip(values, known) if one], name=name)
    return labels


def plain_labels(labels: Sequence[Any], *, name: str) -> list[Any]:
    """Return labels of one kind as Python values.

    Parameters
    ----------
    labels : sequence of labels
        May be empty.
    name : str
        In messages.

    Returns
    -------
    list of str, int, bool or float

    Raises
    ------
    TypeError, ValueError
        If a row has several, or one is no label.
    """
    if any(isinstance(label, _SETS) for label in labels) or (len(labels) and is_multilabel(labels)):
        raise ValueError(
            f"{name} must have one label per row, got several: rows with several labels cannot be "
            "queried."
        )
    return check_labels(list(labels), name=name).tolist() if len(labels) else []


def as_positions(rows: Any, n: int) -> np.ndarray:
    """Return positions of rows as integers.

    Parameters
    ----------
    rows : int or sequence of int
    n : int
        Number of rows in the pool.

    Returns
    -------
    ndarray of int of shape (n_rows,)

    Raises
    ------
    ValueError
        If one is no position, or is there twice.
    """
    found = np.atleast_1d(np.asarray(rows))
    if found.ndim != 1 or (found.size and not np.issubdtype(found.dtype, np.integer)):
        raise ValueError(f"rows must be positions in the pool, got {rows!r:.100}.")
    outside = found[(found < 0) | (found >= n)]
    if outside.size:
        raise ValueError(f"rows must be from 0 to {n - 1}, got {int(outside[0])}.")
    if len(set(found.tolist())) < len(found):
        raise ValueError("rows must differ from each other; one is there twice.")
    return found.astype(int)


def _is_missing(label: Any) -> bool:
    """Return whether a row has no label."""
    return not isinstance(label, _SETS) and bool(pd.isna(label))
