"""Contributions of vectors beside n-grams: those of static vectors are those of their tokens."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from agnews_sk import make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk.inspection import explain, top_features
from agnews_sk.vectorization import NgramVectorizer, StaticEmbedder

TEXTS = ["Oil prices rise", "", "the 石 cup, cup"]


def union(tiny_model, weights=None, first=True):
    parts = [("static", StaticEmbedder(model=tiny_model)), ("words", NgramVectorizer())]
    return FeatureUnion(parts if first else parts[::-1], transformer_weights=weights)


@pytest.mark.parametrize("weights", [None, {"static": 3.0, "words": 0.5}])
@pytest.mark.parametrize("first", [True, False])
def test_static_vectors_beside_ngrams_contribute_by_their_tokens(
    tiny_model, headlines, weights, first
):
    vectorize = union(tiny_model, weights, first)
    pipeline = make_tfidf_pipeline(vectorize=vectorize, classify=LogisticRegression())
    pipeline.fit(headlines[0], list("aabbccaa"))
    found = explain(pipeline, TEXTS)
    assert found.method == "linear"
    assert found.error.max() < 1e-5
    assert (found.frame["start"] >= 0).all()  # all of it is in the text
    one_word = explain(pipeline, ["prices"])  # all features are of this word
    features = pipeline["vectorize"].transform(["prices"]).toarray()[0]
    expected = features @ pipeline["classify"].coef_.T
    np.testing.assert_allclose(one_word.frame["contribution"], expected, atol=1e-5)


def test_other_vectors_beside_ngrams_are_one_contribution(headlines):
    topics = make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0))
    vectorize = FeatureUnion([("topics", topics), ("words", TfidfVectorizer())])
    pipeline = make_tfidf_pipeline(vectorize=vectorize, classify=LogisticRegression())
    pipeline.fit(headlines[0], list("aaaabbbb"))
    found = explain(pipeline, headlines[0][:2])
    assert found.error.max() < 1e-6
    outside = found.frame[found.frame["start"] < 0]
    assert outside["word"].tolist() == ["topics"] * 4  # once per text and class
    assert top_features(pipeline, k=1)["feature"].str.contains("__").all()


@pytest.mark.parametrize("with_words", [True, False])
def test_static_vectors_beside_columns_are_explained_exactly(tiny_model, headlines, with_words):
    rows = pd.DataFrame({"text": headlines[0], "pages": range(8)})
    pipeline = make_embedding_pipeline(tiny_model, static=True, columns={"pages": "number"})
    if with_words:
        pipeline.set_params(embed__text=union(tiny_model))
    pipeline.fit(rows, list("aaaabbbb"))
    found = explain(pipeline, rows[:3])
    assert found.method == "linear"
    assert found.error.max() < 1e-4
    outside = found.frame[found.frame["start"] < 0]
    assert outside["word"].unique().tolist() == ["pages = 0", "pages = 1", "pages = 2"]
