"""How much an n-gram tells about the class of a text."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from agnews_sk._core.label_sets import check_label_sets, is_multilabel
from agnews_sk._core.validation import encode_labels

# Texts of the overall distribution of classes that are added to those with an n-gram.
_ADDED = 1.0
# Of an n-gram that tells nothing: rows of such n-grams only would else have no direction.
_LEAST = 0.3


def class_information(counts: sp.csr_array, y: Any) -> np.ndarray:
    r"""Return a weight for each column, larger the more its occurrence tells about the class.

    Parameters
    ----------
    counts : csr_array of shape (n_samples, n_features)
    y : array-like of shape (n_samples,), or sets of labels, or an indicator

    Returns
    -------
    ndarray of float of shape (n_features,)

    Raises
    ------
    ValueError
        If y has a single class, or missing labels.

    Notes
    -----
    A supervised term weighting (Debole and Sebastiani 2003, "Supervised term weighting for
    automated text categorization"). The weight is 0.3 plus the square root of the information about
    the class, in nats,

    .. math:: \sum_c P(c \mid t) \log \frac{P(c \mid t)}{P(c)},

    where :math:`P(c \mid t)` is the share of class c in the texts with the n-gram t and one
    more text of the overall distribution :math:`P(c)`. With several labels per text, these are
    shares of all labels.
    """
    of_class = _indicator(y, counts)  # (n_classes, n_samples)
    parts = (counts.data > 0).astype(float), counts.indices, counts.indptr
    present = sp.csr_array(parts, shape=counts.shape)
    found = sp.csc_array(of_class @ present)  # texts by class and column
    return information_of(found, of_class.sum(axis=1))


def information_of(found: sp.csc_array, n_of_class: np.ndarray) -> np.ndarray:
    """Return the weights of `class_information` by the texts of each class with each n-gram.

    Parameters
    ----------
    found : csc_array of shape (n_classes, n_features)
        Number of such texts.
    n_of_class : ndarray of shape (n_classes,)
        Number of texts of each class.

    Returns
    -------
    ndarray of float of shape (n_features,)
    """
    prior = n_of_class / n_of_class.sum()
    total = found.sum(axis=0)
    column = np.repeat(np.arange(found.shape[1]), np.diff(found.indptr))
    share = prior[found.indices]
    ratio = (found.data / share + _ADDED) / (total[column] + _ADDED)
    # Classes without the n-gram have the same ratio of shares, so that no dense array is needed.
    absent = _ADDED / (total + _ADDED)
    information = np.bincount(column, share * ratio * np.log(ratio), minlength=len(total))
    rest = 1 - np.bincount(column, share, minlength=len(total))
    information += rest * absent * np.log(absent)
    return np.sqrt(information.clip(min=0)) + _LEAST


def _indicator(y: Any, X: Any) -> sp.csr_array:
    """Return which row has which label, csr_array of shape (n_classes, n_samples)."""
    if is_multilabel(y):
        return sp.csr_array(check_label_sets(y, X).indicator.T.astype(float))
    classes, codes = encode_labels(y, X)
    rows = np.arange(len(codes))
    return sp.csr_array((np.ones(len(codes)), (codes, rows)), shape=(len(classes), len(codes)))
