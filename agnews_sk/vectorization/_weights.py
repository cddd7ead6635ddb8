"""Weigh counts of n-grams by the rules of scikit-learn's `TfidfTransformer`."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.sparsefuncs_fast import (
    inplace_csr_row_normalize_l1,
    inplace_csr_row_normalize_l2,
)

from agnews_sk.vectorization._class_information import class_information, information_of

# With fewer, weights repeat the labels of the rows, and rows held out to calibrate a classifier
# look easier than new ones.
_ENOUGH_ROWS = 1_000
_NORMALIZE = {"l1": inplace_csr_row_normalize_l1, "l2": inplace_csr_row_normalize_l2}


def fit_weights(
    counts: sp.csr_array, y: Any, *, supervised: Any, **params: Any
) -> TfidfTransformer:
    """Learn the weights of columns.

    Parameters
    ----------
    counts : csr_array of shape (n_samples, n_features)
    y : array-like of shape (n_samples,), or sets of labels, or None
    supervised : bool or "auto"
        Whether to multiply them by the information of the columns about the class; "auto" does so
        with many rows, and if there are inverse document frequencies.
    **params
        Of `TfidfTransformer`.

    Returns
    -------
    TfidfTransformer

    Raises
    ------
    ValueError
        If y is needed and None.
    """
    if supervised == "auto":
        supervised = y is not None and weighs_by_class(counts.shape[0], **params)
    if supervised and y is None:
        raise ValueError(
            "supervised=True weights n-grams by the classes, so fit needs y, got None; pass the "
            "labels, or set supervised=False."
        )
    weights = TfidfTransformer(**params).fit(counts)
    if supervised:
        weights.idf_ = weights.idf_ * class_information(counts, y)
    return weights


def weighs_by_class(n_rows: int, *, use_idf: bool, **params: Any) -> bool:
    """Return whether supervised="auto" multiplies weights, with so many labelled rows."""
    return n_rows >= _ENOUGH_ROWS and use_idf


def weights_of(
    found: sp.csc_array, n_of_class: np.ndarray, dtype: Any, *, supervised: Any, **params: Any
) -> TfidfTransformer:
    """Return the weights that `fit_weights` learns, by the rows of each class with each n-gram.

    Parameters
    ----------
    found : csc_array of int of shape (n_classes, n_features)
        Number of such rows.
    n_of_class : ndarray of int of shape (n_classes,)
        Number of rows of each class.
    dtype : dtype
        Of the counts.
    supervised : bool or "auto"
    **params
        Of `TfidfTransformer`.

    Returns
    -------
    TfidfTransformer
    """
    n_rows = int(n_of_class.sum())
    weights = TfidfTransformer(**params)
    weights.fit(sp.csr_array((1, found.shape[1]), dtype=dtype))
    if params["use_idf"]:
        dtype = np.dtype(dtype) if dtype in (np.float64, np.float32) else np.dtype(np.float64)
        # As `TfidfTransformer.fit` computes it, operation by operation.
        frequency = np.asarray(found.sum(axis=0)).ravel().astype(dtype)
        frequency += float(params["smooth_idf"])
        weights.idf_ = np.full_like(frequency, n_rows + int(params["smooth_idf"]), dtype=dtype)
        weights.idf_ /= frequency
        np.log(weights.idf_, out=weights.idf_)
        weights.idf_ += 1.0
    if weighs_by_class(n_rows, **params) if supervised == "auto" else supervised:
        weights.idf_ = weights.idf_ * information_of(found.astype(float), n_of_class.astype(float))
    return weights


def weigh(counts: sp.csr_array, weights: TfidfTransformer) -> sp.csr_array:
    """Return the weights of counts, bit for bit those of `weights.transform`, without its checks.

    On one text these checks would take as long as all else.

    Parameters
    ----------
    counts : csr_array of shape (n_samples, n_features)
        Overwritten.
    weights : TfidfTransformer
        Fitted.

    Returns
    -------
    csr_array of shape (n_samples, n_features)
        Of float32 if the counts are, and else of float64.
    """
    if counts.dtype not in (np.float32, np.float64):
        counts.data = counts.data.astype(np.float64)
    if weights.sublinear_tf:
        np.log(counts.data, out=counts.data)
        counts.data += 1
    if weights.use_idf:
        counts.data *= weights.idf_[counts.indices]
    if weights.norm is not None:
        _NORMALIZE[weights.norm](counts)
    return counts
