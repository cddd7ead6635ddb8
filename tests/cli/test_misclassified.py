"""Wrong predictions are listed with their texts and probabilities."""

import json

import numpy as np
import pandas as pd
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli._misclassified import misclassified
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted

X = pd.DataFrame({"subject": ["late", "paid", "late paid"], "row": ["x", "y", "z"]})


class Fixed:
    """Predicts "a" with these probabilities."""

    classes_ = np.array(["a", "b"])

    def predict(self, X):
        return np.full(len(X), "a")

    def predict_proba(self, X):
        share = np.array([0.6, 0.7, 0.9])[: len(X)]
        return np.column_stack([share, 1 - share])


def result_of(model, y):
    return ComparisonResult.from_evaluations([evaluate_fitted("m", model, X, y)], random_state=0)


def test_the_most_certain_errors_come_first():
    found = misclassified(result_of(Fixed(), np.array(["b", "a", "b"])), "m", X)
    assert found.columns == ["row", "subject", "text row", "true", "predicted", "probability"]
    assert found.rows() == [
        (3, "late paid", "z", "b", "a", 0.9),
        (1, "late", "x", "b", "a", 0.6),
    ]


def test_nothing_is_listed_if_all_is_right():
    assert misclassified(result_of(Fixed(), np.array(["a", "a", "a"])), "m", X).height == 0


def test_label_sets_are_lists_with_the_probability_of_each_label():
    texts = [f"{word} {i}" for i in range(12) for word in ("late", "paid")]
    model = make_tfidf_pipeline().fit(texts, [["late"], ["paid"]] * 12)
    y = [["paid"], ["paid"], ["late", "lost"]]
    with pytest.warns(UserWarning, match="cannot predict the labels"):
        evaluation = evaluate_fitted("m", model, X["subject"], y)
    result = ComparisonResult.from_evaluations([evaluation], random_state=0)
    found = misclassified(result, "m", X["subject"])
    assert found["row"].to_list() == [1, 3]
    assert json.loads(found["true"][0]) == ["paid"]
    assert json.loads(found["predicted"][0]) == ["late"]
    assert set(json.loads(found["probability"][0])) == {"late", "paid"}
