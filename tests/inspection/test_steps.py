import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import make_tfidf_pipeline
from agnews_sk.inspection._steps import _holds_texts, fitted_steps, score_per_class, text_model

X, Y = ["oil rises", "team wins"] * 3, ["Oil", "Team"] * 3


def shout(texts):
    return [text.upper() for text in texts]


def test_steps_that_make_texts_are_run_and_the_others_kept():
    pipeline = make_pipeline(
        FunctionTransformer(shout), CountVectorizer(lowercase=False), MultinomialNB()
    ).fit(X, Y)
    model = text_model(pipeline, ["oil"])
    assert model.texts.tolist() == ["OIL"]
    assert [type(reader) for reader in model.readers] == [CountVectorizer]
    np.testing.assert_allclose(model.scores(model.texts), np.log(pipeline.predict_proba(["oil"])))


def test_nested_pipelines_and_searches_are_flattened_without_samplers():
    inner = make_pipeline("passthrough", CountVectorizer())
    search = GridSearchCV(make_pipeline(inner, MultinomialNB()), {}, cv=3).fit(X, Y)
    assert [type(step) for step in fitted_steps(search)] == [CountVectorizer, MultinomialNB]
    ours = make_tfidf_pipeline().fit(X, Y)
    assert not any(hasattr(step, "fit_resample") for step in fitted_steps(ours))


def test_two_classes_have_scores_of_opposite_sign():
    assert score_per_class([1.0, -2.0]).tolist() == [[-1, 1], [2, -2]]
    three = np.eye(3)
    assert score_per_class(three).tolist() == three.tolist()


def test_the_decision_function_is_preferred_to_probabilities():
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(X, Y)
    model = text_model(pipeline, X)
    np.testing.assert_allclose(model.scores(model.texts)[:, 1], pipeline.decision_function(X))


def test_impossible_classes_have_finite_scores():
    sure = DummyClassifier(strategy="constant", constant="Oil").fit(X, Y)
    scores = text_model(sure, ["oil"]).scores(np.array(["oil"], dtype=object))
    assert np.isfinite(scores).all()
    assert scores[0, 0] == 0


def test_pipelines_that_do_not_end_in_a_classifier_are_rejected():
    with pytest.raises(TypeError, match="must end in a fitted classifier, got CountVectorizer"):
        text_model(make_pipeline(CountVectorizer()).fit(X), X)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (["oil"], True),
        (np.array(["oil"], dtype=object), True),
        (pd.Series(["oil"]), True),
        (pl.Series(["oil"]), True),
        (pd.DataFrame({"text": ["oil"]}), True),
        (pd.DataFrame({"a": ["oil"], "b": ["up"]}), False),
        (pl.Series([[1, 2]]), False),
        ([["oil", "rises"]], False),
        (np.eye(2), False),
        (None, False),
    ],
)
def test_texts_are_distinguished_from_tokens_and_features(output, expected):
    assert _holds_texts(output) == expected
