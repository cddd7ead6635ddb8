import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import accuracy_score, f1_score
from statsmodels.stats.contingency_tables import mcnemar

from agnews_sk.evaluation._statistics import (
    _class_counts,
    _score_intervals,
    bca_interval,
    bootstrap_intervals,
    mcnemar_test,
    scores_of_counts,
)

SCORES = {
    "accuracy": accuracy_score,
    "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
}


def noisy(y_true, share_right, rng, n_classes=4):
    guesses = rng.integers(0, n_classes, len(y_true))
    return np.where(rng.random(len(y_true)) < share_right, y_true, guesses)


def counts_of(y_true, y_pred, n_classes):
    classes = np.arange(n_classes)
    return _class_counts(y_true[:, None] == classes, y_pred[:, None] == classes)


def right_rows(both, only_a, only_b, neither):
    a = np.repeat([True, True, False, False], [both, only_a, only_b, neither])
    b = np.repeat([True, False, True, False], [both, only_a, only_b, neither])
    return a, b


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_counts_equal_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 4, 50)
    y_pred = noisy(y_true, 0.6, rng, n_classes=6)
    found = scores_of_counts(counts_of(y_true, y_pred, 7).sum(axis=0))
    expected = [score(y_true, y_pred) for score in SCORES.values()]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("position", "name"), [(0, "accuracy"), (1, "macro_f1")])
def test_bca_intervals_equal_those_of_scipy_on_the_same_resamples(position, name):
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 3, 40)
    y_pred = noisy(y_true, 0.7, rng, n_classes=3)
    seen = []

    def statistic(rows):
        seen.append(rows)
        return SCORES[name](y_true[rows], y_pred[rows])

    expected = bootstrap(
        (np.arange(40),), statistic, vectorized=False, n_resamples=150, method="BCa", rng=1
    ).confidence_interval
    cells, cell_of_row, n_rows = np.unique(
        np.vstack([y_true, y_pred]), axis=1, return_inverse=True, return_counts=True
    )
    draws = np.stack(
        [np.bincount(cell_of_row.ravel()[rows], minlength=len(n_rows)) for rows in seen[:150]]
    )
    found = _score_intervals(counts_of(*cells, 3), n_rows, draws, 0.95)[position]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_intervals_drawn_over_cells_follow_the_law_of_resampled_rows():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 4, 500)
    y_pred = noisy(y_true, 0.7, rng)
    found = bootstrap_intervals(y_true, y_pred[np.newaxis], n_resamples=20_000, random_state=0)
    expected = bootstrap((y_true == y_pred,), np.mean, n_resamples=20_000, method="BCa", rng=0)
    np.testing.assert_allclose(found[0, 0], expected.confidence_interval, atol=0.004)


def test_intervals_are_repeatable_and_widen_with_the_confidence_level():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 4, 200)
    predictions = np.stack([noisy(y_true, 0.8, rng), noisy(y_true, 0.6, rng)])
    first = bootstrap_intervals(y_true, predictions, random_state=3)
    np.testing.assert_array_equal(first, bootstrap_intervals(y_true, predictions, random_state=3))
    wider = bootstrap_intervals(y_true, predictions, confidence_level=0.99, random_state=3)
    assert np.all(wider[..., 0] < first[..., 0])
    assert np.all(wider[..., 1] > first[..., 1])


def test_identical_classifiers_get_identical_intervals():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 4, 200)
    y_pred = noisy(y_true, 0.8, rng)
    first, second = bootstrap_intervals(y_true, np.stack([y_pred, y_pred]), random_state=0)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "score"),
    [
        ([0, 1, 2, 2], [0, 1, 2, 2], 1),
        ([0, 1, 2, 2], [1, 2, 0, 0], 0),
        ([0], [0], 1),
        ([0], [1], 0),
    ],
    ids=["all right", "all wrong", "one row right", "one row wrong"],
)
def test_a_score_that_no_resample_changes_has_an_interval_of_no_width(y_true, y_pred, score):
    found = bootstrap_intervals(np.array(y_true), np.array([y_pred]), random_state=0)
    np.testing.assert_array_equal(found, np.full((1, 2, 2), score))


def test_an_observed_score_outside_all_resamples_gets_the_percentile_interval():
    resampled = np.linspace(0.2, 0.4, 101)
    found = bca_interval(resampled, 0.9, np.array([0.8, 0.9]), np.array([3, 5]), 0.9)
    np.testing.assert_allclose(found, [0.21, 0.39])


@pytest.mark.parametrize(
    ("cells", "test"),
    [((50, 3, 9, 4), "exact"), ((50, 24, 0, 4), "exact"), ((50, 10, 15, 4), "chi2")],
    ids=["few discordant rows", "one below the threshold", "at the threshold"],
)
def test_mcnemar_equals_that_of_statsmodels(cells, test):
    found = mcnemar_test(*right_rows(*cells))
    table = np.reshape(cells, (2, 2))
    assert found[:4] == cells
    assert found.test == test
    assert found.p_value == pytest.approx(mcnemar(table, exact=test == "exact").pvalue, abs=1e-12)


def test_exact_mcnemar_is_the_binomial_test_of_the_discordant_rows():
    found = mcnemar_test(*right_rows(10, 2, 11, 3))
    assert found.p_value == pytest.approx(binomtest(2, 13, 0.5).pvalue, abs=1e-12)


@pytest.mark.parametrize("cells", [(5, 0, 0, 0), (0, 0, 0, 5), (3, 0, 0, 2), (1, 0, 0, 0)])
def test_mcnemar_of_classifiers_that_never_disagree_has_p_of_one(cells):
    assert mcnemar_test(*right_rows(*cells)).p_value == 1
