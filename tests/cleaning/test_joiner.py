import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from agnews_sk.cleaning import ColumnJoiner, TextCleaner

ROWS = {
    "title": ["Oil rises", None, "", "Cup final"],
    "description": ["By a cent.", "No title.", "Empty title.", None],
    "views": [3, 1, 4, 1],
}
JOINED = ["Oil rises By a cent.", "No title.", "Empty title.", "Cup final"]
FRAMES = pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


@FRAMES
def test_text_columns_are_joined_and_numbers_left_out(frame):
    texts = ColumnJoiner().fit_transform(frame(ROWS))
    assert texts.dtype == object
    assert texts.shape == (4,)
    assert texts.tolist() == JOINED


@FRAMES
def test_missing_cells_get_the_filler_and_empty_cells_do_not(frame):
    texts = ColumnJoiner(separator=" | ", missing="?").fit_transform(frame(ROWS))
    assert texts.tolist() == [
        "Oil rises | By a cent.",
        "? | No title.",
        "Empty title.",
        "Cup final | ?",
    ]


def test_an_empty_row_becomes_the_empty_string():
    rows = pd.DataFrame({"title": ["a", None, ""], "description": ["b", None, None]})
    assert ColumnJoiner(separator=", ").fit_transform(rows).tolist() == ["a, b", "", ""]


def test_columns_are_joined_in_the_requested_order():
    joiner = ColumnJoiner(columns=["description", "title"]).fit(pd.DataFrame(ROWS))
    assert joiner.columns_ == ["description", "title"]
    assert joiner.transform(pd.DataFrame(ROWS))[0] == "By a cent. Oil rises"


@FRAMES
def test_the_order_seen_in_fit_holds_for_a_shuffled_frame(frame):
    joiner = ColumnJoiner().fit(frame(ROWS))
    shuffled = frame({name: ROWS[name] for name in ["views", "description", "title"]})
    assert joiner.transform(shuffled).tolist() == JOINED


def test_columns_that_are_new_after_fit_are_not_joined():
    joiner = ColumnJoiner().fit(pd.DataFrame(ROWS))
    assert joiner.transform(pd.DataFrame(ROWS | {"source": ["AP"] * 4})).tolist() == JOINED


def test_a_missing_column_is_named():
    joiner = ColumnJoiner().fit(pd.DataFrame(ROWS))
    with pytest.raises(ValueError, match=r"X lacks the columns \['title'\]; it has"):
        joiner.transform(pd.DataFrame(ROWS).drop(columns="title"))


def test_a_requested_column_that_is_missing_is_named_in_fit():
    with pytest.raises(ValueError, match=r"lacks the columns \['body'\]"):
        ColumnJoiner(columns=["title", "body"]).fit(pd.DataFrame(ROWS))


@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, pd.Series, pl.Series], ids=lambda kind: kind.__name__
)
def test_texts_pass_through_a_joiner_fitted_on_a_frame(kind):
    joiner = ColumnJoiner(missing="none").fit(pd.DataFrame(ROWS))
    assert joiner.transform(kind(["Oil", None, ""])).tolist() == ["Oil", "none", ""]


def test_a_joiner_fitted_on_texts_rejects_a_frame_of_several_columns():
    joiner = ColumnJoiner().fit(["Oil"])
    assert joiner.transform(pd.DataFrame({"text": ["Gas"]})).tolist() == ["Gas"]
    with pytest.raises(ValueError, match="fit ColumnJoiner on a frame, or name columns"):
        joiner.transform(pd.DataFrame(ROWS))


def test_a_joiner_fitted_on_texts_joins_its_columns_parameter():
    joiner = ColumnJoiner(columns=["title", "description"]).fit(["Oil"])
    assert joiner.transform(pd.DataFrame(ROWS)).tolist() == JOINED


def test_column_labels_need_not_be_strings():
    rows = pd.DataFrame([["Oil", "rises"], ["Cup", "final"]])
    assert ColumnJoiner().fit(rows).transform(rows).tolist() == ["Oil rises", "Cup final"]


def test_a_second_fit_discards_the_first():
    joiner = ColumnJoiner().fit(pd.DataFrame(ROWS))
    assert joiner.feature_names_in_.tolist() == ["title", "description", "views"]
    joiner.fit(["Oil"])
    assert joiner.columns_ is None
    assert not hasattr(joiner, "feature_names_in_")


def test_an_unfitted_joiner_raises_not_fitted_error():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        ColumnJoiner().transform(["Oil"])


def test_a_wrong_separator_is_rejected():
    with pytest.raises(ValueError, match="'separator' parameter of ColumnJoiner"):
        ColumnJoiner(separator=None).fit(["Oil"])


def test_clone_and_pickle_keep_the_joiner():
    joiner = ColumnJoiner(columns=["title"], separator="-", missing="?")
    assert clone(joiner).get_params() == joiner.get_params()
    fitted = pickle.loads(pickle.dumps(joiner.fit(pd.DataFrame(ROWS))))
    assert fitted.transform(pd.DataFrame(ROWS)).tolist() == ["Oil rises", "?", "", "Cup final"]


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_gives_a_frame_of_one_column(container):
    pipeline = make_pipeline(ColumnJoiner(), TextCleaner()).set_output(transform=container)
    out = pipeline.fit_transform(pd.DataFrame(ROWS))
    assert list(out.columns) == ["text"]
    assert list(out["text"]) == JOINED


def test_set_output_keeps_the_index_of_pandas():
    joiner = ColumnJoiner().set_output(transform="pandas")
    assert list(joiner.fit_transform(pd.DataFrame(ROWS, index=list("wxyz"))).index) == list("wxyz")


def test_the_joined_column_is_called_text():
    assert ColumnJoiner().fit(["Oil"]).get_feature_names_out().tolist() == ["text"]
