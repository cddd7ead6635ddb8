"""Exact intervals of proportions, for scores that no bootstrap resample changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv

from agnews_sk.evaluation._bootstrap import ScoreInterval

# Low and high ends, of equal shapes.
Ends = tuple[np.ndarray, np.ndarray]


def share_interval(n_found: Any, n: Any, confidence_level: float) -> Ends:
    """Return the interval of a proportion of rows by Clopper and Pearson (1934).

    Parameters
    ----------
    n_found, n : array-like of float of shape (...)
        Successes and trials. They may be fractions, as of rows that are right in half of the
        repeats of a cross-validation.
    confidence_level : float

    Returns
    -------
    low, high : ndarray of float of shape (...)
        0 and 1 without trials.

    Examples
    --------
    >>> from agnews_sk.evaluation._exact import share_interval
    >>> low, high = share_interval(20, 20, 0.95)
    >>> low.round(3).item(), high.item()
    (0.832, 1.0)
    """
    found, n = np.asarray(n_found, dtype=float), np.asarray(n, dtype=float)
    tail = (1 - confidence_level) / 2
    # The ends are quantiles of beta distributions, whose parameters must be positive; the bound
    # avoids warnings, and the ends for none and all found are 0 and 1.
    some, rest = np.maximum(found, 1e-300), np.maximum(n - found, 1e-300)
    low = np.where(found > 0, betaincinv(some, rest + 1, tail), 0.0)
    high = np.where(n - found > 0, betaincinv(some + 1, rest, 1 - tail), 1.0)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def exact_intervals(
    counts: np.ndarray, classes: Sequence[Any], confidence_level: float
) -> dict[str, ScoreInterval]:
    """Return exact intervals of the scores that are composed of proportions of rows.

    Parameters
    ----------
    counts : ndarray of float of shape (3, n_classes)
        Numbers of rows of each class that are predicted rightly, true, and predicted.
    classes : sequence of labels
    confidence_level : float

    Returns
    -------
    dict of str to ScoreInterval
        By name of the score; scores of probabilities have none.

    Notes
    -----
    The accuracy, and the recall and precision of a class, are proportions of rows. The F1 of a
    class is the harmonic mean of two of them, and a macro score a mean over classes. Both increase
    with each proportion, so that the same means of all low and all high ends, at levels raised by
    Bonferroni's correction, are an interval of at least the confidence level.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._exact import exact_intervals
    >>> found = exact_intervals(np.array([[8, 2], [8, 2], [8, 2]]), ["Sports", "World"], 0.95)
    >>> round(found["accuracy"].low, 2), round(found["recall_World"].low, 2)
    (0.69, 0.16)
    """
    right, true, predicted = counts  # each (n_classes,)
    occurs = true + predicted > 0
    alpha = 1 - confidence_level
    of_class = _of_classes(counts, alpha)
    corrected = _of_classes(counts, alpha / occurs.sum())
    recalls = share_interval(right, true, 1 - alpha / np.sum(true > 0))
    found = {
        "accuracy": share_interval(right.sum(), true.sum(), confidence_level),
        "balanced_accuracy": _mean_ends(recalls, true > 0),
        **{f"macro_{score}": _mean_ends(ends, occurs) for score, ends in corrected.items()},
    }
    for score, (low, high) in of_class.items():
        found |= {f"{score}_{label}": (low[i], high[i]) for i, label in enumerate(classes)}
    return {name: ScoreInterval(float(a), float(b), "exact") for name, (a, b) in found.items()}


def _of_classes(counts: np.ndarray, alpha: float) -> dict[str, Ends]:
    """Return the intervals of precision, recall and F1, with ends of shape (n_classes,).

    Parameters
    ----------
    counts : ndarray of float of shape (3, n_classes)
    alpha : float
        One minus the confidence level of each; F1 shares it equally between its two proportions.
    """
    right, true, predicted = counts
    precision, recall = (share_interval(right, n, 1 - alpha / 2) for n in (predicted, true))
    return {
        "precision": share_interval(right, predicted, 1 - alpha),
        "recall": share_interval(right, true, 1 - alpha),
        "f1": (_harmonic(precision[0], recall[0]), _harmonic(precision[1], recall[1])),
    }


def _mean_ends(ends: Ends, kept: np.ndarray) -> Ends:
    """Return the mean of the ends over the classes that are kept, a mask of (n_classes,)."""
    low, high = ends
    return low[kept].mean(), high[kept].mean()


def difference_interval(
    n_only_a: float, n_only_b: float, n: float, confidence_level: float
) -> ScoreInterval:
    """Return an exact interval of the difference of two accuracies on the same rows.

    Parameters
    ----------
    n_only_a, n_only_b : float
        Numbers of rows that only one of the two classifiers gets right.
    n : float
        Number of all rows.
    confidence_level : float

    Returns
    -------
    ScoreInterval
        The difference of the intervals of two proportions, at levels raised by Bonferroni's
        correction: its coverage is at least the confidence level.

    Examples
    --------
    >>> from agnews_sk.evaluation._exact import difference_interval
    >>> low, high, method = difference_interval(0, 0, 100, 0.95)
    >>> round(low, 3), round(high, 3), method
    (-0.043, 0.043, 'exact')
    """
    shares = share_interval([n_only_a, n_only_b], n, 1 - (1 - confidence_level) / 2)
    (low_a, low_b), (high_a, high_b) = shares
    return ScoreInterval(float(low_a - high_b), float(high_a - low_b), "exact")


def _harmonic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the elementwise harmonic mean, 0 where both are 0."""
    total = a + b
    return np.divide(2 * a * b, total, out=np.zeros_like(total), where=total > 0)
