"""Which rows repeat, whatever they are: texts, columns of a frame, or numbers."""

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
    """Return one value per row, the same for rows that repeat.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, ...)
        Texts are compared as `DuplicateFilter` does, numbers by their values, and a row of several
        columns by all of them.
    *estimators : estimator
        What the rows are for. Where any of them, or what it wraps, joins columns of a frame, rows
        repeat that have the same texts in these columns.

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
    """Return one value per row of a matrix, the same for equal rows.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        Of a sparse matrix, the product with random weights, which other rows have with
        probability zero.
    """
    if sp.issparse(X):
        return X @ np.random.default_rng(0).standard_normal(X.shape[1])
    # A product of dense rows adds them up in an order that depends on their place.
    rows = np.ascontiguousarray(X) + 0.0  # no -0.0
    as_bytes = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    return np.unique(as_bytes, return_inverse=True)[1]


def _repeats_of_frame(X: Any, estimators: tuple[Any, ...]) -> np.ndarray:
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
    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [one for one in params.values() if isinstance(one, JoinsColumns)]


def _repeats_of_values(X: Any) -> np.ndarray:
    try:
        values = np.asarray(X)
    except ValueError:  # rows of unequal length
        values = np.array([str(row) for row in X])
    values = values.reshape(len(values), -1)
    if values.dtype.kind in "biuf":
        return _repeats_of_numbers(values)
    return _repeats_of_frame(pd.DataFrame(values), ())


def _repeats_of_numbers(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.1, posinf=0.2, neginf=0.3)
    return same_rows(values)


def _codes(cells: pd.Series) -> np.ndarray:
    """Return a number per cell, the same for cells that are the same text or value."""
    texts = _as_texts(cells)
    if texts is None:
        return pd.factorize(cells.astype(str))[0]
    return normalized(texts).fill_null("").cast(pl.Categorical).to_physical().to_numpy()


def _as_texts(values: Any) -> pl.Series | None:
    try:
        return check_texts(values)
    except (TypeError, ValueError):
        return None
