import numpy as np
import pytest
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._pseudo_labels import PseudoLabels
from agnews_sk.classifiers._rounds import (
    Rounds,
    _share_changed,
    count_changes,
    is_significant,
    predict_held_out,
)

X = np.array([[-2.0], [-1.0], [1.0], [2.0], [-1.5], [1.5]])
ROWS = TrainingRows(X, np.array(["a", "a", "b", "b", "a", "b"]))
FOLDS = np.array([0, 1, 0, 1, -1, -1])
UNLABELLED = np.array([[-3.0], [3.0], [-2.5], [2.5]])


class Fixed:
    """A teacher that gives every row the same probability of the second class, times its sign."""

    def __init__(self, share):
        self.share = share

    def probabilities(self, known, out):
        signs = np.sign(UNLABELLED if out is None else X[out]).ravel()
        second = 0.5 + signs * (self.share - 0.5)
        return np.column_stack([1 - second, second])


def rounds(**params):
    settings = {"fit_params": {}, "threshold": 0.0, "coverage": 1.0, "soft": False}
    settings |= {"keep_balance": False, "max_rounds": 1, "estimator": LogisticRegression(C=100)}
    return Rounds(**{**settings, **params})


@pytest.mark.parametrize("n", [1, 4, 9])
def test_the_sign_test_is_that_of_the_binomial_distribution(n):
    for worse in range(n + 1):
        p_value = binom.sf(worse - 1, n, 0.5)
        assert is_significant(n - worse, worse) == (p_value <= 0.1)
    assert not is_significant(0, 0)


@pytest.mark.parametrize(("share", "worse"), [(0.9, 0), (0.1, 4)], ids=["right", "wrong"])
def test_held_out_rows_are_predicted_with_and_without_self_training(share, worse):
    many = np.tile(UNLABELLED, (20, 1))

    class Repeated(Fixed):
        def probabilities(self, known, out):
            assert out is None
            return np.tile(super().probabilities(known, None), (20, 1))

    counts = count_changes(rounds(), Repeated(share), ROWS, FOLDS, many)
    assert counts == (0, worse, 4)


def test_the_teacher_predicts_each_row_from_the_other_folds():
    asked = []

    class Asked(Fixed):
        def probabilities(self, known, out):
            asked.append((known.tolist(), out.tolist()))
            return super().probabilities(known, out)

    confidence, is_right = predict_held_out(Asked(0.8), np.array([0, 0, 1, 1, 0, 1]), FOLDS)
    assert asked == [([1, 3, 4, 5], [0, 2]), ([0, 2, 4, 5], [1, 3])]
    np.testing.assert_allclose(confidence, 0.8)
    assert is_right.tolist() == [True] * 4


def test_pseudo_labels_that_do_not_change_end_the_rounds():
    found = rounds(max_rounds=5).run(Fixed(0.9).probabilities(None, None), ROWS, UNLABELLED)
    assert (found.n_rounds, found.n_labels) == (1, 4)


def test_the_share_of_changed_labels_counts_rows_without_one():
    before = PseudoLabels(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([1.0, 0.6, 0.4]))
    after = PseudoLabels(np.array([0, 1, 2]), np.array([0, 1, 1]), np.ones(3))
    assert _share_changed(before, before, 4) == 0
    assert _share_changed(before, after, 4) == 0.5
