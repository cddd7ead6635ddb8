"""Fitted attributes of scikit-learn must fit each other."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._shapes import check_held_types, check_shapes, kinds_of

X = np.abs(np.random.default_rng(0).normal(size=(12, 4)))


def fit(estimator, n_classes=3):
    return estimator.fit(X, np.arange(12) % n_classes)


def check(estimator):
    check_shapes(estimator, kinds_of(estimator))
    check_held_types(estimator, kinds_of(estimator))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(), LinearSVC(), LinearSVC(fit_intercept=False), RidgeClassifier(),
        ComplementNB(), MaxAbsScaler(), DummyClassifier(),
    ],
    ids=repr,
)  # fmt: skip
def test_fitted_estimators_pass(estimator, n_classes):
    check(fit(estimator, n_classes))


@pytest.mark.parametrize("estimator", [LogisticRegression(), TfidfVectorizer()], ids=repr)
def test_estimators_that_are_not_fitted_pass(estimator):
    check(estimator)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("coef_", np.ones((3, 5)), r"coef_ has the shape \(3, 5\), expected \(rows, features\)"),
        ("coef_", np.ones((2, 4)), r"coef_ has the shape \(2, 4\)"),
        ("coef_", np.ones(4), r"coef_ has the shape \(4,\)"),
        ("coef_", np.full((3, 4), np.inf), "coef_ holds infinite numbers"),
        ("coef_", np.full((3, 4), "a"), "coef_ holds a <U1, expected numbers"),
        ("intercept_", np.ones(2), r"intercept_ has the shape \(2,\), expected \(rows\)"),
        ("classes_", np.arange(5), "coef_ has the shape"),
        ("n_features_in_", 7, "coef_ has the shape"),
    ],
    ids=["columns", "rows", "1-D", "infinite", "texts", "intercept", "classes", "features"],
)
def test_a_forged_attribute_is_rejected(name, value, message):
    classifier = fit(LogisticRegression())
    setattr(classifier, name, value)
    with pytest.raises(ArtifactError, match=f"LogisticRegression whose {message}"):
        check(classifier)


def test_probabilities_of_zero_may_have_an_infinite_logarithm():
    bayes = fit(ComplementNB())
    bayes.feature_log_prob_[0, 0] = -np.inf
    check(bayes)


def test_shapes_hold_for_subclasses():
    class Own(LogisticRegression):
        pass

    classifier = fit(Own())
    classifier.coef_ = np.ones((3, 5))
    with pytest.raises(ArtifactError, match="a Own whose coef_"):
        check(classifier)


def test_a_held_object_must_be_of_a_type_that_the_estimator_uses():
    vectorizer = TfidfVectorizer().fit(["oil", "cup"])
    check(vectorizer)
    vectorizer._tfidf = BaseEstimator()
    with pytest.raises(ArtifactError, match="TfidfVectorizer whose _tfidf is a BaseEstimator"):
        check(vectorizer)
