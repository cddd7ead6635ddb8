import numpy as np
import pytest
from scipy.stats import binomtest

from agnews_sk.evaluation._exact import difference_interval, exact_intervals, share_interval


@pytest.mark.parametrize(("n_found", "n"), [(0, 7), (3, 40), (40, 40), (1, 1)])
def test_shares_have_the_interval_of_clopper_and_pearson(n_found, n):
    expected = binomtest(n_found, n).proportion_ci(0.9, method="exact")
    np.testing.assert_allclose(share_interval(n_found, n, 0.9), expected, atol=1e-10)


def test_exact_intervals_have_at_least_the_nominal_coverage():
    rng = np.random.default_rng(0)
    truth = {"accuracy": 0.8, "macro_recall": 0.8, "recall_0": 0.8, "balanced_accuracy": 0.8}
    held = dict.fromkeys(truth, 0)
    for _ in range(300):
        true = rng.integers(0, 2, 40)
        predicted = np.where(rng.random(40) < 0.8, true, 1 - true)
        of_each = [true[true == predicted], true, predicted]
        counts = np.stack([np.bincount(codes, minlength=2) for codes in of_each])
        found = exact_intervals(counts, [0, 1], 0.9)
        for name in truth:
            held[name] += found[name].low <= truth[name] <= found[name].high
    assert min(held.values()) >= 270


def test_exact_intervals_of_differences_have_at_least_the_nominal_coverage():
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(60, [0.3, 0.1, 0.6], size=300)
    found = [difference_interval(a, b, 60, 0.9) for a, b, _ in drawn]
    assert np.mean([low <= 0.2 <= high for low, high, _ in found]) >= 0.9


def test_without_trials_nothing_is_known():
    low, high = share_interval([0, 0], [0, 5], 0.95)
    assert (low[0], high[0]) == (0, 1)
    assert high[1] < 1


def test_fractions_of_rows_lie_between_whole_ones():
    ends = [share_interval(n, 10, 0.95) for n in (7, 7.5, 8)]
    assert ends[0][0] < ends[1][0] < ends[2][0]
    assert ends[0][1] < ends[1][1] < ends[2][1]


def test_a_class_that_does_not_occur_is_in_no_mean():
    with_it = exact_intervals(np.array([[8, 2, 0], [9, 3, 0], [9, 3, 0]]), list("abc"), 0.95)
    without = exact_intervals(np.array([[8, 2], [9, 3], [9, 3]]), list("ab"), 0.95)
    assert with_it["macro_f1"] == without["macro_f1"]
    assert with_it["balanced_accuracy"] == without["balanced_accuracy"]


def test_f1_lies_between_the_harmonic_means_of_the_ends_of_its_shares():
    found = exact_intervals(np.array([[8, 2], [10, 2], [8, 4]]), ["a", "b"], 0.95)
    score = 2 * 8 / (10 + 8)
    assert found["f1_a"].low < score < found["f1_a"].high
    assert found["f1_a"].method == "exact"


def test_a_difference_is_the_negative_of_its_opposite():
    forward, backward = difference_interval(7, 2, 50, 0.9), difference_interval(2, 7, 50, 0.9)
    assert (forward.low, forward.high) == pytest.approx((-backward.high, -backward.low))
