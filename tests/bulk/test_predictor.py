"""The rows of a batch as predictions, and those that are skipped with the reason."""

import datetime
import decimal
import json

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from agnews_sk.bulk._cells import as_text
from agnews_sk.bulk._predictor import (
    RowPredictor,
    Task,
    check_keep,
    predict_file,
    text_choices,
)
from agnews_sk.files import Batch, Fault, NamedColumns, open_rows


class Constant:
    """A fitted classifier that predicts the first class for every text with an "o"."""

    classes_ = np.array(["Oil", "Cup"])

    def predict_proba(self, texts):
        return np.array([[0.75, 0.25] if "o" in text else [0.25, 0.75] for text in texts])


def predictor(**options):
    return RowPredictor(Constant(), **{"columns": ["title", "text"], **options})


def test_rows_get_predictions_and_probabilities_in_the_order_of_the_classes():
    batch = Batch([2, 3], [{"title": "oil", "text": None}, {"title": "", "text": "cup"}])
    predicted, skipped = predictor().predict(batch, "rows.csv")
    assert predicted.rows() == [
        ("rows.csv", 2, "Oil", 0.75, 0.25),
        ("rows.csv", 3, "Cup", 0.25, 0.75),
    ]
    assert predicted.columns == ["file", "line", "predicted", "p_Oil", "p_Cup"]
    assert skipped.is_empty()


FAULTY = {
    "other type": ({"title": 3}, "title must be a string, got 3"),
    "no text": ({"title": "", "text": None}, "no text in title, text"),
    "no column of text": ({"id": "7"}, r"no column title, text; the columns are \['id'\]"),
}


@pytest.mark.parametrize(("cells", "reason"), FAULTY.values(), ids=list(FAULTY))
def test_a_row_without_a_text_is_skipped_with_its_cells(cells, reason):
    predicted, skipped = predictor().predict(Batch([5], [cells]), "rows.jsonl")
    assert predicted.is_empty()
    ((file, line, found, row),) = skipped.rows()
    assert (file, line) == ("rows.jsonl", 5)
    assert found == reason.replace("\\", "")
    assert json.loads(row) == cells


def test_a_row_that_lacks_a_column_to_keep_is_skipped():
    _, skipped = predictor(keep=["id"]).predict(Batch([1], [{"text": "oil"}]), "rows.jsonl")
    assert skipped["reason"].to_list() == ["no column id; the columns are ['text']"]


def test_skipped_rows_are_in_the_order_of_lines_with_those_that_cannot_be_read():
    batch = Batch([1, 3], [{"text": ""}, {"text": "oil"}], [Fault(4, "not JSON"), Fault(2, "cut")])
    _, skipped = predictor().predict(batch, "rows.jsonl")
    assert skipped["line"].to_list() == [1, 2, 4]
    assert skipped["row"].to_list() == ['{"text": ""}', None, None]


def test_a_batch_without_rows_has_all_columns():
    predicted, skipped = predictor(keep=["id"]).predict(Batch(), "rows.csv")
    assert predicted.columns == ["file", "line", "id", "predicted", "p_Oil", "p_Cup"]
    assert predicted.schema["predicted"] == pl.String
    assert skipped.columns == ["file", "line", "reason", "row"]


def test_a_column_in_another_case_is_found_but_comes_after_one_spelled_right():
    rows = [{"TEXT": "cup"}, {"TEXT": "oil", "text": "cup"}, {"text": "cup", "TEXT": "oil"}]
    predicted, _ = predictor(columns=["text"]).predict(Batch([1, 2, 3], rows), "rows.jsonl")
    assert predicted["predicted"].to_list() == ["Cup", "Cup", "Cup"]


@pytest.mark.parametrize("name", ["file", "line", "predicted", "p_Oil"])
def test_a_column_of_the_output_cannot_be_kept(name):
    with pytest.raises(
        ValueError, match=rf"keep has \['{name}'\], which are names of the output's own columns"
    ):
        check_keep(Constant(), ["id", name])


def test_titles_and_descriptions_are_the_first_choice_of_text_columns():
    assert text_choices(Constant()) == [["title", "description"], ["text"], ["content"]]


