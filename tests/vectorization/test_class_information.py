"""Weights of n-grams by what they tell about the class."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize

from agnews_sk import make_tfidf_pipeline
from agnews_sk.vectorization import NgramUnion, NgramVectorizer, _weights
from agnews_sk.vectorization._class_information import class_information

TEXTS = ["oil rises today", "oil falls", "cup final today", "cup today", "a cup of oil", "final"]
Y = np.array(["money", "money", "sport", "sport", "money", "sport"])
COUNTS = sp.csr_array(CountVectorizer().fit_transform(TEXTS))


def dense_information(counts, of_class):
    """The definition, class by class."""
    found = of_class @ (counts.toarray() > 0)
    prior = of_class.sum(axis=1) / of_class.sum()
    share = (found + prior[:, None]) / (found.sum(axis=0) + 1)
    return np.sqrt((share * np.log(share / prior[:, None])).sum(axis=0)) + 0.3


@pytest.mark.parametrize("n_classes", [2, 3, 40])
def test_it_is_the_information_about_the_class(n_classes):
    rng = np.random.default_rng(0)
    counts = sp.random_array((200, 30), density=0.1, rng=rng, format="csr")
    y = rng.integers(0, n_classes, 200)
    of_class = np.unique(y)[:, None] == y
    np.testing.assert_allclose(
        class_information(counts, y), dense_information(counts, of_class.astype(float)), atol=1e-12
    )


def test_labels_of_a_text_count_each():
    sets = [["money"], ["money", "up"], ["sport"], ["sport", "up"], ["money", "sport"], ["up"]]
    of_class = np.array([[label in of for of in sets] for label in ("money", "sport", "up")])
    expected = dense_information(COUNTS, of_class.astype(float))
    np.testing.assert_allclose(class_information(COUNTS, sets), expected, atol=1e-12)
    indicator = of_class.T.astype(int)
    np.testing.assert_allclose(class_information(COUNTS, indicator), expected, atol=1e-12)


def test_words_of_one_class_weigh_most():
    vectorizer = NgramVectorizer(supervised=True).fit(TEXTS, Y)
    plain = NgramVectorizer().fit(TEXTS)
    factor = dict(zip(plain.get_feature_names_out(), vectorizer.idf_ / plain.idf_))
    assert factor["oil"] > factor["falls"] > factor["today"]


def test_rows_are_those_of_weighted_tf_idf():
    reference = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, norm=None)
    matrix = reference.fit_transform(TEXTS)
    counts = CountVectorizer(ngram_range=(1, 2)).fit_transform(TEXTS)
    expected = normalize(matrix.multiply(class_information(sp.csr_array(counts), Y)))
    ours = NgramVectorizer(ngram_range=(1, 2), sublinear_tf=True, supervised=True)
    np.testing.assert_allclose(ours.fit_transform(TEXTS, Y).toarray(), expected.toarray())
    np.testing.assert_allclose(ours.fit(TEXTS, Y).transform(TEXTS).toarray(), expected.toarray())


def test_both_parts_of_a_union_use_the_classes():
    parts = {
        "words": NgramVectorizer(supervised=True),
        "characters": NgramVectorizer(analyzer="char_wb", ngram_range=(2, 3), supervised=True),
    }
    union = NgramUnion(units="both", **parts).fit(TEXTS, Y)
    for name, part in parts.items():
        assert np.array_equal(getattr(union, f"{name}_").idf_, part.fit(TEXTS, Y).idf_)


def test_the_default_pipeline_uses_them_with_many_rows(headlines, monkeypatch):
    texts, labels = headlines
    plain = NgramVectorizer(ngram_range=(1, 2)).fit(texts).idf_
    pipeline = make_tfidf_pipeline(characters=False)
    assert np.array_equal(pipeline.fit(texts, labels)["vectorize"].words_.idf_, plain)
    monkeypatch.setattr(_weights, "_ENOUGH_ROWS", 8)
    assert not np.allclose(pipeline.fit(texts, labels)["vectorize"].words_.idf_, plain)
    pipeline[:-1].fit(texts)  # without labels
    assert np.array_equal(pipeline["vectorize"].words_.idf_, plain)


def test_labels_are_needed():
    with pytest.raises(ValueError, match="supervised=True weights n-grams by the classes, so fit"):
        NgramVectorizer(supervised=True).fit(TEXTS)


def test_without_document_frequencies_there_is_nothing_to_weigh():
    with pytest.raises(ValueError, match="use_idf must be True, got False"):
        NgramVectorizer(supervised=True, use_idf=False).fit(TEXTS, Y)
