"""Weigh counts of n-grams by the rules of scikit-learn's `TfidfTransformer`."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.sparsefuncs_fast import (
    inplace_csr_row_normalize_l1,
    inplace_csr_row_normalize_l2,
)

from agnews_sk.vectorization._class_information import class_information

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
        enough = counts.shape[0] >= _ENOUGH_ROWS
        supervised = enough and y is not None and params["use_idf"]
    if supervised and y is None:
        raise ValueError(
            "supervised=True weights n-grams by the classes, so fit needs y, got None; pass the "
            "labels, or set supervised=False."
        )
    weights = TfidfTransformer(**params).fit(counts)
    if supervised:
        weights.idf_ = weights.idf_ * class_information(counts, y)
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
