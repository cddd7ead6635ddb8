"""Token ids in any container: distinguished from texts, and made ragged."""

from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, to_ragged


def holds_ids(X: Any) -> bool:
    """Return whether X holds token ids, ragged or as a 2-D integer array, and not texts."""
    if isinstance(X, pl.Series):
        return isinstance(X.dtype, (pl.List, pl.Array))
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "iu"


def as_ragged_ids(X: pl.Series | np.ndarray, *, name: str = "X") -> pl.Series:
    """Return token ids as one ragged column.

    Parameters
    ----------
    X : polars.Series of list of int, or ndarray of int of shape (n_samples, length)
        Every row of an array is a text of the same length. A null row has no ids.
    name : str, default="X"
        Name of X in messages.

    Returns
    -------
    polars.Series of list of int of shape (n_samples,)

    Raises
    ------
    TypeError
        If X holds tokens that are not numbers.
    ValueError
        If X has no rows, or a row has a null among its ids.
    """
    if len(X) == 0:
        raise ValueError(f"{name} is empty: at least one text is needed, got 0.")
    if isinstance(X, np.ndarray):
        n_samples, length = X.shape
        return to_ragged(np.ascontiguousarray(X).ravel(), np.arange(n_samples + 1) * length)
    ids = X.cast(pl.List(X.dtype.inner)) if isinstance(X.dtype, pl.Array) else X
    values = flat_values(ids)
    if not (values.dtype.is_integer() or values.dtype == pl.Null):
        raise TypeError(
            f"{name} must hold token ids, got lists of {values.dtype}; put a Vocabulary, which "
            "maps tokens to ids, before the classifier."
        )
    if values.null_count() > 0:
        raise ValueError(f"{name} must hold token ids, got a null among the ids of a text.")
    return ids
