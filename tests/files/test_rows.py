"""Batches of rows of any format: order, size, faults, and the columns."""

import json

import polars as pl
import pytest

from agnews_sk.datasets import load_agnews
from agnews_sk.files import Fault, NamedColumns, open_rows
from agnews_sk.files._rows import is_unicode

ENDINGS = [".csv", ".jsonl", ".parquet"]
NAMES = NamedColumns(["title", "text"])


def write(path, rows):
    frame = pl.DataFrame(rows)
    {
        ".csv": frame.write_csv,
        ".jsonl": frame.write_ndjson,
        ".parquet": frame.write_parquet,
    }[path.suffix](path)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("n_rows", [1, 3, 5, 100])
def test_batches_together_are_the_rows_of_the_file_in_order(tmp_path, ending, n_rows):
    texts = [f"text {i}" for i in range(10)]
    path = write(tmp_path / f"rows{ending}", {"text": texts})
    batches = list(open_rows(path, NAMES).batches(n_rows))
    assert [row["text"] for batch in batches for row in batch.rows] == texts
    first = 2 if ending == ".csv" else 1
    assert [line for batch in batches for line in batch.lines] == list(range(first, first + 10))
    assert {len(batch) for batch in batches[:-1]} <= {n_rows}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_cut_at_the_same_rows_each_time(tmp_path, ending):
    path = write(tmp_path / f"rows{ending}", {"text": [f"text {i}" for i in range(10)]})
    reader = open_rows(path, NAMES)
    assert [b.lines for b in reader.batches(4)] == [b.lines for b in reader.batches(4)]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_an_empty_file_is_one_empty_batch_without_columns(tmp_path, ending):
    (tmp_path / f"rows{ending}").touch()
    reader = open_rows(tmp_path / f"rows{ending}", NAMES)
    assert [len(batch) for batch in reader.batches(10)] == [0]
    assert (reader.names, reader.column_names()) == ([], [])


def test_faulty_rows_count_as_rows_of_a_batch(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "oil"}\n{\n[]\n{"text": "cup"}\n')
    first, second = open_rows(tmp_path / "rows.jsonl", NAMES).batches(2)
    assert (first.lines, [fault.line for fault in first.faults]) == ([1], [2])
    assert (second.lines, [fault.line for fault in second.faults]) == ([4], [3])
    assert second.faults == [Fault(3, "expected a JSON object, got []")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_columns_are_known_without_reading_all_rows(tmp_path, ending):
    path = write(tmp_path / f"rows{ending}", {"id": [7], "text": ["oil"]})
    reader = open_rows(path, NAMES)
    assert reader.column_names() == ["id", "text"]
    list(reader.batches(10))
    assert reader.names == ["id", "text"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_loading_agrees_with_the_batches(tmp_path, ending):
    rows = {"text": ["oil", "cup", "truce"], "label": ["b", "s", "w"]}
    path = write(tmp_path / f"rows{ending}", rows)
    found = [row for batch in open_rows(path, NamedColumns(rows)).batches(2) for row in batch.rows]
    bunch = load_agnews(path)
    assert bunch.data["text"].to_list() == [row["text"] for row in found]
    assert bunch.target.tolist() == [row["label"] for row in found]


def test_loading_takes_a_record_that_prediction_finds_too_long(tmp_path):
    text = "oil " * 300_000
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": text, "label": "b"}))
    assert load_agnews(tmp_path / "rows.jsonl").data["text"].to_list() == [text]
    (batch,) = open_rows(tmp_path / "rows.jsonl", NAMES).batches(10)
    assert batch.faults == [Fault(1, "more than 1048576 bytes in one record")]


def test_a_lone_surrogate_is_not_unicode():
    assert is_unicode("Öl \U0001f6e2 \u2028")
    assert not is_unicode("\udcff")
