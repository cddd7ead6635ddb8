"""The bootstrap: resamples as weights of rows, BCa intervals and p-values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

# Scores with a smaller relative difference are equal, but summed in another order.
_ROUNDING = 1e-12
# Weights in memory at once: 64 MB, enough for fast matrix products.
_WEIGHTS_AT_ONCE = 8_000_000


def resample_weights(n_rows: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Draw rows with replacement, and yield how often each resample holds each row.

    Parameters
    ----------
    n_rows : int
    n_resamples : int
    seed : int

    Yields
    ------
    ndarray of float of shape (n_resamples_of_chunk, n_rows)
        As many resamples at once as fit into 64 MB.

    Examples
    --------
    >>> from agnews_sk.evaluation._bootstrap import resample_weights
    >>> [chunk.sum(axis=1).tolist() for chunk in resample_weights(5, 3, seed=0)]
    [[5.0, 5.0, 5.0]]
    """
    rng = np.random.default_rng(seed)
    step = max(1, _WEIGHTS_AT_ONCE // n_rows)
    for start in range(0, n_resamples, step):
        n_chunk = min(step, n_resamples - start)
        drawn = rng.integers(0, n_rows, size=(n_chunk, n_rows))  # positions of rows
        # One bincount for all resamples: each has a range of n_rows positions of its own.
        drawn += np.arange(n_chunk)[:, np.newaxis] * n_rows
        counts = np.bincount(drawn.ravel(), minlength=n_chunk * n_rows)
        yield counts.reshape(n_chunk, n_rows).astype(np.float64)  # for products with floats


class ScoreInterval(NamedTuple):
    """Ends of an interval and its method; NaN and "none" if there is no interval."""

    low: float
    high: float
    method: str


NO_INTERVAL = ScoreInterval(np.nan, np.nan, "none")


def bootstrap_interval(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray, confidence_level: float
) -> ScoreInterval:
    """Return the bootstrap interval of one score, with its method.

    Parameters
    ----------
    resampled : ndarray of float of shape (n_resamples,)
        Score of each bootstrap resample; those that are not finite are ignored.
    observed : float
        Score of the rows themselves.
    jackknife : ndarray of float of shape (n_rows,)
        Score without each row.
    confidence_level : float

    Returns
    -------
    ScoreInterval
        Its method is "BCa"; or "percentile" where BCa is undefined, because the observed score lies
        outside all resamples or a large acceleration would swap the ends; or "none" where the score
        is undefined, or the same in all resamples, so that its variance is unknown.

    Notes
    -----
    Efron (1987), "Better bootstrap confidence intervals", as in Efron and Tibshirani (1993),
    equations 14.9 to 14.15.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._bootstrap import bootstrap_interval
    >>> bootstrap_interval(np.linspace(0.2, 0.4, 101), 0.9, np.array([0.8, 0.9]), 0.9).method
    'percentile'
    >>> bootstrap_interval(np.ones(100), 1.0, np.ones(10), 0.95)
    ScoreInterval(low=nan, high=nan, method='none')
    """
    resampled = resampled[np.isfinite(resampled)]
    if not (np.isfinite(observed) and len(resampled)) or is_constant(resampled):
        return NO_INTERVAL
    levels = np.array([1 - confidence_level, 1 + confidence_level]) / 2
    corrected = _corrected_levels(resampled, observed, jackknife, levels)
    low, high = np.quantile(resampled, levels if corrected is None else corrected)
    return ScoreInterval(float(low), float(high), "percentile" if corrected is None else "BCa")


def is_constant(values: np.ndarray) -> bool:
    """Return whether values are equal up to rounding, so that they do not show a variance."""
    return bool(np.ptp(values) <= _ROUNDING * np.max(np.abs(values)))


def bca_p_value(resampled: np.ndarray, observed: float, jackknife: np.ndarray) -> float:
    """Return the two-sided p-value of a difference of zero, by inverting the BCa interval.

    Parameters
    ----------
    resampled : ndarray of float of shape (n_resamples,)
        Difference in each bootstrap resample; those that are not finite are ignored.
    observed : float
        Difference on the rows themselves.
    jackknife : ndarray of float of shape (n_rows,)
        Difference without each row.

    Returns
    -------
    float
        One minus the confidence level at which zero is an end of the interval, but at least
        ``2 / (n_resamples + 1)``. NaN where the difference is undefined, or the same in all
        resamples and not zero, so that its variance is unknown.

    Notes
    -----
    Solves equation 14.10 of Efron and Tibshirani (1993) for the level: with ``w`` the normal
    quantile of the share of resamples below zero, ``z`` the bias and ``a`` the acceleration, the
    tail of zero is ``Phi((w - z) / (1 + a (w - z)) - z)``.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._bootstrap import bca_p_value
    >>> draws = np.random.default_rng(0).normal(1.96, 1, size=10_000)
    >>> round(bca_p_value(draws, 1.96, np.array([1.95, 1.97])), 2)
    0.05
    """
    resampled = resampled[np.isfinite(resampled)]
    if not (np.isfinite(observed) and len(resampled)):
        return np.nan
    if is_constant(resampled):
        return 1.0 if observed == 0 else np.nan
    bias, acceleration = _corrections(resampled, observed, jackknife)
    floor = 1 / (len(resampled) + 1)  # no smaller tail can be estimated from so many resamples
    below = np.clip(_share_below(resampled, 0.0), floor, 1 - floor)
    gap = ndtri(below) - bias
    stretch = 1 + acceleration * gap
    tail = ndtr(gap / stretch - bias) if stretch > 0 else below  # else the percentile's tail
    return float(np.clip(2 * min(tail, 1 - tail), 2 * floor, 1))


def _corrected_levels(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray, levels: np.ndarray
) -> np.ndarray | None:
    """Return the levels of quantiles that BCa takes instead of these; None if undefined.

    Efron and Tibshirani (1993), equation 14.10. Undefined are infinite biases, and accelerations
    that swap the ends.
    """
    bias = float(ndtri(_share_below(resampled, observed)))
    shifted = bias + ndtri(levels)
    stretch = 1 - _acceleration(jackknife) * shifted
    if not np.isfinite(shifted).all() or (stretch <= 0).any():
        return None
    return ndtr(bias + shifted / stretch)


def _corrections(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray
) -> tuple[float, float]:
    """Return bias and acceleration; both 0 where the bias would be infinite."""
    bias = float(ndtri(_share_below(resampled, observed)))
    return (bias, _acceleration(jackknife)) if np.isfinite(bias) else (0.0, 0.0)


def _share_below(resampled: np.ndarray, value: float) -> float:
    """Return the share of resamples below a value, ties counted half."""
    return float(np.mean(resampled < value) + np.mean(resampled <= value)) / 2


def _acceleration(jackknife: np.ndarray) -> float:
    """Return the acceleration: Efron and Tibshirani (1993), equation 14.15; 0 without variance.

    Parameters
    ----------
    jackknife : ndarray of float of shape (n_rows,)
        Score without each row; those that are not finite are ignored.
    """
    jackknife = jackknife[np.isfinite(jackknife)]
    if not len(jackknife):
        return 0.0
    deviations = jackknife.mean() - jackknife
    largest = np.max(np.abs(deviations))
    if largest == 0:
        return 0.0
    scaled = deviations / largest  # third powers of very small losses would underflow
    return float(np.sum(scaled**3) / (6 * np.sum(scaled**2) ** 1.5))
