"""Pseudo-labels of unlabelled rows: which rows get one, which, and with which weight."""

from typing import NamedTuple

import numpy as np

from agnews_sk._core.user_warnings import warn_user

_MAX_STEPS = 200  # of the factors of the classes
_TOLERANCE = 1e-4  # of the share of a class, relative
_LEAST_PROBABILITY = 0.05  # of a class that a row is repeated for


class PseudoLabels(NamedTuple):
    """Labels of unlabelled rows, given by a classifier.

    Attributes
    ----------
    rows : ndarray of int of shape (n_chosen,)
        Positions of unlabelled rows; repeated where a row has several labels, with weights.
    codes : ndarray of int of shape (n_chosen,)
        Class of each.
    weight : ndarray of float of shape (n_chosen,)
        Weights of the labels of a row add up to 1.
    """

    rows: np.ndarray
    codes: np.ndarray
    weight: np.ndarray


def with_shares(y_proba: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return probabilities with a factor for each class, such that their means are these shares.

    Without it, the class that a classifier predicts too often gets more pseudo-labels in each
    round (distribution alignment: Berthelot et al., 2020, arXiv:1911.09785).

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_classes)
    shares : ndarray of float of shape (n_classes,)
        Adding up to 1.

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        Rows add up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._pseudo_labels import with_shares
    >>> y_proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    >>> with_shares(y_proba, np.array([0.5, 0.5])).mean(axis=0).round(3).tolist()
    [0.5, 0.5]
    """
    # In float64 no probability of a classifier in float32 is lost next to another.
    tiny = np.finfo(np.float64).tiny
    y_proba = np.asarray(y_proba, dtype=np.float64).clip(min=1e-12)
    factors = np.ones(y_proba.shape[1])
    for _ in range(_MAX_STEPS):
        found = y_proba * factors
        found /= found.sum(axis=1, keepdims=True)
        means = found.mean(axis=0).clip(min=tiny)
        if np.abs(means / shares - 1).max() < _TOLERANCE:
            break
        factors *= shares / means
    return found


def balanced(y_proba: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return probabilities whose means are shares that the counts of labelled rows allow.

    The shares of few labelled rows are uncertain, and exactly these would turn their error into
    wrong labels. So means within two standard errors stay as they are.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_classes)
    counts : ndarray of float of shape (n_classes,)
        Labelled rows of each class, or their effective number.

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._pseudo_labels import balanced
    >>> y_proba = np.tile([0.9, 0.1], (8, 1))
    >>> [balanced(y_proba, np.array(counts)).mean(axis=0).round(2).tolist()
    ...  for counts in ([4, 1], [40, 40], [4000, 4000])]
    [[0.86, 0.14], [0.61, 0.39], [0.51, 0.49]]
    """
    n = counts.sum()
    shares = (counts + 1) / (n + len(counts))
    error = 2 * np.sqrt(shares * (1 - shares) / n)
    means = np.asarray(y_proba).mean(axis=0)
    kept = means.clip(np.maximum(shares - error, 1 / (n + len(counts))), shares + error)
    if np.array_equal(kept, means):
        return y_proba
    return with_shares(y_proba, kept / kept.sum())


def threshold_for_gain(confidence: np.ndarray, is_right: np.ndarray, weight: np.ndarray) -> float:
    """Return the confidence from which on predictions are more often right than wrong.

    It maximizes the weight of right predictions minus that of wrong ones, over all thresholds; the
    lowest of several.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_held_out,)
    is_right : ndarray of bool of shape (n_held_out,)
    weight : ndarray of float of shape (n_held_out,)
        Above 0.

    Returns
    -------
    float
        Infinite if at every threshold as many are wrong as right.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._pseudo_labels import threshold_for_gain
    >>> confidence, is_right = np.array([0.9, 0.7, 0.6, 0.4]), np.array([1, 1, 0, 0], dtype=bool)
    >>> threshold_for_gain(confidence, is_right, np.ones(4))
    0.7
    """
    thresholds, place = np.unique(-confidence, return_inverse=True)  # highest first
    gain = np.cumsum(np.bincount(place, np.where(is_right, weight, -weight)))
    rounding = 1e-12 * weight.sum()
    if gain.max() <= rounding:
        return np.inf
    return float(-thresholds[np.flatnonzero(gain >= gain.max() - rounding)[-1]])


def choose_threshold(
    confidence: np.ndarray, is_right: np.ndarray, weight: np.ndarray
) -> tuple[float, float, float]:
    """Return the threshold for held-out rows, their share above it, and the accuracy there.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_held_out,)
    is_right : ndarray of bool of shape (n_held_out,)
    weight : ndarray of float of shape (n_held_out,)
        Above 0.

    Returns
    -------
    threshold, coverage, accuracy : float
        Without held-out rows all are above the threshold, and the accuracy is NaN.

    Warns
    -----
    UserWarning
        If at every threshold as many predictions are wrong as right.
    """
    if not len(confidence):
        return 0.0, 1.0, np.nan
    threshold = threshold_for_gain(confidence, is_right, weight)
    above = confidence >= threshold
    if not above.any():
        warn_user(
            f"the predictions of {len(confidence)} labelled rows that were held out are not more "
            "often right than wrong at any confidence, so that no row gets a pseudo-label; label "
            "more rows.",
        )
        return threshold, 0.0, np.nan
    coverage = float(np.average(above, weights=weight))
    return threshold, coverage, float(np.average(is_right, weights=weight * above))


def choose_labels(
    y_proba: np.ndarray, *, threshold: float | None, coverage: float, soft: bool
) -> PseudoLabels:
    """Return pseudo-labels of the rows with the highest confidence.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_classes)
    threshold : float or None
        Lowest confidence.
    coverage : float
        Without a threshold, the share of the rows of each predicted class that get a label.
    soft : bool
        Whether a row gets every class, weighted by its probability, or its most probable one.

    Returns
    -------
    PseudoLabels
    """
    codes, confidence = y_proba.argmax(axis=1), y_proba.max(axis=1)
    if threshold is not None:
        rows = np.flatnonzero(confidence >= threshold)
    else:
        rows = _most_confident(codes, confidence, coverage)
    if not soft:
        return PseudoLabels(rows, codes[rows], np.ones(len(rows)))
    weight = np.where(y_proba[rows] < _LEAST_PROBABILITY, 0, y_proba[rows])
    weight[np.arange(len(rows)), codes[rows]] = confidence[rows]  # kept with many classes too
    weight /= weight.sum(axis=1, keepdims=True)
    repeated, classes = np.nonzero(weight)
    return PseudoLabels(rows[repeated], classes, weight[repeated, classes])


def _most_confident(codes: np.ndarray, confidence: np.ndarray, share: float) -> np.ndarray:
    """Return the positions of this share of the rows of each class, in ascending order."""
    order = np.lexsort((-confidence, codes))  # by class, and then the most confident first
    counts = np.bincount(codes)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = rank < np.ceil(share * counts - 1e-9)[codes[order]]
    return np.sort(order[kept])
