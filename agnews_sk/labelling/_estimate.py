"""The accuracy of the present classifier, estimated on labelled rows that were drawn at random."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from agnews_sk._core.validation import check_labels, take_rows
from agnews_sk.evaluation import share_interval


class AccuracyEstimate(NamedTuple):
    """An accuracy with its interval.

    Attributes
    ----------
    accuracy : float
        Share of right predictions; NaN without rows.
    low, high : float
        Ends of the interval; 0 and 1 without rows.
    n_rows : int
        Number of rows that it was measured on.
    confidence_level : float
    """

    accuracy: float
    low: float
    high: float
    n_rows: int
    confidence_level: float

    def __str__(self) -> str:
        """Return the estimate in one line."""
        if not self.n_rows:
            return "accuracy unknown"
        return (
            f"accuracy {self.accuracy:.1%} ({self.low:.1%} to {self.high:.1%}) "
            f"on {self.n_rows:,} random rows"
        )


def estimate_accuracy(
    estimator: Any,
    X: Any,
    y: np.ndarray,
    control: np.ndarray,
    others: np.ndarray,
    *,
    cv: int,
    confidence_level: float,
) -> AccuracyEstimate:
    """Cross-validate an estimator on the rows of a random sample, with all other labels.

    Each fold of the sample is predicted by a clone that was fitted on the rest of the sample and
    on all other rows, which nearly is the classifier that was fitted on all of them.

    Parameters
    ----------
    estimator : classifier
    X : array-like of shape (n_samples, ...)
    y : ndarray of object of shape (n_samples,)
        Labels of the rows that are used.
    control : ndarray of int of shape (n_control,)
        Labelled rows drawn at random, in random order.
    others : ndarray of int of shape (n_others,)
        Labelled rows that were chosen otherwise, and are only fitted on.
    cv : int
        Number of folds.
    confidence_level : float

    Returns
    -------
    AccuracyEstimate
        With the interval of Clopper and Pearson (1934).
    """
    n_right = 0
    for fold in range(min(cv, len(control))):
        held_out = control[fold::cv]
        fitted = np.setdiff1d(np.concatenate([control, others]), held_out)
        n_right += _n_right(estimator, X, y, fitted, held_out)
    low, high = share_interval(n_right, len(control), confidence_level)
    accuracy = n_right / len(control) if len(control) else np.nan
    return AccuracyEstimate(accuracy, float(low), float(high), len(control), confidence_level)


def _n_right(
    estimator: Any, X: Any, y: np.ndarray, fitted: np.ndarray, held_out: np.ndarray
) -> int:
    """Return how many held-out rows a clone that was fitted on the others predicts rightly.

    A single class cannot be fitted on, and is what would be predicted.
    """
    labels = y[fitted].tolist()
    if len(set(labels)) < 2:
        predicted = np.repeat(y[fitted][:1], len(held_out))
    else:
        fresh = clone(estimator).fit(take_rows(X, fitted), check_labels(labels))
        predicted = fresh.predict(take_rows(X, held_out))
    return sum(a == b for a, b in zip(predicted.tolist(), y[held_out].tolist()))
