"""Statistics of paired predictions: bootstrap intervals and McNemar's test, arrays in and out."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

# With fewer discordant rows than this the chi-squared approximation of McNemar's test is poor.
EXACT_BELOW = 25


class McNemarTest(NamedTuple):
    """Counts of right and wrong rows of two classifiers, and the p value of their difference."""

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    test: str
    p_value: float


def mcnemar_test(a_right: np.ndarray, b_right: np.ndarray) -> McNemarTest:
    """Test whether two classifiers are wrong equally often on the same rows.

    Parameters
    ----------
    a_right, b_right : ndarray of bool of shape (n_rows,)
        Whether each classifier got the row right.

    Returns
    -------
    McNemarTest
        Counts, `test` ("exact" or "chi2") and two-sided p value.

    Notes
    -----
    McNemar (1947): the exact binomial test below 25 discordant rows, else chi-squared with
    Edwards's continuity correction, both from statsmodels. Without a discordant row p is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._statistics import mcnemar_test
    >>> found = mcnemar_test(np.array([True, True, False]), np.array([True, False, False]))
    >>> found.both_right, found.only_a, found.only_b, found.both_wrong
    (1, 1, 0, 1)
    >>> found.test, found.p_value
    ('exact', 1.0)
    """
    from statsmodels.stats.contingency_tables import mcnemar

    both_right, only_a = int(np.sum(a_right & b_right)), int(np.sum(a_right & ~b_right))
    only_b, both_wrong = int(np.sum(~a_right & b_right)), int(np.sum(~a_right & ~b_right))
    exact = only_a + only_b < EXACT_BELOW
    table = [[both_right, only_a], [only_b, both_wrong]]
    p_value = float(mcnemar(table, exact=exact, correction=True).pvalue)
    return McNemarTest(
        both_right, only_a, only_b, both_wrong, "exact" if exact else "chi2", p_value
    )


def bootstrap_intervals(
    y_true: np.ndarray,
    predictions: np.ndarray,
    *,
    n_resamples: int = 2000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> np.ndarray:
    """Return BCa bootstrap intervals of accuracy and macro-F1, paired across classifiers.

    Parameters
    ----------
    y_true : ndarray of int of shape (n_rows,)
        Class codes from 0.
    predictions : ndarray of int of shape (n_classifiers, n_rows)
        Class codes that each classifier predicts.
    n_resamples : int, default=2000
    confidence_level : float, default=0.95
    random_state : int, Generator, RandomState or None, default=None

    Returns
    -------
    ndarray of float of shape (n_classifiers, 2, 2)
        Per classifier and score (accuracy, macro-F1), the low and the high end.

    Notes
    -----
    Both scores depend only on how many rows lie in each distinct cell (true class, class
    predicted by each classifier). Drawing n rows with replacement makes those counts
    multinomial, so counts are drawn instead of rows: the same law, in a fraction of the time.
    All classifiers are scored on the same draws.
    """
    cells, n_rows = np.unique(np.vstack([y_true, predictions]), axis=1, return_counts=True)
    n_total = n_rows.sum()
    draws = np.random.default_rng(random_state).multinomial(
        n_total, n_rows / n_total, size=n_resamples
    )
    one_hot = cells[..., np.newaxis] == np.arange(cells.max() + 1)
    return np.stack(
        [
            _score_intervals(_class_counts(one_hot[0], predicted), n_rows, draws, confidence_level)
            for predicted in one_hot[1:]
        ]
    )


def _class_counts(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return what one row of each cell adds: right, true and predicted rows of each class."""
    return np.stack([true & predicted, true, predicted], axis=1).astype(np.float64)


def _score_intervals(
    counts: np.ndarray, n_rows: np.ndarray, draws: np.ndarray, confidence_level: float
) -> np.ndarray:
    total = np.tensordot(n_rows, counts, axes=1)
    observed = scores_of_counts(total)
    resampled = scores_of_counts(np.tensordot(draws.astype(np.float64), counts, axes=1))
    jackknife = scores_of_counts(total - counts)
    return np.stack(
        [
            bca_interval(resampled[:, i], observed[i], jackknife[:, i], n_rows, confidence_level)
            for i in range(len(observed))
        ]
    )


def scores_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return accuracy and macro-F1 from the right, true and predicted rows of each class.

    Parameters
    ----------
    counts : ndarray of float of shape (..., 3, n_classes)

    Returns
    -------
    ndarray of float of shape (..., 2)
        As `sklearn.metrics` has them; a class that is neither true nor predicted is left out
        of the mean.
    """
    right, true, predicted = np.moveaxis(counts, -2, 0)
    accuracy = _ratio(right.sum(axis=-1), true.sum(axis=-1))
    f1 = _ratio(2 * right, true + predicted)
    n_occurring = np.count_nonzero(true + predicted, axis=-1)
    return np.stack([accuracy, _ratio(f1.sum(axis=-1), n_occurring)], axis=-1)


def bca_interval(
    resampled: np.ndarray,
    observed: float,
    jackknife: np.ndarray,
    weights: np.ndarray,
    confidence_level: float,
) -> np.ndarray:
    """Return the bias-corrected and accelerated bootstrap interval of one score.

    Parameters
    ----------
    resampled : ndarray of float of shape (n_resamples,)
        Score of each bootstrap resample.
    observed : float
        Score of the rows themselves.
    jackknife : ndarray of float of shape (n_cells,)
        Score without one row of the cell.
    weights : ndarray of int of shape (n_cells,)
        Rows of the cell.
    confidence_level : float

    Returns
    -------
    ndarray of float of shape (2,)
        Low and high end.

    Notes
    -----
    Efron (1987), "Better bootstrap confidence intervals", as in Efron and Tibshirani (1993),
    equations 14.9 to 14.15. A score that no resample changes has an interval of no width. Where
    the observed score lies outside all resamples the correction is infinite, and the plain
    percentile interval is returned.
    """
    tails = np.array([1 - confidence_level, 1 + confidence_level]) / 2
    bias = ndtri((np.mean(resampled < observed) + np.mean(resampled <= observed)) / 2)
    if not np.isfinite(bias):
        return np.quantile(resampled, tails)
    shifted = bias + ndtri(tails)
    acceleration = _acceleration(jackknife, weights)
    return np.quantile(resampled, ndtr(bias + shifted / (1 - acceleration * shifted)))


def _acceleration(jackknife: np.ndarray, weights: np.ndarray) -> float:
    deviations = np.average(jackknife, weights=weights) - jackknife
    spread = weights @ deviations**2
    return float(weights @ deviations**3 / (6 * spread**1.5)) if spread > 0 else 0.0


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, with 0 where there is nothing to divide by."""
    return np.divide(
        numerator, denominator, out=np.zeros_like(numerator, dtype=float), where=denominator > 0
    )
