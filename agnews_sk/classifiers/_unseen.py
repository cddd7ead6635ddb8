"""Held-out rows of a matrix whose vectorizer has seen them too."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import row_norms


def as_unseen(X: Any, X_fitted: Any) -> Any:
    """Return held-out rows as they would be if the vectorizer had been fitted without them.

    Parameters
    ----------
    X, X_fitted : {ndarray, CSR matrix} of shape (n_rows, n_features)
        Sparse rows lose the features that no fitted row has. Where most rows have one norm, these
        are scaled back to it. Dense rows are returned unchanged.

    Returns
    -------
    {ndarray, CSR matrix} of shape (n_rows, n_features)
    """
    if not sp.issparse(X):
        return X
    known = np.zeros(X.shape[1], dtype=bool)
    known[X_fitted.indices] = True
    return with_known(X, known)


def with_known(X: Any, known: np.ndarray) -> Any:
    """Return sparse rows without unknown features, scaled back to the norm of most rows.

    Parameters
    ----------
    X : CSR matrix of shape (n_rows, n_features)
    known : ndarray of bool of shape (n_features,)

    Returns
    -------
    CSR matrix of shape (n_rows, n_features)
    """
    left = type(X)((X.data * known[X.indices], X.indices, X.indptr), shape=X.shape)
    length, now = row_norms(X), row_norms(left)
    is_scaled = _has_common_norm(length)
    scale = np.divide(length, now, out=np.ones_like(length), where=is_scaled & (now > 0))
    left.data *= np.repeat(scale.astype(X.dtype), np.diff(X.indptr))
    return left


def _has_common_norm(norms: np.ndarray) -> np.ndarray:
    """Return which rows have the norm of most rows, none if there is no such norm.

    Rows of a union of words and characters have another one if they have only either of them.

    Parameters
    ----------
    norms : ndarray of float of shape (n_rows,)
        Rows without features, of norm 0, do not count.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
    """
    counted = norms[norms > 0]
    if not len(counted):
        return np.zeros(len(norms), dtype=bool)
    # One that more than half of the rows have is the median.
    common = np.isclose(norms, np.median(counted))
    return common & (2 * common.sum() > len(counted))


def finite(margins: np.ndarray) -> np.ndarray:
    """Return the margins; reject those that are infinite or NaN.

    Parameters
    ----------
    margins : ndarray of float

    Returns
    -------
    ndarray of float

    Raises
    ------
    ValueError
    """
    if not np.isfinite(margins).all():
        raise ValueError("the decision function overflows on X; scale its rows, as TF-IDF does.")
    return margins
