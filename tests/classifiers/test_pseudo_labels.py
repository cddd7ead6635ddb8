import numpy as np
import pytest

from agnews_sk.classifiers._pseudo_labels import (
    balanced,
    choose_labels,
    choose_threshold,
    threshold_for_gain,
    with_shares,
)

Y_PROBA = np.array([[0.9, 0.07, 0.03], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.45, 0.35]])


@pytest.mark.parametrize("shares", [[1 / 3, 1 / 3, 1 / 3], [0.8, 0.1, 0.1]])
def test_mean_probabilities_are_the_shares(shares):
    found = with_shares(Y_PROBA, np.array(shares))
    np.testing.assert_allclose(found.mean(axis=0), shares, rtol=1e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    # One factor for each class: ratios of two classes change alike in all rows.
    ratio = (found[:, 0] / found[:, 1]) / (Y_PROBA[:, 0] / Y_PROBA[:, 1])
    np.testing.assert_allclose(ratio, ratio[0])


def test_shares_are_finite_where_a_class_has_no_probability():
    found = with_shares(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0.5, 0.5]))
    assert np.isfinite(found).all()


def test_means_that_the_labelled_rows_allow_stay_as_they_are():
    assert balanced(Y_PROBA, np.array([5, 4, 3])) is Y_PROBA


def test_other_means_move_to_the_nearest_that_is_allowed():
    found = balanced(Y_PROBA, np.array([100, 200, 100])).mean(axis=0)
    shares = np.array([101, 201, 101]) / 403
    error = 2 * np.sqrt(shares * (1 - shares) / 400)
    assert (np.abs(found - shares) <= 1.5 * error).all()
    assert Y_PROBA.mean(axis=0)[0] > found[0] > shares[0]


@pytest.mark.parametrize(
    ("confidence", "is_right", "threshold"),
    [
        ([0.9, 0.8, 0.7], [1, 1, 1], 0.7),
        ([0.9, 0.8, 0.7], [1, 0, 1], 0.7),
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0], 0.8),
        ([0.9, 0.9, 0.5], [1, 0, 0], np.inf),
        ([0.9, 0.5], [0, 0], np.inf),
    ],
    ids=["all", "ties go down", "where wrong ones begin", "equal ones together", "none"],
)
def test_the_threshold_has_the_most_right_less_wrong(confidence, is_right, threshold):
    order = np.random.default_rng(0).permutation(len(confidence))
    confidence, is_right = np.array(confidence)[order], np.array(is_right, dtype=bool)[order]
    for weight in (1, 0.1, 1e-200):  # 0.1 is rounded in sums
        assert threshold_for_gain(confidence, is_right, np.full(len(order), weight)) == threshold


def test_heavy_rows_choose_the_threshold():
    confidence, is_right = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])
    weight = np.array([1.0, 3, 1])
    assert threshold_for_gain(confidence, is_right, np.ones(3)) == 0.7
    assert threshold_for_gain(confidence, is_right, weight) == 0.9
    assert choose_threshold(confidence, is_right, weight) == (0.9, pytest.approx(0.2), 1)


def test_coverage_and_accuracy_are_those_above_the_threshold():
    confidence, is_right = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([0, 1, 1, 0, 0], bool)
    assert choose_threshold(confidence, is_right, np.ones(5)) == (0.7, 0.6, pytest.approx(2 / 3))
    assert choose_threshold(np.empty(0), np.empty(0, bool), np.empty(0))[:2] == (0.0, 1.0)
    with pytest.warns(UserWarning, match="2 labelled rows that were held out are not more often"):
        assert choose_threshold(confidence[:2], is_right[:2], np.ones(2))[1] == 0


def test_a_threshold_labels_the_rows_that_reach_it():
    found = choose_labels(Y_PROBA, threshold=0.6, coverage=0.0, soft=False)
    assert found.rows.tolist() == [0, 1, 2]
    assert found.codes.tolist() == [0, 0, 1]
    assert found.weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("coverage", "rows"), [(0.5, [0, 2]), (0.51, [0, 1, 2, 3]), (1.0, [0, 1, 2, 3]), (0.0, [])]
)
def test_a_coverage_labels_the_same_share_of_each_class(coverage, rows):
    found = choose_labels(Y_PROBA, threshold=None, coverage=coverage, soft=False)
    assert found.rows.tolist() == rows


def test_soft_labels_leave_out_improbable_classes():
    found = choose_labels(Y_PROBA, threshold=0.6, coverage=0.0, soft=True)
    assert found.rows.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert found.codes.tolist() == [0, 1, 0, 1, 2, 0, 1, 2]
    np.testing.assert_allclose(found.weight[:2], [0.9 / 0.97, 0.07 / 0.97])
    np.testing.assert_allclose(np.bincount(found.rows, found.weight), 1)


def test_the_most_probable_of_many_classes_is_kept():
    found = choose_labels(np.full((1, 50), 0.02), threshold=0, coverage=1.0, soft=True)
    assert (found.rows.tolist(), found.weight.tolist()) == ([0], [1])
