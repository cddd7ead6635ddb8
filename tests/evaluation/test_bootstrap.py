import numpy as np
import pytest
from scipy.stats import bootstrap

from agnews_sk.evaluation._bootstrap import bca_p_value, bootstrap_interval, resample_weights


def draws_of_mean(values, n_resamples=4000, seed=0):
    weights = np.vstack(list(resample_weights(len(values), n_resamples, seed)))
    jackknife = (values.sum() - values) / (len(values) - 1)
    return weights @ values / len(values), values.mean(), jackknife


@pytest.mark.parametrize("seed", range(5))
def test_bca_intervals_equal_those_of_scipy_on_the_same_resamples(seed):
    values = np.random.default_rng(seed).exponential(size=40)
    found = bootstrap((values,), np.mean, n_resamples=300, method="BCa", rng=seed)
    jackknife = (values.sum() - values) / 39
    ours = bootstrap_interval(found.bootstrap_distribution, values.mean(), jackknife, 0.95)[:2]
    np.testing.assert_allclose(ours, found.confidence_interval, rtol=0, atol=1e-10)


def test_weights_are_rows_drawn_with_replacement():
    weights = np.vstack(list(resample_weights(5, 20_000, seed=0)))
    assert (weights.sum(axis=1) == 5).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(weights.var(axis=0), 0.8, atol=0.03)  # binomial, n=5 and p=1/5


def test_weights_are_drawn_in_chunks_reproducibly(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._bootstrap._WEIGHTS_AT_ONCE", 30)
    first, again = (list(resample_weights(10, 8, seed=3)) for _ in range(2))
    assert [len(chunk) for chunk in first] == [3, 3, 2]
    np.testing.assert_array_equal(np.vstack(first), np.vstack(again))


def test_an_observed_score_outside_all_resamples_gets_the_percentile_interval():
    resampled = np.linspace(0.2, 0.4, 101)
    found = bootstrap_interval(resampled, 0.9, np.array([0.8, 0.9]), 0.9)[:2]
    np.testing.assert_allclose(found, [0.21, 0.39])


def test_resamples_in_which_the_score_is_not_defined_are_left_out():
    resampled, observed, jackknife = draws_of_mean(np.random.default_rng(0).random(30))
    with_gaps = np.append(resampled, [np.nan] * 10)
    expected = bootstrap_interval(resampled, observed, jackknife, 0.95)[:2]
    np.testing.assert_array_equal(
        bootstrap_interval(with_gaps, observed, jackknife, 0.95)[:2], expected
    )


@pytest.mark.parametrize(
    ("resampled", "observed"),
    [(np.full(9, np.nan), np.nan), (np.arange(9.0), np.nan), (np.full(9, np.nan), 4.0)],
    ids=["both", "rows", "resamples"],
)
def test_a_score_that_is_not_defined_has_neither_interval_nor_p_value(resampled, observed):
    assert np.isnan(bootstrap_interval(resampled, observed, np.ones(3), 0.95)[:2]).all()
    assert np.isnan(bca_p_value(resampled, observed, np.ones(3)))


@pytest.mark.parametrize("shift", [0.05, 0.15, 0.25])
def test_zero_is_an_end_of_the_interval_at_the_level_of_the_p_value(shift):
    values = np.random.default_rng(1).exponential(size=60) - 1 + shift
    drawn = draws_of_mean(values, n_resamples=20_000)
    p_value = bca_p_value(*drawn)
    ends = bootstrap_interval(*drawn, 1 - p_value)[:2]
    assert np.abs(ends).min() == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize("sign", [-1, 1], ids=["below", "above"])
def test_the_p_value_is_never_below_the_resolution_of_the_resamples(sign):
    values = sign * (10 + np.random.default_rng(0).random(30))
    assert 2 / 1000 <= bca_p_value(*draws_of_mean(values, n_resamples=999)) < 2 / 400


def test_a_difference_that_all_resamples_have_gets_the_smallest_p_value():
    assert bca_p_value(np.arange(1.0, 10), 5.0, np.ones(3)) == pytest.approx(2 / 10)


def test_no_difference_at_all_has_p_of_one():
    assert bca_p_value(*draws_of_mean(np.zeros(10))) == 1
