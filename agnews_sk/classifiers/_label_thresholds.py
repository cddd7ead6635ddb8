"""One threshold per label, for classifiers of rows with several labels."""

from typing import Any

import numpy as np

# A label with as many positive rows as this has its threshold chosen half by what these rows are,
# half by their probabilities.
_HALF_TRUSTED = 100


def thresholds_for(
    threshold: Any,
    y_proba: np.ndarray,
    indicator: np.ndarray,
    weight: np.ndarray,
    *,
    fitted: np.ndarray,
) -> np.ndarray:
    """Return the threshold of each label: a given one, or those chosen on held-out rows.

    Parameters
    ----------
    threshold : "f1" or float
        "f1" without held-out rows is 0.5.
    y_proba : ndarray of float of shape (n_rows, n_labels)
    indicator : ndarray of bool of shape (n_rows, n_labels)
    weight : ndarray of float of shape (n_rows,)
    fitted : ndarray of bool of shape (n_fitted, n_labels)
        Which row that the classifiers were fitted on has which label. With "f1" the threshold of a
        label that none has is 1, and 0 if all have it.

    Returns
    -------
    ndarray of float of shape (n_labels,)
    """
    if not isinstance(threshold, str):
        return np.full(indicator.shape[1], float(threshold))
    thresholds = np.full(indicator.shape[1], 0.5)
    if len(indicator):
        thresholds = choose_thresholds(y_proba, indicator, weight)
    thresholds[~fitted.any(axis=0)] = 1.0
    thresholds[fitted.all(axis=0)] = 0.0
    return thresholds


def choose_thresholds(
    y_proba: np.ndarray, indicator: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """Return the threshold of each label with the highest F1 on held-out rows.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_labels)
        Calibrated probabilities of rows that the classifier was not fitted on.
    indicator : ndarray of bool of shape (n_rows, n_labels)
    weight : ndarray of float of shape (n_rows,), optional

    Returns
    -------
    ndarray of float of shape (n_labels,)

    Notes
    -----
    The threshold with the highest observed F1 (SCut; Yang 2001, "A study on thresholding strategies
    for text categorization") overfits labels with few positive rows. So each row counts as positive
    with a weight between its label and its probability, nearer to the probability the rarer the
    label: without positive rows the threshold is that of the highest expected F1.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._label_thresholds import choose_thresholds
    >>> y_proba = np.repeat([[0.1], [0.3], [0.4]], 100, axis=0)
    >>> choose_thresholds(y_proba, y_proba > 0.2).round(2).tolist()
    [0.2]
    """
    if weight is None:
        weight = np.ones(len(y_proba))
    elif not weight.all():  # rows of weight 0 are not there
        used = weight > 0
        y_proba, indicator, weight = y_proba[used], indicator[used], weight[used]
    n_positive = weight @ indicator  # (n_labels,)
    trust = n_positive / (n_positive + _HALF_TRUSTED * weight.mean())
    return np.array(
        [
            _best_threshold(p, share * true + (1 - share) * p, weight)
            for p, true, share in zip(y_proba.T, indicator.T, trust)
        ]
    )


def _best_threshold(probability: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> float:
    """Return the threshold with the highest F1 of one label, between two probabilities.

    Parameters
    ----------
    probability, positive, weight : ndarray of float of shape (n_rows,)
        `positive` is how much of a row counts as positive, from 0 to 1.
    """
    order = np.argsort(-probability, kind="stable")
    ranked, weight = probability[order], weight[order]
    right = np.cumsum(weight * positive[order])  # of the rows up to each one
    f1 = 2 * right / (np.cumsum(weight) + right[-1])
    # Rows of equal probability are predicted together.
    f1[:-1][ranked[:-1] == ranked[1:]] = -1
    best = int(f1.argmax())
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)
