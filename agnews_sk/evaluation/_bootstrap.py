"""The bootstrap: resampled rows as weights, bias-corrected intervals and p values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

# Scores that differ by this share or less are the same, summed in another order.
_ROUNDING = 1e-12
# Weights that are held at once; 64 MB of them keep the matrix products in one piece.
_WEIGHTS_AT_ONCE = 8_000_000


def resample_weights(n_rows: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Draw rows with replacement, and yield how often each row was drawn.

    Parameters
    ----------
    n_rows : int
    n_resamples : int
    seed : int

    Yields
    ------
    ndarray of float of shape (n_resamples_of_chunk, n_rows)
        As many resamples at a time as fit into the memory set aside.

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
        drawn = rng.integers(0, n_rows, size=(n_chunk, n_rows))
        drawn += np.arange(n_chunk)[:, np.newaxis] * n_rows
        counts = np.bincount(drawn.ravel(), minlength=n_chunk * n_rows)
        yield counts.reshape(n_chunk, n_rows).astype(np.float64)


class ScoreInterval(NamedTuple):
    """Ends of an interval, and how they were found: NaN and "none" where nothing tells them."""

    low: float
    high: float
    method: str


NO_INTERVAL = ScoreInterval(np.nan, np.nan, "none")


def bootstrap_interval(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray, confidence_level: float
) -> ScoreInterval:
    """Return the bootstrap interval of one score, and which kind of interval it is.

    Parameters
    ----------
    resampled : ndarray of float of shape (n_resamples,)
        Score of each bootstrap resample; those that are not finite are left out.
    observed : float
        Score of the rows themselves.
    jackknife : ndarray of float of shape (n_rows,)
        Score without each row.
    confidence_level : float

    Returns
    -------
    ScoreInterval
        Of the method "BCa", or "percentile" where the correction is not defined: the observed
        score lies outside all resamples, or the acceleration turns the interval around. "none"
        where the score is not defined, or no resample changes it, so that its spread is unknown.

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
    """Tell whether values are the same but for rounding, so that they have no spread to use."""
    return bool(np.ptp(values) <= _ROUNDING * np.max(np.abs(values)))


def bca_p_value(resampled: np.ndarray, observed: float, jackknife: np.ndarray) -> float:
    """Return the two-sided p value of a difference of zero, by inverting the BCa interval.

    Parameters
    ----------
    resampled : ndarray of float of shape (n_resamples,)
        Difference in each bootstrap resample; those that are not finite are left out.
    observed : float
        Difference on the rows themselves.
    jackknife : ndarray of float of shape (n_rows,)
        Difference without each row.

    Returns
    -------
    float
        One less the confidence level at which zero is an end of the interval, and at least
        ``2 / (n_resamples + 1)``. NaN where the difference is not defined, or is not zero and the
        same in all resamples, so that its spread is unknown.

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
    floor = 1 / (len(resampled) + 1)
    below = np.clip(_share_below(resampled, 0.0), floor, 1 - floor)
    gap = ndtri(below) - bias
    stretch = 1 + acceleration * gap
    tail = ndtr(gap / stretch - bias) if stretch > 0 else below
    return float(np.clip(2 * min(tail, 1 - tail), 2 * floor, 1))


def _corrected_levels(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray, levels: np.ndarray
) -> np.ndarray | None:
    """Return the quantiles of the resamples that BCa takes for those levels, None if undefined."""
    bias = float(ndtri(_share_below(resampled, observed)))
    shifted = bias + ndtri(levels)
    stretch = 1 - _acceleration(jackknife) * shifted
    if not np.isfinite(shifted).all() or (stretch <= 0).any():
        return None
    return ndtr(bias + shifted / stretch)


def _corrections(
    resampled: np.ndarray, observed: float, jackknife: np.ndarray
) -> tuple[float, float]:
    """Return bias and acceleration; both zero where the bias would be infinite."""
    bias = float(ndtri(_share_below(resampled, observed)))
    return (bias, _acceleration(jackknife)) if np.isfinite(bias) else (0.0, 0.0)


def _share_below(resampled: np.ndarray, value: float) -> float:
    """Return the share of resamples below a value, ties counted half."""
    return float(np.mean(resampled < value) + np.mean(resampled <= value)) / 2


def _acceleration(jackknife: np.ndarray) -> float:
    jackknife = jackknife[np.isfinite(jackknife)]
    if not len(jackknife):
        return 0.0
    deviations = jackknife.mean() - jackknife
    largest = np.max(np.abs(deviations))
    if largest == 0:
        return 0.0
    scaled = deviations / largest  # third powers of losses near zero are too small for a float
    return float(np.sum(scaled**3) / (6 * np.sum(scaled**2) ** 1.5))
