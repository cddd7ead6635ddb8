"""Cleaning and tokenizing need no fit, so that they go into scikit-learn's out-of-core loop."""

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline

from agnews_sk import TextCleaner, make_news
from agnews_sk.cleaning import ColumnJoiner
from tests.streaming.conftest import TEXT


def test_batches_are_cleaned_and_learned_one_by_one(news):
    X, y = news
    features = make_pipeline(
        ColumnJoiner(columns=TEXT).fit(X[:1]),
        TextCleaner(lowercase=True),
        HashingVectorizer(ngram_range=(1, 2), alternate_sign=False),
    )
    classifier = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=0)
    for start in range(0, len(X), 200):
        batch = slice(start, start + 200)
        classifier.partial_fit(features.transform(X[batch]), y[batch], classes=np.unique(y))
    new, y_new = make_news(1_000, random_state=1, return_X_y=True)
    assert classifier.score(features.transform(new), y_new) > 0.8


def test_the_features_of_a_batch_do_not_depend_on_other_batches(news):
    texts = news[0]["description"].fillna("").to_numpy()
    features = make_pipeline(TextCleaner(), HashingVectorizer())
    whole = features.transform(texts[:400])
    parts = [features.transform(texts[start : start + 100]) for start in range(0, 400, 100)]
    for i, part in enumerate(parts):
        assert (whole[100 * i : 100 * (i + 1)] != part).nnz == 0
