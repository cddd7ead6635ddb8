import numpy as np
import pytest
from scipy.stats import binom

from agnews_sk.classifiers._thresholds import threshold_for_coverage, threshold_for_error


def test_the_bound_fails_no_more_often_than_its_level_says():
    rng = np.random.default_rng(0)
    n_failed = 0
    for _ in range(300):
        confidence = rng.random(300)
        wrong = rng.random(300) < 0.5 * (1 - confidence)
        threshold = threshold_for_error(confidence, wrong, 0.1, 0.9)
        # Above t the mean of (1 - u) / 2 for u from t to 1 is (1 - t) / 4.
        n_failed += np.isfinite(threshold) and (1 - threshold) / 4 > 0.1
    assert n_failed / 300 <= 0.1


def test_rows_of_the_same_confidence_are_predicted_together():
    confidence = np.repeat([0.9, 0.5], [400, 400])
    wrong = np.repeat([False, True], [400, 400])
    assert threshold_for_error(confidence, wrong, 0.05, 0.95) == 0.9


def test_shares_are_of_weight():
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert threshold_for_coverage(confidence, 0.5, np.ones(4)) == 0.8
    assert threshold_for_coverage(confidence, 0.5, np.array([3.0, 1, 1, 1])) == 0.9
    assert threshold_for_coverage(confidence, 0.5, np.array([0.0, 0, 1, 1])) == 0.7
    many, wrong = np.linspace(1, 0.5, 500), np.arange(500) % 10 == 9
    assert threshold_for_error(many, wrong, 0.05, 0.95) == np.inf
    forgiving = np.where(wrong, 0.1, 1.0)
    assert np.isfinite(threshold_for_error(many, wrong, 0.05, 0.95, forgiving))


def test_only_the_ratios_of_weights_matter_and_unequal_ones_raise_the_threshold():
    rng = np.random.default_rng(0)
    confidence, wrong = rng.random(400), rng.random(400) < 0.02
    plain = threshold_for_error(confidence, wrong, 0.06, 0.95)
    assert threshold_for_error(confidence, wrong, 0.06, 0.95, np.full(400, 7.0)) == plain
    unequal = np.where(np.arange(400) % 20 == 0, 50.0, 1.0)
    assert threshold_for_error(confidence, wrong & False, 0.06, 0.95, unequal) > (
        threshold_for_error(confidence, wrong & False, 0.06, 0.95)
    )


@pytest.mark.parametrize("coverage", [0.01, 0.25, 0.5, 0.75, 1.0])
def test_the_threshold_of_a_coverage_is_the_highest_that_reaches_it(coverage):
    confidence = np.random.default_rng(0).random(40)
    threshold = threshold_for_coverage(confidence, coverage, np.ones(40))
    assert (confidence >= threshold).mean() >= coverage
    assert (confidence > threshold).mean() < coverage


def test_the_bound_is_that_of_the_binomial_distribution():
    """40 rows of one confidence: one threshold, tested once, at the whole level."""
    wrong = np.arange(40) < 2
    at_bound = next(p for p in np.arange(0.05, 0.5, 1e-4) if binom.cdf(2, 40, p) <= 0.05)
    for max_error, expected in ((at_bound + 1e-3, 0.9), (at_bound - 1e-3, np.inf)):
        found = threshold_for_error(np.full(40, 0.9), wrong, max_error, 0.95)
        assert found == expected


def test_predictions_that_are_all_wrong_have_no_threshold():
    confidence = np.linspace(0.5, 1, 200)
    assert threshold_for_error(confidence, np.ones(200, dtype=bool), 0.99, 0.95) == np.inf


def test_rows_without_weight_change_nothing():
    rng = np.random.default_rng(0)
    confidence, wrong = rng.random(300), rng.random(300) < 0.02
    weight = (np.arange(300) < 250).astype(float)
    assert threshold_for_error(confidence, wrong, 0.1, 0.9, weight) == threshold_for_error(
        confidence[:250], wrong[:250], 0.1, 0.9
    )


def test_the_bound_holds_for_rows_of_one_origin():
    rng = np.random.default_rng(2)
    origins = np.repeat(np.arange(300), 10)
    alone = together = 0
    for _ in range(100):
        wrong = np.repeat(rng.random(300) < 0.0505, 10)
        arguments = np.ones(3_000), wrong, 0.05, 0.95, np.ones(3_000)
        alone += np.isfinite(threshold_for_error(*arguments))
        together += np.isfinite(threshold_for_error(*arguments, origins))
    assert together <= 9 < alone


def test_the_bound_holds_where_heavy_rows_are_wrong():
    rng = np.random.default_rng(3)
    n_failed = 0
    for _ in range(200):
        heavy = rng.random(2_000) < 0.05
        share = 0.05 * 20 / (0.05 * 20 + 0.95)  # of the weight
        wrong = heavy & (rng.random(2_000) < 0.0202 / share)
        weight = np.where(heavy, 20.0, 1.0)
        n_failed += np.isfinite(threshold_for_error(np.ones(2_000), wrong, 0.02, 0.95, weight))
    assert n_failed / 200 <= 0.05


def test_without_weight_there_is_no_threshold():
    assert threshold_for_error(np.ones(3), np.zeros(3, bool), 0.5, 0.9, np.zeros(3)) == np.inf