def test_parts_that_exist_are_not_predicted_again(oil_or_cup, tmp_path):
    from agnews_sk.onnx import model_sha256

    (tmp_path / "rows.csv").write_text("text\noil\ncup\noil prices\n")
    task = Task(
        key="k",
        model=str(oil_or_cup),
        sha256=model_sha256(oil_or_cup),
        columns=("text",),
        keep=(),
        header=None,
        rows_per_part=2,
        path=str(tmp_path / "rows.csv"),
        folder=str(tmp_path / "parts"),
    )
    n_rows = []
    predict_file(task, n_rows.append)
    assert n_rows == [2, 1]
    assert [part["line"].to_list() for part in task.parts("predicted")] == [[2, 3], [4]]
    first = tmp_path / "parts" / "00000000.k.predicted.parquet"
    pl.DataFrame({"line": [99]}).write_parquet(first)
    predict_file(task)
    assert [part["line"].to_list() for part in task.parts("predicted")] == [[99], [4]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, None),
        ("a", "a"),
        (3, "3"),
        (True, "true"),
        ([1, "b"], '[1, "b"]'),
        ({"a": None}, '{"a": null}'),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3), "2024-01-02 03:00:00"),
        (decimal.Decimal("1.50"), "1.50"),
        (b"id-7", "id-7"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kept_cells_are_texts_that_can_serve_as_join_keys(cell, text):
    assert as_text(cell) == text


ROWS = [
    {"Title": "oil", "text": None, "id": 7, "more": [1]},
    {"Title": "", "text": "", "id": 8, "more": []},
    {"Title": None, "text": "cup", "id": None, "more": None},
]
UNEVEN = {
    "plain rows": [],
    "a text that is none": [{"Title": 3, "text": "oil", "id": 1, "more": None}],
    "half a character": [{"Title": "oil\ud800", "text": "", "id": 1, "more": None}],
    "another column": [{"Title": "oil", "text": "", "id": 1, "more": None, "new": 1}],
    "a column less": [{"text": "oil", "id": 1, "more": None}],
    "nothing to keep": [{"Title": "oil", "text": "", "more": None}],
}


@pytest.mark.parametrize("more", UNEVEN.values(), ids=list(UNEVEN))
def test_columns_are_predicted_as_single_rows_are(more):
    rows = ROWS + more
    options = {"keep": ["id", "more"]}
    batch = Batch(list(range(1, len(rows) + 1)), rows, [Fault(9, "cut")])
    found = predictor(**options).predict(batch, "rows.jsonl")
    one_by_one = predictor(**options)._predict_rows(batch, "rows.jsonl")
    for some, others in zip(found, one_by_one):
        assert_frame_equal(some, others)


KINDS = {
    "strings": (pa.string(), ["oil", None, ""]),
    "categories": (pa.dictionary(pa.int32(), pa.string()), ["oil", None, ""]),
    "integers": (pa.int64(), [1, None, -2]),
    "booleans": (pa.bool_(), [True, None, False]),
    "floats": (pa.float64(), [0.1, None, 1e300]),
    "dates": (pa.date32(), [datetime.date(2004, 1, 2), None, None]),
    "late dates": (pa.date32(), [3_000_000, None, 0]),
    "lists": (pa.list_(pa.int8()), [[1], None, []]),
    "nothing": (pa.null(), [None] * 3),
}


@pytest.mark.parametrize(("kind", "cells"), KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("texts", [["oil", "", "cup"], [b"oil", b"\xff", b""], [1, 2, 3]], ids=str)
def test_columns_of_a_file_are_predicted_as_its_rows_are(tmp_path, kind, cells, texts):
    path = tmp_path / "rows.parquet"
    column = pa.array(texts)
    column = column.view(pa.string()) if column.type == pa.binary() else column
    pq.write_table(pa.table({"text": column, "id": pa.array(cells, type=kind)}), path)
    some = predictor(keep=["id"])
    reader = open_rows(path, NamedColumns(some.names))
    for batch in reader.batches(2):
        in_columns = some.predict(batch, "rows.parquet")
        in_rows = some._predict_rows(batch, "rows.parquet")
        for one, other in zip(in_columns, in_rows):
            assert_frame_equal(one, other)
