"""A classifier that is fitted already is scored as one that is fitted for it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from agnews_sk import make_tfidf_pipeline
from agnews_sk.evaluation import (
    ComparisonResult,
    _costs,
    cost_note,
    evaluate_classifier,
    evaluate_fitted,
)

TEXTS = [f"{word} {i}" for i in range(12) for word in ("oil", "cup")]
LABELS = ["Oil", "Cup"] * 12


@pytest.fixture(autouse=True)
def few_latencies(monkeypatch):
    monkeypatch.setattr(_costs, "MAX_LATENCY_CALLS", 5)


@pytest.fixture
def fitted():
    return make_tfidf_pipeline().fit(TEXTS, LABELS)


def test_predictions_are_those_of_an_evaluation_with_a_fit(fitted):
    stages = []
    found = evaluate_fitted("a", fitted, TEXTS[:9], LABELS[:9], progress=stages.append)
    expected = evaluate_classifier("a", fitted, TEXTS, LABELS, TEXTS[:9], LABELS[:9])
    assert found.estimator is fitted
    assert found.y_pred.tolist() == expected.y_pred.tolist()
    np.testing.assert_array_equal(found.y_proba, expected.y_proba)
    assert (found.n_train_rows, found.n_parameters) == (0, expected.n_parameters)
    assert stages[0] == "a: predicting 9 rows"


def test_its_fit_is_unknown_and_its_speed_known(fitted):
    found = evaluate_fitted("a", fitted, TEXTS, LABELS)
    assert np.isnan([found.fit_seconds, found.cpu_seconds]).all()
    assert found.texts_per_second > 0
    note = cost_note(ComparisonResult.from_evaluations([found], random_state=0))
    assert note.startswith("Prediction speed: a ")


def test_labels_that_it_does_not_know_count_as_errors(fitted):
    with pytest.warns(UserWarning, match=r"a cannot predict the labels \['Gas'\]"):
        found = evaluate_fitted("a", fitted, TEXTS[:2], ["Oil", "Gas"])
    assert (found.y_pred == found.y_true).tolist() == [True, False]


def test_labels_of_another_kind_are_rejected(fitted):
    with pytest.raises(TypeError, match="y_test must hold labels of the kind of classes_ of a"):
        evaluate_fitted("a", fitted, TEXTS[:2], [1, 2])
    with pytest.raises(ValueError, match="y_test"):
        evaluate_fitted("a", fitted, TEXTS[:2], ["Oil"])


SETS = [["Oil"] if label == "Oil" else ["Cup", "Tea"] for label in LABELS]
CLASSES = ["Cup", "Oil", "Tea"]
INDICATOR = np.array([[one in labels for one in CLASSES] for labels in SETS], dtype=int)
OTHERS = {
    "forest": RandomForestClassifier(2, random_state=0),
    "one-vs-rest": OneVsRestClassifier(LogisticRegression()),
}


@pytest.mark.parametrize("other", OTHERS)
def test_labels_of_other_libraries_are_the_columns_of_the_indicator(other):
    frame = pd.DataFrame(INDICATOR, columns=CLASSES)
    model = make_pipeline(CountVectorizer(), OTHERS[other]).fit(TEXTS, frame.to_numpy())
    found = evaluate_fitted("a", model, TEXTS[:8], frame[:8])
    assert found.y_true.tolist() == SETS[:8]
    assert found.y_pred.tolist() == found.y_true.tolist()
    assert found.classes.tolist() == CLASSES
    assert evaluate_fitted("a", model, TEXTS[:2], [[1], [0, 2]]).y_pred.tolist() == [[1], [0, 2]]
