"""Tables of labelled rows: the fast reader, the stream, whole columns, and all kinds of labels."""

import json

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnews_sk.datasets import _table
from agnews_sk.datasets._columns import AgNewsColumns
from agnews_sk.datasets._recognize import RecognizedColumns
from agnews_sk.files._arrow import ArrowReader
from agnews_sk.files._options import ReadOptions

AGNEWS = AgNewsColumns(), ReadOptions(detects=False)
FIELDS = st.text(st.sampled_from('ab,"\n\r\\ é'), max_size=5)
LINES = st.lists(FIELDS.map(lambda f: f'"{f}"') | FIELDS, min_size=1, max_size=3).map(",".join)


def read(path):
    return _table.read_table(path, *AGNEWS)


@given(st.lists(LINES, max_size=4).map("\n".join))
@example('"1","a\rb"\n"2","c"\n')
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_and_the_row_by_row_reader_agree(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("news") / "news.csv"
    path.write_bytes(content.encode())
    fast, patient = read(path), _table.read_row_by_row(path, *AGNEWS)
    assert fast.rows.equals(patient.rows)
    assert fast.labels.equals(patient.labels)
    assert fast.lines.tolist() == patient.lines.tolist()
    assert fast.faults == patient.faults


def test_a_file_without_a_flaw_takes_the_fast_reader(tmp_path, monkeypatch):
    path = tmp_path / "news.csv"
    path.write_text("".join(f'"{label}","Title ""{label}""","Text {label}."\n' for label in "3124"))
    monkeypatch.delattr(_table, "read_row_by_row")
    assert read(path).labels.to_list() == ["3", "1", "2", "4"]
    recognized = _table.read_table(path, RecognizedColumns(), ReadOptions())
    assert recognized.rows.columns == ["title", "description"]


def test_both_readers_give_the_same_columns_beside_texts(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("".join(f'"{i % 2}","The soup","{"" if i < 3 else "x"}"\n' for i in range(8)))
    rules = RecognizedColumns(["column_2"], "column_1", header=False, others=["column_3"])
    fast = _table.read_table(path, rules, ReadOptions()).rows
    assert fast.equals(_table.read_row_by_row(path, rules, ReadOptions()).rows)
    assert fast["column_3"].null_count() == 3


@pytest.mark.parametrize("n_rows", [1, 3, 100])
def test_a_table_does_not_depend_on_the_size_of_batches(tmp_path, monkeypatch, n_rows):
    rows = [{"label": 1, "text": "oil"}, {"text": "cup", "label": 2, "id": 7}, {"label": 1}, {}]
    (tmp_path / "news.jsonl").write_text("\n".join([*map(json.dumps, rows), "{"]))
    monkeypatch.setattr(_table, "_N_ROWS", n_rows)
    table = read(tmp_path / "news.jsonl")
    assert table.rows.rows() == [("oil",), ("cup",), (None,), (None,)]
    assert table.labels.to_list() == ["1", "2", "1", None]
    assert table.lines.tolist() == [1, 2, 3, 4]
    assert [fault.line for fault in table.faults] == [5]


def test_a_column_that_appears_late_is_missing_before(tmp_path):
    rows = [{"label": 1, "title": "oil"}] * 3 + [{"label": 2, "title": "cup", "description": "won"}]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)))
    table = read(tmp_path / "news.jsonl")
    assert table.rows["description"].to_list() == [None, None, None, "won"]


@pytest.mark.parametrize(
    ("labels", "kind", "texts"),
    [
        ([1, 2], "number", ["1", "2"]),
        ([1.0, 2.5], "number", ["1.0", "2.5"]),
        ([1.0, None], "number", ["1.0", None]),
        ([True, False], "boolean", ["true", "false"]),
        (["a", ""], "text", ["a", ""]),
        ([["a", "b"], []], "list", ['["a", "b"]', "[]"]),
        ([[1], [2, 1]], "list", ["[1]", "[2, 1]"]),
    ],
    ids=["integers", "floats", "missing", "booleans", "texts", "lists", "lists of integers"],
)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("by", ["columns", "rows"])
def test_labels_have_the_kind_that_the_format_gives_them(
    tmp_path, monkeypatch, ending, by, labels, kind, texts
):
    if by == "rows":
        monkeypatch.setattr(ArrowReader, "frame", lambda self, columns: None)
    frame = pl.DataFrame({"text": ["x", "y"], "label": labels})
    path = tmp_path / f"rows.{ending}"
    frame.write_ndjson(path) if ending == "jsonl" else frame.write_parquet(path)
    table = read(path)
    assert table.label_kind == kind
    assert table.labels.to_list() == texts
    assert table.rows["text"].to_list() == ["x", "y"]


def test_labels_of_a_csv_are_of_no_kind(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\noil,1\n,2\n")
    table = read(tmp_path / "rows.csv")
    assert (table.label_kind, table.label) == (None, "label")
    assert table.rows["text"].to_list() == ["oil", None]


def test_columns_are_recognized_after_faulty_rows(tmp_path):
    lines = ["{"] * 1_500 + ['{"text": "oil", "label": "a"}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    table = _table.read_table(tmp_path / "rows.jsonl", RecognizedColumns(), ReadOptions())
    assert (table.label, len(table.faults), table.lines.tolist()) == ("label", 1_500, [1_501])


def test_a_file_with_faulty_rows_only_has_no_columns(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\na\nb\n")
    table = _table.read_table(tmp_path / "rows.csv", RecognizedColumns(), ReadOptions())
    assert (table.chosen, len(table.labels), [f.line for f in table.faults]) == (None, 0, [2, 3])
