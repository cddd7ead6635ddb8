"""Weigh counts of n-grams by the rules of scikit-learn's `TfidfTransformer`."""

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.sparsefuncs_fast import (
    inplace_csr_row_normalize_l1,
    inplace_csr_row_normalize_l2,
)

_NORMALIZE = {"l1": inplace_csr_row_normalize_l1, "l2": inplace_csr_row_normalize_l2}


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
