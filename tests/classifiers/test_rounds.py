import numpy as np
import pytest
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from agnews_sk.classifiers import _rounds
from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._labelled_rows import LabelledRows
from agnews_sk.classifiers._pseudo_labels import PseudoLabels
from agnews_sk.classifiers._rounds import (
    HeldOut,
    Rounds,
    _share_changed,
    count_changes,
    is_significant,
)

X = np.array([[-2.0], [-1.0], [1.0], [2.0], [-1.5], [1.5]])
LABELS = np.array(["a", "a", "b", "b", "a", "b"])
CODES = np.array([0, 0, 1, 1, 0, 1])
FOLDS = np.array([0, 1, 0, 1, -1, -1])
UNLABELLED = np.tile([[-3.0], [3.0], [-2.5], [2.5]], (20, 1))


class Fixed:
    """A teacher that gives every row the same probability of the second class, times its sign."""

    def __init__(self, share):
        self.share = share
        self.asked = []

    def probabilities(self, known, asked):
        self.asked.append((known.tolist(), asked.tolist()))
        signs = np.sign(np.concatenate([X, UNLABELLED])[asked]).ravel()
        second = 0.5 + signs * (self.share - 0.5)
        return np.column_stack([1 - second, second])


class Counted(LogisticRegression):
    """Counts the fits of all clones."""

    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.n_fits += 1
        return super().fit(X, y, sample_weight)


def labelled(weight=None, origins=None):
    weight = np.ones(6) if weight is None else np.asarray(weight, dtype=float)
    origins = np.arange(6) if origins is None else np.array(origins)
    rows = TrainingRows(X, LABELS, None if (weight == 1).all() else weight)
    return LabelledRows(rows, np.array(["a", "b"]), CODES, weight, origins)


def held_out(teacher, *, by_estimator=False, **rows):
    return HeldOut(labelled(**rows), teacher, FOLDS, np.arange(80), by_estimator)


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


def test_fractions_of_rows_are_between_whole_ones():
    found = [is_significant(0.0, worse) for worse in (3, 3.2, 3.4, 4)]
    assert found == [False, False, True, True]


@pytest.mark.parametrize(("share", "worse"), [(0.9, 0), (0.1, 4)], ids=["right", "wrong"])
def test_held_out_rows_are_predicted_with_and_without_self_training(share, worse):
    found = count_changes(rounds(), held_out(Fixed(share)), UNLABELLED)
    assert found == (4, 0, worse, -worse / 4, worse == 4)


@pytest.mark.parametrize(
    ("rows", "gain", "is_worse"),
    [
        ({}, -1, True),
        ({"origins": [0, 1, 0, 1, 4, 5]}, -1, False),
        ({"weight": [9, 9, 9, 9, 1, 1]}, -1, True),
        ({"weight": [4, 1, 1, 1, 1, 1]}, -1, False),
    ],
    ids=["four rows", "two origins", "four heavy rows", "one heavy row"],
)
def test_rows_that_tell_as_much_as_fewer_are_tested_as_these(rows, gain, is_worse):
    found = count_changes(rounds(), held_out(Fixed(0.1), **rows), UNLABELLED)
    assert found == (4, 0, 4, gain, is_worse)


def test_gains_are_of_weight():
    class Mixed(Fixed):
        def probabilities(self, known, asked):
            share = 0.1 if 0 in asked else 0.9  # the first part is taught wrong labels
            return Fixed(share).probabilities(known, asked)

    found = count_changes(rounds(), held_out(Mixed(0), weight=[3, 1, 1, 1, 1, 1]), UNLABELLED)
    assert found == (4, 0, 2, pytest.approx(-4 / 6), False)


def test_the_teacher_predicts_each_row_from_the_other_folds_once():
    teacher = Fixed(0.8)
    found = held_out(teacher, weight=[1, 2, 3, 4, 5, 6])
    confidence, is_right, weight = found.predictions()
    count_changes(rounds(), found, UNLABELLED)
    sample = list(range(6, 86))
    assert teacher.asked == [([1, 3, 4, 5], [0, 2, *sample]), ([0, 2, 4, 5], [1, 3, *sample])]
    np.testing.assert_allclose(confidence, 0.8)
    assert is_right.tolist() == [True] * 4
    assert weight.tolist() == [1, 3, 2, 4]


@pytest.mark.parametrize(("by_estimator", "n_fits"), [(True, 2), (False, 4)])
def test_what_the_estimator_taught_is_not_fitted_again(by_estimator, n_fits):
    Counted.n_fits = 0
    compared = held_out(Fixed(0.9), by_estimator=by_estimator)
    count_changes(rounds(estimator=Counted(C=100)), compared, UNLABELLED)
    assert Counted.n_fits == n_fits


def test_without_pseudo_labels_nothing_is_fitted():
    Counted.n_fits = 0
    none = rounds(estimator=Counted(), threshold=0.95)
    assert count_changes(none, held_out(Fixed(0.9)), UNLABELLED) == (4, 0, 0, 0, False)
    assert none.run(np.full((80, 2), 0.5), labelled(), UNLABELLED) == (None, 0, 0)
    assert Counted.n_fits == 0


def test_without_held_out_rows_there_is_no_gain():
    compared = HeldOut(labelled(), Fixed(0.9), np.full(6, -1), np.arange(80), False)
    found = count_changes(rounds(), compared, UNLABELLED)
    assert np.isnan(found.gain)
    assert (found.n_held_out, found.is_worse) == (0, False)
    assert [len(values) for values in compared.predictions()] == [0, 0, 0]


def test_pseudo_labels_that_do_not_change_end_the_rounds():
    y_proba = Fixed(0.9).probabilities(np.arange(6), np.arange(6, 86))
    found = rounds(max_rounds=5).run(y_proba, labelled(), UNLABELLED)
    assert (found.n_rounds, found.n_labels) == (1, 80)


def test_the_balance_is_that_of_the_effective_numbers_of_labelled_rows(monkeypatch):
    given = []
    monkeypatch.setattr(
        _rounds, "balanced", lambda y_proba, counts: given.append(counts) or y_proba
    )
    y_proba = np.full((80, 2), 0.5)
    for rows in ({}, {"origins": [0, 0, 1, 1, 0, 1]}, {"weight": [1, 1, 2, 2, 1, 2]}):
        rounds(keep_balance=True).run(y_proba, labelled(**rows), UNLABELLED)
    np.testing.assert_allclose(given, [[3, 3], [1, 1], [1.8, 3.6]])


def test_the_share_of_changed_labels_counts_rows_without_one():
    before = PseudoLabels(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([1.0, 0.6, 0.4]))
    after = PseudoLabels(np.array([0, 1, 2]), np.array([0, 1, 1]), np.ones(3))
    assert _share_changed(before, before, 4) == 0
    assert _share_changed(before, after, 4) == 0.5
