"""Select columns by frequency, by the rules of scikit-learn's `CountVectorizer`."""

from collections.abc import Callable
from numbers import Integral

import numpy as np
import scipy.sparse as sp


def frequent_columns(
    counts: sp.csr_array, min_df: float, max_df: float, max_features: int | None
) -> np.ndarray:
    """Return which columns of a count matrix are kept.

    Parameters
    ----------
    counts : csr_array of shape (n_rows, n_columns)
        Each entry is stored once and is not zero. Columns are in the order of their names, since
        ties at `max_features` are decided by position.
    min_df, max_df : int or float
        Smallest and largest number of rows that an n-gram may occur in; a float is a share of
        the rows.
    max_features : int or None
        Number of columns to keep, those with the largest sums.

    Returns
    -------
    ndarray of bool of shape (n_columns,)

    Raises
    ------
    ValueError
        With scikit-learn's message, if the limits contradict each other or no column is left.

    Notes
    -----
    The comparisons are `CountVectorizer._limit_features`' own, operator by operator: another
    sorting algorithm, or a limit that is rounded, would keep other columns where counts tie.
    """
    n_rows, n_columns = counts.shape
    # Rows with an n-gram are its stored entries: the counts are not needed.
    frequency = np.bincount(counts.indices, minlength=n_columns)  # (n_columns,)

    def totals() -> np.ndarray:
        return np.asarray(counts.sum(axis=0)).ravel()  # (n_columns,)

    return frequent(frequency, totals, n_rows, min_df, max_df, max_features)


def bounds(n_rows: int, min_df: float, max_df: float) -> tuple[float, float]:
    """Return the least and the most rows that an n-gram may be in.

    Parameters
    ----------
    n_rows : int
    min_df, max_df : int or float
        As `frequent_columns` takes them.

    Returns
    -------
    least, most : float

    Raises
    ------
    ValueError
        If they contradict each other.
    """
    least = min_df if isinstance(min_df, Integral) else min_df * n_rows
    most = max_df if isinstance(max_df, Integral) else max_df * n_rows
    if most < least:
        raise ValueError("max_df corresponds to < documents than min_df")
    return least, most


def frequent(
    frequency: np.ndarray,
    totals: Callable[[], np.ndarray],
    n_rows: int,
    min_df: float,
    max_df: float,
    max_features: int | None,
) -> np.ndarray:
    """Return which columns are kept, by their frequencies.

    Parameters
    ----------
    frequency : ndarray of int of shape (n_columns,)
        Number of rows with each n-gram.
    totals : callable
        Returns the number of occurrences of each n-gram, ndarray of shape (n_columns,).
    n_rows : int
    min_df, max_df, max_features
        As `frequent_columns` takes them.

    Returns
    -------
    ndarray of bool of shape (n_columns,)
    """
    least, most = bounds(n_rows, min_df, max_df)
    kept = (least <= frequency) & (frequency <= most)
    if max_features is not None and kept.sum() > max_features:
        best = (-totals()[kept]).argsort()[:max_features]  # not stable, as in scikit-learn
        chosen = np.flatnonzero(kept)[best]
        kept = np.zeros(len(frequency), dtype=bool)
        kept[chosen] = True
    if not kept.any():
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    return kept
