"""Votes of similar texts for the classes of a text."""

from typing import Any

import numpy as np
import scipy.sparse as sp

# N-grams of more texts are not compared.
_MOST_TEXTS = 100
# Rows that are compared with all others at once: limits the memory.
_BLOCK = 1_000


def neighbour_votes(features: Any, codes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the votes of other texts for each class, weighted by similarity.

    Parameters
    ----------
    features : sparse matrix of shape (n_rows, n_features)
        TF-IDF, of norm 1. Only n-grams of at most 100 texts are compared, which makes the time
        linear in the number of texts, and ignores words that say little.
    codes : ndarray of int of shape (n_rows,)
        Positions of the labels among the classes.
    groups : ndarray of int of shape (n_rows,)
        Rows of one group, such as copies, do not vote for each other.

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        Sums of squared cosine similarities.
    """
    n, n_classes = len(codes), int(codes.max()) + 1
    n_texts = np.bincount(features.indices, minlength=features.shape[1])
    compared = np.flatnonzero((n_texts > 1) & (n_texts <= _MOST_TEXTS))
    rare = sp.csr_array(sp.csc_array(features)[:, compared]).astype(np.float32)
    by_ngram = rare.T.tocsr()
    labels = np.eye(n_classes)[codes]
    votes = np.zeros((n, n_classes))
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        similarity = sp.csr_array(rare[block] @ by_ngram)  # (n_block, n_rows)
        own = np.repeat(groups[block], np.diff(similarity.indptr))
        similarity.data[groups[similarity.indices] == own] = 0
        similarity.data **= 2
        votes[block] = similarity @ labels
    return votes
