"""MAPIE's conformal prediction sets of our probabilities."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import make_news

classification = pytest.importorskip("mapie.classification", reason="MAPIE is not installed")

LEVEL = 0.9
N_SPLITS = 200


class Computed(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are their probabilities, so that each is computed once."""

    def __init__(self, classes):
        self.classes = classes

    def fit(self, X=None, y=None):
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return self.classes_[np.argmax(X, axis=1)]


def predicted_sets(classifier, X, y, X_new):
    conformal = classification.SplitConformalClassifier(
        classifier, confidence_level=LEVEL, prefit=True
    )
    return conformal.conformalize(X, y).predict_set(X_new)[1][:, :, 0]  # (n_new, n_classes)


def test_sets_hold_the_label_as_often_as_promised_over_many_splits(fitted_words):
    X, y = make_news(4_000, random_state=2, return_X_y=True)
    probabilities = fitted_words.predict_proba(X)
    codes = np.searchsorted(fitted_words.classes_, y)
    computed = Computed(fitted_words.classes_).fit()
    rng = np.random.default_rng(0)
    coverage, size = [], []
    for _ in range(N_SPLITS):
        order = rng.permutation(len(codes))
        held_out, new = order[:1_000], order[1_000:]
        sets = predicted_sets(
            computed, probabilities[held_out], np.asarray(y)[held_out], probabilities[new]
        )
        coverage.append(sets[np.arange(len(new)), codes[new]].mean())
        size.append(sets.sum(axis=1).mean())
    assert abs(np.mean(coverage) - LEVEL) <= 0.01
    assert 1 < np.mean(size) < 2  # not covered by sets of all classes


@pytest.mark.parametrize("container", ["frame", "texts"])
def test_a_fitted_pipeline_is_conformalized_as_it_is(news, fitted_words, container):
    X, y = make_news(500, random_state=3, return_X_y=True)
    take = ColumnJoiner().fit_transform if container == "texts" else lambda frame: frame
    sets = predicted_sets(fitted_words, take(X), y, take(news.X_test))
    computed = Computed(fitted_words.classes_).fit()
    expected = predicted_sets(
        computed, fitted_words.predict_proba(X), y, fitted_words.predict_proba(news.X_test)
    )
    assert (sets == expected).all()
    codes = np.searchsorted(fitted_words.classes_, news.y_test)
    assert sets[np.arange(200), codes].mean() > 0.8
