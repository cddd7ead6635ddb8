"""The rows of a batch as predictions, and those that are skipped with the reason."""

import datetime
import decimal
import json

import numpy as np
import polars as pl
import pytest

from agnews_sk.bulk._predictor import (
    RowPredictor,
    Task,
    as_text,
    check_keep,
    predict_file,
    text_choices,
)
from agnews_sk.files import Batch, Fault


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
