"""A few texts are taken as they are, and whatever needs a check is left to columns."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk._core.few_texts import FEW_ROWS, few_texts
from agnews_sk.pipeline import make_tfidf_pipeline


class Text(str):
    """A text with more."""


@pytest.mark.parametrize("kind", [list, tuple, lambda t: np.array(t, dtype=object)])
def test_texts_in_plain_containers_are_taken(kind):
    assert few_texts(kind(["Öl", "up"])) == ["Öl", "up"]


@pytest.mark.parametrize(
    "X",
    [
        [],
        ["a"] * (FEW_ROWS + 1),
        ["a", None],
        ["a", b"b"],
        ["a", Text("b")],
        ["a\ud800"],
        "a",
        np.array(["a"]),
        np.array([["a"]], dtype=object),
        np.ma.array(["a"], mask=[True], dtype=object),
        pd.Series(["a"]),
        pl.Series(["a"]),
    ],
    ids=range(12),
)
def test_everything_else_is_left(X):
    assert few_texts(X) is None


@pytest.mark.parametrize("characters", [False, True], ids=["words", "words and characters"])
def test_a_few_texts_are_predicted_as_many_are(characters):
    texts = ["Oil prices rise 5 %", "A goal in the cup", "the oil <b>price</b> &amp; gas"] * 3
    pipeline = make_tfidf_pipeline(characters=characters).fit(texts, [0, 1, 0] * 3)
    new = ["oil", "", "Öl of the cup, \t goal", "goal\ud800 oil", "&lt;b&gt; www.oil.com \\ goal"]
    many = pipeline.predict_proba(new * FEW_ROWS)[: len(new)]
    np.testing.assert_array_equal(pipeline.predict_proba(new), many)
    alone = np.vstack([pipeline.predict_proba([text]) for text in new])
    np.testing.assert_array_equal(alone, many)
