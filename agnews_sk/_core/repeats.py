"""Find rows that repeat: texts, rows of a frame, or rows of numbers."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.base import JoinsColumns
from agnews_sk._core.joining import join_columns
from agnews_sk._core.same_text import normalized, same_text_groups
from agnews_sk._core.splitting import join_groups
from agnews_sk._core.validation import as_frame, check_texts, is_frame, text_columns


def repeats_of(X: Any, *estimators: Any) -> np.ndarray:
    """Return one value per row, equal for rows that repeat each other.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, ...)
        Texts are compared as in `DuplicateFilter`, numbers by value, and rows of several columns by
        all of them.
    *estimators : estimator
        What the rows are for. If any of them, or an estimator within it, joins columns of a frame,
        only the texts of these columns are compared.

    Returns
    -------
    ndarray of shape (n_samples,)

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.repeats import repeats_of
    >>> repeats_of(["Oil up", "Goal!", "oil up."]).tolist()
    [0, 1, 0]
    >>> repeats_of(pd.DataFrame({"title": ["Oil", "oil"], "views": [3, 4]})).tolist()
    [0, 1]
    """
    X = as_frame(X)
    if is_frame(X):
        return _repeats_of_frame(X, estimators)
    if sp.issparse(X):
        return same_rows(X)
    texts = _as_texts(X)
    return _repeats_of_values(X) if texts is None else same_text_groups(texts)


def same_rows(X: Any) -> np.ndarray:
    """Return one value per row of a matrix, equal for equal rows.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        For a sparse matrix the product with random weights, which differs for different rows with
        probability one.
    """
    if sp.issparse(X):
        return X @ np.random.default_rng(0).standard_normal(X.shape[1])
    # Not for dense rows: BLAS adds up a row in an order that depends on its place in the matrix.
    rows = _in_narrowest_type(np.ascontiguousarray(X) + 0.0)  # no -0.0
    as_bytes = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    return np.unique(as_bytes, return_inverse=True)[1]


def _in_narrowest_type(rows: np.ndarray) -> np.ndarray:
    """Return floats in single precision if that changes none.

    Values are numbered in the order of their bytes, and folds depend on the numbers: equal values
    have to get equal folds in either precision. scikit-learn doubles that of Polars frames.
    """
    with np.errstate(over="ignore"):
        single = rows.astype(np.float32)
    return single if np.array_equal(single, rows, equal_nan=True) else rows


def _repeats_of_frame(X: Any, estimators: tuple[Any, ...]) -> np.ndarray:
    """Compare rows of a frame: by the columns that estimators join, else by all columns."""
    joiners = [joiner for estimator in estimators for joiner in _joiners_in(estimator)]
    if joiners:
        joins = [join_columns(list(text_columns(X, one.columns).values())) for one in joiners]
        return join_groups(*map(same_text_groups, joins))
    frame = X if isinstance(X, pd.DataFrame) else X.to_pandas()
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    if all(isinstance(c.dtype, np.dtype) and c.dtype.kind in "biuf" for c in columns):
        return _repeats_of_numbers(frame.to_numpy())
    return np.unique(np.column_stack([_codes(c) for c in columns]), axis=0, return_inverse=True)[1]


def _joiners_in(estimator: Any) -> list[JoinsColumns]:
    """Return the steps of an estimator, at any depth, that join columns."""
    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [one for one in params.values() if isinstance(one, JoinsColumns)]


def _repeats_of_values(X: Any) -> np.ndarray:
    """Compare rows of anything that is neither texts nor a frame nor sparse."""
    try:
        values = np.asarray(X)
    except ValueError:  # rows of unequal length
        values = np.array([str(row) for row in X])
    values = values.reshape(len(values), -1)
    if values.dtype.kind in "biuf":
        return _repeats_of_numbers(values)
    return _repeats_of_frame(pd.DataFrame(values), ())


def _repeats_of_numbers(values: np.ndarray) -> np.ndarray:
    """Compare rows of numbers; NaN is equal to NaN, and so are infinities of one sign."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.1, posinf=0.2, neginf=0.3)
    return same_rows(values)


def _codes(cells: pd.Series) -> np.ndarray:
    """Return an integer per cell, equal for cells with the same text or value."""
    texts = _as_texts(cells)
    if texts is None:
        return pd.factorize(cells.astype(str))[0]
    return normalized(texts).fill_null("").cast(pl.Categorical).to_physical().to_numpy()


def _as_texts(values: Any) -> pl.Series | None:
    """Return values as texts, None if they are none."""
    try:
        return check_texts(values)
    except (TypeError, ValueError):
        return None
