"""Rows of one container appended to those of another."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.validation import Frame, as_frame, is_frame


def append_rows(X: Any, more: Any, *, name: str) -> Any:
    """Return the rows of X, and after them those of another container.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, ...)
        Texts, a frame, or a dense or sparse matrix.
    more : DataFrame or array-like of shape (n_more, ...)
        Of the same kind as X; texts may be in any container, and a frame may have further columns.
    name : str
        Name of `more` in messages.

    Returns
    -------
    DataFrame, ndarray, CSR matrix or list of length n_samples + n_more

    Raises
    ------
    TypeError
        If only one of them is a frame, or they are frames of two libraries.
    ValueError
        If `more` lacks columns of X, or has rows of another length.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.appending import append_rows
    >>> append_rows(["oil"], pd.Series(["cup", "war"]), name="X_unlabelled")
    ['oil', 'cup', 'war']
    """
    X, more = as_frame(X), as_frame(more)
    if is_frame(X) or is_frame(more):
        return _append_frame(X, more, name)
    if sp.issparse(X) or sp.issparse(more):
        _check_width(np.shape(X), np.shape(more), name)
        return sp.vstack([sp.csr_array(X), sp.csr_array(more)], format="csr")
    if len(np.shape(X)) == 2 and not isinstance(X, (list, tuple)):
        _check_width(np.shape(X), np.shape(more), name)
        return np.concatenate([X, more])
    return [*X, *more]


def _append_frame(X: Any, more: Any, name: str) -> Frame:
    """Append the rows of a frame to another of the same library, by the columns of the first."""
    for kind in (pd.DataFrame, pl.DataFrame):
        if isinstance(X, kind) and isinstance(more, kind):
            break
    else:
        raise TypeError(
            f"{name} must be of the kind of X, {type(X).__name__} of {_library(X)}, got "
            f"{type(more).__name__} of {_library(more)}; convert one of them."
        )
    missing = [column for column in X.columns if column not in more.columns]
    if missing:
        raise ValueError(
            f"{name} must have the columns of X, {list(map(str, X.columns))}; it lacks {missing}."
        )
    more = more[list(X.columns)]
    if isinstance(X, pl.DataFrame):
        return pl.concat([X, more], how="vertical_relaxed")
    return pd.concat([X, more], ignore_index=True)


def _library(X: Any) -> str:
    """Return the name of the library that a container is from."""
    return type(X).__module__.partition(".")[0]


def _check_width(shape: tuple[int, ...], more: tuple[int, ...], name: str) -> None:
    """Reject a matrix with another number of columns."""
    if len(more) != 2 or more[1] != shape[1]:
        raise ValueError(f"{name} must have rows like X, of shape {shape}, got shape {more}.")
