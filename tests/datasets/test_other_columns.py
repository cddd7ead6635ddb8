"""Columns beside texts are kept as they are in the file, if the caller asks for them."""

import json

import polars as pl
import pytest

from agnews_sk.datasets import load_texts, load_train_test

ROWS = pl.DataFrame(
    {
        "comment": [f"message number {i}" for i in range(10)],
        "amount": [1.5, None, 3.0, 4.0, 5.0] * 2,
        "zip": ["01234", "", "80331", "10115", "20095"] * 2,
        "queue": ["billing", "returns"] * 5,
    }
)
READING = {"text": "comment", "label": "queue"}


@pytest.fixture(params=["csv", "parquet", "jsonl"])
def path(request, tmp_path):
    path = tmp_path / f"rows.{request.param}"
    if request.param == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS.to_dicts()))
    else:
        getattr(ROWS, f"write_{request.param}")(path)
    return path


def test_all_columns_are_kept_after_those_of_texts(path):
    bunch = load_texts(path, columns="auto", **READING)
    assert list(bunch.data.columns) == ["comment", "amount", "zip"]
    assert bunch.text_names == ["comment"]
    assert bunch.summary == ("text: comment; label: queue, 2 classes; beside: amount, zip; 10 rows")
    assert bunch.data["amount"].astype(float).fillna(0).tolist()[:3] == [1.5, 0, 3]
    assert bunch.data["zip"].isna().tolist()[:3] == [False, True, False]
    assert bunch.data["zip"].tolist()[0] == "01234"


def test_named_columns_are_kept_and_no_others_by_default(path):
    assert list(load_texts(path, columns=["zip"], **READING).data.columns) == ["comment", "zip"]
    assert list(load_texts(path, **READING).data.columns) == ["comment"]


def test_both_parts_have_the_columns_and_equal_texts_stay_together(tmp_path):
    twice = pl.concat([ROWS, ROWS.with_columns(amount=pl.col("amount") + 1)])
    twice.write_csv(tmp_path / "rows.csv")
    rows = load_train_test(tmp_path / "rows.csv", columns="auto", **READING)
    assert list(rows.X_train.columns) == list(rows.X_test.columns) == ["comment", "amount", "zip"]
    assert list(rows.texts) == ["comment"]
    assert set(rows.X_train["comment"]).isdisjoint(rows.X_test["comment"])
    assert (len(rows.X_train), len(rows.X_test)) == (16, 4)
    label = dict(ROWS.select("comment", "queue").iter_rows())
    for X, y in ((rows.X_train, rows.y_train), (rows.X_test, rows.y_test)):
        assert [label[text] for text in X["comment"]] == y.tolist()


def test_cells_of_several_types_are_kept_as_missing(tmp_path):
    lines = [
        {"comment": f"message {i}", "queue": "ab"[i % 2], "x": [1, "a"][i % 2]} for i in (0, 1)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    bunch = load_texts(tmp_path / "rows.jsonl", columns=["x"], **READING)
    assert bunch.data["x"].isna().all()


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ("all", TypeError, "columns must be 'auto' or a list of names, got 'all'"),
        ([1], TypeError, r"columns must be 'auto' or a list of names, got \[1\]"),
        (["weight"], ValueError, r"has no column 'weight', which columns= \(--columns\) names"),
        (["queue"], ValueError, "has 'queue' for text or label and beside them"),
    ],
    ids=["a name", "a number", "unknown", "label"],
)
def test_columns_that_are_not_there_are_rejected(tmp_path, columns, error, message):
    ROWS.write_csv(tmp_path / "rows.csv")
    with pytest.raises(error, match=message):
        load_texts(tmp_path / "rows.csv", columns=columns, **READING)


def test_columns_of_the_sample_cannot_be_asked_for():
    with pytest.raises(ValueError, match="columns can only be given for rows of your own"):
        load_train_test("sample", columns="auto")
