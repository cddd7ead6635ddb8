"""Replace texts in rows of any container of texts, and keep its type."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.validation import check_texts, is_frame, take_rows


def take_and_replace(
    X: Any, indices: np.ndarray, texts: dict[str, np.ndarray], *, first: int
) -> Any:
    """Return some rows of X, with new texts in all but the first of them.

    Parameters
    ----------
    X : DataFrame or array-like of str of shape (n_samples,)
    indices : ndarray of int of shape (n_rows_out,)
        Rows of X to take.
    texts : dict of str to ndarray of object of shape (n_rows_out - first,)
        New texts by column, as `text_columns` names them; None keeps the text.
    first : int
        Number of leading rows that are unchanged.

    Returns
    -------
    The same kind of container as X, of length n_rows_out.
    """
    taken = take_rows(X, indices)
    if not is_frame(X):
        (only,) = texts.values()
        return _replaced(taken, only, first)
    columns = {c: _replaced(taken[c], texts[str(c)], first) for c in X.columns if str(c) in texts}
    if isinstance(X, pl.DataFrame):
        return taken.with_columns(**columns)
    frame = taken.copy()
    for c, column in columns.items():
        frame[c] = column
    return frame


def _replaced(column: Any, texts: np.ndarray, first: int) -> Any:
    """Return a column of the same type with new texts after the first rows.

    Parameters
    ----------
    column : list, tuple, ndarray, pandas Series, Index or array, Polars Series of shape (n_rows,)
    texts : ndarray of object of shape (n_rows - first,)
        None keeps the text.
    first : int

    Returns
    -------
    The same kind of container, of object where a pandas category could not hold a new text.
    """
    new = np.flatnonzero(pd.notna(texts))
    positions, texts = first + new, texts[new]
    if isinstance(column, pl.Series):
        return check_texts(column).scatter(positions, texts).alias(column.name)
    values = np.array(column, dtype=object)
    values.flat[positions] = texts
    if isinstance(column, pd.Series):
        dtype = column.dtype if isinstance(column.dtype, pd.StringDtype) else object
        return pd.Series(values, index=column.index, name=column.name, dtype=dtype)
    if isinstance(column, pd.Index):
        return pd.Index(values, name=column.name)
    if isinstance(column, pd.api.extensions.ExtensionArray):
        return pd.array(values.tolist(), dtype=column.dtype)
    if isinstance(column, (list, tuple)):
        return type(column)(values)
    return values.astype(str) if column.dtype.kind == "U" else values.astype(column.dtype)
