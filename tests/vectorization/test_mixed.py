"""The vectorizer of texts beside columns."""

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.decomposition import PCA
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk.vectorization import (
    MixedVectorizer,
    NgramVectorizer,
    NumberEncoder,
    default_mixed_vectorizer,
)

TEXTS = ["oil up", "cup final", "oil down", "cup", "oil", "the cup"]
COLUMNS = pl.DataFrame(
    {
        "text": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "text_more": ["a", "b", "a", "b", "a", None],
        "urgent": [True, False, None, True, False, True],
    }
)
ROWS = MixedRows(TEXTS, COLUMNS)


def test_the_matrix_is_that_of_the_texts_beside_weighted_columns():
    vectorizer = default_mixed_vectorizer(NgramVectorizer()).set_params(weight=0.25)
    matrix = vectorizer.fit_transform(ROWS)
    texts = NgramVectorizer().fit_transform(TEXTS)
    n_words = texts.shape[1]
    assert sp.issparse(matrix)
    assert np.allclose(matrix[:, :n_words].toarray(), texts.toarray())
    assert matrix[:, n_words].toarray().max() == pytest.approx(0.25 * 1.349, abs=0.001)
    assert vectorizer.feature_columns()[n_words:].tolist() == [
        "text", "text_more", "text_more", "urgent", "urgent",
    ]  # fmt: skip
    assert vectorizer.feature_columns()[:n_words].tolist() == [""] * n_words
    assert np.allclose(vectorizer.transform(ROWS).toarray(), matrix.toarray())


def test_columns_come_in_any_order_and_number():
    vectorizer = default_mixed_vectorizer(NgramVectorizer()).fit(ROWS)
    other = MixedRows(TEXTS, COLUMNS.select(pl.lit(1.0).alias("more"), *COLUMNS.columns[::-1]))
    assert (vectorizer.transform(other) != vectorizer.transform(ROWS)).nnz == 0
    with pytest.raises(ValueError, match=r"X lacks the columns \['text', 'text_more', 'urgent'\]"):
        vectorizer.transform(TEXTS)


def test_rare_and_unseen_categories_share_a_feature():
    rows = MixedRows(["a"] * 8, pl.DataFrame({"q": ["x"] * 3 + ["y"] * 3 + ["rare", "rarer"]}))
    vectorizer = default_mixed_vectorizer(NgramVectorizer(token_pattern=".")).fit(rows)
    new = MixedRows(["", ""], pl.DataFrame({"q": ["unseen", "rare"]}))
    assert vectorizer.transform(new)[:, -3:].toarray().tolist() == [[0, 0, 0.3]] * 2


def test_texts_alone_are_vectorized_as_without_it():
    matrix = default_mixed_vectorizer(NgramVectorizer()).fit_transform(TEXTS)
    assert (matrix != NgramVectorizer().fit_transform(TEXTS)).nnz == 0


def test_columns_without_an_encoder_are_dropped():
    vectorizer = MixedVectorizer(text=NgramVectorizer(), category=OneHotEncoder()).fit(ROWS)
    names = vectorizer.get_feature_names_out().tolist()
    assert [name for name in names if not name.startswith("text__")] == [
        "category__text_more_", "category__text_more_a", "category__text_more_b",
    ]  # fmt: skip


def test_the_html_shows_the_columns_of_each_encoder():
    vectorizer = default_mixed_vectorizer(NgramVectorizer())
    assert "OneHotEncoder" in vectorizer._repr_html_()
    assert "text_more" not in vectorizer._repr_html_()
    assert "text_more" in vectorizer.fit(ROWS)._repr_html_()


def test_output_is_a_matrix_for_any_transform_output():
    from sklearn import config_context

    with config_context(transform_output="pandas"):
        matrix = default_mixed_vectorizer(NgramVectorizer()).fit(ROWS).transform(ROWS)
    assert sp.issparse(matrix)


def test_weight_must_not_be_negative():
    with pytest.raises(ValueError, match="'weight' parameter"):
        MixedVectorizer(text=NgramVectorizer(), weight=-1).fit(ROWS)


ALIKE = MixedRows(
    TEXTS,
    pl.DataFrame(
        {
            "price": ["usd", "usd", "eur", "eur", "usd_x", "eur"],
            "price_usd": ["x", "", "x", "", "x", ""],
            "price_eur": [1.0, 2.0, 3.0, 4.0, 5.0, None],
        }
    ),
)
COMPRESSED = make_pipeline(OneHotEncoder(sparse_output=False), PCA(2, random_state=0))


@pytest.mark.parametrize(
    ("category", "owners"),
    [
        (OneHotEncoder(), ["price"] * 3 + ["price_usd"] * 2),
        (OneHotEncoder(drop="first"), ["price"] * 2 + ["price_usd"]),
        (OrdinalEncoder(), ["price", "price_usd"]),
        (make_pipeline(OrdinalEncoder(), StandardScaler()), ["price", "price_usd"]),
        (FeatureUnion([("a", OrdinalEncoder())]), ["a__price", "a__price_usd"]),
        (COMPRESSED, ["pca0", "pca1"]),
    ],
    ids=["one-hot", "drop", "ordinal", "pipeline", "union", "components"],
)
def test_features_belong_to_their_columns_whatever_their_names(category, owners):
    encoders = {"category": category, "number": NumberEncoder()}
    vectorizer = MixedVectorizer(text=NgramVectorizer(), **encoders)
    vectorizer.fit(ALIKE)
    names = vectorizer.get_feature_names_out().tolist()
    found = vectorizer.feature_columns().tolist()
    assert found[-len(owners) - 2 :] == [*owners, "price_eur", "price_eur"]
    assert vectorizer.get_feature_names_out().tolist() == names
