"""Estimators are fitted or not as scikit-learn finds."""

import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from agnews_sk._core.fitted import check_fitted, is_fitted
from agnews_sk.cleaning import TextCleaner
from agnews_sk.vectorization import NgramVectorizer

FITTED = [
    LogisticRegression().fit([[0], [1]], [0, 1]),
    NgramVectorizer().fit(["a goal"]),
    TextCleaner(),  # stateless
]


@pytest.mark.parametrize("estimator", FITTED, ids=lambda one: type(one).__name__)
def test_fitted_estimators_pass(estimator):
    assert is_fitted(estimator)
    check_fitted(estimator)


class Private(BaseEstimator):
    """With attributes that do not tell."""

    def __init__(self):
        self.__dict__["__hidden_"] = self._state = 1

    def fit(self, X):
        return self


@pytest.mark.parametrize("estimator", [LogisticRegression(), NgramVectorizer(), Private()])
def test_others_are_rejected_with_the_words_of_scikit_learn(estimator):
    assert not is_fitted(estimator)
    with pytest.raises(NotFittedError, match=f"This {type(estimator).__name__} instance is not"):
        check_fitted(estimator)
