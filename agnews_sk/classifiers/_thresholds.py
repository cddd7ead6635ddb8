"""Confidences from which on a classifier answers."""

import numpy as np
from scipy.stats import beta


def threshold_for_coverage(confidence: np.ndarray, coverage: float, weight: np.ndarray) -> float:
    """Return the highest threshold that leaves at least a share of the rows above it.

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
    answered = np.cumsum(weight[order])
    enough = answered >= coverage * answered[-1] * (1 - 1e-12)  # sums are rounded
    return float(confidence[order][enough.argmax()])


def threshold_for_error(
    confidence: np.ndarray,
    wrong: np.ndarray,
    max_error: float,
    confidence_level: float,
    weight: np.ndarray | None = None,
) -> float:
    """Return a low threshold above which answers are wrong no more often than allowed.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
    wrong : ndarray of bool of shape (n_rows,)
    max_error : float
    confidence_level : float
        Probability, over draws of the rows, that the true error keeps to `max_error`.
    weight : ndarray of float of shape (n_rows,), optional
        Rows of unequal weight tell less: as much as ``sum(weight)**2 / sum(weight**2)`` rows of
        equal weight.

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
    ranked, weight, wrong = confidence[order], weight[order], wrong[order]
    total = np.cumsum(weight)
    n_answered = total**2 / np.cumsum(weight**2)
    n_wrong = n_answered * np.cumsum(weight * wrong) / total
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # rows level go together
    n_steps = max(1, int(np.ceil(np.log2(len(ends) + 1))))
    doubt = (1 - confidence_level) / n_steps
    best, low, high = np.inf, 0, len(ends) - 1
    while low <= high:
        middle = (low + high) // 2
        end = ends[middle]
        if _upper_bound(n_wrong[end], n_answered[end], doubt) <= max_error:
            best, low = float(ranked[end]), middle + 1
        else:
            high = middle - 1
    return best


def _upper_bound(n_wrong: float, n_answered: float, doubt: float) -> float:
    """Return the one-sided bound of Clopper and Pearson on a share."""
    if n_wrong >= n_answered * (1 - 1e-12):  # counts of weighted rows are rounded
        return 1.0
    return float(beta.ppf(1 - doubt, n_wrong + 1, n_answered - n_wrong))
