"""Pipelines predict plain rows by their steps, and leave the rest to imbalanced-learn."""

import pytest
import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron

from agnews_sk._core import plain_rows
from agnews_sk.pipeline import TextPipeline

TEXTS, LABELS = ["goal", "oil", "cup", "gas"], [1, 0, 1, 0]


def pipeline_of(classifier):
    return TextPipeline(
        [("skipped", "passthrough"), ("vectorize", TfidfVectorizer()), ("classify", classifier)]
    )


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_predictions_are_those_of_imbalanced_learn(method, monkeypatch):
    pipeline = pipeline_of(LogisticRegression()).fit(TEXTS, LABELS)
    plain = getattr(pipeline, method)(TEXTS)
    with sklearn.config_context(enable_metadata_routing=True):
        assert (getattr(pipeline, method)(TEXTS) == plain).all()
    monkeypatch.setattr(plain_rows, "is_fitted", lambda step: False)
    assert (getattr(pipeline, method)(TEXTS) == plain).all()


def test_a_pipeline_has_the_methods_of_its_last_step():
    pipeline = pipeline_of(Perceptron()).fit(TEXTS, LABELS)
    assert hasattr(pipeline, "predict")
    assert not hasattr(pipeline, "predict_proba")


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_an_unfitted_pipeline_is_rejected_as_a_whole(method):
    with pytest.raises(NotFittedError, match="Pipeline is not fitted yet"):
        getattr(pipeline_of(LogisticRegression()), method)(TEXTS)


def test_parameters_of_the_last_step_are_passed_on():
    pipeline = pipeline_of(LogisticRegression()).fit(TEXTS, LABELS)
    with pytest.raises(TypeError, match="unexpected keyword argument 'strange'"):
        pipeline.predict(TEXTS, strange=1)
