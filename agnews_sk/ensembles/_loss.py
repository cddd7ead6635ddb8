"""What a fast classifier loses against a slow one on the same rows, and how sure that is."""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from agnews_sk._core.effective_size import effective_sizes, weights_of_origins

_STEPS = 200  # of the share of rows that the fast one answers, at most


def threshold_for_loss(
    confidence: np.ndarray,
    lost: np.ndarray,
    max_loss: float,
    confidence_level: float,
    weight: np.ndarray,
    origins: np.ndarray | None = None,
) -> float:
    """Return a low threshold of the confidence at which the loss of accuracy is bounded.

    Rows at and above it are answered by the fast classifier, the others by the slow one.
    Thresholds are tested from the highest on, until one fails, so that no correction for their
    number is needed (fixed sequence testing: Angelopoulos et al. 2021, "Learn then test",
    arXiv 2110.01052).

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
        Of the fast classifier.
    lost : ndarray of int of shape (n_rows,)
        1 where only the slow one is right, -1 where only the fast one is, and else 0.
    max_loss : float
    confidence_level : float
        Probability, over draws of the rows, that the true loss is at most `max_loss`.
    weight : ndarray of float of shape (n_rows,)
    origins : ndarray of int of shape (n_rows,), optional
        Rows of one origin, such as copies, tell as much as one of their weight.

    Returns
    -------
    float
        Infinity if no threshold is found.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.ensembles._loss import threshold_for_loss
    >>> confidence = np.linspace(0, 1, 1001)
    >>> lost = (confidence < 0.3).astype(int)  # the fast one is wrong where it is not sure
    >>> bool(0.25 < threshold_for_loss(confidence, lost, 0.02, 0.95, np.ones(1001)) < 0.3)
    True
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[weight[order] > 0]
    ranked, lost, weight = confidence[order], lost[order], weight[order] / weight.max()
    of_origin = weights_of_origins(weight, None if origins is None else origins[order])
    only_slow, only_fast = np.cumsum(weight * (lost > 0)), np.cumsum(weight * (lost < 0))
    sizes = effective_sizes(lost != 0, weight, of_origin, of_prefix=False)
    # Rows of equal confidence are answered together: (n_distinct,)
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    wanted = np.linspace(0, len(ranked) - 1, _STEPS + 1)[1:].astype(int)
    ends = np.unique(ends[np.searchsorted(ends, wanted)])
    limit, best = norm.ppf(confidence_level), np.inf
    for end in ends:
        size = sizes[end]
        unit = size / weight.sum()
        # The score is that of many rows: of few, none that is lost must be unlikely, too.
        too_few = size * np.log1p(-max_loss) > np.log1p(-confidence_level)
        score = _score(only_slow[end] * unit, only_fast[end] * unit, size, max_loss)
        if too_few or score > -limit:
            break
        best = float(ranked[end])
    return best


def loss_interval(
    lost: np.ndarray,
    confidence_level: float,
    weight: np.ndarray,
    origins: np.ndarray | None = None,
) -> tuple[float, float]:
    """Return the interval of a difference of accuracies on the same rows.

    Parameters
    ----------
    lost : ndarray of int of shape (n_rows,)
        1 where only the first classifier is right, -1 where only the second is, and else 0.
    confidence_level : float
    weight : ndarray of float of shape (n_rows,)
    origins : ndarray of int of shape (n_rows,), optional

    Returns
    -------
    low, high : float
        The score interval of Tango (1998, Statistics in Medicine 17, 891-908).

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.ensembles._loss import loss_interval
    >>> low, high = loss_interval(np.repeat([1, -1, 0], [12, 1, 31]), 0.95, np.ones(44))
    >>> round(low, 4), round(high, 4)
    (0.1068, 0.4023)
    """
    weight = weight / weight.max()
    of_origin = weights_of_origins(weight, origins)
    size = float(effective_sizes(lost != 0, weight, of_origin, of_prefix=False)[-1])
    weight = weight * size / weight.sum()
    counts = float(weight[lost > 0].sum()), float(weight[lost < 0].sum()), size
    limit = norm.ppf((1 + confidence_level) / 2)
    mean = (counts[0] - counts[1]) / size

    def solve(end: float, wanted: float) -> float:
        """Return the difference between the mean and an end whose score is as wanted."""
        inside = end * (1 - 1e-9)
        if mean == end or (_score(*counts, inside) - wanted) * np.sign(end) > 0:
            return end
        return float(brentq(lambda x: _score(*counts, x) - wanted, mean, inside))

    return solve(-1.0, limit), solve(1.0, -limit)


def _score(only_first: float, only_second: float, size: float, difference: float) -> float:
    """Return the score statistic of a difference of two paired proportions.

    It is standard normal if the difference is the true one (Tango, 1998); negative if the rows
    show a smaller one.

    Parameters
    ----------
    only_first, only_second : float
        Numbers of rows that only one of both classifiers gets right.
    size : float
        Number of all rows.
    difference : float
        Accuracy of the first minus that of the second.
    """
    # The most likely share of rows that only the second gets right, given the difference.
    linear = (2 * size - only_first + only_second) * difference - only_first - only_second
    constant = -only_second * difference * (1 - difference)
    root = np.sqrt(max(linear**2 - 8 * size * constant, 0.0))
    share = (root - linear) / (4 * size)
    variance = size * (2 * share + difference * (1 - difference))
    above = only_first - only_second - size * difference
    if variance > 0:
        return float(above / np.sqrt(variance))
    return float(np.copysign(np.inf, above)) if above else 0.0
