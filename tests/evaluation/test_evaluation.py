import io
import sys

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from agnews_sk.evaluation import evaluate_classifier

TRAIN = ["oil rises", "team wins", "oil sinks", "team draws"]
Y_TRAIN = ["Business", "Sports", "Business", "Sports"]
TEST = ["oil falls", "team loses", "oil team oil"]
Y_TEST = ["Business", "Sports", "Sports"]


def bayes():
    return make_pipeline(CountVectorizer(), MultinomialNB())


class ForgetsRows(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.array(["Sports"])


class HoldsFunction(DummyClassifier):
    def fit(self, X, y):
        self.function_ = lambda text: text
        return super().fit(X, y)


def test_evaluation_holds_predictions_rows_and_costs():
    found = evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST)
    assert found.y_true.tolist() == Y_TEST
    assert found.y_pred.tolist() == ["Business", "Sports", "Business"]
    assert found.n_train_rows == 4
    assert found.fit_seconds > 0
    assert found.texts_per_second == 3 / found.predict_seconds


def test_costs_of_every_kind_are_measured():
    found = evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST)
    assert 0 < found.cpu_seconds < 10
    assert found.peak_memory_bytes >= 0 or not sys.platform.startswith("linux")
    assert len(found.latency_seconds) == 200
    assert (found.latency_seconds > 0).all()
    assert found.n_parameters == 2 * (2 * 6 + 2)  # log probabilities, counts and priors


def test_probabilities_have_the_labels_of_their_columns():
    found = evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST)
    assert found.classes.tolist() == ["Business", "Sports"]
    assert found.y_proba.shape == (3, 2)


def test_a_classifier_without_probabilities_is_evaluated():
    svc = make_pipeline(CountVectorizer(), LinearSVC())
    found = evaluate_classifier("svc", svc, TRAIN, Y_TRAIN, TEST, Y_TEST)
    assert found.y_proba is None
    assert found.classes is None


def test_size_is_the_number_of_bytes_written_by_joblib():
    found = evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST)
    file = io.BytesIO()
    joblib.dump(found.estimator, file)
    assert found.size_bytes == len(file.getvalue())


def test_an_estimator_that_cannot_be_pickled_is_evaluated_without_a_size():
    with pytest.warns(
        UserWarning, match="the size of constant is unknown, as it cannot be pickled"
    ):
        found = evaluate_classifier("constant", HoldsFunction(), TRAIN, Y_TRAIN, TEST, Y_TEST)
    assert found.size_bytes is None
    assert len(found.y_pred) == 3


def test_the_given_estimator_stays_unfitted():
    given = MultinomialNB()
    found = evaluate_classifier("bayes", given, [[1, 0], [0, 1]], [0, 1], [[2, 0]], [0])
    check_is_fitted(found.estimator)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        check_is_fitted(given)


@pytest.mark.parametrize(
    "kind",
    [list, tuple, np.array, pd.Series, pl.Series, lambda y: pd.Series(y, dtype="category")],
    ids=["list", "tuple", "ndarray", "pandas", "polars", "categorical"],
)
def test_labels_of_any_kind_give_the_same_predictions(kind):
    found = evaluate_classifier("bayes", bayes(), TRAIN, kind(Y_TRAIN), TEST, kind(Y_TEST))
    assert found.y_true.tolist() == Y_TEST
    assert found.y_pred.tolist() == ["Business", "Sports", "Business"]


def test_progress_receives_each_stage_with_its_rows():
    stages = []
    evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST, progress=stages.append)
    assert stages == [
        "bayes: fitting on 4 rows",
        "bayes: predicting 3 rows",
        "bayes: measuring probabilities, latency and size",
    ]


def test_test_labels_never_trained_on_are_warned_of_and_count_as_wrong():
    with pytest.warns(UserWarning, match=r"bayes cannot predict the labels \['World'\]"):
        found = evaluate_classifier(
            "bayes", bayes(), TRAIN, Y_TRAIN, TEST, ["Business", "Sports", "World"]
        )
    assert (found.y_pred == found.y_true).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("y_test", "message"),
    [
        (["Business", "Sports"], "y_test must have one label per row of X_test, 3, got 2"),
        (["Business", None, "Sports"], "y_test has 1 missing label, at position 1"),
        ([["Business", "Oil"]] * 3, "y_test must be 1-D"),
        ([0.1, 0.2, 0.3], "continuous"),
    ],
    ids=["too few", "missing", "2-D", "continuous"],
)
def test_bad_test_labels_are_rejected(y_test, message):
    with pytest.raises(ValueError, match=message):
        evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, TEST, y_test)


def test_no_test_rows_are_rejected():
    with pytest.raises(ValueError, match="y_test is empty"):
        evaluate_classifier("bayes", bayes(), TRAIN, Y_TRAIN, [], [])


def test_a_name_that_is_not_a_str_is_rejected():
    with pytest.raises(TypeError, match="name of a classifier must be a str, got int 1"):
        evaluate_classifier(1, bayes(), TRAIN, Y_TRAIN, TEST, Y_TEST)


def test_a_classifier_that_loses_rows_in_predict_is_rejected():
    with pytest.raises(ValueError, match="predict of lossy must return one label per row"):
        evaluate_classifier("lossy", ForgetsRows(), TRAIN, Y_TRAIN, TEST, Y_TEST)
