"""Which rows repeat, whatever they are: texts, columns of a frame, or numbers."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._same_text import joined, normalized, same_text_groups
from agnews_sk._splitting import join_groups
from agnews_sk._validation import as_frame, check_texts, is_frame, text_columns
from agnews_sk.classifiers._linear import same_rows
from agnews_sk.cleaning import ColumnJoiner


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
    >>> from agnews_sk.classifiers._repeats import repeats_of
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


def _repeats_of_frame(X: Any, estimators: tuple[Any, ...]) -> np.ndarray:
    joiners = [joiner for estimator in estimators for joiner in _joiners_in(estimator)]
    if joiners:
        joins = [joined(list(text_columns(X, one.columns).values())) for one in joiners]
        return join_groups(*map(same_text_groups, joins))
    frame = X if isinstance(X, pd.DataFrame) else X.to_pandas()
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    if all(isinstance(c.dtype, np.dtype) and c.dtype.kind in "biuf" for c in columns):
        return _repeats_of_numbers(frame.to_numpy())
    return np.unique(np.column_stack([_codes(c) for c in columns]), axis=0, return_inverse=True)[1]


def _joiners_in(estimator: Any) -> list[ColumnJoiner]:
    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [one for one in params.values() if isinstance(one, ColumnJoiner)]


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
