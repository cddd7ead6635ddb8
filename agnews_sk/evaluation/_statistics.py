"""Paired statistical tests, on arrays."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student_t

# With fewer discordant rows than this the chi-squared approximation of McNemar's test is poor.
EXACT_BELOW = 25


class McNemarTest(NamedTuple):
    """McNemar's test of two classifiers on the same rows.

    Attributes
    ----------
    both_right, only_a, only_b, both_wrong : int
        Numbers of rows by which classifiers are right.
    test : {"exact", "chi2"}
    p_value : float
        Two-sided.
    effect_size : float
        Cohen's g, from -0.5 to 0.5.
    """

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    test: str
    p_value: float
    effect_size: float


class CorrectedTTest(NamedTuple):
    """Corrected resampled t-test of a mean difference over splits.

    Attributes
    ----------
    difference : float
        Mean over splits.
    low, high : float
        Ends of its interval.
    p_value : float
        Two-sided, of a mean of zero.
    effect_size : float
        Cohen's d: the mean in standard deviations.
    """

    difference: float
    low: float
    high: float
    p_value: float
    effect_size: float


def mcnemar_test(a_right: np.ndarray, b_right: np.ndarray) -> McNemarTest:
    """Test whether two classifiers have the same error rate on the same rows.

    Parameters
    ----------
    a_right, b_right : ndarray of bool of shape (n_rows,)
        Whether each classifier is right.

    Returns
    -------
    McNemarTest
        Its effect size is Cohen's g: the share of rows that only a gets right, among those that
        only one gets right, minus one half.

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
    >>> found.test, found.p_value, found.effect_size
    ('exact', 1.0, 0.5)
    """
    from statsmodels.stats.contingency_tables import mcnemar

    both_right, only_a = int(np.sum(a_right & b_right)), int(np.sum(a_right & ~b_right))
    only_b, both_wrong = int(np.sum(~a_right & b_right)), int(np.sum(~a_right & ~b_right))
    n_discordant = only_a + only_b
    exact = n_discordant < EXACT_BELOW
    table = [[both_right, only_a], [only_b, both_wrong]]
    return McNemarTest(
        both_right,
        only_a,
        only_b,
        both_wrong,
        test="exact" if exact else "chi2",
        p_value=float(mcnemar(table, exact=exact, correction=True).pvalue),
        effect_size=only_a / n_discordant - 0.5 if n_discordant else 0.0,
    )


def corrected_t_test(
    differences: Any, test_share: float, *, confidence_level: float = 0.95
) -> CorrectedTTest:
    """Test whether the mean difference over resampled splits is zero, corrected for their overlap.

    Parameters
    ----------
    differences : array-like of float of shape (n_splits,)
        Difference of the scores of two classifiers on each split, which are between 0 and 1.
    test_share : float
        Test rows of a split per training row; 0 gives the plain t-test.
    confidence_level : float, default=0.95

    Returns
    -------
    CorrectedTTest
        From a single split only the mean is known, and the rest is NaN.

    Notes
    -----
    Nadeau and Bengio (2003), "Inference for the generalization error": training sets overlap, so
    that splits are not independent, and the variance of their mean is estimated as
    ``(1 / n_splits + test_share) * variance`` instead of ``variance / n_splits``. Differences of
    shares are between -1 and 1, where the interval is cut.

    Examples
    --------
    >>> from agnews_sk.evaluation._statistics import corrected_t_test
    >>> found = corrected_t_test([0.02, 0.01, 0.03, 0.02, 0.02], test_share=1 / 4)
    >>> round(found.difference, 3), round(found.p_value, 3)
    (0.02, 0.014)
    """
    differences = np.asarray(differences, dtype=float)
    n_splits, mean = len(differences), float(np.mean(differences))
    if n_splits < 2:
        return CorrectedTTest(mean, np.nan, np.nan, np.nan, np.nan)
    deviation = float(np.std(differences, ddof=1))
    error = deviation * np.sqrt(1 / n_splits + test_share)
    reach = student_t.ppf((1 + confidence_level) / 2, n_splits - 1) * error
    if deviation == 0:
        p_value, effect_size = (1.0, 0.0) if mean == 0 else (0.0, np.copysign(np.inf, mean))
    else:
        p_value = float(2 * student_t.sf(abs(mean) / error, n_splits - 1))
        effect_size = mean / deviation
    low, high = max(mean - reach, -1.0), min(mean + reach, 1.0)
    return CorrectedTTest(mean, low, high, p_value, float(effect_size))


def holm(p_values: Any) -> np.ndarray:
    """Return p-values corrected for their number by the method of Holm (1979).

    Parameters
    ----------
    p_values : array-like of float of shape (n_tests,)
        NaN counts for no test, and stays NaN.

    Returns
    -------
    ndarray of float of shape (n_tests,)

    Examples
    --------
    >>> from agnews_sk.evaluation._statistics import holm
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    # statsmodels' multipletests gives the same, but runs a full garbage collection in each call.
    corrected = np.array(p_values, dtype=float)
    order = np.argsort(corrected)[: np.sum(~np.isnan(corrected))]  # NaN comes last
    times = np.arange(len(order), 0, -1)  # n_tests for the smallest, 1 for the largest
    corrected[order] = np.minimum(np.maximum.accumulate(corrected[order] * times), 1)
    return corrected
