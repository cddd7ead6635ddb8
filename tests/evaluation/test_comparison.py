import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from agnews_sk.evaluation import compare_classifiers

TRAIN = ["oil rises", "team wins", "oil sinks", "team draws", "vote held"]
Y_TRAIN = ["Business", "Sports", "Business", "Sports", "World"]
TEST = ["oil falls", "team loses", "vote lost"]
Y_TEST = ["Business", "Sports", "World"]


def bayes():
    return make_pipeline(CountVectorizer(), MultinomialNB())


class WantsFrame(DummyClassifier):
    def fit(self, X, y):
        assert X.columns == ["title"]
        return super().fit(X, y)


def compare(classifiers, **options):
    return compare_classifiers(
        classifiers, TRAIN, Y_TRAIN, TEST, Y_TEST, random_state=0, n_resamples=50, **options
    )


def test_classifiers_are_compared_in_the_given_order():
    result = compare({"constant": DummyClassifier(), "bayes": bayes()})
    assert result.names == ["constant", "bayes"]
    assert result.scores.loc["bayes", "accuracy"] == 1
    assert result.predictions["constant"].tolist() == ["Business"] * 3
    assert list(result.estimators) == ["constant", "bayes"]


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pl.Series])
def test_each_classifier_gets_its_own_training_rows(kind):
    rows = np.array([1, 3, 0, 4])
    result = compare_classifiers(
        {"some": DummyClassifier(), "all": DummyClassifier()},
        kind(TRAIN),
        kind(Y_TRAIN),
        TEST,
        Y_TEST,
        train_rows={"some": rows},
        n_resamples=50,
    )
    assert result.scores["n_train_rows"].to_dict() == {"some": 4, "all": 5}
    assert result.predictions.loc[0].to_dict() == {"some": "Sports", "all": "Business"}


def test_frames_reach_the_classifiers_as_frames():
    frame = pl.DataFrame({"title": TRAIN})
    result = compare_classifiers(
        {"constant": WantsFrame()},
        frame,
        Y_TRAIN,
        pl.DataFrame({"title": TEST}),
        Y_TEST,
        train_rows={"constant": [0, 1, 4]},
        n_resamples=50,
    )
    assert result.scores["n_train_rows"].tolist() == [3]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"other": [0]}, ValueError, r"train_rows must name given classifiers, \['bayes'\]"),
        ({"bayes": [0, 5]}, ValueError, "must hold positions from 0 to 4, got 0 to 5"),
        ({"bayes": [-1]}, ValueError, "must hold positions from 0 to 4, got -1 to -1"),
        ({"bayes": np.array([], int)}, ValueError, "must hold positions from 0 to 4, got none"),
        ({"bayes": [True] * 5}, TypeError, "np.flatnonzero makes positions from a mask"),
    ],
    ids=["unknown name", "beyond the end", "negative", "none", "mask"],
)
def test_bad_training_rows_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        compare({"bayes": bayes()}, train_rows=rows)


def test_no_classifiers_are_refused():
    with pytest.raises(ValueError, match="classifiers is empty"):
        compare({})


def test_a_name_that_is_no_str_is_refused():
    with pytest.raises(TypeError, match="names of classifiers must be str, got int 1"):
        compare({1: bayes()})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence_level": 95}, "confidence_level must be between 0 and 1"),
        ({"n_resamples": 0}, "n_resamples must be at least 1, got 0"),
    ],
    ids=["percent", "no resamples"],
)
def test_settings_are_checked_before_anything_is_fitted(options, message):
    stages = []
    with pytest.raises(ValueError, match=message):
        compare_classifiers(
            {"bayes": bayes()}, TRAIN, Y_TRAIN, TEST, Y_TEST, progress=stages.append, **options
        )
    assert stages == []


def test_training_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="y_train must have one label a row of X_train, 5, got 4"):
        compare_classifiers({"bayes": bayes()}, TRAIN, Y_TRAIN[:4], TEST, Y_TEST)
