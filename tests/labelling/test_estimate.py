import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from agnews_sk.evaluation import share_interval
from agnews_sk.labelling._estimate import AccuracyEstimate, estimate_accuracy
from tests.labelling.blobs import blobs


class Remembers(DummyClassifier):
    """Right on exactly the rows that it was fitted on."""

    def fit(self, X, y):
        self.known_ = dict(zip(X[:, 0].tolist(), y))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.array([self.known_.get(x, "unknown") for x in X[:, 0].tolist()])


def test_rows_that_count_are_never_predicted_by_a_classifier_that_has_seen_them():
    X, y = np.arange(40.0)[:, None], np.array(["a", "b"] * 20, dtype=object)
    found = estimate_accuracy(
        Remembers(), X, y, np.arange(30), np.arange(30, 40), cv=7, confidence_level=0.95
    )
    assert found.accuracy == 0
    assert found.n_rows == 30


def test_other_rows_are_fitted_on_and_do_not_count():
    X, y = blobs(200)
    y = y.astype(object)
    few = estimate_accuracy(
        LogisticRegression(), X, y, np.arange(6), np.array([], int), cv=3, confidence_level=0.9
    )
    more = estimate_accuracy(
        LogisticRegression(), X, y, np.arange(6), np.arange(6, 200), cv=3, confidence_level=0.9
    )
    assert (few.n_rows, more.n_rows) == (6, 6)
    assert more.accuracy > few.accuracy


def test_the_interval_is_the_exact_one_at_its_level():
    X, y = blobs(60)
    found = estimate_accuracy(
        LogisticRegression(),
        X,
        y.astype(object),
        np.arange(50),
        np.arange(50, 60),
        cv=5,
        confidence_level=0.9,
    )
    low, high = share_interval(found.accuracy * 50, 50, 0.9)
    assert (found.low, found.high) == (float(low), float(high))
    assert found.confidence_level == 0.9


def test_a_single_class_is_what_is_predicted():
    X, y = np.arange(4.0)[:, None], np.array(["a", "a", "a", "b"], dtype=object)
    found = estimate_accuracy(
        LogisticRegression(), X, y, np.arange(4), np.array([], int), cv=4, confidence_level=0.95
    )
    # Without the only "b", its fold predicts "a"; the others know both classes.
    assert found.n_rows == 4
    assert found.accuracy < 1


def test_without_rows_the_interval_is_everything():
    found = estimate_accuracy(
        LogisticRegression(),
        np.zeros((3, 1)),
        np.array(["a", "b", "a"], dtype=object),
        np.array([], int),
        np.arange(3),
        cv=5,
        confidence_level=0.95,
    )
    assert np.isnan(found.accuracy)
    assert (found.low, found.high, found.n_rows) == (0, 1, 0)
    assert str(found) == "accuracy unknown"


def test_an_estimate_is_shown_with_its_interval():
    shown = str(AccuracyEstimate(0.842, 0.761, 0.9, 1_120, 0.95))
    assert shown == "accuracy 84.2% (76.1% to 90.0%) on 1,120 random rows"
