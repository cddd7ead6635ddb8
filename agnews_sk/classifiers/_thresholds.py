"""Thresholds of the confidence below which a classifier abstains."""

import numpy as np
from scipy.stats import beta

from agnews_sk._core.effective_size import effective_sizes, weights_of_origins


def threshold_for_coverage(confidence: np.ndarray, coverage: float, weight: np.ndarray) -> float:
    """Return the highest threshold that at least a share of the rows reach.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
    coverage : float
    weight : ndarray of float of shape (n_rows,)

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._thresholds import threshold_for_coverage
    >>> threshold_for_coverage(np.array([0.5, 0.9, 0.7, 0.6]), 0.5, np.ones(4))
    0.7
    """
    order = np.argsort(-confidence, kind="stable")
    reached = np.cumsum(weight[order])  # (n_rows,), weight of the rows at or above each one
    enough = reached >= coverage * reached[-1] * (1 - 1e-12)  # sums are rounded
    return float(confidence[order][enough.argmax()])


def threshold_for_error(
    confidence: np.ndarray,
    wrong: np.ndarray,
    max_error: float,
    confidence_level: float,
    weight: np.ndarray | None = None,
    origins: np.ndarray | None = None,
) -> float:
    """Return a low threshold at which the error rate of predictions is bounded.

    A binary search over the confidences, as in Geifman and El-Yaniv (2017), algorithm 1. Each of
    its steps tests one threshold, at a level divided by their number, so that all bounds hold
    together. It need not find the lowest threshold: errors need not fall as confidences rise.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
    wrong : ndarray of bool of shape (n_rows,)
    max_error : float
    confidence_level : float
        Probability, over draws of the rows, that the true error rate is at most `max_error`.
    weight : ndarray of float of shape (n_rows,), optional
        The number of rows is the effective sample size (Kish, 1965).
    origins : ndarray of int of shape (n_rows,), optional
        Rows of one origin, such as copies, tell as much as one of their weight.

    Returns
    -------
    float
        Infinity if no threshold is found.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._thresholds import threshold_for_error
    >>> confidence = np.linspace(0, 1, 1001)
    >>> threshold_for_error(confidence, confidence < 0.3, 0.05, 0.95) < 0.3
    True
    """
    weight = np.ones(len(confidence)) if weight is None else weight
    order = np.argsort(-confidence, kind="stable")
    order = order[weight[order] > 0]
    if not len(order):
        return np.inf
    ranked, weight, wrong = confidence[order], weight[order] / weight.max(), wrong[order]
    of_origin = weights_of_origins(weight, None if origins is None else origins[order])
    # Of the rows up to each one, most confident first: (n_rows,)
    n_predicted = effective_sizes(wrong, weight, of_origin, of_prefix=True)
    n_wrong = n_predicted * np.cumsum(weight * wrong) / np.cumsum(weight)
    # Rows of equal confidence are predicted together: (n_distinct,)
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    n_steps = max(1, int(np.ceil(np.log2(len(ends) + 1))))
    doubt = (1 - confidence_level) / n_steps
    best, low, high = np.inf, 0, len(ends) - 1
    while low <= high:
        middle = (low + high) // 2
        end = ends[middle]
        if _upper_bound(n_wrong[end], n_predicted[end], doubt) <= max_error:
            best, low = float(ranked[end]), middle + 1
        else:
            high = middle - 1
    return best


def _upper_bound(n_wrong: float, n_predicted: float, doubt: float) -> float:
    """Return the one-sided upper bound of Clopper and Pearson (1934) on an error rate.

    Counts may be fractions, as effective sample sizes are.
    """
    if n_wrong >= n_predicted * (1 - 1e-12):  # counts of weighted rows are rounded
        return 1.0
    return float(beta.ppf(1 - doubt, n_wrong + 1, n_predicted - n_wrong))
