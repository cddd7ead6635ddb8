"""Which columns are frequent enough, as scikit-learn decides it."""

from numbers import Integral

import numpy as np
import scipy.sparse as sp


def frequent_columns(
    counts: sp.csr_array, min_df: float, max_df: float, max_features: int | None
) -> np.ndarray:
    """Tell which columns of a count matrix stay.

    Parameters
    ----------
    counts : csr_array of shape (n_rows, n_columns)
        Columns in the order of their names: ties of `max_features` are broken as scikit-learn's
        sort breaks them.
    min_df, max_df : int or float
        Least and most rows; a float is a share of the rows.
    max_features : int or None
        How many of the most frequent to keep.

    Returns
    -------
    ndarray of bool of shape (n_columns,)

    Raises
    ------
    ValueError
        If the limits contradict each other or no column stays.
    """
    n_rows, n_columns = counts.shape
    least = min_df if isinstance(min_df, Integral) else min_df * n_rows
    most = max_df if isinstance(max_df, Integral) else max_df * n_rows
    if most < least:
        raise ValueError("max_df corresponds to < documents than min_df")
    frequency = np.bincount(counts.indices, minlength=n_columns)
    kept = (least <= frequency) & (frequency <= most)
    if max_features is not None and kept.sum() > max_features:
        totals = np.asarray(counts.sum(axis=0)).ravel()
        best = (-totals[kept]).argsort()[:max_features]
        chosen = np.flatnonzero(kept)[best]
        kept = np.zeros(n_columns, dtype=bool)
        kept[chosen] = True
    if not kept.any():
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    return kept
