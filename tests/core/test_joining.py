"""The cells of a row as one text: columns and single rows agree, and follow the model."""

from types import SimpleNamespace

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.joining import fitted_columns, join_cells, join_columns, row_joiner
from agnews_sk.cleaning import ColumnJoiner

CELLS = st.none() | st.text(max_size=4)
OPTIONS = st.fixed_dictionaries({"separator": st.text(max_size=2), "missing": st.text(max_size=2)})


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), min_size=1)), OPTIONS)
def test_columns_and_single_rows_are_joined_alike(rows, options):
    columns = [pl.Series(cells, dtype=pl.String) for cells in zip(*rows, strict=True)]
    assert join_columns(columns, **options).to_list() == [join_cells(r, **options) for r in rows]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (["a", "b"], "a b"),
        (["", "b"], "b"),
        ([None, "b"], "b"),
        (["", None], ""),
        ([" ", "b"], "  b"),
    ],
)
def test_an_empty_cell_takes_no_separator(cells, text):
    assert join_cells(cells) == text


def test_only_missing_cells_are_replaced_not_empty_ones():
    assert join_cells([None, ""], missing="?") == "?"


def test_columns_of_one_name_are_joined():
    assert join_columns([pl.Series("a", ["x"]), pl.Series("a", ["y"])]).to_list() == ["x y"]


@pytest.fixture
def frame():
    return pd.DataFrame({"body": ["oil", None], "title": ["Up", "Cup"], "label": ["b", "s"]})


def test_a_row_is_joined_as_the_step_of_the_model_joins_it(frame):
    joiner = ColumnJoiner(columns=["title", "body"], separator=": ", missing="none").fit(frame)
    model = SimpleNamespace(named_steps={"join": joiner})
    join = row_joiner(model, ["body", "title"])
    assert fitted_columns(model) == ["title", "body"]
    rows = [{"title": "Up", "body": "oil"}, {"title": "Cup", "body": None}]
    assert [join(row) for row in rows] == joiner.transform(frame).tolist()


def test_columns_unknown_to_the_model_are_last_in_the_given_order(frame):
    model = SimpleNamespace(
        named_steps={"join": ColumnJoiner(columns=["title", "body"]).fit(frame)}
    )
    join = row_joiner(model, ["z", "a", "body", "title"])
    assert join({"z": "4", "a": "5", "body": "2", "title": "1"}) == "1 2 4 5"


def test_a_model_that_was_fitted_on_texts_has_no_columns():
    pipeline = make_tfidf_pipeline().fit(["oil up", "cup final"], ["b", "s"])
    assert fitted_columns(pipeline) == []
    join = row_joiner(pipeline, ["title", "description"])
    assert join({"title": "Oil", "description": None, "id": "7"}) == "Oil"
    assert row_joiner(pipeline)({"title": "Oil"}) == ""


def test_the_columns_of_a_row_are_those_of_the_model_by_default(frame):
    joiner = ColumnJoiner(columns=["title", "body"]).fit(frame)
    best = SimpleNamespace(named_steps={"join": joiner})
    for model in (best, SimpleNamespace(steps_=best), SimpleNamespace(best_estimator_=best)):
        assert row_joiner(model)({"body": "2", "title": "1", "label": "b"}) == "1 2"


@pytest.mark.parametrize("other", [{"columns": ["title"]}, {"separator": " | "}], ids=str)
def test_parts_that_join_differently_have_no_single_text(frame, other):
    def part(**params):
        joiner = ColumnJoiner(**{"columns": ["title", "body"], **params}).fit(frame)
        return SimpleNamespace(named_steps={"join": joiner})

    same = SimpleNamespace(estimators_=[part(), part()])
    assert row_joiner(same)({"body": "oil", "title": "Up"}) == "Up oil"
    with pytest.raises(ValueError, match="join the cells of a row in different ways"):
        row_joiner(SimpleNamespace(estimators_=[part(), part(**other)]))
